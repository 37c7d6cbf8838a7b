import type { Edit, Finding } from "../finding.ts";
import { type Anchor, accepted, type Shown } from "./anchors.ts";

/** A suggestion block and the lines it replaces, which are the lines that the comment must stand on. */
export interface Suggestion {
  anchor: Anchor & { kind: "lines" };
  block: string;
}

/** Longer replacements are read better in the finding's text than applied with a click. */
const MOST_LINES = 20;

/**
 * The finding's repair as a block that GitHub can apply: only where the comment stands on the finding's own lines, all replaced
 * lines lie in one hunk, and the file ends its lines with a plain line feed (GitHub would mix the ends).
 */
export function suggestionFor(finding: Finding, anchor: Anchor, text: string, shown: Shown): Suggestion | null {
  const { fix, path } = finding;
  if (fix === null || fix.edits.length === 0 || anchor.kind !== "lines" || !anchor.own || anchor.path !== path)
    return null;
  if (text.includes("\r")) return null;
  const startLine = Math.min(...fix.edits.map((edit) => edit.startLine));
  const endLine = Math.max(...fix.edits.map((edit) => edit.endLine));
  if (endLine - startLine >= MOST_LINES || finding.startLine < startLine || finding.startLine > endLine) return null;
  if (!accepted(path, startLine, endLine, shown)) return null;
  const replaced = replacement(text.split("\n"), fix.edits, startLine, endLine);
  if (replaced === null || replaced.trim() === "") return null;
  const fence = "`".repeat(Math.max(3, ...[...replaced.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return {
    anchor: { kind: "lines", path, startLine, endLine, own: true },
    block: `${fence}suggestion\n${replaced}\n${fence}`,
  };
}

/** Whole lines as they will be; `null` when an edit does not fit the text. */
function replacement(
  lines: readonly string[],
  edits: readonly Edit[],
  startLine: number,
  endLine: number,
): string | null {
  if (endLine > lines.length) return null;
  const ordered = [...edits].sort((a, b) => a.startLine - b.startLine || a.startColumn - b.startColumn);
  let result = "";
  let line = startLine;
  let column = 1;
  const upTo = (toLine: number, toColumn: number): string => {
    let piece = "";
    while (line < toLine) {
      piece += `${(lines[line - 1] ?? "").slice(column - 1)}\n`;
      line += 1;
      column = 1;
    }
    piece += (lines[line - 1] ?? "").slice(column - 1, toColumn - 1);
    column = toColumn;
    return piece;
  };
  for (const edit of ordered) {
    if (edit.startLine < line || (edit.startLine === line && edit.startColumn < column)) return null;
    result += upTo(edit.startLine, edit.startColumn) + edit.newText;
    line = edit.endLine;
    column = edit.endColumn;
  }
  return result + upTo(endLine, (lines[endLine - 1] ?? "").length + 1);
}
