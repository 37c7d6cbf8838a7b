import { list, number, table, text } from "./checked.ts";
import type { Settings } from "./config.ts";
import { InputError } from "./errors.ts";
import { atLeastSeverity, byPlace } from "./finding.ts";
import type { Report } from "./report.ts";

/** The findings that a project has accepted for now, by fingerprint. */
export type Baseline = ReadonlySet<string>;

const entry = table({ fingerprint: text, rule: text, path: text, message: text });
const file = table({ schemaVersion: number, findings: list(entry) });

/** A baseline of everything that an audit found: one finding a line, in a stable order, so that its history is readable. */
export function writeBaseline(report: Report): string {
  const lines = [...report.findings]
    .filter(({ suppressed }) => !suppressed)
    .sort(byPlace)
    .map(({ fingerprint, rule, path, message }) => `    ${JSON.stringify({ fingerprint, rule, path, message })}`);
  return `{\n  "schemaVersion": 1,\n  "findings": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

/** Reads a baseline, or a JSON report, whose findings then are the baseline. */
export function readBaseline(json: string, name: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new InputError(`${name} is not JSON; write a baseline with \`pcr audit --write-baseline ${name}\``);
  }
  return new Set(file(value, name).findings.map(({ fingerprint }) => fingerprint));
}

/**
 * Compares an audit with a baseline: what is in it is existing, what is not was introduced since, and only that can fail the gate.
 * `whole` says that the audit looked at everything the baseline speaks of, so that what is missing was fixed.
 */
export function againstBaseline(report: Report, baseline: Baseline, { failOn }: Settings, whole: boolean): Report {
  const findings = report.findings.map((finding) => ({
    ...finding,
    state: baseline.has(finding.fingerprint) ? ("existing" as const) : ("introduced" as const),
  }));
  const fresh = findings.filter(({ state, suppressed }) => state === "introduced" && !suppressed);
  const there = new Set(findings.map(({ fingerprint }) => fingerprint));
  const failing = failOn !== "never" && fresh.some(({ severity }) => atLeastSeverity(severity, failOn));
  return {
    ...report,
    findings,
    verdict: report.verdict === "error" ? "error" : failing ? "fail" : "pass",
    stats: {
      ...report.stats,
      introduced: fresh.length,
      fixed: whole ? [...baseline].filter((fingerprint) => !there.has(fingerprint)).length : 0,
    },
  };
}
