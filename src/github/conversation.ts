import type { GitHub } from "./client.ts";
import { refusalOf } from "./refusal.ts";

/** A comment on the pull request's page or in a thread; `own` says that we wrote it, whatever its text claims. */
export interface Comment {
  nodeId: string;
  id: number;
  body: string;
  own: boolean;
  author: string;
  minimized: boolean;
}

/** A thread of review comments on a line or a file. */
export interface Thread {
  id: string;
  path: string;
  /** It speaks of the file, not of a line. */
  onFile: boolean;
  resolved: boolean;
  /** Login of the person who resolved it; `null` when open, and for bots, which GitHub does not name here. */
  resolvedBy: string | null;
  outdated: boolean;
  canResolve: boolean;
  canReopen: boolean;
  first: Comment;
  /** How many comments of others it holds. */
  replies: number;
}

/** The pull request as it stands right now, with everything on it that may be ours. */
export interface Conversation {
  head: string;
  open: boolean;
  draft: boolean;
  /** Our own login. */
  viewer: string;
  comments: Comment[];
  threads: Thread[];
  /** Reviews of our own that were begun and never submitted: they block every new one. */
  pending: { id: number; body: string }[];
}

const ACTOR = "author { __typename login } viewerDidAuthor";
const QUERY = `query Conversation($owner: String!, $repo: String!, $number: Int!, $size: Int!,
  $comments: String, $threads: String, $wantComments: Boolean!, $wantThreads: Boolean!) {
  viewer { login }
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      headRefOid
      state
      isDraft
      reviews(first: 10, states: [PENDING]) { nodes { fullDatabaseId body ${ACTOR} } }
      comments(first: $size, after: $comments) @include(if: $wantComments) {
        pageInfo { hasNextPage endCursor }
        nodes { id fullDatabaseId body isMinimized ${ACTOR} }
      }
      reviewThreads(first: $size, after: $threads) @include(if: $wantThreads) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id path subjectType isResolved isOutdated viewerCanResolve viewerCanUnresolve
          resolvedBy { login }
          comments(first: 10) { totalCount nodes { id fullDatabaseId body isMinimized ${ACTOR} } }
        }
      }
    }
  }
}`;

interface Author {
  author: { __typename: string; login: string } | null;
  viewerDidAuthor: boolean;
}

interface CommentNode extends Author {
  id: string;
  fullDatabaseId: string | number | null;
  body: string;
  isMinimized: boolean;
}

interface ThreadNode {
  id: string;
  path: string;
  subjectType: string;
  isResolved: boolean;
  isOutdated: boolean;
  viewerCanResolve: boolean;
  viewerCanUnresolve: boolean;
  resolvedBy: { login: string } | null;
  comments: { totalCount: number; nodes: CommentNode[] };
}

interface Page<T> {
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  nodes: T[];
}

interface Answer {
  viewer: { login: string };
  repository: {
    pullRequest: {
      headRefOid: string;
      state: string;
      isDraft: boolean;
      reviews: { nodes: (Author & { fullDatabaseId: string | number | null; body: string })[] };
      comments?: Page<CommentNode>;
      reviewThreads?: Page<ThreadNode>;
    } | null;
  } | null;
}

/** Loads the whole conversation, all pages of it: one request for an ordinary pull request. */
export async function loadConversation(github: GitHub, number: number): Promise<Conversation> {
  const { owner, repo } = github;
  const threads: ThreadNode[] = [];
  const comments: CommentNode[] = [];
  let size = 100;
  let next = { comments: null as string | null, threads: null as string | null, wantComments: true, wantThreads: true };
  for (;;) {
    let answer: Answer;
    try {
      answer = await github.octokit.graphql<Answer>(QUERY, { owner, repo, number, size, ...next });
    } catch (error) {
      // A page of 100 comments can be more than GitHub manages in its ten seconds.
      if (refusalOf(error).kind !== "server" || size <= 25) throw error;
      size = Math.floor(size / 2);
      continue;
    }
    const found = answer.repository?.pullRequest;
    if (!found) throw new Error(`pull request ${number} cannot be read`);
    comments.push(...(found.comments?.nodes ?? []));
    threads.push(...(found.reviewThreads?.nodes ?? []));
    next = {
      comments: found.comments?.pageInfo.endCursor ?? next.comments,
      threads: found.reviewThreads?.pageInfo.endCursor ?? next.threads,
      wantComments: found.comments?.pageInfo.hasNextPage ?? false,
      wantThreads: found.reviewThreads?.pageInfo.hasNextPage ?? false,
    };
    if (next.wantComments || next.wantThreads) continue;
    const viewer = answer.viewer.login;
    return {
      head: found.headRefOid,
      open: found.state === "OPEN",
      draft: found.isDraft,
      viewer,
      comments: comments.map((node) => commentFrom(node, viewer)),
      threads: threads.flatMap((node) => threadFrom(node, viewer)),
      pending: found.reviews.nodes
        .filter((node) => isOwn(node, viewer))
        .map((node) => ({ id: Number(node.fullDatabaseId), body: node.body })),
    };
  }
}

function threadFrom(node: ThreadNode, viewer: string): Thread[] {
  const [first] = node.comments.nodes;
  if (first === undefined) return [];
  const ours = node.comments.nodes.filter((comment) => isOwn(comment, viewer)).length;
  return [
    {
      id: node.id,
      path: node.path,
      onFile: node.subjectType === "FILE",
      resolved: node.isResolved,
      resolvedBy: node.resolvedBy?.login ?? null,
      outdated: node.isOutdated,
      canResolve: node.viewerCanResolve,
      canReopen: node.viewerCanUnresolve,
      first: commentFrom(first, viewer),
      replies: node.comments.totalCount - ours,
    },
  ];
}

function commentFrom(node: CommentNode, viewer: string): Comment {
  return {
    nodeId: node.id,
    id: Number(node.fullDatabaseId),
    body: node.body,
    own: isOwn(node, viewer),
    author: node.author?.login ?? "ghost",
    minimized: node.isMinimized,
  };
}

/** GraphQL leaves out the `[bot]` that REST and `viewer` append, so a person may bear a bot's name: the type tells them apart. */
function isOwn(node: Author, viewer: string): boolean {
  if (node.viewerDidAuthor) return true;
  if (node.author === null) return false;
  const bot = viewer.endsWith("[bot]");
  return node.author.login === viewer.replace(/\[bot\]$/, "") && (node.author.__typename === "Bot") === bot;
}

/** Whether `login` (as GraphQL gives it) is `viewer`. */
export function isViewer(login: string | null, viewer: string): boolean {
  return login !== null && login.replace(/\[bot\]$/, "") === viewer.replace(/\[bot\]$/, "");
}
