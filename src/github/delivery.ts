import type { ChangedFile, Snapshot } from "../changes/change.ts";
import { InputError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { Report } from "../report.ts";
import { type Anchor, commonAnchor, type Shown } from "./anchors.ts";
import type { GitHub } from "./client.ts";
import { type CommentContext, commentBody, isAway } from "./comment.ts";
import { type Conversation, loadConversation, type Thread } from "./conversation.ts";
import type { PullRequest } from "./event.ts";
import { readRemarkMarker, short } from "./marker.ts";
import { type Draft, type Posted, postReview } from "./post-review.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { type Remark, remarksOf } from "./remarks.ts";
import { suggestionFor } from "./suggestion.ts";
import { findSummary, keepSummary, refusedBefore } from "./summary-comment.ts";
import { discard, refresh, reopen, settle } from "./thread-writes.ts";
import { planThreads, type ThreadPlan } from "./threads.ts";

/** Where the findings of a pull request ended up. */
export type Rung = "review" | "summary-only" | "annotations" | "none";

export interface Delivered {
  rung: Rung;
  /** Sentences for the log: why something was not done, and what would change that. */
  notices: string[];
  /** Why nothing could be written, when that is so. */
  refusal: Refusal | null;
}

export interface Order {
  pullRequest: PullRequest;
  report: Report;
  files: readonly ChangedFile[];
  head: Snapshot;
  /** The hunks that GitHub shows. */
  shown(): Promise<Shown>;
  changesPython: boolean;
  comments: "inline" | "summary";
  mostComments: number;
  run: number;
  context: CommentContext;
  /** The summary's text, or `null` when there is nothing to say and a summary is not there yet. */
  summary(placement: Placement, exists: boolean): string | null;
}

/** How findings are spread over comments, for the summary to say. */
export interface Placement {
  /** Findings in open comments of ours. */
  inline: number;
  /** Findings that would be commented on but stand in the summary alone: there is no room or no place for them. */
  listed: Finding[];
  dismissed: { finding: Finding; by: string }[];
  outdated: Finding[];
  /** Paths of threads that are obsolete and stay open because somebody answered. */
  answered: string[];
}

const MOST_FILE_COMMENTS = 5;

/** Brings a pull request's comments in line with a report, as far as the token allows. The verdict does not depend on it. */
export async function deliver(github: GitHub, order: Order): Promise<Delivered> {
  const notices: string[] = [];
  try {
    const conversation = await loadConversation(github, order.pullRequest.number);
    if (!conversation.open)
      return { rung: "none", notices: ["The pull request is closed; nothing is written."], refusal: null };
    if (conversation.head !== order.pullRequest.head) {
      return { rung: "none", notices: ["The head has moved on; its own run writes the comments."], refusal: null };
    }
    return await write(github, order, conversation, notices);
  } catch (error) {
    if (error instanceof InputError) throw error;
    return { rung: "annotations", notices, refusal: refusalOf(error) };
  }
}

async function write(github: GitHub, order: Order, conversation: Conversation, notices: string[]): Promise<Delivered> {
  const { report, context, pullRequest } = order;
  const plan = planThreads(remarksOf(report), report, conversation, context.key);
  const inline = order.comments === "inline" && !conversation.draft;
  const local: Shown = new Map(order.files.map(({ path, hunks }) => [path, hunks ?? []]));

  const failed = await reopen(github, await bodies(order, plan.reopen, local));
  const wanted = [...plan.reopen.flatMap(({ thread, remark }) => (failed.has(thread) ? [remark] : [])), ...plan.post];
  const room = Math.max(0, order.mostComments - plan.open);
  // What GitHub would not take on this very commit is not tried again.
  const refused = refusedBefore(conversation, context.key, pullRequest.head);
  const tried = wanted.filter(({ findings: [first] }) => !refused.has(short(first.fingerprint)));
  const drafts = inline && tried.length > 0 ? await draftsOf(order, tried, room, filesLeft(plan)) : [];
  let posted: Posted = { placed: [], refused: [], failure: null };
  if (drafts.length > 0) {
    const target = { number: pullRequest.number, head: pullRequest.head, conversation };
    posted = await postReview(github, target, drafts, introduction(drafts, wanted));
    const { failure } = posted;
    if (failure?.kind === "permission" || failure?.kind === "missing" || failure?.kind === "rate-limit") {
      return { rung: "annotations", notices, refusal: failure };
    }
    if (failure !== null) notices.push(`Some comments could not be posted (${failure.message}); the summary has them.`);
  }
  await refresh(
    github,
    await bodies(
      order,
      plan.keep.filter(({ thread }) => !thread.outdated),
      local,
    ),
  );
  await discard(github, plan.duplicates);
  const settled = await settle(github, plan.resolve, pullRequest.head);
  if (settled.refused) {
    notices.push(
      "Threads whose findings are gone were marked instead of resolved: resolving takes `permissions: contents: write`.",
    );
  }
  const exists = findSummary(conversation, context.key) !== null;
  // Without inline comments everything is in the summary, and nothing is left over.
  const text = order.summary(placementOf(plan, failed, inline ? wanted : [], posted), exists);
  if (text !== null) {
    for (const { remark } of posted.refused) refused.add(short(remark.findings[0].fingerprint));
    const owner = { number: pullRequest.number, key: context.key, head: pullRequest.head, run: order.run };
    await keepSummary(github, conversation, owner, text, [...refused]);
  }
  const nothing = text === null && !exists && plan.open === 0 && drafts.length === 0 && plan.resolve.length === 0;
  if (nothing && !order.changesPython) return { rung: "none", notices, refusal: null };
  const lost = posted.failure !== null && posted.placed.length === 0 && plan.open === 0;
  return { rung: inline && !lost ? "review" : "summary-only", notices, refusal: null };
}

/** Comments on files are a last resort: few of them are open at the same time. */
function filesLeft({ keep, reopen }: ThreadPlan): number {
  return MOST_FILE_COMMENTS - [...keep, ...reopen].filter(({ thread }) => thread.onFile).length;
}

/** The comments to post: as many as there is room for, on the best place each can have. What has none is in the summary. */
async function draftsOf(order: Order, remarks: readonly Remark[], room: number, roomOnFiles: number): Promise<Draft[]> {
  if (room === 0) return [];
  const shown = await order.shown();
  const drafts: Draft[] = [];
  let onFiles = 0;
  for (const remark of remarks) {
    if (drafts.length >= room) break;
    const draft = await draftOf(order, remark, shown);
    if (draft === null) continue;
    if (draft.anchor.kind === "file" && ++onFiles > roomOnFiles) continue;
    drafts.push(draft);
  }
  return drafts;
}

async function draftOf(order: Order, remark: Remark, shown: Shown): Promise<Draft | null> {
  const found = commonAnchor(remark.findings, shown);
  if (found === null) return null;
  const suggestion = await suggestionOf(order, found.finding, found.anchor, shown);
  const anchor: Anchor = suggestion?.anchor ?? found.anchor;
  const standing = { away: anchor.kind === "file" || !anchor.own, suggestion: suggestion?.block ?? null };
  const ordered = ledBy(remark, found.finding);
  return { remark: ordered, anchor, body: commentBody(ordered, standing, order.context) };
}

async function suggestionOf(
  order: Order,
  finding: Finding,
  anchor: Anchor,
  shown: Shown,
): Promise<ReturnType<typeof suggestionFor>> {
  const text = finding.fix === null ? null : await order.head.read(finding.path);
  return text === null ? null : suggestionFor(finding, anchor, text, shown);
}

function ledBy(remark: Remark, finding: Finding): Remark {
  return { ...remark, findings: [finding, ...remark.findings.filter((each) => each !== finding)] };
}

/** The texts that open threads should have. A comment does not move, so it goes on speaking of the same finding from the same place. */
async function bodies(
  order: Order,
  entries: readonly { thread: Thread; remark: Remark }[],
  shown: Shown,
): Promise<{ thread: Thread; body: string }[]> {
  const found: { thread: Thread; body: string }[] = [];
  for (const { thread, remark } of entries) {
    const said = readRemarkMarker(thread.first.body)?.fingerprints[0];
    const lead = remark.findings.find(({ fingerprint }) => short(fingerprint) === said) ?? remark.findings[0];
    const away = thread.onFile || isAway(thread.first.body);
    const place = away ? null : commonAnchor([lead], shown);
    const suggestion = place === null ? null : await suggestionOf(order, lead, place.anchor, shown);
    const standing = { away, suggestion: suggestion?.block ?? null };
    found.push({ thread, body: commentBody(ledBy(remark, lead), standing, order.context) });
  }
  return found;
}

function introduction(drafts: readonly Draft[], wanted: readonly Remark[]): string {
  const posted = count(drafts.map(({ remark }) => remark));
  const left = count(wanted) - posted;
  const together =
    posted === drafts.length ? "" : `, in ${drafts.length} ${drafts.length === 1 ? "comment" : "comments"}`;
  const rest = left > 0 ? ` ${left} more ${left === 1 ? "is" : "are"} in the summary comment.` : "";
  return `${posted} new concurrency ${posted === 1 ? "problem" : "problems"}${together}.${rest}`;
}

function placementOf(
  plan: ThreadPlan,
  failed: ReadonlySet<Thread>,
  wanted: readonly Remark[],
  posted: Posted,
): Placement {
  const inThreads = [...plan.keep, ...plan.reopen.filter(({ thread }) => !failed.has(thread))].map(
    ({ remark }) => remark,
  );
  const placed = new Set(posted.placed.flatMap(({ remark }) => remark.findings));
  return {
    inline: count(inThreads) + placed.size,
    listed: wanted.flatMap(({ findings }) => findings).filter((finding) => !placed.has(finding)),
    dismissed: plan.dismissed.flatMap(({ remark, by }) => remark.findings.map((finding) => ({ finding, by }))),
    outdated: plan.outdated.flatMap(({ findings }) => findings),
    answered: plan.answered.map(({ path }) => path),
  };
}

function count(remarks: readonly Remark[]): number {
  return remarks.reduce((sum, { findings }) => sum + findings.length, 0);
}
