import { describe, expect } from "vitest";
import type { Actor } from "./fake-github/checks.ts";
import { naps, openThreads, operations, places, scenario, summaries } from "./fake-github/checks.ts";
import type { Run } from "./fake-github/run-action.ts";
import type { Fault } from "./fake-github/server.ts";

const ONE = { "app.py": naps(["load"]) };
const TWO = { "app.py": naps(["load", "store"]) };
const MANY = { "app.py": naps(Array.from({ length: 12 }, (_, index) => `f${index}`)) };
const SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

/** Everything is still said: in the job summary and in annotations, and the gate has not changed. */
function expectAnnotations(run: Run, count = 1): void {
  expect(run.code).toBe(1);
  expect(run.outputs).toMatchObject({ verdict: "fail", introduced: String(count), delivery: "annotations" });
  expect(run.summary).toContain("time.sleep");
  const placed = run.commands.filter(({ name, properties }) => name === "error" && properties.file === "app.py");
  expect(placed).toHaveLength(Math.min(count, 8));
  for (const { message, properties } of placed) {
    expect(message).toContain("time.sleep");
    expect(Number(properties.line)).toBeGreaterThan(1);
  }
}

describe.concurrent("a token that may not write", () => {
  scenario(
    "of a fork: job summary, annotations, one notice with the recipe",
    { head: ONE, profile: "read-only", fork: true },
    async (world) => {
      const run = await world.run();
      expectAnnotations(run);
      expect(run.notices).toHaveLength(1);
      expect(run.notices[0]).toMatch(/fork/);
      expect(run.notices[0]).toContain("workflow_run");
      expect(run.notices[0]).toContain("pull_requests=write");
      expect(world.store.issueComments).toEqual([]);
      expect(run.outputs["sarif-file"]).toMatch(/\.sarif$/);
      expect(run.report?.findings).toHaveLength(1);
    },
  );

  scenario(
    "of Dependabot: the notice says what to do about that",
    { head: ONE, profile: "read-only" },
    async (world) => {
      const run = await world.run({ environment: { GITHUB_ACTOR: "dependabot[bot]" } });
      expectAnnotations(run);
      expect(run.notices).toHaveLength(1);
      expect(run.notices[0]).toContain("Dependabot");
      expect(run.notices[0]).toContain("pull-requests: write");
    },
  );

  scenario(
    "of a job without the permission: the notice names it",
    { head: ONE, profile: "read-only" },
    async (world) => {
      const run = await world.run();
      expectAnnotations(run);
      expect(run.notices).toHaveLength(1);
      expect(run.notices[0]).toContain("pull-requests: write");
      expect(run.notices[0]).not.toMatch(/fork|Dependabot/);
    },
  );

  scenario("the first refusal decides: nothing else is tried", { head: MANY, profile: "read-only" }, async (world) => {
    const run = await world.run();
    expect(run.writes).toHaveLength(1);
    expectAnnotations(run, 12);
    expect(run.errors.join("\n")).toMatch(/4 more findings/);
    expect(run.errors.length).toBeLessThanOrEqual(10);
  });

  scenario("a fork whose token may write after all: comments", { head: ONE, fork: true }, async (world) => {
    expect((await world.run()).outputs.delivery).toBe("review");
    expect(places(world.store)).toEqual(["app.py:5"]);
  });

  scenario("no token at all: a public repository is still reviewed", { head: ONE }, async (world) => {
    const run = await world.run({ inputs: { "github-token": "" } });
    expectAnnotations(run);
  });

  scenario("a token that is no longer valid: fails closed, and says which it was", { head: ONE }, async (world) => {
    const run = await world.run({ checkout: "none", inputs: { "github-token": "ghs_expired" } });
    expect(run.outputs.verdict).toBe("error");
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatch(/Bad credentials/);
    expect(run.errors[0]).toMatch(/github-token/);
    expect(run.stdout.replace(/^::add-mask::.*$/gm, "")).not.toContain("ghs_expired");
  });

  scenario(
    "valid when the review was made and not when it is posted: everything is said elsewhere",
    { head: ONE },
    async (world) => {
      world.github.before.set("graphql:Conversation", () => world.store.tokens.clear());
      expectAnnotations(await world.run({ checkout: "full" }));
    },
  );

  scenario("threads cannot even be listed: the same ladder", { head: ONE }, async (world) => {
    world.github.faults.push({
      operation: "graphql:Conversation",
      status: 403,
      message: "Resource not accessible by integration",
    });
    expectAnnotations(await world.run());
  });

  scenario(
    "resolving claims to be possible and is refused: no lie, no failure",
    { head: TWO, profile: "contents-write" },
    async (world) => {
      await world.run();
      world.push(ONE);
      const errors = [{ type: "FORBIDDEN", message: "Resource not accessible by integration" }];
      world.github.faults.push({ operation: "graphql:resolveReviewThread", status: 200, errors });
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
      expect(run.stdout).not.toMatch(/[Rr]esolved 1/);
      expect(openThreads(world.store)).toHaveLength(1);
      expect(world.store.reviewComments.map(({ body }) => body).join()).toContain("fixed in");
    },
  );
});

describe.concurrent("rate limits are not missing permissions", () => {
  const cases: [string, Fault][] = [
    [
      "403 with retry-after",
      { operation: "pulls/create-review", status: 403, message: SECONDARY, headers: { "retry-after": "3" } },
    ],
    ["403 without retry-after", { operation: "pulls/create-review", status: 403, message: SECONDARY }],
    [
      "429",
      { operation: "pulls/create-review", status: 429, message: "Too many requests", headers: { "retry-after": "3" } },
    ],
    [
      "422 too quickly",
      {
        operation: "pulls/create-review",
        status: 422,
        message: "Validation Failed",
        errors: [{ resource: "PullRequestReview", code: "custom", message: "was submitted too quickly" }],
      },
    ],
  ];
  for (const [name, fault] of cases) {
    scenario(`${name}, once: waited for, then posted`, { head: ONE }, async (world) => {
      world.github.faults.push({ ...fault, times: 1 });
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
      expect(places(world.store)).toEqual(["app.py:5"]);
    });

    scenario(`${name}, for ever: given up after a while, and told as what it is`, { head: ONE }, async (world) => {
      world.github.faults.push({ ...fault });
      const run = await world.run();
      expectAnnotations(run);
      expect(run.notices).toHaveLength(1);
      expect(run.notices[0]).toMatch(/rate limit holds until \d\d:\d\dZ/);
      expect(run.notices[0]).not.toContain("permission");
      expect(operations(run.writes).filter((each) => each === "pulls/create-review").length).toBeLessThanOrEqual(31);
    });
  }

  scenario("the hour's requests are used up: no waiting for an hour", { head: ONE }, async (world) => {
    const reset = String(Math.ceil(Date.now() / 1000) + 3000);
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
    world.github.faults.push({
      operation: "pulls/create-review",
      status: 403,
      message: "API rate limit exceeded",
      headers,
    });
    const run = await world.run();
    expectAnnotations(run);
    expect(run.writes).toHaveLength(1);
    expect(run.notices.join()).toContain("rate limit");
  });

  scenario("limited while reading: the review waits, too", { head: ONE }, async (world) => {
    world.github.faults.push({
      operation: "repos/compare-commits",
      status: 403,
      message: SECONDARY,
      headers: { "retry-after": "1" },
      times: 1,
    });
    expect((await world.run()).outputs).toMatchObject({ verdict: "fail", delivery: "review" });
  });
});

describe.concurrent("GitHub fails", () => {
  const fails: [string, (world: Actor) => void][] = [
    [
      "502 although the review was made",
      ({ github }) => github.faults.push({ operation: "pulls/create-review", status: 502, after: true, times: 1 }),
    ],
    [
      "502 and the review was not made",
      ({ github }) => github.faults.push({ operation: "pulls/create-review", status: 502, times: 1 }),
    ],
    [
      "502 although the summary was made",
      ({ github }) => github.faults.push({ operation: "issues/create-comment", status: 502, after: true, times: 1 }),
    ],
    [
      "502 and the summary was not made",
      ({ github }) => github.faults.push({ operation: "issues/create-comment", status: 502, times: 1 }),
    ],
    [
      "a page of threads that takes too long",
      ({ github }) => github.faults.push({ operation: "graphql:Conversation", status: 502, times: 1 }),
    ],
    ["500 while reading", ({ github }) => github.faults.push({ operation: "git/get-tree", status: 500, times: 1 })],
  ];
  for (const [name, fail] of fails) {
    scenario(`${name}: exactly once all the same`, { head: TWO }, async (world) => {
      fail(world);
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
      expect(places(world.store)).toEqual(["app.py:5", "app.py:9"]);
      expect(summaries(world.store)).toHaveLength(1);
    });
  }

  scenario("for good while posting: everything is said elsewhere", { head: ONE }, async (world) => {
    world.github.faults.push({ operation: /^(?:pulls\/create|issues\/)/, status: 503 });
    expectAnnotations(await world.run());
  });

  scenario("for good while reading: fails closed, and says so", { head: ONE }, async (world) => {
    world.github.faults.push({ operation: "repos/compare-commits", status: 503 });
    const run = await world.run();
    expect(run.outputs.verdict).toBe("error");
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatch(/cannot be read/);
  });

  scenario("for good while comments are read: the verdict stands", { head: ONE }, async (world) => {
    world.github.faults.push({ operation: "graphql:Conversation", status: 502 });
    expectAnnotations(await world.run());
  });
});

describe.concurrent("places that GitHub refuses", () => {
  for (const bad of [1, 2]) {
    scenario(
      `${bad} of many: the good ones are posted, the bad ones are in the summary`,
      { head: MANY },
      async (world) => {
        for (const line of [21, 45].slice(0, bad)) world.store.refusedPlaces.add(`app.py:${line}`);
        const run = await world.run();
        expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "12", delivery: "review" });
        // With several bad places some good ones may be given up with them: the search has an end.
        const posted = openThreads(world.store).length;
        expect(posted).toBeLessThanOrEqual(12 - bad);
        expect(posted).toBeGreaterThanOrEqual(bad === 1 ? 11 : 8);
        expect(operations(run.writes).filter((each) => each === "pulls/create-review").length).toBeLessThanOrEqual(8);
        expect(summaries(world.store).join()).toContain(`${posted} of 12`);
        expect(summaries(world.store).join()).toContain("app.py:21");
        expect((await world.run()).writes).toEqual([]);
      },
    );
  }

  scenario(
    "refused for ever: the summary has all of them, and few requests are made",
    { head: MANY },
    async (world) => {
      const errors = ["Line could not be resolved"];
      world.github.faults.push({
        operation: "pulls/create-review",
        status: 422,
        message: "Unprocessable Entity",
        errors,
      });
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "12" });
      expect(operations(run.writes).filter((each) => each === "pulls/create-review").length).toBeLessThanOrEqual(8);
      for (let index = 0; index < 12; index += 1)
        expect(summaries(world.store).join()).toContain(`app.py:${5 + 4 * index}`);
      const again = await world.run();
      expect(again.writes).toEqual([]);
    },
  );

  scenario("the pending review of another run of ours appears in between", { head: ONE }, async (world) => {
    world.github.faults.push({
      operation: "pulls/create-review",
      status: 422,
      message: "Unprocessable Entity",
      errors: ["User can only have one pending review per pull request"],
      times: 1,
    });
    expect((await world.run()).outputs.delivery).toBe("review");
    expect(places(world.store)).toEqual(["app.py:5"]);
  });

  scenario("the summary cannot be written but the comments can", { head: ONE }, async (world) => {
    world.github.faults.push({
      operation: "issues/create-comment",
      status: 403,
      message: "Resource not accessible by integration",
    });
    const run = await world.run();
    expect(run.code).toBe(1);
    expect(run.outputs.verdict).toBe("fail");
    expect(run.summary).toContain("time.sleep");
    expect(run.notices.join()).toMatch(/permission/);
  });
});
