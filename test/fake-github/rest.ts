import {
  comparisonJson,
  diffEntryJson,
  issueCommentJson,
  issueJson,
  pullJson,
  repositoryJson,
  reviewCommentJson,
  reviewJson,
} from "./answers.ts";
import { type Json, list, object, type Params } from "./openapi.ts";
import { type Called, need, pullOf, refuse, textOf, within } from "./refuse.ts";
import { createReview, createReviewComment, deletePending, replyTo } from "./reviews.ts";
import { type IssueComment, isVisible, pullDiff, type ReviewComment } from "./store.ts";

/** An answer: a status, a body, and whether it is one page of a longer list. */
export interface Answer {
  status: number;
  body: unknown;
  pages?: { page: number; last: number };
}

const MOST_LISTED = 3000;
const MOST_COMPARED = 300;
const MOST_BODY = 65_536;

/** What every operation does. */
export const HANDLERS: Record<string, (call: Called) => Answer> = {
  "repos/get": (call) => {
    need(call, "contents", "read");
    return ok(repositoryJson(call.store));
  },
  "repos/compare-commits": (call) => {
    need(call, "contents", "read");
    const { origin } = call.store;
    const [base, head] = [origin.resolve(call.path.base ?? ""), origin.resolve(call.path.head ?? "")];
    const merged = base === null || head === null ? null : origin.mergeBase(base, head);
    if (base === null || head === null || merged === null) return refuse(404, "Not Found");
    const files = origin
      .diff(merged, head)
      .map((entry) => (call.store.withoutPatch.has(entry.path) ? { ...entry, patch: null } : entry));
    const first = Number(call.query.page ?? 1) === 1;
    return ok(comparisonJson(base, merged, head, first ? files.slice(0, MOST_COMPARED) : []));
  },
  "repos/get-content": (call) => {
    need(call, "contents", "read");
    const { origin, defaultBranch } = call.store;
    const commit = origin.resolve(call.query.ref ?? defaultBranch);
    const text = commit === null ? null : origin.read(commit, call.path.path ?? "");
    if (commit === null || text === null) return refuse(404, "Not Found");
    const entry = origin.tree(commit).find(({ path }) => path === call.path.path);
    const path = call.path.path ?? "";
    const content = Buffer.from(text).toString("base64");
    const links = { self: "https://x/", git: "https://x/", html: "https://x/" };
    const urls = { url: "https://x/", git_url: "https://x/", html_url: "https://x/", download_url: "https://x/" };
    const name = path.split("/").at(-1);
    const size = Buffer.byteLength(text);
    return ok({ type: "file", encoding: "base64", size, name, path, content, sha: entry?.sha, ...urls, _links: links });
  },
  "git/get-tree": (call) => {
    need(call, "contents", "read");
    const { origin, mostTreeEntries } = call.store;
    const commit = origin.resolve(call.path.tree_sha ?? "");
    if (commit === null) return refuse(404, "Not Found");
    const all = origin.tree(commit).filter(({ path }) => call.query.recursive !== undefined || !path.includes("/"));
    const tree = all.slice(0, mostTreeEntries).map((entry) => ({ ...entry, size: 1, url: "https://x/" }));
    return ok({ sha: commit, url: "https://x/", truncated: all.length > tree.length, tree });
  },
  "git/get-blob": (call) => {
    need(call, "contents", "read");
    const sha = call.path.file_sha ?? "";
    const bytes = call.store.origin.blob(sha);
    if (bytes === null) return refuse(404, "Not Found");
    const content = (bytes.toString("base64").match(/.{1,60}/g) ?? []).join("\n");
    return ok({ content, encoding: "base64", url: "https://x/", sha, size: bytes.length, node_id: `B_${sha}` });
  },
  "pulls/get": (call) => {
    need(call, "pullRequests", "read");
    return ok(pullJson(call.store, pullOf(call)));
  },
  "pulls/list": (call) => {
    need(call, "pullRequests", "read");
    const { state = "open", head, base } = call.query;
    const found = call.store.pulls.filter(
      (pull) =>
        (state === "all" || pull.open === (state === "open")) &&
        (base === undefined || pull.baseRef === base) &&
        (head === undefined || head === `${pull.headRepo.split("/", 1)[0]}:${pull.headRef}`),
    );
    return paged(
      call,
      found.map((pull) => pullJson(call.store, pull, true)),
    );
  },
  "pulls/list-files": (call) => {
    need(call, "pullRequests", "read");
    return paged(call, pullDiff(call.store, pullOf(call)).slice(0, MOST_LISTED).map(diffEntryJson));
  },
  "pulls/create-review": (call) => {
    need(call, "pullRequests", "write");
    return ok(reviewJson(createReview(call, pullOf(call))));
  },
  "pulls/list-reviews": (call) => {
    need(call, "pullRequests", "read");
    const { number } = pullOf(call);
    const seen = call.store.reviews.filter(
      ({ pull, state, user }) => pull === number && (state !== "PENDING" || user.login === call.profile?.user.login),
    );
    return paged(call, seen.map(reviewJson));
  },
  "pulls/delete-pending-review": (call) => {
    need(call, "pullRequests", "write");
    return ok(reviewJson(deletePending(call)));
  },
  "pulls/create-review-comment": (call) => {
    need(call, "pullRequests", "write");
    return { status: 201, body: reviewCommentJson(createReviewComment(call, pullOf(call))) };
  },
  "pulls/create-reply-for-review-comment": (call) => {
    need(call, "pullRequests", "write");
    const { body } = checked(call);
    return { status: 201, body: reviewCommentJson(replyTo(call, Number(call.path.comment_id), body)) };
  },
  "pulls/list-review-comments": (call) => {
    need(call, "pullRequests", "read");
    const { number } = pullOf(call);
    const seen = call.store.reviewComments.filter(
      (comment) => comment.pull === number && isVisible(call.store, comment, call.profile?.user ?? null),
    );
    return paged(call, seen.map(reviewCommentJson));
  },
  "pulls/update-review-comment": (call) => ok(reviewCommentJson(edited(call, call.store.reviewComments))),
  "pulls/delete-review-comment": (call) => {
    need(call, "pullRequests", "write");
    const comment = within(call, call.store.reviewComments, "comment_id");
    call.store.reviewComments.splice(call.store.reviewComments.indexOf(comment), 1);
    const left = call.store.reviewComments.some(({ thread }) => thread === comment.thread);
    if (!left) call.store.threads = call.store.threads.filter(({ id }) => id !== comment.thread);
    return { status: 204, body: null };
  },
  "issues/list-comments": (call) => {
    need(call, "pullRequests", "read");
    const issue = Number(call.path.issue_number);
    return paged(call, call.store.issueComments.filter((each) => each.issue === issue).map(issueCommentJson));
  },
  "issues/create-comment": (call) => {
    need(call, "pullRequests", "write");
    const { body } = checked(call);
    const { store } = call;
    const comment: IssueComment = {
      id: store.nextId(),
      issue: Number(call.path.issue_number),
      user: call.user,
      body,
      minimized: null,
      edits: 0,
    };
    store.issueComments.push(comment);
    return { status: 201, body: issueCommentJson(comment) };
  },
  "issues/update-comment": (call) => ok(issueCommentJson(edited(call, call.store.issueComments))),
  "issues/delete-comment": (call) => {
    need(call, "pullRequests", "write");
    const comment = within(call, call.store.issueComments, "comment_id");
    call.store.issueComments.splice(call.store.issueComments.indexOf(comment), 1);
    return { status: 204, body: null };
  },
  "issues/list-for-repo": (call) => {
    need(call, "issues", "read");
    const { state = "open", creator, direction = "desc" } = call.query;
    const found = call.store.issues.filter(
      (issue) => (state === "all" || issue.state === state) && (creator === undefined || issue.user.login === creator),
    );
    return paged(call, (direction === "asc" ? found : found.reverse()).map(issueJson));
  },
  "issues/create": (call) => {
    need(call, "issues", "write");
    const { body } = checked(call);
    const number = 100 + call.store.issues.length;
    const issue = { number, title: textOf(call, "title"), body, user: call.user, state: "open" } as const;
    call.store.issues.push({ ...issue });
    return { status: 201, body: issueJson(issue) };
  },
  "issues/update": (call) => {
    need(call, "issues", "write");
    const issue = call.store.issues.find(({ number }) => number === Number(call.path.issue_number));
    if (issue === undefined) return refuse(404, "Not Found");
    issue.body = checked(call).body;
    const { state } = object(call.body);
    if (state === "open" || state === "closed") issue.state = state;
    return ok(issueJson(issue));
  },
};

function ok(body: Json): Answer {
  return { status: 200, body };
}

/** The text of a comment, within GitHub's bounds. */
function edited<T extends IssueComment | ReviewComment>(call: Called, comments: readonly T[]): T {
  need(call, "pullRequests", "write");
  const comment = within(call, comments, "comment_id");
  comment.body = checked(call).body;
  comment.edits += 1;
  return comment;
}

function checked(call: Called): { body: string } {
  const body = textOf(call, "body");
  if (body.length > MOST_BODY) {
    refuse(422, "Validation Failed", [
      {
        resource: "IssueComment",
        code: "custom",
        field: "body",
        message: `Body is too long (maximum is ${MOST_BODY} characters)`,
      },
    ]);
  }
  if (body.trim() === "")
    refuse(422, "Validation Failed", [{ resource: "IssueComment", code: "missing_field", field: "body" }]);
  return { body };
}

function paged({ query }: { query: Params }, all: readonly Json[]): Answer {
  const size = Math.min(100, Number(query.per_page ?? 30));
  const page = Number(query.page ?? 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  return { status: 200, body: list(all).slice((page - 1) * size, page * size), pages: { page, last } };
}
