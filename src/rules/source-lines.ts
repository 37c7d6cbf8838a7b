/** The white space at the start of the line that the offset is on. */
export function indentation(source: string, offset: number): string {
  return /^[ \t]*/.exec(source.slice(lineStart(source, offset)))?.[0] ?? "";
}

/** The offset of the start of the line that the offset is on. */
export function lineStart(source: string, offset: number): number {
  return source.lastIndexOf("\n", offset - 1) + 1;
}

/** The offset of the line feed that ends the line, or the end of the text. */
export function lineEnd(source: string, offset: number): number {
  const end = source.indexOf("\n", offset);
  return end < 0 ? source.length : end;
}

/** Whether nothing but a comment shares the lines with what stands from `start` to `end`. */
export function isAlone(source: string, { start, end }: { start: number; end: number }): boolean {
  return (
    /^[ \t]*$/.test(source.slice(lineStart(source, start), start)) &&
    /^[ \t]*(?:#[^\n]*)?\r?$/.test(source.slice(end, lineEnd(source, end)))
  );
}
