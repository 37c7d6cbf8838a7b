import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Node } from "../../python/syntax.ts";
import { enclosing } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import { isQuiet, startUpHandlers } from "./quiet.ts";

/** Circumstances under which a mistake weighs less: nobody else waits for the loop, or nobody is served yet. */
export type Leniency = "test" | "start-up" | "script" | null;

/** Under which of them the code at `node` runs. */
export function leniency(runtime: Runtime, func: Func, node: Node): Leniency {
  if (runtime.target.isTest(func.module.path)) return "test";
  if (func.node.kind === "module" || isStartUp(runtime, func, node, new Set())) return "start-up";
  return isQuiet(runtime, func, node) ? "script" : null;
}

/** Start-up code has few callers above it; who has more is called from elsewhere too. */
const MOST_CALLERS = 200;

/** In a lifespan before (or after) its `yield`, in a start-up or shutdown handler, or in a function that only such code calls. */
function isStartUp(runtime: Runtime, func: Func, node: Node, seen: Set<Func>): boolean {
  const { graph } = runtime;
  if (handlesStartUp(runtime, func, node) || startUpHandlers(graph).has(func)) return true;
  if (seen.has(func) || seen.size >= MOST_CALLERS) return false;
  seen.add(func);
  const callers = graph.callers(func).filter(({ site }) => !runtime.target.isTest(site.func.module.path));
  return (
    callers.length > 0 &&
    graph.handedOver(func).length === 0 &&
    callers.every(({ site }) => site.func.node.kind !== "module" && isStartUp(runtime, site.func, site.node, seen))
  );
}

function handlesStartUp(runtime: Runtime, func: Func, node: Node): boolean {
  const { manager, library } = runtime.inference.decoration(func);
  if (
    manager === "async" &&
    (func.params[0]?.name === "app" || func.params[0]?.name === "_app" || /lifespan/.test(func.name))
  ) {
    const [yields] = nodesOf(func, "yield");
    return yields !== undefined && !isWithinStatementOf(node, yields);
  }
  if (
    func.node.kind === "function" &&
    func.node.decorators.some(
      (one) => one.kind === "call" && one.callee.kind === "attribute" && one.callee.attr === "on_event",
    )
  )
    return true;
  return library.some((name) =>
    /\.(?:on_startup|on_shutdown|before_serving|after_serving|before_server_start|after_server_stop)$/.test(name),
  );
}

function isWithinStatementOf(node: Node, inner: Node): boolean {
  return node === inner || enclosing(inner, (one): one is Node => one === node) !== null;
}
