import { byImportance, type Finding, isCounted, type Severity } from "../finding.ts";
import type { Report } from "../report.ts";

/** A message on a line, shown in the diff and on the run's page. */
export interface Annotation {
  severity: Severity;
  title: string;
  message: string;
  /** Absent on the message that says how many more there are. */
  place: { path: string; startLine: number; endLine: number; startColumn: number; endColumn: number } | null;
}

/** GitHub shows ten of each kind in a step: one error stays free for the failure's own message, one notice for the delivery's. */
const MOST: Record<Severity, number> = { error: 9, warning: 10, notice: 9 };

/** The findings as annotations, the most important first; the last of a kind that overflows says how many are left. */
export function annotationsOf(report: Report): Annotation[] {
  const open = report.findings.filter(isCounted).sort(byImportance);
  return (["error", "warning", "notice"] as const).flatMap((severity) => {
    const all = open.filter((finding) => finding.severity === severity);
    if (all.length <= MOST[severity]) return all.map(annotation);
    const shown = all.slice(0, MOST[severity] - 1);
    const left = all.length - shown.length;
    const message = `${left} more findings of severity ${severity} are in the job summary.`;
    return [...shown.map(annotation), { severity, title: "More findings", message, place: null }];
  });
}

function annotation(finding: Finding): Annotation {
  const { severity, rule, message, instead, path, startLine, endLine, startColumn, endColumn } = finding;
  const advice = instead === "" ? "" : `\n${instead}`;
  return {
    severity,
    title: `pcr: ${rule}`,
    message: `${message}${advice}`,
    place: { path, startLine, endLine, startColumn, endColumn },
  };
}
