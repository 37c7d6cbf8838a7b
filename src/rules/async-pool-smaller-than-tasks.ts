import type { Node } from "../python/syntax.ts";
import { counted, exceeds, limitsOf, numberWords } from "../runtime/pools/capacity.ts";
import { type TaskDemand, taskDemandsOf } from "../runtime/pools/task-limits.ts";
import { lockWords } from "../runtime/state/locks.ts";
import { poolWords, related, sizingFunc, withSource } from "./capacity-words.ts";
import { shortName } from "./hops.ts";
import type { Related, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const asyncPoolSmallerThanTasks: Rule = {
  id: "async-pool-smaller-than-tasks",
  title: "More tasks let in than the async pool has connections",
  severity: "notice",
  group: "Pools and capacity",
  why: "The semaphore (or the number of workers) lets more tasks through than the pool behind it can serve, so that the pool decides, and tasks that hold a permit only wait; where waiting for the pool has a time limit, they fail.",
  instead: "Take both numbers from one constant.",
  bad: `
import asyncio

import asyncpg


async def totals(order_ids):
    slots = asyncio.Semaphore(40)
    async with asyncpg.create_pool("postgresql://app@db/app", max_size=10) as pool:

        async def total(order_id):
            async with slots, pool.acquire() as connection:
                return await connection.fetchval("SELECT total FROM orders WHERE id = $1", order_id)

        return await asyncio.gather(*[total(order_id) for order_id in order_ids])
`,
  good: `
import asyncio

import asyncpg

TASKS = 10


async def totals(order_ids):
    slots = asyncio.Semaphore(TASKS)
    async with asyncpg.create_pool("postgresql://app@db/app", max_size=TASKS) as pool:

        async def total(order_id):
            async with slots, pool.acquire() as connection:
                return await connection.fetchval("SELECT total FROM orders WHERE id = $1", order_id)

        return await asyncio.gather(*[total(order_id) for order_id in order_ids])
`,
  *detect(runtime) {
    const told = new Set<Node>();
    for (const demand of [...taskDemandsOf(runtime)].sort((a, b) => a.doubt - b.doubt)) {
      const { pool, tasks, draw, doubt } = demand;
      const { capacity } = pool;
      if (!capacity || told.has(pool.sizedAt) || !exceeds(tasks, capacity)) continue;
      told.add(pool.sizedAt);
      const { high } = limitsOf(capacity);
      yield {
        func: sizingFunc(runtime, pool),
        at: pool.sizedAt,
        message: `${limitWords(demand)} on ${withSource(counted(capacity, "connection"), capacity.words)}: ${afterwards(demand)}`,
        instead: `Let ${poolWords(pool)} and the ${demand.limit ? "semaphore" : "number of workers"} have the same number: ${limitsOf(tasks).high} connections, or ${high} tasks.`,
        trace: [
          ...limitTrace(demand),
          related(runtime, draw.site.node, `${code(draw.func.module, shown(draw.site.node))} takes a connection`),
        ],
        doubt,
        shows: { func: draw.func, at: draw.site.node },
        subject: `${pool.fact.name}<tasks`,
      };
    }
  },
};

function limitWords({ tasks, limit, at }: TaskDemand): string {
  const number = withSource(numberWords(tasks), tasks.words);
  return limit
    ? `${quoted(lockWords(limit))} lets ${number} tasks in`
    : `${number} tasks run ${quoted(shortName(at.func))}`;
}

function afterwards({ pool }: TaskDemand): string {
  const { does, seconds, error } = pool.fact.exhaustion;
  const name = error === null ? "" : ` with ${quoted(error.slice(error.lastIndexOf(".") + 1))}`;
  if (does === "raises") return `the others fail at once${name}`;
  return seconds === null
    ? "the others wait for the pool"
    : `the others wait for the pool, and after ${seconds} s fail${name}`;
}

function limitTrace({ limit, at }: TaskDemand): Related[] {
  const node = at.node.kind === "function" ? (at.node.decorators[0] ?? at.node) : at.node;
  return [{ module: at.func.module, at: node, message: limit ? "the limit is taken here" : "so many tasks run this" }];
}

function shown(node: Node): Node {
  return node.kind === "withitem" ? node.context : node;
}
