import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { againstBaseline, readBaseline, writeBaseline } from "./baseline.ts";
import type { Snapshot } from "./changes/change.ts";
import { auditTarget } from "./changes/directory.ts";
import { gitChange } from "./changes/git.ts";
import { isPython } from "./changes/kinds.ts";
import { type Environment, findRepository } from "./changes/repository.ts";
import type { Settings } from "./config.ts";
import { type Chosen, configureAudit, configureReview } from "./configuration.ts";
import { InputError } from "./errors.ts";
import type { Invocation } from "./invocation.ts";
import type { Report } from "./report.ts";
import { audit, type Progress, review } from "./review.ts";
import { parseShard, type Shard } from "./shards.ts";

/** What a run of the command line needs from the process around it. */
export interface Surroundings {
  /** The working directory. */
  directory: string;
  environment: Environment;
  progress: Progress;
  /** The ids of all rules. */
  rules: readonly string[];
}

export interface Outcome {
  report: Report;
  /** The versions that the report's places lie in, the newest first. */
  trees: readonly Snapshot[];
}

/** `pcr review`: what a git range introduces. */
export async function runReview({ values }: Invocation, around: Surroundings): Promise<Outcome> {
  const start = resolve(around.directory, values.get("repo") ?? ".");
  const repository = await findRepository(start, around.environment);
  if (repository === null) {
    throw new InputError(
      `${start} is not in a git repository (or git is not installed); use pcr audit, or name one with --repo`,
    );
  }
  const change = await gitChange(repository, { base: values.get("base") ?? null, head: values.get("head") ?? null });
  const { settings, notes } = await configureReview(change, await chosen(values, "", around));
  const report = await review(change, settings, around.progress);
  return { report: { ...report, notes: [...notes, ...report.notes] }, trees: [change.head, change.base] };
}

/** `pcr audit`: files and folders as they stand. */
export async function runAudit({ names, values }: Invocation, around: Surroundings): Promise<Outcome> {
  const start = resolve(around.directory, values.get("repo") ?? ".");
  const target = await auditTarget(names, start, around.environment);
  const { settings, notes } = await configureAudit(target.tree, await chosen(values, target.directory, around));
  const shard = shardOf(values.get("shard"));
  const found = await audit(target.tree, target.reports, settings, around.progress, shard);
  const whole = shard === null && target.reports("");
  const report = await withBaseline(found, values, around, settings, whole);
  const part = shard === null ? {} : { shard };
  if (!(await target.tree.paths()).some((path) => isPython(path) && target.reports(path))) {
    notes.push("There are no Python files here, so nothing was audited.");
  }
  return { report: { ...report, ...part, notes: [...notes, ...report.notes] }, trees: [target.tree] };
}

function shardOf(text: string | undefined): Shard | null {
  const shard = text === undefined ? null : parseShard(text);
  if (text === undefined || shard !== null) return shard;
  throw new InputError(`--shard must be written i/n with i from 1 to n, such as 2/8, not ${JSON.stringify(text)}`);
}

/** Writes the baseline that is asked for, and compares with the one that is given. */
async function withBaseline(
  report: Report,
  values: ReadonlyMap<string, string>,
  around: Surroundings,
  settings: Settings,
  whole: boolean,
): Promise<Report> {
  const written = values.get("write-baseline");
  if (written !== undefined) {
    await writeFile(resolve(around.directory, written), writeBaseline(report)).catch((error: unknown) => {
      throw new InputError(`the baseline cannot be written to ${written} (${String(error)}); name another file`);
    });
  }
  const given = values.get("baseline");
  if (given === undefined) return report;
  const text = await readFile(resolve(around.directory, given), "utf8").catch(() => {
    throw new InputError(
      `the baseline ${JSON.stringify(given)} cannot be read; write one with --write-baseline ${given}`,
    );
  });
  return againstBaseline(report, readBaseline(text, given), settings, whole);
}

async function chosen(values: ReadonlyMap<string, string>, directory: string, around: Surroundings): Promise<Chosen> {
  const path = values.get("config");
  const file = path === undefined ? null : { path, text: await textOf(resolve(around.directory, path), path) };
  return { values, label: (name) => `--${name}`, file, directory, rules: around.rules };
}

async function textOf(file: string, name: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    throw new InputError(
      `the configuration file ${JSON.stringify(name)} cannot be read; --config needs an existing TOML file`,
    );
  }
}
