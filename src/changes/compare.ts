import type { Finding } from "../finding.ts";
import type { ChangedFile } from "./change.ts";

/** Where the lines of the base version stand in the head version, and the other way round, file by file. */
export interface LineMap {
  /** The head's path of a base path. */
  headPath(basePath: string): string | null;
  basePath(headPath: string): string | null;
  /** The base line that an unchanged head line was; `null` for an added one. */
  baseLine(headPath: string, line: number): number | null;
}

/** Builds the map from the changed files; files that are not listed did not change. */
export function lineMap(files: readonly ChangedFile[]): LineMap {
  const byHead = new Map(files.filter((file) => file.status !== "deleted").map((file) => [file.path, file]));
  const byBase = new Map(
    files.filter((file) => file.status !== "added").map((file) => [file.previousPath ?? file.path, file]),
  );
  return {
    headPath: (path) => {
      const file = byBase.get(path);
      return file ? (file.status === "deleted" ? null : file.path) : path;
    },
    basePath: (path) => {
      const file = byHead.get(path);
      return file ? (file.status === "added" ? null : (file.previousPath ?? path)) : path;
    },
    baseLine: (path, line) => {
      const file = byHead.get(path);
      if (!file) return line;
      if (file.status === "added" || file.hunks === null) return null;
      let shift = 0;
      for (const hunk of file.hunks) {
        if (line < hunk.headStart) break;
        if (line < hunk.headStart + hunk.headLines) {
          if (hunk.added.includes(line)) return null;
          const addedBefore = hunk.added.filter((one) => one < line).length;
          // The n-th kept line of the hunk is the n-th base line that is not removed.
          let kept = line - hunk.headStart - addedBefore;
          for (let base = hunk.baseStart; base < hunk.baseStart + hunk.baseLines; base++) {
            if (hunk.removed.includes(base)) continue;
            if (kept-- === 0) return base;
          }
          return null;
        }
        shift = hunk.baseStart + hunk.baseLines - (hunk.headStart + hunk.headLines);
      }
      return line + shift;
    },
  };
}

/** A finding of the base and what became of it, or a new one: `ordinal` tells findings of the same key apart, stable across the change. */
export interface Matched {
  base: Finding | null;
  head: Finding | null;
  ordinal: number;
}

/**
 * Pairs the findings of two versions. The same rule, file (through renames), function and subject (in `fingerprint`, see `findingsOf`) are the same finding: first where the line is
 * the same, then in order, so that an edited argument keeps its finding and a copy inserted above does not mark the old line as new.
 * A finding on an unchanged line is paired even if its function has a new name.
 */
export function matchFindings(base: readonly Finding[], head: readonly Finding[], lines: LineMap): Matched[] {
  const matched: Matched[] = [];
  const openBase = new Map<string, { finding: Finding; ordinal: number }[]>();
  for (const [key, group] of grouped(base, (finding) => keyOf(finding, lines.headPath(finding.path) ?? finding.path)))
    openBase.set(
      key,
      group.map((finding, ordinal) => ({ finding, ordinal })),
    );
  const counts = new Map([...openBase].map(([key, group]) => [key, group.length]));
  const leftover: Finding[] = [];
  for (const [key, group] of grouped(head, (finding) => keyOf(finding, finding.path))) {
    const open = openBase.get(key) ?? [];
    const rest = group.filter((finding) => {
      const line = lines.baseLine(finding.path, finding.startLine);
      const at = open.findIndex((one) => one.finding.startLine === line);
      const [found] = at < 0 ? [] : open.splice(at, 1);
      if (found) matched.push({ base: found.finding, head: finding, ordinal: found.ordinal });
      return !found;
    });
    for (const finding of rest) {
      const found = open.shift();
      if (found) matched.push({ base: found.finding, head: finding, ordinal: found.ordinal });
      else leftover.push(finding);
    }
  }
  const open = [...openBase.values()].flat();
  for (const finding of leftover) {
    const line = lines.baseLine(finding.path, finding.startLine);
    const path = lines.basePath(finding.path);
    const at = open.findIndex(
      ({ finding: one }) =>
        one.rule === finding.rule &&
        one.path === path &&
        one.startLine === line &&
        one.fingerprint === finding.fingerprint,
    );
    const [found] = at < 0 ? [] : open.splice(at, 1);
    const key = keyOf(finding, finding.path);
    const ordinal = counts.get(key) ?? 0;
    counts.set(key, ordinal + 1);
    matched.push({ base: found?.finding ?? null, head: finding, ordinal });
  }
  for (const { finding, ordinal } of open) matched.push({ base: finding, head: null, ordinal });
  return matched;
}

function keyOf(finding: Finding, path: string): string {
  return [finding.rule, path, finding.fingerprint].join("\n");
}

function grouped(findings: readonly Finding[], key: (finding: Finding) => string): Map<string, Finding[]> {
  const groups = new Map<string, Finding[]>();
  for (const finding of [...findings].sort((a, b) => a.startLine - b.startLine || a.startColumn - b.startColumn)) {
    const name = key(finding);
    const group = groups.get(name);
    if (group) group.push(finding);
    else groups.set(name, [finding]);
  }
  return groups;
}
