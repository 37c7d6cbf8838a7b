import { expect, test } from "vitest";
import { connect, type GitHub } from "../src/github/client.ts";
import type { Conversation, Thread } from "../src/github/conversation.ts";
import { remarkMarker } from "../src/github/marker.ts";
import { type Draft, postReview } from "../src/github/post-review.ts";
import { refusalOf } from "../src/github/refusal.ts";
import { settle } from "../src/github/thread-writes.ts";
import { sampleReview } from "./sample-report.ts";

interface Call {
  method: string;
  path: string;
  body: { comments?: { line: number }[]; query?: string } | null;
}

type Answer = { status: number; data?: unknown; headers?: Record<string, string> };

/** A client whose requests are answered here. */
function client(answer: (call: Call, number: number) => Answer): { github: GitHub; calls: Call[] } {
  const calls: Call[] = [];
  const github = connect({
    token: "t",
    apiUrl: "https://github.test/api/v3",
    owner: "o",
    repo: "r",
    userAgent: "test",
    pacing: { writeMilliseconds: 0, secondMilliseconds: 1, patienceSeconds: 90 },
    debug: () => {},
    fetch: async (url, init) => {
      const path = new URL(String(url)).pathname;
      const body = typeof init?.body === "string" ? JSON.parse(init.body) : null;
      const call = { method: init?.method ?? "GET", path, body };
      calls.push(call);
      const { status, data, headers } = answer(call, calls.length);
      return new Response(JSON.stringify(data ?? {}), {
        status,
        headers: { "content-type": "application/json", ...headers },
      });
    },
  });
  return { github, calls };
}

const REFUSED: Answer = {
  status: 422,
  data: { message: "Unprocessable Entity", errors: ["Line could not be resolved"] },
};
const CONVERSATION: Conversation = {
  head: "h",
  open: true,
  draft: false,
  viewer: "github-actions[bot]",
  comments: [],
  threads: [],
  pending: [],
};
const TARGET = { number: 1, head: "h", conversation: CONVERSATION };

function drafts(count: number): Draft[] {
  const [finding] = sampleReview().findings;
  if (finding === undefined) throw new Error("no sample");
  return Array.from({ length: count }, (_, index) => {
    const fingerprint = `fp${index + 1}`;
    return {
      remark: { rule: "r", findings: [{ ...finding, fingerprint }] },
      anchor: { kind: "lines", path: "a.py", startLine: index + 1, endLine: index + 1, own: true },
      body: `text\n\n${remarkMarker({ fingerprints: [fingerprint], rule: "r", key: "", fixed: false })}`,
    };
  });
}

test.concurrent.each([1, 2, 3, 5, 13, 24, 25, 30])(
  "one bad place, number %i of thirty, costs at most seven requests and no comment",
  async (bad) => {
    const posted: number[] = [];
    const { github, calls } = client(({ body }) => {
      const lines = (body?.comments ?? []).map(({ line }) => line);
      if (lines.includes(bad)) return REFUSED;
      posted.push(...lines);
      return { status: 200 };
    });
    const { placed, refused, failure } = await postReview(github, TARGET, drafts(30), "intro");
    expect(failure).toBeNull();
    expect(refused.map(({ remark }) => remark.findings[0].fingerprint)).toEqual([`fp${bad}`]);
    expect(placed).toHaveLength(29);
    expect(new Set(posted).size).toBe(29);
    expect(posted).toHaveLength(29);
    expect(calls.length).toBeLessThanOrEqual(7);
  },
);

test.concurrent("however many places are bad, the tries are bounded and nothing is posted twice or lost", async () => {
  for (let pattern = 1; pattern < 512; pattern += 37) {
    const posted: number[] = [];
    const { github, calls } = client(({ body }) => {
      const lines = (body?.comments ?? []).map(({ line }) => line);
      if (lines.some((line) => (pattern >> (line % 9)) & 1)) return REFUSED;
      posted.push(...lines);
      return { status: 200 };
    });
    const { placed, refused } = await postReview(github, TARGET, drafts(20), "intro");
    expect(placed.length + refused.length).toBe(20);
    expect(new Set(posted).size).toBe(posted.length);
    expect(placed).toHaveLength(posted.length);
    expect(calls.length).toBeLessThanOrEqual(7);
  }
});

test.concurrent("a failure that created the comments all the same is not repeated", async () => {
  const wanted = drafts(3);
  const { github, calls } = client(({ path, body }) => {
    if (path.endsWith("/graphql")) return { status: 200, data: { data: conversationWith(wanted) } };
    expect(body?.comments).toHaveLength(3);
    return { status: 502, data: { message: "Server Error" } };
  });
  const { placed, failure } = await postReview(github, TARGET, wanted, "intro");
  expect(placed).toHaveLength(3);
  expect(failure).toBeNull();
  expect(calls.map(({ path }) => path.split("/").at(-1))).toEqual(["reviews", "graphql"]);
});

test.concurrent("after a real failure only what is missing is posted, and not for ever", async () => {
  const wanted = drafts(3);
  const sizes: number[] = [];
  const { github } = client(({ path, body }) => {
    if (path.endsWith("/graphql")) return { status: 200, data: { data: conversationWith(wanted.slice(0, 1)) } };
    sizes.push(body?.comments?.length ?? 0);
    return { status: 502, data: { message: "Server Error" } };
  });
  const { failure } = await postReview(github, TARGET, wanted, "intro");
  expect(failure?.kind).toBe("server");
  expect(sizes).toEqual([3, 2, 2]);
});

test.concurrent("a review that a cancelled run left pending is deleted before and when it blocks", async () => {
  const pending = { ...CONVERSATION, pending: [{ id: 7, body: "" }] };
  const { github, calls } = client(() => ({ status: 200 }));
  await postReview(github, { ...TARGET, conversation: pending }, drafts(1), "intro");
  expect(calls.map(({ method, path }) => `${method} ${path.replace(/.*pulls/, "")}`)).toEqual([
    "DELETE /1/reviews/7",
    "POST /1/reviews",
  ]);
});

test.concurrent("a person's pending review is never deleted", async () => {
  const conversation = { ...CONVERSATION, viewer: "octocat", pending: [{ id: 7, body: "my draft" }] };
  const { github, calls } = client(() => ({ status: 200 }));
  await postReview(github, { ...TARGET, conversation }, drafts(1), "intro");
  expect(calls.map(({ method }) => method)).toEqual(["POST"]);
});

test.concurrent("reads are tried again after a failure of the server, creations are not", async () => {
  const { github, calls } = client((_, number) => (number < 3 ? { status: 502 } : { status: 200, data: [] }));
  await github.octokit.rest.issues.listComments({ owner: "o", repo: "r", issue_number: 1 });
  expect(calls).toHaveLength(3);
  const second = client(() => ({ status: 502 }));
  await expect(
    second.github.octokit.rest.issues.createComment({ owner: "o", repo: "r", issue_number: 1, body: "x" }),
  ).rejects.toThrow();
  expect(second.calls).toHaveLength(1);
});

test.concurrent("a rate limit is waited for within the run's patience, then it is a refusal", async () => {
  const limited: Answer = {
    status: 403,
    data: { message: "You have exceeded a secondary rate limit" },
    headers: { "retry-after": "40" },
  };
  const patient = client((_, number) => (number < 3 ? limited : { status: 201 }));
  await patient.github.octokit.rest.issues.createComment({ owner: "o", repo: "r", issue_number: 1, body: "x" });
  expect(patient.calls).toHaveLength(3);
  const { github, calls } = client(() => limited);
  const { failure } = await postReview(github, TARGET, drafts(1), "intro");
  expect(failure).toMatchObject({ kind: "rate-limit", seconds: 40 });
  expect(calls).toHaveLength(3);
});

test.concurrent.each<[string, Answer, string]>([
  ["a missing permission", { status: 403, data: { message: "Resource not accessible by integration" } }, "permission"],
  ["a secondary limit", { status: 403, data: { message: "You have exceeded a secondary rate limit" } }, "rate-limit"],
  [
    "a primary limit",
    { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999" } },
    "rate-limit",
  ],
  ["429 without a word", { status: 429 }, "rate-limit"],
  ["422 too quickly", { status: 422, data: { message: "was submitted too quickly" } }, "rate-limit"],
  ["a place outside the diff", REFUSED, "anchor"],
  [
    "a pending review",
    { status: 422, data: { message: "User can only have one pending review per pull request" } },
    "pending-review",
  ],
  ["a body too long", { status: 422, data: { message: "Body is too long (maximum is 65536 characters)" } }, "too-long"],
  ["a comment that is gone", { status: 404, data: { message: "Not Found" } }, "missing"],
  ["a server in trouble", { status: 503 }, "server"],
])("%s is told from the rest", async (_, answer, kind) => {
  const { github } = client(() => answer);
  const impatient = { ...github, pacing: { ...github.pacing, patienceSeconds: 0 } };
  const { octokit } = impatient;
  const error: unknown = await octokit.rest.issues
    .createComment({ owner: "o", repo: "r", issue_number: 1, body: "x" })
    .catch((reason: unknown) => reason);
  expect(refusalOf(error).kind).toBe(kind);
});

test.concurrent("only threads that GitHub says it resolved count; the others say it in their text, and are hidden", async () => {
  const threads = Array.from({ length: 12 }, (_, index) => threadOf(`T${index}`, index, index !== 5));
  const { github, calls } = client(({ path, body }) => {
    if (!path.endsWith("/graphql")) return { status: 200 };
    if (!body?.query?.includes("resolveReviewThread")) return { status: 200, data: { data: {} } };
    const names = [...body.query.matchAll(/m(\d+):/g)].map(([, number]) => `m${number}`);
    const data = Object.fromEntries(
      names.map((name) => [name, name === "m1" ? null : { thread: { isResolved: true } }]),
    );
    return {
      status: 200,
      data: { data, errors: [{ type: "FORBIDDEN", message: "Resource not accessible by integration" }] },
    };
  });
  const result = await settle(github, threads, "0123456789");
  // Ten and one in two requests, of which one each is refused; number 5 may not even be tried.
  expect(result).toEqual({ resolved: 10, marked: 2, refused: true });
  expect(calls.map(({ method, path }) => `${method} ${path.replace("/api/v3/repos/o/r", "")}`)).toEqual([
    "POST /api/graphql",
    "POST /api/graphql",
    "PATCH /pulls/comments/1",
    "PATCH /pulls/comments/5",
    "POST /api/graphql",
  ]);
  expect(github.writes.done).toBe(5);
});

test.concurrent("a run stops changing things when its budget is spent", async () => {
  const { github, calls } = client(() => ({ status: 200 }));
  const threads = Array.from({ length: 80 }, (_, index) => threadOf(`T${index}`, index, false));
  await settle(github, threads, "0123456789");
  expect(calls).toHaveLength(57);
});

function threadOf(id: string, number: number, canResolve: boolean): Thread {
  const marker = remarkMarker({ fingerprints: [`f${number}`], rule: "r", key: "", fixed: false });
  return {
    id,
    path: "a.py",
    onFile: false,
    resolved: false,
    resolvedBy: null,
    outdated: false,
    canResolve,
    canReopen: false,
    first: { nodeId: `C${number}`, id: number, body: `x\n\n${marker}`, own: true, author: "b", minimized: false },
    replies: 0,
  };
}

function conversationWith(there: readonly Draft[]): unknown {
  const author = { author: { __typename: "Bot", login: "github-actions" }, viewerDidAuthor: true };
  const page = { hasNextPage: false, endCursor: null };
  const nodes = there.map(({ body }, index) => ({
    id: `T${index}`,
    path: "a.py",
    subjectType: "LINE",
    isResolved: false,
    isOutdated: false,
    viewerCanResolve: true,
    viewerCanUnresolve: true,
    resolvedBy: null,
    comments: { totalCount: 1, nodes: [{ id: "C", fullDatabaseId: "1", body, isMinimized: false, ...author }] },
  }));
  return {
    viewer: { login: "github-actions[bot]" },
    repository: {
      pullRequest: {
        headRefOid: "h",
        state: "OPEN",
        isDraft: false,
        reviews: { nodes: [] },
        comments: { pageInfo: page, nodes: [] },
        reviewThreads: { pageInfo: page, nodes },
      },
    },
  };
}
