import { isCounted } from "../finding.ts";
import type { Report } from "../report.ts";
import { code, prose } from "../reporters/escape.ts";
import type { Placement } from "./delivery.ts";
import type { Links } from "./links.ts";

const MOST_LISTED = 20;

/** Findings that the summary itself lists; beyond them it only counts. */
const LISTED_BY_SUMMARY = 20;

/** Whether the summary of a pull request has anything to tell its readers. A first one is not created for silence. */
export function worthSaying(report: Report, changed: ReadonlySet<string>, placement: Placement): boolean {
  const { dismissed, outdated, answered } = placement;
  const placed = dismissed.length + outdated.length + answered.length > 0;
  const advised = report.recommendations.some(({ fits, path }) => fits === false && changed.has(path));
  return report.findings.some(isCounted) || placed || advised || report.verdict === "error" || report.notes.length > 0;
}

/** What a summary says once everything is fine. */
export function cleanText({ stats }: Report): string {
  const fixed = stats.fixed === 0 ? "" : ` It fixes ${stats.fixed}.`;
  return `**Concurrency review:** this pull request introduces no problems.${fixed}`;
}

/** Where the findings are, and what became of threads: the part of the summary that only the pull request knows. */
export function placementText(placement: Placement, links: Links): string {
  const { inline, listed, dismissed, outdated, answered } = placement;
  const lines: string[] = [];
  if (listed.length > 0) {
    const all = inline + listed.length;
    lines.push(
      `${inline} of ${all} findings of severity warning or error are commented on their lines; the [job summary](${links.run}) has all of them.`,
    );
  }
  const list = (title: string, entries: readonly string[]): void => {
    if (entries.length === 0) return;
    const more = entries.length > MOST_LISTED ? [`- and ${entries.length - MOST_LISTED} more`] : [];
    lines.push(`${title}\n${[...entries.slice(0, MOST_LISTED).map((entry) => `- ${entry}`), ...more].join("\n")}`);
  };
  // Otherwise the summary has listed them above.
  if (inline + listed.length > LISTED_BY_SUMMARY) {
    list(
      "Not commented on lines:",
      listed.map((finding) => `${code(finding.rule)} at ${place(finding, links)}: ${prose(finding.message)}`),
    );
  }
  list(
    "Dismissed (the thread was resolved by hand; the finding still counts):",
    dismissed.map(({ finding, by }) => `${code(finding.rule)} at ${place(finding, links)}, dismissed by ${code(by)}`),
  );
  list(
    "Still there, in a thread whose line has left the diff:",
    outdated.map((finding) => `${code(finding.rule)} at ${place(finding, links)}: ${prose(finding.message)}`),
  );
  list(
    "No longer there, but the thread has replies and stays open:",
    answered.map((path) => code(path)),
  );
  return lines.join("\n\n");
}

function place({ path, startLine }: { path: string; startLine: number }, links: Links): string {
  return `[${code(`${path}:${startLine}`)}](${links.lines(path, startLine)})`;
}
