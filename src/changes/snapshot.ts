import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { InputError } from "../errors.ts";
import { tooLarge } from "./blobs.ts";
import type { ChangedFile, Snapshot } from "./change.ts";
import { decode, MOST_BYTES } from "./decode.ts";
import { matters } from "./kinds.ts";
import type { Repository } from "./repository.ts";

/** A commit's files, read from git's objects. */
export function commitSnapshot(repository: Repository, commit: string): Snapshot {
  const listed = once(async () => {
    const output = await repository.git("ls-tree", "-r", "-z", "--full-tree", commit);
    const blobs = new Map<string, string>();
    for (const row of output.split("\0")) {
      const tab = row.indexOf("\t");
      const path = row.slice(tab + 1);
      if (!row.startsWith("100") || !matters(path)) continue;
      blobs.set(path, row.slice(row.lastIndexOf(" ", tab) + 1, tab));
    }
    return blobs;
  });
  return remembering({
    paths: async () => [...(await listed()).keys()],
    async read(path) {
      const id = (await listed()).get(path);
      if (id === undefined) return null;
      const text = await repository.blob(id, path);
      if (text === null)
        throw new InputError(`${path} is missing from this partial clone; fetch it with \`git fetch --refetch\``);
      return text;
    },
  });
}

/** The work tree as it stands: tracked files and new ones that git does not ignore. */
export function workTreeSnapshot(repository: Repository): Snapshot {
  const listed = once(() => workTreePaths(repository));
  const read = fileReader(repository.top);
  return remembering({
    paths: async () => [...(await listed())],
    read: async (path) => ((await listed()).has(path) ? read(path) : null),
  });
}

/** New files of the work tree that git neither tracks nor ignores. */
export async function untrackedPaths(repository: Repository): Promise<string[]> {
  const output = await repository.git("ls-files", "-z", "--others", "--exclude-standard");
  return output.split("\0").filter(matters);
}

async function workTreePaths(repository: Repository): Promise<Set<string>> {
  const [tracked, deleted, untracked] = await Promise.all([
    repository.git("ls-files", "-z", "-t", "--stage"),
    repository.git("ls-files", "-z", "--deleted"),
    untrackedPaths(repository),
  ]);
  const paths = new Set<string>();
  for (const row of tracked.split("\0")) {
    // "H 100644 <object> 0\tpath"; "S" is a path that a sparse checkout leaves out.
    const path = row.slice(row.indexOf("\t") + 1);
    if (row.startsWith("100", 2) && !row.startsWith("S") && matters(path)) paths.add(path);
  }
  for (const path of deleted.split("\0")) paths.delete(path);
  for (const path of untracked) paths.add(path);
  return paths;
}

/**
 * The base of a change: the head's files, except where the change touched them. `original` reads the base's version of a file
 * that the change modified, deleted or renamed (by its base path).
 */
export function baseSnapshot(
  head: Snapshot,
  files: readonly ChangedFile[],
  original: (path: string) => Promise<string | null>,
): Snapshot {
  const before = new Set(files.filter((file) => file.status !== "added").map((file) => file.previousPath ?? file.path));
  const after = new Set(files.filter((file) => file.status !== "deleted").map((file) => file.path));
  return remembering({
    async paths() {
      const unchanged = (await head.paths()).filter((path) => !after.has(path) && !before.has(path));
      return [...unchanged, ...[...before].filter(matters)];
    },
    async read(path) {
      if (before.has(path)) return original(path);
      return after.has(path) ? null : head.read(path);
    },
  });
}

/** Reads files below a folder; links, and whatever lies behind a link that leaves the folder, are not there. */
export function fileReader(root: string): (path: string) => Promise<string | null> {
  const inside = new Map<string, boolean>();
  const isInside = (folder: string): boolean => {
    const known = inside.get(folder);
    if (known !== undefined) return known;
    const way = relative(realpathSync(root), realpathSync(folder));
    const answer = way !== ".." && !way.startsWith(`..${sep}`);
    inside.set(folder, answer);
    return answer;
  };
  // Synchronous calls: faster for many small files, and never too many files open at once.
  return async (path) => {
    const file = join(root, path);
    try {
      const about = lstatSync(file);
      if (!about.isFile() || !isInside(dirname(file))) return null;
      if (about.size > MOST_BYTES) throw new InputError(tooLarge(path));
      return decode(readFileSync(file));
    } catch (error) {
      if (error instanceof InputError) throw error;
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ENOENT" && path.includes("\uFFFD")) {
        throw new InputError(`${path} cannot be read because its name is not UTF-8; rename it`);
      }
      if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP" || code === "ENAMETOOLONG") return null;
      throw new InputError(`${path} cannot be read (${String(code ?? error)}); check its permissions`);
    }
  };
}

/** A snapshot that reads each file once. */
export function remembering(snapshot: Snapshot): Snapshot {
  return { paths: once(() => snapshot.paths()), read: oncePerKey((path) => snapshot.read(path)) };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  const made = oncePerKey(make);
  return () => made("");
}

function oncePerKey<T>(make: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}
