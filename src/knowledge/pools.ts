import { uniqueMap } from "./names.ts";
import { DATABASE_POOLS } from "./pools/databases.ts";
import { HTTP_POOLS } from "./pools/http.ts";
import { LIMITERS } from "./pools/limits.ts";
import type { PoolFact } from "./pools/row.ts";
import { WORKERS } from "./pools/workers.ts";
import { BASES } from "./types.ts";
import { type AtLeast, asPinned, newest } from "./versions.ts";

export type { PoolFact } from "./pools/row.ts";
export { capacityRange } from "./pools/row.ts";
export type { Range } from "./pools/size.ts";
export { PROCESSORS, sizeAt, sizeRange } from "./pools/size.ts";

/**
 * Pools by the canonical name of their constructor. Those that no line makes go by the names of the offloading table
 * (`default-executor`, `anyio-threads`, …).
 */
export const POOLS: ReadonlyMap<string, PoolFact> = uniqueMap(
  [...WORKERS, ...LIMITERS, ...HTTP_POOLS, ...DATABASE_POOLS].map((fact) => [fact.name, fact] as const),
);

/** The fact about a constructor, its own or that of the nearest base class. `atLeast` tells the versions that the project pins. */
export function poolFact(name: string, atLeast: AtLeast = newest): PoolFact | undefined {
  const types = [name];
  for (const type of types) {
    const fact = POOLS.get(type);
    if (fact !== undefined) return asPinned(type === name ? fact : { ...fact, name, type: name }, atLeast);
    types.push(...(BASES.get(type) ?? []).filter((base) => !types.includes(base)));
  }
  return undefined;
}

/** Whether a call by canonical name takes something from the pool, also one of a class derived from the one that does. */
export function takesFrom(fact: PoolFact, call: string): boolean {
  if (fact.acquire.includes(call)) return true;
  const dot = call.lastIndexOf(".");
  const method = call.slice(dot + 1);
  const types = [call.slice(0, Math.max(dot, 0))];
  for (const type of types) {
    const names = method.startsWith("_") ? [`${type}.${method}`] : [`${type}.${method}`, `${type}.*`];
    if (names.some((name) => fact.acquire.includes(name))) return true;
    types.push(...(BASES.get(type) ?? []).filter((base) => !types.includes(base)));
  }
  return false;
}
