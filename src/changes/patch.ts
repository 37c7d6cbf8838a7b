import type { ChangedFile, Hunk } from "./change.ts";

const HEADER = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** The hunks of one file's unified diff, with or without its header lines (GitHub's `patch` field has none). */
export function parsePatch(text: string): Hunk[] {
  const hunks: Hunk[] = [];
  // Only "\n" ends a line of a diff: the lines of a file may hold "\r" and other separators.
  const lines = text.split("\n");
  let next = 0;
  while (next < lines.length) {
    const header = HEADER.exec(lines[next++] ?? "");
    if (header === null) continue;
    const hunk: Hunk = {
      baseStart: Number(header[1]),
      baseLines: Number(header[2] ?? 1),
      headStart: Number(header[3]),
      headLines: Number(header[4] ?? 1),
      added: [],
      removed: [],
    };
    next = readLines(lines, next, hunk);
    hunks.push(hunk);
  }
  return hunks;
}

/** Reads as many lines as the header announced, so that no line of a file is ever taken for a header. */
function readLines(lines: readonly string[], start: number, hunk: Hunk): number {
  let next = start;
  let base = hunk.baseStart;
  let head = hunk.headStart;
  while (base < hunk.baseStart + hunk.baseLines || head < hunk.headStart + hunk.headLines) {
    const line = lines[next];
    if (line === undefined) break;
    if (line.startsWith("+")) hunk.added.push(head++);
    else if (line.startsWith("-")) hunk.removed.push(base++);
    else if (line.startsWith(" ") || line === "" || line === "\r") {
      base++;
      head++;
    } else if (!line.startsWith("\\")) break;
    next++;
  }
  return next;
}

/** A changed file with the blob it had in the base (`null` when it had none). */
export interface DiffEntry extends ChangedFile {
  baseBlob: string | null;
}

const FILE = "100";
const RAW = /^:(\d+) (\d+) ([0-9a-f]+) [0-9a-f]+ ([A-Z])\d*\t([^\t]+)(?:\t([^\t]+))?$/;

/** Reads the output of `git diff --raw --patch --no-abbrev`: links and submodules are left out. */
export function parseDiff(text: string): DiffEntry[] {
  const [listing = "", ...patches] = `\n${text}`.split("\ndiff --git ");
  const entries: DiffEntry[] = [];
  let next = 0;
  for (const line of listing.split("\n")) {
    const row = RAW.exec(line);
    if (row === null) continue;
    const [, oldMode = "", newMode = "", blob = "", letter = "", from = "", to] = row;
    // A file that became a link (or the reverse) is shown as a deletion and a creation; an unmerged path as nothing.
    const patch = patches[next];
    next += letter === "T" ? 2 : letter === "U" ? 0 : 1;
    const hadFile = oldMode.startsWith(FILE);
    const hasFile = newMode.startsWith(FILE);
    if (letter === "U" || (!hadFile && !hasFile)) continue;
    const moved = hadFile && hasFile && to !== undefined;
    entries.push({
      path: unquote(to ?? from),
      previousPath: moved ? unquote(from) : null,
      status: !hadFile ? "added" : !hasFile ? "deleted" : moved ? "renamed" : "modified",
      hunks: letter === "T" ? null : hunksOf(patch),
      baseBlob: hadFile ? blob : null,
    });
  }
  // Should the two parts ever disagree, a whole file counts as changed rather than the wrong lines of it.
  return next === patches.length ? entries : entries.map((entry) => ({ ...entry, hunks: null }));
}

function hunksOf(patch: string | undefined): Hunk[] | null {
  if (patch === undefined || patch.includes("\nBinary files ")) return null;
  return parsePatch(patch);
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  '"': '"',
  "\\": "\\",
};

/** A path as git prints it: in C quotes when it holds quotes, backslashes or control characters. */
function unquote(path: string): string {
  if (path.length < 2 || !path.startsWith('"') || !path.endsWith('"')) return path;
  // Octal escapes stand for bytes of UTF-8, so the text is taken apart into bytes first.
  const bytes = Buffer.from(path.slice(1, -1)).toString("latin1");
  const plain = bytes.replace(/\\(?:([0-7]{3})|(.))/g, (_, octal: string | undefined, letter: string | undefined) =>
    octal === undefined ? (ESCAPES[letter ?? ""] ?? "") : String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(plain, "latin1").toString();
}
