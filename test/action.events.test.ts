import { describe, expect, test } from "vitest";
import { pullJson } from "./fake-github/answers.ts";
import { FINE, naps, openThreads, operations, places, scenario, summaries } from "./fake-github/checks.ts";
import { makeWorld, type Options } from "./fake-github/scenario.ts";

const ONE = { "app.py": naps(["load"]) };
const LINE = "app.py:5";

describe.concurrent("pull_request", () => {
  for (const action of ["opened", "ready_for_review"]) {
    scenario(`${action}: one comment, one summary, a failing gate`, { head: ONE }, async (world) => {
      const run = await world.run({ payload: { action } });
      expect(run.code).toBe(1);
      expect(run.outputs).toMatchObject({
        verdict: "fail",
        introduced: "1",
        existing: "0",
        fixed: "0",
        "highest-severity": "error",
        delivery: "review",
      });
      expect(places(world.store)).toEqual([LINE]);
      expect(openThreads(world.store)[0]?.body).toContain("time.sleep");
      expect(summaries(world.store)).toHaveLength(1);
      expect(world.store.reviews.map(({ state }) => state)).toEqual(["COMMENTED"]);
      expect(run.summary).toContain("time.sleep");
    });
  }

  scenario("a comment is the finding, its reason, its cure, and nothing else", { head: ONE }, async (world) => {
    await world.run();
    const body = openThreads(world.store)[0]?.body ?? "";
    const parts = body.split("\n\n");
    expect(parts).toHaveLength(5);
    expect(parts[0]).toMatch(/^\*\*Error\*\* .*blocking-call-in-async.*`time\.sleep`/);
    expect(parts[2]).toMatch(/^\*\*Instead:\*\* .*asyncio\.sleep/);
    expect(parts[3]).toContain("# pcr: ignore[blocking-call-in-async] reason");
    expect(parts[4]).toMatch(/^<!-- pcr:v1 fp=\S+ rule=blocking-call-in-async.* -->$/);
    expect(body).not.toMatch(/!\[|<img|<details|\p{Extended_Pictographic}/u);
    expect(summaries(world.store).join()).not.toMatch(/!\[|<img|\p{Extended_Pictographic}/u);
  });

  scenario("a fine change passes in silence", { head: { "app.py": FINE } }, async (world) => {
    const run = await world.run();
    expect(run.code).toBe(0);
    expect(run.outputs).toMatchObject({
      verdict: "pass",
      introduced: "0",
      "highest-severity": "none",
      delivery: "review",
    });
    expect(run.writes).toEqual([]);
    expect(summaries(world.store)).toEqual([]);
  });

  scenario(
    "no Python changed: passes, reads nothing more than it must",
    { head: { "doc.md": "x\n" } },
    async (world) => {
      const run = await world.run();
      expect(run.code).toBe(0);
      expect(run.outputs).toMatchObject({ verdict: "pass", delivery: "none" });
      expect(run.writes).toEqual([]);
      expect(run.requests.length).toBeLessThanOrEqual(4);
    },
  );

  scenario("a draft gets the summary alone, and is gated", { head: ONE, draft: true }, async (world) => {
    const run = await world.run();
    expect(run.code).toBe(1);
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "summary-only" });
    expect(world.store.reviewComments).toEqual([]);
    expect(summaries(world.store).join()).toContain("time.sleep");
  });

  scenario("a closed one gets no writes", { head: ONE, open: false }, async (world) => {
    const run = await world.run({ payload: { action: "closed" } });
    expect(run.writes).toEqual([]);
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "none" });
  });

  scenario("closed while the review was made: no writes, the same verdict", { head: ONE }, async (world) => {
    world.github.before.set("graphql:Conversation", () => {
      world.pull.open = false;
    });
    const run = await world.run();
    expect(run.writes).toEqual([]);
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "none" });
  });

  scenario("of a fork that has been deleted meanwhile", { head: ONE, fork: true }, async (world) => {
    const { pull, store } = world;
    const given = pullJson(store, pull);
    const run = await world.run({
      checkout: "none",
      payload: { pull_request: { ...given, head: { ...Object(given.head), repo: null, user: null } } },
    });
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
  });

  for (const action of ["reopened", "edited", "labeled", "an action nobody knows yet"]) {
    scenario(`${action}: the same review`, { head: ONE }, async (world) => {
      await world.run();
      const run = await world.run({ payload: { action } });
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1", delivery: "review" });
      expect(run.writes).toEqual([]);
    });
  }

  scenario("nothing checked out: the API alone is enough", { head: ONE }, async (world) => {
    const run = await world.run({ checkout: "none" });
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
    expect(places(world.store)).toEqual([LINE]);
  });

  scenario("a full checkout: git alone is enough for the change", { head: ONE }, async (world) => {
    const run = await world.run({ checkout: "full" });
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
    expect(operations(run.requests)).not.toContain("repos/compare-commits");
    expect(places(world.store)).toEqual([LINE]);
  });

  scenario(
    "Enterprise Server: every address comes from the environment",
    { head: ONE, enterprise: true },
    async (world) => {
      const run = await world.run({ environment: { GITHUB_SERVER_URL: "https://ghe.example" } });
      expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
      expect(run.requests.every(({ address }) => address.startsWith("/api/"))).toBe(true);
      expect(`${summaries(world.store)}`).toContain("https://ghe.example/acme/shop/blob/");
      expect(`${summaries(world.store)}${run.summary}`).not.toContain("https://github.com/acme");
    },
  );

  scenario(
    "no job summary on this server: the log has the findings",
    { head: ONE, profile: "read-only" },
    async (world) => {
      const run = await world.run({ environment: { GITHUB_STEP_SUMMARY: "" } });
      expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "log" });
      expect(run.stdout).toMatch(/app\.py:5: error: .*time\.sleep/);
    },
  );
});

describe.concurrent("other events", () => {
  scenario(
    "pull_request_target: reviewed through the API, nothing read from the workspace",
    { head: ONE, fork: true },
    async (world) => {
      const run = await world.run({ event: "pull_request_target", checkout: "none" });
      expect(run.code).toBe(1);
      expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
      expect(places(world.store)).toEqual([LINE]);
    },
  );

  scenario("merge_group: gate and annotations, no comments", { head: ONE }, async (world) => {
    const run = await world.run({ event: "merge_group", payload: mergeGroup(world.base, world.pull.head) });
    expect(run.code).toBe(1);
    expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1", delivery: "annotations" });
    expect(run.errors.join()).toContain("time.sleep");
    expect(run.writes).toEqual([]);
    expect(run.summary).toContain(LINE);
  });

  scenario("merge_group without problems passes", { head: { "app.py": FINE } }, async (world) => {
    const run = await world.run({ event: "merge_group", payload: mergeGroup(world.base, world.pull.head) });
    expect(run.code).toBe(0);
    expect(run.outputs).toMatchObject({ verdict: "pass" });
  });

  scenario(
    "push: compares with what was there before",
    { base: { "old.py": naps(["old"]) }, head: ONE },
    async (world) => {
      const after = world.advance(ONE);
      const run = await world.run({ event: "push", payload: { before: world.base, after } });
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1", delivery: "annotations" });
      expect(run.errors.join()).toContain("time.sleep");
      expect(run.writes).toEqual([]);
    },
  );

  scenario("push of a new branch: compares with the default branch", { head: ONE }, async (world) => {
    const payload = { ref: "refs/heads/topic", before: "0".repeat(40), after: world.pull.head };
    const run = await world.run({ event: "push", payload });
    expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
  });

  scenario("push whose before is gone: compares with the default branch", { head: ONE }, async (world) => {
    const payload = { ref: "refs/heads/topic", before: "1".repeat(40), after: world.pull.head };
    const run = await world.run({ event: "push", payload });
    expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
  });

  scenario("push that deletes a branch: nothing to do", { head: ONE }, async (world) => {
    const run = await world.run({ event: "push", payload: { deleted: true, after: "0".repeat(40) } });
    expect(run.code).toBe(0);
    expect(run.outputs).toMatchObject({ verdict: "pass", delivery: "none" });
    expect(run.requests).toEqual([]);
  });

  for (const event of ["workflow_dispatch", "schedule"]) {
    scenario(`${event}: the whole checkout`, { base: { "old.py": naps(["old"]) }, head: ONE }, async (world) => {
      const run = await world.run({ event });
      expect(run.code).toBe(1);
      expect(run.outputs).toMatchObject({ verdict: "fail", existing: "2", delivery: "annotations" });
      expect(run.report?.mode).toBe("audit");
      expect(run.requests).toEqual([]);
      expect(run.notices).toEqual([]);
    });
  }

  scenario("workflow_dispatch with pull-number: that pull request", { head: ONE }, async (world) => {
    const run = await world.run({ event: "workflow_dispatch", checkout: "none", inputs: { "pull-number": "1" } });
    expect(run.code).toBe(1);
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
    expect(places(world.store)).toEqual([LINE]);
  });

  scenario("an event nobody thought of: audited with a notice", { head: ONE }, async (world) => {
    const run = await world.run({ event: "gollum" });
    expect(run.outputs).toMatchObject({ verdict: "fail", existing: "1" });
    expect(run.notices.join()).toContain("gollum");
  });

  scenario(
    "workflow_run, mode post: comments with the second token, and is no gate",
    { head: ONE, fork: true },
    async (world) => {
      const run = await world.run({ event: "workflow_run", checkout: "none", inputs: { mode: "post" } });
      expect(run.code).toBe(0);
      expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
      expect(places(world.store)).toEqual([LINE]);
    },
  );

  scenario("workflow_run whose head has moved on: nothing is written", { head: ONE, fork: true }, async (world) => {
    const old = world.pull.head;
    world.push({ "other.py": FINE });
    const run = await world.run(posting(old, "stranger"));
    expect(run.code).toBe(0);
    expect(run.writes).toEqual([]);
    expect(run.outputs).toMatchObject({ verdict: "error", delivery: "none" });
    expect(run.notices.join()).toContain("head");
  });

  scenario(
    "workflow_run with a pull request of the same name in another fork: it is not taken for it",
    { head: ONE, fork: true },
    async (world) => {
      const run = await world.run(posting(world.pull.head, "mallory"));
      expect(run.writes).toEqual([]);
    },
  );
});

describe.concurrent("faults of the set-up fail closed, with a sentence", () => {
  const cases: [string, Parameters<typeof scenario>[1], Record<string, unknown>, RegExp][] = [
    ["a broken event file", { head: ONE }, { payloadText: "{" }, /event/i],
    ["a wrong input", { head: ONE }, { inputs: { "fail-on": "sometimes" } }, /fail-on/],
    ["a mistyped mode", { head: ONE }, { inputs: { mode: "revue" } }, /mode/],
    [
      "a workspace path that leads out",
      { head: ONE },
      { inputs: { "working-directory": "../x" } },
      /working-directory/,
    ],
    ["a report outside of the workspace", { head: ONE }, { inputs: { "report-file": "../../x.json" } }, /report-file/],
    ["a broken configuration in the base", { base: { "pcr.toml": "select = 3\n" }, head: ONE }, {}, /pcr\.toml/],
    ["a Python version that is none", { head: ONE }, { inputs: { "python-version": "eleven" } }, /python-version/],
    ["a token that may not read", { head: ONE, profile: "none" }, { checkout: "none" }, /contents: read/],
    ["no token at all for a pull request", { head: ONE }, { checkout: "none", tokenless: true }, /token/],
    [
      "a pull request that does not exist",
      { head: ONE },
      { event: "workflow_dispatch", inputs: { "pull-number": "99" } },
      /99/,
    ],
    ["nothing to audit", { head: ONE }, { event: "schedule", checkout: "none" }, /checkout/],
  ];
  for (const [name, setup, options, words] of cases) {
    test.concurrent(name, async () => {
      const world = await makeWorld(setup);
      const { tokenless, payloadText, ...rest } = options;
      if (tokenless === true) {
        world.github.faults.push({ operation: /./, status: 401, message: "Requires authentication" });
        Object.assign(rest, { inputs: { "github-token": "" } });
      }
      if (typeof payloadText === "string") {
        Object.assign(rest, { environment: { GITHUB_EVENT_PATH: "/nonexistent/event.json" } });
      }
      const run = await world.run(rest);
      expect(run.code, run.stdout).toBe(1);
      expect(run.outputs.verdict).toBe("error");
      expect(run.errors).toHaveLength(1);
      expect(run.errors[0]).toMatch(words);
      expect(run.errors[0]).not.toMatch(/internal error|undefined|\[object/);
      expect(run.writes).toEqual([]);
      await world.close();
    });
  }

  scenario(
    "a Python file that cannot be read is an error, not silence",
    { head: { "app.py": `x = "${"a".repeat(1_100_000)}"\n` } },
    async (world) => {
      const run = await world.run();
      expect(run.code).toBe(1);
      expect(run.outputs.verdict).toBe("error");
      expect(run.errors.join()).toContain("app.py");
    },
  );

  scenario(
    "a broken configuration that the pull request brings only warns",
    { head: { ...ONE, "pcr.toml": "select = 3\n" } },
    async (world) => {
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
      expect(run.summary).toContain("pcr.toml");
    },
  );
});

function mergeGroup(base: string, head: string): Record<string, unknown> {
  return {
    merge_group: {
      head_sha: head,
      base_sha: base,
      base_ref: "refs/heads/main",
      head_ref: "refs/heads/gh-readonly-queue/main/pr-1",
    },
  };
}

/** The second stage after a run for the branch `topic` of somebody's fork. */
function posting(head: string, owner: string): Options {
  const run = {
    event: "pull_request",
    head_sha: head,
    head_branch: "topic",
    head_repository: { owner: { login: owner } },
  };
  return { event: "workflow_run", checkout: "none", inputs: { mode: "post" }, payload: { workflow_run: run } };
}
