import type { Finding, Severity } from "../finding.ts";
import type { Report } from "../report.ts";
import { plain, shortened } from "./escape.ts";
import { reported } from "./groups.ts";

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
const MOST_MESSAGE = 4000;

/** The findings as annotations, the most important first; the last of a kind that overflows says how many are left. */
export function annotationsOf(report: Report): Annotation[] {
  const findings = reported(report);
  return (["error", "warning", "notice"] as const).flatMap((severity) => {
    const all = findings.filter((finding) => finding.severity === severity);
    if (all.length <= MOST[severity]) return all.map(annotation);
    const shown = all.slice(0, MOST[severity] - 1);
    const message = `${all.length - shown.length} more findings of severity ${severity} are in the report.`;
    return [...shown.map(annotation), { severity, title: "pcr: more findings", message, place: null }];
  });
}

/** The annotations as workflow commands, one a line (`--format github`). */
export function workflowCommands(report: Report): string {
  return annotationsOf(report).map(command).join("");
}

function annotation({
  rule,
  severity,
  message,
  instead,
  path,
  startLine,
  endLine,
  startColumn,
  endColumn,
}: Finding): Annotation {
  const advice = instead === "" ? "" : `\n${plain(instead)}`;
  return {
    severity,
    title: `pcr: ${rule}`,
    message: shortened(`${plain(message)}${advice}`, MOST_MESSAGE),
    place: { path, startLine, endLine, startColumn, endColumn },
  };
}

function command({ severity, title, message, place }: Annotation): string {
  const properties: [string, string | number][] = [["title", title]];
  if (place !== null) {
    const { path, startLine, endLine, startColumn, endColumn } = place;
    properties.unshift(
      ["file", path.replace(/(?![\r\n])[\p{Cc}\p{Cf}\p{Cs}]/gu, "")],
      ["line", startLine],
      ["endLine", endLine],
    );
    // GitHub takes columns only within one line.
    if (startLine === endLine) properties.splice(3, 0, ["col", startColumn], ["endColumn", endColumn]);
  }
  const list = properties.map(([name, value]) => `${name}=${property(String(value))}`).join(",");
  return `::${severity} ${list}::${data(message)}\n`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
