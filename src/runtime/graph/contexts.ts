import type { Func } from "../../python/module.ts";
import type { CallGraph, Handover, Site } from "./callgraph.ts";
import type { FrameworkRoot } from "./frameworks.ts";

/** Where code runs: on the event loop, in a thread, in another process or interpreter, or in the plain main program. */
export type ContextKind = "loop" | "thread" | "process" | "interpreter" | "greenlet" | "main";

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
  /** In a framework's or the runtime's words: `FastAPI route`, `asyncio.to_thread`, `coroutine`. */
  label: string;
  /** The pool of threads or processes, where it has a name; `object` when it is an object of the program (see `handover`). */
  pool: string | null;
  /** Whether it answers requests or messages: many run at once, and somebody waits for each. */
  serves: boolean;
}

export interface Contexts {
  /** All contexts of a function, at most one of each kind and pool. */
  of(func: Func): readonly Context[];
  in(func: Func, kind: ContextKind): Context | null;
  /** The root that answers requests or messages and from which the function is reached, also through `await` and other threads. */
  serving(func: Func): Root | null;
  roots: readonly Root[];
}

/** Contexts travel down ordinary call edges from their roots; offload edges start new ones. */
export function contextsOf(graph: CallGraph, frameworks: readonly FrameworkRoot[]): Contexts {
  const found = new Map<Func, Context[]>();
  const roots: Root[] = [];
  const queue: Context[] = [];
  const add = (context: Context): void => {
    const known = found.get(context.func);
    if (known?.some((one) => one.kind === context.kind && samePlace(one.root, context.root))) return;
    if (known) known.push(context);
    else found.set(context.func, [context]);
    queue.push(context);
  };
  const start = (root: Root, kind: ContextKind, doubt: number, site: Site | null): void => {
    roots.push(root);
    add({ kind, func: root.func, from: null, site, root, doubt });
  };
  for (const { func, place, label, serves, doubt } of frameworks)
    start({ kind: "framework", func, handover: null, label, pool: place.pool, serves }, place.kind, doubt, null);
  for (const func of graph.funcs) {
    const own = { func, handover: null, pool: null, serves: false };
    if (func.isAsync) start({ ...own, kind: "coroutine", label: "coroutine" }, "loop", 0, null);
    if (func.node.kind === "module") start({ ...own, kind: "module", label: "module" }, "main", 0, null);
    for (const { site, handover } of graph.handedOver(func)) {
      if (func.isAsync) continue;
      const { to, pool, by } = handover.destination;
      start({ kind: "handover", func, handover, label: by, pool, serves: false }, to, handover.doubt, site);
    }
  }
  for (const context of queue)
    for (const site of graph.sites(context.func))
      for (const { func, doubt } of site.targets) {
        // A coroutine runs on the loop wherever it is made.
        if (func.isAsync) continue;
        add({ kind: context.kind, func, from: context, site, root: context.root, doubt: context.doubt + doubt });
      }
  return {
    of: (func) => found.get(func) ?? [],
    in: (func, kind) => found.get(func)?.find((one) => one.kind === kind) ?? null,
    serving: servingOf(graph, roots),
    roots,
  };
}

/** Contexts in the same pool are one; each place that hands work to a pool object counts, since the object decides. */
function samePlace(a: Root, b: Root): boolean {
  return (
    a.pool === b.pool && (a.pool !== "object" || a.handover?.destination.executor === b.handover?.destination.executor)
  );
}

function servingOf(graph: CallGraph, roots: readonly Root[]): (func: Func) => Root | null {
  const served = new Map<Func, Root>();
  const queue: Func[] = [];
  const add = (func: Func, root: Root): void => {
    if (served.has(func)) return;
    served.set(func, root);
    queue.push(func);
  };
  for (const root of roots) if (root.serves) add(root.func, root);
  for (const func of queue) {
    const root = served.get(func);
    if (!root) continue;
    for (const site of graph.sites(func)) {
      for (const target of site.targets) if (target.doubt < 2) add(target.func, root);
      for (const handover of site.handovers) if (handover.func) add(handover.func, root);
    }
  }
  return (func) => served.get(func) ?? null;
}
