import { expect, test } from "vitest";
import type { Hunk } from "../src/changes/change.ts";
import { parsePatch } from "../src/changes/patch.ts";
import type { Finding } from "../src/finding.ts";
import { accepted, anchorOf, commonAnchor } from "../src/github/anchors.ts";
import { suggestionFor } from "../src/github/suggestion.ts";
import { sampleReview } from "./sample-report.ts";

function at(startLine: number, endLine: number, more: Partial<Finding> = {}): Finding {
  const [sample] = sampleReview().findings;
  if (sample === undefined) throw new Error("no sample");
  return { ...sample, path: "a.py", startLine, endLine, startColumn: 1, endColumn: 5, trace: [], fix: null, ...more };
}

const HUNKS = parsePatch("@@ -1,3 +1,5 @@\n a\n+b\n+c\n d\n e\n@@ -20,4 +22,3 @@\n a\n-b\n c\n d");
const SHOWN = new Map([["a.py", HUNKS]]);

test("added lines before context, context before the file", () => {
  expect(anchorOf(at(2, 3), SHOWN)).toEqual({ kind: "lines", path: "a.py", startLine: 2, endLine: 3, own: true });
  expect(anchorOf(at(5, 5), SHOWN)).toEqual({ kind: "lines", path: "a.py", startLine: 5, endLine: 5, own: true });
  expect(anchorOf(at(10, 12), SHOWN)).toEqual({ kind: "file", path: "a.py" });
  expect(anchorOf(at(2, 2, { path: "b.py" }), SHOWN)).toBeNull();
});

test("a range that leaves its hunk stands on its last added line", () => {
  expect(anchorOf(at(3, 9), SHOWN)).toMatchObject({ startLine: 3, endLine: 3 });
  expect(anchorOf(at(4, 22), SHOWN)).toMatchObject({ startLine: 5, endLine: 5 });
});

test("an exclusive end in the first column does not touch its line", () => {
  expect(anchorOf(at(2, 3, { endColumn: 1 }), SHOWN)).toMatchObject({ startLine: 2, endLine: 2 });
});

test("a changed line of the trace carries the comment when the finding's own line is not changed", () => {
  const trace = [{ path: "a.py", line: 3, message: "calls" }];
  const away = at(7, 7, { path: "b.py", trace });
  expect(anchorOf(away, SHOWN)).toEqual({ kind: "lines", path: "a.py", startLine: 3, endLine: 3, own: false });
  expect(anchorOf(at(23, 23, { trace }), SHOWN)).toMatchObject({ startLine: 3, own: false });
  expect(commonAnchor([away, at(2, 2)], SHOWN)?.finding.startLine).toBe(2);
});

test("a file without a patch takes a comment on the file", () => {
  expect(anchorOf(at(2, 2), new Map([["a.py", []]]))).toEqual({ kind: "file", path: "a.py" });
});

test("whatever the hunks and the findings, every place on lines lies in one hunk", () => {
  const random = generator(7);
  for (let round = 0; round < 3000; round += 1) {
    const hunks: Hunk[] = [];
    let line = 1;
    while (random(4) > 0) {
      const headStart = line + random(6);
      const headLines = random(8);
      const added = Array.from({ length: headLines }, (_, index) => headStart + index).filter(() => random(2) === 0);
      hunks.push({ baseStart: 1, baseLines: 1, headStart, headLines, added, removed: [] });
      line = headStart + headLines + 1;
    }
    const startLine = 1 + random(40);
    const trace = Array.from({ length: random(3) }, () => ({ path: "a.py", line: 1 + random(40), message: "" }));
    const shown = new Map([["a.py", hunks]]);
    const anchor = anchorOf(at(startLine, startLine + random(12), { trace }), shown);
    expect(anchor).not.toBeNull();
    if (anchor?.kind !== "lines") continue;
    expect(anchor.startLine).toBeLessThanOrEqual(anchor.endLine);
    expect(accepted(anchor.path, anchor.startLine, anchor.endLine, shown)).toBe(true);
  }
});

const TEXT = "a\n    b(1)\n    c(\n        2)\nd\n";

test("a suggestion replaces exactly the lines that the comment stands on", () => {
  const fix = {
    title: "add a timeout",
    edits: [{ startLine: 3, startColumn: 7, endLine: 4, endColumn: 10, newText: "2, timeout=5" }],
  };
  const finding = at(3, 4, { fix });
  const anchor = { kind: "lines", path: "a.py", startLine: 3, endLine: 3, own: true } as const;
  expect(suggestionFor(finding, anchor, TEXT, SHOWN)).toEqual({
    anchor: { ...anchor, startLine: 3, endLine: 4 },
    block: "```suggestion\n    c(2, timeout=5)\n```",
  });
});

test("a suggestion's fence is longer than any in the code", () => {
  const fix = { title: "", edits: [{ startLine: 2, startColumn: 7, endLine: 2, endColumn: 8, newText: '"````"' }] };
  const anchor = { kind: "lines", path: "a.py", startLine: 2, endLine: 2, own: true } as const;
  expect(suggestionFor(at(2, 2, { fix }), anchor, TEXT, SHOWN)?.block).toBe('`````suggestion\n    b("````")\n`````');
});

test("no suggestion where GitHub would apply it wrongly", () => {
  const edit = { startLine: 2, startColumn: 5, endLine: 2, endColumn: 9, newText: "x" };
  const fix = { title: "", edits: [edit] };
  const anchor = { kind: "lines", path: "a.py", startLine: 2, endLine: 2, own: true } as const;
  const finding = at(2, 2, { fix });
  expect(suggestionFor(finding, anchor, TEXT, SHOWN)).not.toBeNull();
  expect(suggestionFor(finding, anchor, TEXT.replaceAll("\n", "\r\n"), SHOWN)).toBeNull();
  expect(suggestionFor(finding, { ...anchor, own: false }, TEXT, SHOWN)).toBeNull();
  expect(suggestionFor(finding, { kind: "file", path: "a.py" }, TEXT, SHOWN)).toBeNull();
  expect(suggestionFor(at(2, 2, { fix: { title: "", edits: [edit, edit] } }), anchor, TEXT, SHOWN)).toBeNull();
  const far = { title: "", edits: [edit, { ...edit, startLine: 12, endLine: 12 }] };
  expect(suggestionFor(at(2, 2, { fix: far }), anchor, "x\n".repeat(30), SHOWN)).toBeNull();
  const gone = { title: "", edits: [{ ...edit, startColumn: 1, endColumn: 9, newText: "" }] };
  expect(suggestionFor(at(2, 2, { fix: gone }), anchor, TEXT, SHOWN)).toBeNull();
});

/** Numbers below a bound, the same in every run. */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
