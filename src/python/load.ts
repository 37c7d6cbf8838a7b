import type { Layout } from "./layout.ts";
import { loadModule, type Module } from "./module.ts";
import type { PythonParser } from "./parse.ts";

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

const MOST_CHARACTERS = 1_000_000;
const LONGEST_LINE = 100_000;

/** Reads and parses the files; what cannot be analysed is listed with its reason and loses nothing else. `done` is told after every file. */
export async function loadModules(
  paths: readonly string[],
  layout: Layout,
  parser: PythonParser,
  read: (path: string) => Promise<string | null>,
  done: (path: string) => void = () => {},
): Promise<Loaded> {
  const modules = new Map<string, Module>();
  const skipped: Skipped[] = [];
  let lines = 0;
  for (const path of paths) {
    const text = await read(path).catch((error: unknown) => {
      skipped.push({ path, reason: error instanceof Error ? error.message : String(error), whole: true });
      return null;
    });
    done(path);
    if (text === null) continue;
    const refusal = refusalOf(text);
    const module = refusal ? null : loadModule(parser, path, layout.nameOf(path), text);
    if (!module) {
      skipped.push({ path, reason: refusal ?? "took too long to parse", whole: true });
      continue;
    }
    modules.set(path, module);
    lines += module.lineStarts.length;
    const reason = partial(module);
    if (reason)
      skipped.push({
        path,
        reason,
        whole: module.functions.length === 1 && module.tree.body.length === 0 && module.unparsed.length > 0,
      });
  }
  return { modules, skipped, lines };
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
