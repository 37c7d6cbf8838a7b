import { InputError } from "../errors.ts";
import { isCounted } from "../finding.ts";
import type { Report } from "../report.ts";
import { readOrigin } from "../report-file.ts";
import { auditCheckout, mergeShards } from "./auditing.ts";
import { pullRequestChange, rangeChange, type Sourced, touchesPython } from "./change-source.ts";
import { type Checkout, type Engine, findCheckout } from "./checkout.ts";
import type { GitHub } from "./client.ts";
import { type Console, harmless } from "./console.ts";
import { type Delivered, deliver } from "./delivery.ts";
import { at, type PullRequest, readTrigger, text } from "./event.ts";
import { readInside } from "./files.ts";
import { type Inputs, label } from "./inputs.ts";
import { type Job, jobOf } from "./job.ts";
import { type Links, linksOf } from "./links.ts";
import { annotate, failureOf, publish, type Reporters, refusalNotice } from "./publish.ts";
import { refusalOf } from "./refusal.ts";
import { reviewChange } from "./reviewing.ts";
import type { Runner } from "./runner.ts";
import { MOST_SUMMARY } from "./summary-comment.ts";
import { cleanText, placementText, worthSaying } from "./summary-text.ts";
import { keepTrackingIssue } from "./tracking-issue.ts";

const MOST_REPORT = 64 * 1024 * 1024;

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
  if (job.kind === "audit" && job.notice !== null) console.notice(harmless(job.notice));
  return auditAll(job.kind === "merge" ? mergeShards : auditCheckout, checkout, session);
}

async function auditAll(make: typeof auditCheckout, checkout: Checkout, session: Session): Promise<void> {
  const { inputs, runner, engine, console } = session;
  const { report, settings, tree } = await make(inputs, checkout, engine);
  const links = linksFor(session, runner.sha);
  const written = await publish({ report, trees: [tree] }, inputs, runner, links, session.reporters, console);
  annotate(report, console);
  if (inputs.trackingIssue && inputs.shard === null) await track(report, links, session);
  conclude(report, failureOf(report, settings.failOn), written ? "annotations" : "log", session);
}

/** Keeps the tracking issue. That it cannot be kept is told and changes nothing else. */
async function track(
  report: Report,
  links: Links,
  { github, inputs, runner, reporters, console }: Session,
): Promise<void> {
  const worth = report.findings.some(isCounted) || report.verdict !== "pass";
  const text = worth ? reporters.summary(report, { links, most: MOST_SUMMARY, for: "job" }) : null;
  try {
    await keepTrackingIssue(github, inputs.key, text, { commit: runner.sha, run: runner.runId });
  } catch (error) {
    const { message } = refusalOf(error);
    console.notice(
      harmless(`The tracking issue was not updated (${message}); it takes \`permissions: issues: write\`.`),
    );
  }
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
  if (inputs.mode === "post") await checkOrigin(pullRequest, session);
  const sourced = await pullRequestChange(github, checkout.repository, pullRequest);
  const reviewed = await reviewChange(sourced, inputs, checkout, engine);
  const { settings } = reviewed;
  const report: Report = {
    ...reviewed.report,
    pullRequest: { number: pullRequest.number, head: pullRequest.head },
  };
  const links = linksFor(session, pullRequest.head);
  const { head, base } = sourced.change;
  const written = await publish({ report, trees: [head, base] }, inputs, runner, links, reporters, console);
  const delivered = await comment(pullRequest, sourced, report, links, session);
  for (const sentence of delivered.notices) console.notice(harmless(sentence));
  if (delivered.refusal !== null) {
    console.notice(harmless(refusalNotice(delivered.refusal, pullRequest.fork, runner.actor, links, Date.now())));
  }
  if (delivered.rung === "annotations") annotate(report, console);
  const delivery = delivered.rung === "annotations" && !written ? "log" : delivered.rung;
  const failure = failureOf(report, settings.failOn);
  conclude(report, gate || report.verdict === "error" ? failure : null, delivery, session);
}

/** A report of the first stage is data from a pull request: all it can do is disagree with what GitHub says. */
async function checkOrigin({ number, head }: PullRequest, { inputs, runner }: Session): Promise<void> {
  if (inputs.reportFile === "") return;
  const json = await readInside(runner.workspace, inputs.reportFile, label("report-file"), MOST_REPORT);
  const claimed = readOrigin(json, "the first stage's report").pullRequest;
  if (claimed?.number === number && claimed.head === head) return;
  throw new InputError(
    `the first stage's report does not speak of pull request ${number} at ${head.slice(0, 12)}; nothing is posted`,
  );
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
  const changed = new Set(change.files.map(({ path }) => path));
  return deliver(github, {
    pullRequest,
    report,
    files: change.files,
    head: change.head,
    shown: sourced.shown,
    changesPython: touchesPython(change.files),
    comments,
    mostComments: inputs.mostComments,
    run: runner.runId,
    context: { links, why: session.why, key: inputs.key },
    summary(placement, exists) {
      if (!worthSaying(report, changed, placement)) return exists ? cleanText(report) : null;
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
  const { head, base } = sourced.change;
  const links = linksFor(session, job.head);
  const written = await publish({ report, trees: [head, base] }, inputs, runner, links, session.reporters, console);
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
