import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import picomatch from "picomatch";
import type { Snapshot } from "../changes/change.ts";
import { directorySnapshot } from "../changes/directory.ts";
import { isPython } from "../changes/kinds.ts";
import { type Environment, findRepository, type Repository } from "../changes/repository.ts";
import { workTreeSnapshot } from "../changes/snapshot.ts";
import type { Settings } from "../config.ts";
import { type Chosen, configureAudit, configureReview } from "../configuration.ts";
import { InputError } from "../errors.ts";
import { atLeastSeverity } from "../finding.ts";
import type { Report } from "../report.ts";
import { audit, type Progress, review } from "../review.ts";
import type { Sourced } from "./change-source.ts";
import { readInside } from "./files.ts";
import { type Inputs, label } from "./inputs.ts";

/** The project on disk, if it is checked out. */
export interface Checkout {
  workspace: string;
  repository: Repository | null;
  /** Folder of the project, relative to the repository (or to the workspace when there is none). */
  directory: string;
}

export interface Engine {
  environment: Environment;
  rules: readonly string[];
  progress: Progress;
}

const MOST_CONFIGURATION = 1024 * 1024;

/** Finds the repository in the workspace. One around the workspace is not ours to read. */
export async function findCheckout(workspace: string, directory: string, environment: Environment): Promise<Checkout> {
  if (workspace === "") return { workspace, repository: null, directory };
  const start = resolve(workspace, directory);
  const repository = (await found(start, environment)) ?? (await found(workspace, environment));
  if (repository === null || repository.bare) return { workspace, repository: null, directory };
  const [top, real, project] = await Promise.all([repository.top, workspace, start].map((path) => realPath(path)));
  if (top === undefined || real === undefined || !isBelow(real, top)) return { workspace, repository: null, directory };
  const inside = project === undefined ? directory : relative(top, project).split(sep).join("/");
  return { workspace, repository, directory: inside.startsWith("..") ? directory : inside };
}

/** Reviews a change with the configuration of its base. */
export async function reviewChange(
  sourced: Sourced,
  inputs: Inputs,
  checkout: Checkout,
  engine: Engine,
): Promise<{ report: Report; settings: Settings }> {
  const { change } = sourced;
  const notes = [...sourced.notes];
  const file = await configurationFile(inputs, checkout, change.base, change.head, notes);
  const configured = await configureReview(change, chosen(inputs, checkout.directory, file, engine));
  const settings = configured.settings;
  const whole = await review(change, settings, engine.progress);
  const report = restricted(whole, reportsOn(inputs, checkout.directory), settings);
  return { report: { ...report, notes: [...notes, ...configured.notes, ...report.notes] }, settings };
}

/** Audits the checkout as it stands. */
export async function auditCheckout(
  inputs: Inputs,
  checkout: Checkout,
  engine: Engine,
): Promise<{ report: Report; settings: Settings; tree: Snapshot }> {
  const { repository, workspace, directory } = checkout;
  if (workspace === "") throw new InputError("GITHUB_WORKSPACE is not set; run this as a step of a GitHub workflow");
  const tree = repository === null ? directorySnapshot(resolve(workspace)) : workTreeSnapshot(repository);
  const paths = await tree.paths();
  if (!paths.some(isPython)) {
    throw new InputError(
      "there are no Python files to audit; check the repository out with actions/checkout before this step",
    );
  }
  const file = await configurationFile(inputs, checkout, null, null, []);
  const configured = await configureAudit(tree, chosen(inputs, directory, file, engine));
  const wanted = reportsOn(inputs, directory) ?? (() => true);
  const { shard } = inputs;
  const reports =
    shard === null ? wanted : (path: string) => wanted(path) && shardOf(path, shard.count) === shard.index;
  const report = await audit(tree, reports, configured.settings, engine.progress);
  return {
    report: { ...report, notes: [...configured.notes, ...report.notes] },
    settings: configured.settings,
    tree,
  };
}

/** The shard, from 1, that a file belongs to: by its path alone, so that a new file moves no other. */
export function shardOf(path: string, count: number): number {
  return (createHash("sha256").update(path).digest().readUInt32BE(0) % count) + 1;
}

/** Which files are reported on; `null` means all. */
function reportsOn({ paths }: Inputs, directory: string): ((path: string) => boolean) | null {
  if (paths.length === 0 && directory === "") return null;
  // A folder or file is named by its path alone, too.
  const globs = paths.flatMap((path) => [path, `${path.replace(/\/+$/, "")}/**`]);
  const matches = globs.length === 0 ? () => true : picomatch(globs, { dot: true });
  return (path) => (directory === "" || path.startsWith(`${directory}/`)) && matches(path);
}

/** A report on some of its files. Whole-program effects were seen before; only what is said is narrowed. */
function restricted(report: Report, reports: ((path: string) => boolean) | null, { failOn }: Settings): Report {
  if (reports === null) return report;
  const findings = report.findings.filter(({ path }) => reports(path));
  const open = findings.filter(({ suppressed }) => !suppressed);
  const skipped = report.stats.skipped.filter(({ path }) => reports(path));
  const count = (state: string): number => open.filter((finding) => finding.state === state).length;
  const failing = open.some(
    ({ state, severity }) => failOn !== "never" && state === "introduced" && atLeastSeverity(severity, failOn),
  );
  const verdict =
    report.verdict === "error" && skipped.some(({ whole }) => whole) ? "error" : failing ? "fail" : "pass";
  return {
    ...report,
    verdict,
    findings,
    recommendations: report.recommendations.filter(({ path }) => reports(path)),
    stats: {
      ...report.stats,
      skipped,
      introduced: count("introduced"),
      fixed: count("fixed"),
      existing: count("existing"),
      suppressed: findings.length - open.length,
    },
  };
}

/**
 * The file that the input `config` names. In a review the base's version counts; one that the change adds does not, and one that
 * is not part of the repository was put there by the workflow.
 */
async function configurationFile(
  { config }: Inputs,
  { workspace, repository, directory }: Checkout,
  base: Snapshot | null,
  head: Snapshot | null,
  notes: string[],
): Promise<Chosen["file"]> {
  if (config === "") return null;
  const paths = directory === "" ? [config] : [`${directory}/${config}`, config];
  for (const path of paths) {
    const text = (await base?.read(path)) ?? null;
    if (text !== null) return { path, text };
  }
  for (const path of paths) {
    if (((await head?.read(path)) ?? null) === null) continue;
    notes.push("The change adds the configuration file that the input config names; it counts once it is merged.");
    return null;
  }
  const root = repository?.top ?? workspace;
  const name = base === null && directory !== "" ? (paths[0] ?? config) : config;
  return { path: config, text: await readInside(root, name, label("config"), MOST_CONFIGURATION) };
}

function chosen(inputs: Inputs, directory: string, file: Chosen["file"], engine: Engine): Chosen {
  return { values: inputs.values, label, file, directory, rules: engine.rules };
}

function found(start: string, environment: Environment): Promise<Repository | null> {
  // The workspace of a container job belongs to another user.
  return findRepository(start, environment, true).catch(() => null);
}

function realPath(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`);
}
