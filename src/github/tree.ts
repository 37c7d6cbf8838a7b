import type { Snapshot } from "../changes/change.ts";
import { isPython, matters } from "../changes/kinds.ts";
import { remembering } from "../changes/snapshot.ts";
import type { BlobSource } from "./blob-source.ts";
import type { GitHub } from "./client.ts";

/** The files of one commit: path → blob. Links and submodules are not among them. */
export interface Tree {
  blobs: ReadonlyMap<string, string>;
  /** GitHub lists at most 100,000 entries. */
  truncated: boolean;
}

/** Python files that are fetched when nothing is checked out: together where GitHub gives many at once, else one by one. */
const MOST_TOGETHER = 2000;
const MOST_SINGLE = 200;
/** So few are fetched one by one in any case. */
const FEW = 5;

/** Lists a commit's files. */
export async function loadTree(github: GitHub, commit: string): Promise<Tree> {
  const { owner, repo } = github;
  const { data } = await github.octokit.rest.git.getTree({ owner, repo, tree_sha: commit, recursive: "1" });
  const blobs = new Map<string, string>();
  for (const { path, mode, sha } of data.tree) {
    if (path !== undefined && sha !== undefined && mode?.startsWith("100") && matters(path)) blobs.set(path, sha);
  }
  return { blobs, truncated: data.truncated };
}

/**
 * A commit's files read by blob id. When too many of them would have to be fetched, the snapshot holds the files in `first`,
 * configuration, and the Python files nearest to them; `left` says how many others it leaves out. Without `first` nothing is
 * fetched before it is asked for.
 */
export async function treeSnapshot(
  tree: Tree,
  source: BlobSource,
  first: readonly string[] | null,
): Promise<{ snapshot: Snapshot; left: number }> {
  const paths = first === null ? [...tree.blobs.keys()] : await fetchable(tree, source, first);
  const known = new Set(paths);
  const snapshot = remembering({
    paths: async () => paths,
    async read(path) {
      const id = tree.blobs.get(path);
      return id === undefined || !known.has(path) ? null : source.read(id, path);
    },
  });
  return { snapshot, left: tree.blobs.size - paths.length };
}

async function fetchable(tree: Tree, source: BlobSource, first: readonly string[]): Promise<string[]> {
  const all = [...tree.blobs.keys()];
  const missing = all.filter((path) => isPython(path) && !source.local.has(tree.blobs.get(path) ?? ""));
  if (missing.length <= FEW) return all;
  const missed = new Set(missing);
  const together = nearest(missing, first, MOST_TOGETHER);
  const ids = [...together].flatMap((path) => tree.blobs.get(path) ?? []);
  const kept = (await source.prefetch(ids)) ? together : nearest(missing, first, MOST_SINGLE);
  return all.filter((path) => !missed.has(path) || kept.has(path));
}

/** All that have to be there, and of the others those in the folders nearest to them. */
function nearest(paths: readonly string[], first: readonly string[], most: number): Set<string> {
  if (paths.length <= most) return new Set(paths);
  const needed = new Set(first);
  const folders = [...new Set(first.map(folderOf))];
  const near = paths
    .filter((path) => !needed.has(path))
    .map((path) => ({ path, distance: Math.min(...folders.map((folder) => distance(folderOf(path), folder))) }))
    .sort((a, b) => a.distance - b.distance || (a.path < b.path ? -1 : 1))
    .slice(0, Math.max(0, most - needed.size));
  return new Set([...paths.filter((path) => needed.has(path)), ...near.map(({ path }) => path)]);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Steps through the tree of folders from one to the other. */
function distance(a: string, b: string): number {
  const one = a.split("/");
  const other = b.split("/");
  let common = 0;
  while (common < one.length && one[common] === other[common]) common += 1;
  return one.length + other.length - 2 * common;
}
