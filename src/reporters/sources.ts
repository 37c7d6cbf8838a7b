/** The text that a report speaks of. */
export interface Sources {
  /** A line (1-based) without its line end, if the file and the line are there. */
  line(path: string, line: number): string | undefined;
}
