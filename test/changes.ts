import { structuredPatch } from "diff";
import type { Change, ChangedFile, Hunk, Snapshot } from "../src/changes/change.ts";
import { parsePatch } from "../src/changes/patch.ts";
import { configureReview } from "../src/configuration.ts";
import type { Finding } from "../src/finding.ts";
import type { Report } from "../src/report.ts";
import { review } from "../src/review.ts";
import { rules } from "../src/rules/index.ts";

/** Files of one version; an error stands for a file that cannot be read. */
export type Version = Record<string, string | Error>;

/** A change between two versions, as git would describe it. `renames` names the base path of a head path. */
export function changeOf(before: Version, after: Version, renames: Record<string, string> = {}): Change {
  const moved = new Set(Object.values(renames));
  const files: ChangedFile[] = [];
  for (const [path, text] of Object.entries(after)) {
    const previousPath = renames[path] ?? null;
    const old = before[previousPath ?? path];
    if (old === text && previousPath === null) continue;
    const status = previousPath !== null ? "renamed" : old === undefined ? "added" : "modified";
    files.push({ path, previousPath, status, hunks: hunksOf(old ?? "", text) });
  }
  for (const [path, text] of Object.entries(before)) {
    if (path in after || moved.has(path)) continue;
    files.push({ path, previousPath: null, status: "deleted", hunks: hunksOf(text, "") });
  }
  return { base: versionOf(before), head: versionOf(after), baseCommit: "b".repeat(40), headCommit: null, files };
}

function hunksOf(before: string | Error, after: string | Error): Hunk[] | null {
  if (typeof before !== "string" || typeof after !== "string") return null;
  if (before === after) return [];
  const { hunks } = structuredPatch("f", "f", before, after, "", "", { context: 3 });
  const lines = hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) => {
    // Git counts an empty side from 0.
    const [from, to] = [oldLines === 0 ? oldStart - 1 : oldStart, newLines === 0 ? newStart - 1 : newStart];
    return `@@ -${from},${oldLines} +${to},${newLines} @@\n${lines.join("\n")}\n`;
  });
  return parsePatch(lines.join(""));
}

function versionOf(files: Version): Snapshot {
  return {
    paths: async () => Object.keys(files),
    read: async (path) => {
      const text = files[path];
      if (text instanceof Error) throw text;
      return text ?? null;
    },
  };
}

/** Reviews a change as `pcr review` would, configuration included. */
export async function reviewOf(change: Change, options: Record<string, string> = {}): Promise<Report> {
  const { settings, notes } = await configureReview(change, {
    values: new Map(Object.entries(options)),
    label: (name) => `--${name}`,
    file: null,
    directory: "",
    rules: rules.map(({ id }) => id),
  });
  const report = await review(change, settings);
  return { ...report, notes: [...notes, ...report.notes] };
}

/** What a reader sees of the findings: `state rule path:line`, in order. */
export function told({ findings }: Report): string[] {
  return findings.map(
    ({ state, rule, path, startLine, suppressed }: Finding) =>
      `${suppressed ? "ignored " : ""}${state} ${rule} ${path}:${startLine}`,
  );
}
