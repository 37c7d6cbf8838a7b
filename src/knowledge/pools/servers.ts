import { uniqueMap } from "../names.ts";
import { exactly, ofProcessors, type Size, UNKNOWN, UNLIMITED } from "./size.ts";

/** A number of a server: its names in a configuration file or as keyword of the starting call, and what it is otherwise. */
export interface Setting {
  keys: readonly string[];
  default: Size;
}

/** What runs the project's code: plain processes, threads, an event loop, greenlets, or just one piece of work at a time. */
export type WorkerKind = "processes" | "threads" | "loop" | "greenlets" | "one";

/** A program that runs the project's code in processes, threads or tasks of its own. */
export interface ServerFact {
  name: string;
  /** Calls that start it, by canonical name. */
  calls: readonly string[];
  /** Worker processes; every one has pools of its own. */
  processes: Setting | null;
  /** Threads that run the code of one process. */
  threads: Setting | null;
  /** Requests or tasks that one process handles at once on an event loop or in greenlets. */
  concurrency: Setting | null;
  /** The key that names the kind of worker, and what the kinds are. */
  worker: { key: string | null; default: string; kinds: Readonly<Record<string, WorkerKind>> } | null;
  note: string | null;
  source: string;
}

type Rest = Partial<Omit<ServerFact, "name" | "source">>;

const CPUS = ofProcessors("processors");

function setting(keys: string, size: Size | number): Setting {
  return {
    keys: keys === "" ? [] : keys.split(" "),
    default: typeof size === "number" ? exactly(size) : size,
  };
}

const LIST: readonly (readonly [name: string, source: string, rest: Rest])[] = [
  [
    "gunicorn",
    "gunicorn 26.1 config.py:723,743,776,804,819, workers/__init__.py, workers/gthread.py:272",
    {
      calls: ["gunicorn.app.wsgiapp.run"],
      processes: setting("workers", 1),
      threads: setting("threads", 1),
      concurrency: setting("worker_connections", 1000),
      worker: {
        key: "worker_class",
        default: "sync",
        kinds: {
          sync: "processes",
          gthread: "threads",
          gevent: "greenlets",
          eventlet: "greenlets",
          tornado: "loop",
          asgi: "loop",
          "uvicorn.workers.UvicornWorker": "loop",
          "uvicorn.workers.UvicornH11Worker": "loop",
          "uvicorn_worker.UvicornWorker": "loop",
          "uvicorn_worker.UvicornH11Worker": "loop",
        },
      },
      note: "more than one thread turns sync into gthread; the timeout of 30 s kills a silent sync worker and is only a heartbeat for the others; asgi is new in 24.0, eventlet gone in 26.0",
    },
  ],
  [
    "uvicorn",
    "uvicorn 0.35 config.py:205-216,250,330, main.py:569",
    {
      calls: ["uvicorn.run", "uvicorn.Config"],
      processes: setting("workers", 1),
      concurrency: setting("limit_concurrency", UNLIMITED),
      note: "requests above limit_concurrency get 503; there is no time limit on a request",
    },
  ],
  ["fastapi", "fastapi-cli 0.0.8 cli.py", { processes: setting("workers", 1), note: "starts uvicorn" }],
  [
    "hypercorn",
    "hypercorn 0.13 config.py:65-103",
    {
      processes: setting("workers", 1),
      worker: { key: "worker_class", default: "asyncio", kinds: { asyncio: "loop", uvloop: "loop", trio: "loop" } },
    },
  ],
  [
    "granian",
    "granian 1 cli.py",
    {
      calls: ["granian.Granian"],
      processes: setting("workers", 1),
      threads: setting("blocking_threads", UNKNOWN),
      note: "blocking threads run WSGI applications",
    },
  ],
  [
    "waitress",
    "waitress 2.1 adjustments.py:153,236,242",
    { calls: ["waitress.serve"], threads: setting("threads", 4), concurrency: setting("connection_limit", 100) },
  ],
  ["cheroot", "cheroot 9.0 wsgi.py:42", { calls: ["cheroot.wsgi.Server"], threads: setting("numthreads", 10) }],
  [
    "uwsgi",
    "uWSGI 2.0 Options",
    {
      processes: setting("processes workers", 1),
      threads: setting("threads", 1),
      note: "without threads or enable-threads the program's own threads never run",
    },
  ],
  [
    "flask",
    "flask 2.2 app.py:1181",
    {
      calls: ["flask.Flask.run"],
      threads: setting("", UNLIMITED),
      note: "the development server: a thread for each request",
    },
  ],
  [
    "celery",
    "celery 5.6 app/defaults.py:89,315-319,334,352,356, bin/worker.py",
    {
      calls: ["celery.Celery.worker_main"],
      processes: setting("worker_concurrency", CPUS),
      threads: setting("worker_concurrency", CPUS),
      concurrency: setting("worker_concurrency", CPUS),
      worker: {
        key: "worker_pool",
        default: "prefork",
        kinds: {
          prefork: "processes",
          processes: "processes",
          threads: "threads",
          gevent: "greenlets",
          eventlet: "greenlets",
          solo: "one",
        },
      },
      note: "the kind of worker says which of the three the number is; four messages are fetched ahead for each; tasks have no time limit; ten connections to the broker",
    },
  ],
  ["dramatiq", "dramatiq 2 cli.py:67,185-196", { processes: setting("", CPUS), threads: setting("", 8) }],
  [
    "rq",
    "RQ 2 worker.py",
    { calls: ["rq.Worker.work"], processes: setting("", 1), note: "one job at a time, each in a child process" },
  ],
  [
    "huey",
    "huey 3 consumer_options.py:10,45",
    {
      processes: setting("workers", 1),
      threads: setting("workers", 1),
      concurrency: setting("workers", 1),
      worker: {
        key: "worker_type",
        default: "thread",
        kinds: { thread: "threads", process: "processes", greenlet: "greenlets" },
      },
      note: "the kind of worker says which of the three the number is",
    },
  ],
  ["arq", "arq 0.26 worker.py:203", { calls: ["arq.worker.run_worker"], concurrency: setting("max_jobs", 10) }],
  ["daphne", "daphne 4 cli.py", { note: "one process; plain views run in the threads of asgiref" }],
];

/** Programs that serve or run the project's code, by name, with what they do when nobody sets a number. */
export const SERVERS: ReadonlyMap<string, ServerFact> = uniqueMap(
  LIST.map(
    ([name, source, rest]) =>
      [
        name,
        {
          calls: [],
          processes: null,
          threads: null,
          concurrency: null,
          worker: null,
          note: null,
          ...rest,
          name,
          source,
        },
      ] as const,
  ),
);

/** The server that a call by canonical name starts. */
export function serverStartedBy(call: string): ServerFact | undefined {
  return [...SERVERS.values()].find((fact) => fact.calls.includes(call));
}
