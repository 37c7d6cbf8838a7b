import { parse, TomlError } from "smol-toml";
import { InputError } from "./errors.ts";

/** Reads TOML; a fault in its grammar is an error with file and line. */
export function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = (error.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
    throw new InputError(`${file}:${error.line}: this is not valid TOML (${reason}); correct the line`);
  }
}

const KEY = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/;
const HEADER = /^\s*\[\[?\s*((?:[\w-]+|"[^"]*"|'[^']*'|\s*\.\s*)+)\s*\]\]?\s*(?:#.*)?$/;

/**
 * The line where a key of a valid TOML text is set, or failing that the nearest table around it; with `item`, the line of that
 * text in the key's list. Lines are 1-based.
 */
export function lineOf(text: string, path: readonly string[], item?: string): number {
  const lines = text.split("\n");
  let table: string[] = [];
  let inText: string | null = null;
  let best = { line: 1, depth: 0 };
  for (const [index, line] of lines.entries()) {
    const wasInText = inText;
    inText = textAfter(line, inText);
    if (wasInText !== null) continue;
    const header = HEADER.exec(line);
    const key = header === null ? KEY.exec(line) : null;
    if (header !== null) table = names(header[1] ?? "");
    else if (key === null) continue;
    const here = key === null ? table : [...table, ...names(key[1] ?? "")];
    const depth = shared(here, path);
    // A deeper table (`[tool.pcr.rules.x]`) sets its parents too; a key beside the wanted one says nothing.
    if (depth < Math.min(here.length, path.length) || depth <= best.depth) continue;
    best = { line: index + 1, depth };
  }
  if (item === undefined || best.depth < path.length) return best.line;
  const found = lines.findIndex(
    (line, index) => index >= best.line - 1 && (line.includes(JSON.stringify(item)) || line.includes(`'${item}'`)),
  );
  return found < 0 ? best.line : found + 1;
}

/** The delimiter of the multi-line text that is open after a line. */
function textAfter(line: string, open: string | null): string | null {
  let inside = open;
  for (const [mark] of line.matchAll(/"""|'''/g)) {
    if (inside === null) inside = mark;
    else if (inside === mark) inside = null;
  }
  return inside;
}

function names(dotted: string): string[] {
  return [...dotted.matchAll(/[\w-]+|"([^"]*)"|'([^']*)'/g)].map(([all, double, single]) => double ?? single ?? all);
}

function shared(a: readonly string[], b: readonly string[]): number {
  let depth = 0;
  while (depth < a.length && depth < b.length && a[depth] === b[depth]) depth++;
  return depth;
}
