/** What happens at run time: `error` as soon as the line runs concurrently, `warning` under load, `notice` is advice. */
export type Severity = "error" | "warning" | "notice";

/** How sure we are: `high` every name on the way is resolved, `medium` one step is inferred, `low` a guess. */
export type Confidence = "high" | "medium" | "low";

/** A place that takes part in a finding, with its own few words. `line` is 1-based. */
export interface Place {
  path: string;
  line: number;
  message: string;
}

/** A range of source text: 1-based lines and columns, columns in UTF-16 code units, end exclusive. */
export interface Range {
  startLine: number;
  startColumn: number;
  endLine: number;
  endColumn: number;
}

/** One replacement of a range of the finding's file. */
export interface Edit extends Range {
  newText: string;
}

/** A certain and local repair; its edits all lie in the finding's file and do not overlap. */
export interface Fix {
  title: string;
  edits: Edit[];
}

/** In a review: what the change did to the finding. `null` in an audit. */
export type State = "introduced" | "existing" | "fixed";

/** One problem at one primary place; every other place that takes part is in `trace`, in the order of a traceback. */
export interface Finding extends Range {
  rule: string;
  severity: Severity;
  confidence: Confidence;
  path: string;
  /** Importable dotted path of the enclosing function, or of the module. */
  function: string;
  message: string;
  instead: string;
  trace: Place[];
  state: State | null;
  suppressed: boolean;
  fingerprint: string;
  fix: Fix | null;
  /** Findings with the same cause have one root (one blocking helper, say) and are shown together; `null` when it stands alone. */
  cause: string | null;
}

const SEVERITIES: readonly Severity[] = ["notice", "warning", "error"];
const CONFIDENCES: readonly Confidence[] = ["low", "medium", "high"];

/** Whether `severity` is at or above `threshold`. */
export function atLeastSeverity(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(threshold);
}

/** Whether `confidence` is at or above `threshold`. */
export function atLeastConfidence(confidence: Confidence, threshold: Confidence): boolean {
  return CONFIDENCES.indexOf(confidence) >= CONFIDENCES.indexOf(threshold);
}

/** Whether a finding counts: introduced by the change, or in an audit not known before; and not ignored. */
export function isCounted({ state, suppressed }: Finding): boolean {
  return !suppressed && (state === null || state === "introduced");
}

/** One step down, never below `notice`. */
export function lowered(severity: Severity): Severity {
  return severity === "error" ? "warning" : "notice";
}

/** Order of a report: by path, then place, then rule. */
export function byPlace(a: Finding, b: Finding): number {
  return (
    compareText(a.path, b.path) ||
    a.startLine - b.startLine ||
    a.startColumn - b.startColumn ||
    compareText(a.rule, b.rule)
  );
}

/** Order of importance: severity, then confidence, then place. */
export function byImportance(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
    CONFIDENCES.indexOf(b.confidence) - CONFIDENCES.indexOf(a.confidence) ||
    byPlace(a, b)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
