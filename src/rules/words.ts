import type { Module } from "../python/module.ts";
import { sourceOf } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import type { Target } from "../runtime/runtime.ts";

const LONGEST = 60;

/** A node's source in code quotes, as the author wrote it, on one line and not too long. */
export function code(module: Module, node: Node): string {
  const text = sourceOf(module, node).replace(/\s+/g, " ");
  return quoted(text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);
}

/** Text in code quotes. */
export function quoted(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}

/** The callee as written, with the canonical name behind it where the writing does not show it. */
export function calleeWords(module: Module, callee: Node, name: string): string {
  const written = code(module, callee);
  const tail = name.split(".").slice(-2).join(".");
  const plain = sourceOf(module, callee);
  return plain === name ||
    plain.endsWith(tail) ||
    (name.endsWith(`.${plain}`) && !plain.includes(".") && name.split(".").length <= 1)
    ? written
    : `${written} (${quoted(name)})`;
}

/** Advice to move a call off the loop, in the terms of the target's Python. */
export function offloadAdvice(target: Target): string {
  return target.minor >= 9 ? "`await asyncio.to_thread(…)`" : "`await loop.run_in_executor(None, …)`";
}

/** A list of async alternatives (`a / b`) in words. */
export function alternatives(instead: string): string {
  return instead
    .split(" / ")
    .map((name) => quoted(name))
    .join(" or ");
}
