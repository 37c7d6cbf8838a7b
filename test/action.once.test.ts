import { describe, expect, test } from "vitest";
import { FINE, naps, openThreads, operations, places, scenario, summaries } from "./fake-github/checks.ts";
import { addComment } from "./fake-github/reviews.ts";
import { makeWorld } from "./fake-github/scenario.ts";
import { BOT, commentsIn, HUMAN, type Review, type Store, type Thread } from "./fake-github/store.ts";

const ONE = { "app.py": naps(["load"]) };
const TWO = { "app.py": naps(["load", "store"]) };

/** The thread about the call in one function, by the line it stands on. */
function threadAt(store: Store, line: number): Thread {
  const found = store.threads.find((thread) => commentsIn(store, thread)[0]?.originalLine === line);
  if (found === undefined) throw new Error(`no thread on line ${line}`);
  return found;
}

function reply(store: Store, thread: Thread, body: string): void {
  const [first] = commentsIn(store, thread);
  if (first !== undefined) store.reviewComments.push({ ...first, id: store.nextId(), user: HUMAN, body });
}

/** What a reader would notice of the pull request. */
function conversation(store: Store): string {
  return JSON.stringify([store.reviewComments, store.issueComments, store.threads, store.reviews.length]);
}

describe.concurrent("nothing is said twice", () => {
  scenario("an unchanged rerun writes nothing and costs few requests", { head: TWO }, async (world) => {
    const first = await world.run();
    expect(first.requests.length).toBeLessThanOrEqual(6);
    const before = conversation(world.store);
    for (const checkout of ["full", "none"] as const) {
      const again = await world.run({ checkout });
      expect(again.writes).toEqual([]);
      expect(again.outputs).toMatchObject({ verdict: "fail", delivery: "review", introduced: "2" });
    }
    expect(conversation(world.store)).toBe(before);
  });

  const edits: [string, boolean, Record<string, string>][] = [
    ["lines above", false, { "app.py": `"""Words.\n\nMore words.\n"""\n${TWO["app.py"]}` }],
    [
      "lines in between",
      true,
      { "app.py": TWO["app.py"].replace("async def store", "LIMIT = 3\n\n\nasync def store") },
    ],
    ["a comment on the line", false, { "app.py": TWO["app.py"].replaceAll("sleep(1)", "sleep(1)  # wait") }],
    ["an unrelated file", true, { "other.py": FINE }],
    ["CRLF line ends", false, { "app.py": TWO["app.py"].replaceAll("\n", "\r\n") }],
  ];
  for (const [name, force, files] of edits) {
    scenario(`a push that brings ${name}${force ? ", forced" : ""}: no new comment`, { head: TWO }, async (world) => {
      await world.run();
      const before = world.store.reviewComments.map(({ id }) => id);
      world.push(force && !("app.py" in files) ? { ...TWO, ...files } : files, force);
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "2" });
      expect(world.store.reviewComments.map(({ id }) => id)).toEqual(before);
      expect(operations(run.writes)).not.toContain("pulls/create-review");
      expect(summaries(world.store)).toHaveLength(1);
    });
  }

  for (const force of [false, true]) {
    const base = { "app.py": `import time\n${"A = 1\n".repeat(30)}` };
    const text = `${base["app.py"]}${naps(["load", "store"]).replace("import time\n", "")}`;
    scenario(
      `a push that renames the file${force ? ", forced" : ""}: no new comment`,
      { base, head: { "app.py": text } },
      async (world) => {
        await world.run();
        const before = world.store.reviewComments.map(({ id }) => id);
        world.push({ "app.py": null, "pkg/app.py": text }, force);
        const run = await world.run();
        expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "2" });
        expect(world.store.reviewComments.map(({ id }) => id)).toEqual(before);
      },
    );
  }

  scenario("a new finding is one new comment in one new review", { head: ONE }, async (world) => {
    await world.run();
    world.push(TWO);
    const run = await world.run();
    expect(places(world.store)).toEqual(["app.py:5", "app.py:9"]);
    expect(operations(run.writes).filter((each) => each.startsWith("pulls/"))).toEqual(["pulls/create-review"]);
    expect(summaries(world.store)).toHaveLength(1);
  });

  scenario("findings beyond the first page of comments are still recognised", { head: TWO }, async (world) => {
    await world.run();
    const ours = world.store.reviewComments.splice(0);
    const threads = world.store.threads.splice(0);
    const issues = world.store.issueComments.splice(0);
    const review: Review = { id: 1, pull: 1, user: HUMAN, body: "", state: "COMMENTED", commit: world.pull.head };
    for (let index = 0; index < 150; index += 1) {
      const place = { path: "app.py", line: 1, side: "RIGHT", startLine: null, startSide: null } as const;
      addComment(world.store, world.pull, review, place, `Thought ${index}`, false);
      world.store.issueComments.push({
        id: index,
        issue: 1,
        user: HUMAN,
        body: `Word ${index}`,
        minimized: null,
        edits: 0,
      });
    }
    world.store.reviewComments.push(...ours);
    world.store.threads.push(...threads);
    world.store.issueComments.push(...issues);
    const run = await world.run();
    expect(run.writes).toEqual([]);
  });

  test.concurrent("two runs at once leave one summary, and after the next one comment for each finding", async () => {
    const world = await makeWorld({ head: TWO });
    await Promise.all([world.run(), world.run()]);
    expect(summaries(world.store)).toHaveLength(1);
    await world.run();
    expect(summaries(world.store)).toHaveLength(1);
    expect(places(world.store)).toEqual(["app.py:5", "app.py:9"]);
    expect((await world.run()).writes).toEqual([]);
    await world.close();
  });

  scenario("runs with different keys keep to their own comments", { head: ONE }, async (world) => {
    await world.run({ inputs: { "comment-key": "a" } });
    await world.run({ inputs: { "comment-key": "b" } });
    expect(summaries(world.store)).toHaveLength(2);
    for (const key of ["a", "b"]) expect((await world.run({ inputs: { "comment-key": key } })).writes).toEqual([]);
  });

  scenario("a slow old run does not overwrite what a newer one said", { head: ONE }, async (world) => {
    const old = world.pull.head;
    let pushed = false;
    world.github.before.set("graphql:Conversation", () => {
      if (!pushed) world.push({ "app.py": FINE });
      pushed = true;
    });
    const run = await world.run();
    expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "none" });
    expect(run.writes).toEqual([]);
    expect(run.notices.join()).toMatch(/head/i);
    expect(world.pull.head).not.toBe(old);
  });

  scenario(
    "the head moves right before the review is posted: nothing is left on lines that are not there",
    { head: ONE },
    async (world) => {
      world.github.before.set("pulls/create-review", () => {
        world.github.before.delete("pulls/create-review");
        world.push({ "app.py": FINE }, true);
      });
      const run = await world.run();
      expect(run.outputs.verdict).toBe("fail");
      expect(openThreads(world.store)).toEqual([]);
      await world.run();
      expect(openThreads(world.store)).toEqual([]);
    },
  );
});

describe.concurrent("threads follow their findings", () => {
  scenario(
    "fixed, and resolving is allowed: the one thread is resolved",
    { head: TWO, profile: "contents-write" },
    async (world) => {
      await world.run();
      world.push(ONE);
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
      expect(threadAt(world.store, 9).resolved).toBe(true);
      expect(threadAt(world.store, 5).resolved).toBe(false);
      expect(world.store.reviewComments).toHaveLength(2);
      expect((await world.run()).writes).toEqual([]);
    },
  );

  scenario("fixed, and resolving is not allowed: the comment says so and is hidden", { head: TWO }, async (world) => {
    await world.run();
    const head = world.push(ONE);
    const run = await world.run();
    const [comment] = commentsIn(world.store, threadAt(world.store, 9));
    expect(comment?.body).toContain(`fixed in \`${head.slice(0, 7)}\``);
    expect(comment?.minimized).toBe("outdated");
    expect(world.store.reviewComments).toHaveLength(2);
    expect(run.notices.join()).toContain("contents: write");
    expect((await world.run()).writes).toEqual([]);
  });

  scenario("all fixed: the summary turns clean in place", { head: ONE, profile: "contents-write" }, async (world) => {
    await world.run();
    const [before] = world.store.issueComments;
    world.push({ "app.py": FINE });
    const run = await world.run();
    expect(run.code).toBe(0);
    expect(world.store.issueComments).toHaveLength(1);
    expect(world.store.issueComments[0]?.id).toBe(before?.id);
    expect(summaries(world.store).join()).toContain("no problems");
    expect(summaries(world.store).join()).not.toContain("time.sleep");
    expect((await world.run()).writes).toEqual([]);
  });

  scenario(
    "fixed and back again: the same thread opens again",
    { head: ONE, profile: "contents-write" },
    async (world) => {
      await world.run();
      world.push({ "app.py": FINE });
      await world.run();
      world.push(ONE);
      await world.run();
      expect(openThreads(world.store)).toHaveLength(1);
      expect((await world.run()).writes).toEqual([]);
    },
  );

  scenario(
    "fixed and back again without the right to resolve: one comment that is true",
    { head: ONE },
    async (world) => {
      await world.run();
      world.push({ "app.py": FINE });
      await world.run();
      expect(openThreads(world.store)).toEqual([]);
      world.push(ONE);
      await world.run();
      expect(openThreads(world.store)).toHaveLength(1);
      expect(openThreads(world.store)[0]?.body).not.toContain("fixed in");
      expect((await world.run()).writes).toEqual([]);
    },
  );

  scenario(
    "a person answered: nothing in the thread is touched, the summary tells",
    { head: TWO, profile: "contents-write" },
    async (world) => {
      await world.run();
      reply(world.store, threadAt(world.store, 9), "We need this.");
      world.push(ONE);
      await world.run();
      const thread = threadAt(world.store, 9);
      expect(thread.resolved).toBe(false);
      expect(commentsIn(world.store, thread)).toHaveLength(2);
      expect(commentsIn(world.store, thread)[0]?.edits).toBe(0);
      expect(summaries(world.store).join()).toContain("replies");
    },
  );

  scenario(
    "a person answered, and the finding is still there: it is not posted again",
    { head: ONE },
    async (world) => {
      await world.run();
      reply(world.store, threadAt(world.store, 5), "Why?");
      expect((await world.run()).writes).toEqual([]);
    },
  );

  scenario("a person resolved it: respected, counted, named in code", { head: ONE }, async (world) => {
    await world.run();
    const thread = threadAt(world.store, 5);
    Object.assign(thread, { resolved: true, resolvedBy: HUMAN });
    const run = await world.run();
    expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
    expect(world.store.reviewComments).toHaveLength(1);
    expect(thread.resolved).toBe(true);
    expect(summaries(world.store).join()).toContain("`octocat`");
    expect((await world.run()).writes).toEqual([]);
  });

  scenario(
    "the line of a finding leaves the diff: its thread stays, nothing new",
    { base: { "app.py": "import time\n" }, head: ONE },
    async (world) => {
      await world.run();
      threadAt(world.store, 5).outdated = true;
      for (const comment of world.store.reviewComments) Object.assign(comment, { line: null, startLine: null });
      const run = await world.run();
      expect(world.store.reviewComments).toHaveLength(1);
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
      expect(summaries(world.store).join()).toContain("left the diff");
      expect((await world.run()).writes).toEqual([]);
    },
  );

  scenario(
    "force-push: old reviews now claim the new head, the new head is reviewed all the same",
    { head: ONE },
    async (world) => {
      await world.run();
      const head = world.push({ "app.py": naps(["load", "store"], 3) }, true);
      expect(world.store.reviews.every(({ commit }) => commit === head)).toBe(true);
      const run = await world.run();
      expect(run.outputs.introduced).toBe("2");
      expect(openThreads(world.store)).toHaveLength(2);
    },
  );

  scenario(
    "a file that cannot be read any more: its threads are left alone",
    { head: ONE, profile: "contents-write" },
    async (world) => {
      await world.run();
      world.push({ "app.py": `x = "${"a".repeat(1_100_000)}"\n` });
      const run = await world.run();
      expect(run.outputs.verdict).toBe("error");
      expect(threadAt(world.store, 5).resolved).toBe(false);
    },
  );

  scenario(
    "an ignore comment silences, and its thread is closed",
    { head: ONE, profile: "contents-write" },
    async (world) => {
      await world.run();
      world.push({
        "app.py": naps(["load"]).replace("sleep(1)", "sleep(1)  # pcr: ignore[blocking-call-in-async] short"),
      });
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "pass", introduced: "0" });
      expect(threadAt(world.store, 5).resolved).toBe(true);
      expect(run.summary).toContain("app.py:5");
    },
  );

  scenario(
    "an ignore comment that is taken away: reported as new",
    {
      base: { "app.py": naps(["load"]).replace("sleep(1)", "sleep(1)  # pcr: ignore[blocking-call-in-async] short") },
      head: ONE,
    },
    async (world) => {
      expect((await world.run()).outputs).toMatchObject({ verdict: "fail", introduced: "1" });
    },
  );

  scenario(
    "many fixed at once: resolved in few requests",
    { head: { "app.py": naps(Array.from({ length: 24 }, (_, index) => `f${index}`)) }, profile: "contents-write" },
    async (world) => {
      await world.run();
      expect(openThreads(world.store)).toHaveLength(24);
      world.push({ "app.py": FINE });
      const run = await world.run();
      expect(openThreads(world.store)).toEqual([]);
      expect(operations(run.writes).filter((each) => each === "graphql:resolveReviewThread")).toHaveLength(3);
    },
  );
});

describe.concurrent("one cause, one comment", () => {
  const helper = "import time\n\n\ndef pause():\n    time.sleep(1)\n";
  const caller = (name: string): string => `from helper import pause\n\n\nasync def ${name}():\n    pause()\n`;
  const quiet = {
    "helper.py": "def pause():\n    return 1\n",
    "a.py": caller("a"),
    "b.py": caller("b"),
    "c.py": caller("c"),
  };

  scenario(
    "three unchanged callers of a helper that now blocks: one comment on the helper, which follows them",
    { base: quiet, head: { "helper.py": helper }, profile: "contents-write" },
    async (world) => {
      const first = await world.run({ checkout: "full" });
      expect(first.outputs).toMatchObject({ verdict: "fail", introduced: "3", delivery: "review" });
      expect(places(world.store)).toEqual(["helper.py:5"]);
      const [comment] = openThreads(world.store);
      for (const place of ["a.py:5", "b.py:5", "c.py:5"]) expect(comment?.body).toContain(place);
      expect((await world.run({ checkout: "full" })).writes).toEqual([]);

      // One caller is mended: the comment is edited in place, without a new one.
      world.push({ "b.py": "from helper import pause\n\nb = pause\n" });
      const second = await world.run({ checkout: "full" });
      expect(second.outputs.introduced).toBe("2");
      expect(operations(second.writes)).not.toContain("pulls/create-review");
      expect(openThreads(world.store).map(({ id }) => id)).toEqual([comment?.id]);
      expect(openThreads(world.store)[0]?.body).not.toContain("b.py:5");
      expect((await world.run({ checkout: "full" })).writes).toEqual([]);

      world.push({ "helper.py": quiet["helper.py"] });
      expect((await world.run({ checkout: "full" })).outputs).toMatchObject({ verdict: "pass", introduced: "0" });
      expect(openThreads(world.store)).toEqual([]);
    },
  );
});

describe.concurrent("what others wrote is theirs", () => {
  test.concurrent("a copied marker of ours is not ours", async () => {
    const world = await makeWorld({ head: ONE, profile: "contents-write" });
    await world.run();
    const marked = world.store.reviewComments[0]?.body ?? "";
    const sticky = world.store.issueComments[0]?.body ?? "";
    world.store.reviewComments.splice(0);
    world.store.threads.splice(0);
    world.store.issueComments.splice(0);
    // A person may bear the name that GraphQL gives the bot.
    for (const user of [HUMAN, { login: "github-actions", bot: false }, { login: "other[bot]", bot: true }]) {
      const review: Review = {
        id: world.store.nextId(),
        pull: 1,
        user,
        body: "",
        state: "COMMENTED",
        commit: world.pull.head,
      };
      const place = { path: "app.py", line: 5, side: "RIGHT", startLine: null, startSide: null } as const;
      addComment(world.store, world.pull, review, place, marked, false);
      addComment(world.store, world.pull, review, place, marked.replace(/fp=\w+/, "fp=0000000000000000"), false);
      world.store.issueComments.push({
        id: world.store.nextId(),
        issue: 1,
        user,
        body: sticky,
        minimized: null,
        edits: 0,
      });
    }
    const theirs = JSON.stringify([world.store.reviewComments, world.store.issueComments]);
    const run = await world.run();
    expect(operations(run.writes)).toEqual(["pulls/create-review", "issues/create-comment"]);
    const left = [
      world.store.reviewComments.filter(({ user }) => user.login !== BOT.login),
      world.store.issueComments.filter(({ user }) => user.login !== BOT.login),
    ];
    expect(JSON.stringify(left)).toBe(theirs);
    await world.close();
  });

  scenario("further summaries of our own are cleared away, the oldest stays", { head: ONE }, async (world) => {
    await world.run();
    const [first] = world.store.issueComments;
    if (first !== undefined) world.store.issueComments.push({ ...first, id: world.store.nextId() });
    await world.run();
    expect(world.store.issueComments.map(({ id }) => id)).toEqual([first?.id]);
  });

  scenario("a review of ours that was begun and never submitted makes room", { head: ONE }, async (world) => {
    world.store.reviews.push({ id: 5, pull: 1, user: BOT, body: "", state: "PENDING", commit: world.pull.head });
    const run = await world.run();
    expect(run.outputs.delivery).toBe("review");
    expect(world.store.reviews.map(({ state }) => state)).toEqual(["COMMENTED"]);
    expect(places(world.store)).toEqual(["app.py:5"]);
  });

  scenario("a begun review of somebody else is none of our business", { head: ONE }, async (world) => {
    world.store.reviews.push({ id: 5, pull: 1, user: HUMAN, body: "Mine", state: "PENDING", commit: world.pull.head });
    await world.run();
    expect(world.store.reviews.map(({ state }) => state)).toEqual(["PENDING", "COMMENTED"]);
  });

  scenario(
    "we are the author of the pull request: comments are still allowed",
    { head: ONE, author: BOT },
    async (world) => {
      expect((await world.run()).outputs.delivery).toBe("review");
    },
  );

  scenario("a comment of ours that somebody deleted meanwhile is no fault", { head: TWO }, async (world) => {
    await world.run();
    world.push(ONE);
    world.github.faults.push({ operation: "pulls/update-review-comment", status: 404, message: "Not Found" });
    expect((await world.run()).outputs).toMatchObject({ verdict: "fail", introduced: "1" });
  });
});
