import type { Layout } from "./layout.ts";
import { loadModule, type Module, textOf } from "./module.ts";
import type { Parsers } from "./parsers.ts";

/** A file that was not analysed, or only in part. */
export interface Skipped {
  path: string;
  reason: string;
  whole: boolean;
}

export interface Loaded {
  modules: Map<string, Module>;
  skipped: Skipped[];
  lines: number;
}

const MOST_CHARACTERS = 3_000_000;
const LONGEST_LINE = 100_000;

/** Files that are read and parsed ahead of the one that is lowered. */
const AHEAD = 24;

/** How to read and parse, and what is known already. */
export interface Loading {
  layout: Layout;
  parsers: Parsers;
  read(path: string): Promise<string | null>;
  /** Modules of another version of the code: a file with the same text and name is not parsed twice. */
  known: ReadonlyMap<string, Module>;
  /** Told after every file. */
  done(path: string): void;
}

/** Reads and parses the files; what cannot be analysed is listed with its reason and loses nothing else. */
export async function loadModules(paths: readonly string[], loading: Loading): Promise<Loaded> {
  const modules = new Map<string, Module>();
  const skipped: Skipped[] = [];
  let lines = 0;
  const started: Promise<Module | Skipped | null>[] = [];
  for (const [index, path] of paths.entries()) {
    while (started.length < paths.length && started.length < index + AHEAD)
      started.push(load(paths[started.length] ?? path, loading));
    const loaded = await started[index];
    loading.done(path);
    if (!loaded) continue;
    if ("reason" in loaded) {
      skipped.push(loaded);
      continue;
    }
    modules.set(path, loaded);
    lines += loaded.lineStarts.length;
    const reason = partial(loaded);
    if (reason) skipped.push({ path, reason, whole: loaded.tree.body.length === 0 && loaded.unparsed.length > 0 });
  }
  return { modules, skipped, lines };
}

async function load(path: string, { layout, parsers, read, known }: Loading): Promise<Module | Skipped | null> {
  const source = await read(path).catch(
    (error: unknown): Skipped => ({
      path,
      // The path is said beside the reason.
      reason: (error instanceof Error ? error.message : String(error)).replace(`${path} `, ""),
      whole: true,
    }),
  );
  if (source === null || typeof source !== "string") return source;
  const text = textOf(source);
  const name = layout.nameOf(path);
  const same = known.get(path);
  if (same?.text === text && same.name === name) return same;
  const refusal = refusalOf(text);
  const flat = refusal ? null : await parsers.parse(text);
  return flat
    ? loadModule(parsers.own, path, name, text, flat)
    : { path, reason: refusal ?? "took too long to parse", whole: true };
}

function refusalOf(text: string): string | null {
  if (text.length > MOST_CHARACTERS) return `is larger than ${MOST_CHARACTERS / 1_000_000} MB`;
  if (text.includes("\0")) return "is binary";
  if (text.length > LONGEST_LINE && text.split("\n").some((line) => line.length > LONGEST_LINE))
    return "has a line longer than 100,000 characters";
  return null;
}

function partial(module: Module): string | null {
  if (module.unparsed.length > 0) {
    const spots = module.unparsed
      .slice(0, 3)
      .map(({ from, to }) => (from === to ? `line ${from}` : `lines ${from}-${to}`));
    const more = module.unparsed.length > 3 ? ` and ${module.unparsed.length - 3} more places` : "";
    return `could not be parsed in ${spots.join(", ")}${more}`;
  }
  return module.truncated ? "is nested too deeply in places" : null;
}
