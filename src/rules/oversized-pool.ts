import { THRESHOLDS } from "../knowledge/formulas.ts";
import { serverOfName } from "../knowledge/pools/database-servers.ts";
import { PROCESSORS } from "../knowledge/pools.ts";
import { type Running, runningFrom } from "../runtime/graph/running.ts";
import { type Capacity, counted, limitsOf } from "../runtime/pools/capacity.ts";
import { type Crew, crewsOf } from "../runtime/pools/crews.ts";
import { type Pool, poolsOf } from "../runtime/pools/pools.ts";
import { sharesOf } from "../runtime/pools/pools-in-use.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { sizingFunc, withSource } from "./capacity-words.ts";
import type { Detection, Rule } from "./rule.ts";
import { code } from "./words.ts";

export const oversizedPool: Rule = {
  id: "oversized-pool",
  title: "Pool far larger than what it works on",
  severity: "notice",
  group: "Pools and capacity",
  why: "Processes beyond the processors only take turns, and each costs memory and a start; threads beyond what a database works on only move the queue into the server, or are refused there.",
  instead:
    "Make a process pool as large as the machine has processors, and a thread pool as large as what it talks to can serve.",
  bad: `
from concurrent.futures import ProcessPoolExecutor


def steps(start):
    count = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        count += 1
    return count


def longest(limit):
    with ProcessPoolExecutor(max_workers=400) as pool:
        return max(pool.map(steps, range(1, limit), chunksize=1000))


if __name__ == "__main__":
    print(longest(1_000_000))
`,
  good: `
from concurrent.futures import ProcessPoolExecutor


def steps(start):
    count = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        count += 1
    return count


def longest(limit):
    with ProcessPoolExecutor() as pool:
        return max(pool.map(steps, range(1, limit), chunksize=1000))


if __name__ == "__main__":
    print(longest(1_000_000))
`,
  *detect(runtime) {
    for (const pool of poolsOf(runtime).values()) {
      if (!/^(?:process|interpreter)-pool$/.test(pool.fact.kind) || !pool.capacity || usesThreads(pool)) continue;
      if (isFarAbove(pool.capacity)) yield processDetection(runtime, pool, pool.capacity);
    }
    for (const crew of crewsOf(runtime)) {
      const found = crew.kind === "thread" && crew.pool ? databaseDetection(runtime, crew, crew.pool) : null;
      if (found) yield found;
    }
  },
};

/** joblib runs threads on demand. */
function usesThreads({ made }: Pool): boolean {
  return (
    made.kind === "call" &&
    made.args.some(
      ({ name, value }) =>
        (name === "prefer" || name === "backend") && value.kind === "string" && /thread/.test(value.value),
    )
  );
}

/** More processes for each processor than help anybody, on the largest machine too. */
function isFarAbove(capacity: Capacity): boolean {
  const { value } = THRESHOLDS.processesPerProcessor;
  for (let processors = PROCESSORS.least; processors <= PROCESSORS.most; processors++)
    if (!(capacity.at(processors).least > value * processors)) return false;
  return limitsOf(capacity).low < Number.POSITIVE_INFINITY;
}

function processDetection(runtime: Runtime, pool: Pool, capacity: Capacity): Detection {
  const { low, exact } = limitsOf(capacity);
  const number = exact === null ? `${capacity.formula} processes` : counted(capacity, "process");
  return {
    func: sizingFunc(runtime, pool),
    at: pool.sizedAt,
    message: `${withSource(number, capacity.words)}: ${exact === null ? "several for each processor" : `more than any machine of up to ${PROCESSORS.most} processors can run at once`}, and each has to be started and takes memory`,
    instead:
      low > PROCESSORS.most
        ? "Leave the number out, or use `os.process_cpu_count()` (Python 3.13) or `os.cpu_count()`."
        : "One process for each processor is enough.",
    doubt: pool.doubt + capacity.doubt,
    subject: pool.fact.name,
  };
}

/** So many times what the server accepts by default. */
const DATABASE_FACTOR = 2;

/** Threads that each open a connection of their own, more than the database is made for. */
function databaseDetection(runtime: Runtime, { capacity, works }: Crew, pool: Pool): Detection | null {
  if (!capacity || runtime.target.isTest(pool.func.module.path)) return null;
  const { low } = limitsOf(capacity);
  if (low <= THRESHOLDS.manyThreads.value || low === Number.POSITIVE_INFINITY) return null;
  if (
    sharesOf(runtime).some(
      ({ crew, pool: shared }) =>
        crew.pool === pool && shared.fact.opens === "up to capacity" && shared.fact.kind === "db-pool",
    )
  )
    return null;
  for (const { func, doubt } of works) {
    if (!func) continue;
    for (const running of runningFrom(runtime, func).values()) {
      const connect = connectionIn(runtime, running);
      if (!connect) continue;
      const accepted =
        runtime.target.databaseMaxConnections ?? (serverOfName(connect.name)?.maxConnections ?? 0) * DATABASE_FACTOR;
      if (accepted === 0 || low <= accepted) continue;
      const server = serverOfName(connect.name)?.name ?? "the database";
      return {
        func: sizingFunc(runtime, pool),
        at: pool.sizedAt,
        message: `${withSource(counted(capacity, "thread"), capacity.words)} open a connection each: ${server} accepts ${runtime.target.databaseMaxConnections ?? serverOfName(connect.name)?.maxConnections} unless its configuration says otherwise, and works on far fewer at once`,
        instead:
          "Start with two threads for each processor of the database's host, and take the connections from a pool of that size.",
        trace: [
          {
            module: running.func.module,
            at: connect.node,
            message: `${code(running.func.module, connect.node)} opens a connection`,
          },
        ],
        doubt: pool.doubt + capacity.doubt + doubt + running.doubt,
        subject: `${pool.fact.name}<${connect.name}`,
      };
    }
  }
  return null;
}

function connectionIn(runtime: Runtime, { func }: Running) {
  for (const { name, site, fact, doubt } of runtime.blocking.direct(func))
    if (fact.category === "db" && /\.[cC]onnect$/.test(name) && doubt === 0 && site.node.kind === "call")
      return { name, node: site.node };
  return null;
}
