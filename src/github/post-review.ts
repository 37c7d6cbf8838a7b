import type { Anchor } from "./anchors.ts";
import { type GitHub, wait } from "./client.ts";
import { type Conversation, loadConversation } from "./conversation.ts";
import { readRemarkMarker, short } from "./marker.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import type { Remark } from "./remarks.ts";

/** A comment ready to be posted. */
export interface Draft {
  remark: Remark;
  anchor: Anchor;
  body: string;
}

export interface Posted {
  placed: Draft[];
  /** GitHub accepts no comment at their place. */
  refused: Draft[];
  /** What made posting stop, if anything did. */
  failure: Refusal | null;
}

export interface Target {
  number: number;
  head: string;
  /** The pull request as it was loaded a moment ago. */
  conversation: Conversation;
}

const REVIEW_MARKER = "<!-- pcr:v1 review -->";
const MOST_TRIES = 6;
const MOST_ROUNDS = 2;
/** More comments in one review make GitHub fail now and then. */
const MOST_IN_REVIEW = 30;

/**
 * Posts drafts as one review. One bad place sinks a whole review without a word about which it was: then halves are tried, a few
 * times, and what is left over is refused. After an answer that may be a lie (GitHub fails but has created the comments) the
 * threads are read again and only what is missing is posted.
 */
export async function postReview(
  github: GitHub,
  target: Target,
  drafts: readonly Draft[],
  intro: string,
): Promise<Posted> {
  const posted: Posted = { placed: [], refused: [], failure: null };
  let tries = MOST_TRIES;
  try {
    await discardPending(github, target);
    const onLines = drafts.filter(({ anchor }) => anchor.kind === "lines");
    for (let start = 0; start < onLines.length; start += MOST_IN_REVIEW) {
      await placeAll(onLines.slice(start, start + MOST_IN_REVIEW));
    }
    for (const draft of drafts) if (draft.anchor.kind === "file") await placeOnFile(draft, draft.anchor.path);
  } catch (error) {
    posted.failure = refusalOf(error);
  }
  return posted;

  /** Narrows a refused batch down to one bad place, posting good halves on the way; what was put aside is then tried as one. */
  async function placeAll(batch: readonly Draft[]): Promise<void> {
    let waiting = batch;
    while (waiting.length > 0 && !(await attempt(waiting))) {
      let suspects = waiting;
      const aside: Draft[] = [];
      while (suspects.length > 1 && tries > 0) {
        const middle = Math.ceil(suspects.length / 2);
        const [one, other] = [suspects.slice(0, middle), suspects.slice(middle)];
        tries -= 1;
        if (await attempt(one)) suspects = other;
        else {
          suspects = one;
          aside.push(...other);
        }
      }
      posted.refused.push(...suspects);
      if (tries <= 0) {
        posted.refused.push(...aside);
        return;
      }
      tries -= 1;
      waiting = aside;
    }
  }

  /** Whether the batch was accepted. Anything but a refused place is thrown. */
  async function attempt(batch: readonly Draft[]): Promise<boolean> {
    const created = await createOnce(github, target, batch, async (missing) => {
      const { owner, repo } = github;
      await github.octokit.rest.pulls.createReview({
        owner,
        repo,
        pull_number: target.number,
        commit_id: target.head,
        event: "COMMENT",
        body: `${intro}\n\n${REVIEW_MARKER}`,
        comments: missing.map(({ anchor, body }) => ({ ...place(anchor), body })),
      });
    });
    if (created) posted.placed.push(...batch);
    return created;
  }

  async function placeOnFile(draft: Draft, path: string): Promise<void> {
    const created = await createOnce(github, target, [draft], async () => {
      const { owner, repo } = github;
      await github.octokit.rest.pulls.createReviewComment({
        owner,
        repo,
        pull_number: target.number,
        commit_id: target.head,
        path,
        body: draft.body,
        subject_type: "file",
      });
    });
    (created ? posted.placed : posted.refused).push(draft);
  }
}

/** Creates what is missing, and believes a failure only after looking. `false`: GitHub accepts no comment at one of the places. */
async function createOnce(
  github: GitHub,
  target: Target,
  drafts: readonly Draft[],
  create: (missing: readonly Draft[]) => Promise<void>,
): Promise<boolean> {
  let missing = drafts;
  for (let round = 0; ; round += 1) {
    try {
      await create(missing);
      return true;
    } catch (error) {
      const { kind } = refusalOf(error);
      if (kind === "anchor" || kind === "too-long") return false;
      if (kind === "pending-review" && round < MOST_ROUNDS) {
        await discardPending(github, { ...target, conversation: await loadConversation(github, target.number) });
        continue;
      }
      if (kind !== "server" || round >= MOST_ROUNDS) throw error;
      await wait(5 * github.pacing.secondMilliseconds);
      missing = notYetThere(drafts, await loadConversation(github, target.number));
      if (missing.length === 0) return true;
    }
  }
}

function notYetThere(drafts: readonly Draft[], { threads }: Conversation): Draft[] {
  const there = new Set(
    threads.flatMap(({ first }) => (first.own ? (readRemarkMarker(first.body)?.fingerprints ?? []) : [])),
  );
  return drafts.filter(({ remark }) => !remark.findings.every(({ fingerprint }) => there.has(short(fingerprint))));
}

/**
 * Deletes reviews of ours that a cancelled run left unsubmitted, because they block every new one. A person whose token we use
 * may be writing a review: that one is left alone.
 */
async function discardPending(github: GitHub, { number, conversation }: Target): Promise<void> {
  const { owner, repo } = github;
  const bot = conversation.viewer.endsWith("[bot]");
  for (const { id, body } of conversation.pending) {
    if (!bot && !body.includes(REVIEW_MARKER)) continue;
    try {
      await github.octokit.rest.pulls.deletePendingReview({ owner, repo, pull_number: number, review_id: id });
    } catch (error) {
      // It has gone or been submitted meanwhile.
      if (!["missing", "anchor"].includes(refusalOf(error).kind)) throw error;
    }
  }
}

function place(anchor: Anchor): {
  path: string;
  line?: number;
  side?: string;
  start_line?: number;
  start_side?: string;
} {
  if (anchor.kind === "file") return { path: anchor.path };
  const { path, startLine, endLine } = anchor;
  const end = { path, line: endLine, side: "RIGHT" };
  return startLine < endLine ? { ...end, start_line: startLine, start_side: "RIGHT" } : end;
}
