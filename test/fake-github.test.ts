import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allOperations, findOperation } from "./fake-github/openapi.ts";
import { HANDLERS } from "./fake-github/rest.ts";
import { makeWorld, type World } from "./fake-github/scenario.ts";
import { BOT, HUMAN, PROFILES, push, TOKEN } from "./fake-github/store.ts";

const BASE = Array.from({ length: 60 }, (_, index) => `line ${index + 1}\n`).join("");
const HEAD = BASE.replace("line 5\n", "changed 5\nadded 6\n").replace("line 40\n", "");

let world: World;
beforeAll(async () => {
  world = await makeWorld({
    base: { "a.py": BASE, "big.py": "x\n", "old.py": BASE, "gone.py": "only here\n" },
    head: { "a.py": HEAD, "big.py": "y\n", "old.py": null, "new.py": BASE, "gone.py": null, "n.py": "1\n2\n" },
    profile: "contents-write",
  });
  world.store.withoutPatch.add("big.py");
  world.store.tokens.set("reader", PROFILES["read-only"]);
  world.store.tokens.set("person", { ...PROFILES["pr-write"], user: HUMAN });
});
afterAll(() => world.close());

interface Reply {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever GitHub answers
  body: any;
  link: string | null;
  headers: Headers;
}

async function ask(method: string, path: string, body?: unknown, token: string | null = TOKEN): Promise<Reply> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `token ${token}` };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${world.github.url}${path}`, { method, headers, ...sent });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? null : JSON.parse(text),
    link: response.headers.get("link"),
    headers: response.headers,
  };
}

const HOME = "/repos/acme/shop";
const review = (comment: object, more: object = {}, token = TOKEN): Promise<Reply> =>
  ask(
    "POST",
    `${HOME}/pulls/1/reviews`,
    { event: "COMMENT", body: "words", comments: [{ body: "b", ...comment }], ...more },
    token,
  );
const graph = (query: string, variables: object = {}, token = TOKEN): Promise<Reply> =>
  ask("POST", "/graphql", { query, variables }, token);

describe("against GitHub's own description", () => {
  test("every operation that is described is there, and no other", () => {
    expect(Object.keys(HANDLERS).sort()).toEqual(
      allOperations()
        .map(({ id }) => id)
        .sort(),
    );
  });

  test("wrong requests are noticed", () => {
    const found = findOperation("POST", `${HOME}/pulls/1/reviews`);
    const faults = (body: unknown, query = {}): string[] =>
      found?.operation.faultsOf({ path: found.path, query, body }) ?? [];
    expect(faults({ event: "COMMENT", body: "x", comments: [] })).toEqual([]);
    expect(faults({ event: "NONSENSE" }).join()).toContain("event");
    expect(faults({ comments: [{ path: "a" }] }).join()).toContain("body");
    expect(faults({ evnt: "COMMENT" }).join()).toContain("evnt");
    expect(faults({}, { per_page: "2" }).join()).toContain("per_page");
    expect(findOperation("POST", `${HOME}/nonsense`)).toBeNull();
    const listed = findOperation("GET", `${HOME}/pulls/1/files`);
    expect(listed?.operation.faultsOf({ path: listed.path, query: { per_page: "many" }, body: null }).join()).toContain(
      "per_page",
    );
  });

  test("answers of every operation are as described", async () => {
    const made = await review({ path: "n.py", line: 1 });
    expect(made.status).toBe(200);
    const single = await ask("POST", `${HOME}/pulls/1/comments`, {
      body: "b",
      commit_id: world.pull.head,
      path: "n.py",
      line: 2,
      side: "RIGHT",
    });
    expect(single.status).toBe(201);
    const onFile = await ask("POST", `${HOME}/pulls/1/comments`, {
      body: "b",
      commit_id: world.pull.head,
      path: "big.py",
      subject_type: "file",
    });
    expect(onFile.status).toBe(201);
    const id = single.body.id;
    expect((await ask("POST", `${HOME}/pulls/1/comments/${id}/replies`, { body: "r" })).status).toBe(201);
    expect((await ask("PATCH", `${HOME}/pulls/comments/${id}`, { body: "c" })).body.body).toBe("c");
    expect((await ask("DELETE", `${HOME}/pulls/comments/${onFile.body.id}`)).status).toBe(204);
    const begun = await ask("POST", `${HOME}/pulls/1/reviews`, { body: "later" });
    expect(begun.body.state).toBe("PENDING");
    expect((await ask("DELETE", `${HOME}/pulls/1/reviews/${begun.body.id}`)).status).toBe(200);
    const comment = await ask("POST", `${HOME}/issues/1/comments`, { body: "hello" });
    expect((await ask("PATCH", `${HOME}/issues/comments/${comment.body.id}`, { body: "hi" })).status).toBe(200);
    expect((await ask("DELETE", `${HOME}/issues/comments/${comment.body.id}`)).status).toBe(204);
    const [sha] = world.store.origin
      .tree(world.pull.head)
      .flatMap(({ path, sha: each }) => (path === "n.py" ? [each] : []));
    for (const path of [
      "",
      "/pulls",
      "/pulls?head=acme:topic&state=open",
      "/pulls/1",
      "/pulls/1/files",
      "/pulls/1/reviews",
      "/pulls/1/comments",
      "/issues/1/comments",
      "/compare/main...topic",
      `/git/trees/${world.pull.head}?recursive=1`,
      `/git/blobs/${sha}`,
      `/contents/n.py?ref=${world.pull.head}`,
    ]) {
      expect((await ask("GET", `${HOME}${path}`)).status, path).toBe(200);
    }
    world.store.tokens.set("issues", PROFILES["issues-write"]);
    const issue = await ask("POST", `${HOME}/issues`, { title: "t", body: "b" }, "issues");
    expect(issue.status).toBe(201);
    expect(
      (await ask("PATCH", `${HOME}/issues/${issue.body.number}`, { body: "c", state: "closed" }, "issues")).body.state,
    ).toBe("closed");
    expect((await ask("GET", `${HOME}/issues?state=all`, undefined, "issues")).body).toHaveLength(1);
    expect(world.github.complaints).toEqual([]);
    expect(new Set(world.github.requests.map(({ operation }) => operation))).toEqual(new Set(Object.keys(HANDLERS)));
  });
});

describe("places", () => {
  const cases: [string, object, string | null][] = [
    ["an added line", { path: "a.py", line: 6 }, null],
    ["a line of context", { path: "a.py", line: 3 }, null],
    ["a range", { path: "a.py", start_line: 5, line: 6, start_side: "RIGHT", side: "RIGHT" }, null],
    ["a removed line on the left", { path: "a.py", line: 40, side: "LEFT" }, null],
    [
      "a removed line on the right",
      { path: "a.py", line: 60, side: "RIGHT" },
      "Pull request review thread line must be part of the diff",
    ],
    ["between the hunks", { path: "a.py", line: 20 }, "Pull request review thread line must be part of the diff"],
    [
      "a range over two hunks",
      { path: "a.py", start_line: 6, line: 40, start_side: "RIGHT" },
      "Pull request review thread start line must be part of the same hunk as the line.",
    ],
    [
      "a range of one line",
      { path: "a.py", start_line: 6, line: 6, start_side: "RIGHT" },
      "Pull request review thread start line must precede the end line.",
    ],
    ["a file that is not in the diff", { path: "other.py", line: 1 }, "Path could not be resolved"],
    ["a file without a patch", { path: "big.py", line: 1 }, "Pull request review thread diff hunk can't be blank"],
    [
      "a file that was only renamed",
      { path: "new.py", line: 1 },
      "Pull request review thread diff hunk can't be blank",
    ],
    [
      "a deleted file's right side",
      { path: "gone.py", line: 1 },
      "Pull request review thread line must be part of the diff",
    ],
    ["a file comment in a review", { path: "a.py", subject_type: "file" }, '"subject_type" is not a permitted key.'],
  ];
  test.each(cases)("%s", async (_, comment, refusal) => {
    const { status, body } = await review(comment);
    expect([status, body.errors?.[0] ?? null]).toEqual(refusal === null ? [200, null] : [422, refusal]);
  });

  test("one bad place sinks the whole review, and nothing of it is left", async () => {
    const before = world.store.reviewComments.length;
    const comments = [
      { path: "a.py", line: 6, body: "good" },
      { path: "a.py", line: 20, body: "bad" },
    ];
    const { status } = await ask("POST", `${HOME}/pulls/1/reviews`, { event: "COMMENT", body: "x", comments });
    expect(status).toBe(422);
    expect(world.store.reviewComments).toHaveLength(before);
  });
});

describe("rules of reviews", () => {
  const refusals: [string, object, string][] = [
    ["approval by a bot", { event: "APPROVE" }, "GitHub Actions is not permitted to approve pull requests."],
    ["a commit that is not there", { commit_id: "1".repeat(40) }, "No commit found for SHA"],
    ["a body that is too long", { body: "x".repeat(65_537) }, "Body is too long (maximum is 65536 characters)"],
  ];
  test.each(refusals)("%s", async (_, more, message) => {
    const { status, body } = await review({ path: "a.py", line: 6 }, more);
    expect([status, body.errors]).toEqual([422, [message]]);
  });

  test("one pending review for each user, which also blocks others", async () => {
    const begun = await ask("POST", `${HOME}/pulls/1/reviews`, {
      comments: [{ path: "a.py", line: 6, body: "hidden" }],
    });
    expect((await review({ path: "a.py", line: 6 })).body.errors).toEqual([
      "User can only have one pending review per pull request",
    ]);
    expect((await review({ path: "a.py", line: 6 }, {}, "person")).status).toBe(200);
    const seen = await ask("GET", `${HOME}/pulls/1/comments?per_page=100`, undefined, "person");
    expect(JSON.stringify(seen.body)).not.toContain("hidden");
    expect((await ask("DELETE", `${HOME}/pulls/1/reviews/${begun.body.id}`)).status).toBe(200);
    expect((await review({ path: "a.py", line: 6 })).status).toBe(200);
  });

  test("changes cannot be requested on one's own pull request", async () => {
    const { body } = await review({ path: "a.py", line: 6 }, { event: "REQUEST_CHANGES" }, "person");
    expect(body.errors).toEqual(["Review Can not request changes on your own pull request"]);
  });
});

describe("permissions", () => {
  test("a refusal names the permission", async () => {
    const { status, body, headers } = await review({ path: "a.py", line: 6 }, {}, "reader");
    expect([status, body.message]).toEqual([403, "Resource not accessible by integration"]);
    expect(headers.get("x-accepted-github-permissions")).toBe("pull_requests=write");
  });

  test("no token reads, a wrong one does not", async () => {
    expect((await ask("GET", `${HOME}/pulls/1`, undefined, null)).status).toBe(200);
    expect((await ask("GET", `${HOME}/pulls/1`, undefined, "stolen")).status).toBe(401);
    expect((await ask("POST", `${HOME}/issues/1/comments`, { body: "x" }, null)).status).toBe(401);
    expect((await ask("POST", "/graphql", { query: "{ viewer { login } }" }, null)).status).toBe(401);
  });

  test("threads can be resolved with contents: write alone", async () => {
    const [thread] = world.store.threads;
    const mutation = "mutation ($id: ID!) { resolveReviewThread(input: { threadId: $id }) { thread { isResolved } } }";
    world.store.tokens.set("writer", PROFILES["pr-write"]);
    const refused = await graph(mutation, { id: `PRRT_${thread?.id}` }, "writer");
    expect(refused.body.errors[0]).toMatchObject({ type: "FORBIDDEN" });
    expect(thread?.resolved).toBe(false);
    const done = await graph(mutation, { id: `PRRT_${thread?.id}` });
    expect(done.body.data.resolveReviewThread.thread.isResolved).toBe(true);
  });
});

describe("GraphQL", () => {
  test("a query that GitHub's schema does not know is noticed", async () => {
    const { body } = await graph("{ viewer { nonsense } }");
    expect(body.errors[0].message).toContain("nonsense");
    expect(world.github.complaints.splice(0).join()).toContain("nonsense");
  });

  test("authors lose their [bot], the viewer does not", async () => {
    const query = `query ($after: String) { viewer { login } repository(owner: "acme", name: "shop") { pullRequest(number: 1) {
      headRefOid reviewThreads(first: 1, after: $after) { totalCount pageInfo { hasNextPage endCursor }
        nodes { viewerCanResolve comments(first: 1) { nodes { author { login __typename } viewerDidAuthor } } } } } } }`;
    const { body } = await graph(query);
    expect(body.data.viewer.login).toBe(BOT.login);
    const { reviewThreads } = body.data.repository.pullRequest;
    expect(reviewThreads.nodes[0].comments.nodes[0]).toEqual({
      author: { login: "github-actions", __typename: "Bot" },
      viewerDidAuthor: true,
    });
    expect(reviewThreads.pageInfo.hasNextPage).toBe(true);
    const next = await graph(query, { after: reviewThreads.pageInfo.endCursor });
    expect(next.body.data.repository.pullRequest.reviewThreads.nodes).toHaveLength(1);
    expect((await graph(query.replaceAll("first: 1,", "first: 101,"))).body.errors[0].type).toBe(
      "EXCESSIVE_PAGINATION",
    );
  });

  test("hiding, showing and answering", async () => {
    const comment = world.store.reviewComments.find(({ user }) => user.bot);
    await graph(
      "mutation ($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { minimizedComment { isMinimized } } }",
      { id: `PRRC_${comment?.id}` },
    );
    expect(comment?.minimized).toBe("outdated");
    await graph(
      "mutation ($id: ID!) { unminimizeComment(input: { subjectId: $id }) { unminimizedComment { isMinimized } } }",
      { id: `PRRC_${comment?.id}` },
    );
    expect(comment?.minimized).toBeNull();
    const answered = await graph(
      'mutation ($id: ID!) { addPullRequestReviewThreadReply(input: { pullRequestReviewThreadId: $id, body: "yes" }) { comment { body } } }',
      { id: `PRRT_${comment?.thread}` },
    );
    expect(answered.body.data.addPullRequestReviewThreadReply.comment.body).toBe("yes");
  });
});

test("lists have pages, with links, and an end", async () => {
  const files = Object.fromEntries(Array.from({ length: 3050 }, (_, index) => [`f/${index}.txt`, "x\n"]));
  const large = await makeWorld({ head: files });
  const get = (path: string) =>
    fetch(`${large.github.url}${HOME}${path}`, { headers: { authorization: `token ${TOKEN}` } });
  const first = await get("/pulls/1/files?per_page=100");
  expect(first.headers.get("link")).toContain('page=30>; rel="last"');
  expect(await first.json()).toHaveLength(100);
  expect(await (await get("/pulls/1/files?per_page=100&page=31")).json()).toHaveLength(0);
  expect(await (await get("/pulls/1/files")).json()).toHaveLength(30);
  const compared: { files: unknown[] } = JSON.parse(await (await get("/compare/main...topic")).text());
  expect(compared.files).toHaveLength(300);
  await large.close();
});

test("a push moves threads with their lines, and what changed is outdated; a forced one re-points reviews", async () => {
  const other = await makeWorld({ base: { "a.py": BASE }, head: { "a.py": HEAD } });
  const post = (line: number) =>
    fetch(`${other.github.url}${HOME}/pulls/1/reviews`, {
      method: "POST",
      headers: { authorization: `token ${TOKEN}` },
      body: JSON.stringify({ event: "COMMENT", body: "x", comments: [{ path: "a.py", line, body: `at ${line}` }] }),
    });
  await post(5);
  await post(6);
  const { store, pull } = other;
  push(store, pull, store.origin.commit([pull.head], { "a.py": `first\n${HEAD.replace("added 6\n", "other 6\n")}` }));
  expect(store.reviewComments.map(({ line }) => line)).toEqual([6, null]);
  expect(store.threads.map(({ outdated }) => outdated)).toEqual([false, true]);
  const [review] = store.reviews;
  expect(review?.commit).not.toBe(pull.head);
  push(store, pull, store.origin.commit([other.base], { "a.py": HEAD }));
  expect(review?.commit).toBe(pull.head);
  await other.close();
});
