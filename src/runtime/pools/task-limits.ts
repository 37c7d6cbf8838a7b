import type { Func } from "../../python/module.ts";
import type { Node } from "../../python/syntax.ts";
import { runningFrom } from "../graph/running.ts";
import type { Runtime } from "../runtime.ts";
import { type Lock, locksOf } from "../state/locks.ts";
import { type Capacity, exceeds, isUnlimited, lesser } from "./capacity.ts";
import { type Draw, drawsOf } from "./draws.ts";
import type { Pool } from "./pools.ts";
import { widthOf } from "./pools-in-use.ts";
import { runsOf } from "./times.ts";

/** Tasks of an event loop that take from an async pool, and what the program lets through at once. */
export interface TaskDemand {
  pool: Pool;
  draw: Draw;
  /** How many tasks may be at the draw at once, as the program itself limits them. */
  tasks: Capacity;
  /** The semaphore or limiter that says so; `null` where the number of tasks does. */
  limit: Lock | null;
  /** Where the limit is: the semaphore, or the coroutine of which there are so many. */
  at: { func: Func; node: Node };
  doubt: number;
}

const known = new WeakMap<Runtime, readonly TaskDemand[]>();

/** Every place where the program limits how many tasks take from an async pool. */
export function taskDemandsOf(runtime: Runtime): readonly TaskDemand[] {
  const remembered = known.get(runtime);
  if (remembered) return remembered;
  const found = runtime.graph.funcs.flatMap((func) =>
    func.isAsync && !runtime.target.isTest(func.module.path)
      ? drawsOf(runtime)
          .in(func)
          .flatMap((draw) => demandAt(runtime, draw) ?? [])
      : [],
  );
  known.set(runtime, found);
  return found;
}

function demandAt(runtime: Runtime, draw: Draw): TaskDemand | null {
  const { pool, func, site } = draw;
  if (!pool.fact.async || !/^(?:db|http)-pool$/.test(pool.fact.kind)) return null;
  if (isOwnPool(runtime, func, pool)) return null;
  let tightest: { width: Capacity; gate: Lock } | null = null;
  for (const gate of locksOf(runtime).around(func, site.node)) {
    if (gate.fact && gate.fact.family !== "task") continue;
    const width = widthOf(runtime, gate);
    if (width === "open") continue;
    if (width === null || isWithin(runtime, gate.func, pool)) return null;
    if (!tightest || exceeds(tightest.width, width)) tightest = { width, gate };
  }
  const { count, doubt } = runsOf(runtime, func, false);
  if (tightest) {
    const tasks = isUnlimited(count) ? tightest.width : lesser(tightest.width, count);
    return {
      pool,
      draw,
      tasks,
      limit: tightest.gate,
      at: { func: tightest.gate.func, node: tightest.gate.expression },
      doubt: draw.doubt + tightest.gate.doubt + sizeDoubt(pool, tasks) + elsewhere(runtime, tightest.gate.func, pool),
    };
  }
  if (isUnlimited(count) || count.formula === "1") return null;
  return {
    pool,
    draw,
    tasks: count,
    limit: null,
    at: { func, node: func.node },
    doubt: draw.doubt + doubt + sizeDoubt(pool, count) + elsewhere(runtime, func, pool),
  };
}

/** Tasks that wait for something else in between need not find a connection each. */
function elsewhere(runtime: Runtime, func: Func, pool: Pool): 0 | 2 {
  const draws = drawsOf(runtime);
  for (const one of runningFrom(runtime, func).keys())
    if (draws.in(one).some((draw) => draw.pool.made !== pool.made && /^(?:db|http)-pool$/.test(draw.pool.fact.kind)))
      return 2;
  return 0;
}

/** Whether each run of the function opens a pool of its own. */
export function isOwnPool(runtime: Runtime, func: Func, pool: Pool): boolean {
  return (
    pool.func.node.kind !== "module" &&
    !runtime.inference.decoration(pool.func).cached &&
    runningFrom(runtime, func).has(pool.func)
  );
}

/** The pool is made behind the semaphore, so that each that passes has its own. */
function isWithin(runtime: Runtime, func: Func, pool: Pool): boolean {
  return pool.func !== func && pool.func.node.kind !== "module" && runningFrom(runtime, func).has(pool.func);
}

function sizeDoubt({ capacity }: Pool, tasks: Capacity): number {
  return Math.max(capacity?.doubt ?? 0, tasks.doubt);
}
