import type { Hunk } from "../changes/change.ts";
import type { Finding } from "../finding.ts";

/** Where a comment is placed. Lines are the head's. */
export type Anchor =
  | { kind: "lines"; path: string; startLine: number; endLine: number; own: boolean }
  | { kind: "file"; path: string };

/** The hunks that GitHub shows, by path: an empty list where it shows none of a changed file. */
export type Shown = ReadonlyMap<string, readonly Hunk[]>;

/**
 * The place for a comment on one finding: its own lines where the change added to them, else an added line that takes part in it,
 * else lines beside the change, else the file. `null` when nothing of it is in the diff.
 */
export function anchorOf(finding: Finding, shown: Shown): Anchor | null {
  return candidates(finding, shown)[0]?.anchor ?? null;
}

/** The best place for one comment on several findings, and the finding it speaks of first. */
export function commonAnchor(findings: readonly Finding[], shown: Shown): { anchor: Anchor; finding: Finding } | null {
  let best: { anchor: Anchor; rank: number; finding: Finding } | null = null;
  for (const finding of findings) {
    const [first] = candidates(finding, shown);
    if (first !== undefined && (best === null || first.rank < best.rank)) best = { ...first, finding };
  }
  return best;
}

interface Candidate {
  rank: number;
  anchor: Anchor;
}

function candidates(finding: Finding, shown: Shown): Candidate[] {
  const found: Candidate[] = [];
  const own = linesOf(finding);
  const ownHunks = shown.get(finding.path) ?? [];
  const placed = placeRange(finding.path, own, ownHunks);
  if (placed !== null) found.push({ rank: placed.added ? 0 : 2, anchor: placed.anchor });
  for (const { path, line } of finding.trace) {
    const place = placeRange(path, { start: line, end: line }, shown.get(path) ?? []);
    if (place !== null) found.push({ rank: place.added ? 1 : 3, anchor: { ...place.anchor, own: false } });
  }
  const file = [finding.path, ...finding.trace.map(({ path }) => path)].find((path) => shown.has(path));
  if (file !== undefined) found.push({ rank: 4, anchor: { kind: "file", path: file } });
  return found.sort((a, b) => a.rank - b.rank);
}

interface Lines {
  start: number;
  end: number;
}

function linesOf({ startLine, endLine, endColumn }: Finding): Lines {
  // The end is exclusive: a range that ends in column 1 does not touch its last line.
  const end = endColumn === 1 && endLine > startLine ? endLine - 1 : endLine;
  return { start: startLine, end: Math.max(startLine, end) };
}

function placeRange(
  path: string,
  { start, end }: Lines,
  hunks: readonly Hunk[],
): { anchor: Anchor & { kind: "lines" }; added: boolean } | null {
  const touched = hunks.find((hunk) => hunk.headLines > 0 && start <= last(hunk) && end >= hunk.headStart);
  if (touched === undefined) return null;
  const at = (from: number, to: number) => ({ kind: "lines", path, startLine: from, endLine: to, own: true }) as const;
  const added = touched.added.filter((line) => line >= start && line <= end);
  if (start >= touched.headStart && end <= last(touched)) return { anchor: at(start, end), added: added.length > 0 };
  const line = added.at(-1) ?? Math.min(end, last(touched));
  return { anchor: at(line, line), added: added.length > 0 };
}

/** Whether GitHub accepts a comment on these lines: all of them in one hunk. */
export function accepted(path: string, startLine: number, endLine: number, shown: Shown): boolean {
  return (shown.get(path) ?? []).some((hunk) => startLine >= hunk.headStart && endLine <= last(hunk));
}

function last(hunk: Hunk): number {
  return hunk.headStart + hunk.headLines - 1;
}
