import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../src/report.ts";
import { filesBelow, ROOT, text } from "./sources.ts";

/** The node that runs the tests and, under npm, the machine's own, which may be older. */
const NODES = [...new Set([process.execPath, process.env.npm_node_execpath ?? process.execPath])];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcr-dist-"));
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(ROOT, "fixtures/demo-app"), join(folder, "demo-app"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(NODES)("%s, from a folder without node_modules", (node) => {
  test("the command line audits", () => {
    const { status, stdout, stderr } = run(node, ["audit", "demo-app", "--format", "json"]);
    expect(stderr).not.toMatch(/Error|at file:/);
    expect(status).toBe(1);
    const report: Report = JSON.parse(stdout);
    expect(report.verdict).toBe("fail");
    expect(report.tool.version).toBe(JSON.parse(text("package.json")).version);
    expect(report.findings.length).toBeGreaterThan(0);
    expect(report.findings.every((finding) => finding.path.startsWith("demo-app/"))).toBe(true);
  });

  test("the command line explains a rule, its pages come with it", () => {
    const { status, stdout } = run(node, ["explain", "blocking-call-in-async"]);
    expect(status).toBe(0);
    expect(stdout).toContain("blocking-call-in-async");
  });

  test("it says the version of package.json", () => {
    expect(run(node, ["--version"]).stdout.trim()).toBe(JSON.parse(text("package.json")).version);
  });

  test("a user's mistake is one sentence and exit code 2", () => {
    const { status, stdout, stderr } = run(node, ["audit", "no-such-folder"]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain("no-such-folder");
  });
});

test("the bundles hold no path of the machine that built them", () => {
  for (const path of filesBelow("dist", ".js")) expect(readFileSync(join(ROOT, path), "utf8")).not.toContain(ROOT);
});

test("the licences of all that is shipped are there", () => {
  const licences = text("dist/licenses.txt");
  for (const name of Object.keys(JSON.parse(text("package.json")).dependencies)) {
    expect(licences).toMatch(new RegExp(`^${name.replace("/", "\\/")}$`, "m"));
  }
});

test("action.yml starts the bundle that is there", () => {
  const [, main = ""] = /^\s+main: (\S+)$/m.exec(text("action.yml")) ?? [];
  expect(existsSync(join(ROOT, main.replaceAll(/["']/g, "")))).toBe(true);
});

function run(node: string, args: string[]): { status: number | null; stdout: string; stderr: string } {
  const result = spawnSync(node, [join(folder, "dist/cli.js"), ...args], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}
