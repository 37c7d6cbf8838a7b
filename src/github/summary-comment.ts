import { createHash } from "node:crypto";
import { type GitHub, wait } from "./client.ts";
import { type Conversation, loadConversation } from "./conversation.ts";
import { readSummaryMarker, summaryMarker } from "./marker.ts";
import { refusalOf } from "./refusal.ts";

/** Which summary comment is meant, and by which run it is written. */
export interface SummaryOwner {
  number: number;
  key: string;
  head: string;
  run: number;
}

interface Sticky {
  id: number;
  body: string;
}

/** GitHub takes 65,536 characters; some stay free for the marker and for what GitHub adds. */
export const MOST_SUMMARY = 60_000;

/** Our summary comment on the pull request, the oldest if there are several. */
export function findSummary(conversation: Conversation, key: string): Sticky | null {
  return summariesIn(conversation, key)[0] ?? null;
}

/** Findings whose place GitHub refused when an earlier run tried the same head. */
export function refusedBefore(conversation: Conversation, key: string, head: string): Set<string> {
  const marker = readSummaryMarker(findSummary(conversation, key)?.body ?? "");
  return new Set(marker?.head === head ? marker.refused : []);
}

function summariesIn({ comments }: Conversation, key: string): Sticky[] {
  return comments
    .filter(({ own, body }) => own && readSummaryMarker(body)?.key === key)
    .map(({ id, body }) => ({ id, body }))
    .sort((a, b) => a.id - b.id);
}

/**
 * Makes the one summary comment say this: creates it, edits it in place, or leaves it alone when it says so already. Further
 * summaries of ours, which two runs at once may have made, are deleted; the oldest stays.
 */
export async function keepSummary(
  github: GitHub,
  conversation: Conversation,
  owner: SummaryOwner,
  text: string,
  refused: readonly string[],
): Promise<void> {
  // The marker alone is no reason for an edit, except when it has to remember something about this head; nor is the run's own address.
  const lasting = text.replace(/\/actions\/runs\/\d+/g, "");
  const said = refused.length === 0 ? lasting : `${lasting}\n${owner.head}\n${refused.join()}`;
  const hash = createHash("sha256").update(said).digest("hex").slice(0, 16);
  const { key, head, run } = owner;
  const body = `${text}\n\n${summaryMarker({ key, head, hash, run, refused: [...refused] })}`;
  const found = summariesIn(conversation, owner.key);
  if (found.length === 0) {
    await create(github, owner, body, hash);
    // Another run may have done the same at the same moment.
    const [first, ...others] = await recentSummaries(github, conversation.viewer, owner);
    if (others.length === 0 || first === undefined) return;
    await remove(github, others);
    await update(github, owner, first, body, hash);
    return;
  }
  const [first, ...others] = found;
  await remove(github, others);
  if (first !== undefined) await update(github, owner, first, body, hash);
}

async function create(github: GitHub, owner: SummaryOwner, body: string, hash: string): Promise<void> {
  const post = () =>
    github.octokit.rest.issues.createComment({
      owner: github.owner,
      repo: github.repo,
      issue_number: owner.number,
      body,
    });
  try {
    await post();
  } catch (error) {
    if (refusalOf(error).kind !== "server") throw error;
    // GitHub may have created it all the same.
    await wait(5 * github.pacing.secondMilliseconds);
    const there = findSummary(await loadConversation(github, owner.number), owner.key);
    if (there === null) await post();
    else await update(github, owner, there, body, hash);
  }
}

async function update(github: GitHub, owner: SummaryOwner, sticky: Sticky, body: string, hash: string): Promise<void> {
  const marker = readSummaryMarker(sticky.body);
  if (marker?.hash === hash) return;
  // A later run has written about another commit: only if that is not the head any more may this one speak.
  if (marker !== null && marker.run > owner.run && marker.head !== owner.head) {
    const { data } = await github.octokit.rest.pulls.get({
      owner: github.owner,
      repo: github.repo,
      pull_number: owner.number,
    });
    if (data.head.sha !== owner.head) return;
  }
  await github.octokit.rest.issues.updateComment({
    owner: github.owner,
    repo: github.repo,
    comment_id: sticky.id,
    body,
  });
}

async function remove(github: GitHub, stickies: readonly Sticky[]): Promise<void> {
  for (const { id } of stickies) {
    try {
      await github.octokit.rest.issues.deleteComment({ owner: github.owner, repo: github.repo, comment_id: id });
    } catch (error) {
      // The other run was faster.
      if (refusalOf(error).kind !== "missing") throw error;
    }
  }
}

/** Summaries of ours among the newest comments: those that a run at the same time can have made. */
async function recentSummaries(github: GitHub, viewer: string, owner: SummaryOwner): Promise<Sticky[]> {
  const since = new Date(Date.now() - 15 * 60_000).toISOString();
  const { data } = await github.octokit.rest.issues.listComments({
    owner: github.owner,
    repo: github.repo,
    issue_number: owner.number,
    since,
    per_page: 100,
  });
  return data
    .filter(({ user, body }) => user?.login === viewer && readSummaryMarker(body ?? "")?.key === owner.key)
    .map(({ id, body }) => ({ id, body: body ?? "" }))
    .sort((a, b) => a.id - b.id);
}
