import { findOperation, type Json, object } from "./openapi.ts";
import type { DiffEntry } from "./origin.ts";
import type { Issue, IssueComment, Pull, Review, ReviewComment, Store, User } from "./store.ts";

const WHEN = "2026-01-01T00:00:00Z";

/** GitHub's own example of an answer, as a pattern for ours: it has every field that the description demands. */
function example(method: string, path: string): Json {
  return findOperation(method, `/repos/o/r${path}`)?.operation.example ?? {};
}

const pullExample = example("GET", "/pulls/1");
const simplePullExample = example("GET", "/pulls");
const reviewExample = example("POST", "/pulls/1/reviews");
const commentExample = example("POST", "/pulls/1/comments");
const issueCommentExample = example("POST", "/issues/1/comments");
const issueExample = example("POST", "/issues");
const repositoryExample = example("GET", "");
const comparisonExample = example("GET", "/compare/a...b");
const userExample = object(issueCommentExample.user);

/** An account as REST shows it. */
export function userJson({ login, bot }: User): Json {
  return { ...userExample, login, type: bot ? "Bot" : "User" };
}

export function pullJson(store: Store, pull: Pull, simple = false): Json {
  const from = simple ? simplePullExample : pullExample;
  const side = (name: "head" | "base", sha: string, ref: string, fullName: string): Json => {
    const shown = object(from[name]);
    const owner = fullName.split("/", 1)[0] ?? "";
    const repo = { ...object(shown.repo), full_name: fullName, name: fullName.split("/")[1], fork: fullName !== home };
    return { ...shown, sha, ref, label: `${owner}:${ref}`, user: userJson({ login: owner, bot: false }), repo };
  };
  const home = `${store.owner}/${store.name}`;
  return {
    ...from,
    requested_teams: [],
    number: pull.number,
    state: pull.open ? "open" : "closed",
    draft: pull.draft,
    user: userJson(pull.author),
    head: side("head", pull.head, pull.headRef, pull.headRepo),
    base: side("base", pull.baseSha, pull.baseRef, home),
  };
}

export function reviewJson(review: Review): Json {
  const { id, user, body, state, commit } = review;
  return { ...reviewExample, id, node_id: `PRR_${id}`, user: userJson(user), body, state, commit_id: commit };
}

export function reviewCommentJson(comment: ReviewComment): Json {
  const { id, body, path, line, startLine, side, originalLine, originalCommit, commit, file } = comment;
  const { line: _, original_line: __, ...rest } = commentExample;
  return {
    ...rest,
    ...(line === null ? {} : { line }),
    ...(originalLine === null ? {} : { original_line: originalLine }),
    id,
    node_id: `PRRC_${id}`,
    pull_request_review_id: comment.review,
    user: userJson(comment.user),
    body,
    path,
    start_line: startLine,
    side,
    original_commit_id: originalCommit,
    commit_id: commit,
    subject_type: file ? "file" : "line",
    created_at: WHEN,
    updated_at: WHEN,
  };
}

export function issueCommentJson({ id, body, user }: IssueComment): Json {
  const now = new Date().toISOString();
  return {
    ...issueCommentExample,
    id,
    node_id: `IC_${id}`,
    body,
    user: userJson(user),
    created_at: now,
    updated_at: now,
  };
}

export function issueJson({ number, title, body, user, state }: Issue): Json {
  const { pull_request: _, ...rest } = issueExample;
  return { ...rest, number, title, body, user: userJson(user), state, closed_at: state === "open" ? null : WHEN };
}

export function repositoryJson(store: Store): Json {
  const full = `${store.owner}/${store.name}`;
  const source = { ...object(repositoryExample.source), language: "Python" };
  const own = { name: store.name, full_name: full, default_branch: store.defaultBranch, language: "Python" };
  return { ...repositoryExample, ...own, source };
}

export function diffEntryJson({ path, previous, status, blob, patch, additions, deletions }: DiffEntry): Json {
  return {
    sha: blob,
    filename: path,
    status,
    additions,
    deletions,
    changes: additions + deletions,
    blob_url: `https://github.com/acme/shop/blob/head/${path}`,
    raw_url: `https://github.com/acme/shop/raw/head/${path}`,
    contents_url: `https://api.github.com/repos/acme/shop/contents/${path}`,
    ...(patch === null ? {} : { patch }),
    ...(previous === null ? {} : { previous_filename: previous }),
  };
}

export function comparisonJson(base: string, mergeBase: string, head: string, files: readonly DiffEntry[]): Json {
  const commit = (sha: string): Json => ({ ...object(comparisonExample.base_commit), sha });
  return {
    ...comparisonExample,
    base_commit: commit(base),
    merge_base_commit: commit(mergeBase),
    commits: [commit(head)],
    files: files.map(diffEntryJson),
  };
}
