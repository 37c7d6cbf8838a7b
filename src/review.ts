import picomatch from "picomatch";
import type { Change, Snapshot } from "./changes/change.ts";
import { lineMap, matchFindings } from "./changes/compare.ts";
import type { Settings } from "./config.ts";
import { InputError } from "./errors.ts";
import { atLeastConfidence, atLeastSeverity, byPlace, type Finding } from "./finding.ts";
import { findingsOf, fingerprint } from "./findings.ts";
import { ignoreFindings } from "./ignored.ts";
import { libraryTables } from "./knowledge/library.ts";
import { type Layout, layoutOf } from "./python/layout.ts";
import { type Loaded, loadModules } from "./python/load.ts";
import { loadParser, type PythonParser } from "./python/parse.ts";
import { reachOf } from "./python/reach.ts";
import type { Report, Stats } from "./report.ts";
import { rules } from "./rules/index.ts";
import type { Rule } from "./rules/rule.ts";
import { analyse } from "./runtime/analyse.ts";
import { isRequirementsFile } from "./runtime/requirements.ts";
import type { Runtime, Target } from "./runtime/runtime.ts";
import { isSettingsFile } from "./runtime/server-settings.ts";
import { VERSION } from "./version.ts";

/** Files done so far, of all files to do. */
export type Progress = (done: number, total: number) => void;

/** Reviews a change: findings are introduced, existing or fixed. Throws `InputError` when no review can be made. */
export async function review(change: Change, settings: Settings, progress: Progress = () => {}): Promise<Report> {
  const started = performance.now();
  const parser = await loadParser();
  const changed = change.files.filter((file) => isPython(file.path));
  const head = await reached(
    change.head,
    changed.filter((file) => file.status !== "deleted").map((file) => file.path),
    settings,
  );
  const lines = lineMap(change.files);
  const basePaths = new Set([
    ...head.paths.flatMap((path) => lines.basePath(path) ?? []),
    ...changed.flatMap((file) => (file.status === "added" ? [] : (file.previousPath ?? file.path))),
  ]);

  const after = await examine(change.head, head.paths, head.layout, parser, settings, (done) =>
    progress(done, 2 * head.paths.length),
  );
  const before = await examine(change.base, [...basePaths], await layoutFor(change.base), parser, settings, (done) =>
    progress(head.paths.length + done, 2 * head.paths.length),
  );
  const findings = matchFindings(before.findings, after.findings, lines).map(
    ({ base, head: now, ordinal }): Finding => {
      const finding = now ?? base;
      if (!finding) throw new Error("A match without findings.");
      const path = base?.path ?? lines.basePath(finding.path) ?? finding.path;
      return {
        ...finding,
        state:
          now === null ? "fixed" : base === null || (base.suppressed && !now.suppressed) ? "introduced" : "existing",
        fingerprint: fingerprint([finding.rule, path, finding.fingerprint, ordinal]),
      };
    },
  );
  const wanted = new Set(changed.map((file) => file.path));
  return report("review", findings, after, settings, started, (path) => wanted.has(path));
}

/** Audits a tree as it stands: findings in files for which `reports` says yes; imports are followed through the whole tree. */
export async function audit(
  tree: Snapshot,
  reports: (path: string) => boolean,
  settings: Settings,
  progress: Progress = () => {},
): Promise<Report> {
  const started = performance.now();
  const parser = await loadParser();
  const all = (await tree.paths()).filter((path) => isPython(path) && !isExcluded(settings)(path)).sort();
  const layout = await layoutFor(tree);
  const paths = all.every(reports) ? all : (await reached(tree, all.filter(reports), settings)).paths;
  const examined = await examine(tree, paths, layout, parser, settings, (done) => progress(done, paths.length));
  const ordinals = new Map<string, number>();
  const findings = examined.findings
    .filter((finding) => reports(finding.path))
    .sort(byPlace)
    .map((finding) => {
      const key = [finding.rule, finding.path, finding.fingerprint].join("\n");
      const ordinal = ordinals.get(key) ?? 0;
      ordinals.set(key, ordinal + 1);
      return { ...finding, fingerprint: fingerprint([key, ordinal]) };
    });
  return report("audit", findings, examined, settings, started, reports);
}

interface Examined {
  findings: Finding[];
  loaded: Loaded;
  runtime: Runtime;
}

/** One version of the code: parsed, analysed, and judged by every rule. */
async function examine(
  tree: Snapshot,
  paths: readonly string[],
  layout: Layout,
  parser: PythonParser,
  settings: Settings,
  done: (count: number) => void,
): Promise<Examined> {
  let count = 0;
  const loaded = await loadModules(
    paths,
    layout,
    parser,
    (path) => tree.read(path),
    () => done(++count),
  );
  const runtime = analyse(loaded.modules, layout, targetOf(settings), settings, await settingsTexts(tree));
  const found = findingsOf(runtime, wantedRules(settings), settings).filter(({ confidence }) =>
    atLeastConfidence(confidence, "low"),
  );
  return { findings: ignoreFindings(found, runtime, settings), loaded, runtime };
}

/** The files beside the code that name library versions or start servers, by path; one that cannot be read says nothing. */
async function settingsTexts(tree: Snapshot): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const path of await tree.paths()) {
    if (!isRequirementsFile(path) && !isSettingsFile(path)) continue;
    const text = await tree.read(path).catch(() => null);
    if (text !== null) texts.set(path, text);
  }
  return texts;
}

/** The files to load for what happens in `paths`, and how imports find them. */
async function reached(
  tree: Snapshot,
  paths: readonly string[],
  settings: Settings,
): Promise<{ paths: string[]; layout: Layout }> {
  const layout = await layoutFor(tree);
  const excluded = isExcluded(settings);
  const texts = new Map<string, string>();
  const all = (await tree.paths()).filter((path) => isPython(path) && !excluded(path));
  await Promise.all(
    all.map(async (path) => {
      const text = await tree.read(path).catch(() => "");
      if (text !== null) texts.set(path, text);
    }),
  );
  return { paths: reachOf(paths, texts, layout).sort(), layout };
}

async function layoutFor(tree: Snapshot): Promise<Layout> {
  const { isLibrary } = libraryTables();
  return layoutOf(await tree.paths(), isLibrary);
}

function report(
  mode: Report["mode"],
  all: readonly Finding[],
  examined: Examined,
  settings: Settings,
  started: number,
  concerns: (path: string) => boolean,
): Report {
  const findings = all.filter(({ confidence }) => atLeastConfidence(confidence, settings.minConfidence)).sort(byPlace);
  const skipped = examined.loaded.skipped.filter(({ path }) => concerns(path));
  const open = findings.filter((finding) => !finding.suppressed);
  const count = (state: Finding["state"]): number => open.filter((finding) => finding.state === state).length;
  const stats: Stats = {
    files: [...examined.loaded.modules.keys()].filter(concerns).length,
    lines: examined.loaded.lines,
    skipped,
    durationMs: Math.round(performance.now() - started),
    introduced: count("introduced"),
    fixed: count("fixed"),
    existing: mode === "audit" ? open.length : count("existing"),
    suppressed: findings.length - open.length,
  };
  return {
    schemaVersion: 1,
    tool: { name: "python-concurrency-review", version: VERSION },
    mode,
    pythonVersion: settings.pythonVersion ?? DEFAULT_VERSION,
    verdict: verdictOf(
      mode,
      open,
      skipped.some((file) => file.whole),
      settings,
    ),
    stats,
    findings,
    checklist: [],
    recommendations: [],
    resources: [],
    map: null,
    notes: [],
  };
}

function verdictOf(
  mode: Report["mode"],
  open: readonly Finding[],
  unread: boolean,
  { failOn }: Settings,
): Report["verdict"] {
  if (mode === "review" && unread) return "error";
  if (failOn === "never") return "pass";
  const counted = mode === "review" ? open.filter((finding) => finding.state === "introduced") : open;
  return counted.some((finding) => atLeastSeverity(finding.severity, failOn)) ? "fail" : "pass";
}

const DEFAULT_VERSION = "3.12";

function targetOf(settings: Settings): Target {
  const version = settings.pythonVersion ?? DEFAULT_VERSION;
  const minor = /^3\.(\d+)(t?)$/.exec(version);
  if (!minor) throw new InputError(`python-version is "${version}", but must look like 3.12 or 3.14t`);
  return {
    minor: Number(minor[1]),
    freeThreaded: minor[2] === "t",
    isTest: picomatch([...settings.tests], { dot: true }),
    databaseMaxConnections: settings.databaseMaxConnections,
    workers: settings.workers,
  };
}

function wantedRules({ select, ignore }: Settings): readonly Rule[] {
  return rules.filter((rule) => (select === null || select.includes(rule.id)) && !ignore.includes(rule.id));
}

function isPython(path: string): boolean {
  return /\.pyi?$/.test(path);
}

function isExcluded({ exclude }: Settings): (path: string) => boolean {
  return exclude.length === 0 ? () => false : picomatch([...exclude], { dot: true });
}
