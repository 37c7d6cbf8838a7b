import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Finding } from "../src/finding.ts";
import { mentions, naps, operations, scenario } from "./fake-github/checks.ts";
import type { Run } from "./fake-github/run-action.ts";
import { makeWorld } from "./fake-github/scenario.ts";
import { BOT, HUMAN } from "./fake-github/store.ts";

const SHOP = {
  "api/views.py": naps(["index", "cart"]),
  "api/pay.py": naps(["pay"]),
  "jobs/mail.py": naps(["send", "retry", "bounce"]),
  "jobs/pdf.py": naps(["render"]),
  "lib/fine.py": "VALUE = 1\n",
};
const NIGHTLY = { event: "schedule", inputs: { mode: "audit" } } as const;

/** What a finding is, wherever its report comes from. */
function essence(run: Run): unknown[] {
  const findings = run.report?.findings ?? [];
  return findings.map(({ rule, path, startLine, fingerprint }: Finding) => ({ rule, path, startLine, fingerprint }));
}

describe.concurrent("an audit", () => {
  scenario("of everything: summary, annotations, files", { base: SHOP, head: {} }, async (world) => {
    const run = await world.run({ ...NIGHTLY, inputs: { "sarif-file": "pcr.sarif", "report-file": "pcr.json" } });
    expect(run.code).toBe(1);
    expect(run.outputs).toMatchObject({
      verdict: "fail",
      existing: "7",
      delivery: "annotations",
      "sarif-file": "pcr.sarif",
    });
    expect(run.report?.findings).toHaveLength(7);
    expect(run.requests).toEqual([]);
    expect(run.summary).toContain("jobs/mail.py:5");
  });

  scenario("of some paths", { base: SHOP, head: {} }, async (world) => {
    const run = await world.run({ ...NIGHTLY, inputs: { paths: "api\njobs/*.py" } });
    expect(run.outputs.existing).toBe("7");
    const some = await world.run({ ...NIGHTLY, inputs: { paths: "api/**" } });
    expect(some.outputs.existing).toBe("3");
  });

  scenario("as a page for readers", { base: SHOP, head: {} }, async (world) => {
    let work = "";
    const run = await world.run({
      ...NIGHTLY,
      inputs: { "report-file": "audit.html" },
      prepare: (workspace) => {
        work = workspace;
      },
    });
    expect(run.outputs["report-file"]).toBe("audit.html");
    const page = readFileSync(join(work, "audit.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).toContain("jobs/mail.py");
    expect(page).not.toMatch(/<(?:script|link|img)[^>]+(?:src|href)="https?:/);
  });

  scenario("fails on new findings only, with a baseline", { base: SHOP, head: {} }, async (world) => {
    const first = await world.run({ ...NIGHTLY, inputs: { "report-file": "old.json" } });
    const known = first.report;
    const again = await world.run({
      ...NIGHTLY,
      inputs: { baseline: "old.json" },
      prepare: (workspace) => writeFileSync(join(workspace, "old.json"), JSON.stringify(known)),
    });
    expect(again.outputs).toMatchObject({ verdict: "pass" });
    const grown = await world.run({
      ...NIGHTLY,
      inputs: { baseline: "old.json" },
      prepare: (workspace) => {
        writeFileSync(join(workspace, "old.json"), JSON.stringify(known));
        writeFileSync(join(workspace, "fresh.py"), naps(["fresh"]));
      },
    });
    expect(grown.outputs).toMatchObject({ verdict: "fail" });
    expect(grown.summary).toContain("fresh.py:5");
  });

  scenario("a baseline that is not there: an error, not silence", { base: SHOP, head: {} }, async (world) => {
    const run = await world.run({ ...NIGHTLY, inputs: { baseline: "none.json" } });
    expect(run.outputs.verdict).toBe("error");
    expect(run.errors.join()).toContain("baseline");
  });

  test.concurrent("in shards, joined: equal to one of everything", async () => {
    const world = await makeWorld({ base: SHOP, head: {} });
    const folder = mkdtempSync(join(tmpdir(), "pcr-shards-"));
    const whole = await world.run(NIGHTLY);
    const parts = await Promise.all(
      [1, 2, 3].map((index) => world.run({ ...NIGHTLY, inputs: { shard: `${index}/3`, "fail-on": "never" } })),
    );
    for (const [index, part] of parts.entries()) {
      expect(part.code).toBe(0);
      copyFileSync(part.outputs["report-file"] ?? "", join(folder, `part-${index}.json`));
    }
    expect(parts.flatMap(essence)).toHaveLength(7);
    const joined = await world.run({
      event: "schedule",
      inputs: { mode: "merge", "report-files": "parts-*.json" },
      checkout: "none",
      prepare: (workspace) => {
        for (let index = 0; index < 3; index += 1) writeInto(workspace, `parts/part-${index}.json`, folder);
      },
    });
    expect(joined.outputs).toMatchObject({ verdict: "fail", existing: "7" });
    expect(essence(joined)).toEqual(essence(whole));
    expect(joined.code).toBe(1);
    rmSync(folder, { recursive: true });
    await world.close();
  });

  for (const [name, inputs, words] of [
    ["a shard of nothing", { shard: "0/3" }, /shard/],
    ["shards of a review", { shard: "1/3", mode: "review" }, /shard/],
    ["no reports to join", { mode: "merge", "report-files": "nothing-*.json" }, /report-files/],
  ] as const) {
    scenario(`${name}: an error with a sentence`, { base: SHOP, head: {} }, async (world) => {
      const run = await world.run({ event: "workflow_dispatch", inputs });
      expect(run.outputs.verdict).toBe("error");
      expect(run.errors.join()).toMatch(words);
    });
  }
});

describe.concurrent("the tracking issue", () => {
  const INPUTS = { mode: "audit", "tracking-issue": "true" };
  const run = (world: { run(options: object): Promise<Run> }, prepare?: (workspace: string) => void) =>
    world.run({ event: "schedule", inputs: INPUTS, ...(prepare === undefined ? {} : { prepare }) });

  scenario(
    "is opened once, left alone while nothing changes, closed when all is well, and opened again",
    { base: SHOP, head: {}, profile: "issues-write" },
    async (world) => {
      await run(world);
      expect(world.store.issues).toHaveLength(1);
      expect(world.store.issues[0]).toMatchObject({ state: "open", user: BOT });
      expect(world.store.issues[0]?.body).toContain("jobs/mail.py:5");
      expect(mentions(world.store.issues[0]?.body ?? "")).toEqual([]);
      expect((await run(world)).writes).toEqual([]);
      const clean = (workspace: string): void => {
        for (const path of Object.keys(SHOP)) writeFileSync(join(workspace, path), "VALUE = 1\n");
      };
      await run(world, clean);
      expect(world.store.issues[0]?.state).toBe("closed");
      expect((await run(world, clean)).writes).toEqual([]);
      await run(world);
      expect(world.store.issues).toHaveLength(1);
      expect(world.store.issues[0]?.state).toBe("open");
    },
  );

  scenario(
    "somebody else's issue with our marker stays theirs",
    { base: SHOP, head: {}, profile: "issues-write" },
    async (world) => {
      await run(world);
      const [ours] = world.store.issues.splice(0);
      if (ours !== undefined) world.store.issues.push({ ...ours, number: 7, user: HUMAN });
      await run(world);
      expect(world.store.issues.map(({ user }) => user.login)).toEqual([HUMAN.login, BOT.login]);
    },
  );

  scenario(
    "without the permission: a notice that names it, the same verdict",
    { base: SHOP, head: {}, profile: "read-only" },
    async (world) => {
      const result = await run(world);
      expect(result.outputs).toMatchObject({ verdict: "fail", existing: "7" });
      expect(result.notices.join()).toContain("issues: write");
    },
  );

  scenario("is off by default", { base: SHOP, head: {}, profile: "issues-write" }, async (world) => {
    const result = await world.run(NIGHTLY);
    expect(operations(result.requests)).toEqual([]);
  });
});

function writeInto(workspace: string, name: string, folder: string): void {
  const from = join(folder, name.replace("parts/", ""));
  if (!existsSync(from)) throw new Error(`${from} is missing`);
  writeFileSync(join(workspace, name.replace("/", "-")), readFileSync(from));
}
