import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { FINE, naps, openThreads, places, scenario, summaries } from "./fake-github/checks.ts";
import type { Checkout } from "./fake-github/scenario.ts";
import { GIT_ENVIRONMENT } from "./repositories.ts";

const ONE = { "app.py": naps(["load"]) };
const CHECKOUTS: Checkout[] = ["merge", "full", "none"];
const NO_GIT = { PATH: "/nonexistent" };

describe.concurrent("files that are hard to read", () => {
  for (const checkout of CHECKOUTS) {
    scenario(
      `one of them is binary (${checkout}): the verdict is error, what else was found is on the page`,
      { base: { "bin.py": "X = 1\n" }, head: { ...ONE, "bin.py": "X = 1\0\0\n" } },
      async (world) => {
        const run = await world.run({ checkout });
        expect(run.outputs).toMatchObject({ verdict: "error", introduced: "1", delivery: "review" });
        expect(run.errors.join()).toMatch(/bin\.py \(is binary\).*Repair them or exclude them/);
        expect(places(world.store)).toEqual(["app.py:5"]);
        expect(summaries(world.store).join()).toContain("bin.py");
      },
    );

    scenario(
      `latin-1, with and without saying so (${checkout}): the right lines`,
      {
        head: {
          "said.py": Buffer.from(`# coding: latin-1\n# \xe9\n${naps(["load"])}`, "latin1"),
          "unsaid.py": Buffer.from(`# \xe9\xff\n${naps(["load"])}`, "latin1"),
        },
      },
      async (world) => {
        const run = await world.run({ checkout });
        expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "2", delivery: "review" });
        expect(places(world.store)).toEqual(["said.py:7", "unsaid.py:6"]);
      },
    );
  }

  scenario(
    "nested beyond all measure: what stands before it is found",
    { head: { "deep.py": `${naps(["load"])}\n\nx = ${"(".repeat(20_000)}1${")".repeat(20_000)}\n` } },
    async (world) => {
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1", delivery: "review" });
      expect(places(world.store)).toEqual(["deep.py:5"]);
      expect(run.summary).toContain("nested too deeply");
    },
  );

  scenario(
    "hard to read and excluded: no matter",
    { base: { "pcr.toml": 'exclude = ["bin.py"]\n' }, head: { ...ONE, "bin.py": "X = 1\0\0\n" } },
    async (world) => {
      expect((await world.run()).outputs).toMatchObject({ verdict: "fail", introduced: "1" });
    },
  );

  scenario(
    "a base that could not be read, and a head that can: old lines are not blamed on the change",
    {
      base: { "app.py": `X = "\0"\n${naps(["old"])}` },
      head: { "app.py": `X = ""\n${naps(["old", "fresh"])}` },
    },
    async (world) => {
      const run = await world.run({ checkout: "full" });
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1", existing: "1" });
      expect(places(world.store)).toEqual(["app.py:file"]);
      expect(run.summary).toContain("base");
    },
  );
});

describe.concurrent("workspaces in every state", () => {
  scenario("no git on the runner: the API is enough", { head: ONE }, async (world) => {
    const run = await world.run({ environment: NO_GIT });
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
    expect(places(world.store)).toEqual(["app.py:5"]);
  });

  scenario("no git on the runner: an audit reads the files", { head: ONE }, async (world) => {
    const run = await world.run({ event: "schedule", environment: NO_GIT });
    expect(run.outputs).toMatchObject({ verdict: "fail", existing: "1" });
  });

  scenario("a repository without a commit", { head: ONE }, async (world) => {
    const run = await world.run({
      checkout: "none",
      prepare: (workspace) => execFileSync("git", ["init", "-q"], { cwd: workspace, env: GIT_ENVIRONMENT }),
    });
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
    expect(places(world.store)).toEqual(["app.py:5"]);
  });

  scenario("another repository altogether", { head: ONE }, async (world) => {
    const run = await world.run({
      checkout: "none",
      prepare: (workspace) => {
        const git = (...args: string[]) => execFileSync("git", args, { cwd: workspace, env: GIT_ENVIRONMENT });
        git("init", "-q");
        writeFileSync(join(workspace, "app.py"), FINE);
        git("add", "-A");
        git("commit", "-qm", "x");
      },
    });
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
    expect(places(world.store)).toEqual(["app.py:5"]);
  });

  scenario("a checkout whose git folder is broken", { head: ONE }, async (world) => {
    const run = await world.run({
      checkout: "full",
      prepare: (workspace) => writeFileSync(join(workspace, ".git/HEAD"), "nonsense\n"),
    });
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
    expect(places(world.store)).toEqual(["app.py:5"]);
  });

  scenario("files changed by earlier steps: the head's content counts", { head: ONE }, async (world) => {
    for (const checkout of ["merge", "full"] as const) {
      const run = await world.run({
        checkout,
        prepare: (workspace) => {
          writeFileSync(join(workspace, "app.py"), FINE);
          mkdirSync(join(workspace, "build"));
          writeFileSync(join(workspace, "build/made.py"), naps(["made"]));
        },
      });
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
      expect(places(world.store)).toEqual(["app.py:5"]);
    }
  });

  scenario("histories without a common commit: fails closed, with a sentence", { head: ONE }, async (world) => {
    const island = world.store.origin.commit([], ONE);
    world.store.origin.ref("refs/heads/topic", island);
    world.pull.head = island;
    const run = await world.run({ checkout: "none" });
    expect(run.outputs.verdict).toBe("error");
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatch(/cannot be read/);
    expect(openThreads(world.store)).toEqual([]);
  });

  scenario("the event is no JSON, and the workspace is gone", { head: ONE }, async (world) => {
    const run = await world.run({
      environment: (workspace) => {
        writeFileSync(join(workspace, "event.json"), "{");
        return { GITHUB_EVENT_PATH: join(workspace, "event.json"), GITHUB_WORKSPACE: join(workspace, "gone") };
      },
    });
    expect(run.outputs.verdict).toBe("error");
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatch(/event/);
  });

  scenario("no folder for temporary files: reports are left out, nothing else", { head: ONE }, async (world) => {
    const run = await world.run({ environment: { RUNNER_TEMP: "" } });
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review", "report-file": "", "sarif-file": "" });
    expect(readFileSync(join(run.temporary, "summary.md"), "utf8")).toContain("app.py:5");
  });
});
