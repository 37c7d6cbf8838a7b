import { expect, test } from "vitest";
import { filesBelow, text } from "./sources.ts";

/** What holds after every run of every scenario (`checkRun`). */
const ALWAYS = "checks: what holds for every run";

/** For each complaint in CONTRIBUTING.md, the tests that would fail if it came true here: the file's short name and words of the title. */
const ANSWERED: Readonly<Record<number, readonly string[]>> = {
  1: ["once: a push that brings", "once: an unchanged rerun writes nothing", "properties: any change, any findings"],
  2: ["once: an unchanged rerun writes nothing"],
  3: ["once: a person answered, and the finding is still there"],
  4: ["once: a push that brings", "lines: a repair is suggested for exactly"],
  5: ["limits: comments: summary"],
  6: ["once: an unchanged rerun writes nothing", "limits: what was there before never fails"],
  7: ["events: a comment is the finding, its reason, its cure"],
  8: ["limits: comments: none leaves the page alone"],
  9: ["once: an unchanged rerun writes nothing", "budget: changed Python files of"],
  10: ["once: three unchanged callers of a helper", "once: all fixed: the summary turns clean in place"],
  11: ["events: a fine change passes in silence"],
  12: ["once: two runs at once leave one summary", "once: further summaries of our own are cleared away"],
  13: [ALWAYS],
  14: ["once: a new finding is one new comment in one new review"],
  15: ["limits: 25 comments at most", "limits: open comments count"],
  16: [ALWAYS, "events: one comment, one summary, a failing gate"],
  17: ["once: fixed, and resolving is not allowed"],
  18: ["limits: comments: none leaves the page alone"],
  19: ["once: the line of a finding leaves the diff", "once: fixed, and resolving is allowed"],
  20: ["once: a person answered: nothing in the thread is touched", "once: a file that cannot be read any more"],
  21: ["ladder: resolving claims to be possible and is refused"],
  22: [ALWAYS, "ladder: resolving claims to be possible and is refused"],
  23: ["once: a copied marker of ours is not ours"],
  24: ["once: all fixed: the summary turns clean in place"],
  25: ["once: many fixed at once", "once: force-push: old reviews now claim the new head"],
  26: ["once: force-push: old reviews now claim the new head"],
  27: ["properties: any change, any findings", "ladder: of many: the good ones are posted"],
  28: ["properties: any change, any findings", "ladder: refused for ever"],
  29: ["lines: may be the merge commit", "hostile: files changed by earlier steps"],
  30: [
    "lines: a renamed file brings nothing new",
    "lines: renamed and edited",
    "ladder: of many: the good ones are posted",
  ],
  31: ["lines: a call that reaches out of the hunk"],
  32: ["lines: a call over several lines", "fake-github: start line"],
  33: ["lines: only what the pull request itself brings counts"],
  34: [ALWAYS, "limits: 25 comments at most", "properties: any change, any findings"],
  35: ["lines: a repair is suggested for exactly"],
  36: ["ladder: of a fork: job summary, annotations"],
  37: ["ladder: of a job without the permission"],
  38: ["ladder: the summary cannot be written but the comments can", "ladder: threads cannot even be listed"],
  39: ["ladder: of Dependabot"],
  40: ["ladder: of a job without the permission", "ladder: for good while posting"],
  41: ["events: nothing to audit", "ladder: for good while reading: fails closed", "events: a token that may not read"],
  42: ["events: merge_group: gate and annotations", "events: merge_group without problems"],
  43: ["limits: a warning passes by default", "limits: what was there before never fails"],
  44: ["workflows: a workflow of ours never cancels", "once: a slow old run does not overwrite"],
  45: ["lines: more than 300 files", "lines: more than 3,000 files"],
  46: ["lines: what was there before is not blamed", "lines: a file whose patch GitHub does not show"],
  47: ["once: findings beyond the first page", "limits: a conversation of 230 threads"],
  48: ["ladder: 502 although the review was made", "ladder: 502 although the summary was made"],
  49: ["ladder: for ever: given up after a while", "ladder: the hour's requests are used up"],
  50: ["limits: hundreds of findings", "limits: a summary of three bytes a character"],
  51: ["once: two runs at once leave one summary", "once: a slow old run does not overwrite"],
  52: ["once: runs with different keys"],
  53: ["limits: warnings: ten annotations of a kind", "ladder: the first refusal decides"],
  54: [ALWAYS],
  55: ["events: a draft gets the summary alone"],
  56: [ALWAYS, "security: decorators and names in messages are in code"],
};

test("every complaint about other reviewers is answered by a test", () => {
  const told = [...text("CONTRIBUTING.md").matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
  expect(told).toEqual(Array.from({ length: 56 }, (_, index) => index + 1));
  expect(Object.keys(ANSWERED).map(Number)).toEqual(told);
  const wrong = Object.entries(ANSWERED).flatMap(([number, tests]) =>
    tests.filter((each) => !isThere(each)).map((each) => `${number}: ${each}`),
  );
  expect(wrong).toEqual([]);
});

test("the scenarios that run the built action are many", () => {
  const files = filesBelow("test", ".test.ts").filter((path) => path.startsWith("test/action."));
  const count = files.reduce(
    (sum, path) => sum + [...text(path).matchAll(/^\s*(?:scenario|test\.concurrent)\(/gm)].length,
    0,
  );
  // Those that are repeated in a loop count once here.
  expect(count).toBeGreaterThan(120);
});

function isThere(answer: string): boolean {
  const [file = "", ...words] = answer.split(": ");
  const path = file === "checks" ? "test/fake-github/checks.ts" : namesOf(file).find((name) => text(name) !== "");
  return path !== undefined && (file === "checks" || text(path).includes(words.join(": ")));
}

function namesOf(file: string): string[] {
  const all = filesBelow("test", ".test.ts");
  return [`test/action.${file}.test.ts`, `test/${file}.test.ts`].filter((path) => all.includes(path));
}
