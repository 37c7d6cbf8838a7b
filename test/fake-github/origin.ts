import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { emptyRepository, GIT_ENVIRONMENT } from "../repositories.ts";

/** Files of a commit: text, bytes, or a link or submodule by its git mode. `null` deletes a file of the parent. */
export type Files = Record<string, string | Uint8Array | { mode: string; text: string } | null>;

/** One changed file between two commits, with git's own patch. */
export interface DiffEntry {
  path: string;
  previous: string | null;
  status: "added" | "removed" | "modified" | "renamed";
  blob: string;
  patch: string | null;
  additions: number;
  deletions: number;
  hunks: Hunk[];
}

/** Line ranges of a hunk, and which lines it has on either side. */
export interface Hunk {
  left: [number, number];
  right: [number, number];
}

/** The repository behind the fake GitHub: a bare one on disk, of which git itself answers every question. */
export interface Origin {
  folder: string;
  /** Makes a commit without a work tree; `files` are laid over the first parent's. */
  commit(parents: readonly string[], files: Files, message?: string): string;
  ref(name: string, commit: string): void;
  resolve(name: string): string | null;
  mergeBase(a: string, b: string): string | null;
  isAncestor(a: string, b: string): boolean;
  diff(base: string, head: string): DiffEntry[];
  tree(commit: string): { path: string; mode: string; type: string; sha: string }[];
  blob(sha: string): Buffer | null;
  read(commit: string, path: string): string | null;
  /** Where a line of one commit is in another; `null` when it was changed or is gone. */
  moved(from: string, to: string, path: string, line: number): { path: string; line: number } | null;
}

/** Makes an empty repository. */
export function makeOrigin(folder: string): Origin {
  const run = (args: readonly string[], input?: string | Buffer, cwd: string | undefined = folder): Buffer =>
    execFileSync("git", ["-c", "core.quotePath=off", ...args], {
      ...(cwd === undefined ? {} : { cwd }),
      env: GIT_ENVIRONMENT,
      stdio: ["pipe", "pipe", "pipe"],
      maxBuffer: 1 << 28,
      ...(input === undefined ? {} : { input }),
    });
  /** What cannot change any more, because commits and blobs are named by their content. */
  const remembered = new Map<string, Buffer | null>();
  const askOnce = (...args: string[]): Buffer | null => {
    const key = args.join("\0");
    const found = remembered.get(key);
    if (found !== undefined) return found;
    let answer: Buffer | null = null;
    try {
      answer = run(args);
    } catch {
      // Git has no answer.
    }
    remembered.set(key, answer);
    return answer;
  };
  const ask = (...args: string[]): string | null => {
    try {
      return run(args).toString();
    } catch {
      return null;
    }
  };
  emptyRepository(folder, true, "[uploadpack]\n\tallowAnySHA1InWant = true\n[gc]\n\tauto = 0\n");
  /** What a reference holds; all of them are files of their own here. */
  const referred = (name: string): string | null => {
    if (!/^refs\/[\w/-]+$/.test(name)) return null;
    try {
      return readFileSync(join(folder, name), "utf8");
    } catch {
      return null;
    }
  };
  let clock = 1_700_000_000;
  const diffs = new Map<string, DiffEntry[]>();

  const origin: Origin = {
    folder,
    commit(parents, files, message = "change") {
      const parts: Buffer[] = [];
      const say = (text: string): number => parts.push(Buffer.from(text));
      const data = (bytes: Buffer): void => {
        say(`data ${bytes.length}\n`);
        parts.push(bytes);
        say("\n");
      };
      clock += 60;
      say("reset refs/fake/new\n");
      say(`commit refs/fake/new\nmark :1\ncommitter A <a@example.org> ${clock} +0000\n`);
      data(Buffer.from(message));
      if (parents.length > 0) say(`from ${parents[0]}\n`);
      for (const parent of parents.slice(1)) say(`merge ${parent}\n`);
      for (const [path, content] of Object.entries(files)) {
        if (content === null) {
          say(`D ${quoted(path)}\n`);
          continue;
        }
        const plain = typeof content === "string" || content instanceof Uint8Array;
        const mode = plain ? "100644" : content.mode;
        const bytes = Buffer.from(plain ? content : content.text);
        if (mode === "160000") say(`M 160000 ${bytes.toString()} ${quoted(path)}\n`);
        else {
          say(`M ${mode} inline ${quoted(path)}\n`);
          data(bytes);
        }
      }
      say("get-mark :1\n");
      return run(["fast-import", "--quiet", "--force"], Buffer.concat(parts)).toString().trim();
    },
    ref(name, commit) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), `${commit}\n`);
    },
    resolve(name) {
      if (/^[0-9a-f]{40}$/.test(name))
        return askOnce("rev-parse", "--verify", "--quiet", `${name}^{commit}`)?.toString().trim() ?? null;
      for (const each of [name, `refs/heads/${name}`]) {
        const found =
          referred(each) ?? (each.startsWith("-") ? null : ask("rev-parse", "--verify", "--quiet", `${each}^{commit}`));
        if (found !== null) return found.trim();
      }
      return null;
    },
    mergeBase: (a, b) => askOnce("merge-base", a, b)?.toString().trim() ?? null,
    isAncestor: (a, b) => askOnce("merge-base", "--is-ancestor", a, b) !== null,
    diff(base, head) {
      const key = `${base} ${head}`;
      const found = diffs.get(key) ?? readDiff(run(["diff", "--no-color", "-M", "-U3", "--full-index", base, head]));
      diffs.set(key, found);
      return found;
    },
    tree: (commit) =>
      (askOnce("ls-tree", "-r", "-t", "-z", commit) ?? "")
        .toString()
        .split("\0")
        .flatMap((row) => {
          const [mode = "", type = "", sha = ""] = row.slice(0, row.indexOf("\t")).split(" ");
          return row === "" ? [] : [{ mode, type, sha, path: row.slice(row.indexOf("\t") + 1) }];
        }),
    blob: (sha) => askOnce("cat-file", "blob", sha),
    read: (commit, path) => askOnce("cat-file", "blob", `${commit}:${path}`)?.toString() ?? null,
    moved(from, to, path, line) {
      const diff = askOnce("diff", "--no-color", "-M", "-U0", "--full-index", from, to);
      const entries = readDiff(diff ?? Buffer.from(""));
      const entry = entries.find((each) => (each.previous ?? each.path) === path && each.status !== "added");
      if (entry === undefined) return origin.read(to, path) === null ? null : { path, line };
      if (entry.status === "removed") return null;
      let shift = 0;
      for (const { left, right } of entry.hunks) {
        const [start, count] = left;
        if (count > 0 && line >= start && line < start + count) return null;
        // An empty side of a hunk names the line before it.
        if (count === 0 ? start < line : start + count <= line) shift += right[1] - count;
      }
      return { path: entry.path, line: line + shift };
    },
  };
  return origin;
}

/** Reads what `git diff` prints. */
function readDiff(output: Buffer): DiffEntry[] {
  const sections = output
    .toString()
    .split(/^diff --git /m)
    .slice(1);
  return sections.map((section) => {
    const at = section.search(/^@@ /m);
    const header = at < 0 ? section : section.slice(0, at);
    const patch = at < 0 ? null : section.slice(at).replace(/\n$/, "");
    const value = (pattern: RegExp): string | undefined => {
      const found = pattern.exec(header)?.[1];
      return found === undefined ? undefined : unquoted(found);
    };
    const { a, b } = /^(?<a>"a\/(?:[^"\\]|\\.)*"|a\/.*?) (?<b>"b\/(?:[^"\\]|\\.)*"|b\/.*)$/m.exec(header)?.groups ?? {};
    const renamed = value(/^rename from (.*)$/m);
    const added = /^new file mode/m.test(header);
    const removed = /^deleted file mode/m.test(header);
    const lines = patch?.split("\n") ?? [];
    const hunks = lines.flatMap((line): Hunk[] => {
      const match = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
      if (match === null) return [];
      const [, leftStart, leftCount = "1", rightStart, rightCount = "1"] = match;
      return [{ left: [Number(leftStart), Number(leftCount)], right: [Number(rightStart), Number(rightCount)] }];
    });
    return {
      path: renamed === undefined ? unquoted((removed ? a : b) ?? "").slice(2) : (value(/^rename to (.*)$/m) ?? ""),
      previous: renamed ?? null,
      status: added ? "added" : removed ? "removed" : renamed === undefined ? "modified" : "renamed",
      blob: value(/^index [0-9a-f]+\.\.([0-9a-f]+)/m) ?? "0".repeat(40),
      patch,
      additions: lines.filter((line) => line.startsWith("+")).length,
      deletions: lines.filter((line) => line.startsWith("-")).length,
      hunks,
    };
  });
}

/** A path as `git fast-import` reads it. */
function quoted(path: string): string {
  return JSON.stringify(path).replace(
    /\\u00(..)/g,
    (_, hex: string) => `\\${Number.parseInt(hex, 16).toString(8).padStart(3, "0")}`,
  );
}

/** A path as it is: git quotes one that holds control characters. */
function unquoted(path: string): string {
  if (!path.startsWith('"')) return path;
  const letters: Record<string, string> = { a: "\x07", b: "\b", t: "\t", n: "\n", v: "\v", f: "\f", r: "\r" };
  return path
    .slice(1, -1)
    .replace(/\\(?:([0-7]{3})|(.))/g, (_, octal: string | undefined, letter: string) =>
      octal === undefined ? (letters[letter] ?? letter) : String.fromCharCode(Number.parseInt(octal, 8)),
    );
}
