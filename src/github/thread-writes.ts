import type { GitHub } from "./client.ts";
import { differs, fixedBody } from "./comment.ts";
import type { Thread } from "./conversation.ts";
import { readRemarkMarker } from "./marker.ts";
import { type Refusal, refusalOf } from "./refusal.ts";

type Mutation = "resolveReviewThread" | "unresolveReviewThread" | "minimizeComment" | "unminimizeComment";

const BATCH = 10;
const INPUT: Record<Mutation, (id: string) => string> = {
  resolveReviewThread: (id) => `{threadId: ${id}}) { thread { isResolved } }`,
  unresolveReviewThread: (id) => `{threadId: ${id}}) { thread { isResolved } }`,
  minimizeComment: (id) => `{subjectId: ${id}, classifier: OUTDATED}) { minimizedComment { isMinimized } }`,
  unminimizeComment: (id) => `{subjectId: ${id}}) { unminimizedComment { isMinimized } }`,
};

/** Makes one mutation for each id, ten in a request; returns the ids for which it succeeded. */
async function mutateAll(github: GitHub, mutation: Mutation, ids: readonly string[]): Promise<Set<string>> {
  const done = new Set<string>();
  for (let start = 0; start < ids.length && canWrite(github); start += BATCH) {
    const batch = ids.slice(start, start + BATCH);
    const parameters = batch.map((_, index) => `$id${index}: ID!`).join(", ");
    const lines = batch.map((_, index) => `m${index}: ${mutation}(input: ${INPUT[mutation](`$id${index}`)}`);
    const variables = Object.fromEntries(batch.map((id, index) => [`id${index}`, id]));
    const answer = await answerOf(github, `mutation (${parameters}) {\n${lines.join("\n")}\n}`, variables);
    for (const [index, id] of batch.entries()) {
      // Only what GitHub says it did is counted: in one request some may be refused.
      if (answer[`m${index}`]) done.add(id);
    }
  }
  return done;
}

async function answerOf(
  github: GitHub,
  mutation: string,
  variables: Record<string, string>,
): Promise<Record<string, unknown>> {
  try {
    return await github.octokit.graphql<Record<string, unknown>>(mutation, variables);
  } catch (error) {
    if (error instanceof Error && "data" in error && typeof error.data === "object" && error.data !== null) {
      return { ...error.data };
    }
    const refusal = refusalOf(error);
    if (refusal.kind === "rate-limit" || refusal.kind === "server") throw error;
    return {};
  }
}

/** Resolves threads whose findings are gone; where that is not permitted their comments say so instead. */
export async function settle(
  github: GitHub,
  threads: readonly Thread[],
  head: string,
): Promise<{ resolved: number; marked: number; refused: boolean }> {
  const allowed = threads.filter(({ canResolve }) => canResolve).map(({ id }) => id);
  const resolved = await mutateAll(github, "resolveReviewThread", allowed);
  const left = threads.filter(({ id }) => !resolved.has(id));
  const marked: Thread[] = [];
  for (const thread of left) {
    const marker = readRemarkMarker(thread.first.body);
    if (marker === null || !canWrite(github)) continue;
    const body = fixedBody(thread.first.body, head, marker.key, marker.fingerprints, marker.rule);
    if (await editComment(github, thread.first.id, body)) marked.push(thread);
  }
  const visible = marked.filter(({ first }) => !first.minimized).map(({ first }) => first.nodeId);
  await mutateAll(github, "minimizeComment", visible);
  return { resolved: resolved.size, marked: marked.length, refused: left.length > 0 };
}

/** Brings the texts of open threads up to date; returns how many were edited. */
export async function refresh(github: GitHub, entries: readonly { thread: Thread; body: string }[]): Promise<number> {
  let edited = 0;
  for (const { thread, body } of entries) {
    if (!differs(thread.first.body, body) || !canWrite(github)) continue;
    if (await editComment(github, thread.first.id, body)) edited += 1;
  }
  return edited;
}

/** Opens threads again whose findings are back. Returns those that GitHub would not open. */
export async function reopen(
  github: GitHub,
  entries: readonly { thread: Thread; body: string }[],
): Promise<Set<Thread>> {
  const closed = entries.filter(({ thread }) => thread.resolved).map(({ thread }) => thread.id);
  const opened = await mutateAll(github, "unresolveReviewThread", closed);
  const failed = new Set(entries.flatMap(({ thread }) => (thread.resolved && !opened.has(thread.id) ? [thread] : [])));
  const back = entries.filter(({ thread }) => !failed.has(thread));
  await refresh(github, back);
  const hidden = back.filter(({ thread }) => thread.first.minimized).map(({ thread }) => thread.first.nodeId);
  await mutateAll(github, "unminimizeComment", hidden);
  return failed;
}

/** Deletes comments of ours that say what another one says, and that nobody answered. */
export async function discard(github: GitHub, threads: readonly Thread[]): Promise<void> {
  const { owner, repo } = github;
  for (const { first } of threads) {
    if (!canWrite(github)) return;
    try {
      await github.octokit.rest.pulls.deleteReviewComment({ owner, repo, comment_id: first.id });
    } catch (error) {
      if (refusalOf(error).kind !== "missing") throw error;
    }
  }
}

/** Whether the run may still change something: it has a budget, and the summary's share of it stays free. */
function canWrite({ writes }: GitHub): boolean {
  return writes.done < writes.most - 3;
}

/** Edits a comment of ours. One that somebody deleted meanwhile is no fault. */
async function editComment(github: GitHub, id: number, body: string): Promise<boolean> {
  const { owner, repo } = github;
  try {
    await github.octokit.rest.pulls.updateReviewComment({ owner, repo, comment_id: id, body });
    return true;
  } catch (error) {
    const kind: Refusal["kind"] = refusalOf(error).kind;
    if (kind === "missing") return false;
    throw error;
  }
}
