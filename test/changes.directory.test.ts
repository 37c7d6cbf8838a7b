import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { auditTarget, directorySnapshot } from "../src/changes/directory.ts";
import { matters } from "../src/changes/kinds.ts";
import { GIT_ENVIRONMENT, temporaryFolder, temporaryRepository, writeFiles } from "./repositories.ts";

describe("a folder without git", () => {
  test("is walked past hidden folders, environments, packages and links", async () => {
    const folder = temporaryFolder();
    writeFiles(folder, [
      "app/main.py",
      "app/deep/er/x.pyi",
      "pyproject.toml",
      "notes.md",
      ".hidden/h.py",
      "node_modules/n.py",
      "venv/pyvenv.cfg",
      "venv/lib/v.py",
      "lib/site-packages/s.py",
      "app/__pycache__/c.py",
      "dir.py/inside.py",
    ]);
    symlinkSync("main.py", join(folder, "app/link.py"));
    symlinkSync("..", join(folder, "app/loop"));
    symlinkSync("self.py", join(folder, "self.py"));
    const tree = directorySnapshot(folder);
    expect(await tree.paths()).toEqual(["app/deep/er/x.pyi", "app/main.py", "dir.py/inside.py", "pyproject.toml"]);
    expect(await tree.read("app/main.py")).toBe("text of app/main.py\n");
    for (const path of [
      "app/link.py",
      "self.py",
      "dir.py",
      "nothing.py",
      "app/loop/../../../etc/passwd",
      "app/main.py/x",
    ]) {
      expect(await tree.read(path), path).toBeNull();
    }
  });

  test("a file that may not be read says so", async () => {
    const folder = temporaryFolder();
    writeFiles(folder, ["a.py"]);
    chmodSync(join(folder, "a.py"), 0);
    const text = await directorySnapshot(folder).read("a.py").catch(String);
    // Permissions do not hold for root and on Windows.
    const isRefused = (process.getuid?.() ?? 0) !== 0;
    expect(text).toContain(isRefused ? "a.py cannot be read (EACCES)" : "text of a.py");
  });
});

describe("what is audited", () => {
  test("in a repository: the named part, understood through the whole", async () => {
    const repo = temporaryRepository();
    writeFiles(repo.folder, ["app/a.py", "app-two/b.py", "lib/c.py", ".gitignore"]);
    repo.write(".gitignore", "out/\n");
    repo.commit();
    writeFiles(repo.folder, ["out/d.py", "app/new.py"]);
    const target = await auditTarget(["app"], repo.folder, GIT_ENVIRONMENT);
    expect(target.root).toBe(repo.folder);
    expect(target.directory).toBe("app");
    const paths = await target.tree.paths();
    expect(paths.toSorted()).toEqual(["app-two/b.py", "app/a.py", "app/new.py", "lib/c.py"]);
    expect(paths.filter(target.reports).toSorted()).toEqual(["app/a.py", "app/new.py"]);

    const below = await auditTarget(["../lib/c.py", "."], join(repo.folder, "app"), GIT_ENVIRONMENT);
    expect(below.directory).toBe("");
    expect((await below.tree.paths()).filter(below.reports).toSorted()).toEqual(["app/a.py", "app/new.py", "lib/c.py"]);

    const ignored = await auditTarget(["out"], repo.folder, GIT_ENVIRONMENT);
    expect((await ignored.tree.paths()).filter(ignored.reports)).toEqual(["out/d.py"]);
    expect(await ignored.tree.read("out/d.py")).toBe("text of out/d.py\n");
    expect(await ignored.tree.read("lib/c.py")).toBe("text of lib/c.py\n");

    const all = await auditTarget([], repo.folder, GIT_ENVIRONMENT);
    expect((await all.tree.paths()).every(all.reports)).toBe(true);
  });

  test("without a repository: through the working directory, or the folder itself when it lies elsewhere", async () => {
    const folder = temporaryFolder();
    writeFiles(folder, ["one/a.py", "two/b.py"]);
    const inside = await auditTarget(["one"], folder, GIT_ENVIRONMENT);
    expect(inside.root).toBe(folder);
    expect(await inside.tree.paths()).toEqual(["one/a.py", "two/b.py"]);
    const elsewhere = await auditTarget([join(folder, "one/a.py")], temporaryFolder(), GIT_ENVIRONMENT);
    expect(elsewhere.root).toBe(join(folder, "one"));
    expect((await elsewhere.tree.paths()).filter(elsewhere.reports)).toEqual(["a.py"]);
  });

  test("a package's folder that was named is walked although it would be skipped", async () => {
    const folder = temporaryFolder();
    writeFiles(folder, ["venv/pyvenv.cfg", "venv/lib/site-packages/p/x.py", ".hidden/h.py"]);
    const packages = await auditTarget(["venv/lib/site-packages", ".hidden"], folder, GIT_ENVIRONMENT);
    expect((await packages.tree.paths()).filter(packages.reports)).toEqual([
      "venv/lib/site-packages/p/x.py",
      ".hidden/h.py",
    ]);
  });

  test("what does not exist, and two trees at once", async () => {
    const folder = temporaryFolder();
    await expect(auditTarget(["nope"], folder, GIT_ENVIRONMENT)).rejects.toThrow(
      /^there is no file or folder "nope" in /,
    );
    mkdirSync(join(folder, "plain"));
    const repo = temporaryRepository();
    writeFiles(repo.folder, ["a.py"]);
    await expect(auditTarget([repo.folder, folder], folder, GIT_ENVIRONMENT)).rejects.toThrow("one after the other");
  });

  test("a link that was named is followed", async () => {
    const folder = temporaryFolder();
    writeFiles(folder, ["real/a.py"]);
    symlinkSync(join(folder, "real"), join(folder, "link"));
    const target = await auditTarget([join(folder, "link")], temporaryFolder(), GIT_ENVIRONMENT);
    expect((await target.tree.paths()).filter(target.reports)).toEqual(["a.py"]);
  });
});

test("files that say something about a Python program", () => {
  const yes = [
    "a.py",
    "b/c.pyi",
    "pyproject.toml",
    "deploy/Dockerfile",
    "Dockerfile.dev",
    "Procfile",
    "requirements-dev.txt",
    "uv.lock",
    ".env",
    "a/.env.local",
    "docker-compose.yml",
  ];
  const no = [
    "a.pyc",
    "readme.md",
    "yarn.lock",
    "notes.txt",
    "MyDockerfile",
    "node_modules/a.py",
    "a/.git/b.py",
    "happy",
    "xpy",
  ];
  expect(yes.filter((path) => !matters(path))).toEqual([]);
  expect(no.filter(matters)).toEqual([]);
});
