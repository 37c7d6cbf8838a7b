import type { Change, Snapshot } from "./changes/change.ts";
import type { Settings } from "./config.ts";
import type { Report } from "./report.ts";

/** Files done so far, of all files to do. */
export type Progress = (done: number, total: number) => void;

/** Reviews a change: findings are introduced, existing or fixed. Throws `InputError` when no review can be made. */
export async function review(change: Change, settings: Settings, progress?: Progress): Promise<Report> {
  void change;
  progress?.(0, 0);
  return { ...empty(settings), mode: "review" };
}

/** Audits a tree as it stands: findings in files for which `reports` says yes; imports are followed through the whole tree. */
export async function audit(
  tree: Snapshot,
  reports: (path: string) => boolean,
  settings: Settings,
  progress?: Progress,
): Promise<Report> {
  void tree;
  void reports;
  progress?.(0, 0);
  return empty(settings);
}

function empty(settings: Settings): Report {
  return {
    schemaVersion: 1,
    tool: { name: "python-concurrency-review", version: "0.1.0" },
    mode: "audit",
    pythonVersion: settings.pythonVersion ?? "3.12",
    verdict: "pass",
    stats: { files: 0, lines: 0, skipped: [], durationMs: 0, introduced: 0, fixed: 0, existing: 0, suppressed: 0 },
    findings: [],
    checklist: [],
    recommendations: [],
    resources: [],
    map: null,
    notes: [],
  };
}
