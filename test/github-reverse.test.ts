import { structuredPatch } from "diff";
import { expect, test } from "vitest";
import { beforePatch } from "../src/github/reverse.ts";

/** A patch as GitHub shows it: hunks only. */
function patchOf(before: string, after: string): string {
  const { hunks } = structuredPatch("a", "a", before, after, "", "", { context: 3 });
  return hunks
    .map((hunk) => {
      // The library counts an empty side from 1, git from 0.
      const range = (start: number, lines: number) =>
        lines === 1 ? `${start}` : `${lines === 0 ? start - 1 : start},${lines}`;
      return [
        `@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@ def f():`,
        ...hunk.lines,
      ].join("\n");
    })
    .join("\n");
}

const many = Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join("");

test.each([
  ["a line in the middle", many, many.replace("line 20\n", "line twenty\nand one\n")],
  ["two hunks", many, many.replace("line 3\n", "").replace("line 33\n", "x\ny\n")],
  ["the first line", many, `new\n${many}`],
  ["the last line", many, `${many}new\n`],
  ["a line feed at the end goes", "a\nb\n", "a\nb"],
  ["a line feed at the end comes", "a\nb", "a\nb\n"],
  ["no line feed on either side", "a\nb", "a\nc"],
  ["a file that was empty", "", "a\nb\n"],
  ["a file that becomes empty", "a\nb\n", ""],
  ["carriage returns", "a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n"],
  ["lines that look like headers", "a\n@@ -1 +1 @@\n--- x\n", "a\n@@ -1 +1 @@\n+++ y\n"],
  ["empty lines", "a\n\n\nb\n", "a\n\nb\n\n"],
])("the base version comes back: %s", (_, before, after) => {
  expect(beforePatch(after, patchOf(before, after))).toBe(before);
});

test("a patch that does not fit is refused", () => {
  expect(beforePatch("a\nb\n", "@@ -1,2 +1,2 @@\n-a\n+x\n b")).toBeNull();
  expect(beforePatch("a\nb\n", "@@ -1,2 +1,2 @@\n-z\n+a\n")).toBeNull();
  expect(beforePatch("a\n", "@@ -1 +1 @@\n-\uFFFD\n+a")).toBeNull();
  expect(beforePatch("a\n", "not a patch")).toBeNull();
});
