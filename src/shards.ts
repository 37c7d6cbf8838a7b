import { InputError } from "./errors.ts";
import { atLeastSeverity, byPlace, isCounted, type Severity } from "./finding.ts";
import type { ChecklistAnswer, Report } from "./report.ts";

/** The part of an audit that a run does: `index` of `count`, from 1. */
export interface Shard {
  index: number;
  count: number;
}

/** GitHub's job matrix has at most this many jobs. */
const MOST_SHARDS = 256;

/** Reads `i/n`; `null` when it is anything else. */
export function parseShard(text: string): Shard | null {
  const [, index, count] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  return shard.index >= 1 && shard.index <= shard.count && shard.count <= MOST_SHARDS ? shard : null;
}

/** The items of one shard, given the longest first: each goes to the shard that has least, so that all have about the same to do. */
export function dealt<T extends { length: number }>(items: readonly T[], { index, count }: Shard): T[] {
  const loads = Array.from({ length: count }, () => 0);
  return items.filter(({ length }) => {
    const least = loads.indexOf(Math.min(...loads));
    // An empty file counts too.
    loads[least] = (loads[least] ?? 0) + length + 1;
    return least + 1 === index;
  });
}

/** Joins the reports of all shards of one audit. */
export function mergeReports(reports: readonly Report[], failOn: Severity | "never"): Report {
  const [first] = reports;
  if (first === undefined) throw new InputError("there are no reports to join; check the input report-files");
  complete(reports);
  const findings = unique(
    reports.flatMap((report) => report.findings),
    ({ fingerprint }) => fingerprint,
  ).sort(byPlace);
  const open = findings.filter(({ suppressed }) => !suppressed);
  const sum = (count: (report: Report) => number): number =>
    reports.reduce((total, report) => total + count(report), 0);
  const failing =
    failOn !== "never" && findings.some((finding) => isCounted(finding) && atLeastSeverity(finding.severity, failOn));
  const { shard: _, ...rest } = first;
  return {
    ...rest,
    verdict: reports.some(({ verdict }) => verdict === "error") ? "error" : failing ? "fail" : "pass",
    stats: {
      files: sum(({ stats }) => stats.files),
      lines: sum(({ stats }) => stats.lines),
      skipped: unique(
        reports.flatMap(({ stats }) => stats.skipped),
        ({ path }) => path,
      ).sort((a, b) => (a.path < b.path ? -1 : 1)),
      durationMs: sum(({ stats }) => stats.durationMs),
      introduced: sum(({ stats }) => stats.introduced),
      fixed: sum(({ stats }) => stats.fixed),
      existing: open.length,
      suppressed: findings.length - open.length,
    },
    findings,
    checklist: joinedChecklist(reports),
    recommendations: unique(
      reports.flatMap(({ recommendations }) => recommendations),
      ({ path, line, function: name }) => JSON.stringify([path, line, name]),
    ).sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1)),
    resources: unique(
      reports.flatMap(({ resources }) => resources),
      (resource) => JSON.stringify(resource),
    ).sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1)),
    map: reports.find(({ map }) => map !== null)?.map ?? null,
    notes: unique(
      reports.flatMap(({ notes }) => notes),
      (note) => note,
    ),
  };
}

/** All reports must be audits of one tool and Python, and every shard must be there once: a missing one would pass unseen. */
function complete(reports: readonly Report[]): void {
  const [first] = reports;
  for (const report of reports) {
    const same = report.tool.version === first?.tool.version && report.pythonVersion === first.pythonVersion;
    if (report.mode !== "audit" || !same) {
      throw new InputError(
        "the reports to join are not of one audit: mode, version of the tool and Python must be the same",
      );
    }
  }
  const count = first?.shard?.count ?? 1;
  const seen = reports.map(({ shard }) => `${shard?.index ?? 1}/${shard?.count ?? 1}`);
  for (let index = 1; index <= count; index += 1) {
    const times = seen.filter((each) => each === `${index}/${count}`).length;
    if (times !== 1) {
      throw new InputError(
        `the report of shard ${index}/${count} is there ${times} times instead of once; check the jobs of the matrix`,
      );
    }
  }
  if (reports.length !== count)
    throw new InputError("the reports to join come from audits that were split differently");
}

const GRAVITY: readonly ChecklistAnswer["status"][] = ["not-applicable", "pass", "unknown", "fail"];

function joinedChecklist(reports: readonly Report[]): ChecklistAnswer[] {
  const joined = new Map<string, ChecklistAnswer>();
  for (const answer of reports.flatMap(({ checklist }) => checklist)) {
    const known = joined.get(answer.id);
    if (known === undefined) {
      joined.set(answer.id, { ...answer });
      continue;
    }
    const graver = GRAVITY.indexOf(answer.status) > GRAVITY.indexOf(known.status) ? answer.status : known.status;
    const evidence = unique([...known.evidence, ...answer.evidence], (place) => JSON.stringify(place));
    joined.set(answer.id, {
      ...known,
      status: graver,
      evidence: evidence.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1)),
      findings: [...new Set([...known.findings, ...answer.findings])].sort(),
    });
  }
  return [...joined.values()];
}

function unique<T>(values: readonly T[], key: (value: T) => string): T[] {
  const found = new Map<string, T>();
  for (const value of values) if (!found.has(key(value))) found.set(key(value), value);
  return [...found.values()];
}
