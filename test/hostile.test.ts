import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Report } from "../src/report.ts";
import { GIT_ENVIRONMENT, type TestRepository, temporaryFolder, temporaryRepository } from "./repositories.ts";
import { ROOT } from "./sources.ts";

const SLEEPS = "import time\n\n\nasync def load():\n    time.sleep(1)\n";
const FORMATS = ["text", "json", "sarif", "markdown", "github", "html"];

interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the built command line. */
function pcr(folder: string, args: readonly string[], environment: Record<string, string> = {}): Result {
  return spawnSync(process.execPath, [join(ROOT, "dist/cli.js"), ...args], {
    cwd: folder,
    env: { ...GIT_ENVIRONMENT, ...environment },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
}

function reportOf({ stdout }: Result): Report {
  return JSON.parse(stdout);
}

/** Exit code 2 and one sentence with these words. */
function expectSentence({ status, stderr }: Result, words: RegExp): void {
  expect(status, stderr).toBe(2);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(/^pcr: /);
  expect(stderr).toMatch(words);
  expect(stderr).not.toMatch(/internal error|undefined|\[object|at file:/);
}

/** Files that are hard on a parser: all of them hold one finding in line 5, and something terrible after it. */
const DEEP: Record<string, string> = {
  parentheses: `x = ${"(".repeat(20_000)}1${")".repeat(20_000)}\n`,
  calls: `${"f(".repeat(5_000)}${")".repeat(5_000)}\n`,
  "method chain": `a${".b()".repeat(10_000)}\n`,
  attributes: `a${".b".repeat(20_000)}\n`,
  sums: `x = ${Array.from({ length: 20_000 }, () => "1").join("+")}\n`,
  negations: `x = ${"not ".repeat(20_000)}1\n`,
  conditions: `x = ${"1 if a else ".repeat(5_000)}2\n`,
  lambdas: `x = ${"lambda: ".repeat(5_000)}1\n`,
  lists: `x = ${"[".repeat(5_000)}${"]".repeat(5_000)}\n`,
  branches: `if a:\n    pass\n${"elif b:\n    pass\n".repeat(5_000)}`,
  blocks: `${Array.from({ length: 90 }, (_, index) => `${" ".repeat(index)}if x:\n`).join("")}${" ".repeat(90)}pass\n`,
  decorators: `${"@a\n".repeat(5_000)}def f(): pass\n`,
  "an open string": `'''\n${"x\n".repeat(1_000)}`,
  quotes: `${"'".repeat(50_001)}\n`,
  "format strings": `x = f'${'{f"'.repeat(200)}1${'"}'.repeat(200)}'\n`,
};

describe("files that are hard to read", () => {
  test("deep nesting loses nothing before it", () => {
    const folder = temporaryFolder();
    for (const [name, text] of Object.entries(DEEP)) writeFileSync(join(folder, `${name}.py`), `${SLEEPS}\n\n${text}`);
    const report = reportOf(pcr(folder, ["audit", "--format", "json"]));
    const found = report.findings.filter(({ rule, startLine }) => rule === "blocking-call-in-async" && startLine === 5);
    expect(found.map(({ path }) => path)).toEqual(
      Object.keys(DEEP)
        .map((name) => `${name}.py`)
        .sort(),
    );
  });

  test("a file that cannot be analysed is listed with its reason, and nothing else is lost", () => {
    const folder = temporaryFolder();
    const files: [string, string | Buffer, RegExp][] = [
      ["binary.py", Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 256)), /binary/],
      ["utf16.py", Buffer.from(`\uFEFF${SLEEPS}`, "utf16le"), /binary/],
      ["huge.py", "x = 1\n".repeat(900_000), /larger than/],
      ["long-line.py", `x = "${"a".repeat(200_000)}"\n`, /line longer/],
      ["prose.py", "Dear reader,\n\nthis is no code: }{ ;; ?? !!\n", /could not be parsed/],
    ];
    writeFileSync(join(folder, "app.py"), SLEEPS);
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
    const report = reportOf(pcr(folder, ["audit", "--format", "json"]));
    expect(report.findings.map(({ path }) => path)).toEqual(["app.py"]);
    for (const [name, , reason] of files) {
      expect(report.stats.skipped.find(({ path }) => path === name)?.reason, name).toMatch(reason);
    }
  });

  test("encodings and line ends", () => {
    const folder = temporaryFolder();
    const files: Record<string, string | Buffer> = {
      "bom.py": `\uFEFF${SLEEPS}`,
      "crlf.py": SLEEPS.replaceAll("\n", "\r\n"),
      "cr.py": SLEEPS.replaceAll("\n", "\r"),
      "latin-1.py": Buffer.concat([Buffer.from(`# coding: latin-1 \xe9\n`, "latin1"), Buffer.from(SLEEPS.slice(12))]),
      "no-utf-8.py": Buffer.concat([Buffer.from(`import time  # \xe9\xff\n`, "latin1"), Buffer.from(SLEEPS.slice(12))]),
      "cyrillic.py": Buffer.concat([
        Buffer.from("# -*- coding: cp1251 -*- \xcf\n", "latin1"),
        Buffer.from(SLEEPS.slice(12)),
      ]),
      "unknown.py": Buffer.concat([Buffer.from("# coding: rot13000\n"), Buffer.from(SLEEPS.slice(12))]),
    };
    for (const [name, text] of Object.entries(files)) {
      const whole = Buffer.from(text);
      writeFileSync(
        join(folder, name),
        /latin|cyr|unk/.test(name) ? Buffer.concat([whole, Buffer.from("\nimport time\n")]) : whole,
      );
    }
    const report = reportOf(pcr(folder, ["audit", "--format", "json"]));
    expect(report.stats.skipped).toEqual([]);
    expect(report.stats.files).toBe(Object.keys(files).length);
    const lines = report.findings.map(({ path, startLine }) => `${path}:${startLine}`);
    for (const name of ["bom", "crlf", "no-utf-8"]) expect(lines).toContain(`${name}.py:5`);
    expect(lines.some((line) => line.startsWith("cr.py:"))).toBe(true);
    for (const name of ["latin-1", "cyrillic", "unknown"]) expect(lines).toContain(`${name}.py:5`);
  });
});

describe("names and links", () => {
  const NAMES = [
    "a\nb::error::pwned.py",
    "::error::pwned.py",
    "##[error]pwned.py",
    "**bold** `code` <img src=x>.py",
    "abc\u202Eyp.exe\u202C.py",
    "esc\u001B[31mred\u0007.py",
    "--><script>alert(1)<!--.py",
    "@octocat #12.py",
    "-rf.py",
    "$(touch ran).py",
    `${"x".repeat(240)}.py`,
  ];

  test.each(FORMATS)("paths of all kinds, as %s: seen, and harmless", (format) => {
    const { folder } = hostileNames();
    const { status, stdout, stderr } = pcr(folder, ["audit", "--format", format]);
    // Progress is told when a machine is slow.
    expect([status, stderr.replaceAll(/^analysed \d+ of \d+ files\n/gm, "")]).toEqual([1, ""]);
    if (format === "json") {
      expect(new Set(reportOf({ status, stdout, stderr }).findings.map(({ path }) => path))).toEqual(new Set(NAMES));
      return;
    }
    expect(stdout).not.toMatch(/^\s*(?:::error::|##\[error\])pwned/m);
    if (format !== "sarif") expect(stdout).not.toMatch(/[\p{Cf}]|(?!\n)\p{Cc}/u);
    const markup = format === "markdown" ? stdout.replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/gs, "") : stdout;
    if (format === "html" || format === "markdown") expect(markup).not.toMatch(/<script>alert|<img src=x>/);
  });

  test("in an error message, too", () => {
    const repo = temporaryRepository();
    repo.write("app.py", SLEEPS);
    repo.commit();
    for (const name of NAMES) writeFileSync(join(repo.folder, name), Buffer.from([1, 0, 2]));
    const result = pcr(repo.folder, ["review"]);
    expectSentence(result, /\(is binary\) and 6 more; repair/);
    expect(`${result.stdout}${result.stderr}`).not.toMatch(/^\s*::error|##\[error/m);
    expect(result.stderr.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test("a name that is no UTF-8 is told, not passed over", () => {
    const repo = temporaryRepository();
    repo.write("app.py", SLEEPS);
    repo.commit();
    writeFileSync(
      Buffer.concat([Buffer.from(`${repo.folder}/raw`), Buffer.from([0xff, 0xfe]), Buffer.from(".py")]),
      SLEEPS,
    );
    const report = reportOf(pcr(repo.folder, ["audit", "--format", "json"]));
    expect(report.stats.skipped).toMatchObject([{ path: "raw\uFFFD\uFFFD.py", whole: true }]);
    expectSentence(pcr(repo.folder, ["review"]), /not UTF-8; rename it/);
  });

  test("links lead nowhere", () => {
    const outside = temporaryFolder();
    writeFileSync(join(outside, "secret.py"), SLEEPS);
    for (const repository of [true, false]) {
      const folder = repository ? temporaryRepository().folder : temporaryFolder();
      writeFileSync(join(folder, "app.py"), SLEEPS);
      mkdirSync(join(folder, "dir.py"));
      symlinkSync(join(outside, "secret.py"), join(folder, "link.py"));
      symlinkSync(outside, join(folder, "folder"));
      symlinkSync("loop.py", join(folder, "loop.py"));
      symlinkSync(".", join(folder, "self"));
      const report = reportOf(pcr(folder, ["audit", "--format", "json"]));
      expect(report.findings.map(({ path }) => path)).toEqual(["app.py"]);
      expect(report.stats.skipped).toEqual([]);
    }
  });

  function hostileNames(): { folder: string } {
    const folder = temporaryFolder();
    for (const name of NAMES) writeFileSync(join(folder, name), SLEEPS);
    return { folder };
  }
});

describe("repositories in every state", () => {
  /** `main`, and `topic` that adds a finding. */
  function topic(): TestRepository {
    const repo = temporaryRepository();
    repo.write("a.py", "x = 1\n");
    repo.commit();
    repo.git("checkout", "-q", "-b", "topic");
    repo.write("b.py", SLEEPS);
    repo.commit();
    return repo;
  }

  /** Reviews as JSON and answers `state path`. */
  function reviewed(folder: string, ...args: string[]): string[] {
    const result = pcr(folder, ["review", "--format", "json", ...args]);
    expect(result.stderr).toBe("");
    return reportOf(result).findings.map(({ state, path }) => `${state} ${path}`);
  }

  test("a branch, a detached head, a folder of it, a bare copy, a second work tree", () => {
    const repo = topic();
    expect(reviewed(repo.folder)).toEqual(["introduced b.py"]);
    repo.write("deep/er/x.txt", "");
    expect(reviewed(join(repo.folder, "deep/er"))).toEqual(["introduced b.py"]);
    const second = join(temporaryFolder(), "tree");
    repo.git("worktree", "add", "-q", "--detach", second, "topic");
    expect(reviewed(second)).toEqual(["introduced b.py"]);
    repo.git("checkout", "-q", "--detach");
    expect(reviewed(repo.folder)).toEqual(["introduced b.py"]);
    const bare = temporaryFolder();
    repo.git("clone", "-q", "--bare", repo.folder, bare);
    expect(reviewed(bare, "--base", "main", "--head", "topic")).toEqual(["introduced b.py"]);
  });

  test("no commit yet", () => {
    const repo = temporaryRepository();
    expectSentence(pcr(repo.folder, ["review"]), /no commit yet.*`pcr audit`/);
    repo.write("a.py", SLEEPS);
    expect(pcr(repo.folder, ["audit"]).status).toBe(1);
  });

  test("no repository, and no git at all", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.py"), SLEEPS);
    const ceiling = { GIT_CEILING_DIRECTORIES: join(folder, "..") };
    expectSentence(pcr(folder, ["review"], ceiling), /not in a git repository.*pcr audit/);
    expect(pcr(folder, ["audit"], ceiling).status).toBe(1);
    const repo = topic();
    expectSentence(pcr(repo.folder, ["review"], { PATH: "/nonexistent" }), /git is not installed/);
    expect(pcr(repo.folder, ["audit"], { PATH: "/nonexistent" }).status).toBe(1);
  });

  test("a base that is missing, unrelated, or beyond a shallow clone", () => {
    const repo = topic();
    expectSentence(pcr(repo.folder, ["review", "--base", "maim"]), /unknown revision "maim".*did you mean main\?/);
    expectSentence(pcr(repo.folder, ["review", "--base=--output=x"]), /unknown revision/);
    expectSentence(pcr(repo.folder, ["review", "--base", ""]), /base/);
    repo.git("checkout", "-q", "--orphan", "island");
    repo.commit();
    expectSentence(pcr(repo.folder, ["review"]), /no common commit.*--base/);
    repo.git("branch", "-m", "main", "trunk");
    expectSentence(pcr(repo.folder, ["review"]), /neither origin\/HEAD nor main nor master.*--base/);
    const shallow = temporaryFolder();
    repo.git("clone", "-q", "--depth=1", "--no-single-branch", "--branch", "topic", `file://${repo.folder}`, shallow);
    expectSentence(pcr(shallow, ["review", "--base", "origin/trunk"]), /shallow.*git fetch --unshallow/);
    expect(pcr(shallow, ["audit"]).status).toBe(1);
  });

  test("a submodule, a merge in conflict, an object that is gone", () => {
    const repo = topic();
    const inner = topic();
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", `file://${inner.folder}`, "inner");
    repo.commit();
    expect(reviewed(repo.folder, "--base", "main")).toEqual(["introduced b.py"]);
    repo.git("checkout", "-qf", "-b", "other", "main");
    repo.write("b.py", `${SLEEPS}\n\nX = 1\n`);
    repo.commit();
    expect(() => repo.git("merge", "-q", "topic")).toThrow();
    const conflict = pcr(repo.folder, ["review", "--base", "main", "--format", "json"]);
    expect([1, 2]).toContain(conflict.status);
    expect(reportOf(conflict).stats.skipped.map(({ path }) => path)).toEqual(["b.py"]);
    repo.git("merge", "--abort");
    const blob = repo.git("rev-parse", "topic:b.py").trim();
    rmSync(join(repo.folder, `.git/objects/${blob.slice(0, 2)}/${blob.slice(2)}`));
    expectSentence(pcr(repo.folder, ["review", "--base", "main", "--head", "topic"]), new RegExp(blob.slice(0, 12)));
  });

  test("a change that cannot be analysed in one file: the others are reported, the exit code says it", () => {
    const repo = topic();
    writeFileSync(join(repo.folder, "bin.py"), Buffer.from([1, 0, 2, 0]));
    const result = pcr(repo.folder, ["review", "--format", "json"]);
    expectSentence(result, /bin\.py \(is binary\).*repair them or exclude them/);
    expect(reportOf(result).findings.map(({ path }) => path)).toEqual(["b.py"]);
  });
});

describe("what is named does not fit", () => {
  test("no Python: said, not passed over", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "notes.txt"), "hello\n");
    const result = pcr(folder, ["audit", "--format", "json"]);
    expect(result.status).toBe(0);
    expect(reportOf(result).notes.join()).toContain("no Python files");
    expectSentence(pcr(folder, ["audit", "notes.txt"]), /no Python file/);
    expectSentence(pcr(folder, ["audit", "none"]), /no file or folder "none"/);
    expectSentence(pcr(folder, ["audit", "a\nb"]), /no file or folder/);
  });
});
