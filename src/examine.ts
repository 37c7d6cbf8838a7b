import picomatch from "picomatch";
import type { Snapshot } from "./changes/change.ts";
import { isPython } from "./changes/kinds.ts";
import type { Settings } from "./config.ts";
import { InputError } from "./errors.ts";
import type { Finding } from "./finding.ts";
import { findingsOf } from "./findings.ts";
import { ignoreFindings } from "./ignored.ts";
import { libraryTables } from "./knowledge/library.ts";
import { type Layout, layoutOf } from "./python/layout.ts";
import { type Loaded, loadModules, roomForCode } from "./python/load.ts";
import type { Module } from "./python/module.ts";
import { type Parsers, startParsers } from "./python/parsers.ts";
import { groupsOf, type Reach, reachOf } from "./python/reach.ts";
import { rules } from "./rules/index.ts";
import type { Rule } from "./rules/rule.ts";
import { analyse } from "./runtime/analyse.ts";
import { isRequirementsFile } from "./runtime/requirements.ts";
import type { Runtime, Target } from "./runtime/runtime.ts";
import { isSettingsFile } from "./runtime/servers/server-settings.ts";
import { dealt, type Shard } from "./shards.ts";

/** One version of the code: its files, and how imports find them. */
export interface Version {
  tree: Snapshot;
  layout: Layout;
  /** The Python files that may be analysed: what the configuration excludes is left out. */
  paths: readonly string[];
  isTest: (path: string) => boolean;
}

/** What was found in one version. Fingerprints are not made yet, see `findingsOf`. */
export interface Examined {
  findings: Finding[];
  loaded: Loaded;
  runtime: Runtime;
}

/** Lists a version's files and reads its layout. */
export async function versionOf(tree: Snapshot, { exclude, tests }: Settings): Promise<Version> {
  const all = await tree.paths();
  const isExcluded = exclude.length === 0 ? () => false : picomatch([...exclude], { dot: true });
  const paths = all.filter((path) => isPython(path) && !isExcluded(path)).sort();
  const isTest = picomatch([...tests], { dot: true });
  return { tree, layout: layoutOf(all, libraryTables().isLibrary), paths, isTest };
}

/** The files that matter for what happens in `paths`: those they import and those that import them, and so on. */
export async function reached(version: Version, paths: readonly string[]): Promise<Reach> {
  return reachOf(paths, await textsOf(version), version.layout, version.isTest);
}

/**
 * The files in programs of their own, of one shard if there is one: what imports each other is never parted, and what has nothing to do
 * with each other is looked at apart, whether it lies in one shard or not.
 */
export async function programsOf(version: Version, shard: Shard | null): Promise<string[][]> {
  const { paths, layout } = version;
  const isOne = new Set(paths.map(layout.projectOf)).size <= 1;
  const groups = isOne ? [{ paths: [...paths], length: paths.length }] : groupsOf(await textsOf(version), layout);
  return (shard === null ? groups : dealt(groups, shard)).map((group) => group.paths);
}

/** The texts of all Python files; one that cannot be read is empty here, and told when it is loaded. */
async function textsOf({ tree, paths }: Version): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  await Promise.all(
    paths.map(async (path) => {
      const text = await tree.read(path).catch(() => "");
      if (text !== null) texts.set(path, text);
    }),
  );
  return texts;
}

/** Starts the parsers for the files of one version. */
export async function parsersFor({ tree }: Version, paths: readonly string[], { jobs }: Settings): Promise<Parsers> {
  let characters = 0;
  for (const path of paths.slice(0, MEASURED)) characters += (await tree.read(path).catch(() => null))?.length ?? 0;
  return startParsers(jobs, characters);
}

/** So many files show whether there is much to do. */
const MEASURED = 200;

/** Parses and analyses the files of one version and judges them by every rule. `known` are modules of another version. */
export async function examine(
  { tree, layout }: Version,
  paths: readonly string[],
  parsers: Parsers,
  settings: Settings,
  done: () => void,
  known: ReadonlyMap<string, Module> = new Map(),
): Promise<Examined> {
  const read = (path: string) => tree.read(path);
  const loaded = await loadModules(paths, { layout, parsers, read, known, room: roomForCode(), done });
  const runtime = analyse(loaded.modules, layout, targetOf(settings), settings, await settingsTexts(tree));
  const found = findingsOf(runtime, wantedRules(settings), settings);
  return { findings: ignoreFindings(found, runtime, settings), loaded, runtime };
}

const beside = new WeakMap<Snapshot, ReadonlyMap<string, string>>();

/** The files beside the code that name library versions or start servers, by path; one that cannot be read says nothing. */
async function settingsTexts(tree: Snapshot): Promise<ReadonlyMap<string, string>> {
  const known = beside.get(tree);
  if (known) return known;
  const texts = new Map<string, string>();
  for (const path of await tree.paths()) {
    if (!isRequirementsFile(path) && !isSettingsFile(path)) continue;
    const text = await tree.read(path).catch(() => null);
    if (text !== null) texts.set(path, text);
  }
  beside.set(tree, texts);
  return texts;
}

/** The rules that the configuration leaves switched on. */
export function wantedRules({ select, ignore }: Settings): readonly Rule[] {
  return rules.filter((rule) => (select === null || select.includes(rule.id)) && !ignore.includes(rule.id));
}

/** The Python that counts when nothing says otherwise. */
export const DEFAULT_VERSION = "3.12";

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
