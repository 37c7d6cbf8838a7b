import type { Finding } from "../finding.ts";
import { push } from "../multimap.ts";
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
 * What is left is paired when the same thing is found on an unchanged line (its function may have a new name), or in the same function by another way.
 */
export function matchFindings(base: readonly Finding[], head: readonly Finding[], lines: LineMap): Matched[] {
  const headPath = (finding: Finding): string => lines.headPath(finding.path) ?? finding.path;
  const open: Open[] = [];
  const counts = new Map<string, number>();
  for (const [key, group] of grouped(base, (finding) => keyOf(finding, headPath(finding)))) {
    counts.set(key, group.length);
    for (const [ordinal, finding] of group.entries()) open.push({ finding, ordinal });
  }
  const matched: Matched[] = [];
  const renumbered: Matched[] = [];
  let left = head;
  for (const { key, fits, numbered } of passes(lines)) {
    const byKey = new Map<string, Open[]>();
    for (const one of open) push(byKey, key(one.finding, headPath(one.finding)), one);
    const rest: Finding[] = [];
    for (const [name, group] of grouped(left, (finding) => key(finding, finding.path))) {
      const candidates = byKey.get(name) ?? [];
      for (const finding of group) {
        const at = candidates.findIndex((one) => fits(one.finding, finding));
        const [found] = at < 0 ? [] : candidates.splice(at, 1);
        if (!found) {
          rest.push(finding);
          continue;
        }
        open.splice(open.indexOf(found), 1);
        const match = { base: found.finding, head: finding, ordinal: found.ordinal };
        (numbered ? matched : renumbered).push(match);
      }
    }
    left = rest;
  }
  // Numbers go on where the base's end, so that no two findings of the head get the same.
  const added = grouped(left, (finding) => keyOf(finding, finding.path));
  for (const [key, group] of added) {
    for (const finding of group) matched.push({ base: null, head: finding, ordinal: next(counts, key) });
  }
  for (const { base: old, head: finding } of renumbered) {
    if (finding) matched.push({ base: old, head: finding, ordinal: next(counts, keyOf(finding, finding.path)) });
  }
  for (const { finding, ordinal } of open) matched.push({ base: finding, head: null, ordinal });
  return matched;
}

interface Open {
  finding: Finding;
  ordinal: number;
}

/** A way to pair findings: of those with the same key, the first that fits. */
interface Pass {
  key(finding: Finding, path: string): string;
  fits(base: Finding, head: Finding): boolean;
  /** The two have the same fingerprint, ordinal included. */
  numbered: boolean;
}

/** The surest way first. */
function passes(lines: LineMap): Pass[] {
  const sameLine = (base: Finding, head: Finding): boolean =>
    lines.baseLine(head.path, head.startLine) === base.startLine;
  return [
    { key: keyOf, fits: sameLine, numbered: true },
    { key: keyOf, fits: () => true, numbered: true },
    {
      key: ({ rule, fingerprint }, path) => [rule, path, endOf(fingerprint)].join("\n"),
      fits: sameLine,
      numbered: false,
    },
    {
      key: ({ rule, fingerprint }, path) => [rule, path, functionOf(fingerprint), endOf(fingerprint)].join("\n"),
      fits: () => true,
      numbered: false,
    },
  ];
}

function next(counts: Map<string, number>, key: string): number {
  const number = counts.get(key) ?? 0;
  counts.set(key, number + 1);
  return number;
}

/** The last name of a subject: what is found at the end of the way. */
function endOf(fingerprint: string): string {
  return fingerprint.slice(Math.max(fingerprint.lastIndexOf("\n"), fingerprint.lastIndexOf(">")) + 1);
}

function functionOf(fingerprint: string): string {
  return fingerprint.split("\n", 1)[0] ?? "";
}

function keyOf(finding: Finding, path: string): string {
  return [finding.rule, path, finding.fingerprint].join("\n");
}

function grouped(findings: readonly Finding[], key: (finding: Finding) => string): Map<string, Finding[]> {
  const groups = new Map<string, Finding[]>();
  for (const finding of [...findings].sort((a, b) => a.startLine - b.startLine || a.startColumn - b.startColumn)) {
    push(groups, key(finding), finding);
  }
  return groups;
}
