import type { Module } from "../python/module.ts";
import type { Call } from "../python/syntax.ts";
import type { Repair } from "./rule.ts";
import { indentation } from "./source-lines.ts";

/** The repair that adds keyword arguments (`timeout=10`) to a call, in the layout that its author chose. */
export function insertArgument(module: Module, call: Call, text: string): Repair {
  return { title: `Add \`${text}\``, edits: edits(module.text, call, text) };
}

function edits(source: string, call: Call, added: string): Repair["edits"] {
  const last = call.args.at(-1);
  const close = call.end - 1;
  if (!last) return [at(close, added)];
  // `sum(x for x in y)`: the parentheses of the call are the generator's.
  if (last.end === call.end) return [at(last.start, "("), at(last.end, `, ${added})`)];
  const comma = /^(?:\s|\\\n|#[^\n]*\n)*,/.exec(source.slice(last.end, close));
  if (!comma) return [at(last.end, `, ${added}`)];
  const afterComma = last.end + comma[0].length;
  const newline = source.slice(afterComma, close).indexOf("\n");
  if (newline < 0) return [at(afterComma, ` ${added}`)];
  return [at(afterComma + newline + 1, `${indentation(source, last.start)}${added},\n`)];
}

function at(offset: number, text: string): Repair["edits"][number] {
  return { start: offset, end: offset, text };
}
