import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { OPTIONS } from "../src/options.ts";
import { filesBelow, ROOT, text } from "./sources.ts";

interface ActionFile {
  inputs: Record<string, { description: string; default?: string; required?: boolean }>;
  outputs: Record<string, { description: string }>;
  runs: { using: string; main: string };
}

const ACTION: ActionFile = parse(text("action.yml"));

test("action.yml has exactly the inputs of the option table, with its defaults", () => {
  const expected = OPTIONS.flatMap(({ name, input }) => (input ? [[name, input.default]] : []));
  const actual = Object.entries(ACTION.inputs).map(([name, input]) => [name, input.default ?? ""]);
  expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected));
});

test("every input says what it is for and which words it takes; none is required", () => {
  for (const { name, input, choices } of OPTIONS) {
    if (!input) continue;
    const described = ACTION.inputs[name];
    expect(described?.description.length, name).toBeGreaterThan(10);
    expect(described?.required ?? false, name).toBe(false);
    for (const choice of choices ?? []) expect(described?.description, name).toContain(choice);
  }
});

test("action.yml has the outputs of the contract and runs on node 24", () => {
  expect(Object.keys(ACTION.outputs).sort()).toEqual([
    "delivery",
    "existing",
    "fixed",
    "highest-severity",
    "introduced",
    "report-file",
    "sarif-file",
    "verdict",
  ]);
  expect(ACTION.runs).toEqual({ using: "node24", main: "dist/index.js" });
});

test("the README shows --help as it is", () => {
  const { stdout, status } = spawnSync(process.execPath, [join(ROOT, "dist/cli.js"), "--help"], { encoding: "utf8" });
  expect(status).toBe(0);
  expect(text("README.md")).toContain(stdout.trim());
  for (const { name, terminal } of OPTIONS) if (terminal) expect(stdout).toContain(`--${name}`);
});

test("the README names every input, output and configuration key", () => {
  const readme = text("README.md");
  const names = [
    ...Object.keys(ACTION.inputs),
    ...Object.keys(ACTION.outputs),
    ...OPTIONS.flatMap(({ name, key }) => (key ? [name] : [])),
  ];
  expect(names.filter((name) => !readme.includes(`| \`${name}\``))).toEqual([]);
});

test("the examples of the documents give the action only inputs it has", () => {
  const wrong: string[] = [];
  const examples = [...yamlBlocks(text("README.md")), ...filesBelow(".github/workflows", ".yml").map(text)];
  expect(examples.length).toBeGreaterThan(4);
  for (const example of examples) {
    for (const step of stepsOf(parse(example))) {
      if (!/^\.\/$|\/python-concurrency-review@v\d+$/.test(step.uses ?? "")) continue;
      wrong.push(...Object.keys(step.with ?? {}).filter((name) => !(name in ACTION.inputs)));
    }
  }
  expect(wrong).toEqual([]);
});

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
}

function stepsOf(workflow: { jobs?: Record<string, { steps?: Step[] }> }): Step[] {
  return Object.values(workflow.jobs ?? {}).flatMap((job) => job.steps ?? []);
}

function yamlBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
}
