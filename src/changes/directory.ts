import { readdir, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, relative, resolve, sep } from "node:path";
import { InputError } from "../errors.ts";
import type { Snapshot } from "./change.ts";
import { isPython, matters } from "./kinds.ts";
import { type Environment, findRepository } from "./repository.ts";
import { fileReader, remembering, workTreeSnapshot } from "./snapshot.ts";

/** What an audit looks at: a whole tree to understand the code, and the part of it that is reported on. */
export interface AuditTarget {
  tree: Snapshot;
  /** Absolute path of the folder that the tree's paths start from. */
  root: string;
  /** The deepest folder that holds everything asked for, relative to the root (`""` is the root): its configuration counts. */
  directory: string;
  reports(path: string): boolean;
}

const SKIPPED = new Set(["node_modules", "__pycache__", "__pypackages__", "site-packages"]);

/** A folder without git: everything below it except hidden folders, links, virtual environments and installed packages. */
export function directorySnapshot(root: string): Snapshot {
  return remembering({ paths: () => walk(root, root), read: fileReader(root) });
}

/** Finds the tree around the paths (relative to `from`): the git work tree, else `from`, else the one folder that was named. */
export async function auditTarget(
  paths: readonly string[],
  from: string,
  environment: Environment,
): Promise<AuditTarget> {
  const wanted = await Promise.all((paths.length === 0 ? ["."] : paths).map((path) => place(path, from)));
  const other = wanted.find(({ path, folder }) => path !== folder && !isPython(path));
  if (other !== undefined)
    throw new InputError(`${other.path} is no Python file; name files that end in .py, or a folder`);
  const start = (await place(".", from)).folder;
  const first = wanted[0]?.folder ?? start;
  const repository = await findRepository(first, environment);
  const root =
    repository !== null && !repository.bare
      ? await realpath(repository.top)
      : within(start, first) && !isTooWide(start)
        ? start
        : first;
  const outside = wanted.find(({ folder }) => !within(root, folder));
  if (outside !== undefined) {
    throw new InputError(`${outside.path} lies outside ${root}; audit the two one after the other`);
  }
  const listed = repository !== null && !repository.bare ? workTreeSnapshot(repository) : directorySnapshot(root);
  const names = wanted.map(({ path }) => toName(root, path));
  return {
    root,
    tree: await withNamed(listed, root, wanted),
    directory: common(wanted.map(({ folder }) => toName(root, folder))),
    reports: (path) => names.some((name) => name === "" || path === name || path.startsWith(`${name}/`)),
  };
}

interface Wanted {
  /** Absolute path of what was named, and of the folder that it is or lies in. */
  path: string;
  folder: string;
}

async function place(name: string, from: string): Promise<Wanted> {
  try {
    const path = await realpath(resolve(from, name));
    const about = await stat(path);
    return { path, folder: about.isDirectory() ? path : resolve(path, "..") };
  } catch {
    throw new InputError(`there is no file or folder ${JSON.stringify(name)} in ${from}; name one that exists`);
  }
}

/** What the user names is audited even where git ignores it or a walk would skip it. */
async function withNamed(tree: Snapshot, root: string, wanted: readonly Wanted[]): Promise<Snapshot> {
  const known = await tree.paths();
  const extra = new Set<string>();
  for (const { path, folder } of wanted) {
    const name = toName(root, path);
    if (known.some((each) => name === "" || each === name || each.startsWith(`${name}/`))) continue;
    for (const found of path === folder ? await walk(root, path) : [name].filter(isPython)) extra.add(found);
  }
  if (extra.size === 0) return tree;
  const readExtra = fileReader(root);
  return remembering({
    paths: async () => [...known, ...extra],
    read: (path) => (extra.has(path) ? readExtra(path) : tree.read(path)),
  });
}

async function walk(root: string, start: string): Promise<string[]> {
  const found: string[] = [];
  const folders = [start];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    // A folder that may not be listed is left out, like a file that is not there.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (folder !== start && entries.some((entry) => entry.name === "pyvenv.cfg")) continue;
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const name = toName(root, path);
      if (entry.isFile() && (matters(name) || (isPython(name) && start !== root))) found.push(name);
      if (entry.isDirectory() && !entry.name.startsWith(".") && !SKIPPED.has(entry.name)) folders.push(path);
    }
  }
  return found.sort();
}

function toName(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}

function within(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && resolve(root, way) === resolve(path);
}

/** Nobody's program: walking through all of it would take minutes. */
function isTooWide(folder: string): boolean {
  return folder === resolve(folder, "..") || folder === homedir();
}

function common(folders: readonly string[]): string {
  const [first = "", ...others] = folders;
  const parts = first.split("/");
  while (parts.length > 0 && !others.every((other) => `${other}/`.startsWith(`${parts.join("/")}/`))) parts.pop();
  return parts.join("/");
}
