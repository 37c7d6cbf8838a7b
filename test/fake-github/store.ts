import { type DiffEntry, makeOrigin, type Origin } from "./origin.ts";

/** Somebody with an account. Bots bear `[bot]` in REST and in `viewer`, but not in GraphQL's `author`. */
export interface User {
  login: string;
  bot: boolean;
}

type Access = "none" | "read" | "write";

/** What a token may do. */
export interface Profile {
  user: User;
  contents: Access;
  pullRequests: Access;
  issues: Access;
}

export interface Pull {
  number: number;
  head: string;
  headRef: string;
  /** `owner/name` of the repository that the head lies in. */
  headRepo: string;
  baseRef: string;
  /** Frozen when the pull request was opened or pushed to. */
  baseSha: string;
  open: boolean;
  draft: boolean;
  author: User;
}

export interface Review {
  id: number;
  pull: number;
  user: User;
  body: string;
  state: "PENDING" | "COMMENTED" | "APPROVED" | "CHANGES_REQUESTED";
  commit: string;
}

export interface ReviewComment {
  id: number;
  pull: number;
  review: number;
  thread: number;
  user: User;
  body: string;
  path: string;
  file: boolean;
  side: "LEFT" | "RIGHT";
  startLine: number | null;
  /** `null` once it is outdated. */
  line: number | null;
  originalLine: number | null;
  originalCommit: string;
  commit: string;
  minimized: string | null;
  edits: number;
}

export interface Thread {
  id: number;
  pull: number;
  resolvedBy: User | null;
  resolved: boolean;
  outdated: boolean;
}

export interface IssueComment {
  id: number;
  issue: number;
  user: User;
  body: string;
  minimized: string | null;
  edits: number;
}

export interface Issue {
  number: number;
  title: string;
  body: string;
  user: User;
  state: "open" | "closed";
}

/** Everything that the fake GitHub knows of one repository. */
export interface Store {
  owner: string;
  name: string;
  origin: Origin;
  defaultBranch: string;
  pulls: Pull[];
  reviews: Review[];
  reviewComments: ReviewComment[];
  threads: Thread[];
  issueComments: IssueComment[];
  issues: Issue[];
  /** Token → what it may do. Any other is refused; none at all may read. */
  tokens: Map<string, Profile>;
  /** Paths for which GitHub shows no patch, as it does when one is too large. */
  withoutPatch: Set<string>;
  /** `path:line` where GitHub accepts no comment, whatever the diff says. */
  refusedPlaces: Set<string>;
  /** GitHub stops listing a tree here. */
  mostTreeEntries: number;
  nextId(): number;
}

export const BOT: User = { login: "github-actions[bot]", bot: true };
export const HUMAN: User = { login: "octocat", bot: false };

/** What `permissions:` gives a token, from the least to the most. */
export const PROFILES = {
  "read-only": { user: BOT, contents: "read", pullRequests: "read", issues: "none" },
  "pr-write": { user: BOT, contents: "read", pullRequests: "write", issues: "none" },
  "contents-write": { user: BOT, contents: "write", pullRequests: "write", issues: "none" },
  "issues-write": { user: BOT, contents: "read", pullRequests: "read", issues: "write" },
  none: { user: BOT, contents: "none", pullRequests: "none", issues: "none" },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;

export const TOKEN = "ghs_testTokenThatMustNeverBePrinted";

/** An empty repository `acme/shop`. */
export function makeStore(profile: ProfileName, folder: string): Store {
  let id = 1000;
  return {
    owner: "acme",
    name: "shop",
    origin: makeOrigin(folder),
    defaultBranch: "main",
    pulls: [],
    reviews: [],
    reviewComments: [],
    threads: [],
    issueComments: [],
    issues: [],
    tokens: new Map([[TOKEN, PROFILES[profile]]]),
    withoutPatch: new Set(),
    refusedPlaces: new Set(),
    mostTreeEntries: 100_000,
    nextId: () => ++id,
  };
}

/** The merge base of a pull request, as GitHub computes it anew every time. */
function baseOf(store: Store, pull: Pull): string {
  const tip = store.origin.resolve(pull.baseRef) ?? pull.baseSha;
  return store.origin.mergeBase(tip, pull.head) ?? pull.baseSha;
}

/** What the pull request's page shows as its diff. */
export function pullDiff(store: Store, pull: Pull, commit = pull.head): DiffEntry[] {
  const base = store.origin.mergeBase(baseOf(store, pull), commit) ?? pull.baseSha;
  return store.origin
    .diff(base, commit)
    .map((entry) => (store.withoutPatch.has(entry.path) ? { ...entry, patch: null, hunks: [] } : entry));
}

/** The first comment of a thread, and those that answer it. */
export function commentsIn(store: Store, thread: Thread): ReviewComment[] {
  return store.reviewComments.filter((comment) => comment.thread === thread.id);
}

/** Whether somebody can see a comment: those of a review that was begun and not submitted only its author can. */
export function isVisible(store: Store, comment: ReviewComment, viewer: User | null): boolean {
  const review = store.reviews.find(({ id }) => id === comment.review);
  return review?.state !== "PENDING" || review.user.login === viewer?.login;
}

/** A push to a pull request. Threads follow their lines or become outdated; a forced push re-points old reviews to the new head. */
export function push(store: Store, pull: Pull, head: string): void {
  const old = pull.head;
  const forced = !store.origin.isAncestor(old, head);
  pull.head = head;
  store.origin.ref(`refs/heads/${pull.headRef}`, head);
  store.origin.ref(`refs/pull/${pull.number}/head`, head);
  const shown = pullDiff(store, pull);
  for (const thread of store.threads.filter((each) => each.pull === pull.number)) {
    for (const comment of commentsIn(store, thread)) {
      comment.commit = head;
      if (comment.file || comment.line === null) continue;
      const now = store.origin.moved(old, head, comment.path, comment.line);
      const hunks = shown.find(({ path }) => path === now?.path)?.hunks ?? [];
      const inside = now !== null && hunks.some(({ right }) => holds(right, now.line));
      if (!inside) {
        comment.line = null;
        comment.startLine = null;
        thread.outdated = true;
        continue;
      }
      if (comment.startLine !== null) comment.startLine += now.line - comment.line;
      comment.line = now.line;
      comment.path = now.path;
    }
  }
  if (forced) for (const review of store.reviews) if (review.pull === pull.number) review.commit = head;
}

/** Whether a range of lines, given as start and count, holds a line. */
export function holds([start, count]: readonly [number, number], line: number): boolean {
  return line >= start && line < start + count;
}
