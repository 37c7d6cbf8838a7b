import type { Finding, Place } from "../finding.ts";
import type { ChecklistAnswer, Recommendation, Report, Resource } from "../report.ts";

/** The report as `--format json` prints it: the fields of the contract and no others, in a fixed order. */
export function json(report: Report): string {
  const { schemaVersion, tool, mode, pythonVersion, verdict, stats, map, notes } = report;
  const { files, lines, skipped, durationMs, introduced, fixed, existing, suppressed } = stats;
  const printed: Report = {
    schemaVersion,
    tool: { name: tool.name, version: tool.version },
    mode,
    pythonVersion,
    verdict,
    stats: {
      files,
      lines,
      skipped: skipped.map(({ path, reason, whole }) => ({ path, reason, whole })),
      durationMs,
      introduced,
      fixed,
      existing,
      suppressed,
    },
    findings: report.findings.map(finding),
    checklist: report.checklist.map(answer),
    recommendations: report.recommendations.map(recommendation),
    resources: report.resources.map(resource),
    map,
    notes: [...notes],
    ...(report.shard && { shard: { index: report.shard.index, count: report.shard.count } }),
    ...(report.pullRequest && { pullRequest: { number: report.pullRequest.number, head: report.pullRequest.head } }),
  };
  return `${JSON.stringify(printed, null, 2)}\n`;
}

function finding(found: Finding): Finding {
  const { rule, severity, confidence, path, startLine, startColumn, endLine, endColumn } = found;
  const { message, instead, trace, state, suppressed, fingerprint, fix, cause } = found;
  return {
    rule,
    severity,
    confidence,
    path,
    startLine,
    startColumn,
    endLine,
    endColumn,
    function: found.function,
    message,
    instead,
    trace: trace.map(place),
    state,
    suppressed,
    fingerprint,
    fix: fix && {
      title: fix.title,
      edits: fix.edits.map((edit) => ({
        startLine: edit.startLine,
        startColumn: edit.startColumn,
        endLine: edit.endLine,
        endColumn: edit.endColumn,
        newText: edit.newText,
      })),
    },
    cause,
  };
}

function answer({ id, question, status, evidence, findings }: ChecklistAnswer): ChecklistAnswer {
  return { id, question, status, evidence: evidence.map(place), findings: [...findings] };
}

function recommendation(given: Recommendation): Recommendation {
  const { path, line, workload, gil, current, recommended, fits, confidence, reasons, evidence, verify } = given;
  const { change, sizes, alternatives } = given;
  return {
    function: given.function,
    path,
    line,
    workload,
    gil,
    current,
    recommended,
    fits,
    confidence,
    reasons: [...reasons],
    evidence: evidence.map(place),
    change: change && { before: change.before, after: change.after },
    sizes: sizes.map(({ of, value, why }) => ({ of, value, why })),
    alternatives: alternatives.map(({ model, words }) => ({ model, words })),
    verify: [...verify],
  };
}

function resource({ kind, name, path, line, capacity, capacityFrom }: Resource): Resource {
  return { kind, name, path, line, capacity, capacityFrom };
}

function place({ path, line, message }: Place): Place {
  return { path, line, message };
}
