import { isAvailable } from "../knowledge/features.ts";
import { formula, THRESHOLDS } from "../knowledge/formulas.ts";
import type { Size } from "../report.ts";
import { weightOf } from "../runtime/effects/workloads.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { connectionsOf, exactly, usualConnections } from "./capacity.ts";
import type { Subject } from "./sites.ts";
import type { SizeId } from "./table.ts";
import { callName, quoted } from "./words.ts";

/** The numbers that a change needs, each with where it comes from. */
export function sizesFor(runtime: Runtime, subject: Subject, ids: readonly SizeId[]): Size[] {
  return ids.filter((id) => id !== "server" || subject.role === "handler").map((id) => SIZES[id](runtime, subject));
}

/** The value of one of them alone, for a sentence or an example. */
export function sizeValue(runtime: Runtime, subject: Subject, id: SizeId): string {
  return SIZES[id](runtime, subject).value;
}

/** The guide's trial: so many tasks at once, where the connections allow it. */
const FIRST_TRIAL = 20;

const SIZES: Record<SizeId, (runtime: Runtime, subject: Subject) => Size> = {
  semaphore: (runtime, subject) => {
    const pool = connectionsOf(runtime, subject, "db-pool") ?? connectionsOf(runtime, subject, "http-pool");
    const connections = pool && exactly(pool.capacity);
    if (pool && connections !== null && Number.isFinite(connections)) {
      const value = Math.min(pool.fact.kind === "db-pool" ? connections : FIRST_TRIAL, connections);
      return {
        of: "`asyncio.Semaphore`",
        value: String(value),
        why: `${quoted(pool.name)} has ${connections} connections (${pool.capacity?.words || "its default"}): more tasks at once only wait for one${value < connections ? `; begin with ${value}` : ""}`,
      };
    }
    const usual = usualConnections(subject);
    if (usual) {
      const value = Math.min(FIRST_TRIAL, usual.connections);
      return {
        of: "`asyncio.Semaphore`",
        value: String(value),
        why: `${callName(usual.fact.name)} has ${usual.connections} connections unless told otherwise${value < usual.connections ? `; begin with ${value}` : ""}`,
      };
    }
    return {
      of: "`asyncio.Semaphore`",
      value: String(FIRST_TRIAL),
      why: "a first trial; aiohttp and httpx allow 100 connections unless told otherwise",
    };
  },

  "default-executor": ({ target }) => ({
    of: "threads of the loop's default executor",
    value: "min(32, processors + 4)",
    why: `${isAvailable("asyncio.to_thread", target.minor) ? "`asyncio.to_thread`" : "`run_in_executor(None, …)`"} shares them with every other call that does so, and with the look-up of host names; more at once need an executor of their own`,
  }),

  threads: (runtime, subject) => {
    const { words } = formula("io-threads");
    const waiting = weightOf(subject.costs.list.filter(({ does }) => does === "waits"));
    const computing = weightOf(subject.costs.list.filter(({ does }) => does === "computes"));
    const most = THRESHOLDS.threadsForWaiting.value;
    const ratio = computing === 0 ? most : 1 + Math.round(waiting / computing);
    const count = subject.candidate?.count ?? null;
    const value = Math.max(2, Math.min(most, ratio, count ?? most));
    const pool = connectionsOf(runtime, subject, "http-pool");
    const kept = pool && exactly(pool.capacity);
    const session =
      pool && kept !== null && kept < value
        ? `; ${quoted(pool.name)} keeps ${kept} connections a host: ${enlarged(pool.fact.name, value)}`
        : "";
    const own =
      computing === 0
        ? `the work hardly computes, so that waiting sets no limit: ${most} is where threads stop being the cheapest way to wait`
        : `1 + waiting / computing, with typical times; ${value === most ? `${most} at most` : words.slice(0, words.indexOf(":"))}`;
    const why = count === value ? `one for each of the ${count}` : own;
    return { of: "threads (`max_workers`)", value: String(value), why: `${why}${session}` };
  },

  connections: (runtime, subject) => {
    const pool = connectionsOf(runtime, subject, "db-pool");
    const connections = pool && exactly(pool.capacity);
    if (pool && connections !== null && Number.isFinite(connections))
      return {
        of: "threads (`max_workers`)",
        value: String(connections),
        why: `as many as ${quoted(pool.name)} has connections (${pool.capacity?.words || "its default"}): a thread more would only wait for one`,
      };
    return {
      of: "threads (`max_workers`)",
      value: "15",
      why: "as many as the pool has connections; SQLAlchemy's default is `pool_size` 5 + `max_overflow` 10, and all processes together must stay below the server's `max_connections`",
    };
  },

  children: ({ target }) => ({
    of: "children at once (`max_workers`)",
    value: processors(target.minor),
    why: "each child computes on a core of its own; many tools start several threads themselves, then fewer",
  }),

  processes: ({ target }, subject) => {
    const size = { of: "workers (`max_workers`)", value: processors(target.minor) };
    const words =
      "one for each processor the program may use; CPython does not see the quota of a container, so set the number there";
    return {
      ...size,
      why: subject.costs.list.some(({ name }) => OWN_THREADS.test(name))
        ? `${words}. The library starts threads of its own: processes × its threads ≤ processors`
        : words,
    };
  },

  server: (runtime, { func }) => {
    const own = runtime.servers.find(({ app, workers }) => workers?.exact != null && isOf(func.module.name, app));
    const workers = own?.workers?.exact ?? runtime.target.workers ?? 1;
    return {
      of: "workers in the pool of each server worker",
      value: workers > 1 ? `processors // ${workers}` : "processors // server workers",
      why: "every worker process of the server makes a pool of its own, and all of them share the processors",
    };
  },
};

/** How a client's pool of connections gets as large as the threads that share it. */
function enlarged(name: string, connections: number): string {
  if (/^requests\./.test(name)) return `mount \`HTTPAdapter(pool_maxsize=${connections})\``;
  if (/^(?:boto3|botocore)\./.test(name)) return `make it with \`Config(max_pool_connections=${connections})\``;
  return `raise it to ${connections}`;
}

/** Whether an application (`module:name`) is of the same package as a module; one whose name is not known is. */
export function isOf(module: string, app: string | null): boolean {
  return app === null || app.split(/[.:]/)[0] === module.split(".")[0];
}

/** The expression for the number of processors in the project's Python. */
function processors(minor: number): string {
  return isAvailable("os.process_cpu_count", minor) ? "os.process_cpu_count()" : "os.cpu_count()";
}

const OWN_THREADS =
  /^(?:numpy\.(?:dot|matmul|linalg|einsum)|scipy\.linalg|cv2|torch|tensorflow|sklearn|polars|numba)\b/;
