import { createHash } from "node:crypto";
import type { Settings } from "./config.ts";
import type { Confidence, Finding, Fix, Severity } from "./finding.ts";
import { lowered } from "./finding.ts";
import { type Func, lineOf, position } from "./python/module.ts";
import type { Detection, Rule } from "./rules/rule.ts";
import { leniency } from "./runtime/graph/leniency.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** Runs the rules and turns what they detect into findings. Until the fingerprints are made, `fingerprint` holds the function's name within its module and the subject on two lines. */
export function findingsOf(runtime: Runtime, rules: readonly Rule[], settings: Settings): Finding[] {
  const found: Finding[] = [];
  for (const rule of rules)
    for (const detection of rule.detect(runtime)) found.push(findingOf(runtime, rule, detection, settings));
  return found;
}

function findingOf(runtime: Runtime, rule: Rule, detection: Detection, settings: Settings): Finding {
  const { func, at } = detection;
  const { module } = func;
  const start = position(module, at.start);
  const end = position(module, at.end);
  return {
    rule: rule.id,
    severity: severityOf(runtime, rule, detection, settings),
    confidence: confidenceOf(detection.doubt),
    path: module.path,
    startLine: start.line,
    startColumn: start.column,
    endLine: end.line,
    endColumn: end.column,
    function: func.name,
    message: detection.message,
    instead: detection.instead ?? rule.instead,
    trace: (detection.trace ?? []).map(({ module: where, at: node, message }) => ({
      path: where.path,
      line: lineOf(where, node),
      message,
    })),
    state: null,
    suppressed: false,
    fingerprint: `${localName(func)}\n${detection.subject}`,
    fix: fixOf(detection),
    cause: detection.cause ?? null,
  };
}

/** The function's name within its module, which a rename of the file leaves alone. */
function localName(func: Func): string {
  return func.name.startsWith(`${func.module.name}.`) ? func.name.slice(func.module.name.length + 1) : "";
}

function severityOf(runtime: Runtime, rule: Rule, detection: Detection, settings: Settings): Severity {
  const wanted = settings.severity[rule.id];
  if (wanted) return wanted;
  const own = detection.severity ?? rule.severity;
  const { shows = detection } = detection;
  switch (shows && leniency(runtime, shows.func, shows.at)) {
    case "test":
      return LOSES_RESULTS.has(rule.id) ? lowered(own) : "notice";
    case "start-up":
    case "script":
      return lowered(own);
    default:
      return own;
  }
}

/** Rules about hangs and lost results matter in tests too. */
const LOSES_RESULTS = new Set([
  "coroutine-never-awaited",
  "task-not-kept",
  "future-result-dropped",
  "state-lost-in-process",
  "nested-executor-deadlock",
  "lock-order-inversion",
  "loop-started-inside-loop",
]);

function confidenceOf(doubt: number): Confidence {
  return doubt <= 0 ? "high" : doubt === 1 ? "medium" : "low";
}

function fixOf({ func: { module }, repair }: Detection): Fix | null {
  if (!repair) return null;
  return {
    title: repair.title,
    edits: repair.edits.map(({ start, end, text }) => {
      const from = position(module, start);
      const to = position(module, end);
      return { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column, newText: text };
    }),
  };
}

/** A fingerprint of 16 hexadecimal digits from its parts. */
export function fingerprint(parts: readonly (string | number)[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}
