import type { Func, Module } from "../python/module.ts";
import { sourceOf } from "../python/module.ts";
import type { Call, Node } from "../python/syntax.ts";
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

/** Advice to move a call off the loop, in the terms of the target's Python; with the call itself where it is short. */
export function offloadAdvice(target: Target, func: Func, call: Node | null = null): string {
  const parts = call?.kind === "call" ? partsOf(func.module, call) : null;
  const work = parts === null ? "…" : parts;
  const hasKeywords = call?.kind === "call" && call.args.some(({ name }) => name !== null);
  // A plain function that the loop calls can start the work, but not wait for it.
  const wait = func.isAsync ? "await " : "";
  if (target.minor >= 9 && func.isAsync) return quoted(`await asyncio.to_thread(${work})`);
  return quoted(
    `${wait}loop.run_in_executor(None, ${hasKeywords && parts !== null ? `functools.partial(${work})` : work})`,
  );
}

/** `f, a, b=1` for the call `f(a, b=1)`; `null` where that is long or spans lines. */
function partsOf(module: Module, call: Call): string | null {
  const parts = [call.callee, ...call.args].map((node) => sourceOf(module, node)).join(", ");
  return parts.length > LONGEST || /[\n`]/.test(parts) ? null : parts;
}

/** A list of async alternatives (`a / b`) in words. */
export function alternatives(instead: string): string {
  return instead
    .split(" / ")
    .map((name) => quoted(name))
    .join(" or ");
}
