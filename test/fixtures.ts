import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Snapshot } from "../src/changes/change.ts";
import { configureAudit } from "../src/configuration.ts";
import type { Report } from "../src/report.ts";
import { audit } from "../src/review.ts";
import { rules } from "../src/rules/index.ts";
import type { Shard } from "../src/shards.ts";
import { filesBelow, ROOT, text } from "./sources.ts";

/** Names of all fixtures: single files and folders that are projects. */
export const FIXTURES: readonly string[] = readdirSync(join(ROOT, "fixtures")).sort();

/** One fixture's files by path within the fixture. */
export function fixtureFiles(name: string): Map<string, string> {
  if (!statSync(join(ROOT, "fixtures", name)).isDirectory()) return new Map([[name, text(`fixtures/${name}`)]]);
  const prefix = `fixtures/${name}/`;
  return new Map(filesBelow(`fixtures/${name}`).map((path) => [path.slice(prefix.length), text(path)]));
}

/** A version made of texts by path. */
function snapshotOf(files: ReadonlyMap<string, string>): Snapshot {
  return { paths: async () => [...files.keys()], read: async (path) => files.get(path) ?? null };
}

/** Audits texts, or one shard of them, as `pcr audit` would, configuration included. */
export async function auditTexts(
  files: ReadonlyMap<string, string>,
  options: Record<string, string> = {},
  shard: Shard | null = null,
): Promise<Report> {
  const tree = snapshotOf(files);
  const values = new Map(Object.entries(options));
  const ids = rules.map(({ id }) => id);
  const { settings } = await configureAudit(tree, {
    values,
    label: (name) => `--${name}`,
    file: null,
    directory: "",
    rules: ids,
  });
  return audit(
    tree,
    () => true,
    settings,
    () => {},
    shard,
  );
}

/** A marker: what a fixture says about a line (1-based). */
export interface Marker {
  path: string;
  line: number;
  rule: string;
  severity: string | null;
  words: string | null;
}

const MARKER = /#\s*expect:\s*(.*)$/;
const ITEM = /^([a-z-]+)(?:\[(\w+)\])?(?:\s+"([^"]*)")?$/;

/** The `expect` markers of a text. Alone on a line a marker speaks of the next line of code. */
export function markersIn(path: string, source: string): Marker[] {
  const lines = source.split("\n");
  return lines.flatMap((line, index) => {
    const match = MARKER.exec(line);
    if (!match) return [];
    const alone = line.trim().startsWith("#");
    let target = index;
    while (alone && /^\s*(?:#.*)?$/.test(lines[target] ?? "end")) target++;
    return (match[1] ?? "").split(";").map((item): Marker => {
      const parts = ITEM.exec(item.trim().replace(/^expect:\s*/, ""));
      if (!parts?.[1]) throw new Error(`${path}:${index + 1}: cannot read the marker ${item.trim()}`);
      return { path, line: target + 1, rule: parts[1], severity: parts[2] ?? null, words: parts[3] ?? null };
    });
  });
}
