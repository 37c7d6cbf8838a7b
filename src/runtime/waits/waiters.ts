import { isNone } from "../../python/constant.ts";
import type { Func, Module } from "../../python/module.ts";
import type { Expression } from "../../python/syntax.ts";
import type { Context } from "../graph/contexts.ts";
import type { Runtime } from "../runtime.ts";

/** Whose place a call keeps while it waits: that of a handler of requests or messages, or that of a pool's worker. */
export type Waiter =
  | { kind: "handler"; label: string }
  | { kind: "worker"; pool: string; executor: Expression | null; module: Module | null };

const WORKERS: ReadonlySet<Context["kind"]> = new Set<Context["kind"]>(["thread", "process", "interpreter"]);

/** Who is kept waiting when the function waits; `null` when it is only the program itself or a thread of its own. */
export function waiterOf(runtime: Runtime, func: Func): Waiter | null {
  let worker: Waiter | null = null;
  for (const context of runtime.contexts.of(func)) {
    if (!WORKERS.has(context.kind) || context.doubt >= 2) continue;
    const { root } = context;
    if (root.serves) return { kind: "handler", label: root.label };
    if (root.pool === null || root.pool === "own") continue;
    const executor = root.handover?.destination.executor ?? null;
    const module = executor && runtime.inference.moduleOf(executor);
    worker ??= { kind: "worker", pool: root.pool, executor, module };
  }
  return worker;
}

/** Whether a function runs on the event loop and on nothing else. */
export function runsOnLoopOnly(runtime: Runtime, func: Func): boolean {
  const contexts = runtime.contexts.of(func).filter(({ doubt }) => doubt < 2);
  return (
    contexts.some(({ kind }) => kind === "loop") && contexts.every(({ kind }) => kind === "loop" || kind === "main")
  );
}

/** Whether the function only ever runs in tasks with a time limit, which ends whatever they wait for. */
export function isTimed(runtime: Runtime, func: Func): boolean {
  const contexts = runtime.contexts.of(func);
  return contexts.length > 0 && contexts.every(({ root }) => hasTimeLimit(runtime, root.func));
}

function hasTimeLimit(runtime: Runtime, { node }: Func): boolean {
  if (node.kind !== "function") return false;
  return node.decorators.some(
    (one) =>
      one.kind === "call" &&
      one.args.some(
        ({ name, value }) =>
          (name === "time_limit" || name === "soft_time_limit") && !isNone(runtime.constants.evaluate(value)),
      ),
  );
}

/** Whether the function runs in a thread or process that was started for it: nobody else is kept waiting. */
export function hasOwnThread(runtime: Runtime, func: Func): boolean {
  return runtime.contexts.of(func).some(({ kind, root }) => WORKERS.has(kind) && root.pool === "own");
}
