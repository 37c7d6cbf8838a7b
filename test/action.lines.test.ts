import { describe, expect } from "vitest";
import { FINE, naps, openThreads, operations, places, scenario, summaries } from "./fake-github/checks.ts";
import type { Checkout } from "./fake-github/scenario.ts";

const CHECKOUTS: Checkout[] = ["merge", "full", "none"];

/** A module long enough for hunks to be apart. */
function long(names: readonly string[], lines = 40): string {
  const parts = names.map((name) => `\n\nasync def ${name}():\n    time.sleep(1)\n`);
  return `import time\n${parts.join("")}${Array.from({ length: lines }, (_, index) => `VALUE_${index} = ${index}\n`).join("")}`;
}

describe.concurrent("comments stand on the head's lines", () => {
  for (const checkout of CHECKOUTS) {
    // The base branch has grown above the finding: in the merge commit it lies lower than in the head.
    scenario(
      `the checkout (${checkout}) may be the merge commit`,
      {
        base: { "app.py": `${"A = 1\n".repeat(30)}` },
        head: { "app.py": `${"A = 1\n".repeat(30)}${naps(["load"])}` },
        since: { "other.py": FINE },
      },
      async (world) => {
        await world.run({ checkout });
        expect(places(world.store)).toEqual(["app.py:35"]);
      },
    );

    scenario(
      `only what the pull request itself brings counts, not what was merged since (${checkout})`,
      {
        base: { "app.py": FINE, "theirs.py": FINE },
        head: { "app.py": naps(["mine"]) },
        since: { "theirs.py": naps(["theirs", "again"]) },
      },
      async (world) => {
        const run = await world.run({ checkout });
        expect(run.outputs).toMatchObject({ introduced: "1" });
        expect(places(world.store)).toEqual(["app.py:5"]);
        expect(run.summary).not.toContain("theirs.py");
      },
    );

    scenario(
      `what was there before is not blamed on the change (${checkout})`,
      { base: { "app.py": long(["old"]) }, head: { "app.py": long(["old", "fresh"]) } },
      async (world) => {
        const run = await world.run({ checkout });
        expect(run.outputs).toMatchObject({ introduced: "1", existing: "1", fixed: "0", verdict: "fail" });
        expect(places(world.store)).toEqual(["app.py:9"]);
      },
    );

    scenario(
      `a renamed file brings nothing new (${checkout})`,
      { base: { "old.py": long(["old"]) }, head: { "old.py": null, "pkg/new.py": long(["old"]) } },
      async (world) => {
        const run = await world.run({ checkout });
        expect(run.outputs).toMatchObject({ verdict: "pass", introduced: "0", existing: "1" });
        expect(run.writes).toEqual([]);
      },
    );
  }

  scenario(
    "renamed and edited: the new finding alone, on the new path",
    { base: { "old.py": long(["old"]) }, head: { "old.py": null, "new.py": long(["old", "fresh"]) } },
    async (world) => {
      const run = await world.run();
      expect(run.outputs).toMatchObject({ introduced: "1", existing: "1" });
      expect(places(world.store)).toEqual(["new.py:9"]);
    },
  );

  scenario("fixing counts as fixed", { base: { "app.py": naps(["old"]) }, head: { "app.py": FINE } }, async (world) => {
    const run = await world.run();
    expect(run.outputs).toMatchObject({ verdict: "pass", introduced: "0", fixed: "1" });
    expect(world.store.reviewComments).toEqual([]);
  });

  scenario(
    "a deleted file: fixed, and no comment on what is gone",
    { base: { "app.py": naps(["old"]) }, head: { "app.py": null } },
    async (world) => {
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "pass", introduced: "0" });
      expect(world.store.reviewComments).toEqual([]);
    },
  );

  for (const [name, text] of [
    ["CRLF", naps(["load"]).replaceAll("\n", "\r\n")],
    ["a byte order mark", `\uFEFF${naps(["load"])}`],
    ["no newline at the end", naps(["load"]).trimEnd()],
    ["form feeds and tabs", naps(["load"]).replace("    ", "\t")],
    ["text outside of the BMP", naps(["load"]).replace("sleep(1)", "sleep(1)  # 🐍🐍")],
  ] as const) {
    scenario(`${name}: the right line`, { head: { "app.py": text } }, async (world) => {
      await world.run();
      expect(places(world.store)).toEqual(["app.py:5"]);
    });
  }

  scenario(
    "a path with spaces, brackets and umlauts",
    { head: { "app dir/ü (1)[x].py": naps(["load"]) } },
    async (world) => {
      const run = await world.run();
      expect(run.outputs.delivery).toBe("review");
      expect(places(world.store)).toEqual(["app dir/ü (1)[x].py:5"]);
      const [link = ""] = /https:\/\/github\.com\/acme\/shop\/blob\/[^)\s]+/.exec(`${summaries(world.store)}`) ?? [];
      expect(decodeURIComponent(link)).toContain("app dir/ü (1)[x].py");
    },
  );

  scenario(
    "a call over several lines is marked as a whole",
    { head: { "app.py": "import time\n\n\nasync def load():\n    time.sleep(\n        1 +\n        2\n    )\n" } },
    async (world) => {
      await world.run();
      expect(openThreads(world.store).map(({ startLine, line }) => [startLine, line])).toEqual([[5, 8]]);
    },
  );

  for (const [name, end, suggested] of [
    ["a plain line feed", "\n", true],
    ["CRLF, which GitHub would mix", "\r\n", false],
  ] as const) {
    scenario(
      `a repair is suggested for exactly the comment's lines, with ${name}: ${suggested}`,
      {
        head: {
          "app.py": `import asyncio\n${naps(["load"])}\n\nasync def rest():\n    await asyncio.sleep(0)\n`.replaceAll(
            "\n",
            end,
          ),
        },
      },
      async (world) => {
        await world.run();
        expect(openThreads(world.store).map(({ startLine, line }) => [startLine, line])).toEqual([[null, 6]]);
        const block = /```suggestion\n(.*)\n```/.exec(openThreads(world.store)[0]?.body ?? "")?.[1] ?? null;
        expect(block).toBe(suggested ? "    await asyncio.sleep(1)" : null);
        expect((await world.run()).writes).toEqual([]);
      },
    );
  }

  scenario(
    "a call that reaches out of the hunk is clamped to it",
    {
      base: {
        "app.py": `import time\n\n\nasync def load(wait):\n    wait(\n${"        1 +\n".repeat(12)}        2\n    )\n`,
      },
      head: {
        "app.py": `import time\n\n\nasync def load(wait):\n    time.sleep(\n${"        1 +\n".repeat(12)}        2\n    )\n`,
      },
    },
    async (world) => {
      const run = await world.run();
      expect(run.outputs).toMatchObject({ introduced: "1", delivery: "review" });
      expect(places(world.store)).toEqual(["app.py:5"]);
    },
  );
});

describe.concurrent("what the change does elsewhere", () => {
  const base = {
    "app.py": `from helper import load\n\n\n${"A = 1\n".repeat(20)}\n\nasync def view():\n    load()\n`,
    "helper.py": "def load():\n    return 1\n",
  };
  scenario(
    "a helper that now blocks is commented on where it was changed, although its caller was not",
    { base, head: { "helper.py": "import time\n\n\ndef load():\n    time.sleep(1)\n" } },
    async (world) => {
      const run = await world.run({ checkout: "full" });
      expect(Number(run.outputs.introduced)).toBeGreaterThan(0);
      expect(run.outputs.delivery).toBe("review");
      expect(places(world.store)).toEqual(["helper.py:5"]);
      expect(openThreads(world.store)[0]?.body).toContain("app.py");
    },
  );

  scenario(
    "the same without git: the caller is read through the API",
    { base, head: { "helper.py": "import time\n\n\ndef load():\n    time.sleep(1)\n" } },
    async (world) => {
      await world.run({ checkout: "none" });
      expect(places(world.store)).toEqual(["helper.py:5"]);
    },
  );
});

describe.concurrent("large and odd changes", () => {
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`data/f${index}.txt`, `${index}\n`]));

  for (const checkout of ["merge", "none"] as const) {
    scenario(`more than 300 files (${checkout})`, { head: { ...many(320), "z.py": naps(["load"]) } }, async (world) => {
      const run = await world.run({ checkout });
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1", delivery: "review" });
      expect(places(world.store)).toEqual(["z.py:5"]);
      expect(run.requests.length).toBeLessThan(20);
    });
  }

  scenario(
    "more than 3,000 files: what GitHub does not list is reviewed and told all the same",
    { head: { ...many(3010), "z.py": naps(["load"]) } },
    async (world) => {
      const run = await world.run({ checkout: "none" });
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
      expect(run.summary).toContain("z.py:5");
      expect(`${summaries(world.store)}${world.store.reviewComments.map(({ body }) => body)}`).toContain("time.sleep");
      expect(operations(run.requests).filter((each) => each === "pulls/list-files").length).toBeLessThanOrEqual(31);
    },
  );

  for (const checkout of CHECKOUTS) {
    scenario(
      `a file whose patch GitHub does not show (${checkout}): a comment on the file`,
      { base: { "app.py": long(["old"]) }, head: { "app.py": long(["old", "fresh"]) } },
      async (world) => {
        world.store.withoutPatch.add("app.py");
        const run = await world.run({ checkout });
        expect(run.outputs).toMatchObject({ introduced: "1", existing: "1", delivery: "review" });
        expect(places(world.store)).toEqual(["app.py:file"]);
        expect(openThreads(world.store)[0]?.body).toContain("app.py:9");
      },
    );
  }

  scenario(
    "a tree that GitHub cuts off: fails closed and says what to do",
    { head: { "app.py": naps(["load"]) } },
    async (world) => {
      world.store.mostTreeEntries = 1;
      const run = await world.run({ checkout: "none" });
      expect(run.outputs.verdict).toBe("error");
      expect(run.errors.join()).toContain("fetch-depth");
    },
  );

  scenario(
    "a link in place of a module is not followed",
    { head: { "app.py": { mode: "120000", text: "/etc/passwd" }, "ok.py": FINE } },
    async (world) => {
      const run = await world.run();
      expect(run.outputs.verdict).toBe("pass");
      expect(`${run.summary}${run.stdout}`).not.toContain("root:");
    },
  );

  scenario(
    "a submodule is no file",
    { head: { "lib.py": { mode: "160000", text: "1".repeat(40) }, "ok.py": FINE } },
    async (world) => {
      expect((await world.run()).outputs.verdict).toBe("pass");
    },
  );
});
