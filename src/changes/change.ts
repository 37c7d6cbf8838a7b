/** One version of the repository's text files. Paths are relative to the repository's root, with `/`. */
export interface Snapshot {
  /** Every path of this version that may matter (Python files, configuration, server settings). */
  paths(): Promise<readonly string[]>;
  /** The file's text, decoded as UTF-8 (a byte order mark is kept), or `null` if there is no such file. Throws `InputError` for what cannot be read. */
  read(path: string): Promise<string | null>;
}

/** One hunk of a unified diff. Line numbers are 1-based; `added` are head lines, `removed` base lines. */
export interface Hunk {
  baseStart: number;
  baseLines: number;
  headStart: number;
  headLines: number;
  added: number[];
  removed: number[];
}

export interface ChangedFile {
  /** Path in the head version; for a deleted file its path in the base version. */
  path: string;
  /** Path in the base version where it differs (a rename), else `null`. */
  previousPath: string | null;
  status: "added" | "modified" | "deleted" | "renamed";
  /** Empty for a pure rename; `null` when the diff is not known (too large, binary): the whole file counts as changed. */
  hunks: Hunk[] | null;
}

/** What a pull request, a push or a git range changes. */
export interface Change {
  base: Snapshot;
  head: Snapshot;
  /** Commit of the base (the merge base) and of the head; `null` for the working tree. */
  baseCommit: string | null;
  headCommit: string | null;
  files: ChangedFile[];
}
