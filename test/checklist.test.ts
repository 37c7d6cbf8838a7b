import { describe, expect, test } from "vitest";
import { ITEMS } from "../src/checklist/items.ts";
import { rules } from "../src/rules/index.ts";
import { auditTexts, FIXTURES, fixtureFiles } from "./fixtures.ts";

/** What is right to answer about each project; items that are not named have nothing to judge. */
const EXPECTED: Record<string, { pass?: string; fail?: string; unknown?: string }> = {
  "checklist.web-service": {
    pass: "workload-known model-fits-workload waits-bounded clients-closed",
    fail: "db-pool-fits-threads http-pool-fits-threads",
    unknown: "baseline-measured",
  },
  "checklist.async-service": {
    pass: "workload-known model-fits-workload loop-never-blocked db-pool-fits-threads http-pool-fits-threads waits-bounded clients-closed",
    unknown: "baseline-measured",
  },
  "checklist.crawler": {
    pass: "workload-known model-fits-workload loop-never-blocked http-pool-fits-threads results-collected waits-bounded clients-closed",
    unknown: "baseline-measured",
  },
  "checklist.downloader": {
    pass: "workload-known model-fits-workload http-pool-fits-threads executors-reused results-collected waits-bounded clients-closed",
    unknown: "baseline-measured",
  },
  "checklist.images": {
    pass: "workload-known model-fits-workload cpu-work-in-processes executors-reused results-collected waits-bounded no-large-pickles children-reaped start-method-safe",
    unknown: "baseline-measured",
  },
  "checklist.numbers": {
    pass: "workload-known executors-reused results-collected waits-bounded",
    fail: "model-fits-workload cpu-work-in-processes",
    unknown: "baseline-measured",
  },
  "checklist.celery": {
    pass: "workload-known model-fits-workload waits-bounded",
    fail: "executors-reused",
    unknown: "baseline-measured",
  },
  "checklist.cli": { pass: "waits-bounded" },
  "checklist.django": {
    pass: "workload-known model-fits-workload db-pool-fits-threads",
    unknown: "baseline-measured",
  },
  "checklist.flask": {
    pass: "workload-known model-fits-workload db-pool-fits-threads waits-bounded clients-closed",
    fail: "shared-state-guarded",
    unknown: "baseline-measured",
  },
  "checklist.pipeline": {
    pass: "waits-bounded shared-state-guarded",
    unknown: "workload-known model-fits-workload baseline-measured",
  },
  "checklist.bot": {
    pass: "workload-known waits-bounded",
    fail: "model-fits-workload loop-never-blocked",
    unknown: "baseline-measured",
  },
  "checklist.settings-from-outside": {
    pass: "workload-known model-fits-workload executors-reused results-collected waits-bounded clients-closed",
    unknown: "db-pool-fits-threads http-pool-fits-threads baseline-measured",
  },
  "checklist.children": {
    pass: "waits-bounded no-large-pickles start-method-safe",
    fail: "children-reaped",
    unknown: "workload-known model-fits-workload baseline-measured",
  },
  "checklist.library": {},
};

test("every project of the checklist has its answers here", () => {
  expect(FIXTURES.filter((name) => name.startsWith("checklist."))).toEqual(Object.keys(EXPECTED).sort());
});

describe.each(Object.entries(EXPECTED))("%s", (name, expected) => {
  test("answers", async () => {
    const { checklist } = await auditTexts(fixtureFiles(name));
    const answers = Object.fromEntries(checklist.map(({ id, status }) => [id, status]));
    expect(answers).toEqual(Object.fromEntries(ITEMS.map(({ id }) => [id, statusIn(expected, id)] as const)));
  });

  test("every answer but not-applicable shows by what, and a failure names its findings", async () => {
    const files = fixtureFiles(name);
    const { checklist, findings } = await auditTexts(files);
    const known = new Set(findings.map(({ fingerprint }) => fingerprint));
    for (const { id, status, evidence, findings: named } of checklist) {
      expect(evidence.length > 0, id).toBe(status !== "not-applicable");
      for (const { path, line, message } of evidence) {
        expect(files.get(path)?.split("\n").length ?? 0, `${id} ${path}`).toBeGreaterThanOrEqual(line);
        expect(message, id).not.toBe("");
      }
      expect(named.every((one) => known.has(one))).toBe(true);
      if (status !== "fail") expect(named).toEqual([]);
    }
  });
});

function statusIn(expected: { pass?: string; fail?: string; unknown?: string }, id: string): string {
  for (const [status, ids] of Object.entries(expected)) if (ids.split(" ").includes(id)) return status;
  return "not-applicable";
}

test("unknown sizes say what to look at", async () => {
  const { checklist } = await auditTexts(fixtureFiles("checklist.settings-from-outside"));
  const words = (id: string): string =>
    checklist
      .find((one) => one.id === id)
      ?.evidence.map(({ message }) => message)
      .join("\n") ?? "";
  expect(words("db-pool-fits-threads")).toContain("look at `CONNECTIONS`");
  expect(words("http-pool-fits-threads")).toContain("look at `THREADS`");
});

test("what measures the baseline are commands to type", async () => {
  const { checklist } = await auditTexts(fixtureFiles("checklist.images"));
  const [place] = checklist.find(({ id }) => id === "baseline-measured")?.evidence ?? [];
  expect(place?.message).toContain("`python -m cProfile -s cumulative -m thumbs`");
});

test("an item whose rules are switched off does not pass", async () => {
  const { checklist } = await auditTexts(fixtureFiles("checklist.crawler"), { ignore: "blocking-call-in-async" });
  const answer = checklist.find(({ id }) => id === "loop-never-blocked");
  expect(answer?.status).toBe("unknown");
  expect(answer?.evidence[0]?.message).toContain("`blocking-call-in-async` did not run");
});

test("a finding that a comment ignores fails nothing", async () => {
  const files = new Map(fixtureFiles("checklist.bot"));
  const text = files.get("bot.py") ?? "";
  files.set(
    "bot.py",
    text.replace(/ *# expect: blocking.*$/m, "  # pcr: ignore[blocking-call-in-async] one user only"),
  );
  const { checklist } = await auditTexts(files);
  const answer = checklist.find(({ id }) => id === "loop-never-blocked");
  expect(answer?.status).toBe("pass");
  expect(answer?.evidence.map(({ message }) => message).join("\n")).toContain("ignored on purpose");
});

test("items name rules that exist, and each question of the catalogue is there once", () => {
  const known = new Set(rules.map(({ id }) => id));
  expect(ITEMS.flatMap((item) => item.rules).filter((id) => !known.has(id))).toEqual([]);
  expect(new Set(ITEMS.map(({ id }) => id)).size).toBe(15);
});

test("what cannot be told from the code comes with a way to measure it", async () => {
  const { checklist } = await auditTexts(fixtureFiles("recommend.unknown-work"));
  const [place] = checklist.find(({ id }) => id === "workload-known")?.evidence ?? [];
  expect(place?.message).toMatch(/is not known here: (?:call `\w+` once with real input|measure it with `\w)/);
  expect(place?.message).not.toContain("Baseline");
});
