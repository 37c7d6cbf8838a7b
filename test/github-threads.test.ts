import { expect, test } from "vitest";
import type { Finding } from "../src/finding.ts";
import type { Conversation, Thread } from "../src/github/conversation.ts";
import { remarkMarker } from "../src/github/marker.ts";
import { remarksOf } from "../src/github/remarks.ts";
import { planThreads } from "../src/github/threads.ts";
import type { Report } from "../src/report.ts";

function finding(fingerprint: string, more: Partial<Finding> = {}): Finding {
  return {
    rule: "blocking-call-in-async",
    severity: "error",
    confidence: "high",
    path: "a.py",
    startLine: 1,
    startColumn: 1,
    endLine: 1,
    endColumn: 5,
    function: "a.f",
    message: "blocks",
    instead: "await",
    trace: [],
    state: "introduced",
    suppressed: false,
    fingerprint,
    fix: null,
    cause: null,
    ...more,
  };
}

function report(findings: Finding[], skipped: Report["stats"]["skipped"] = []): Report {
  return {
    schemaVersion: 1,
    tool: { name: "python-concurrency-review", version: "0" },
    mode: "review",
    pythonVersion: "3.12",
    verdict: "fail",
    stats: { files: 1, lines: 1, skipped, durationMs: 0, introduced: 0, fixed: 0, existing: 0, suppressed: 0 },
    findings,
    checklist: [],
    recommendations: [],
    resources: [],
    map: null,
    notes: [],
  };
}

let ids = 0;
function thread(
  fingerprints: string[],
  more: Partial<Thread> & { key?: string; fixed?: boolean; own?: boolean } = {},
): Thread {
  const { key = "", fixed = false, own = true, ...rest } = more;
  ids += 1;
  const marker = remarkMarker({ fingerprints, rule: "r", key, fixed });
  return {
    id: `T${ids}`,
    path: "a.py",
    onFile: false,
    resolved: false,
    resolvedBy: null,
    outdated: false,
    canResolve: true,
    canReopen: true,
    first: { nodeId: `C${ids}`, id: ids, body: `text\n\n${marker}`, own, author: "x", minimized: false },
    replies: 0,
    ...rest,
  };
}

function plan(findings: Finding[], threads: Thread[], key = "", skipped: Report["stats"]["skipped"] = []) {
  const conversation: Conversation = {
    head: "0",
    open: true,
    draft: false,
    viewer: "github-actions[bot]",
    comments: [],
    threads,
    pending: [],
  };
  const all = report(findings, skipped);
  return planThreads(remarksOf(all), all, conversation, key);
}

test("a finding without a thread is posted, one with an open thread is kept", () => {
  const known = thread(["a"]);
  const { post, keep, open } = plan([finding("a"), finding("b")], [known]);
  expect(post.map(({ findings }) => findings[0].fingerprint)).toEqual(["b"]);
  expect(keep.map((each) => each.thread)).toEqual([known]);
  expect(open).toBe(1);
});

test("threads of others and of other keys do not count, whatever their text claims", () => {
  const { post, resolve } = plan([finding("a")], [thread(["a"], { own: false }), thread(["a"], { key: "linux" })]);
  expect(post).toHaveLength(1);
  expect(resolve).toEqual([]);
});

test("findings with one cause share a comment; a new caller is told in the same thread", () => {
  const known = thread(["a", "b"]);
  const findings = ["a", "b", "c"].map((name) => finding(name, { cause: "load" }));
  const { post, keep } = plan(findings, [known]);
  expect(post).toEqual([]);
  expect(keep[0]?.remark.findings.map(({ fingerprint }) => fingerprint)).toEqual(["a", "b", "c"]);
});

test("what a person resolved is not said again, but a new caller of the same cause is", () => {
  const by = { resolved: true, resolvedBy: "octocat" };
  const findings = ["a", "b"].map((name) => finding(name, { cause: "load" }));
  const { post, dismissed, open } = plan(findings, [thread(["a"], by)]);
  expect(dismissed.map(({ by: who, remark }) => [who, remark.findings.length])).toEqual([["octocat", 1]]);
  expect(post.map((remark) => remark.findings.map(({ fingerprint }) => fingerprint))).toEqual([["b"]]);
  expect(open).toBe(0);
});

test("what we resolved ourselves is opened again where that is allowed, else said anew", () => {
  const ours = { resolved: true, resolvedBy: "github-actions" };
  expect(plan([finding("a")], [thread(["a"], ours)]).reopen).toHaveLength(1);
  expect(plan([finding("a")], [thread(["a"], { ...ours, canReopen: false })]).post).toHaveLength(1);
});

test("a thread marked as resolved in its text comes back by an edit", () => {
  const { reopen, post } = plan([finding("a")], [thread(["a"], { fixed: true })]);
  expect(reopen).toHaveLength(1);
  expect(post).toEqual([]);
  expect(plan([], [thread(["a"], { fixed: true })]).resolve).toEqual([]);
});

test("threads of findings that are gone are resolved, unless somebody answered or the file was not analysed", () => {
  const gone = thread(["a"]);
  const answered = thread(["b"], { replies: 1 });
  const unknown = thread(["c"], { path: "broken.py" });
  const found = plan([], [gone, answered, unknown], "", [{ path: "broken.py", reason: "timeout", whole: true }]);
  expect(found.resolve).toEqual([gone]);
  expect(found.answered).toEqual([answered]);
  expect(found.open).toBe(2);
});

test("a finding that is still there without being new keeps its thread open", () => {
  const found = plan([finding("a", { state: "existing" })], [thread(["a"])]);
  expect(found.resolve).toEqual([]);
  expect(found.open).toBe(1);
  expect(plan([finding("a", { suppressed: true })], [thread(["a"])]).resolve).toHaveLength(1);
});

test("an outdated thread keeps its finding, and the summary lists it", () => {
  const { post, keep, outdated } = plan([finding("a")], [thread(["a"], { outdated: true })]);
  expect(post).toEqual([]);
  expect(keep).toHaveLength(1);
  expect(outdated).toHaveLength(1);
});

test("of two threads that two runs at once have made, one stays; the other goes unless somebody answered", () => {
  const { keep, resolve, duplicates, open } = plan([finding("a")], [thread(["a"], { outdated: true }), thread(["a"])]);
  expect(keep.map(({ thread: each }) => each.outdated)).toEqual([false]);
  expect(resolve).toEqual([]);
  expect(duplicates.map(({ outdated }) => outdated)).toEqual([true]);
  expect(open).toBe(1);
  const answered = plan([finding("a")], [thread(["a"]), thread(["a"], { replies: 1 })]);
  expect(answered.duplicates).toEqual([]);
  expect(answered.open).toBe(2);
});
