import { againstBaseline, readBaseline } from "../baseline.ts";
import type { Snapshot } from "../changes/change.ts";
import { isPython } from "../changes/kinds.ts";
import type { Settings } from "../config.ts";
import { configureAudit } from "../configuration.ts";
import { InputError } from "../errors.ts";
import type { Report } from "../report.ts";
import { readReport } from "../report-file.ts";
import { audit } from "../review.ts";
import { mergeReports } from "../shards.ts";
import { type Checkout, chosen, configurationFile, type Engine, reportsOn, treeOf } from "./checkout.ts";
import { filesMatching, readInside } from "./files.ts";
import { type Inputs, label } from "./inputs.ts";

const MOST_REPORT = 256 * 1024 * 1024;

export interface Audited {
  report: Report;
  settings: Settings;
  tree: Snapshot;
}

/** Audits the checkout as it stands. */
export async function auditCheckout(inputs: Inputs, checkout: Checkout, engine: Engine): Promise<Audited> {
  const { directory } = checkout;
  const tree = treeOf(checkout);
  const paths = await tree.paths();
  if (!paths.some(isPython)) {
    throw new InputError(
      "there are no Python files to audit; check the repository out with actions/checkout before this step",
    );
  }
  const file = await configurationFile(inputs, checkout, null, null, []);
  const configured = await configureAudit(tree, chosen(inputs, directory, file, engine));
  const wanted = reportsOn(inputs, directory) ?? (() => true);
  const { shard } = inputs;
  const { settings } = configured;
  const found = await audit(tree, wanted, settings, engine.progress, shard);
  const report = await withBaseline(found, inputs, checkout, settings, shard === null);
  const part = shard === null ? {} : { shard };
  return { report: { ...report, ...part, notes: [...configured.notes, ...report.notes] }, settings, tree };
}

/** Joins the reports of an audit's shards. The checkout, if there is one, says what fails the gate. */
export async function mergeShards(inputs: Inputs, checkout: Checkout, engine: Engine): Promise<Audited> {
  if (inputs.reportFiles.length === 0)
    throw new InputError("mode merge needs the input report-files: globs of the reports to join");
  const { workspace, directory } = checkout;
  const tree = treeOf(checkout);
  const file = await configurationFile(inputs, checkout, null, null, []);
  const { settings } = await configureAudit(tree, chosen(inputs, directory, file, engine));
  const names = await filesMatching(workspace, inputs.reportFiles);
  const reports: Report[] = [];
  for (const name of names) {
    reports.push(readReport(await readInside(workspace, name, label("report-files"), MOST_REPORT), name));
  }
  if (reports.length === 0) {
    throw new InputError(
      `no file matches report-files (${inputs.reportFiles.join(", ")}); download the shards' reports first`,
    );
  }
  return {
    report: await withBaseline(mergeReports(reports, settings.failOn), inputs, checkout, settings, true),
    settings,
    tree,
  };
}

/** What the audit found, compared with the baseline that the input names. */
async function withBaseline(
  report: Report,
  { baseline, paths }: Inputs,
  { workspace, directory }: Checkout,
  settings: Settings,
  whole: boolean,
): Promise<Report> {
  if (baseline === "") return report;
  const known = readBaseline(await readInside(workspace, baseline, label("baseline"), MOST_REPORT), baseline);
  return againstBaseline(report, known, settings, whole && paths.length === 0 && directory === "");
}
