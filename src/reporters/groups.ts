import { byImportance, type Finding, isCounted, type Severity, type State } from "../finding.ts";
import type { Report } from "../report.ts";

/** Findings of one rule with one cause. The most important leads; the others are further callers of the same. */
export interface Group {
  lead: Finding;
  others: Finding[];
}

/** What the report is about: introduced findings of a review, those of an audit that no baseline knows; in order of importance. */
export function reported({ findings }: Report): Finding[] {
  return findings.filter(isCounted).sort(byImportance);
}

/** The findings that a review found in this state, in order of importance. */
export function inState({ findings }: Report, state: State): Finding[] {
  return findings.filter((finding) => !finding.suppressed && finding.state === state).sort(byImportance);
}

/** Puts findings with one cause together, keeping the order of their leads. */
export function grouped(findings: readonly Finding[]): Group[] {
  const groups = new Map<string, Group>();
  findings.forEach((finding, index) => {
    const name = JSON.stringify([finding.rule, finding.cause ?? index]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { lead: finding, others: [] });
    else group.others.push(finding);
  });
  return [...groups.values()];
}

const SEVERITIES: readonly Severity[] = ["error", "warning", "notice"];

/** Counts by severity in words: `2 errors, 1 warning`; empty for none. */
export function severityWords(findings: readonly Finding[]): string {
  return SEVERITIES.flatMap((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return number === 0 ? [] : [count(number, severity)];
  }).join(", ");
}

/** A number with its noun: `1 file`, `1,200 files`. */
export function count(number: number, noun: string): string {
  // Without `toLocaleString`, whose tables take longer to load than a small report takes to write.
  const grouped = String(number).replace(/\B(?=(?:\d{3})+$)/g, ",");
  return `${grouped} ${noun}${number === 1 ? "" : "s"}`;
}

/** Ends a sentence that does not end yet. */
export function sentence(text: string): string {
  return /[.?!…]$/.test(text) ? text : `${text}.`;
}

/** With a capital first letter, unless code comes first. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
