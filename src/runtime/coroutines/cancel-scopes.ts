import { isNone } from "../../python/constant.ts";
import type { Func } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";

/** Context managers that cancel what is awaited inside them when the time is over: the limit comes first. */
const SCOPES =
  /^(?:asyncio\.timeout(?:_at)?|async_timeout\.timeout(?:_at)?|(?:anyio|trio)\.(?:fail_after|move_on_after|fail_at|move_on_at))$/;

const MOST_CALLERS = 3;

/** Whether what is awaited at `node` is cancelled after a while: by a scope around it, by `wait_for`, or so at every caller. */
export function isCancelledInTime(runtime: Runtime, func: Func, node: Node, depth = 0): boolean {
  for (let at = node.parent, from = node; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class") break;
    if (at.kind === "with") {
      const entered = at.items.filter((item) => item.end <= from.start);
      if (entered.some(({ context }) => limits(runtime, context, "delay", 0))) return true;
    } else if (at.kind === "call" && from !== at.callee && isWaitFor(runtime, at)) return true;
  }
  if (depth >= MOST_CALLERS || !func.isAsync || runtime.graph.handedOver(func).length > 0) return false;
  const callers = runtime.graph.callers(func);
  return callers.length > 0 && callers.every(({ site }) => isCancelledInTime(runtime, site.func, site.node, depth + 1));
}

function limits(runtime: Runtime, context: Expression, name: string, position: number): boolean {
  if (context.kind !== "call") return false;
  if (!runtime.inference.names(context.callee).some((one) => SCOPES.test(one.name))) return false;
  const limit = argument(context, name, position) ?? context.args[0]?.value ?? null;
  return limit !== null && !isNone(runtime.constants.evaluate(limit));
}

function isWaitFor(runtime: Runtime, call: Call): boolean {
  if (!runtime.inference.names(call.callee).some(({ name }) => name === "asyncio.wait_for")) return false;
  const limit = argument(call, "timeout", 1);
  return limit !== null && !isNone(runtime.constants.evaluate(limit));
}
