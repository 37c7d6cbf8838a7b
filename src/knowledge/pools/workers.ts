import { NEVER, pools, queues, waits } from "./row.ts";
import { ofProcessors } from "./size.ts";

const SIZES = {
  threads: ofProcessors("min(32, processors + 4)", { plus: 4, most: 32 }),
  cpus: ofProcessors("processors"),
  fiveCpus: ofProcessors("processors × 5", { factor: 5 }),
};

const SUBMIT = "{submit,map}";
const TASKS = "{apply,apply_async,map,map_async,starmap,starmap_async,imap,imap_unordered}";

/** Executors and pools of threads, processes and interpreters that the code makes. */
const EXECUTORS = [
  ...pools(
    "thread-pool",
    "CPython 3.11 Lib/concurrent/futures/thread.py:142; 3.13 counts the processors the process may use; before 3.8 processors × 5",
    { release: "concurrent.futures.Executor.shutdown", held: "call" },
    [
      [
        "concurrent.futures.ThreadPoolExecutor",
        "max_workers@0=threads",
        {
          acquire: `concurrent.futures.ThreadPoolExecutor.${SUBMIT}`,
          gives: ["asyncio.AbstractEventLoop.set_default_executor executor@0 receiver", "grpc.server thread_pool@0"],
          note: "threads are started as they are needed, and idle ones are used again",
        },
      ],
    ],
    SIZES,
  ),
  ...pools(
    "process-pool",
    "CPython 3.11 Lib/concurrent/futures/process.py:112,657-699, 3.13 :660, 3.14 :662",
    { release: "concurrent.futures.Executor.shutdown", held: "call" },
    [
      [
        "concurrent.futures.ProcessPoolExecutor",
        "max_workers@0=cpus",
        {
          acquire: `concurrent.futures.ProcessPoolExecutor.${SUBMIT}`,
          note: "more than 61 raise ValueError on Windows; a worker that dies breaks the whole pool",
        },
      ],
      ["loky.ProcessPoolExecutor", "max_workers@0=cpus", { acquire: `loky.ProcessPoolExecutor.${SUBMIT}` }],
    ],
    SIZES,
  ),
  ...pools(
    "interpreter-pool",
    "CPython 3.14 Lib/concurrent/futures/interpreter.py:100",
    { release: "concurrent.futures.Executor.shutdown", held: "call" },
    [
      [
        "concurrent.futures.InterpreterPoolExecutor",
        "max_workers@0=threads",
        {
          acquire: `concurrent.futures.InterpreterPoolExecutor.${SUBMIT}`,
          note: "sized like a thread pool though its work is the processor's; new in Python 3.14",
        },
      ],
    ],
    SIZES,
  ),
  ...pools(
    "process-pool",
    "CPython 3.11 Lib/multiprocessing/pool.py:203,738; 3.13 counts the processors the process may use",
    {
      type: "multiprocessing.pool.Pool",
      acquire: `multiprocessing.pool.Pool.${TASKS}`,
      release: "multiprocessing.pool.Pool.{close,terminate,join}",
      held: "call",
    },
    [
      [
        "multiprocessing.Pool multiprocessing.pool.Pool",
        "processes@0=cpus",
        { note: "a worker that is killed is replaced, but its task is lost; leaving a with block terminates" },
      ],
    ],
    SIZES,
  ),
  ...pools(
    "thread-pool",
    "CPython 3.11 Lib/multiprocessing/pool.py:203,921, dummy/__init__.py",
    {
      type: "multiprocessing.pool.ThreadPool",
      acquire: `multiprocessing.pool.ThreadPool.${TASKS}`,
      release: "multiprocessing.pool.ThreadPool.{close,terminate,join}",
      held: "call",
    },
    [
      [
        "multiprocessing.pool.ThreadPool multiprocessing.dummy.Pool",
        "processes@0=cpus",
        { note: "sized for processors, so mostly too small for waiting" },
      ],
    ],
    SIZES,
  ),
  ...pools("process-pool", "joblib 1.2 parallel.py:46-61,132,669", { held: "call" }, [
    [
      "joblib.Parallel",
      "n_jobs@0=1",
      {
        acquire: "joblib.Parallel.__call__",
        note: "-1 is every processor; prefer='threads' and backend='threading' make it threads",
      },
    ],
  ]),
  ...pools("thread-pool", "APScheduler 3 executors/pool.py:47,64", { held: "call" }, [
    ["apscheduler.executors.pool.ThreadPoolExecutor", "max_workers@0=10"],
  ]),
  ...pools("process-pool", "APScheduler 3 executors/pool.py:64", { held: "call" }, [
    ["apscheduler.executors.pool.ProcessPoolExecutor", "max_workers@0=10"],
  ]),
  ...pools("thread-pool", "gevent 22.10 threadpool.py, pool.py", { held: "call" }, [
    [
      "gevent.threadpool.ThreadPool",
      "maxsize@0=unknown",
      { acquire: "gevent.threadpool.ThreadPool.{spawn,apply,map}" },
    ],
  ]),
];

/** Pools that no line of the project makes; named like the pools of the offloading table. */
const HIDDEN = [
  ...pools(
    "thread-pool",
    "CPython 3.11 Lib/asyncio/base_events.py:824, 3.14 :889; tornado 6.2 platform/asyncio.py:271",
    { held: "call" },
    [
      [
        "default-executor",
        "=threads",
        {
          type: "concurrent.futures.ThreadPoolExecutor",
          acquire: "asyncio.to_thread asyncio.AbstractEventLoop.{run_in_executor,getaddrinfo,getnameinfo}",
          sizedBy: ["asyncio.AbstractEventLoop.set_default_executor executor@0"],
          note: "shared by asyncio.to_thread, run_in_executor(None, …) and every look-up of a host name",
        },
      ],
    ],
    SIZES,
  ),
  ...pools(
    "thread-pool",
    "anyio 4.14 _backends/_asyncio.py:984,3099; starlette 0.47 concurrency.py:38",
    { held: "call", full: waits(null), type: "anyio.CapacityLimiter" },
    [
      [
        "anyio-threads",
        "=40",
        {
          acquire: "anyio.to_thread.run_sync starlette.concurrency.{run_in_threadpool,iterate_in_threadpool}",
          sizedBy: [
            "anyio.to_thread.current_default_thread_limiter.total_tokens =",
            "anyio.to_thread.run_sync limiter",
          ],
          note: "plain endpoints and dependencies of FastAPI and Starlette, background tasks, files and uploads share it; each process has one",
        },
      ],
    ],
  ),
  ...pools("thread-pool", "trio 0.30 _threads.py", { held: "call", full: waits(null), type: "trio.CapacityLimiter" }, [
    [
      "trio-threads",
      "=40",
      {
        acquire: "trio.to_thread.run_sync",
        sizedBy: ["trio.to_thread.current_default_thread_limiter.total_tokens =", "trio.to_thread.run_sync limiter"],
      },
    ],
  ]),
  ...pools(
    "process-pool",
    "anyio 4.14 to_process.py:33,202",
    { held: "call", full: waits(null), type: "anyio.CapacityLimiter" },
    [
      [
        "anyio-processes",
        "=cpus",
        { acquire: "anyio.to_process.run_sync", sizedBy: ["anyio.to_process.run_sync limiter"] },
      ],
    ],
    SIZES,
  ),
  ...pools(
    "interpreter-pool",
    "anyio 4.14 to_interpreter.py:244",
    { held: "call", full: waits(null), type: "anyio.CapacityLimiter" },
    [
      [
        "anyio-interpreters",
        "=cpus",
        { acquire: "anyio.to_interpreter.run_sync", sizedBy: ["anyio.to_interpreter.run_sync limiter"] },
      ],
    ],
    SIZES,
  ),
  ...pools("thread-pool", "asgiref 3.6 sync.py:346,369, Django topics/async", { held: "call" }, [
    [
      "asgiref",
      "=1",
      {
        acquire: "asgiref.sync.sync_to_async",
        sizedBy: ["asgiref.sync.sync_to_async executor"],
        full: queues("wait for the one thread"),
        note: "thread_sensitive=False uses the loop's default executor instead",
      },
    ],
  ]),
  ...pools("thread-pool", "gevent 22.10 hub.py:399", { held: "call" }, [
    ["gevent", "=10", { acquire: "gevent.threadpool.ThreadPool.{spawn,apply}", note: "GEVENT_THREADPOOL sets it" }],
  ]),
  ...pools(
    "thread-pool",
    "motor 2.3 frameworks/asyncio/__init__.py:71",
    { held: "call" },
    [["motor-threads", "=fiveCpus", { note: "Motor runs PyMongo in threads; MOTOR_MAX_WORKERS sets them" }]],
    SIZES,
  ),
];

/** Servers and task runners that code starts by a call. Their command lines are in `servers.ts`. */
const STARTED = [
  ...pools("server-workers", "uvicorn 0.35 config.py:205-216,250", { held: "call", full: NEVER }, [
    [
      "uvicorn.{run,Config}",
      "workers=1",
      { note: "WEB_CONCURRENCY sets it too; limit_concurrency answers 503 above it" },
    ],
  ]),
  ...pools("server-workers", "waitress 2.1 adjustments.py:153,236", { held: "call", full: queues() }, [
    ["waitress.serve", "threads=4"],
  ]),
  ...pools("server-workers", "cheroot 9.0 wsgi.py:42", { held: "call", full: queues() }, [
    ["cheroot.wsgi.Server", "numthreads@2=10"],
  ]),
  ...pools("server-workers", "flask 2.2 app.py:1181", { held: "call", full: NEVER, opens: "use" }, [
    ["flask.Flask.run", "", { note: "the development server starts a thread for each request" }],
  ]),
  ...pools(
    "server-workers",
    "grpcio 1.51 grpc/__init__.py:2033",
    { held: "call", full: queues() },
    [
      [
        "grpc.server",
        "max_workers@0=threads in thread_pool@0:concurrent.futures.ThreadPoolExecutor",
        { note: "a stream keeps its thread as long as it lives; maximum_concurrent_rpcs refuses above it" },
      ],
    ],
    SIZES,
  ),
  ...pools("server-workers", "arq 0.26 worker.py:203", { held: "call", full: queues(), async: true }, [
    ["arq.worker.{Worker,run_worker}", "max_jobs=10"],
  ]),
];

export const WORKERS = [...EXECUTORS, ...HIDDEN, ...STARTED];
