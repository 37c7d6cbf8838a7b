import type { Snapshot } from "../changes/change.ts";
import { type Excerpts, excerptsOf } from "../excerpts.ts";
import { atLeastSeverity, isCounted, type Severity } from "../finding.ts";
import type { Report } from "../report.ts";
import { annotationsOf } from "../reporters/annotations.ts";
import { type Console, harmless } from "./console.ts";
import { writeInside } from "./files.ts";
import { type Inputs, label } from "./inputs.ts";
import type { Links } from "./links.ts";
import type { Refusal } from "./refusal.ts";
import type { Runner } from "./runner.ts";

/** The forms of a report that the action needs. */
export interface Reporters {
  /** A file for readers or tools; the ending of its name says which form it has. */
  file(form: "json" | "html" | "markdown", report: Report, excerpts: Excerpts, links: Links): Promise<string>;
  sarif(report: Report, excerpts: Excerpts, options: { links: Links; category: string | null }): string;
  /** The summary in Markdown, at most `most` characters. */
  summary(report: Report, options: { links: Links; most: number; for: "pull-request" | "job" }): string;
}

/** GitHub takes a mebibyte a step; the reporter counts characters, of which one may be three bytes. */
const MOST_SUMMARY_BYTES = 1_000_000;

/** A report, and the versions of the code that its places lie in, the newest first. */
export interface Publication {
  report: Report;
  trees: readonly Snapshot[];
}

/** Writes everything that needs no permission: files, outputs, the job summary. `false`: the job summary could not be written. */
export async function publish(
  { report, trees }: Publication,
  inputs: Inputs,
  runner: Runner,
  links: Links,
  reporters: Reporters,
  console: Console,
): Promise<boolean> {
  outputs(report, console);
  const excerpts = await excerptsOf(report, trees);
  const sarif = reporters.sarif(report, excerpts, { links, category: categoryOf(inputs) });
  // In mode post the name is that of a report to read.
  const name = inputs.mode === "post" ? "" : inputs.reportFile;
  await file("report-file", name, await reporters.file(formOf(name), report, excerpts, links), "json");
  await file("sarif-file", inputs.sarifFile, sarif, "sarif");
  const written = await console.summary(jobSummary(report, links, reporters));
  if (!written) log(report, console);
  return written;

  /** Where the workflow names no file, one for later steps is left in the runner's temporary folder. */
  async function file(output: string, name: string, text: string, ending: string): Promise<void> {
    if (name !== "") {
      await writeInside(runner.workspace, name, text, label(output));
      console.output(output, name);
    } else if (runner.temporary !== "") {
      const own = `pcr-${runner.step.replace(/\W+/g, "-") || "report"}.${ending}`;
      const path = await writeInside(runner.temporary, own, text, label(output)).catch(() => "");
      console.output(output, path);
    } else console.output(output, "");
  }
}

function jobSummary(report: Report, links: Links, reporters: Reporters): string {
  const summary = (most: number): string => reporters.summary(report, { links, most, for: "job" });
  const whole = summary(MOST_SUMMARY_BYTES);
  return Buffer.byteLength(whole) <= MOST_SUMMARY_BYTES ? whole : summary(Math.floor(MOST_SUMMARY_BYTES / 3));
}

function formOf(name: string): "json" | "html" | "markdown" {
  if (/\.html?$/i.test(name)) return "html";
  return /\.(?:md|markdown)$/i.test(name) ? "markdown" : "json";
}

/** Tells uploads to code scanning for one commit apart. */
function categoryOf({ shard, key }: Inputs): string | null {
  const parts = [key, shard === null ? "" : `shard-${shard.index}-of-${shard.count}`].filter((part) => part !== "");
  return parts.length === 0 ? null : parts.join("/");
}

function outputs({ findings, stats, verdict }: Report, console: Console): void {
  const open = findings.filter(isCounted);
  const highest = (["error", "warning", "notice"] as const).find((severity) =>
    open.some((finding) => finding.severity === severity),
  );
  console.output("verdict", verdict);
  console.output("introduced", String(stats.introduced));
  console.output("existing", String(stats.existing));
  console.output("fixed", String(stats.fixed));
  console.output("highest-severity", highest ?? "none");
}

/** The findings in the log, for runners that show no job summary. */
function log(report: Report, console: Console): void {
  const lines = report.findings
    .filter(isCounted)
    .map(({ path, startLine, severity, rule, message }) =>
      harmless(`${path}:${startLine}: ${severity}: ${message} (${rule})`),
    );
  console.group("Findings", lines.length === 0 ? ["none"] : lines);
}

/** Shows the findings as annotations. */
export function annotate(report: Report, console: Console): void {
  for (const annotation of annotationsOf(report)) console.annotate(annotation);
}

/** Why the step fails, in a sentence; `null` when it does not. */
export function failureOf(report: Report, failOn: Severity | "never"): string | null {
  if (report.verdict === "pass") return null;
  if (report.verdict === "error") {
    const unread = report.stats.skipped.filter(({ whole }) => whole).map(({ path, reason }) => `${path} (${reason})`);
    const named = unread.slice(0, 5).join(", ") + (unread.length > 5 ? ` and ${unread.length - 5} more` : "");
    return `The review could not be made: changed files could not be analysed: ${named}. Repair them or exclude them.`;
  }
  const counts = (["error", "warning", "notice"] as const).flatMap((severity) => {
    if (failOn === "never" || !atLeastSeverity(severity, failOn)) return [];
    const found = report.findings.filter((each) => isCounted(each) && each.severity === severity).length;
    return found === 0 ? [] : [`${found} of severity ${severity}`];
  });
  const what = report.mode === "audit" ? "Concurrency problems found" : "Concurrency problems introduced";
  return `${what}: ${counts.join(", ")}. The gate fails on ${failOn} and above.`;
}

/** Why there are no comments, and what would change that, for whoever reads the log. */
export function refusalNotice(refusal: Refusal, fork: boolean, actor: string, links: Links, now: number): string {
  const page = links.readme("workflows");
  const instead = "The findings are in the job summary and in annotations.";
  if (refusal.kind === "rate-limit") {
    const until = new Date(now + refusal.seconds * 1000).toISOString().slice(11, 16);
    return `Comments skipped: GitHub's rate limit holds until ${until}Z. ${instead}`;
  }
  if (refusal.kind !== "permission" && refusal.kind !== "missing") {
    return `Comments skipped: GitHub did not take them (${refusal.message}). ${instead}`;
  }
  const needs = refusal.kind === "permission" && refusal.needs !== null ? ` (GitHub asks for ${refusal.needs})` : "";
  const why = fork
    ? `the token of a pull request from a fork is read-only; a second workflow on workflow_run with \`mode: post\` can write them${page === null ? "" : `, see ${page}`}`
    : actor === "dependabot[bot]"
      ? "the token of a run started by Dependabot is read-only unless the job says `permissions: pull-requests: write`"
      : "the token may not write; give the job `permissions: pull-requests: write`";
  return `Comments skipped: ${why}${needs}. ${instead}`;
}
