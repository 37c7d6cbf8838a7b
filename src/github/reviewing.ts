import type { Change, Snapshot } from "../changes/change.ts";
import type { Settings } from "../config.ts";
import { configureReview } from "../configuration.ts";
import { atLeastSeverity, isCounted } from "../finding.ts";
import type { Report } from "../report.ts";
import { review } from "../review.ts";
import { type Sourced, touchesPython } from "./change-source.ts";
import { type Checkout, chosen, configurationFile, type Engine, reportsOn } from "./checkout.ts";
import type { Inputs } from "./inputs.ts";

const NOTHING: Snapshot = { paths: async () => [], read: async () => null };

/** Reviews a change with the configuration of its base. */
export async function reviewChange(
  sourced: Sourced,
  inputs: Inputs,
  checkout: Checkout,
  engine: Engine,
): Promise<{ report: Report; settings: Settings }> {
  const { change } = sourced;
  const notes = [...sourced.notes];
  const file = await configurationFile(inputs, checkout, change.base, change.head, notes);
  const configured = await configureReview(change, chosen(inputs, checkout.directory, file, engine));
  const settings = configured.settings;
  // Without a change to Python there is nothing to compare, and no reason to read the repository.
  const looked = touchesPython(change.files) ? change : { ...change, files: [], head: NOTHING, base: NOTHING };
  const whole = await review(looked, settings, engine.progress);
  const report = restricted(whole, reportsOn(inputs, checkout.directory), settings);
  const added = ignoresAdded(report, change);
  return { report: { ...report, notes: [...notes, ...configured.notes, ...added, ...report.notes] }, settings };
}

const MOST_NAMED = 20;

/** What the change silences with comments of its own, for its reviewers to see. */
function ignoresAdded({ findings }: Report, { files }: Change): string[] {
  const lines = new Map(
    files.map(({ path, hunks }) => [path, hunks === null ? null : new Set(hunks.flatMap(({ added }) => added))]),
  );
  const silenced = findings.filter(({ suppressed, state, path, startLine }) => {
    const added = lines.get(path);
    if (!suppressed || state === "fixed" || added === undefined) return false;
    return added === null || state === "introduced" || added.has(startLine) || added.has(startLine - 1);
  });
  if (silenced.length === 0) return [];
  const named = silenced
    .slice(0, MOST_NAMED)
    .map(({ rule, path, startLine }) => `\`${rule}\` at \`${path}:${startLine}\``);
  const more = silenced.length > MOST_NAMED ? ` and ${silenced.length - MOST_NAMED} more` : "";
  return [`Ignore comments in this change silence ${named.join(", ")}${more}.`];
}

/** A report on some of its files. Whole-program effects were seen before; only what is said is narrowed. */
function restricted(report: Report, reports: ((path: string) => boolean) | null, { failOn }: Settings): Report {
  if (reports === null) return report;
  const findings = report.findings.filter(({ path }) => reports(path));
  const open = findings.filter(({ suppressed }) => !suppressed);
  const skipped = report.stats.skipped.filter(({ path }) => reports(path));
  const count = (state: string): number => open.filter((finding) => finding.state === state).length;
  const failing = findings.some(
    (finding) => failOn !== "never" && isCounted(finding) && atLeastSeverity(finding.severity, failOn),
  );
  const verdict =
    report.verdict === "error" && skipped.some(({ whole }) => whole) ? "error" : failing ? "fail" : "pass";
  return {
    ...report,
    verdict,
    findings,
    recommendations: report.recommendations.filter(({ path }) => reports(path)),
    stats: {
      ...report.stats,
      skipped,
      introduced: count("introduced"),
      fixed: count("fixed"),
      existing: count("existing"),
      suppressed: findings.length - open.length,
    },
  };
}
