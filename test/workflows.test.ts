import { NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { filesBelow, text } from "./sources.ts";

interface Workflow {
  name: string;
  content: string;
}

/** Every example that is a workflow, and the project's own. */
const workflows: Workflow[] = [
  ...examples("README.md"),
  ...filesBelow(".github/workflows").map((path) => ({ name: path, content: text(path) })),
];

interface Document {
  on?: unknown;
  concurrency?: { "cancel-in-progress"?: unknown };
  permissions?: Record<string, string>;
  jobs: Record<string, { steps?: { uses?: string; with?: Record<string, unknown> }[] }>;
}

interface Action {
  inputs: Record<string, unknown>;
}

describe.each(workflows)("$name", ({ name, content }) => {
  test("GitHub's own parser accepts it", () => {
    // The owner is still to be filled in.
    const filled = content.replaceAll("<owner>", "owner");
    const { context } = parseWorkflow({ name, content: filled }, new NoOperationTraceWriter());
    expect(context.errors.getErrors().map(({ message }) => message)).toEqual([]);
  });

  test("it gives the action only inputs that exist", () => {
    const { jobs }: Document = parse(content);
    const { inputs }: Action = parse(text("action.yml"));
    const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);
    for (const { uses = "", with: given = {} } of steps) {
      if (!/python-concurrency-review@|^\.\/?$/.test(uses)) continue;
      for (const input of Object.keys(given)) expect(Object.keys(inputs)).toContain(input);
    }
  });
});

test("a workflow of ours never cancels, is never skipped by paths, and asks for no more than it says", () => {
  for (const { name, content } of workflows.filter(({ name }) => name.startsWith("README"))) {
    const { on, concurrency, permissions = {} }: Document = parse(content);
    expect(concurrency?.["cancel-in-progress"] ?? false, name).toBe(false);
    expect(JSON.stringify(on), name).not.toContain("paths");
    expect(Object.keys(permissions), name).toContain("contents");
    const known = ["contents", "pull-requests", "security-events", "actions"];
    expect(Object.keys(permissions).filter((each) => !known.includes(each))).toEqual([]);
    expect(permissions.contents, name).toBe("read");
  }
});

test("no workflow that runs with a write token for strangers checks their code out", () => {
  for (const { name, content } of workflows) {
    if (!/pull_request_target|workflow_run/.test(content)) continue;
    expect(content, name).not.toMatch(/actions\/checkout/);
  }
});

test("the README shows a workflow for every use", () => {
  const all = examples("README.md").map(({ content }) => content);
  for (const word of [
    "pull_request",
    "merge_group",
    "workflow_run",
    "upload-sarif",
    "shard:",
    "mode: post",
    "mode: merge",
  ]) {
    expect(
      all.some((content) => content.includes(word)),
      word,
    ).toBe(true);
  }
});

test("a workflow that is none is refused by the parser", () => {
  const { context } = parseWorkflow(
    { name: "x", content: "on: pull_request\njobs:\n  a:\n    stepz: []\n" },
    new NoOperationTraceWriter(),
  );
  expect(context.errors.getErrors().length).toBeGreaterThan(0);
});

function examples(path: string): Workflow[] {
  return [...text(path).matchAll(/^```ya?ml\n(.*?)^```/gms)].flatMap((match, index) => {
    const content = match[1] ?? "";
    return /^jobs:/m.test(content) ? [{ name: `${path}, example ${index + 1}`, content }] : [];
  });
}
