import type { Func } from "../python/module.ts";
import type { CallGraph, Handover, Site } from "./callgraph.ts";

/** Where code runs: on the event loop, in a thread, in another process or interpreter, or in the plain main program. */
export type ContextKind = "loop" | "thread" | "process" | "interpreter" | "main";

/** Why a function runs in a context: the root itself, or the caller that brings it there. */
export interface Context {
  kind: ContextKind;
  func: Func;
  /** The body of code that calls it; `null` at the root. */
  from: Context | null;
  /** The site that calls it or hands it over; `null` for a root that a framework or the interpreter calls. */
  site: Site | null;
  root: Root;
  doubt: number;
}

/** What starts the code in its context. */
export interface Root {
  kind: "coroutine" | "handover" | "framework" | "module";
  func: Func;
  handover: Handover | null;
  /** In a framework's or the runtime's words: `FastAPI route`, `done-callback`, … */
  label: string;
  /** The pool of threads or processes, where it has a name. */
  pool: string | null;
}

export interface Contexts {
  /** All contexts of a function, at most one of each kind and pool. */
  of(func: Func): readonly Context[];
  in(func: Func, kind: ContextKind): Context | null;
  roots: readonly Root[];
}

/** A function that something outside the project calls, and where. */
export interface FrameworkRoot {
  func: Func;
  kind: ContextKind;
  pool: string | null;
  label: string;
}

/** Contexts travel down ordinary call edges from their roots; offload edges start new ones. */
export function contextsOf(graph: CallGraph, frameworks: readonly FrameworkRoot[]): Contexts {
  const found = new Map<Func, Context[]>();
  const roots: Root[] = [];
  const queue: Context[] = [];
  const add = (context: Context): void => {
    const known = found.get(context.func);
    if (known?.some((one) => one.kind === context.kind && one.root.pool === context.root.pool)) return;
    if (known) known.push(context);
    else found.set(context.func, [context]);
    queue.push(context);
  };
  const start = (root: Root, kind: ContextKind, doubt: number, site: Site | null): void => {
    roots.push(root);
    add({ kind, func: root.func, from: null, site, root, doubt });
  };
  for (const { func, kind, pool, label } of frameworks)
    start({ kind: "framework", func, handover: null, label, pool }, kind, 0, null);
  for (const func of graph.funcs) {
    if (func.isAsync)
      start({ kind: "coroutine", func, handover: null, label: "coroutine", pool: null }, "loop", 0, null);
    if (func.node.kind === "module")
      start({ kind: "module", func, handover: null, label: "module", pool: null }, "main", 0, null);
    for (const { site, handover } of graph.handedOver(func)) {
      if (func.isAsync) continue;
      const { to, pool, by } = handover.destination;
      if (to === "later" || to === "greenlet") continue;
      start({ kind: "handover", func, handover, label: by, pool }, to, handover.doubt, site);
    }
  }
  for (const context of queue)
    for (const site of graph.sites(context.func))
      for (const { func, doubt } of site.targets) {
        if (func.isAsync) continue;
        add({ kind: context.kind, func, from: context, site, root: context.root, doubt: context.doubt + doubt });
      }
  return {
    of: (func) => found.get(func) ?? [],
    in: (func, kind) => found.get(func)?.find((one) => one.kind === kind) ?? null,
    roots,
  };
}
