import type { Snapshot } from "../changes/change.ts";
import type { Settings } from "../config.ts";
import { configureReview } from "../configuration.ts";
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
  const report = await review(looked, settings, engine.progress, reportsOn(inputs, checkout.directory) ?? undefined);
  return { report: { ...report, notes: [...notes, ...configured.notes, ...report.notes] }, settings };
}
