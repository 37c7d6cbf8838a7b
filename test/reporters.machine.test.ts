import { createRequire } from "node:module";
import { Ajv } from "ajv";
import type { Log } from "sarif";
import { expect, test } from "vitest";
import type { Finding } from "../src/finding.ts";
import { OPTIONS } from "../src/options.ts";
import { annotationsOf, workflowCommands } from "../src/reporters/annotations.ts";
import { json } from "../src/reporters/json.ts";
import { lineHashes } from "../src/reporters/line-hash.ts";
import { isFormat, render } from "../src/reporters/render.ts";
import { sarif } from "../src/reporters/sarif.ts";
import { rules } from "../src/rules/index.ts";
import { reportSchema } from "./report-schema.ts";
import { emptyReport, sampleAudit, sampleFinding, sampleReview, sampleSources } from "./sample-report.ts";

const require = createRequire(import.meta.url);
const Ajv4 = require("ajv-draft-04").default;
const checkSarif = new Ajv4({ strict: false, unicodeRegExp: false, validateFormats: false }).compile(
  require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"),
);
const HOSTILE = "a`b``c|<script>@everyone #1 [x](http://e) \u202e\u0000\u001b[31m \ud800 ::error::% ,\r\n{0}";

test("JSON follows the contract and carries nothing else", () => {
  const check = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(reportSchema);
  for (const report of [
    sampleReview(),
    sampleAudit(),
    emptyReport("audit"),
    { ...sampleReview(), verdict: "error" as const },
  ]) {
    const extra = { ...report, secret: 1, findings: report.findings.map((finding) => ({ ...finding, node: {} })) };
    check(JSON.parse(json(extra)));
    expect(check.errors ?? []).toEqual([]);
  }
  expect(JSON.parse(json(sampleReview())).findings[0]).toEqual(sampleReview().findings[0]);
  expect(json(sampleReview()).endsWith("}\n")).toBe(true);
});

test("SARIF is valid against the official schema, whatever the report holds", () => {
  const hostile = {
    ...sampleReview(),
    findings: [sampleFinding({ path: HOSTILE, message: HOSTILE, function: HOSTILE, rule: "unknown-rule" })],
  };
  for (const report of [sampleReview(), sampleAudit(), emptyReport("review"), hostile]) {
    checkSarif(JSON.parse(sarif(report, sampleSources, { rules, category: "pcr" })));
    expect(checkSarif.errors ?? []).toEqual([]);
  }
});

test("SARIF carries what was found: levels, trace, fix, suppression, fingerprints", () => {
  const [run] = read(sarif(sampleReview(), sampleSources, { rules })).runs;
  const [first] = run?.results ?? [];
  expect(run?.columnKind).toBe("utf16CodeUnits");
  expect(first?.message.text).toBe(
    "`price_of` blocks the event loop: it ends in `requests.get`. Call it with `await asyncio.to_thread(…)`, or make it async with `httpx.AsyncClient.get`.",
  );
  const steps = first?.codeFlows?.[0]?.threadFlows[0]?.locations.map(({ location }) => location?.message?.text);
  expect(steps).toEqual([
    "`price_of` blocks the event loop: it ends in `requests.get`",
    "`price_of` calls `_entry`",
    "`_entry` calls `requests.get`",
  ]);
  expect(first?.relatedLocations?.map(({ id }) => id)).toEqual([1, 2]);
  expect(first?.partialFingerprints?.["pcr/v1"]).toBe("5ad1f0a2c9e34b7796aa");
  expect(first?.partialFingerprints?.primaryLocationLineHash).toMatch(/^[0-9a-f]{1,16}:1$/);
  expect(run?.results?.map(({ level }) => level)).toEqual([
    "error",
    "error",
    "error",
    "warning",
    "warning",
    "warning",
    "note",
  ]);
  expect(run?.results?.filter(({ suppressions }) => suppressions?.length === 1).map(({ ruleId }) => ruleId)).toEqual([
    "request-without-timeout",
  ]);
  expect(run?.results?.some(({ ruleId }) => ruleId === "session-not-closed")).toBe(false);
  const task = run?.results?.find(({ ruleId }) => ruleId === "task-not-kept");
  expect(task?.fixes?.[0]?.artifactChanges[0]?.replacements[0]?.insertedContent?.text).toBe("await notify(order_id)");
  for (const result of run?.results ?? []) {
    expect(run?.tool.driver.rules?.[result.ruleIndex ?? -1]?.id).toBe(result.ruleId);
  }
});

test("SARIF keeps the 5,000 most severe results and says how many are left out", () => {
  const findings = Array.from(
    { length: 5003 },
    (_, index): Finding => sampleFinding({ severity: index < 5000 ? "notice" : "error", fingerprint: String(index) }),
  );
  const [run] = read(sarif({ ...sampleAudit(), findings }, sampleSources, { rules })).runs;
  expect(run?.results?.length).toBe(5000);
  expect(run?.results?.filter(({ level }) => level === "error").length).toBe(3);
  const notes = run?.invocations?.[0]?.toolExecutionNotifications?.map(({ message }) => message.text);
  expect(notes).toContain("3 less severe results are left out.");
});

test("every format of the command line can be rendered, the empty report too", async () => {
  const formats = OPTIONS.find(({ name }) => name === "format")?.choices ?? [];
  expect(formats).toHaveLength(6);
  for (const format of formats) {
    if (!isFormat(format)) throw new Error(`no reporter for ${format}`);
    for (const report of [sampleReview(), emptyReport("audit")]) {
      const text = await render(format, report, { sources: sampleSources, rules, color: false });
      expect(text === "" || text.endsWith("\n")).toBe(true);
    }
  }
});

test("line hashes are those of code scanning", () => {
  const hashes = (text: string): string[] => {
    const lines = text.split("\n");
    return lineHashes({ line: (_, number) => lines[number - 1] }, "a.py");
  };
  expect(hashes("")).toEqual(["c129715d7a2bc9a3:1"]);
  expect(hashes(" a\nb\n  \t\tc\n d")).toEqual([
    "271789c17abda88f:1",
    "54703d4cd895b18:1",
    "180aee12dab6264:1",
    "a23a3dc5e078b07b:1",
  ]);
  expect(
    hashes("import os\n".repeat(30))
      .slice(0, 3)
      .map((hash) => hash.replace(/.*:/, ":")),
  ).toEqual([":1", ":2", ":3"]);
});

test("annotations keep GitHub's limits and say how many are left", () => {
  const findings = (["notice", "error", "warning"] as const).flatMap((severity) =>
    Array.from({ length: 12 }, (_, index) =>
      sampleFinding({ severity, startLine: index + 1, fingerprint: `${severity}${index}` }),
    ),
  );
  const annotations = annotationsOf({ ...sampleReview(), findings });
  expect(annotations.map(({ severity }) => severity)).toEqual([
    ...Array(9).fill("error"),
    ...Array(10).fill("warning"),
    ...Array(9).fill("notice"),
  ]);
  expect(annotations[8]).toEqual({
    severity: "error",
    title: "pcr: more findings",
    message: "4 more findings of severity error are in the report.",
    place: null,
  });
});

test("annotations show what the change introduces, not what is suppressed, existing or fixed", () => {
  expect(annotationsOf(sampleReview()).map(({ title }) => title)).toEqual([
    "pcr: blocking-call-reached-from-async",
    "pcr: blocking-call-reached-from-async",
    "pcr: task-not-kept",
    "pcr: db-pool-smaller-than-threads",
    "pcr: executor-per-call",
  ]);
});

test("workflow commands escape what would end a value or a line", () => {
  const finding = sampleFinding({
    path: "a,b:c%/d\n.py",
    message: HOSTILE,
    instead: "50%",
    startLine: 3,
    endLine: 3,
    startColumn: 2,
    endColumn: 5,
  });
  const commands = workflowCommands({ ...sampleReview(), findings: [finding] });
  expect(commands.split("\n")).toHaveLength(2);
  expect(commands).toMatch(
    /^::error file=a%2Cb%3Ac%25\/d%0A\.py,line=3,endLine=3,col=2,endColumn=5,title=pcr%3A blocking-call-reached-from-async::/,
  );
  expect(commands).toContain("%0A50%25\n");
  expect(commands.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
});

test("workflow commands give no columns to a range of several lines", () => {
  const commands = workflowCommands({ ...sampleReview(), findings: [sampleFinding({ startLine: 3, endLine: 5 })] });
  expect(commands).toMatch(/^::error file=shop\/api\.py,line=3,endLine=5,title=/);
});

function read(text: string): Log {
  return JSON.parse(text);
}
