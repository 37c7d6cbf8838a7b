import { describe, expect } from "vitest";
import { FINE, naps, openThreads, operations, scenario, summaries } from "./fake-github/checks.ts";
import type { Run } from "./fake-github/run-action.ts";
import type { Checkout } from "./fake-github/scenario.ts";

/** What a run costs. Blobs are counted apart: how many there are is the change's doing. */
function cost({ requests, writes }: Run): { reads: number; writes: number; blobs: number } {
  const blobs = operations(requests).filter((each) => each === "git/get-blob" || each === "graphql:Blobs").length;
  return { reads: requests.length - writes.length - blobs, writes: writes.length, blobs };
}

/** A repository of modules that import each other, and a change to the first `count` of them: one in four gets a problem. */
function change(count: number, all: number): { base: Record<string, string>; head: Record<string, string> } {
  const path = (index: number): string => `shop/part_${String(index).padStart(4, "0")}.py`;
  const text = (index: number): string =>
    `import asyncio\n${index > 0 ? `from shop import part_${String(index - 1).padStart(4, "0")}\n` : ""}\nLIMIT = ${index}\n${FINE}`;
  const indices = Array.from({ length: all }, (_, index) => index);
  const base = Object.fromEntries(indices.map((index) => [path(index), text(index)]));
  const edited = (index: number): string =>
    index % 4 === 0 ? `${text(index)}\n\n${naps(["slow"])}` : `${text(index)}\n\nMORE = ${index}\n`;
  const head = Object.fromEntries(indices.slice(0, count).map((index) => [path(index), edited(index)]));
  return { base: { "README.md": "A shop.\n", "shop/__init__.py": "", ...base }, head };
}

describe("requests to GitHub", () => {
  const cases: [number, number, Checkout, { most: number; blobs: number }][] = [
    [1, 60, "merge", { most: 6, blobs: 0 }],
    [20, 60, "merge", { most: 6, blobs: 0 }],
    [20, 60, "full", { most: 6, blobs: 0 }],
    [20, 60, "none", { most: 6, blobs: 2 }],
    [120, 200, "merge", { most: 6, blobs: 0 }],
    [320, 400, "merge", { most: 10, blobs: 0 }],
    [320, 400, "none", { most: 10, blobs: 10 }],
  ];
  for (const [count, all, checkout, { most, blobs }] of cases) {
    scenario(`${count} changed Python files of ${all}, checkout ${checkout}`, change(count, all), async (world) => {
      const problems = Math.ceil(count / 4);
      const first = await world.run({ checkout });
      expect(first.outputs).toMatchObject({ verdict: "fail", introduced: String(problems), delivery: "review" });
      expect(openThreads(world.store)).toHaveLength(Math.min(25, problems));
      expect(summaries(world.store)).toHaveLength(1);
      const again = await world.run({ checkout });
      expect(again.outputs).toMatchObject({ verdict: "fail", introduced: String(problems), delivery: "review" });
      const [one, two] = [cost(first), cost(again)];
      console.info(
        `${count} changed files, checkout ${checkout}: ${one.reads + one.writes} requests (${one.reads} read, ${one.writes} write) and ${one.blobs} for blobs; unchanged rerun ${two.reads} and ${two.blobs} for blobs, ${two.writes} writes`,
      );
      expect(one.reads + one.writes, operations(first.requests).join()).toBeLessThanOrEqual(most);
      expect(one.blobs).toBeLessThanOrEqual(blobs);
      expect(two.writes).toBe(0);
      expect(two.reads).toBeLessThanOrEqual(most - 2);
    });
  }

  scenario("a fine change", change(3, 60), async (world) => {
    world.push({ "shop/part_0000.py": FINE }, true);
    const run = await world.run();
    expect(run.outputs.verdict).toBe("pass");
    expect(cost(run)).toMatchObject({ writes: 0, blobs: 0 });
    expect(cost(run).reads).toBeLessThanOrEqual(4);
  });
});
