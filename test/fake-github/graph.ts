import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, GraphQLError, graphql, parse } from "graphql";
import { ROOT } from "../sources.ts";
import type { Called } from "./refuse.ts";
import {
  commentsIn,
  type IssueComment,
  isVisible,
  type Pull,
  type ReviewComment,
  type Thread,
  type User,
} from "./store.ts";

const schema = buildSchema(readFileSync(join(ROOT, "test/fake-github/schema.graphql"), "utf8"));
const MOST_TEXT = 512 * 1024;

/** The name of a GraphQL document: of its operation, or of the first field of a mutation. */
export function documentName(source: string): { name: string; writes: boolean } {
  for (const definition of parse(source).definitions) {
    if (definition.kind !== "OperationDefinition") continue;
    const [field] = definition.selectionSet.selections;
    const first = field?.kind === "Field" ? field.name.value : "";
    const writes = definition.operation === "mutation";
    return { name: writes ? first : (definition.name?.value ?? first), writes };
  }
  return { name: "", writes: false };
}

/** Answers a GraphQL request as GitHub does: status 200, and errors with a type. */
export async function answerGraph(call: Called, source: string, variables: Record<string, unknown>): Promise<unknown> {
  const result = await graphql({ schema, source, variableValues: variables, rootValue: root(call) });
  for (const error of result.errors ?? []) {
    if (typeof error.extensions.type !== "string") call.complain(`GraphQL: ${error.message}`);
  }
  const errors = result.errors?.map(({ message, path, extensions }) => ({ type: extensions.type, path, message }));
  return { data: result.data ?? null, ...(errors === undefined ? {} : { errors }) };
}

function root(call: Called): Record<string, unknown> {
  const { store, profile } = call;
  return {
    viewer: () => ({ login: profile?.user.login ?? "", id: "U_1", __typename: "User" }),
    repository: ({ owner, name }: { owner: string; name: string }) => {
      if (owner !== store.owner || name !== store.name) throw fault("NOT_FOUND", "Could not resolve to a Repository");
      return {
        nameWithOwner: `${owner}/${name}`,
        defaultBranchRef: { name: store.defaultBranch },
        pullRequest: ({ number }: { number: number }) => {
          if (profile?.pullRequests === "none") throw forbidden();
          const pull = store.pulls.find((each) => each.number === number);
          if (pull === undefined)
            throw fault("NOT_FOUND", `Could not resolve to a PullRequest with the number of ${number}.`);
          return pullNode(call, pull);
        },
        object: ({ oid }: { oid: string }) => {
          if (profile?.contents === "none") throw forbidden();
          const bytes = store.origin.blob(oid);
          if (bytes === null) return null;
          const isBinary = bytes.includes(0);
          const isTruncated = bytes.length > MOST_TEXT;
          const text = isBinary ? null : bytes.subarray(0, MOST_TEXT).toString();
          return { __typename: "Blob", id: `B_${oid}`, oid, text, isTruncated, isBinary, byteSize: bytes.length };
        },
      };
    },
    resolveReviewThread: ({ input }: { input: { threadId: string } }) => {
      const thread = threadOf(call, input.threadId);
      if (!canResolve(call)) throw forbidden();
      thread.resolved = true;
      thread.resolvedBy = call.user;
      return { thread: threadNode(call, thread) };
    },
    unresolveReviewThread: ({ input }: { input: { threadId: string } }) => {
      const thread = threadOf(call, input.threadId);
      if (!canResolve(call)) throw forbidden();
      thread.resolved = false;
      thread.resolvedBy = null;
      return { thread: threadNode(call, thread) };
    },
    minimizeComment: ({ input }: { input: { subjectId: string; classifier: string } }) => {
      const comment = commentOf(call, input.subjectId);
      comment.minimized = input.classifier.toLowerCase();
      return { minimizedComment: minimizable(call, comment) };
    },
    unminimizeComment: ({ input }: { input: { subjectId: string } }) => {
      const comment = commentOf(call, input.subjectId);
      comment.minimized = null;
      return { unminimizedComment: minimizable(call, comment) };
    },
    addPullRequestReviewThreadReply: ({ input }: { input: { pullRequestReviewThreadId?: string; body: string } }) => {
      const thread = threadOf(call, input.pullRequestReviewThreadId ?? "");
      if (profile?.pullRequests !== "write") throw forbidden();
      const [first] = commentsIn(store, thread);
      if (first === undefined) throw fault("NOT_FOUND", "Could not resolve to a node");
      const reply: ReviewComment = { ...first, id: store.nextId(), user: call.user, body: input.body, minimized: null };
      store.reviewComments.push(reply);
      return { comment: reviewCommentNode(call, reply) };
    },
  };
}

function pullNode(call: Called, pull: Pull): Record<string, unknown> {
  const { store, profile } = call;
  return {
    id: `PR_${pull.number}`,
    number: pull.number,
    headRefOid: pull.head,
    baseRefOid: pull.baseSha,
    state: pull.open ? "OPEN" : "CLOSED",
    isDraft: pull.draft,
    comments: (page: Page) =>
      connection(
        page,
        store.issueComments.filter(({ issue }) => issue === pull.number).map((each) => issueCommentNode(call, each)),
      ),
    reviews: (page: Page & { states?: string[] }) =>
      connection(
        page,
        store.reviews
          .filter(({ pull: number, state }) => number === pull.number && (page.states?.includes(state) ?? true))
          .filter(({ state, user }) => state !== "PENDING" || user.login === profile?.user.login)
          .map(({ id, body, state, user }) => ({
            ...authored(call, user),
            ...ids("PRR", id),
            body,
            state,
            isMinimized: false,
          })),
      ),
    reviewThreads: (page: Page) =>
      connection(
        page,
        store.threads
          .filter((thread) => thread.pull === pull.number)
          .filter((thread) => commentsIn(store, thread).some((each) => isVisible(store, each, profile?.user ?? null)))
          .map((thread) => threadNode(call, thread)),
      ),
  };
}

function threadNode(call: Called, thread: Thread): Record<string, unknown> {
  const comments = commentsIn(call.store, thread);
  const [first] = comments;
  const may = canResolve(call);
  return {
    id: `PRRT_${thread.id}`,
    path: first?.path ?? "",
    line: first?.line ?? null,
    originalLine: first?.originalLine ?? null,
    subjectType: first?.file ? "FILE" : "LINE",
    isResolved: thread.resolved,
    isOutdated: thread.outdated,
    viewerCanResolve: may && !thread.resolved,
    viewerCanUnresolve: may && thread.resolved,
    viewerCanReply: call.profile?.pullRequests === "write",
    // The field is a User: GitHub names no bots here.
    resolvedBy:
      thread.resolvedBy === null || thread.resolvedBy.bot ? null : { login: thread.resolvedBy.login, id: "U_2" },
    comments: (page: Page) =>
      connection(
        page,
        comments.map((each) => reviewCommentNode(call, each)),
      ),
  };
}

function reviewCommentNode(call: Called, comment: ReviewComment): Record<string, unknown> {
  return { ...ids("PRRC", comment.id), ...authored(call, comment.user), path: comment.path, ...shown(comment) };
}

function issueCommentNode(call: Called, comment: IssueComment): Record<string, unknown> {
  return { ...ids("IC", comment.id), ...authored(call, comment.user), ...shown(comment) };
}

function shown({ body, minimized }: { body: string; minimized: string | null }): Record<string, unknown> {
  return { body, isMinimized: minimized !== null, minimizedReason: minimized, createdAt: "2026-01-01T00:00:00Z" };
}

function minimizable(call: Called, comment: ReviewComment | IssueComment): Record<string, unknown> {
  return "path" in comment
    ? { __typename: "PullRequestReviewComment", ...reviewCommentNode(call, comment) }
    : { __typename: "IssueComment", ...issueCommentNode(call, comment) };
}

function ids(prefix: string, id: number): Record<string, unknown> {
  return { id: `${prefix}_${id}`, databaseId: id, fullDatabaseId: String(id) };
}

function authored({ profile }: Called, { login, bot }: User): Record<string, unknown> {
  const author = { __typename: bot ? "Bot" : "User", login: login.replace(/\[bot\]$/, ""), id: `U_${login}` };
  return { author, viewerDidAuthor: profile !== null && profile.user.login === login && profile.user.bot === bot };
}

interface Page {
  first?: number;
  after?: string | null;
}

function connection(page: Page, all: readonly Record<string, unknown>[]): Record<string, unknown> {
  const { first } = page;
  if (first === undefined || first > 100)
    throw fault("EXCESSIVE_PAGINATION", "You must provide a `first` of at most 100");
  const start = page.after ? Number(Buffer.from(page.after, "base64").toString()) : 0;
  const end = Math.min(all.length, start + first);
  const cursor = (at: number): string => Buffer.from(String(at)).toString("base64");
  const pageInfo = {
    hasNextPage: end < all.length,
    endCursor: end > start ? cursor(end) : null,
    hasPreviousPage: start > 0,
    startCursor: end > start ? cursor(start) : null,
  };
  return { nodes: all.slice(start, end), totalCount: all.length, pageInfo };
}

/** Resolving takes more than writing comments does. */
function canResolve({ profile }: Called): boolean {
  return profile?.pullRequests === "write" && profile.contents === "write";
}

function threadOf(call: Called, id: string): Thread {
  const found = call.store.threads.find((thread) => `PRRT_${thread.id}` === id);
  if (found === undefined) throw fault("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`);
  const [first] = commentsIn(call.store, found);
  if (first?.user.login !== call.user.login)
    call.complain(`touched the thread ${id}, which ${first?.user.login} began`);
  return found;
}

function commentOf(call: Called, id: string): ReviewComment | IssueComment {
  const { store, profile } = call;
  const all = [
    ...store.reviewComments.map((each) => ({ key: `PRRC_${each.id}`, each })),
    ...store.issueComments.map((each) => ({ key: `IC_${each.id}`, each })),
  ];
  const found = all.find(({ key }) => key === id)?.each;
  if (found === undefined) throw fault("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`);
  if (profile?.pullRequests !== "write") throw forbidden();
  if (found.user.login !== call.user.login) call.complain(`hid ${id}, which ${found.user.login} wrote`);
  return found;
}

function forbidden(): GraphQLError {
  return fault("FORBIDDEN", "Resource not accessible by integration");
}

function fault(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } });
}
