import { excess, fixed, limitsOf, numberWords, product, sum } from "../runtime/pools/capacity.ts";
import { type Shortage, shortages } from "../runtime/pools/shortages.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { poolWords, shortageDetection } from "./capacity-words.ts";
import type { Rule } from "./rule.ts";

export const dbPoolSmallerThanThreads: Rule = {
  id: "db-pool-smaller-than-threads",
  title: "More threads than database connections",
  severity: "warning",
  group: "Pools and capacity",
  why: "Under load the threads that find no connection wait for one, or fail: what that does depends on the pool, and it comes only when all threads are busy at once.",
  instead: "Give the pool at least as many connections as threads use it, or let fewer threads use it.",
  bad: `
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import create_engine, text

engine = create_engine("postgresql+psycopg://app@db/app")


def total(branch):
    with engine.connect() as connection:
        return connection.execute(text("SELECT sum(amount) FROM sales WHERE branch = :b"), {"b": branch}).scalar()


def totals(branches):
    with ThreadPoolExecutor(max_workers=32) as threads:
        return list(threads.map(total, branches))
`,
  good: `
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import create_engine, text

THREADS = 15
engine = create_engine("postgresql+psycopg://app@db/app", pool_size=THREADS, max_overflow=0)


def total(branch):
    with engine.connect() as connection:
        return connection.execute(text("SELECT sum(amount) FROM sales WHERE branch = :b"), {"b": branch}).scalar()


def totals(branches):
    with ThreadPoolExecutor(max_workers=THREADS) as threads:
        return list(threads.map(total, branches))
`,
  *detect(runtime) {
    for (const shortage of shortages(runtime, "db-pool"))
      yield {
        ...shortageDetection(runtime, shortage),
        instead: advice(runtime, shortage),
        severity: shortage.deadlocks || shortage.pool.fact.exhaustion.does === "raises" ? "error" : "warning",
      };
  },
};

function advice(_: Runtime, { demand, pool, capacity, deadlocks }: Shortage): string {
  const { workers, each, share } = demand;
  const enough = numberWords(each.count > 1 ? product(workers, fixed(each.count)) : workers);
  if (deadlocks) {
    const toGoOn = limitsOf(sum(product(workers, fixed(each.count - 1)), fixed(1))).high;
    return `Pass the connection on, so that each ${share.crew.kind} needs only one. Else ${poolWords(pool)} needs at least ${toGoOn} connections to go on, and ${enough} for nobody to wait.`;
  }
  const size = sizeAdvice(
    pool.fact.capacity.map(({ parameter }) => parameter).filter((name) => name !== null),
    limitsOf(workers).high,
  );
  const fewer = limitsOf(capacity).low;
  const less =
    share.crew.hidden === "anyio-threads"
      ? `, or let fewer threads run: \`anyio.to_thread.current_default_thread_limiter().total_tokens = ${fewer}\` at start-up`
      : `, or let at most ${fewer} ${share.crew.kind}${fewer === 1 ? "" : "s"} use it`;
  return `Give ${poolWords(pool)} ${size}${less}.${excess(workers, capacity) > 0 && limitsOf(workers).exact === null ? " Say how many threads there are, too: by default that depends on the machine." : ""}`;
}

/** The arguments that make the pool as large as needed. */
function sizeAdvice(parameters: readonly string[], wanted: number): string {
  const [first, second] = parameters;
  if (first === undefined) return `${wanted} connections`;
  return second === undefined ? `\`${first}=${wanted}\`` : `\`${first}\` and \`${second}\` that add up to ${wanted}`;
}
