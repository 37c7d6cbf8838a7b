import { InputError } from "../errors.ts";
import type { GitHub } from "./client.ts";
import type { PullRequest, Trigger } from "./event.ts";
import type { Inputs } from "./inputs.ts";
import { defaultBranch, findByHead, getPullRequest } from "./pull-request.ts";

/** What a run does. */
export type Job =
  /** Reviews a pull request and comments on it. A run that is no gate succeeds whatever it finds. */
  | { kind: "pull-request"; pullRequest: PullRequest; gate: boolean }
  /** Reviews a range of commits; the first base that can be compared with counts. */
  | { kind: "range"; bases: string[]; head: string }
  | { kind: "audit"; notice: string | null }
  | { kind: "merge" }
  | { kind: "nothing"; reason: string; verdict: "pass" | "error" };

/** What else decides. */
export interface Around {
  event: string;
  /** The commit of the run. */
  sha: string;
  /** As the event says; empty when it does not. */
  defaultBranch: string;
}

/** Decides by event and inputs. An event we know nothing of is no fault: the checkout is audited. */
export async function jobOf(trigger: Trigger, inputs: Inputs, github: GitHub, around: Around): Promise<Job> {
  const { mode } = inputs;
  if (mode === "merge") return { kind: "merge" };
  if (mode === "audit") return { kind: "audit", notice: null };
  const job = (await namedReview(trigger, inputs, github, around)) ?? (await unnamed(trigger, inputs, github, around));
  if (inputs.shard !== null && job.kind !== "audit") {
    throw new InputError("input shard splits an audit; leave it out of a review");
  }
  return job;
}

/** The review that the event or `pull-number` names, if any. */
async function namedReview(trigger: Trigger, inputs: Inputs, github: GitHub, around: Around): Promise<Job | null> {
  const { mode, base, pullNumber } = inputs;
  const gate = mode !== "post";
  if (trigger.kind === "nothing") return { kind: "nothing", reason: trigger.reason, verdict: "pass" };
  if (trigger.kind === "pull-request") {
    const { pullRequest } = trigger;
    return {
      kind: "pull-request",
      pullRequest: base === "" ? pullRequest : { ...pullRequest, baseBranch: base },
      gate,
    };
  }
  if (trigger.kind === "range" && gate) {
    if (base !== "") return { kind: "range", bases: [base], head: trigger.head };
    const branch = await defaultBranch(github, around.defaultBranch);
    return { kind: "range", bases: trigger.base === null ? [branch] : [trigger.base, branch], head: trigger.head };
  }
  if (pullNumber !== null) return { kind: "pull-request", pullRequest: await getPullRequest(github, pullNumber), gate };
  if (trigger.kind === "workflow-run" && (mode === "post" || (mode === "auto" && trigger.ofPullRequest))) {
    const found = await findByHead(github, trigger.owner, trigger.branch, trigger.head);
    if (found !== null) return { kind: "pull-request", pullRequest: found, gate: false };
    const reason = "No open pull request has this head any more; a later run will review it.";
    return { kind: "nothing", reason, verdict: "error" };
  }
  return null;
}

async function unnamed(trigger: Trigger, inputs: Inputs, github: GitHub, around: Around): Promise<Job> {
  if (inputs.mode === "post") {
    throw new InputError(
      "mode post needs a workflow_run event or the input pull-number: it reviews a pull request from outside",
    );
  }
  if (inputs.mode === "review") {
    const base = inputs.base === "" ? await defaultBranch(github, around.defaultBranch) : inputs.base;
    return { kind: "range", bases: [base], head: around.sha };
  }
  if (trigger.kind === "manual") return { kind: "audit", notice: null };
  const event = around.event === "" ? "without a name" : around.event;
  return { kind: "audit", notice: `The event ${event} names nothing to review, so the checkout is audited.` };
}
