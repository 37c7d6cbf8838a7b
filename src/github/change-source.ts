import { structuredPatch } from "diff";
import type { Change, ChangedFile, Hunk, Snapshot } from "../changes/change.ts";
import { gitChange } from "../changes/git.ts";
import { isPython } from "../changes/kinds.ts";
import type { Repository } from "../changes/repository.ts";
import { baseSnapshot } from "../changes/snapshot.ts";
import { InputError } from "../errors.ts";
import { blobSource } from "./blob-source.ts";
import type { GitHub } from "./client.ts";
import { type Comparison, compareCommits, listFiles, type PatchedFile } from "./compare.ts";
import type { PullRequest } from "./event.ts";
import { inOneLine, readingAdvice, refusalOf } from "./refusal.ts";
import { beforePatch } from "./reverse.ts";
import { loadTree, type Tree, treeSnapshot } from "./tree.ts";

/** A change, and what GitHub shows of it. */
export interface Sourced {
  change: Change;
  /** Sentences about what could not be looked at. */
  notes: string[];
  /** The hunks in which GitHub accepts comments, by path; asked for only when there is something to place. */
  shown(): Promise<ReadonlyMap<string, Hunk[]>>;
}

/** The change of a pull request: from the local repository when it holds both ends, else from the API. */
export async function pullRequestChange(
  github: GitHub,
  repository: Repository | null,
  pullRequest: PullRequest,
): Promise<Sourced> {
  const { number, head, baseBranch, baseCommit } = pullRequest;
  const list = (): Promise<{ files: PatchedFile[]; truncated: boolean }> => listFiles(github, number);
  const local = await localChange(repository, [`refs/remotes/origin/${baseBranch}`, baseCommit], head);
  if (local !== null) {
    return { change: local, notes: [], shown: remember(async () => hunksByPath((await list()).files)) };
  }
  const comparison = await compared(github, baseBranch === "" ? baseCommit : baseBranch, head);
  if (!comparison.truncated) return remoteChange(github, repository, comparison, head);
  const listed = await list();
  return remoteChange(github, repository, { ...comparison, ...listed }, head);
}

/** The change between two commits. */
export async function rangeChange(
  github: GitHub,
  repository: Repository | null,
  base: string,
  head: string,
): Promise<Sourced> {
  const local = await localChange(repository, [`refs/remotes/origin/${base}`, base], head);
  if (local !== null) return { change: local, notes: [], shown: async () => new Map() };
  return remoteChange(github, repository, await compared(github, base, head), head);
}

async function localChange(
  repository: Repository | null,
  bases: readonly string[],
  head: string,
): Promise<Change | null> {
  if (repository === null) return null;
  // In a shallow clone the merge base that git finds may be the wrong one.
  if (repository.shallow !== false) return null;
  for (const base of bases) {
    if (base.startsWith("-")) continue;
    const ends = [base, head].map((end) => repository.ask("rev-parse", "--verify", "--quiet", `${end}^{commit}`));
    if ((await Promise.all(ends)).includes(null)) continue;
    try {
      return await gitChange(repository, { base, head });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  return null;
}

async function compared(github: GitHub, base: string, head: string): Promise<Comparison> {
  try {
    return await compareCommits(github, base, head);
  } catch (error) {
    const refusal = refusalOf(error);
    const { kind, message } = refusal;
    const otherwise =
      kind === "permission" || kind === "missing"
        ? "give the job `permissions: contents: read` and check that both commits exist"
        : "re-run the job, or check out with `fetch-depth: 0`";
    const advice = readingAdvice(refusal, github.anonymous, otherwise);
    throw new InputError(
      `the changes between ${inOneLine(base)} and ${head.slice(0, 12)} cannot be read (${message}); ${advice}`,
    );
  }
}

async function remoteChange(
  github: GitHub,
  repository: Repository | null,
  comparison: Comparison,
  headCommit: string,
): Promise<Sourced> {
  const notes: string[] = [];
  const source = await blobSource(github, repository);
  const headTree = await tree(github, headCommit);
  const listed = comparison.truncated
    ? fromTrees(comparison.files, await tree(github, comparison.base), headTree)
    : comparison.files;
  const files = listed.flatMap((file) => withoutLinks(file, headTree));
  const changed = files.flatMap((file) => (file.status !== "deleted" && isPython(file.path) ? [file.path] : []));
  const { snapshot: head, left } = await treeSnapshot(headTree, source, touchesPython(files) ? changed : null);
  if (left > 0) {
    notes.push(
      `${left} Python files were not read, to stay within GitHub's limits: callers in them are not seen. Check the repository out to include them.`,
    );
  }
  const patches = new Map(files.map((file) => [file.previousPath ?? file.path, file]));
  const original = async (path: string): Promise<string | null> => {
    const file = patches.get(path);
    if (file === undefined || file.status === "added") return null;
    if (file.status === "renamed" && file.hunks?.length === 0) return head.read(file.path);
    if (file.patch !== null) {
      const after = file.status === "deleted" ? "" : await head.read(file.path);
      const before = after === null ? null : beforePatch(after, file.patch);
      if (before !== null) return before;
    }
    const { blobs } = await baseTree();
    const id = blobs.get(path);
    return id === undefined ? null : source.read(id, path);
  };
  const baseTree = remember(() => tree(github, comparison.base));
  const base = baseSnapshot(head, files, original);
  const known = await Promise.all(files.map((file) => withHunks(file, base, head)));
  return {
    change: { base, head, baseCommit: comparison.base, headCommit, files: known },
    notes,
    shown: async () => hunksByPath(comparison.files),
  };
}

/** Whether a change touches Python at all. */
export function touchesPython(files: readonly ChangedFile[]): boolean {
  return files.some(({ path, previousPath }) => isPython(path) || isPython(previousPath ?? path));
}

async function tree(github: GitHub, commit: string): Promise<Tree> {
  let found: Tree;
  try {
    found = await loadTree(github, commit);
  } catch (error) {
    const refusal = refusalOf(error);
    const advice = readingAdvice(refusal, github.anonymous, "give the job `permissions: contents: read`");
    throw new InputError(`the files of ${commit.slice(0, 12)} cannot be listed (${refusal.message}); ${advice}`);
  }
  if (!found.truncated) return found;
  throw new InputError("the repository has too many files for GitHub's listing; check out with `fetch-depth: 0` first");
}

/** Beyond what GitHub lists, two listings of all files say what differs; a file whose content moved unchanged is a rename. */
function fromTrees(listed: readonly PatchedFile[], base: Tree, head: Tree): PatchedFile[] {
  const known = new Set(listed.flatMap(({ path, previousPath }) => [path, previousPath ?? path]));
  const files: PatchedFile[] = [...listed];
  const gone = new Map<string, string>();
  for (const [path, id] of base.blobs) if (!head.blobs.has(path) && !known.has(path)) gone.set(id, path);
  for (const [path, id] of head.blobs) {
    if (known.has(path) || base.blobs.get(path) === id) continue;
    const previousPath = base.blobs.has(path) ? null : (gone.get(id) ?? null);
    if (previousPath !== null) gone.delete(id);
    const status = base.blobs.has(path) ? "modified" : previousPath === null ? "added" : "renamed";
    files.push({ path, previousPath, status, hunks: status === "renamed" ? [] : null, patch: null });
  }
  const moved = new Set(files.map(({ previousPath }) => previousPath));
  for (const path of base.blobs.keys()) {
    if (head.blobs.has(path) || known.has(path) || moved.has(path)) continue;
    files.push({ path, previousPath: null, status: "deleted", hunks: null, patch: null });
  }
  return files;
}

/** A link or a submodule is no file: one that took a file's place deletes it. */
function withoutLinks(file: PatchedFile, head: Tree): PatchedFile[] {
  if (file.status === "deleted" || head.blobs.has(file.path)) return [file];
  if (file.status === "added") return [];
  const path = file.previousPath ?? file.path;
  return [{ path, previousPath: null, status: "deleted", hunks: null, patch: null }];
}

const MOST_DIFFED = 1024 * 1024;

/** Where GitHub shows no patch, the lines are compared here; when even that is too much the whole file counts as changed. */
async function withHunks(file: PatchedFile, base: Snapshot, head: Snapshot): Promise<ChangedFile> {
  const { path, previousPath, status } = file;
  const plain: ChangedFile = { path, previousPath, status, hunks: file.hunks };
  if (file.hunks !== null || !isPython(path)) return plain;
  try {
    const before = status === "added" ? "" : await base.read(previousPath ?? path);
    const after = status === "deleted" ? "" : await head.read(path);
    if (before === null || after === null || before.length + after.length > MOST_DIFFED) return plain;
    const compared = structuredPatch(path, path, before, after, "", "", { context: 3, timeout: 1000 });
    return compared === undefined ? plain : { ...plain, hunks: compared.hunks.map(hunkFrom) };
  } catch (error) {
    // A file that cannot be read is the analysis's to report.
    if (error instanceof InputError) return plain;
    throw error;
  }
}

function hunkFrom(hunk: {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  lines: string[];
}): Hunk {
  // The library counts an empty side from 1, git from 0.
  const found: Hunk = {
    baseStart: hunk.oldLines === 0 ? hunk.oldStart - 1 : hunk.oldStart,
    baseLines: hunk.oldLines,
    headStart: hunk.newLines === 0 ? hunk.newStart - 1 : hunk.newStart,
    headLines: hunk.newLines,
    added: [],
    removed: [],
  };
  let base = hunk.oldStart;
  let head = hunk.newStart;
  for (const line of hunk.lines) {
    if (line.startsWith("+")) found.added.push(head++);
    else if (line.startsWith("-")) found.removed.push(base++);
    else if (line.startsWith(" ")) {
      base++;
      head++;
    }
  }
  return found;
}

function hunksByPath(files: readonly PatchedFile[]): Map<string, Hunk[]> {
  return new Map(
    files
      .filter(({ status }) => status !== "deleted")
      .map(({ path, patch, hunks }) => [path, patch === null ? [] : (hunks ?? [])]),
  );
}

function remember<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
