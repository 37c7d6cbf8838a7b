import type { PoolKind } from "../knowledge/pools/row.ts";
import { POOLS, type PoolFact, takesFrom } from "../knowledge/pools.ts";
import type { Costs } from "../runtime/effects/costs.ts";
import { runningFrom } from "../runtime/graph/running.ts";
import { type Capacity, limitsOf } from "../runtime/pools/capacity.ts";
import { drawsOf } from "../runtime/pools/draws.ts";
import { type Pool, poolsOf } from "../runtime/pools/pools.ts";
import type { Submission } from "../runtime/pools/submissions.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Subject } from "./sites.ts";

/** The pool of threads or processes that a submission uses, where the program makes it. */
export function poolOf(runtime: Runtime, { pool }: Submission): Pool | null {
  if (!pool) return null;
  const pools = poolsOf(runtime);
  for (const { expression } of runtime.origins.of(pool)) {
    const found = expression.kind === "call" ? pools.get(expression) : undefined;
    if (found) return found;
  }
  return null;
}

/** The pool of connections that a function's work takes from; the one with the fewest, if there are several. */
export function connectionsOf(runtime: Runtime, { func, costs, launches }: Subject, kind: PoolKind): Pool | null {
  const roots = launches.flatMap(({ work }) => work.flatMap(({ func: one }) => (one ? [one] : [])));
  const reached = new Set([
    func,
    ...costs.list.map(({ site }) => site.func),
    ...roots.flatMap((root) => [...runningFrom(runtime, root).keys()]),
  ]);
  let best: Pool | null = null;
  for (const one of reached)
    for (const { pool, doubt } of drawsOf(runtime).in(one))
      if (
        pool.fact.kind === kind &&
        doubt < 2 &&
        isTakenBy(pool, costs) &&
        (best === null || fewest(pool.capacity) < fewest(best.capacity))
      )
        best = pool;
  return best;
}

/** Something that the work waits for is of the pool's library. */
function isTakenBy({ fact }: Pool, { list }: Costs): boolean {
  return list.some(({ does, name }) => does === "waits" && (takesFrom(fact, name) || topOf(fact.name) === topOf(name)));
}

function topOf(name: string): string {
  return name.split(".")[0] ?? name;
}

function fewest(capacity: Capacity | null): number {
  return capacity ? limitsOf(capacity).low : Number.POSITIVE_INFINITY;
}

/** The number of a capacity that is one number on every machine. */
export function exactly(capacity: Capacity | null): number | null {
  return capacity ? limitsOf(capacity).exact : null;
}

/** The number of connections that a library's pools have by default, for calls whose pool nobody can see. */
export function usualConnections({ costs }: Subject): { fact: PoolFact; connections: number } | null {
  for (const { name, does } of costs.list) {
    if (does !== "waits") continue;
    for (const fact of POOLS.values()) {
      const [size, ...others] = fact.capacity;
      if (
        (fact.kind !== "db-pool" && fact.kind !== "http-pool") ||
        others.length > 0 ||
        size?.default.kind !== "number"
      )
        continue;
      if (takesFrom(fact, name)) return { fact, connections: size.default.value };
    }
  }
  return null;
}
