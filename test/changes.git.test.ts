import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Change } from "../src/changes/change.ts";
import { type GitRange, gitChange } from "../src/changes/git.ts";
import { findRepository } from "../src/changes/repository.ts";
import { GIT_ENVIRONMENT, type TestRepository, temporaryFolder, temporaryRepository } from "./repositories.ts";

async function changeOf(repository: TestRepository, range: GitRange = {}): Promise<Change> {
  const found = await findRepository(repository.folder, GIT_ENVIRONMENT);
  if (found === null) throw new Error("no repository");
  return gitChange(found, range);
}

function summary({ files }: Change): string[] {
  return files.map(
    ({ status, path, previousPath }) => `${status} ${previousPath === null ? "" : `${previousPath} -> `}${path}`,
  );
}

describe("a range of commits", () => {
  test("is seen from the merge base, with both versions of every file", async () => {
    const repo = temporaryRepository();
    repo.write("keep.py", "k = 1\n");
    repo.write("edit.py", "a = 1\nb = 2\nc = 3\n");
    repo.write("gone.py", "g = 1\n");
    repo.write("old/name.py", "one = 1\ntwo = 2\nthree = 3\nfour = 4\n");
    repo.write("notes.md", "text\n");
    const base = repo.commit();
    repo.git("checkout", "-q", "-b", "topic");
    repo.write("edit.py", "a = 1\nb = 20\nb2 = 21\nc = 3\n");
    repo.write("new.py", "n = 1\n");
    repo.write("notes.md", "other\n");
    repo.git("rm", "-q", "gone.py");
    mkdirSync(join(repo.folder, "pkg"));
    repo.git("mv", "old/name.py", "pkg/name.py");
    const head = repo.commit();
    repo.git("checkout", "-q", "main");
    repo.write("keep.py", "k = 2  # on main only\n");
    repo.commit();

    const change = await changeOf(repo, { base: "main", head: "topic" });
    expect(change.baseCommit).toBe(base);
    expect(change.headCommit).toBe(head);
    expect(summary(change)).toEqual([
      "modified edit.py",
      "deleted gone.py",
      "added new.py",
      "renamed old/name.py -> pkg/name.py",
    ]);
    expect(change.files[0]?.hunks).toEqual([
      { baseStart: 1, baseLines: 3, headStart: 1, headLines: 4, added: [2, 3], removed: [2] },
    ]);
    expect(change.files[3]?.hunks).toEqual([]);
    expect((await change.base.paths()).toSorted()).toEqual(["edit.py", "gone.py", "keep.py", "old/name.py"]);
    expect((await change.head.paths()).toSorted()).toEqual(["edit.py", "keep.py", "new.py", "pkg/name.py"]);
    expect(await change.base.read("edit.py")).toBe("a = 1\nb = 2\nc = 3\n");
    expect(await change.head.read("edit.py")).toContain("b2 = 21");
    expect(await change.base.read("keep.py")).toBe("k = 1\n");
    expect(await change.base.read("gone.py")).toBe("g = 1\n");
    expect(await change.head.read("gone.py")).toBeNull();
    expect(await change.base.read("new.py")).toBeNull();
    expect(await change.base.read("pkg/name.py")).toBeNull();
    expect(await change.base.read("old/name.py")).toBe(await change.head.read("pkg/name.py"));
  });

  test("two files that swap their names keep their versions apart", async () => {
    const repo = temporaryRepository();
    repo.write("a.py", "first = 1\n".repeat(9));
    repo.write("b.py", "second = 2\n".repeat(9));
    repo.commit();
    renameSync(join(repo.folder, "a.py"), join(repo.folder, "c"));
    renameSync(join(repo.folder, "b.py"), join(repo.folder, "a.py"));
    renameSync(join(repo.folder, "c"), join(repo.folder, "b.py"));
    repo.commit();
    const change = await changeOf(repo, { base: "HEAD~1", head: "HEAD" });
    expect(await change.base.read("a.py")).toContain("first");
    expect(await change.head.read("a.py")).toContain("second");
    expect((await change.base.paths()).toSorted()).toEqual(["a.py", "b.py"]);
  });

  test("file names may hold anything", async () => {
    const repo = temporaryRepository();
    const names = [
      'q"uote.py',
      "new\nline.py",
      "::colons::.py",
      "ünï 日本.py",
      "tab\t.py",
      "back\\slash.py",
      "-dash.py",
      "diff --git a.py",
      " lead.py",
    ];
    repo.write("x.py", "x = 1\n");
    repo.commit();
    for (const name of names) repo.write(name, `${"v = 0\n".repeat(3)}name = 1\n`);
    repo.commit();
    for (const name of names) repo.write(name, `${"v = 0\n".repeat(3)}name = 2\n`);
    const head = repo.commit();
    const added = await changeOf(repo, { base: "HEAD~2", head: "HEAD" });
    expect(added.files.map(({ path }) => path).toSorted()).toEqual(names.toSorted());
    const edited = await changeOf(repo, { base: "HEAD~1", head });
    expect(edited.files.map(({ path }) => path).toSorted()).toEqual(names.toSorted());
    for (const { path, hunks } of edited.files) {
      expect(hunks?.map(({ added, removed }) => [added, removed])).toEqual([[[4], [4]]]);
      expect(await edited.head.read(path)).toContain("name = 2");
      expect(await edited.base.read(path)).toContain("name = 1");
    }
  });

  test("links, submodules and folders of packages are left out", async () => {
    const repo = temporaryRepository();
    repo.write("real.py", "r = 1\n");
    const first = repo.commit();
    symlinkSync("real.py", join(repo.folder, "link.py"));
    symlinkSync("loop.py", join(repo.folder, "loop.py"));
    symlinkSync("/", join(repo.folder, "root"));
    repo.write("node_modules/gyp/x.py", "x = 1\n");
    repo.git("update-index", "--add", "--cacheinfo", `160000,${first},sub.py`);
    repo.write("real.py", "r = 2\n");
    repo.commit();
    const change = await changeOf(repo, { base: first, head: "HEAD" });
    expect(summary(change)).toEqual(["modified real.py"]);
    expect(await change.head.paths()).toEqual(["real.py"]);
    const work = await changeOf(repo, { base: first });
    expect(summary(work)).toEqual(["modified real.py"]);
    expect(await work.head.read("link.py")).toBeNull();
    expect(await work.head.read("root/etc/passwd")).toBeNull();
  });

  test("a file that becomes a link is deleted, the reverse is added", async () => {
    const repo = temporaryRepository();
    repo.write("a.py", "a = 1\n");
    repo.write("target.py", "t = 1\n");
    symlinkSync("target.py", join(repo.folder, "b.py"));
    repo.commit();
    rmSync(join(repo.folder, "a.py"));
    symlinkSync("target.py", join(repo.folder, "a.py"));
    rmSync(join(repo.folder, "b.py"));
    repo.write("b.py", "b = 1\n");
    repo.write("target.py", "t = 1\nu = 2\n");
    repo.commit();
    const change = await changeOf(repo, { base: "HEAD~1", head: "HEAD" });
    expect(summary(change)).toEqual(["deleted a.py", "added b.py", "modified target.py"]);
    expect(change.files[2]?.hunks?.[0]?.added).toEqual([2]);
  });

  test("Windows line ends, no final newline, binary and undecodable content", async () => {
    const repo = temporaryRepository();
    repo.git("config", "core.autocrlf", "false");
    repo.write(".gitattributes", "hidden.py -diff\nbinary.py binary\n");
    repo.write("crlf.py", "a = 1\r\nb = 2\r\n");
    repo.write("binary.py", Buffer.from([0, 1, 2, 10]));
    repo.write("hidden.py", "a = 1\n");
    repo.write("latin.py", Buffer.from("# -*- coding: latin-1 -*-\ns = '\xe9'\n", "latin1"));
    repo.commit();
    repo.write("crlf.py", "a = 1\r\nb = 3\r\nc = 4");
    repo.write("binary.py", Buffer.from([0, 1, 3, 10]));
    repo.write("hidden.py", "a = 2\n");
    repo.write("latin.py", Buffer.from("# -*- coding: latin-1 -*-\ns = '\xe9\xe9'\n", "latin1"));
    repo.commit();
    const change = await changeOf(repo, { base: "HEAD~1", head: "HEAD" });
    const added = Object.fromEntries(change.files.map(({ path, hunks }) => [path, hunks?.[0]?.added]));
    expect(added).toEqual({ "binary.py": [1], "crlf.py": [2, 3], "hidden.py": [1], "latin.py": [2] });
    expect(await change.head.read("latin.py")).toContain("s = 'éé'");
    expect(await change.head.read("crlf.py")).toBe("a = 1\r\nb = 3\r\nc = 4");
  });

  test("a file too large to read says so, the others are read", async () => {
    const repo = temporaryRepository();
    repo.write("huge.py", Buffer.alloc(5 * 1024 * 1024, "x = 1\n"));
    repo.write("small.py", "s = 1\n");
    repo.commit();
    repo.write("huge.py", Buffer.alloc(6 * 1024 * 1024, "y = 1\n"));
    repo.write("small.py", "s = 2\n");
    repo.commit();
    const change = await changeOf(repo, { base: "HEAD~1", head: "HEAD" });
    const [huge, small] = await Promise.allSettled([change.head.read("huge.py"), change.head.read("small.py")]);
    expect(huge).toMatchObject({
      status: "rejected",
      reason: { name: "InputError", message: "huge.py is larger than 4 MB and is not read" },
    });
    expect(small).toMatchObject({ value: "s = 2\n" });
    await expect(changeOf(repo).then(({ head }) => head.read("huge.py"))).rejects.toThrow("larger than 4 MB");
  });
});

describe("the work tree", () => {
  test("counts staged, unstaged and new files, but none that git ignores", async () => {
    const repo = temporaryRepository();
    repo.write(".gitignore", "ignored.py\n");
    repo.write("staged.py", "s = 1\n");
    repo.write("edited.py", "e = 1\n");
    repo.write("removed.py", "r = 1\n");
    repo.write("untracked-now.py", "u = 1\n");
    repo.commit();
    repo.write("staged.py", "s = 2\n");
    repo.git("add", "staged.py");
    repo.write("edited.py", "e = 2\n");
    repo.write("new file.py", "n = 1\n");
    repo.write("ignored.py", "i = 1\n");
    rmSync(join(repo.folder, "removed.py"));
    repo.git("rm", "-q", "--cached", "untracked-now.py");
    const change = await changeOf(repo);
    expect(change.headCommit).toBeNull();
    expect(summary(change)).toEqual([
      "modified edited.py",
      "added new file.py",
      "deleted removed.py",
      "modified staged.py",
      "modified untracked-now.py",
    ]);
    expect((await change.head.paths()).toSorted()).toEqual([
      "edited.py",
      "new file.py",
      "staged.py",
      "untracked-now.py",
    ]);
    expect(await change.head.read("edited.py")).toBe("e = 2\n");
    expect(await change.base.read("edited.py")).toBe("e = 1\n");
    expect(await change.head.read("ignored.py")).toBeNull();
  });

  test("a merge in conflict is read as it stands", async () => {
    const repo = temporaryRepository();
    repo.write("a.py", "a = 1\n");
    repo.write("other.py", "o = 1\n");
    repo.commit();
    repo.git("checkout", "-q", "-b", "topic");
    repo.write("a.py", "a = 2\n");
    repo.commit();
    repo.git("checkout", "-q", "main");
    repo.write("a.py", "a = 3\n");
    repo.write("other.py", "o = 2\n");
    repo.commit();
    expect(() => repo.git("merge", "topic")).toThrow();
    const change = await changeOf(repo, { base: "main~1" });
    expect(summary(change)).toEqual(["modified a.py", "modified other.py"]);
    expect(await change.head.read("a.py")).toContain("<<<<<<<");
    expect(change.files[1]?.hunks?.[0]?.added).toEqual([1]);
  });

  test("starts at the default branch of origin, else main, else master", async () => {
    const origin = temporaryRepository();
    origin.write("a.py", "a = 1\n");
    origin.commit();
    origin.git("branch", "-m", "trunk");
    const folder = temporaryFolder();
    origin.git("clone", "-q", origin.folder, folder);
    const clone = temporaryRepository(folder);
    clone.git("checkout", "-q", "-b", "topic");
    clone.write("b.py", "b = 1\n");
    clone.commit();
    expect(summary(await changeOf(clone))).toEqual(["added b.py"]);
    clone.git("checkout", "-q", "--detach");
    expect(summary(await changeOf(clone))).toEqual(["added b.py"]);

    const local = temporaryRepository();
    local.commit();
    local.git("branch", "-m", "master");
    local.write("c.py", "c = 1\n");
    expect(summary(await changeOf(local))).toEqual(["added c.py"]);
    local.git("branch", "-m", "other");
    await expect(changeOf(local)).rejects.toThrow("neither origin/HEAD nor main nor master; name the base with --base");
  });
});

describe("what cannot be reviewed is said in one sentence", () => {
  test("revisions", async () => {
    const repo = temporaryRepository();
    await expect(changeOf(repo)).rejects.toThrow("has no commit yet, so nothing can be compared; use `pcr audit`");
    repo.write("a.py", "a = 1\n");
    repo.commit();
    repo.git("branch", "feature-login");
    await expect(changeOf(repo, { base: "feature-logn" })).rejects.toThrow("did you mean feature-login?");
    for (const base of ["--output=/tmp/x", "", "main..main", "a\nb", "HEAD:a.py", "$(id)"]) {
      await expect(changeOf(repo, { base })).rejects.toThrow(/^unknown revision /);
      await expect(changeOf(repo, { base: "main", head: base })).rejects.toThrow(/^unknown revision /);
    }
  });

  test("no common commit, and a shallow clone", async () => {
    const repo = temporaryRepository();
    repo.write("a.py", "a = 1\n");
    repo.commit();
    repo.git("checkout", "-q", "--orphan", "island");
    repo.commit("another beginning");
    await expect(changeOf(repo, { base: "main" })).rejects.toThrow("have no common commit");
    repo.git("checkout", "-q", "main");
    repo.git("checkout", "-q", "-b", "topic");
    repo.write("a.py", "a = 2\n");
    repo.commit();
    repo.git("checkout", "-q", "main");
    repo.write("a.py", "a = 3\n");
    repo.commit();
    const shallow = temporaryFolder();
    repo.git("clone", "-q", "--depth=1", "--no-single-branch", `file://${repo.folder}`, shallow);
    const clone = temporaryRepository(shallow);
    await expect(changeOf(clone, { base: "main", head: "origin/topic" })).rejects.toThrow("git fetch --unshallow");
  });

  test("no repository", async () => {
    expect(await findRepository(temporaryFolder(), GIT_ENVIRONMENT)).toBeNull();
  });
});

test("a hostile repository starts no program", async () => {
  const repo = temporaryRepository();
  repo.write("a.py", "a = 1\n");
  repo.commit();
  const marker = join(repo.folder, "started");
  const program = join(repo.folder, "program.sh");
  repo.write("program.sh", `#!/bin/sh\ntouch ${marker}\ncat\n`);
  chmodSync(program, 0o755);
  repo.write(".gitattributes", "*.py filter=evil diff=evil\n");
  for (const key of [
    "core.fsmonitor",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.smudge",
    "core.pager",
    "pager.diff",
    "core.sshCommand",
  ]) {
    repo.git("config", key, program);
  }
  repo.git("config", "filter.evil.required", "true");
  mkdirSync(join(repo.folder, "hooks"));
  repo.git("config", "core.hooksPath", "hooks");
  for (const hook of ["post-index-change", "post-checkout", "fsmonitor-watchman"]) {
    repo.write(`hooks/${hook}`, `#!/bin/sh\ntouch ${marker}\n`);
    chmodSync(join(repo.folder, "hooks", hook), 0o755);
  }
  repo.write("a.py", "a = 2\n");
  repo.write("b.py", "b = 2\n");
  const change = await changeOf(repo);
  expect(summary(change).filter((line) => line.endsWith(".py"))).toEqual(["modified a.py", "added b.py"]);
  expect(await change.base.read("a.py")).toBe("a = 1\n");
  expect(await change.head.read("a.py")).toBe("a = 2\n");
  expect(existsSync(marker)).toBe(false);
  repo.git("config", "filter.evil.process", program);
  repo.write("a.py", "a = 3\n");
  await changeOf(repo);
  expect(existsSync(marker)).toBe(false);
});

test("the caller's own git state, as inside a hook, does not count", async () => {
  const outer = temporaryRepository();
  outer.commit();
  const inner = temporaryRepository();
  inner.write("a.py", "a = 1\n");
  inner.commit();
  const environment = { ...GIT_ENVIRONMENT, GIT_DIR: join(outer.folder, ".git"), GIT_INDEX_FILE: "/nonexistent" };
  const found = await findRepository(inner.folder, environment);
  expect(found?.top).toBe(inner.folder);
});

test("a bare repository is reviewed between two commits", async () => {
  const repo = temporaryRepository();
  repo.write("a.py", "a = 1\n");
  repo.commit();
  repo.write("a.py", "a = 2\n");
  repo.commit();
  const bare = temporaryFolder();
  repo.git("clone", "-q", "--bare", repo.folder, bare);
  const found = await findRepository(bare, GIT_ENVIRONMENT);
  expect(found?.bare).toBe(true);
  if (found === null) return;
  expect(summary(await gitChange(found, { base: "main~1" }))).toEqual(["modified a.py"]);
});
