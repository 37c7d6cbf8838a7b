import type { ChangedFile, Hunk } from "../changes/change.ts";
import { matters } from "../changes/kinds.ts";
import { parsePatch } from "../changes/patch.ts";
import type { GitHub } from "./client.ts";

/** What GitHub says that a range or a pull request changes. */
export interface Comparison {
  /** The merge base of the two ends. */
  base: string;
  files: PatchedFile[];
  /** GitHub stopped listing: there are more files. */
  truncated: boolean;
}

/** A changed file as GitHub lists it. Comments can only be placed in hunks that GitHub itself shows. */
export interface PatchedFile extends ChangedFile {
  /** GitHub's patch; `null` when it shows none (binary, too large, or nothing but a rename). */
  patch: string | null;
}

const MOST_COMPARED = 300;
const MOST_LISTED = 3000;

/** Compares two commits, from their merge base. GitHub lists at most 300 files here. */
export async function compareCommits(github: GitHub, base: string, head: string): Promise<Comparison> {
  const { owner, repo } = github;
  const { data } = await github.octokit.rest.repos.compareCommitsWithBasehead({
    owner,
    repo,
    basehead: `${base}...${head}`,
    per_page: 100,
  });
  const files = data.files ?? [];
  return {
    base: data.merge_base_commit.sha,
    files: files.flatMap((file) => patchedFile(file)),
    truncated: files.length >= MOST_COMPARED,
  };
}

/** Lists the files of a pull request: all pages, at most 3,000 files. */
export async function listFiles(github: GitHub, number: number): Promise<{ files: PatchedFile[]; truncated: boolean }> {
  const { owner, repo } = github;
  const listed = await github.octokit.paginate(github.octokit.rest.pulls.listFiles, {
    owner,
    repo,
    pull_number: number,
    per_page: 100,
  });
  return { files: listed.flatMap((file) => patchedFile(file)), truncated: listed.length >= MOST_LISTED };
}

interface DiffEntry {
  filename: string;
  status: string;
  previous_filename?: string;
  changes: number;
  patch?: string;
}

/** A file that no snapshot holds is left out; one that moved into or out of an excluded folder appears or disappears. */
function patchedFile(entry: DiffEntry): PatchedFile[] {
  const { filename: path, previous_filename: previous } = entry;
  const patch = entry.patch ?? null;
  const renamed = entry.status === "renamed" && previous !== undefined;
  const was = matters(renamed ? previous : path);
  const is = matters(path);
  const hunks = hunksOf(entry);
  if (renamed) {
    if (was && is) return [{ path, previousPath: previous, status: "renamed", hunks, patch }];
    if (is) return [{ path, previousPath: null, status: "added", hunks: null, patch }];
    return was ? [{ path: previous, previousPath: null, status: "deleted", hunks: null, patch: null }] : [];
  }
  if (!is || entry.status === "unchanged") return [];
  const status =
    entry.status === "added" || entry.status === "copied"
      ? "added"
      : entry.status === "removed"
        ? "deleted"
        : "modified";
  return [
    { path, previousPath: null, status, hunks: status === "added" && entry.status === "copied" ? null : hunks, patch },
  ];
}

function hunksOf(entry: DiffEntry): Hunk[] | null {
  if (entry.patch !== undefined) return parsePatch(entry.patch);
  return entry.changes === 0 ? [] : null;
}
