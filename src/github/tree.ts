import { type ReadBlob, tooLarge } from "../changes/blobs.ts";
import type { Snapshot } from "../changes/change.ts";
import { decode, MOST_BYTES } from "../changes/decode.ts";
import { isPython, matters } from "../changes/kinds.ts";
import type { Repository } from "../changes/repository.ts";
import { remembering } from "../changes/snapshot.ts";
import { InputError } from "../errors.ts";
import type { GitHub } from "./client.ts";
import { refusalOf } from "./refusal.ts";

/** The files of one commit: path → blob. Links and submodules are not among them. */
export interface Tree {
  blobs: ReadonlyMap<string, string>;
  /** GitHub lists at most 100,000 entries. */
  truncated: boolean;
}

/** Requests for single files that one run makes at most; a token has 1,000 an hour for the whole repository. */
export const MOST_BLOB_REQUESTS = 400;
const AT_ONCE = 8;

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

/** Reads blobs by their id: from the local repository where it has them (the id proves the content), else from GitHub. */
export interface BlobSource {
  read: ReadBlob;
  /** Blobs that need no request. */
  local: ReadonlySet<string>;
}

/** Reads blobs locally where possible and through the API otherwise, a bounded number of them. */
export async function blobSource(github: GitHub, repository: Repository | null): Promise<BlobSource> {
  const { owner, repo } = github;
  const atOnce = limited(AT_ONCE);
  let requests = 0;
  const fetchBlob = async (id: string, path: string): Promise<string> => {
    requests += 1;
    if (requests > MOST_BLOB_REQUESTS) {
      throw new InputError(
        `${path} was not read: more than ${MOST_BLOB_REQUESTS} files would have to be fetched one by one; check the repository out first`,
      );
    }
    const { data } = await atOnce(() => github.octokit.rest.git.getBlob({ owner, repo, file_sha: id })).catch(
      (error) => {
        throw new InputError(`${path} could not be fetched (${refusalOf(error).message}); re-run the job`);
      },
    );
    if ((data.size ?? 0) > MOST_BYTES) throw new InputError(tooLarge(path));
    return decode(Buffer.from(data.content, data.encoding === "base64" ? "base64" : "utf8"));
  };
  return {
    read: async (id, path) => (await repository?.blob(id, path)) ?? fetchBlob(id, path),
    local: repository === null ? new Set() : await checkedOut(repository),
  };
}

/** The blobs of the commit that is checked out. Others may be there too, which is found out when they are read. */
async function checkedOut(repository: Repository): Promise<Set<string>> {
  const rows = (await repository.ask("ls-tree", "-r", "-z", "--full-tree", "HEAD")) ?? "";
  return new Set(rows.split("\0").map((row) => row.slice(0, row.indexOf("\t")).split(" ")[2] ?? ""));
}

/**
 * A commit's files read by blob id. When too many of them would have to be fetched one by one, the snapshot holds the files in
 * `first`, configuration, and the Python files nearest to them; `left` says how many others it leaves out.
 */
export function treeSnapshot(
  tree: Tree,
  source: BlobSource,
  first: readonly string[],
): { snapshot: Snapshot; left: number } {
  const paths = affordable(tree, source, first);
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

function affordable(tree: Tree, source: BlobSource, first: readonly string[]): string[] {
  const all = [...tree.blobs];
  const missing = all.filter(([path, id]) => isPython(path) && !source.local.has(id)).map(([path]) => path);
  const changed = new Set(first);
  // Some requests stay free for base versions and configuration.
  const room = Math.floor(MOST_BLOB_REQUESTS / 2);
  if (missing.length <= room) return all.map(([path]) => path);
  const folders = [...new Set(first.map(folderOf))];
  const near = missing
    .filter((path) => !changed.has(path))
    .map((path) => ({ path, distance: Math.min(...folders.map((folder) => distance(folderOf(path), folder))) }))
    .sort((a, b) => a.distance - b.distance || (a.path < b.path ? -1 : 1))
    .slice(0, Math.max(0, room - changed.size));
  const kept = new Set([...changed, ...near.map(({ path }) => path)]);
  const missed = new Set(missing);
  return all.map(([path]) => path).filter((path) => !missed.has(path) || kept.has(path));
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

/** Runs at most `most` tasks at once. */
function limited(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await task();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
