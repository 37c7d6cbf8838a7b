import { ASYNC_IO } from "../../knowledge/async-io.ts";
import { sourceOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { isInside, within } from "../../python/syntax.ts";
import { type Size, sizeOf } from "../effects/sizes.ts";
import type { Runtime } from "../runtime.ts";
import { locksOf } from "../state/locks.ts";
import { type AsyncIo, asyncIoAt, unguardedIo } from "./async-io.ts";
import { type Repetition, startsOf, type TaskStart } from "./starts.ts";

/** Tasks that are made for every item of something of any size, each of which waits for the network. */
export interface FanOut {
  start: TaskStart;
  /** What has any number of items. */
  items: Expression;
  io: AsyncIo;
  doubt: number;
}

/** All fan-outs without a bound, one for each call that starts the tasks. */
export function* fanOutsOf(runtime: Runtime): Generator<FanOut> {
  const starts = startsOf(runtime);
  for (const func of runtime.graph.funcs) {
    const seen = new Set<Call>();
    for (const start of starts.in(func)) {
      if (seen.has(start.call)) continue;
      const found = fanOutOf(runtime, start);
      if (!found) continue;
      seen.add(start.call);
      yield found;
    }
  }
}

function fanOutOf(runtime: Runtime, start: TaskStart): FanOut | null {
  if (start.over.length === 0 || start.awaitedAtOnce) return null;
  const source = biggest(runtime, start.over);
  if (!source || isPaced(runtime, start) || isHeld(runtime, start)) return null;
  const io = ioOf(runtime, start);
  if (!io || io.fact.limit === "pool" || io.client === "set") return null;
  return { start, items: source.items, io, doubt: source.size.doubt + io.doubt };
}

/** The repetition that nothing bounds; `null` where every one is bounded, or where only events make tasks. */
function biggest(runtime: Runtime, over: readonly Repetition[]): { items: Expression; size: Size } | null {
  let found: { items: Expression; size: Size } | null = null;
  for (const one of over) {
    if (one.kind === "while" || ((one.kind === "for" || one.kind === "clause") && one.isAsync)) return null;
    const items = one.kind === "for" || one.kind === "clause" ? one.iter : one;
    const size = sizeOf(runtime, items);
    if (size.kind === "any" && (!found || size.doubt < found.size.doubt)) found = { items, size };
  }
  return found;
}

/** Whether each round waits for something else before it starts the next task, or leaves the loop at once. */
function isPaced(runtime: Runtime, { over, call, work, func }: TaskStart): boolean {
  return over.some(
    (one) =>
      (one.kind === "for" &&
        within(one).some(
          (node) => (node.kind === "await" && !isInside(node, work) && !isInside(call, node)) || node.kind === "break",
        )) ||
      isInLimitedBlock(runtime, one, func.node),
  );
}

/** `async with pool:` of something that calls itself a pool or limiter around it all. */
function isInLimitedBlock(runtime: Runtime, node: Node, end: Node): boolean {
  for (let at: Node | null = node; at && at !== end; at = at.parent)
    if (at.kind === "with" && at.isAsync) {
      const module = runtime.inference.moduleOf(at);
      if (at.items.some(({ context }) => /limit|pool|throttl|semaphore|scheduler/i.test(sourceOf(module, context))))
        return true;
    }
  return false;
}

function isHeld(runtime: Runtime, { func, call, work }: TaskStart): boolean {
  return [call, work].some((node) =>
    locksOf(runtime)
      .heldAt(func, node)
      .some(({ lock }) => !lock.fresh && lock.fact?.family !== "thread"),
  );
}

/** The network call that each task comes to without a bound of its own. */
function ioOf(runtime: Runtime, { work, roots, library }: TaskStart): AsyncIo | null {
  if (work.kind === "call") {
    const site = runtime.graph.siteOf(work);
    const direct = site && asyncIoAt(runtime, { ...site, awaited: true });
    // What the starting body makes, all its tasks share.
    if (direct) return direct.client === "own" ? { ...direct, client: "default" } : direct;
  } else
    for (const name of library) {
      const fact = ASYNC_IO.get(name);
      const site = runtime.graph.siteOf(work) ?? null;
      if (fact && site) return { fact, site, path: [], client: "unknown", doubt: 1 };
    }
  for (const { func, doubt } of roots) {
    if (doubt > 1) continue;
    const found = unguardedIo(runtime, func);
    if (found) return { ...found, doubt: found.doubt + doubt };
  }
  return null;
}
