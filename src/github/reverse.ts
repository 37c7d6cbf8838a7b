/**
 * The base version of a file, made from its head version and the patch between them; `null` when the two do not fit exactly
 * (a patch that was cut, or an encoding that GitHub could not show).
 */
export function beforePatch(head: string, patch: string): string | null {
  if (patch.includes("\uFFFD")) return null;
  // Lines keep their ends: the last one may have none, which a patch says on a line of its own.
  const after = head.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const before: string[] = [];
  const lines = patch.split("\n");
  let done = 0;
  let next = 0;
  while (next < lines.length) {
    const header = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(lines[next] ?? "");
    if (header === null) return null;
    next += 1;
    let baseLeft = Number(header[1] ?? 1);
    let headLeft = Number(header[3] ?? 1);
    const start = headLeft === 0 ? Number(header[2]) : Number(header[2]) - 1;
    if (start < done || start > after.length) return null;
    before.push(...after.slice(done, start));
    done = start;
    while (baseLeft > 0 || headLeft > 0) {
      const line = lines[next++];
      if (line === undefined) return null;
      const kind = line === "" ? " " : line[0];
      const bare = lines[next]?.startsWith("\\") === true;
      if (bare) next += 1;
      const text = `${line.slice(1)}${bare ? "" : "\n"}`;
      if (kind === " " || kind === "+") {
        if (after[done++] !== text) return null;
        headLeft -= 1;
      }
      if (kind === " " || kind === "-") {
        before.push(text);
        baseLeft -= 1;
      }
      if (kind !== " " && kind !== "-" && kind !== "+") return null;
    }
    if (lines[next] === "" && next === lines.length - 1) next += 1;
  }
  return [...before, ...after.slice(done)].join("");
}
