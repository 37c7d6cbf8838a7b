import { getHeapStatistics } from "node:v8";
import { InputError } from "../errors.ts";
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

/**
 * Bytes of heap that a character of Python needs, when all is analysed. Measured on the standard library of CPython 3.11: 422 MB stay in use
 * for 15.6 million characters; half as much again is for what waits to be collected.
 */
const BYTES_A_CHARACTER = 40;

/** So many characters of Python can be analysed in this process's memory. */
export function roomForCode(): number {
  return Math.floor(getHeapStatistics().heap_size_limit / BYTES_A_CHARACTER);
}

/** How to read and parse, and what is known already. */
export interface Loading {
  layout: Layout;
  parsers: Parsers;
  read(path: string): Promise<string | null>;
  /** Modules of another version of the code: a file with the same text and name is not parsed twice. */
  known: ReadonlyMap<string, Module>;
  /** Characters of Python that fit into memory, see `roomForCode`. */
  room: number;
  /** Told after every file. */
  done(path: string): void;
}

/** Reads and parses the files; what cannot be analysed is listed with its reason and loses nothing else. Throws `InputError` when they do not fit into memory. */
export async function loadModules(paths: readonly string[], loading: Loading): Promise<Loaded> {
  const modules = new Map<string, Module>();
  const skipped: Skipped[] = [];
  let lines = 0;
  let { room } = loading;
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
    room -= loaded.text.length;
    if (room < 0)
      throw new InputError(
        `${paths.length} files of Python are more than fits into the memory that node may use: analyse them in parts with shards, or give node more with NODE_OPTIONS=--max-old-space-size (in MB)`,
      );
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
