import { nodesOf } from "../python/module.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Subject } from "./sites.ts";

/** Whether a route or dependency of FastAPI could be a plain function: it awaits nothing, and nothing awaits it. */
export function couldBePlain({ graph }: Runtime, { func, role, context }: Subject): boolean {
  return (
    role === "handler" &&
    func.node.kind === "function" &&
    func.isAsync &&
    !func.isGenerator &&
    context?.kind === "loop" &&
    /^FastAPI (?:route|dependency)/.test(context.root.label) &&
    graph.callers(func).length === 0 &&
    nodesOf(func, "await").length === 0 &&
    !func.nodes.some((node) => (node.kind === "for" || node.kind === "with" || node.kind === "clause") && node.isAsync)
  );
}
