import { MOST_EVIDENCE } from "./checklist/index.ts";
import { InputError } from "./errors.ts";
import { atLeastSeverity, byPlace, type Finding, isCounted, type Severity } from "./finding.ts";
import { push } from "./multimap.ts";
import type { ChecklistAnswer, Report, Resource } from "./report.ts";

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
  const { shard: _, ...whole } = joinedReport(reports, failOn);
  return whole;
}

/** Reports on parts that have nothing to do with each other, as one; there is at least one of them. */
export function joinedReport(reports: readonly Report[], failOn: Severity | "never"): Report {
  const [first] = reports;
  if (first === undefined) throw new Error("There is no report to join.");
  const findings = unique(
    reports.flatMap((report) => report.findings),
    ({ fingerprint }) => fingerprint,
  ).sort(byPlace);
  const open = findings.filter(({ suppressed }) => !suppressed);
  const sum = (count: (report: Report) => number): number =>
    reports.reduce((total, report) => total + count(report), 0);
  const failing =
    failOn !== "never" && findings.some((finding) => isCounted(finding) && atLeastSeverity(finding.severity, failOn));
  return {
    ...first,
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
    checklist: joinedChecklist(reports, findings),
    recommendations: unique(
      reports.flatMap(({ recommendations }) => recommendations),
      ({ path, line, function: name }) => JSON.stringify([path, line, name]),
    ).sort(inOrder),
    resources: joinedResources(reports),
    map: largest(reports.flatMap(({ map }) => map ?? [])),
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

/** The gravest answer counts, and what shows it. */
function joinedChecklist(reports: readonly Report[], findings: readonly Finding[]): ChecklistAnswer[] {
  const order = new Map(findings.map(({ fingerprint }, index) => [fingerprint, index]));
  const byId = new Map<string, ChecklistAnswer[]>();
  for (const answer of reports.flatMap(({ checklist }) => checklist)) push(byId, answer.id, answer);
  return [...byId.values()].flatMap((answers): ChecklistAnswer[] => {
    const gravest = Math.max(...answers.map(({ status }) => GRAVITY.indexOf(status)));
    const same = answers.filter(({ status }) => GRAVITY.indexOf(status) === gravest);
    const showing = same.filter(({ evidence }) => evidence.length > 0);
    const [own = same[0], ...more] = showing;
    if (own === undefined || more.length === 0) return own ? [own] : [];
    const evidence = unique(
      showing.flatMap((answer) => answer.evidence),
      (place) => JSON.stringify(place),
    );
    const named = showing.flatMap((answer) => answer.findings);
    return [
      {
        ...own,
        evidence: evidence.sort(inOrder).slice(0, MOST_EVIDENCE),
        findings: named.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)),
      },
    ];
  });
}

/** What several parts list is listed once: a server that each of them has, as the one that knows its size. */
function joinedResources(reports: readonly Report[]): Resource[] {
  const all = unique(
    reports.flatMap(({ resources }) => resources),
    (resource) => JSON.stringify(resource),
  );
  const servers = new Map<string, Resource>();
  const weight = (resource: Resource): string => `${resource.capacity === null ? 1 : 0} ${JSON.stringify(resource)}`;
  for (const one of all.filter(isServer)) {
    const known = servers.get(placeKey(one));
    if (known === undefined || weight(one) < weight(known)) servers.set(placeKey(one), one);
  }
  return all.filter((one) => !isServer(one) || servers.get(placeKey(one)) === one).sort(inOrder);
}

function isServer({ kind }: Resource): boolean {
  return kind === "server-workers";
}

function placeKey({ name, path, line }: Resource): string {
  return JSON.stringify([name, path, line]);
}

/** The map that says most: maps of programs that have nothing to do with each other are not drawn as one. */
function largest(maps: readonly string[]): string | null {
  const marks = (map: string): number => map.split("==>").length;
  const [best] = [...maps].sort((a, b) => marks(b) - marks(a) || b.length - a.length || (a < b ? -1 : 1));
  return best ?? null;
}

function inOrder(a: { path: string; line: number }, b: { path: string; line: number }): number {
  return a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1;
}

function unique<T>(values: readonly T[], key: (value: T) => string): T[] {
  const found = new Map<string, T>();
  for (const value of values) if (!found.has(key(value))) found.set(key(value), value);
  return [...found.values()];
}
