import type { Report } from "../report.ts";
import { code, prose } from "../reporters/escape.ts";
import type { Placement } from "./delivery.ts";
import type { Links } from "./links.ts";

const MOST_LISTED = 20;

/** Whether the summary of a pull request has anything to tell its readers. A first one is not created for silence. */
export function worthSaying(report: Report, { dismissed, outdated, answered }: Placement): boolean {
  const introduced = report.findings.some(({ state, suppressed }) => state === "introduced" && !suppressed);
  const placed = dismissed.length + outdated.length + answered.length > 0;
  return introduced || placed || report.verdict === "error" || report.notes.length > 0;
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
  if (inline + listed > 0 && listed > 0) {
    lines.push(
      `${inline} of ${inline + listed} findings of severity warning or error are commented on their lines; ${listed} ${listed === 1 ? "is" : "are"} only listed here.`,
    );
  }
  const list = (title: string, entries: readonly string[]): void => {
    if (entries.length === 0) return;
    const more = entries.length > MOST_LISTED ? [`- and ${entries.length - MOST_LISTED} more`] : [];
    lines.push(`${title}\n${[...entries.slice(0, MOST_LISTED).map((entry) => `- ${entry}`), ...more].join("\n")}`);
  };
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
