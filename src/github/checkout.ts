import { realpath } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import picomatch from "picomatch";
import type { Snapshot } from "../changes/change.ts";
import { directorySnapshot } from "../changes/directory.ts";
import { type Environment, findRepository, type Repository } from "../changes/repository.ts";
import { workTreeSnapshot } from "../changes/snapshot.ts";
import type { Chosen } from "../configuration.ts";
import { InputError } from "../errors.ts";
import type { Progress } from "../review.ts";
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

/** The files that are checked out, whether git knows them or not. */
export function treeOf({ repository, workspace }: Checkout): Snapshot {
  if (workspace === "") throw new InputError("GITHUB_WORKSPACE is not set; run this as a step of a GitHub workflow");
  return repository === null ? directorySnapshot(resolve(workspace)) : workTreeSnapshot(repository);
}

/** Which files are reported on; `null` means all. */
export function reportsOn({ paths }: Inputs, directory: string): ((path: string) => boolean) | null {
  if (paths.length === 0 && directory === "") return null;
  // A folder or file is named by its path alone, too.
  const globs = paths.flatMap((path) => [path, `${path.replace(/\/+$/, "")}/**`]);
  const matches = globs.length === 0 ? () => true : picomatch(globs, { dot: true });
  return (path) => (directory === "" || path.startsWith(`${directory}/`)) && matches(path);
}

/**
 * The file that the input `config` names. In a review the base's version counts; one that the change adds does not, and one that
 * is not part of the repository was put there by the workflow.
 */
export async function configurationFile(
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

/** What the workflow decides of the configuration. */
export function chosen(inputs: Inputs, directory: string, file: Chosen["file"], engine: Engine): Chosen {
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
