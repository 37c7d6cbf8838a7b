import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { againstBaseline, readBaseline, writeBaseline } from "../src/baseline.ts";
import { DEFAULTS } from "../src/config.ts";
import type { Finding } from "../src/finding.ts";
import { commentBody, differs, fixedBody } from "../src/github/comment.ts";
import { harmless } from "../src/github/console.ts";
import { readTrigger } from "../src/github/event.ts";
import { filesMatching, readInside, writeInside } from "../src/github/files.ts";
import { readInputs, unknownInputs } from "../src/github/inputs.ts";
import { linksOf } from "../src/github/links.ts";
import { readRemarkMarker, readSummaryMarker, remarkMarker, summaryMarker } from "../src/github/marker.ts";
import { remarksOf } from "../src/github/remarks.ts";
import type { Report } from "../src/report.ts";
import { readOrigin, readReport } from "../src/report-file.ts";
import { json } from "../src/reporters/json.ts";
import { dealt, mergeReports, parseShard } from "../src/shards.ts";
import { sampleReview } from "./sample-report.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const LINKS = linksOf({
  serverUrl: "https://github.test",
  owner: "o",
  repo: "r",
  head: SHA,
  runId: 7,
  actionRepository: "a/pcr",
  actionRef: "v1",
});

function sample(more: Partial<Finding> = {}): Finding {
  const [first] = sampleReview().findings;
  if (first === undefined) throw new Error("no sample");
  return { ...first, ...more };
}

function auditOf(findings: Finding[], more: Partial<Report> = {}): Report {
  const sampled = sampleReview();
  const found = findings.map((finding) => ({ ...finding, state: null }));
  return { ...sampled, mode: "audit", findings: found, ...more };
}

test("markers survive reading, whatever the key, and nothing else is taken for one", () => {
  const remark = { fingerprints: ["aa", "bb"], rule: "some-rule", key: "a b-->é", fixed: true };
  expect(readRemarkMarker(`text\n\n${remarkMarker(remark)}`)).toEqual(remark);
  expect(readRemarkMarker(`text\r\n\r\n${remarkMarker(remark)}\r\n`)).toEqual(remark);
  const summary = { key: "x --> y", head: SHA, hash: "1", run: 5, refused: ["aa"] };
  expect(readSummaryMarker(`text\n\n${summaryMarker(summary)}`)).toEqual(summary);
  expect(readRemarkMarker(summaryMarker(summary))).toBeNull();
  expect(readSummaryMarker(remarkMarker(remark))).toBeNull();
  expect(readRemarkMarker(`${remarkMarker(remark)}\n\nquoted by somebody`)).toBeNull();
  expect(readRemarkMarker(`> quoted\n> ${remarkMarker(remark)}`)).toBeNull();
  expect(readRemarkMarker("<!-- pcr:v1 fp= -->")).toBeNull();
});

test("a comment names what, why, what instead, the way there and how to silence it", () => {
  const [remark] = remarksOf(sampleReview());
  if (remark === undefined) throw new Error("nothing to remark");
  const context = { links: LINKS, why: () => "Because.", key: "" };
  const body = commentBody(remark, { away: false, suggestion: null }, context);
  const [first] = remark.findings;
  expect(body).toContain(`[\`${first.rule}\`](https://github.test/a/pcr/blob/v1/src/rules/README.md#${first.rule})`);
  expect(body).toContain("Because.");
  expect(body).toContain("**Instead:**");
  expect(body).toContain(`\`# pcr: ignore[${first.rule}] reason\``);
  expect(readRemarkMarker(body)?.fingerprints).toHaveLength(remark.findings.length);
});

test("a comment that moved with its lines is not edited; one whose words changed is", () => {
  const context = (head: string) => ({
    links: linksOf({
      serverUrl: "https://github.test",
      owner: "o",
      repo: "r",
      head,
      runId: 1,
      actionRepository: "",
      actionRef: "",
    }),
    why: () => "",
    key: "",
  });
  const trace = (line: number) => [{ path: "app/x.py", line, message: "`f` calls `g`" }];
  const body = (line: number, head: string, message = "`f` blocks") =>
    commentBody(
      { rule: "r", findings: [sample({ message, trace: trace(line) })] },
      { away: true, suggestion: null },
      context(head),
    );
  const other = SHA.replace("0", "f");
  expect(differs(body(3, SHA), body(9, other))).toBe(false);
  expect(differs(body(3, SHA), body(3, SHA).replaceAll("\n", "\r\n"))).toBe(false);
  expect(differs(body(3, SHA), body(3, SHA, "`h` blocks"))).toBe(true);
});

test("hostile text in a finding neither mentions, links, nor leaves its comment", () => {
  const message = "`@all` @octocat <!-- --> </details> #12 ![x](http://evil.test) [x](y) `` ` `` \u202e::error::";
  const path = "a](http:/evil) `@me` <b>.py";
  const body = commentBody(
    { rule: "r", findings: [sample({ message, path, function: "x`@y", trace: [{ path, line: 1, message }] })] },
    { away: true, suggestion: null },
    { links: LINKS, why: () => "", key: "" },
  );
  const outside = body.replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, "");
  expect(outside).not.toMatch(/@\w|#\d|(?<!\\)<(?!sub>|\/sub>|!-- pcr:v1 )/);
  expect(outside).not.toMatch(/(?<!\\)!\[/);
  expect(body).not.toMatch(/[\u202e]/);
  expect(outside.match(/(?<!\\)\]\(http/g)?.length).toBe(outside.match(/\]\(https:\/\/github\.test\//g)?.length);
});

test("a body is never longer than GitHub takes, and its marker stays", () => {
  const many = Array.from({ length: 100 }, (_, index) =>
    sample({ fingerprint: `f${index}`, cause: "c", function: "x".repeat(5000) }),
  );
  const [first, ...others] = many;
  if (first === undefined) throw new Error("empty");
  const body = commentBody(
    { rule: "r", findings: [first, ...others] },
    { away: false, suggestion: null },
    { links: LINKS, why: () => "", key: "" },
  );
  expect(body.length).toBeLessThan(65_536);
  expect(readRemarkMarker(body)?.fingerprints).toHaveLength(100);
  const fixed = fixedBody(body, SHA, "", ["f1"], "r");
  expect(fixed).toMatch(/^\*\*Resolved\*\*, fixed in `0123456`\.\n/);
  expect(readRemarkMarker(fixed)).toMatchObject({ fixed: true, fingerprints: ["f1"] });
});

test("no line of the log is a command", () => {
  for (const line of ["::error::x", "  ::set-output name=a::b", "a\n::warning::b", "x ##[error]y", "\u2028::x::"]) {
    expect(harmless(line)).not.toMatch(/^\s*::|##\[|\n/);
  }
});

test("events: what is named, and what is not", () => {
  const pullRequest = {
    number: 5,
    state: "open",
    draft: true,
    head: { sha: SHA, ref: "x", repo: { full_name: "fork/r" } },
    base: { sha: SHA, ref: "main", repo: { full_name: "o/r" } },
  };
  expect(readTrigger("pull_request", { pull_request: pullRequest })).toMatchObject({
    kind: "pull-request",
    pullRequest: { number: 5, draft: true, open: true, fork: true, baseBranch: "main" },
  });
  expect(readTrigger("push", { before: "0".repeat(40), after: SHA })).toEqual({
    kind: "range",
    name: "push",
    base: null,
    head: SHA,
  });
  expect(readTrigger("push", { deleted: true, after: "0".repeat(40) }).kind).toBe("nothing");
  expect(readTrigger("schedule", {}).kind).toBe("manual");
  expect(readTrigger("issue_comment", {}).kind).toBe("other");
  expect(() => readTrigger("pull_request", { pull_request: { ...pullRequest, head: { sha: "$(id)" } } })).toThrow(
    /commit/,
  );
  expect(() => readTrigger("pull_request", {})).toThrow(/no pull request/);
});

test("inputs: defaults, faults in words, and names that do not exist", () => {
  const read = (values: Record<string, string>) => readInputs((name) => values[name] ?? "");
  expect(read({})).toMatchObject({ mode: "auto", comments: "inline", mostComments: 25, shard: null, pullNumber: null });
  expect(read({ "max-comments": "0", shard: "2/8", "working-directory": "./a/b/" })).toMatchObject({
    mostComments: 0,
    shard: { index: 2, count: 8 },
    directory: "a/b",
  });
  expect(() => read({ comments: "inlin" })).toThrow(/input comments must be .*did you mean "?inline/);
  expect(() => read({ shard: "9/8" })).toThrow(/input shard/);
  expect(() => read({ "working-directory": "../x" })).toThrow(/inside the repository/);
  expect(unknownInputs({ INPUT_COMENTS: "x", "INPUT_FAIL-ON": "error" })).toEqual([
    "There is no input coments; did you mean comments?",
  ]);
});

test("files never leave their folder, neither by name nor through a link", async () => {
  const root = mkdtempSync(join(tmpdir(), "pcr-"));
  const outside = mkdtempSync(join(tmpdir(), "pcr-out-"));
  writeFileSync(join(outside, "secret"), "x");
  symlinkSync(outside, join(root, "link"));
  symlinkSync(join(outside, "target"), join(root, "file-link"));
  mkdirSync(join(root, "deep/er"), { recursive: true });
  await writeInside(root, "new/folder/report.json", "{}", "input report-file");
  expect(readFileSync(join(root, "new/folder/report.json"), "utf8")).toBe("{}");
  for (const name of ["../x", "link/x", "link/y/x", "file-link", "/etc/x", "."]) {
    await expect(writeInside(root, name, "x", "input report-file"), name).rejects.toThrow(/input report-file/);
  }
  await expect(readInside(root, "link/secret", "input baseline", 100)).rejects.toThrow(/out of the workspace/);
  await expect(readInside(root, "new/folder/report.json", "input baseline", 1)).rejects.toThrow(/larger/);
  writeFileSync(join(root, "deep/er/1.json"), "{}");
  expect(await filesMatching(root, ["deep/**/*.json", "./new/folder/report.json", "link/*", "../*"])).toEqual([
    "deep/er/1.json",
    "new/folder/report.json",
  ]);
});

test("a report that was written is read back as it was; one that was tampered with is refused", () => {
  const report = { ...sampleReview(), pullRequest: { number: 5, head: SHA } };
  const text = json(report);
  expect(json(readReport(text, "r.json"))).toBe(text);
  expect(readOrigin(text, "r.json").pullRequest).toEqual({ number: 5, head: SHA });
  expect(() => readReport(text.replace('"verdict": "fail"', '"verdict": "great"'), "r.json")).toThrow(/r.json.verdict/);
  expect(() => readReport("[]", "r.json")).toThrow(/r.json must be a table/);
  expect(() => readReport("{", "r.json")).toThrow(/not JSON/);
  expect(() => readReport(text.replace('"schemaVersion": 1', '"schemaVersion": 2'), "r.json")).toThrow(/schemaVersion/);
});

test("shards part the files, and their reports join to the whole", () => {
  const findings = ["a.py", "b.py", "c/d.py", "e.py"].map((path, index) => sample({ path, fingerprint: `f${index}` }));
  const whole = auditOf(findings);
  const parts = [1, 2, 3].map((index) => {
    const shard = { index, count: 3 };
    return auditOf(
      dealt(
        findings.map((finding) => ({ finding, length: 1 })),
        shard,
      ).map(({ finding }) => finding),
      { shard },
    );
  });
  expect(parts.flatMap((part) => part.findings)).toHaveLength(4);
  const merged = mergeReports(parts, "error");
  expect(merged.findings).toEqual(mergeReports([whole], "error").findings);
  expect(merged.verdict).toBe("fail");
  expect(merged.shard).toBeUndefined();
  expect(mergeReports(parts, "never").verdict).toBe("pass");
  expect(() => mergeReports(parts.slice(1), "error")).toThrow(/shard 1\/3 is there 0 times/);
  expect(() => mergeReports([...parts, ...parts.slice(0, 1)], "error")).toThrow(/2 times/);
  expect(() => mergeReports([sampleReview()], "error")).toThrow(/not of one audit/);
  expect([parseShard("1/1"), parseShard("0/3"), parseShard("1/999"), parseShard("1/")]).toEqual([
    { index: 1, count: 1 },
    null,
    null,
    null,
  ]);
});

test("shards have about the same to do, and each item is in one of them", () => {
  const items = [50, 40, 30, 20, 10, 5, 5, 0].map((length, id) => ({ id, length }));
  const parts = [1, 2, 3].map((index) => dealt(items, { index, count: 3 }));
  expect(
    parts
      .flat()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(items.map(({ id }) => id));
  for (const part of parts) expect(part.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(60);
});

test("with a baseline only new findings fail, and what is gone was fixed", () => {
  const [old, gone, fresh] = ["old", "gone", "fresh"].map((fingerprint) => sample({ fingerprint }));
  if (!old || !gone || !fresh) throw new Error("no sample");
  const baseline = readBaseline(writeBaseline(auditOf([old, gone])), "b.json");
  expect(readBaseline(json(auditOf([old, gone])), "r.json")).toEqual(baseline);
  const same = againstBaseline(auditOf([old]), baseline, DEFAULTS, true);
  expect([same.verdict, same.stats.introduced, same.stats.fixed]).toEqual(["pass", 0, 1]);
  const worse = againstBaseline(auditOf([old, fresh]), baseline, DEFAULTS, false);
  expect([worse.verdict, worse.stats.introduced, worse.stats.fixed]).toEqual(["fail", 1, 0]);
  expect(worse.findings.map(({ state }) => state)).toEqual(["existing", "introduced"]);
});
