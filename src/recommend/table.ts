import type { Confidence } from "../finding.ts";
import type { WaitGroup } from "../knowledge/costs.ts";
import type { Runs } from "./sites.ts";

/** What to do with a part of the work: leave it where it is, or run it elsewhere. `measure` leaves it until a measurement speaks. */
export type Goes = "stays" | "one by one" | "asyncio" | "threads" | "processes" | "measure";

/** Numbers that a change needs, each explained by `sizes.ts`. */
export type SizeId = "semaphore" | "default-executor" | "threads" | "connections" | "children" | "processes" | "server";

/** Other ways, each with the Python it needs, in `alternatives.ts`. */
export type AlternativeId =
  | "interpreters"
  | "free-threaded"
  | "async-http"
  | "async-driver"
  | "async-subprocess"
  | "threads-measured"
  | "processes-measured"
  | "split"
  | "bounded-threads"
  | "queue";

/** One line of the guide: work that runs in one of these ways, and what fits it. A condition that is left out is no condition. */
export interface Row {
  id: string;
  /** In the words of the guide. */
  scenario: string;
  runs: readonly Runs[];
  does: "waits" | "computes" | "either";
  group?: readonly WaitGroup[];
  gil?: readonly ("holds" | "releases" | "mixed")[];
  /** Only where all of it is as heavy as its input. */
  byInput?: true;
  /** Only in code under an event loop. */
  code?: "async";
  /** Only where the work as a whole is of this kind. */
  work?: readonly ("io" | "cpu" | "mixed")[];
  /** Only where more wait at once than threads are good for. */
  many?: true;
  /** Only on builds without the GIL, or only on builds with it. */
  build?: "gil" | "free-threaded";
  goes: Goes;
  sure: Confidence;
  /** The first sentence stands alone where the code fits. A sentence with a `{name}` that has no value is left out. */
  why: readonly string[];
  sizes?: readonly SizeId[];
  alternatives?: readonly AlternativeId[];
  /** Which values to try, and what result speaks against the advice. */
  trial: keyof typeof TRIALS;
}

/** The trial of the guide's last table: which knob, which values, what to watch, what refutes the advice. */
export const TRIALS = {
  fits: {
    knob: null,
    watch: "the time of one run",
    refuted: null,
  },
  tasks: {
    knob: "the semaphore with 1, 5, 10, 20, 50",
    watch: "the throughput, errors of the other side (429, 503, time-outs) and its connections",
    refuted:
      "20 at once take as long as one after the other: then the other side answers one at a time, and the loop stays as it is",
  },
  loop: {
    knob: "1, 20 and 100 requests at once",
    watch: "the slowest response, and what `PYTHONASYNCIODEBUG=1` names as slow",
    refuted: "the response times with 20 at once are those with one: then the call is too short to matter",
  },
  waiting: {
    knob: "`max_workers` with 1, 2, 4, 8, 16, 32",
    watch: "the throughput, the connections in use and the memory; the processor stays nearly idle",
    refuted: "one core is at 100 % with a few threads: then the work computes, and processes fit",
  },
  connections: {
    knob: "`max_workers` with 1, 2, 4, 8, up to the connections of the pool",
    watch: "the throughput, connections checked out, and the database's own load",
    refuted: "more threads take as long as one: then the database is the limit, and fewer or better queries help",
  },
  children: {
    knob: "`max_workers` with 1, 2, 4, up to the number of processors",
    watch: "the processors (the children use them) and the disk",
    refuted: "one child already keeps every core busy: then one after the other is as fast",
  },
  processes: {
    knob: "`max_workers` with 1, 2, 4, up to the number of processors",
    watch: "every core (`psutil.cpu_percent(percpu=True)`), and memory times the number of processes",
    refuted: "4 processes take more than half the time of one: then pickling, memory or the disk is the limit",
  },
  offload: {
    knob: "1, 2, 4 and 20 requests at once",
    watch: "every core (`psutil.cpu_percent(percpu=True)`) and the response time of other requests",
    refuted: "other requests wait as long as before: then the GIL is held after all, and a `ProcessPoolExecutor` fits",
  },
  releasing: {
    knob: "`max_workers` with 1, 2, 4, up to the number of processors",
    watch: "every core (`psutil.cpu_percent(percpu=True)`); above 100 % in sum the GIL is free",
    refuted: "4 threads take as long as one: then the GIL is held after all, and a `ProcessPoolExecutor` fits",
  },
  small: {
    knob: "the pool against a plain loop",
    watch: "the time of both",
    refuted: "the plain loop is slower by more than a tenth: then the work is more than it looks",
  },
  unknown: {
    knob: "`max_workers` with 1, 2, 4, 8",
    watch: "the processor: near 100 % it computes; low while it takes long, it waits",
    refuted: null,
  },
} as const;

const LOOP: readonly Runs[] = ["on the loop"];
const THREADS: readonly Runs[] = ["in threads"];
const SERVED: readonly Runs[] = ["in server threads"];
const PROCESSES: readonly Runs[] = ["in processes"];
const ONE_BY_ONE: readonly Runs[] = ["one by one"];

/** The decision table: the first line that is met decides. */
export const GUIDE: readonly Row[] = [
  // 1. I/O-bound work under asyncio
  {
    id: "awaited",
    scenario: "I/O that the event loop awaits",
    runs: ["awaited"],
    does: "waits",
    goes: "stays",
    sure: "high",
    why: ["{call} is awaited: the loop serves others meanwhile, so asyncio fits."],
    trial: "fits",
  },
  {
    id: "awaited-one-by-one",
    scenario: "Many independent awaits, one after the other",
    runs: ["awaited one by one"],
    does: "waits",
    goes: "asyncio",
    sure: "high",
    why: [
      "Each {call} is awaited before the next one starts, though none needs another: their waits add up.",
      "Start them together with {tasks}, and let an `asyncio.Semaphore` of {limit} bound them.",
    ],
    sizes: ["semaphore"],
    trial: "tasks",
  },
  {
    id: "alone-on-loop",
    scenario: "A program that runs one task, or starts up",
    runs: ["alone on the loop"],
    does: "either",
    goes: "stays",
    sure: "medium",
    why: ["{call} stops the loop, but no other task waits for it here."],
    trial: "fits",
  },
  {
    id: "sleep-on-loop",
    scenario: "A pause that stops the event loop",
    runs: LOOP,
    does: "waits",
    group: ["sleep"],
    goes: "asyncio",
    sure: "high",
    why: ["{call} stops every task of the loop: await `asyncio.sleep` instead."],
    trial: "loop",
  },
  {
    id: "thread-on-loop",
    scenario: "The event loop waits for another thread",
    runs: LOOP,
    does: "waits",
    group: ["thread"],
    goes: "asyncio",
    sure: "medium",
    why: ["{call} stops the loop until another thread is done: wait for it with `await`."],
    trial: "loop",
  },
  {
    id: "http-on-loop",
    scenario: "Web service: third-party calls with a blocking client",
    runs: LOOP,
    does: "waits",
    group: ["http"],
    goes: "threads",
    sure: "high",
    why: [
      "{call} stops the whole loop while it waits; with {to_thread} a thread waits in its place.",
      "For more than about 32 at once await {instead} instead.",
    ],
    sizes: ["default-executor"],
    alternatives: ["async-http"],
    trial: "loop",
  },
  {
    id: "database-on-loop",
    scenario: "Web service: database calls with a blocking driver",
    runs: LOOP,
    does: "waits",
    group: ["database"],
    goes: "threads",
    sure: "high",
    why: [
      "{call} stops the whole loop while the database works; with {to_thread} a thread waits in its place.",
      "{driver} can be awaited instead: that saves the threads, not the connections.",
    ],
    sizes: ["connections"],
    alternatives: ["async-driver"],
    trial: "loop",
  },
  {
    id: "child-on-loop",
    scenario: "Web service: a child process does the work",
    runs: LOOP,
    does: "waits",
    group: ["child"],
    goes: "threads",
    sure: "high",
    why: [
      "{call} stops the whole loop until the child is done; with {to_thread} a thread waits in its place.",
      "The child computes on a core of its own: no more children than processors.",
    ],
    sizes: ["children"],
    alternatives: ["async-subprocess"],
    trial: "loop",
  },
  {
    id: "files-on-loop",
    scenario: "A file beside other work on the event loop",
    runs: LOOP,
    does: "waits",
    group: ["files"],
    goes: "stays",
    sure: "medium",
    why: ["{call} takes about a millisecond on a local disk: it may stay on the loop."],
    trial: "fits",
  },
  {
    id: "wait-on-loop",
    scenario: "Web service: another blocking call",
    runs: LOOP,
    does: "waits",
    goes: "threads",
    sure: "high",
    why: [
      "{call} stops the whole loop while it waits; with {to_thread} a thread waits in its place.",
      "Where {instead} fits, await that instead.",
    ],
    sizes: ["default-executor"],
    trial: "loop",
  },

  // 2. CPU-bound work under asyncio: mixed web services
  {
    id: "computes-on-loop-free-threaded",
    scenario: "Web service with some computing, without the GIL",
    runs: LOOP,
    does: "computes",
    build: "free-threaded",
    goes: "threads",
    sure: "high",
    why: [
      "{call} computes on the loop, and nothing else runs meanwhile; without the GIL a thread ({to_thread}) computes beside it.",
    ],
    sizes: ["default-executor"],
    trial: "offload",
  },
  {
    id: "input-on-loop",
    scenario: "Web service: computing as heavy as its input",
    runs: LOOP,
    does: "computes",
    byInput: true,
    goes: "measure",
    sure: "low",
    why: ["{call} is as heavy as its input: above about 10 ms (1 MB of JSON) it belongs off the loop."],
    trial: "loop",
  },
  {
    id: "releasing-on-loop",
    scenario: "Web service with computing that lets go of the GIL",
    runs: LOOP,
    does: "computes",
    gil: ["releases"],
    goes: "threads",
    sure: "high",
    why: [
      "{call} computes on the loop, and nothing else runs meanwhile; it releases the GIL, so a thread is enough: {to_thread}.",
    ],
    sizes: ["default-executor"],
    alternatives: ["processes-measured"],
    trial: "offload",
  },
  {
    id: "mixed-gil-on-loop",
    scenario: "Web service with computing that partly lets go of the GIL",
    runs: LOOP,
    does: "computes",
    gil: ["mixed"],
    goes: "threads",
    sure: "medium",
    why: [
      "{call} computes on the loop, and nothing else runs meanwhile; it releases the GIL for part of the time, so try a thread first: {to_thread}.",
    ],
    sizes: ["default-executor"],
    alternatives: ["processes-measured"],
    trial: "offload",
  },
  {
    id: "holding-on-loop",
    scenario: "Web service with mixed logic: the computing part",
    runs: LOOP,
    does: "computes",
    goes: "processes",
    sure: "high",
    why: [
      "{call} computes on the loop and holds the GIL: a thread would still take turns with the loop.",
      "Give it to a `ProcessPoolExecutor` that is made once, with `await loop.run_in_executor(processes, …)`.",
    ],
    sizes: ["processes", "server"],
    alternatives: ["interpreters", "free-threaded"],
    trial: "processes",
  },

  // 3. Threads
  {
    id: "many-http-in-threads",
    scenario: "Many HTTP calls (crawlers, API aggregation)",
    runs: THREADS,
    does: "waits",
    group: ["http", "network"],
    many: true,
    goes: "asyncio",
    sure: "medium",
    why: [
      "{many} wait for {call}: beyond about 100 a task of an event loop waits at a fraction of the cost.",
      "`aiohttp` or `httpx.AsyncClient` with one shared session and an `asyncio.Semaphore` carry thousands.",
    ],
    sizes: ["semaphore"],
    alternatives: ["bounded-threads"],
    trial: "tasks",
  },
  {
    id: "http-in-threads",
    scenario: "HTTP calls, a few dozen at once",
    runs: THREADS,
    does: "waits",
    group: ["http"],
    goes: "stays",
    sure: "high",
    why: ["{call} waits with the GIL free: up to about 32 at once threads fit as well as asyncio."],
    trial: "waiting",
  },
  {
    id: "database-in-threads",
    scenario: "Database through an ORM, reports",
    runs: THREADS,
    does: "waits",
    group: ["database"],
    goes: "stays",
    sure: "high",
    why: [
      "{call} waits for the database with the GIL free: threads fit while the pool has a connection for each of them.",
    ],
    trial: "connections",
  },
  {
    id: "child-in-threads",
    scenario: "Video transcoding and other child processes",
    runs: THREADS,
    does: "waits",
    group: ["child"],
    goes: "stays",
    sure: "high",
    why: ["The children of {call} compute, the threads only wait: threads fit, no more of them than processors."],
    trial: "children",
  },
  {
    id: "waits-in-threads",
    scenario: "Other waiting in threads",
    runs: ["in threads", "in one thread", "in server threads"],
    does: "waits",
    goes: "stays",
    sure: "high",
    why: ["{call} waits with the GIL free: threads fit."],
    trial: "waiting",
  },
  {
    id: "computes-in-threads-free-threaded",
    scenario: "CPU-bound work in threads, without the GIL",
    runs: ["in threads", "in one thread", "in server threads"],
    does: "computes",
    build: "free-threaded",
    goes: "stays",
    sure: "high",
    why: ["This build has no GIL: threads run {call} on every core, and nothing is pickled."],
    trial: "releasing",
  },
  {
    id: "computes-in-one-thread",
    scenario: "One thread beside the main one",
    runs: ["in one thread"],
    does: "computes",
    goes: "stays",
    sure: "medium",
    why: ["One thread beside the main one keeps the program responsive while {call} runs; it is not there for speed."],
    trial: "fits",
  },
  {
    id: "releasing-in-threads",
    scenario: "C extensions that let go of the GIL (numpy, Pillow, OpenCV, hashlib)",
    runs: ["in threads", "in server threads"],
    does: "computes",
    gil: ["releases"],
    goes: "stays",
    sure: "medium",
    why: ["{call} releases the GIL: threads may do, and pickle nothing; measure with 1, 2 and 4 of them."],
    trial: "releasing",
  },
  {
    id: "mixed-gil-in-threads",
    scenario: "C extensions that partly let go of the GIL",
    runs: ["in threads", "in server threads"],
    does: "computes",
    gil: ["mixed"],
    goes: "stays",
    sure: "medium",
    why: [
      "{call} releases the GIL for part of the time: threads may do; measure, and take processes where 4 are no faster than 2.",
    ],
    trial: "releasing",
  },
  {
    id: "input-offloaded",
    scenario: "Parsing moved off the loop",
    runs: ["in threads"],
    does: "computes",
    byInput: true,
    code: "async",
    goes: "stays",
    sure: "medium",
    why: [
      "{call} is as heavy as its input; in a thread the loop gets its turns, and only very large inputs (10 MB and more) are worth a process.",
    ],
    trial: "fits",
  },
  {
    id: "input-in-threads",
    scenario: "Computing in threads that is as heavy as its input",
    runs: ["in threads", "in server threads"],
    does: "computes",
    byInput: true,
    goes: "measure",
    sure: "low",
    why: ["{call} holds the GIL, but is only as heavy as its input: measure before threads are given up."],
    trial: "unknown",
  },
  {
    id: "holding-in-threads",
    scenario: "CPU-bound work (numerics, images, encryption)",
    runs: THREADS,
    does: "computes",
    goes: "processes",
    sure: "high",
    why: [
      "{call} holds the GIL: the threads take turns on one core.",
      "A `ProcessPoolExecutor` runs {work} on every core.",
    ],
    sizes: ["processes"],
    alternatives: ["split", "interpreters", "free-threaded"],
    trial: "processes",
  },
  {
    id: "holding-in-server-threads",
    scenario: "CPU-bound work in a plain view or route",
    runs: SERVED,
    does: "computes",
    goes: "processes",
    sure: "medium",
    why: [
      "{call} holds the GIL: the server's threads, and the loop beside them, take turns with it.",
      "Give it to a `ProcessPoolExecutor` that is made once, or to a task queue.",
    ],
    sizes: ["processes", "server"],
    alternatives: ["queue", "interpreters", "free-threaded"],
    trial: "processes",
  },

  // 4. Processes and interpreters
  {
    id: "http-in-processes",
    scenario: "Many HTTP calls in processes",
    runs: PROCESSES,
    does: "waits",
    group: ["http"],
    work: ["io"],
    goes: "threads",
    sure: "high",
    why: [
      "{work} only waits ({call}): threads do that without processes to start and arguments to pickle.",
      "Beyond about 100 at once take asyncio with `aiohttp` or `httpx`.",
    ],
    sizes: ["threads"],
    alternatives: ["async-http"],
    trial: "waiting",
  },
  {
    id: "database-in-processes",
    scenario: "Database calls in processes",
    runs: PROCESSES,
    does: "waits",
    group: ["database"],
    work: ["io"],
    goes: "threads",
    sure: "high",
    why: [
      "{work} only waits for the database ({call}), and every process brings a connection pool of its own.",
      "Threads share one pool (SQLAlchemy's `QueuePool` for example) with a connection for each thread.",
    ],
    sizes: ["connections"],
    alternatives: ["async-driver"],
    trial: "connections",
  },
  {
    id: "child-in-processes",
    scenario: "Processes that only wait for child processes",
    runs: PROCESSES,
    does: "waits",
    group: ["child"],
    work: ["io"],
    goes: "threads",
    sure: "high",
    why: [
      "{work} only waits for the child process of {call}, which computes by itself: threads wait as well, no more of them than processors.",
    ],
    sizes: ["children"],
    alternatives: ["async-subprocess"],
    trial: "children",
  },
  {
    id: "waits-in-processes",
    scenario: "Other waiting in processes",
    runs: PROCESSES,
    does: "waits",
    group: ["network", "sleep", "files"],
    work: ["io"],
    goes: "threads",
    sure: "medium",
    why: ["{work} only waits ({call}): threads do that without processes to start and arguments to pickle."],
    sizes: ["threads"],
    trial: "waiting",
  },
  {
    id: "waits-in-own-process",
    scenario: "Waiting in a process beside the program, or in a worker of a task queue",
    runs: ["in processes", "in one process", "in server processes"],
    does: "waits",
    goes: "stays",
    sure: "medium",
    why: ["{call} waits in a process of its own: it costs memory, but keeps apart what runs there."],
    trial: "fits",
  },
  {
    id: "releasing-in-processes",
    scenario: "Batch image scaling in processes",
    runs: ["in processes", "in one process", "in server processes"],
    does: "computes",
    gil: ["releases", "mixed"],
    goes: "stays",
    sure: "medium",
    why: [
      "{call} is CPU work, and processes run it on every core; as it releases the GIL, threads may do without the pickling.",
    ],
    trial: "releasing",
  },
  {
    id: "computes-in-processes",
    scenario: "CPU-bound work in processes",
    runs: ["in processes", "in one process", "in server processes"],
    does: "computes",
    goes: "stays",
    sure: "high",
    why: ["{call} is CPU work, and processes run it on every core: they fit."],
    trial: "processes",
  },
  {
    id: "computes-in-interpreters",
    scenario: "CPU-bound work in interpreters with a GIL each",
    runs: ["in interpreters"],
    does: "computes",
    goes: "stays",
    sure: "medium",
    why: ["{call} is CPU work, and every interpreter has a GIL of its own: they fit."],
    trial: "processes",
  },
  {
    id: "waits-in-interpreters",
    scenario: "Waiting in interpreters",
    runs: ["in interpreters"],
    does: "waits",
    work: ["io"],
    goes: "threads",
    sure: "high",
    why: ["{work} only waits ({call}), with the GIL free: plain threads do that without an interpreter each."],
    sizes: ["threads"],
    trial: "waiting",
  },
  {
    id: "part-in-interpreters",
    scenario: "Waiting beside computing in interpreters",
    runs: ["in interpreters"],
    does: "waits",
    goes: "stays",
    sure: "medium",
    why: ["{call} waits beside the computing."],
    trial: "fits",
  },

  // 5. Plain code, one after the other
  {
    id: "many-http-one-by-one",
    scenario: "Many HTTP calls (crawlers, API aggregation)",
    runs: ONE_BY_ONE,
    does: "waits",
    group: ["http"],
    many: true,
    goes: "asyncio",
    sure: "medium",
    why: [
      "The calls of {call} are independent, and there are many of them: one after the other their waits add up.",
      "asyncio with `aiohttp` or `httpx.AsyncClient`, one shared session and a semaphore of {limit} waits for them together.",
    ],
    sizes: ["semaphore"],
    alternatives: ["bounded-threads"],
    trial: "tasks",
  },
  {
    id: "http-one-by-one",
    scenario: "HTTP calls, one after the other",
    runs: ONE_BY_ONE,
    does: "waits",
    group: ["http", "network"],
    goes: "threads",
    sure: "high",
    why: [
      "The calls of {call} are independent: one after the other their waits add up.",
      "A `ThreadPoolExecutor` waits for up to about 32 together; for many more take asyncio with `aiohttp` or `httpx`.",
    ],
    sizes: ["threads"],
    alternatives: ["async-http"],
    trial: "waiting",
  },
  {
    id: "database-one-by-one",
    scenario: "Database through an ORM, reports",
    runs: ONE_BY_ONE,
    does: "waits",
    group: ["database"],
    goes: "threads",
    sure: "medium",
    why: [
      "The queries of {call} are independent and each takes a connection of its own: one after the other their waits add up.",
      "Threads with one connection each from the pool (`QueuePool` in SQLAlchemy) overlap them; one query for all may be better still.",
    ],
    sizes: ["connections"],
    alternatives: ["async-driver"],
    trial: "connections",
  },
  {
    id: "child-one-by-one",
    scenario: "Video transcoding and other child processes",
    runs: ONE_BY_ONE,
    does: "waits",
    group: ["child"],
    goes: "threads",
    sure: "medium",
    why: [
      "Each {call} waits for a child process that computes by itself: threads can wait for several, no more of them than processors.",
    ],
    sizes: ["children"],
    alternatives: ["async-subprocess"],
    trial: "children",
  },
  {
    id: "waits-one-by-one",
    scenario: "Other waiting, one after the other",
    runs: ONE_BY_ONE,
    does: "waits",
    goes: "stays",
    sure: "medium",
    why: ["{call} is short, or must stay in order."],
    trial: "fits",
  },
  {
    id: "computes-one-by-one-free-threaded",
    scenario: "CPU-bound work, without the GIL",
    runs: ONE_BY_ONE,
    does: "computes",
    build: "free-threaded",
    goes: "threads",
    sure: "high",
    why: [
      "{call} is independent CPU work, one after the other on one core.",
      "This build has no GIL: a `ThreadPoolExecutor` runs it on every core, and nothing is pickled.",
    ],
    sizes: ["processes"],
    trial: "releasing",
  },
  {
    id: "releasing-one-by-one",
    scenario: "Batch image scaling, and other C code that lets go of the GIL",
    runs: ONE_BY_ONE,
    does: "computes",
    gil: ["releases", "mixed"],
    goes: "threads",
    sure: "medium",
    why: [
      "{call} is independent CPU work, one after the other on one core.",
      "It releases the GIL for most of the time, so threads may do, and pickle nothing: measure.",
    ],
    sizes: ["processes"],
    alternatives: ["processes-measured"],
    trial: "releasing",
  },
  {
    id: "holding-one-by-one",
    scenario: "CPU-bound work (numerics, images, encryption)",
    runs: ONE_BY_ONE,
    does: "computes",
    goes: "processes",
    sure: "high",
    why: [
      "{call} is independent CPU work that holds the GIL, one after the other on one core.",
      "A `ProcessPoolExecutor` runs it on every core.",
    ],
    sizes: ["processes"],
    alternatives: ["split", "interpreters", "free-threaded"],
    trial: "processes",
  },
];

/** Work that is next to nothing, wherever it was sent. */
export const SMALL: Pick<Row, "why" | "sure" | "trial"> = {
  sure: "medium",
  why: [
    "{work} takes microseconds: handing it over costs more than it does (a thread 0.1 ms, a process 0.3 ms and the pickling).",
  ],
  trial: "small",
};

/** Work that nothing is known about. */
export const UNKNOWN: Pick<Row, "why" | "sure" | "trial"> = {
  sure: "low",
  why: [
    "What {work} spends its time on cannot be told from the code{stranger}: measure it before the model is changed.",
  ],
  trial: "unknown",
};
