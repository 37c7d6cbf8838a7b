import { atLeastSeverity, byImportance, type Finding } from "../finding.ts";
import type { Report } from "../report.ts";

/** One comment we want on the pull request: a finding, or all findings with one cause. The most important comes first. */
export interface Remark {
  rule: string;
  findings: [Finding, ...Finding[]];
}

/** Findings that one comment names at most, so that its marker and its list stay within bounds. */
const MOST_TOGETHER = 100;

/** What is commented: introduced findings of severity warning or error, those with one cause together, the most important first. */
export function remarksOf(report: Report): Remark[] {
  const groups = new Map<string, Remark>();
  const seen = new Set<string>();
  for (const finding of [...report.findings].sort(byImportance)) {
    if (!isCommented(finding) || seen.has(finding.fingerprint)) continue;
    seen.add(finding.fingerprint);
    const name = JSON.stringify([finding.rule, finding.cause ?? finding.fingerprint]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { rule: finding.rule, findings: [finding] });
    else if (group.findings.length < MOST_TOGETHER) group.findings.push(finding);
    else groups.set(`${name}${seen.size}`, { rule: finding.rule, findings: [finding] });
  }
  return [...groups.values()];
}

function isCommented(finding: Finding): boolean {
  return finding.state === "introduced" && !finding.suppressed && atLeastSeverity(finding.severity, "warning");
}
