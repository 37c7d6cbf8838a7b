import type {
  ArtifactLocation,
  Location,
  Log,
  Notification,
  PropertyBag,
  Region,
  ReportingDescriptor,
  Result,
  ThreadFlow,
} from "sarif";
import { byImportance, type Finding, type Severity } from "../finding.ts";
import type { Report } from "../report.ts";
import type { RuleText } from "../rules/page.ts";
import { plain, shortened } from "./escape.ts";
import { sentence } from "./groups.ts";
import { lineHashes } from "./line-hash.ts";
import type { LinkBuilder } from "./links.ts";
import type { Sources } from "./sources.ts";

export interface SarifOptions {
  /** The texts of all rules; a finding of a rule that is not among them still gets a bare entry. */
  rules: readonly RuleText[];
  links?: LinkBuilder;
  /** Tells uploads for one commit apart, of shards for instance. */
  category?: string;
}

/** Code scanning shows 5,000 results of a run. */
const MOST_RESULTS = 5000;
const ROOT = "%SRCROOT%";
const LEVELS = { error: "error", warning: "warning", notice: "note" } as const;

/** The report as SARIF 2.1.0. What a review fixed is left out: whoever reads the file would take it for a problem. */
export function sarif(report: Report, sources: Sources, options: SarifOptions): string {
  const all = report.findings.filter(({ state }) => state !== "fixed").sort(byImportance);
  const shown = all.slice(0, MOST_RESULTS);
  const rules = descriptors(shown, options);
  const hashes = new Map<string, string[]>();
  for (const { path } of shown) if (!hashes.has(path)) hashes.set(path, lineHashes(sources, path));
  const log: Log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: { name: report.tool.name, semanticVersion: report.tool.version, rules },
        },
        ...(options.category === undefined ? {} : { automationDetails: { id: `${options.category}/` } }),
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: { [ROOT]: { description: { text: "The root of the repository." } } },
        invocations: [
          {
            executionSuccessful: report.verdict !== "error",
            toolExecutionNotifications: notifications(report, all.length - shown.length),
          },
        ],
        results: shown.map((finding) => result(finding, rules, hashes.get(finding.path)?.[finding.startLine - 1])),
        properties: { mode: report.mode, pythonVersion: report.pythonVersion, verdict: report.verdict },
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function result(finding: Finding, rules: readonly ReportingDescriptor[], hash: string | undefined): Result {
  const { rule, severity, path, trace, state, confidence, fingerprint } = finding;
  const primary = location(path, regionOf(finding), finding.message);
  const steps = trace.map((place) => location(place.path, { startLine: place.line }, place.message));
  return {
    ruleId: rule,
    ruleIndex: rules.findIndex(({ id }) => id === rule),
    level: LEVELS[severity],
    message: { text: messageText([finding.message, finding.instead].filter(Boolean).map(sentence).join(" ")) },
    locations: [
      {
        ...located(path, regionOf(finding)),
        logicalLocations: [{ fullyQualifiedName: finding.function, kind: "function" }],
      },
    ],
    partialFingerprints: { "pcr/v1": fingerprint, ...(hash === undefined ? {} : { primaryLocationLineHash: hash }) },
    ...(steps.length === 0
      ? {}
      : {
          codeFlows: [{ threadFlows: [flow([primary, ...steps])] }],
          relatedLocations: steps.map((step, index) => ({ ...step, id: index + 1 })),
        }),
    ...fixes(finding),
    suppressions: finding.suppressed ? [{ kind: "inSource", status: "accepted" }] : [],
    properties: { confidence, ...(state === null ? {} : { state }) },
  };
}

function flow(locations: readonly Location[]): ThreadFlow {
  return { locations: locations.map((each, index) => ({ location: each, nestingLevel: index })) };
}

function fixes({ fix, path }: Finding): Pick<Result, "fixes"> {
  if (fix === null || fix.edits.length === 0) return {};
  const replacements = fix.edits.map((edit) => ({
    deletedRegion: regionOf(edit),
    insertedContent: { text: edit.newText },
  }));
  return {
    fixes: [
      { description: { text: fix.title }, artifactChanges: [{ artifactLocation: artifact(path), replacements }] },
    ],
  };
}

function descriptors(findings: readonly Finding[], { rules, links }: SarifOptions): ReportingDescriptor[] {
  const known = rules.map((rule): ReportingDescriptor => {
    const page = links?.rule(rule.id) ?? null;
    return {
      id: rule.id,
      name: rule.id,
      shortDescription: { text: sentence(rule.title) },
      fullDescription: { text: rule.why },
      help: { text: `${rule.why}\n\n${rule.instead}`, markdown: help(rule) },
      ...(page === null ? {} : { helpUri: page }),
      defaultConfiguration: { level: LEVELS[rule.severity] },
      properties: tags(rule.severity, rule.group),
    };
  });
  const named = new Set(known.map(({ id }) => id));
  const others = findings.filter(({ rule }) => !named.has(rule)).map(({ rule }) => rule);
  return [...known, ...[...new Set(others)].map((id) => ({ id, name: id }))];
}

function help({ why, instead, bad, good, id }: RuleText): string {
  const block = (code: string): string => `\`\`\`python\n${code.trim()}\n\`\`\``;
  return [
    why,
    "Flagged:",
    block(bad),
    `${instead} Not flagged:`,
    block(good),
    `Silence one line with \`# pcr: ignore[${id}] reason\`.`,
  ].join("\n\n");
}

function tags(severity: Severity, group: string): PropertyBag {
  return {
    tags: ["concurrency", group.toLowerCase().replaceAll(" ", "-")],
    precision: "high",
    "problem.severity": severity === "notice" ? "recommendation" : severity,
  };
}

function notifications({ stats }: Report, left: number): Notification[] {
  const skipped = stats.skipped.map(({ path, reason, whole }): Notification => {
    const text = whole ? `Not analysed: ${reason}` : `Analysed in part: ${reason}`;
    return {
      level: whole ? "error" : "warning",
      message: { text: plain(text) },
      locations: [{ physicalLocation: { artifactLocation: artifact(path) } }],
    };
  });
  if (left > 0) skipped.push({ level: "note", message: { text: `${left} less severe results are left out.` } });
  return skipped;
}

function location(path: string, region: Region, message: string): Location {
  return { ...located(path, region), message: { text: messageText(message) } };
}

function located(path: string, region: Region): Location {
  return { physicalLocation: { artifactLocation: artifact(path), region } };
}

function artifact(path: string): ArtifactLocation {
  return { uri: path.split("/").map(encoded).join("/"), uriBaseId: ROOT };
}

/** A segment of a path in an address; half a surrogate pair, which no address can hold, is replaced. */
function encoded(segment: string): string {
  return encodeURIComponent(segment.replace(/\p{Cs}/gu, "\uFFFD"));
}

function regionOf({
  startLine,
  startColumn,
  endLine,
  endColumn,
}: Pick<Finding, "startLine" | "startColumn" | "endLine" | "endColumn">): Region {
  return { startLine, startColumn, endLine, endColumn };
}

/** In a message `[text](1)` is a link to a related location: brackets that would read so are escaped. */
function messageText(text: string): string {
  return shortened(plain(text), 4000).replace(/\[(?=[^\]]*\]\()/g, "\\[");
}
