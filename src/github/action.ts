import { isPython } from "../changes/kinds.ts";
import { InputError } from "../errors.ts";
import type { Report } from "../report.ts";
import { pullRequestChange, rangeChange, type Sourced } from "./change-source.ts";
import type { GitHub } from "./client.ts";
import { type Console, harmless } from "./console.ts";
import { type Delivered, deliver } from "./delivery.ts";
import { at, type PullRequest, readTrigger, text } from "./event.ts";
import type { Inputs } from "./inputs.ts";
import { type Job, jobOf } from "./job.ts";
import { type Links, linksOf } from "./links.ts";
import { annotate, failureOf, publish, type Reporters, refusalNotice } from "./publish.ts";
import { auditCheckout, type Checkout, type Engine, findCheckout, reviewChange } from "./reviewing.ts";
import type { Runner } from "./runner.ts";
import { MOST_SUMMARY } from "./summary-comment.ts";
import { cleanText, placementText, worthSaying } from "./summary-text.ts";

/** Everything a run is made of. */
export interface Session {
  inputs: Inputs;
  runner: Runner;
  /** The event as GitHub describes it: data from outside. */
  payload: unknown;
  github: GitHub;
  engine: Engine;
  reporters: Reporters;
  console: Console;
  /** Why a rule matters. */
  why(rule: string): string;
}

/** The whole story of the action: event → review → what needs no permission → comments → gate. */
export async function runAction(session: Session): Promise<void> {
  const { inputs, runner, payload, github, engine, console } = session;
  const trigger = readTrigger(runner.event, payload);
  const around = {
    event: runner.event,
    sha: runner.sha,
    defaultBranch: text(at(payload, "repository", "default_branch")),
  };
  const job = await jobOf(trigger, inputs, github, around);
  if (job.kind === "nothing") return nothing(job, session);
  const checkout = await findCheckout(runner.workspace, inputs.directory, engine.environment);
  if (job.kind === "pull-request") return reviewPullRequest(job.pullRequest, job.gate, checkout, session);
  if (job.kind === "range") return reviewRange(job, checkout, session);
  if (job.kind === "merge") throw new InputError("mode merge is not available");
  if (job.notice !== null) console.notice(job.notice);
  const { report, settings } = await auditCheckout(inputs, checkout, engine);
  const written = await publish(report, inputs, runner, linksFor(session, runner.sha), session.reporters, console);
  annotate(report, console);
  conclude(report, failureOf(report, settings.failOn), written ? "annotations" : "log", session);
}

/** Nothing was reviewed, so nothing passed; but nothing went wrong either. */
function nothing({ reason, verdict }: Job & { kind: "nothing" }, { console }: Session): void {
  console.notice(reason);
  console.output("verdict", verdict);
  for (const name of ["introduced", "existing", "fixed"]) console.output(name, "0");
  console.output("highest-severity", "none");
  console.output("delivery", "none");
}

async function reviewPullRequest(
  pullRequest: PullRequest,
  gate: boolean,
  checkout: Checkout,
  session: Session,
): Promise<void> {
  const { inputs, runner, github, engine, reporters, console } = session;
  const sourced = await pullRequestChange(github, checkout.repository, pullRequest);
  const { report, settings } = await reviewChange(sourced, inputs, checkout, engine);
  const links = linksFor(session, pullRequest.head);
  const written = await publish(report, inputs, runner, links, reporters, console);
  const delivered = await comment(pullRequest, sourced, report, links, session);
  for (const sentence of delivered.notices) console.notice(harmless(sentence));
  if (delivered.refusal !== null) {
    console.notice(harmless(refusalNotice(delivered.refusal, pullRequest.fork, runner.actor, Date.now())));
  }
  if (delivered.rung === "annotations") annotate(report, console);
  const delivery = delivered.rung === "annotations" && !written ? "log" : delivered.rung;
  const failure = failureOf(report, settings.failOn);
  conclude(report, gate || report.verdict === "error" ? failure : null, delivery, session);
}

async function comment(
  pullRequest: PullRequest,
  sourced: Sourced,
  report: Report,
  links: Links,
  session: Session,
): Promise<Delivered> {
  const { inputs, github, runner, reporters } = session;
  const { comments } = inputs;
  if (!pullRequest.open) {
    return { rung: "none", notices: ["The pull request is closed; nothing is written."], refusal: null };
  }
  if (comments === "none") return { rung: "annotations", notices: [], refusal: null };
  const { change } = sourced;
  return deliver(github, {
    pullRequest,
    report,
    files: change.files,
    head: change.head,
    shown: sourced.shown,
    changesPython: change.files.some(({ path, previousPath }) => isPython(path) || isPython(previousPath ?? path)),
    comments,
    mostComments: inputs.mostComments,
    run: runner.runId,
    context: { links, why: session.why, key: inputs.key },
    summary(placement, exists) {
      if (!worthSaying(report, placement)) return exists ? cleanText(report) : null;
      const more = placementText(placement, links);
      const most = MOST_SUMMARY - more.length;
      const main = reporters.summary(report, { links, most, for: "pull-request" });
      return more === "" ? main : `${main.trimEnd()}\n\n${more}`;
    },
  });
}

async function reviewRange(job: Job & { kind: "range" }, checkout: Checkout, session: Session): Promise<void> {
  const { inputs, runner, engine, console } = session;
  const sourced = await firstRange(job, checkout, session);
  const { report, settings } = await reviewChange(sourced, inputs, checkout, engine);
  const written = await publish(report, inputs, runner, linksFor(session, job.head), session.reporters, console);
  annotate(report, console);
  conclude(report, failureOf(report, settings.failOn), written ? "annotations" : "log", session);
}

/** A base that is gone (after a forced push, say) gives way to the next one. */
async function firstRange(
  { bases, head }: Job & { kind: "range" },
  checkout: Checkout,
  { github }: Session,
): Promise<Sourced> {
  const last = bases.at(-1) ?? "HEAD";
  for (const base of bases.slice(0, -1)) {
    try {
      return await rangeChange(github, checkout.repository, base, head);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  return rangeChange(github, checkout.repository, last, head);
}

function conclude(report: Report, failure: string | null, delivery: string, { console }: Session): void {
  const { introduced, fixed, existing, suppressed } = report.stats;
  const counts =
    report.mode === "audit"
      ? `${existing} found, ${suppressed} ignored`
      : `${introduced} introduced, ${fixed} fixed, ${existing} existing, ${suppressed} ignored`;
  console.info(`Concurrency review: ${report.verdict}. ${counts}. Delivery: ${delivery}.`);
  console.output("delivery", delivery);
  if (failure !== null) console.fail(harmless(failure));
}

function linksFor({ runner }: Session, head: string): Links {
  const { serverUrl, owner, repo, runId, actionRepository, actionRef } = runner;
  return linksOf({ serverUrl, owner, repo, head, runId, actionRepository, actionRef });
}
