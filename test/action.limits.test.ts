import { describe, expect } from "vitest";
import { FINE, naps, openThreads, operations, places, scenario, summaries } from "./fake-github/checks.ts";
import { HUMAN } from "./fake-github/store.ts";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `f${index}`);
const MANY = { "app.py": naps(names(40)) };
const AS_WARNING = { "pyproject.toml": '[tool.pcr.severity]\nblocking-call-in-async = "warning"\n' };
const AS_NOTICE = { "pyproject.toml": '[tool.pcr.severity]\nblocking-call-in-async = "notice"\n' };

describe.concurrent("never more than a reader can take", () => {
  scenario("25 comments at most, the rest in the summary, and the numbers agree", { head: MANY }, async (world) => {
    const run = await world.run();
    expect(run.outputs).toMatchObject({ introduced: "40", delivery: "review" });
    expect(openThreads(world.store)).toHaveLength(25);
    expect(world.store.reviews).toHaveLength(1);
    const [sticky = ""] = summaries(world.store);
    expect(sticky).toContain("25 of 40");
    expect(sticky).toContain("40 errors");
    expect(world.store.reviews[0]?.body).toContain("15 more");
    expect(run.summary).toContain("40 errors");
    expect((await world.run()).writes).toEqual([]);
  });

  scenario(
    "open comments count: fixing some makes room for others",
    { head: MANY, profile: "contents-write" },
    async (world) => {
      await world.run();
      world.push({ "app.py": naps(names(40).slice(10)) });
      const run = await world.run();
      expect(run.outputs.introduced).toBe("30");
      expect(openThreads(world.store).length).toBeLessThanOrEqual(25);
      await world.run();
      expect(openThreads(world.store)).toHaveLength(25);
      expect((await world.run()).writes).toEqual([]);
    },
  );

  scenario("max-comments", { head: MANY }, async (world) => {
    await world.run({ inputs: { "max-comments": "3" } });
    expect(openThreads(world.store)).toHaveLength(3);
  });

  scenario("max-comments: 0 is the summary alone", { head: MANY }, async (world) => {
    const run = await world.run({ inputs: { "max-comments": "0" } });
    expect(world.store.reviewComments).toEqual([]);
    expect(summaries(world.store)).toHaveLength(1);
    expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "40" });
  });

  scenario(
    "the worst first",
    {
      base: {
        "pyproject.toml": '[tool.pcr.rules]\n[tool.pcr.severity]\nblocking-call-reached-from-async = "warning"\n',
      },
      head: {
        "a.py": `from z import load\n\n\nasync def view():\n    load()\n`,
        "z.py": `import time\n\n\ndef load():\n    time.sleep(1)\n\n\nasync def worst():\n    time.sleep(1)\n`,
      },
    },
    async (world) => {
      await world.run({ inputs: { "max-comments": "1" } });
      expect(places(world.store)).toEqual(["z.py:9"]);
    },
  );

  scenario("comments: summary", { head: MANY }, async (world) => {
    const run = await world.run({ inputs: { comments: "summary" } });
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "summary-only" });
    expect(world.store.reviewComments).toEqual([]);
    expect(summaries(world.store).join()).toContain("time.sleep");
  });

  scenario("comments: none leaves the page alone, and annotates", { head: MANY }, async (world) => {
    const run = await world.run({ inputs: { comments: "none" } });
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "annotations" });
    expect(run.writes).toEqual([]);
    expect(run.errors.length).toBeLessThanOrEqual(10);
    expect(run.errors.join()).toContain("time.sleep");
  });

  scenario("notices are no comments", { base: AS_NOTICE, head: { "app.py": naps(["load"]) } }, async (world) => {
    const run = await world.run();
    expect(run.outputs).toMatchObject({ verdict: "pass", introduced: "1", "highest-severity": "notice" });
    expect(world.store.reviewComments).toEqual([]);
    expect(summaries(world.store).join()).toContain("app.py:5");
  });

  scenario(
    "warnings: ten annotations of a kind at most, the last says how many more",
    { base: AS_WARNING, head: MANY, profile: "read-only" },
    async (world) => {
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "pass", "highest-severity": "warning", delivery: "annotations" });
      expect(run.code).toBe(0);
      expect(run.warnings).toHaveLength(10);
      expect(run.warnings.at(-1)).toMatch(/31 more/);
    },
  );

  scenario(
    "hundreds of findings: every body within GitHub's limits, everything in the report",
    { head: { "app.py": naps(names(900)) } },
    async (world) => {
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "900", delivery: "review" });
      expect(run.report?.findings).toHaveLength(900);
      expect(summaries(world.store)[0]?.length).toBeLessThanOrEqual(65_536);
      expect(summaries(world.store).join()).toContain("25 of 900");
      expect(run.summary.length).toBeLessThan(1024 * 1024);
      expect(run.writes.length).toBeLessThanOrEqual(60);
    },
    { everyLineInSummary: false },
  );

  scenario(
    "a summary of three bytes a character: within a mebibyte all the same",
    {
      head: Object.fromEntries(
        Array.from({ length: 900 }, (_, index) => [
          `${Array.from({ length: 12 }, () => "漢字".repeat(30)).join("/")}/${index}.py`,
          naps(["load"]),
        ]),
      ),
    },
    async (world) => {
      const run = await world.run({ checkout: "full", inputs: { comments: "none" } });
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "900" });
      expect(Buffer.byteLength(run.summary)).toBeLessThan(1024 * 1024);
      expect(Buffer.byteLength(run.summary)).toBeGreaterThan(100_000);
    },
    { everyLineInSummary: false },
  );

  scenario(
    "a conversation of 230 threads is read whole and stays cheap",
    { head: { "app.py": naps(["load"]) } },
    async (world) => {
      await world.run();
      const [thread] = world.store.threads;
      const [comment] = world.store.reviewComments;
      for (let index = 0; index < 230 && thread !== undefined && comment !== undefined; index += 1) {
        const id = world.store.nextId();
        world.store.threads.unshift({ ...thread, id });
        world.store.reviewComments.push({
          ...comment,
          id: world.store.nextId(),
          thread: id,
          user: HUMAN,
          body: `Word ${index}`,
        });
      }
      const run = await world.run();
      expect(run.writes).toEqual([]);
      expect(operations(run.requests).filter((each) => each === "graphql:Conversation")).toHaveLength(3);
    },
  );
});

describe.concurrent("the gate", () => {
  const cases: [string, Record<string, string>, Record<string, string>, string][] = [
    ["an error fails by default", {}, {}, "fail"],
    ["a warning passes by default", AS_WARNING, {}, "pass"],
    ["fail-on: warning", AS_WARNING, { "fail-on": "warning" }, "fail"],
    ["fail-on: notice", AS_NOTICE, { "fail-on": "notice" }, "fail"],
    ["fail-on: never", {}, { "fail-on": "never" }, "pass"],
    ["the base's configuration decides", { "pcr.toml": 'fail-on = "never"\n' }, {}, "pass"],
    ["the input wins over it", { "pcr.toml": 'fail-on = "never"\n' }, { "fail-on": "error" }, "fail"],
    ["a rule that is ignored", { "pcr.toml": 'ignore = ["blocking-call-in-async"]\n' }, {}, "pass"],
    ["a path that is excluded", { "pcr.toml": 'exclude = ["app.py"]\n' }, {}, "pass"],
    ["paths that do not hold it", {}, { paths: "lib/**" }, "pass"],
    ["paths that hold it", {}, { paths: "lib/**, *.py" }, "fail"],
  ];
  for (const [name, base, inputs, verdict] of cases) {
    scenario(name, { base: { "doc.md": "x\n", ...base }, head: { "app.py": naps(["load"]) } }, async (world) => {
      const run = await world.run({ inputs });
      expect(run.outputs.verdict).toBe(verdict);
    });
  }

  scenario(
    "the configuration of a project in a folder",
    {
      base: { "services/api/pcr.toml": 'fail-on = "never"\n' },
      head: { "services/api/app.py": naps(["load"]), "services/web/app.py": naps(["other"]) },
    },
    async (world) => {
      const run = await world.run({ inputs: { "working-directory": "services/api" } });
      expect(run.outputs).toMatchObject({ verdict: "pass", introduced: "1" });
      expect(places(world.store)).toEqual(["services/api/app.py:5"]);
    },
  );

  scenario(
    "what was there before never fails",
    { base: { "app.py": naps(["a", "b"]) }, head: { "app.py": `${naps(["a", "b"])}\n\nX = 1\n`, "b.py": FINE } },
    async (world) => {
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "pass", introduced: "0", existing: "2" });
      expect(run.writes).toEqual([]);
    },
  );
});
