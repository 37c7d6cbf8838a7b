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
