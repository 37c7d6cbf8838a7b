import type { ChangedFile, Snapshot } from "../changes/change.ts";
import { InputError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { Report } from "../report.ts";
import { type Anchor, commonAnchor, type Shown } from "./anchors.ts";
import type { GitHub } from "./client.ts";
import { type CommentContext, commentBody } from "./comment.ts";
import { type Conversation, loadConversation, type Thread } from "./conversation.ts";
import type { PullRequest } from "./event.ts";
import { type Draft, type Posted, postReview } from "./post-review.ts";
import { getPullRequest } from "./pull-request.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { type Remark, remarksOf } from "./remarks.ts";
import { suggestionFor } from "./suggestion.ts";
import { findSummary, keepSummary } from "./summary-comment.ts";
import { refresh, reopen, settle } from "./thread-writes.ts";
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
  /** Commented findings that are in the summary alone. */
  listed: number;
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
    const current = conversation.atOnce ? conversation : await reread(github, conversation, order.pullRequest.number);
    if (!current.open)
      return { rung: "none", notices: ["The pull request is closed; nothing is written."], refusal: null };
    if (current.head !== order.pullRequest.head) {
      return { rung: "none", notices: ["The head has moved on; its own run writes the comments."], refusal: null };
    }
    return await write(github, order, current, notices);
  } catch (error) {
    if (error instanceof InputError) throw error;
    return { rung: "annotations", notices, refusal: refusalOf(error) };
  }
}

async function reread(github: GitHub, conversation: Conversation, number: number): Promise<Conversation> {
  const { head, open, draft } = await getPullRequest(github, number);
  return { ...conversation, head, open, draft };
}

async function write(github: GitHub, order: Order, conversation: Conversation, notices: string[]): Promise<Delivered> {
  const { report, context, pullRequest } = order;
  const plan = planThreads(remarksOf(report), report, conversation, context.key);
  const inline = order.comments === "inline" && !conversation.draft;
  const local: Shown = new Map(order.files.map(({ path, hunks }) => [path, hunks ?? []]));

  const failed = await reopen(github, await bodies(order, plan.reopen, local));
  const wanted = [...plan.reopen.flatMap(({ thread, remark }) => (failed.has(thread) ? [remark] : [])), ...plan.post];
  const room = Math.max(0, order.mostComments - plan.open);
  const drafts = inline && wanted.length > 0 ? await draftsOf(order, wanted, room) : [];
  let posted: Posted = { placed: [], refused: [], failure: null };
  if (drafts.length > 0) {
    const target = { number: pullRequest.number, head: pullRequest.head, conversation };
    posted = await postReview(github, target, drafts, introduction(drafts.length, wanted.length));
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
  const settled = await settle(github, plan.resolve, pullRequest.head);
  if (settled.refused) {
    notices.push(
      "Threads whose findings are gone were marked instead of resolved: resolving takes `permissions: contents: write`.",
    );
  }
  const exists = findSummary(conversation, context.key) !== null;
  const text = order.summary(placementOf(plan, failed, wanted, posted), exists);
  if (text !== null) {
    const owner = { number: pullRequest.number, key: context.key, head: pullRequest.head, run: order.run };
    await keepSummary(github, conversation, owner, text);
  }
  const nothing = text === null && !exists && plan.open === 0 && drafts.length === 0 && plan.resolve.length === 0;
  if (nothing && !order.changesPython) return { rung: "none", notices, refusal: null };
  const lost = posted.failure !== null && posted.placed.length === 0 && plan.open === 0;
  return { rung: inline && !lost ? "review" : "summary-only", notices, refusal: null };
}

/** The comments to post: as many as there is room for, on the best place each can have. What has none is in the summary. */
async function draftsOf(order: Order, remarks: readonly Remark[], room: number): Promise<Draft[]> {
  if (room === 0) return [];
  const shown = await order.shown();
  const drafts: Draft[] = [];
  let onFiles = 0;
  for (const remark of remarks) {
    if (drafts.length >= room) break;
    const draft = await draftOf(order, remark, shown);
    if (draft === null) continue;
    if (draft.anchor.kind === "file" && ++onFiles > MOST_FILE_COMMENTS) continue;
    drafts.push(draft);
  }
  return drafts;
}

async function draftOf(order: Order, remark: Remark, shown: Shown): Promise<Draft | null> {
  const found = commonAnchor(remark.findings, shown);
  if (found === null) return null;
  const others = remark.findings.filter((finding) => finding !== found.finding);
  const ordered: Remark = { ...remark, findings: [found.finding, ...others] };
  const text = found.finding.fix === null ? null : await order.head.read(found.finding.path);
  const suggestion = text === null ? null : suggestionFor(found.finding, found.anchor, text, shown);
  const anchor: Anchor = suggestion?.anchor ?? found.anchor;
  return { remark: ordered, anchor, body: commentBody(ordered, suggestion?.block ?? null, order.context) };
}

/** The texts that open threads should have. */
async function bodies(
  order: Order,
  entries: readonly { thread: Thread; remark: Remark }[],
  shown: Shown,
): Promise<{ thread: Thread; body: string }[]> {
  const found: { thread: Thread; body: string }[] = [];
  for (const { thread, remark } of entries) {
    const draft = await draftOf(order, remark, shown);
    found.push({ thread, body: draft?.body ?? commentBody(remark, null, order.context) });
  }
  return found;
}

function introduction(posted: number, wanted: number): string {
  const problems = posted === 1 ? "One concurrency problem is" : `${posted} concurrency problems are`;
  const rest =
    wanted > posted ? ` ${wanted - posted} more ${wanted - posted === 1 ? "is" : "are"} in the summary comment.` : "";
  return `${problems} new in this pull request.${rest}`;
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
  const inline = count([...inThreads, ...posted.placed.map(({ remark }) => remark)]);
  return {
    inline,
    listed: count(wanted) - count(posted.placed.map(({ remark }) => remark)),
    dismissed: plan.dismissed.flatMap(({ remark, by }) => remark.findings.map((finding) => ({ finding, by }))),
    outdated: plan.outdated.flatMap(({ findings }) => findings),
    answered: plan.answered.map(({ path }) => path),
  };
}

function count(remarks: readonly Remark[]): number {
  return remarks.reduce((sum, { findings }) => sum + findings.length, 0);
}
