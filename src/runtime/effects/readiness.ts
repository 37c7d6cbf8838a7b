import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { CallGraph } from "../graph/callgraph.ts";
import { type Holder, type Origins, sameHolder } from "../graph/origins.ts";

/** What the program says about things that are ready, so that asking them never waits. */
export interface Readiness {
  /** Whether the socket whose method is called does not block: somebody says so of it, or the loop calls the function because it is ready. */
  isNonBlocking(func: Func, call: Call): boolean;
  /** Whether the loop calls the function because there is something to read, or room to write. */
  isReady(func: Func): boolean;
  /** Whether the function is called with a future that is done. */
  isDoneCallback(func: Func): boolean;
}

/** Reads the whole program for `setblocking(False)`, `add_reader` and `add_done_callback`. */
export function readinessOf(graph: CallGraph, origins: Origins): Readiness {
  const holders: Holder[] = [];
  const made = new Set<Expression>();
  const callbacks = new Set<Func>();
  const ready = new Set<Func>();
  for (const func of graph.funcs)
    for (const node of nodesOf(func, "call")) {
      if (node.callee.kind !== "attribute") continue;
      const { attr, value } = node.callee;
      if (attr === "add_done_callback" || attr === "add_reader" || attr === "add_writer") {
        const given = argument(
          node,
          attr === "add_done_callback" ? "fn" : "callback",
          attr === "add_done_callback" ? 0 : 1,
        );
        const into = attr === "add_done_callback" ? callbacks : ready;
        for (const one of given ? graph.callables.of(given) : []) if (one.func) into.add(one.func);
      } else if ((attr === "setblocking" || attr === "settimeout") && isZero(node)) {
        const holder = origins.holder(value);
        if (holder) holders.push(holder);
        for (const { expression } of origins.of(value)) made.add(expression);
      }
    }
  return {
    isReady: (func) => ready.has(func),
    isDoneCallback: (func) => callbacks.has(func),
    isNonBlocking: (func, { callee }) => {
      if (ready.has(func)) return true;
      if (callee.kind !== "attribute") return false;
      const holder = origins.holder(callee.value);
      if (holder && holders.some((one) => sameHolder(one, holder))) return true;
      return made.size > 0 && origins.of(callee.value).some(({ expression }) => made.has(expression));
    },
  };
}

/** `setblocking(False)` and `settimeout(0)`. */
function isZero(call: Call): boolean {
  const given = argument(call, "flag", 0) ?? argument(call, "value", 0);
  return (given?.kind === "constant" && given.value === false) || (given?.kind === "number" && given.value === 0);
}
