/** A rule of thumb for sizing, with its words for a recommendation. */
export interface Formula {
  id: string;
  name: string;
  formula: string;
  words: string;
  source: string;
}

const LIST = [
  {
    id: "cpu-workers",
    name: "Workers for the processor",
    formula: "workers = usable processors",
    words:
      "As many processes as the program may use processors, one more at most. CPython sees the affinity (from 3.13) and never the quota of a container: set the number there.",
    source: "Goetz, Java Concurrency in Practice 8.2; CPython Lib/concurrent/futures/process.py",
  },
  {
    id: "io-threads",
    name: "Threads that wait",
    formula: "threads = 1 + waiting time / computing time, for each process",
    words:
      "One process runs one thread's Python at a time, so that threads help until the computing parts fill that one processor: 90 ms of waiting and 10 ms of computing make 10 threads.",
    source: "Goetz, Java Concurrency in Practice 8.2, with one processor for the GIL",
  },
  {
    id: "little",
    name: "Little's law",
    formula: "connections in use = arrivals per second × seconds each is held",
    words: "200 requests a second that hold a connection for 20 ms use 4 connections; at half a second they use 100.",
    source: "Little 1961",
  },
  {
    id: "database-start",
    name: "Connections a database can work on",
    formula: "connections = processors of the database host × 2 + disks that seek",
    words: "A place to begin, for all clients together; more connections than that wait inside the server.",
    source: "HikariCP wiki, About Pool Sizing, after the PostgreSQL project",
  },
  {
    id: "several-each",
    name: "Several connections in one task",
    formula: "pool ≥ threads × (connections held at once − 1) + 1",
    words: "With fewer, every thread can hold its first connection and wait for its second: a deadlock.",
    source: "HikariCP wiki, About Pool Sizing, pool locking",
  },
  {
    id: "connection-budget",
    name: "Connections the server must accept",
    formula: "hosts × processes × engines × (pool_size + max_overflow) ≤ max_connections − reserved − other clients",
    words: "Every process has pools of its own, and while a new release starts the old one still has its connections.",
    source: "SQLAlchemy pool/impl.py, PostgreSQL postgresql.conf.sample",
  },
  {
    id: "gunicorn-workers",
    name: "gunicorn workers",
    formula: "workers = processors × 2 + 1",
    words: "For plain workers that wait; about one for each processor when the application is async or computes.",
    source: "gunicorn 26.1 config.py, docs quickstart",
  },
  {
    id: "plain-endpoints",
    name: "Plain endpoints of FastAPI and Starlette",
    formula: "pool_size + max_overflow ≥ 40 × share of endpoints that hold a connection",
    words:
      "Forty threads run the plain endpoints of a process. Raise the pool to the threads, or lower the threads to the pool.",
    source: "anyio _backends/_asyncio.py:3099, SQLAlchemy pool/impl.py:75",
  },
  {
    id: "oversubscription",
    name: "Threads inside processes",
    formula: "processes × threads of each (BLAS, OpenMP, torch, Polars) ≤ processors",
    words:
      "Numerical libraries start a thread for every processor in every process: divide them with OMP_NUM_THREADS, torch.set_num_threads or POLARS_MAX_THREADS.",
    source: "joblib and threadpoolctl documentation, Polars multiprocessing page",
  },
  {
    id: "process-break-even",
    name: "When a process pays",
    formula: "time of the work > 10 × (0.3 ms + 4 ms × megabytes in and out)",
    words: "Below that the sending costs more than the work gains; small items go in chunks.",
    source:
      "measured: 0.3 ms for a round trip, 2.6 ms for 1 MB, 38 ms for 10 MB; 2000 items 557 ms one by one, 7 ms in hundreds",
  },
  {
    id: "amdahl",
    name: "Amdahl's law",
    formula: "speed-up ≤ 1 / ((1 − p) + p / workers)",
    words:
      "p is the share of the time spent in what runs at once: code that releases the GIL for threads, offloaded code for processes.",
    source: "Amdahl 1967",
  },
  {
    id: "celery-prefetch",
    name: "Messages a Celery worker holds",
    formula: "messages = concurrency × prefetch multiplier (4 by default)",
    words: "With long tasks set the multiplier to 1, or a busy worker keeps tasks that an idle one could do.",
    source: "celery 5.6 app/defaults.py:334,356",
  },
] as const satisfies readonly Formula[];

export type FormulaId = (typeof LIST)[number]["id"];

/** Sizing formulae, in the order a reader meets them. */
export const FORMULAS: readonly Formula[] = LIST;

/** A formula by its id. */
export function formula(id: FormulaId): Formula {
  const found = FORMULAS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`No formula is called ${id}.`);
  return found;
}

/** A number that rules and recommendations compare with, and where it comes from. */
export interface Threshold {
  value: number;
  unit: "ms" | "ms/MB" | "MB" | "items" | "threads" | "processes" | "tasks" | "times";
  source: string;
}

/** Limits from which something deserves a word. */
export const THRESHOLDS = {
  /** A call shorter than this is not worth a thread: what moving it costs. */
  offloadRoundTrip: {
    value: 0.13,
    unit: "ms",
    source: "measured: submit().result() 24-37 µs, asyncio.to_thread 127 µs",
  },
  /** Work on the event loop that others begin to feel. */
  loopBudget: { value: 10, unit: "ms", source: "a tenth of asyncio's slow_callback_duration" },
  /** Work on the event loop that asyncio's own debug mode reports. */
  loopStall: { value: 100, unit: "ms", source: "CPython Lib/asyncio/base_events.py:405, slow_callback_duration" },
  /** What parsing or writing JSON holds the GIL for. */
  jsonPerMegabyte: { value: 10, unit: "ms/MB", source: "measured: 8-12 ms for 700 KB" },
  /** A map over more short items than this wants a chunksize. */
  itemsPerChunk: { value: 100, unit: "items", source: "measured: 557 ms against 7 ms for 2000 items" },
  /** An argument or result of a process that costs more than most work gains. */
  largePickle: { value: 10, unit: "MB", source: "measured: 38 ms each way" },
  /** More threads than a server or the memory wants. */
  manyThreads: { value: 100, unit: "threads", source: "8 MiB of stack each; heuristic" },
  /** Processes one pool can have on Windows. */
  windowsProcesses: {
    value: 61,
    unit: "processes",
    source: "CPython Lib/concurrent/futures/process.py, _MAX_WINDOWS_WORKERS",
  },
  /** Processes for each processor from which they only get into each other's way. */
  processesPerProcessor: { value: 2, unit: "times", source: "heuristic" },
  /** Waiting that plain threads still carry well. */
  threadsForWaiting: { value: 32, unit: "tasks", source: "the default of ThreadPoolExecutor" },
  /** Waiting that belongs on an event loop. */
  asyncForWaiting: { value: 100, unit: "tasks", source: "heuristic" },
} as const satisfies Record<string, Threshold>;
