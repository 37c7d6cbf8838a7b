import type { Snapshot } from "./changes/change.ts";
import { InputError } from "./errors.ts";
import type { Report } from "./report.ts";

/** Lines of the files that a report speaks of. */
export interface Excerpts {
  /** A line (1-based) without its line end, if the file and the line are there. */
  line(path: string, line: number): string | undefined;
}

/** Reads the files that a report speaks of; a file that the newest version lacks is taken from the next. */
export async function excerptsOf(report: Report, trees: readonly Snapshot[]): Promise<Excerpts> {
  const lines = new Map<string, string[]>();
  for (const path of pathsOf(report)) {
    const text = await firstText(path, trees);
    if (text !== null) lines.set(path, text.split(/\r?\n/));
  }
  return { line: (path, line) => lines.get(path)?.[line - 1] };
}

function pathsOf({ findings, checklist, recommendations, resources }: Report): Set<string> {
  const places = [
    ...findings.flatMap((finding) => [finding, ...finding.trace]),
    ...checklist.flatMap(({ evidence }) => evidence),
    ...recommendations.flatMap((recommendation) => [recommendation, ...recommendation.evidence]),
    ...resources,
  ];
  return new Set(places.map(({ path }) => path));
}

async function firstText(path: string, trees: readonly Snapshot[]): Promise<string | null> {
  for (const tree of trees) {
    try {
      const text = await tree.read(path);
      if (text !== null) return text;
    } catch (error) {
      // An excerpt is not worth failing for: the report stands without it.
      if (!(error instanceof InputError)) throw error;
    }
  }
  return null;
}
