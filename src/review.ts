import type { Change, Snapshot } from "./changes/change.ts";
import { lineMap } from "./changes/compare.ts";
import { isPython } from "./changes/kinds.ts";
import { checklistOf } from "./checklist/index.ts";
import { compareVersions } from "./comparison.ts";
import type { Settings } from "./config.ts";
import {
  DEFAULT_VERSION,
  type Examined,
  examine,
  parsersFor,
  programsOf,
  reached,
  versionOf,
  wantedRules,
} from "./examine.ts";
import { atLeastConfidence, atLeastSeverity, byPlace, type Finding } from "./finding.ts";
import { fingerprint } from "./findings.ts";
import { MOST_LINES, type Reach } from "./python/reach.ts";
import { recommendationsOf } from "./recommend/index.ts";
import type { Report, Stats } from "./report.ts";
import { mapOf } from "./runtime/pools/map.ts";
import { resourcesOf } from "./runtime/pools/resources.ts";
import { joinedReport, type Shard } from "./shards.ts";
import { VERSION } from "./version.ts";

/** Files done so far, of all files to do. */
export type Progress = (done: number, total: number) => void;

/**
 * Reviews a change: findings are introduced, existing or fixed; those in files for which `reports` says no are left out.
 * Throws `InputError` when no review can be made.
 */
export async function review(
  change: Change,
  settings: Settings,
  progress: Progress = () => {},
  reports: (path: string) => boolean = () => true,
): Promise<Report> {
  const started = performance.now();
  const lines = lineMap(change.files);
  const [head, base] = [await versionOf(change.head, settings), await versionOf(change.base, settings)];

  // What the change reaches and is reached from, before and after.
  const kept = change.files.flatMap(({ path, status }) => (status !== "deleted" && isPython(path) ? [path] : []));
  const left = change.files.flatMap(({ path, previousPath, status }) =>
    status !== "added" && isPython(previousPath ?? path) ? [previousPath ?? path] : [],
  );
  const nothing: Reach = { paths: [], isCut: false };
  const here = kept.length === 0 ? nothing : await reached(head, kept);
  const there = left.length === 0 ? nothing : await reached(base, left);
  const paths = present(head.paths, [...here.paths, ...there.paths.map(lines.headPath)]);
  const basePaths = present(base.paths, [...there.paths, ...here.paths.map(lines.basePath)]);

  const parsers = await parsersFor(head, paths, settings);
  try {
    let count = 0;
    const done = () => progress(++count, paths.length + basePaths.length);
    const after = await examine(head, paths, parsers, settings, done);
    const before = await examine(base, basePaths, parsers, settings, done, after.loaded.modules);

    const { findings, notes } = compareVersions(before, after, lines, reports);
    const wanted = new Set(kept);
    const concerns = (path: string): boolean => wanted.has(path) && reports(path);
    const cut = here.isCut || there.isCut ? [CUT] : [];
    return { ...report("review", findings, after, settings, started, concerns), notes: [...notes, ...cut] };
  } finally {
    await parsers.close();
  }
}

/** Audits a tree, or a shard of it, as it stands: findings in files for which `wants` says yes; imports are followed through the whole tree. */
export async function audit(
  tree: Snapshot,
  wants: (path: string) => boolean,
  settings: Settings,
  progress: Progress = () => {},
  shard: Shard | null = null,
): Promise<Report> {
  const started = performance.now();
  const version = await versionOf(tree, settings);
  const wanted = version.paths.filter(wants);
  const isWhole = shard !== null || wanted.length === version.paths.length;
  const around = isWhole ? null : await reached(version, wanted);
  const programs = around ? [present(version.paths, around.paths)] : await programsOf(version, shard);
  const paths = programs.flat();

  const parsers = await parsersFor(version, paths, settings);
  try {
    let count = 0;
    const parts: Report[] = [];
    for (const program of programs.length === 0 ? [[]] : programs) {
      const examined = await examine(version, program, parsers, settings, () => progress(++count, paths.length));
      const findings = numbered(examined.findings.filter(({ path }) => wants(path)).sort(byPlace));
      parts.push(report("audit", findings, examined, settings, started, wants));
    }
    const joined = joinedReport(parts, settings.failOn);
    const stats = { ...joined.stats, durationMs: Math.round(performance.now() - started) };
    return { ...joined, stats, notes: around?.isCut ? [CUT] : [] };
  } finally {
    await parsers.close();
  }
}

/** What is said when `reached` leaves out files. */
const CUT = `More than ${MOST_LINES / 1000},000 lines hang together with these files: the nearest were read, and what only shows through code further away is missing here; \`pcr audit\` of the whole reads all of it.`;

/** Makes the fingerprints of one version's findings: an ordinal in the order of the file tells equal ones apart. */
function numbered(findings: readonly Finding[]): Finding[] {
  const ordinals = new Map<string, number>();
  return findings.map((finding) => {
    const key = [finding.rule, finding.path, finding.fingerprint].join("\n");
    const ordinal = ordinals.get(key) ?? 0;
    ordinals.set(key, ordinal + 1);
    return { ...finding, fingerprint: fingerprint([key, ordinal]) };
  });
}

/** The paths that exist in a version, each once, in order. */
function present(all: readonly string[], paths: readonly (string | null)[]): string[] {
  const wanted = new Set(paths);
  return all.filter((path) => wanted.has(path));
}

function report(
  mode: Report["mode"],
  all: readonly Finding[],
  { loaded, runtime }: Examined,
  settings: Settings,
  started: number,
  concerns: (path: string) => boolean,
): Report {
  const findings = all.filter(({ confidence }) => atLeastConfidence(confidence, settings.minConfidence)).sort(byPlace);
  const skipped = loaded.skipped.filter(({ path }) => concerns(path));
  const open = findings.filter((finding) => !finding.suppressed);
  const count = (state: Finding["state"]): number => open.filter((finding) => finding.state === state).length;
  const recommendations = recommendationsOf(runtime, concerns);
  const checklist = checklistOf({
    runtime,
    findings,
    recommendations,
    ran: new Set(wantedRules(settings).map(({ id }) => id)),
  });
  const [resources, map] = [resourcesOf(runtime), mapOf(runtime, findings, concerns)];
  const stats: Stats = {
    files: [...loaded.modules.keys()].filter(concerns).length,
    lines: loaded.lines,
    skipped,
    durationMs: Math.round(performance.now() - started),
    introduced: count("introduced"),
    fixed: count("fixed"),
    existing: mode === "audit" ? open.length : count("existing"),
    suppressed: findings.length - open.length,
  };
  const isUnread = mode === "review" && skipped.some((file) => file.whole);
  return {
    schemaVersion: 1,
    tool: { name: "python-concurrency-review", version: VERSION },
    mode,
    pythonVersion: settings.pythonVersion ?? DEFAULT_VERSION,
    verdict: isUnread ? "error" : verdictOf(open, settings),
    stats,
    findings,
    checklist,
    recommendations,
    resources,
    map,
    notes: [],
  };
}

/** What the exit code says: whether a finding that the change introduces (in an audit: every one counts) is at or above the threshold. */
function verdictOf(open: readonly Finding[], { failOn }: Settings): Report["verdict"] {
  if (failOn === "never") return "pass";
  const counted = open.filter(({ state }) => state === null || state === "introduced");
  return counted.some((finding) => atLeastSeverity(finding.severity, failOn)) ? "fail" : "pass";
}
