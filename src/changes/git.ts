import { InputError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Change, ChangedFile } from "./change.ts";
import { matters, PATHSPECS } from "./kinds.ts";
import { type DiffEntry, parseDiff } from "./patch.ts";
import type { Repository } from "./repository.ts";
import { baseSnapshot, commitSnapshot, untrackedPaths, workTreeSnapshot } from "./snapshot.ts";

/** The two ends of a review as the user names them. */
export interface GitRange {
  /** Any revision; the review starts at its merge base with the head. Default: the default branch. */
  base?: string | null;
  /** Any revision; default: the work tree with its new files (in a bare repository `HEAD`). */
  head?: string | null;
}

// Every format that the configuration could change is said explicitly. `--text`: no attribute may hide a file's lines.
const DIFF = [
  "--raw",
  "--patch",
  "--text",
  "--no-abbrev",
  "--no-color",
  "--no-ext-diff",
  "--no-textconv",
  "--no-relative",
  "--find-renames",
  "--unified=3",
  "--inter-hunk-context=0",
  "--ignore-submodules=all",
  "--submodule=short",
  "--src-prefix=a/",
  "--dst-prefix=b/",
  "--output-indicator-new=+",
  "--output-indicator-old=-",
  "--output-indicator-context= ",
];

const DEFAULT_BRANCHES = ["refs/remotes/origin/HEAD", "main", "origin/main", "master", "origin/master"];

/** What a range of a repository changes, seen from the merge base of its two ends as on GitHub. */
export async function gitChange(repository: Repository, range: GitRange): Promise<Change> {
  const headName = range.head ?? (repository.bare ? "HEAD" : null);
  const headCommit = headName === null ? null : await commitOf(repository, headName);
  const tip = headCommit ?? (await headOf(repository));
  const baseName = range.base ?? (await defaultBranch(repository));
  const baseCommit = await mergeBase(repository, await commitOf(repository, baseName), tip, baseName);
  const entries = await diff(repository, headCommit === null ? [baseCommit] : [baseCommit, headCommit]);
  const fresh = new Set(headCommit === null ? await untrackedPaths(repository) : []);

  const head = headCommit === null ? workTreeSnapshot(repository) : commitSnapshot(repository, headCommit);
  const files = withUntracked(entries, fresh);
  const blobs = new Map(entries.map((entry) => [entry.previousPath ?? entry.path, entry.baseBlob]));
  const original = async (path: string): Promise<string | null> => {
    const id = blobs.get(path);
    if (id === undefined || id === null) return null;
    const text = await repository.blob(id, path);
    if (text !== null) return text;
    throw new InputError(
      `the base version of ${path} is not in this partial clone; run \`git fetch --refetch\` without a filter`,
    );
  };
  return { base: baseSnapshot(head, files, original), head, baseCommit, headCommit, files };
}

/** The full id of a commit that a revision names. */
async function commitOf(repository: Repository, revision: string): Promise<string> {
  const valid = revision !== "" && !revision.startsWith("-") && !/[\0\n]/.test(revision);
  const found = valid ? await repository.ask("rev-parse", "--verify", "--quiet", `${revision}^{commit}`) : null;
  if (found !== null) return found.trim();
  const names = await repository.ask("for-each-ref", "--format=%(refname:short)");
  const near = nearest(revision, (names ?? "").split("\n"));
  const hint = near === null ? "name a branch, tag or commit" : `did you mean ${near}?`;
  throw new InputError(`unknown revision ${JSON.stringify(revision)} in ${repository.top}; ${hint}`);
}

async function headOf(repository: Repository): Promise<string> {
  const found = await repository.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}");
  if (found !== null) return found.trim();
  throw new InputError(`${repository.top} has no commit yet, so nothing can be compared; use \`pcr audit\``);
}

async function defaultBranch(repository: Repository): Promise<string> {
  for (const name of DEFAULT_BRANCHES) {
    if ((await repository.ask("rev-parse", "--verify", "--quiet", `${name}^{commit}`)) !== null) return name;
  }
  throw new InputError(`${repository.top} has neither origin/HEAD nor main nor master; name the base with --base`);
}

async function mergeBase(repository: Repository, base: string, head: string, baseName: string): Promise<string> {
  const found = await repository.ask("merge-base", base, head);
  const first = found?.split("\n")[0];
  if (first !== undefined && first !== "") return first;
  const advice =
    repository.shallow === true
      ? "this clone is shallow; run `git fetch --unshallow`"
      : "name another base with --base";
  throw new InputError(`${baseName} and ${head.slice(0, 12)} have no common commit in ${repository.top}; ${advice}`);
}

async function diff(repository: Repository, ends: readonly string[]): Promise<DiffEntry[]> {
  const tail = [...ends, "--", ...PATHSPECS];
  const full = await repository.ask("diff", ...DIFF, ...tail);
  // A patch can be larger than what fits into memory; then the names alone must do, and whole files count as changed.
  const output = full ?? (await repository.git("diff", ...DIFF.filter((option) => option !== "--patch"), ...tail));
  return parseDiff(output).flatMap((entry) => withinSnapshot(entry));
}

/** Drops what no snapshot holds; a file moved into or out of an excluded folder appears or disappears. */
function withinSnapshot(entry: DiffEntry): DiffEntry[] {
  const was = matters(entry.previousPath ?? entry.path);
  const is = matters(entry.path);
  if (was && is) return [entry];
  if (entry.status !== "renamed") return [];
  if (is) return [{ ...entry, status: "added", previousPath: null, hunks: null, baseBlob: null }];
  if (was)
    return [{ ...entry, status: "deleted", path: entry.previousPath ?? entry.path, previousPath: null, hunks: null }];
  return [];
}

/** Adds new files. After `git rm --cached` a path is both deleted (for git) and new (on disk): it is modified. */
function withUntracked(entries: readonly ChangedFile[], fresh: ReadonlySet<string>): ChangedFile[] {
  const known = new Set(entries.map((entry) => entry.path));
  const files: ChangedFile[] = entries.map((entry) =>
    entry.status === "deleted" && fresh.has(entry.path) ? { ...entry, status: "modified", hunks: null } : entry,
  );
  for (const path of fresh) {
    if (!known.has(path)) files.push({ path, previousPath: null, status: "added", hunks: null });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
