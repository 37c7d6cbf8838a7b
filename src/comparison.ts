import { type LineMap, type Matched, matchFindings } from "./changes/compare.ts";
import type { Examined } from "./examine.ts";
import type { Finding, State } from "./finding.ts";
import { fingerprint } from "./findings.ts";
import type { Skipped } from "./python/load.ts";
import { quoted } from "./rules/words.ts";

/** The findings of two versions as one list, each with what the change did to it. */
export interface Comparison {
  findings: Finding[];
  /** What the reader has to know about the comparison. */
  notes: string[];
}

/** Compares what was found before a change and after it; only files for which `reports` says yes are spoken of. */
export function compareVersions(
  before: Examined,
  after: Examined,
  lines: LineMap,
  reports: (path: string) => boolean,
): Comparison {
  const toBase = inBaseNames(before, after, lines);
  const head = after.findings.map((finding) => ({ ...finding, fingerprint: toBase(finding.fingerprint) }));
  const unreadHere = new Set(after.loaded.skipped.map(({ path }) => path));
  const unreadThere = new Map(
    before.loaded.skipped.flatMap((file) => (file.whole ? [[file.path, file] as const] : [])),
  );
  const findings: Finding[] = [];
  const silenced: Finding[] = [];
  const leaningOn = new Set<Skipped>();
  for (const match of matchFindings(before.findings, head, lines)) {
    const finding = match.head ?? match.base;
    if (!finding || !reports(match.head ? finding.path : (lines.headPath(finding.path) ?? finding.path))) continue;
    // What could not be read now may still be there.
    if (!match.head && placesOf(finding).some(({ path }) => unreadHere.has(lines.headPath(path) ?? ""))) continue;
    const old = match.head && !match.base ? hiddenBase(match.head, unreadThere, lines) : null;
    if (old) leaningOn.add(old);
    const path = match.base?.path ?? lines.basePath(finding.path) ?? finding.path;
    const compared: Finding = {
      ...finding,
      state: old ? "existing" : stateOf(match),
      fingerprint: fingerprint([finding.rule, path, finding.fingerprint, match.ordinal]),
    };
    findings.push(compared);
    if (compared.suppressed && match.head && !match.base?.suppressed && !old) silenced.push(compared);
  }
  return { findings, notes: [...unreadNotes([...leaningOn]), ...silencedNotes(silenced)] };
}

function stateOf({ base, head }: Matched): State {
  if (!head) return "fixed";
  return base === null || (base.suppressed && !head.suppressed) ? "introduced" : "existing";
}

/**
 * The base's file that hides whether a finding was there before: it could not be analysed, the finding leans on it, and none of
 * the finding's lines is an added one.
 */
function hiddenBase(finding: Finding, unread: ReadonlyMap<string, Skipped>, lines: LineMap): Skipped | null {
  if (unread.size === 0) return null;
  const places = placesOf(finding);
  if (places.some(({ path, from, to }) => isAdded(path, from, to, lines))) return null;
  for (const { path } of places) {
    const file = unread.get(lines.basePath(path) ?? "");
    if (file) return file;
  }
  return null;
}

function isAdded(path: string, from: number, to: number, lines: LineMap): boolean {
  for (let line = from; line <= to; line++) if (lines.baseLine(path, line) === null) return true;
  return false;
}

function placesOf({ path, startLine, endLine, trace }: Finding): { path: string; from: number; to: number }[] {
  return [
    { path, from: startLine, to: endLine },
    ...trace.map((place) => ({ ...place, from: place.line, to: place.line })),
  ];
}

/** Says names of the head in the base's words, so that a file with a new path keeps the findings that name what is in it. */
function inBaseNames(before: Examined, after: Examined, lines: LineMap): (fingerprint: string) => string {
  const renamed = new Map<string, string>();
  for (const [path, { name }] of after.loaded.modules) {
    const old = before.loaded.modules.get(lines.basePath(path) ?? "")?.name;
    if (old !== undefined && old !== name) renamed.set(name, old);
  }
  if (renamed.size === 0) return (text) => text;
  const inBase = (name: string): string => {
    for (let end = name.length; end > 0; end = name.lastIndexOf(".", end - 1)) {
      const old = renamed.get(name.slice(0, end));
      if (old !== undefined) return old + name.slice(end);
    }
    return name;
  };
  return (text) => {
    // The first line is the function within its module, which no rename touches.
    const [own = "", ...subject] = text.split("\n");
    return [own, ...subject.map((line) => line.replace(/[\p{L}\p{N}_.]+/gu, inBase))].join("\n");
  };
}

const MOST_NAMED = 20;

function unreadNotes(files: readonly Skipped[]): string[] {
  return files.map(
    ({ path, reason }) =>
      `The base's version of ${quoted(path)} could not be analysed (${reason}): there only added lines count as new.`,
  );
}

/** What the change silences with comments of its own, for its reviewers to see. */
function silencedNotes(silenced: readonly Finding[]): string[] {
  if (silenced.length === 0) return [];
  const named = silenced
    .slice(0, MOST_NAMED)
    .map(({ rule, path, startLine }) => `${quoted(rule)} at ${quoted(`${path}:${startLine}`)}`);
  const more = silenced.length > MOST_NAMED ? ` and ${silenced.length - MOST_NAMED} more` : "";
  return [`Ignore comments in this change silence ${named.join(", ")}${more}.`];
}
