import type { Node } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import type { AtATime } from "./at-a-time.ts";
import { type Capacity, exceeds, excess, fixed, product, sum } from "./capacity.ts";
import type { Pool } from "./pools.ts";
import { type Demand, demandOf, sharesOf } from "./pools-in-use.ts";

/** A crew that needs more than its pool has. */
export interface Shortage {
  demand: Demand;
  pool: Pool;
  capacity: Capacity;
  /** When all have what they can get, nobody can go on. */
  deadlocks: boolean;
}

/** The worst shortage of each pool of one kind that threads take from. */
export function shortages(runtime: Runtime, kind: "db-pool" | "http-pool"): Shortage[] {
  const worst = new Map<Node, Shortage>();
  for (const share of sharesOf(runtime)) {
    const { crew, pool } = share;
    const { fact, capacity } = pool;
    if (fact.kind !== kind || fact.async || !capacity || fact.exhaustion.does === "none") continue;
    if ((crew.kind !== "thread" && crew.kind !== "greenlet") || runtime.target.isTest(pool.func.module.path)) continue;
    const isShort = (workers: Capacity, each: AtATime): boolean => exceeds(needed(workers, each), capacity);
    const demand = demandOf(runtime, share, isShort);
    if (!demand || !isShort(demand.workers, demand.each)) continue;
    const { workers, each } = demand;
    const toGoOn = sum(product(workers, fixed(each.count - 1)), fixed(1));
    const shortage = { demand, pool, capacity, deadlocks: each.count > 1 && exceeds(toGoOn, capacity) };
    const before = worst.get(pool.sizedAt);
    if (!before || isWorse(shortage, before)) worst.set(pool.sizedAt, shortage);
  }
  return [...worst.values()];
}

function needed(workers: Capacity, { count }: AtATime): Capacity {
  return count > 1 ? product(workers, fixed(count)) : workers;
}

function isWorse(one: Shortage, other: Shortage): boolean {
  if (one.demand.doubt !== other.demand.doubt) return one.demand.doubt < other.demand.doubt;
  if (one.deadlocks !== other.deadlocks) return one.deadlocks;
  return excess(one.demand.workers, one.capacity) > excess(other.demand.workers, other.capacity);
}
