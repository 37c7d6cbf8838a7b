import { expandAll, uniqueMap } from "./names.ts";

/** Where the callable runs: another thread or process, back on the event loop, another interpreter, a greenlet. */
export type Destination = "thread" | "process" | "loop" | "interpreter" | "greenlet";

/**
 * The pool that runs it: a shared one by name, the `receiver` of the call, the executor passed as `argument:N` (the default
 * executor when that is `None`), or its `own` new thread or process.
 */
export type OffloadPool =
  | "default-executor"
  | "anyio-threads"
  | "anyio-processes"
  | "anyio-interpreters"
  | "trio-threads"
  | "asgiref"
  | "gevent"
  | "receiver"
  | `argument:${number}`
  | "own"
  | "loop";

export interface OffloadFact {
  name: string;
  /** Argument position of the callable (the receiver not counted); `null` when it is only given by keyword. */
  callable: number | null;
  /** Keyword of the callable, where it can be given so. */
  keyword: string | null;
  to: Destination;
  pool: OffloadPool;
  /** Position at which the callable's own arguments begin; `null` when they are not passed on in place. */
  argsFrom: number | null;
  /** `args`: a tuple given by the keyword `args`; `map`: iterables of which each item is one call; `apply`: a tuple at `argsFrom`. */
  argsForm: "inline" | "args" | "map" | "apply" | "none";
  /** True when the name is a decorator (or wraps a function and returns the offloading version). */
  decorator: boolean;
  /** `wait`: the caller waits for the result in place (a plain call); `future`: a handle comes back; `awaitable`: the result must be awaited; `none`. */
  result: "wait" | "future" | "awaitable" | "none";
  /** True when the work starts in any case; false when only the consumption of the result starts it. */
  starts: boolean;
}

type Rest = Partial<Omit<OffloadFact, "name" | "callable" | "to" | "pool">>;
type Row = readonly [names: string, callable: number | null, to: Destination, pool: OffloadPool, rest?: Rest];

const THREAD: Rest = { keyword: "target", argsForm: "args", result: "none" };
const FUTURE: Rest = { keyword: "fn", argsFrom: 1, result: "future" };
const MAP: Rest = { argsFrom: 1, argsForm: "map", result: "wait" };
const AWAIT: Rest = { keyword: "func", argsFrom: 1, result: "awaitable" };
const CALLBACK: Rest = { keyword: "callback", argsFrom: 1 };

// CPython 3.13 Lib/threading.py, concurrent/futures, multiprocessing, asyncio; anyio 4.10; starlette 0.47; asgiref 3.8; trio 0.30; joblib 1.4
const ROWS: readonly Row[] = [
  // Threads
  ["threading.Thread multiprocessing.dummy.Process", 1, "thread", "own", THREAD],
  ["threading.Timer", 1, "thread", "own", { keyword: "function", argsForm: "args" }],
  ["_thread.start_new_thread", 0, "thread", "own", { argsFrom: 1, argsForm: "apply" }],
  ["concurrent.futures.ThreadPoolExecutor.submit", 0, "thread", "receiver", FUTURE],
  ["concurrent.futures.ThreadPoolExecutor.map", 0, "thread", "receiver", { ...MAP, keyword: "fn" }],
  ["concurrent.futures.Executor.submit", 0, "thread", "receiver", FUTURE],
  ["concurrent.futures.Executor.map", 0, "thread", "receiver", { ...MAP, keyword: "fn" }],
  ["concurrent.futures.ThreadPoolExecutor", 2, "thread", "own", { keyword: "initializer", argsForm: "none" }],
  [
    "multiprocessing.pool.ThreadPool.{map,starmap,imap,imap_unordered}",
    0,
    "thread",
    "receiver",
    { ...MAP, keyword: "func" },
  ],
  [
    "multiprocessing.pool.ThreadPool.apply",
    0,
    "thread",
    "receiver",
    { keyword: "func", argsFrom: 1, argsForm: "apply", result: "wait" },
  ],
  [
    "multiprocessing.pool.ThreadPool.apply_async",
    0,
    "thread",
    "receiver",
    { keyword: "func", argsFrom: 1, argsForm: "apply", result: "future" },
  ],
  [
    "multiprocessing.pool.ThreadPool.{map_async,starmap_async}",
    0,
    "thread",
    "receiver",
    { ...MAP, keyword: "func", result: "future" },
  ],
  ["asyncio.to_thread", 0, "thread", "default-executor", AWAIT],
  ["asyncio.AbstractEventLoop.run_in_executor", 1, "thread", "argument:0", { ...AWAIT, argsFrom: 2 }],
  ["tornado.ioloop.IOLoop.run_in_executor", 1, "thread", "argument:0", { ...AWAIT, argsFrom: 2 }],
  ["anyio.to_thread.run_sync", 0, "thread", "anyio-threads", AWAIT],
  ["anyio.run_sync_in_worker_thread", 0, "thread", "anyio-threads", AWAIT],
  [
    "asyncer.asyncify",
    0,
    "thread",
    "anyio-threads",
    { decorator: true, result: "awaitable", argsForm: "none", keyword: "function" },
  ],
  ["starlette.concurrency.run_in_threadpool", 0, "thread", "anyio-threads", AWAIT],
  [
    "starlette.concurrency.iterate_in_threadpool",
    0,
    "thread",
    "anyio-threads",
    { argsForm: "none", result: "awaitable" },
  ],
  [
    "starlette.concurrency.contextmanager_in_threadpool",
    0,
    "thread",
    "anyio-threads",
    { argsForm: "none", result: "awaitable" },
  ],
  ["fastapi.BackgroundTasks.add_task", 0, "thread", "anyio-threads", { keyword: "func", argsFrom: 1 }],
  ["starlette.background.BackgroundTask", 0, "thread", "anyio-threads", { keyword: "func", argsFrom: 1 }],
  ["starlette.background.BackgroundTask.add_task", 0, "thread", "anyio-threads", { keyword: "func", argsFrom: 1 }],
  [
    "asgiref.sync.sync_to_async",
    0,
    "thread",
    "asgiref",
    { decorator: true, keyword: "func", argsForm: "none", result: "awaitable" },
  ],
  ["trio.to_thread.run_sync", 0, "thread", "trio-threads", { ...AWAIT, keyword: "sync_fn" }],
  ["trio.run_sync_in_worker_thread", 0, "thread", "trio-threads", { ...AWAIT, keyword: "sync_fn" }],
  ["quart.utils.run_sync", 0, "thread", "default-executor", { decorator: true, argsForm: "none", result: "awaitable" }],
  [
    "tornado.concurrent.run_on_executor",
    0,
    "thread",
    "own",
    { decorator: true, argsForm: "none", result: "awaitable" },
  ],
  ["twisted.internet.threads.deferToThread", 0, "thread", "own", { keyword: "f", argsFrom: 1, result: "awaitable" }],
  ["twisted.internet.threads.deferToThreadPool", 2, "thread", "argument:1", { argsFrom: 3, result: "awaitable" }],
  ["twisted.internet.reactor.callInThread", 0, "thread", "own", { argsFrom: 1 }],
  ["litestar.concurrency.sync_to_thread", 0, "thread", "anyio-threads", { ...AWAIT, keyword: "fn" }],
  ["langchain_core.runnables.config.run_in_executor", 1, "thread", "argument:0", { ...AWAIT, argsFrom: 2 }],
  [
    "homeassistant.core.HomeAssistant.{async_add_executor_job,async_add_import_executor_job}",
    0,
    "thread",
    "default-executor",
    { keyword: "target", argsFrom: 1, result: "awaitable" },
  ],
  [
    "aiofiles.ospath.wrap aiofiles.base.wrap aiofiles.os.wrap",
    0,
    "thread",
    "default-executor",
    { decorator: true, argsForm: "none", result: "awaitable" },
  ],
  ["dask.distributed.Client.submit", 0, "process", "receiver", { keyword: "func", argsFrom: 1, result: "future" }],
  ["dask.distributed.Client.map", 0, "process", "receiver", { ...MAP, keyword: "func", result: "future" }],
  ["tqdm.contrib.concurrent.thread_map", 0, "thread", "own", MAP],
  ["tqdm.contrib.concurrent.process_map", 0, "process", "own", MAP],
  // Processes and interpreters
  ["multiprocessing.Process", 1, "process", "own", THREAD],
  ["concurrent.futures.ProcessPoolExecutor.submit", 0, "process", "receiver", FUTURE],
  ["concurrent.futures.ProcessPoolExecutor.map", 0, "process", "receiver", { ...MAP, keyword: "fn" }],
  ["concurrent.futures.ProcessPoolExecutor", 2, "process", "own", { keyword: "initializer", argsForm: "none" }],
  ["concurrent.futures.InterpreterPoolExecutor.submit", 0, "interpreter", "receiver", FUTURE],
  ["concurrent.futures.InterpreterPoolExecutor.map", 0, "interpreter", "receiver", { ...MAP, keyword: "fn" }],
  [
    "multiprocessing.pool.Pool.{map,starmap,imap,imap_unordered}",
    0,
    "process",
    "receiver",
    { ...MAP, keyword: "func" },
  ],
  [
    "multiprocessing.pool.Pool.apply",
    0,
    "process",
    "receiver",
    { keyword: "func", argsFrom: 1, argsForm: "apply", result: "wait" },
  ],
  [
    "multiprocessing.pool.Pool.apply_async",
    0,
    "process",
    "receiver",
    { keyword: "func", argsFrom: 1, argsForm: "apply", result: "future" },
  ],
  [
    "multiprocessing.pool.Pool.{map_async,starmap_async}",
    0,
    "process",
    "receiver",
    { ...MAP, keyword: "func", result: "future" },
  ],
  ["multiprocessing.Pool multiprocessing.pool.Pool", 1, "process", "own", { keyword: "initializer", argsForm: "none" }],
  ["anyio.to_process.run_sync", 0, "process", "anyio-processes", AWAIT],
  ["anyio.to_interpreter.run_sync", 0, "interpreter", "anyio-interpreters", AWAIT],
  ["joblib.delayed", 0, "process", "own", { decorator: true, argsForm: "none", result: "future", starts: false }],
  [
    "concurrent.interpreters.Interpreter.{call,call_in_thread}",
    0,
    "interpreter",
    "own",
    { argsFrom: 1, result: "wait" },
  ],
  ["ray.remote", 0, "process", "own", { decorator: true, argsForm: "none", result: "future", starts: false }],
  ["loky.ProcessPoolExecutor.submit", 0, "process", "receiver", FUTURE],
  ["loky.ProcessPoolExecutor.map", 0, "process", "receiver", MAP],
  [
    "pebble.ProcessPool.schedule",
    0,
    "process",
    "receiver",
    { keyword: "function", argsForm: "args", result: "future" },
  ],
  ["pebble.ThreadPool.schedule", 0, "thread", "receiver", { keyword: "function", argsForm: "args", result: "future" }],
  ["pebble.concurrent.process", 0, "process", "own", { decorator: true, argsForm: "none", result: "future" }],
  ["pebble.concurrent.thread", 0, "thread", "own", { decorator: true, argsForm: "none", result: "future" }],
  ["multiprocessing.spawn", 0, "process", "own", { keyword: "fn", argsFrom: 1, argsForm: "apply", result: "wait" }],
  // Onto the event loop
  ["asyncio.AbstractEventLoop.{call_soon,call_soon_threadsafe}", 0, "loop", "loop", CALLBACK],
  ["asyncio.AbstractEventLoop.{call_later,call_at}", 1, "loop", "loop", { ...CALLBACK, argsFrom: 2 }],
  [
    "asyncio.AbstractEventLoop.{add_reader,add_writer,add_signal_handler}",
    1,
    "loop",
    "loop",
    { ...CALLBACK, argsFrom: 2 },
  ],
  ["asyncio.Future.add_done_callback", 0, "loop", "loop", { keyword: "fn", argsForm: "none" }],
  ["asyncio.{start_server,start_unix_server}", 0, "loop", "loop", { keyword: "client_connected_cb", argsForm: "none" }],
  ["anyio.from_thread.run", 0, "loop", "loop", { keyword: "func", argsFrom: 1, result: "wait" }],
  ["anyio.from_thread.run_sync", 0, "loop", "loop", { keyword: "func", argsFrom: 1, result: "wait" }],
  [
    "anyio.from_thread.BlockingPortal.{call,start_task_soon,start_task}",
    0,
    "loop",
    "loop",
    { keyword: "func", argsFrom: 1, result: "wait" },
  ],
  ["trio.from_thread.{run,run_sync}", 0, "loop", "loop", { argsFrom: 1, result: "wait" }],
  ["anyio.abc.TaskGroup.start_soon trio.Nursery.start_soon", 0, "loop", "loop", { keyword: "func", argsFrom: 1 }],
  [
    "anyio.abc.TaskGroup.start trio.Nursery.start",
    0,
    "loop",
    "loop",
    { keyword: "func", argsFrom: 1, result: "awaitable" },
  ],
  ["anyio.run trio.run", 0, "loop", "own", { keyword: "func", argsFrom: 1, result: "wait" }],
  [
    "asgiref.sync.async_to_sync",
    0,
    "loop",
    "asgiref",
    { decorator: true, keyword: "awaitable", argsForm: "none", result: "wait" },
  ],
  ["tornado.ioloop.IOLoop.{add_callback,add_callback_from_signal,spawn_callback}", 0, "loop", "loop", CALLBACK],
  ["tornado.ioloop.IOLoop.{call_later,call_at,add_timeout}", 1, "loop", "loop", { ...CALLBACK, argsFrom: 2 }],
  ["tornado.ioloop.PeriodicCallback", 0, "loop", "loop", CALLBACK],
  ["twisted.internet.reactor.callLater", 1, "loop", "loop", { argsFrom: 2 }],
  ["twisted.internet.reactor.callFromThread", 0, "loop", "loop", { argsFrom: 1 }],
  ["aiocron.crontab", 1, "loop", "loop", { keyword: "func", argsForm: "none" }],
  // Greenlets
  ["gevent.spawn gevent.Greenlet gevent.Greenlet.spawn", 0, "greenlet", "gevent", { argsFrom: 1 }],
  ["gevent.spawn_later", 1, "greenlet", "gevent", { argsFrom: 2 }],
  ["gevent.pool.Pool.{spawn,apply_async}", 0, "greenlet", "receiver", { argsFrom: 1 }],
  ["gevent.pool.Pool.{map,imap,imap_unordered}", 0, "greenlet", "receiver", MAP],
  ["gevent.threadpool.ThreadPool.{spawn,apply}", 0, "thread", "receiver", { argsFrom: 1 }],
  ["eventlet.{spawn,spawn_n}", 0, "greenlet", "gevent", { argsFrom: 1 }],
];

/** Calls and decorators that move a callable to another place, by canonical name. */
export const OFFLOAD: ReadonlyMap<string, OffloadFact> = uniqueMap(
  ROWS.flatMap(([names, callable, to, pool, rest]) =>
    expandAll(names).map(
      (name) =>
        [
          name,
          {
            keyword: null,
            argsFrom: null,
            argsForm: "inline" as const,
            decorator: false,
            result: "none" as const,
            starts: true,
            ...rest,
            name,
            callable,
            to,
            pool,
          },
        ] as const,
    ),
  ),
);

/** Calls that keep a callable for later in an unchanged or unknown place: the position of the callable and the context it will see. */
export const CALLBACKS: ReadonlyMap<
  string,
  { callable: number; keyword: string | null; context: "caller" | "main" | "unknown" }
> = new Map([
  // A done callback runs in the thread that finishes the future: a pool thread, unless it is done already.
  ["concurrent.futures.Future.add_done_callback", { callable: 0, keyword: "fn", context: "unknown" }],
  ["atexit.register", { callable: 0, keyword: "func", context: "main" }],
  ["threading._register_atexit", { callable: 0, keyword: null, context: "main" }],
  // Signal handlers run in the main thread between two bytecodes; under asyncio that is the loop's thread.
  ["signal.signal", { callable: 1, keyword: "handler", context: "main" }],
  ["weakref.finalize", { callable: 1, keyword: "func", context: "unknown" }],
  ["weakref.ref", { callable: 1, keyword: "callback", context: "unknown" }],
  ["contextlib.ExitStack.callback", { callable: 0, keyword: "callback", context: "caller" }],
  ["contextlib.AsyncExitStack.callback", { callable: 0, keyword: "callback", context: "caller" }],
  ["contextlib.AsyncExitStack.push_async_callback", { callable: 0, keyword: "callback", context: "caller" }],
  ["functools.reduce", { callable: 0, keyword: null, context: "caller" }],
  ["map", { callable: 0, keyword: null, context: "caller" }],
  ["filter", { callable: 0, keyword: null, context: "caller" }],
  ["sorted", { callable: -1, keyword: "key", context: "caller" }],
  ["min", { callable: -1, keyword: "key", context: "caller" }],
  ["max", { callable: -1, keyword: "key", context: "caller" }],
  ["list.sort", { callable: -1, keyword: "key", context: "caller" }],
  ["pandas.DataFrame.apply", { callable: 0, keyword: "func", context: "caller" }],
  ["pandas.Series.apply", { callable: 0, keyword: "func", context: "caller" }],
  ["pandas.Series.map", { callable: 0, keyword: "arg", context: "caller" }],
  ["re.sub", { callable: 1, keyword: "repl", context: "caller" }],
  ["collections.defaultdict", { callable: 0, keyword: "default_factory", context: "caller" }],
  ["asyncio.AbstractEventLoop.set_exception_handler", { callable: 0, keyword: "handler", context: "caller" }],
  ["itertools.starmap", { callable: 0, keyword: null, context: "caller" }],
  ["timeit.timeit", { callable: 0, keyword: "stmt", context: "caller" }],
] as const);
