import { expandAll } from "./names.ts";

/** From which version on something is there, or behaves so. */
export interface VersionFact {
  /** Canonical name, or a short id where no single name stands for it. */
  feature: string;
  /** `python`, or the distribution on the package index. */
  of: string;
  /** First version that has it. */
  since: string;
  /** First version that no longer has it. */
  until: string | null;
  detail: string;
  source: string;
}

/** Names (braces allowed), first version, what it is, where that was read, and the first version without it. */
type Row = readonly [features: string, since: string, detail: string, source: string, until?: string];

const PYTHON: readonly Row[] = [
  [
    "asyncio.to_thread",
    "3.9",
    "runs in the loop's default executor and copies context variables",
    "CPython 3.11.7 asyncio/threads.py",
  ],
  [
    "executor-threads-not-daemon",
    "3.9",
    "the interpreter's exit joins the workers of thread pools",
    "CPython 3.11.7 concurrent/futures/thread.py",
  ],
  [
    "concurrent.futures.Executor.shutdown(cancel_futures)",
    "3.9",
    "drops what has not started",
    "CPython 3.11.7 concurrent/futures/_base.py",
  ],
  [
    "asyncio.{TaskGroup,timeout,timeout_at,Runner,Barrier,Task.uncancel}",
    "3.11",
    "structured concurrency and time limits of the standard library",
    "absent in CPython 3.10.13, present in 3.11.7",
  ],
  [
    "asyncio-primitives-bind-late",
    "3.10",
    "locks, queues and events take the loop that uses them first; a second loop gets a RuntimeError",
    "CPython 3.11.7 asyncio/mixins.py",
  ],
  [
    "concurrent.futures.ProcessPoolExecutor(max_tasks_per_child)",
    "3.11",
    "replaces a worker after some tasks; not with the start method fork",
    "CPython 3.11.7 concurrent/futures/process.py",
  ],
  [
    "asyncio.AbstractEventLoop.{sock_recvfrom,sock_recvfrom_into,sock_sendto}",
    "3.11",
    "datagrams without a transport",
    "What's new in 3.11",
  ],
  [
    "asyncio.{eager_task_factory,create_eager_task_factory}",
    "3.12",
    "a task runs at once up to its first wait",
    "absent in CPython 3.11.7, present in 3.12.1",
  ],
  ["asyncio.run(loop_factory)", "3.12", "takes the loop's class without a policy", "CPython 3.12.1 asyncio/runners.py"],
  [
    "asyncio.run-bounds-executor-shutdown",
    "3.12",
    "waits 300 s at most for the default executor",
    "CPython 3.12.1 asyncio/constants.py",
  ],
  [
    "asyncio.get_event_loop-warns",
    "3.12",
    "a DeprecationWarning where no loop is current",
    "silent in CPython 3.9 to 3.11.7, warns in 3.12.1 and 3.13.0",
    "3.14",
  ],
  [
    "asyncio.get_event_loop-raises",
    "3.14",
    "a RuntimeError where no loop is current",
    "CPython 3.14.2 asyncio/events.py",
  ],
  [
    "os.fork-warns-with-threads",
    "3.12",
    "a DeprecationWarning in a process with several threads, the start method fork included",
    "warns in CPython 3.12.1 and 3.13.0, not in 3.11.7",
  ],
  [
    "tls-classes-timeout-keyword-only",
    "3.12",
    "smtplib, ftplib, imaplib, poplib and http.client lost keyfile and certfile, so timeout moved",
    "CPython 3.11.7 and 3.13.0 signatures",
  ],
  [
    "{queue.Queue,asyncio.Queue}.shutdown",
    "3.13",
    "wakes all that wait with ShutDown or QueueShutDown",
    "CPython 3.13.0",
  ],
  [
    "os.process_cpu_count python-cpu-count-option",
    "3.13",
    "knows the affinity of the process, not the quota of its container; pools take it as their default",
    "CPython 3.13.0 Lib/os.py",
  ],
  ["telnetlib nntplib cgi crypt audioop", "3.0", "removed by PEP 594", "importing fails on CPython 3.13.0", "3.13"],
  [
    "multiprocessing.shared_memory.SharedMemory(track)",
    "3.13",
    "track=False keeps the resource tracker of a process that only attaches from removing the block",
    "CPython 3.14.2 multiprocessing/shared_memory.py",
  ],
  [
    "free-threading-experimental",
    "3.13",
    "a build without the GIL; an extension that is not ready switches it on again",
    "PEP 703",
  ],
  ["free-threading", "3.14", "the build without the GIL is supported; one thread alone is 5-10% slower", "PEP 779"],
  [
    "multiprocessing-forkserver-default",
    "3.14",
    "Linux no longer forks: what is handed over must pickle, and the state of modules is not inherited",
    "CPython 3.14.2 multiprocessing/context.py",
  ],
  [
    "asyncio.{get_child_watcher,set_child_watcher,AbstractChildWatcher,ThreadedChildWatcher}",
    "3.8",
    "deprecated in 3.12",
    "CPython 3.14.2 asyncio/unix_events.py",
    "3.14",
  ],
  ["asyncio.PidfdChildWatcher", "3.9", "deprecated in 3.12", "CPython 3.14.2 asyncio/unix_events.py", "3.14"],
  [
    "asyncio.{set_event_loop_policy,get_event_loop_policy}",
    "3.4",
    "warn from 3.14 on",
    "CPython 3.14.2 asyncio/events.py",
    "3.16",
  ],
  [
    "asyncio-policies-deprecated",
    "3.14",
    "set_event_loop_policy and get_event_loop_policy warn",
    "CPython 3.14.2 asyncio/events.py",
  ],
  [
    "concurrent.futures.InterpreterPoolExecutor concurrent.interpreters",
    "3.14",
    "threads with an interpreter and a GIL each; many extensions do not load there yet",
    "PEP 734, CPython 3.14.2 concurrent/futures/interpreter.py",
  ],
  [
    "concurrent.futures.Executor.map(buffersize)",
    "3.14",
    "takes no more items than it works on",
    "CPython 3.14.2 concurrent/futures/_base.py",
  ],
  [
    "concurrent.futures.ProcessPoolExecutor.{terminate_workers,kill_workers}",
    "3.14",
    "ends workers that hang",
    "CPython 3.14.2 concurrent/futures/process.py",
  ],
  ["asyncio.create_task(eager_start)", "3.14", "one eager task without a factory", "CPython 3.14.2 asyncio/tasks.py"],
  ["asyncio.{capture_call_graph,print_call_graph}", "3.14", "who awaits whom", "CPython 3.14.2 asyncio/graph.py"],
  [
    "python-m-asyncio-ps python-m-asyncio-pstree",
    "3.14",
    "lists the tasks of a running process of the same version",
    "CPython 3.14.2 asyncio/__main__.py",
  ],
  ["sys.remote_exec", "3.14", "runs code in another process; debuggers attach with it", "PEP 768"],
  [
    "profiling.sampling profiling.tracing",
    "3.15",
    "python -m profiling.sampling run or attach, by wall clock, processor or GIL",
    "PEP 799, CPython 3.15.0rc1 profiling/sampling/cli.py",
  ],
  ["asyncio.TaskGroup.cancel", "3.15", "ends all tasks of the group", "CPython 3.15.0rc1 asyncio/taskgroups.py"],
  [
    "threading.{serialize_iterator,synchronized_iterator,concurrent_tee}",
    "3.15",
    "iterators that several threads share",
    "CPython 3.15.0rc1 threading.py",
  ],
  ["threading.RLock-takes-no-arguments", "3.15", "arguments raise a TypeError", "CPython 3.15.0rc1 threading.py"],
];

const LIBRARIES: readonly (readonly [of: string, ...Row])[] = [
  ["py-spy", "py-spy-python-3.13", "0.4.0", "knows CPython 3.12 and 3.13", "py-spy README"],
  ["py-spy", "py-spy-python-3.14", "0.4.2", "knows CPython up to 3.14, not 3.15", "py-spy 0.4.2 README"],
  [
    "austin-dist",
    "austin-python-3.14",
    "4.0.0",
    "adds CPython 3.14; --cpu takes the place of --sleepless",
    "austin change log",
  ],
  ["memray", "memray-python-3.14", "1.20.0", "adds CPython 3.14; measures memory, not time", "memray issue 763"],
  [
    "redis",
    "redis-default-timeouts",
    "8.0.0",
    "sockets time out after 5 s and pools end at 100 connections",
    "redis-py tags 5.0 to 8.1",
  ],
  ["gunicorn", "gunicorn-asgi-worker", "24.0", "an ASGI worker of its own", "gunicorn tags"],
  ["gunicorn", "gunicorn-without-eventlet", "26.0", "the eventlet worker is gone", "gunicorn tags"],
  [
    "kafka-python",
    "kafka-request-timeout-30s",
    "3.0.0",
    "a consumer's request times out after 30 s, 305 s before; a session after 45 s, 10 s before",
    "kafka-python tags",
  ],
  [
    "SQLAlchemy",
    "sqlalchemy-sqlite-queuepool",
    "2.0",
    "SQLite files have a QueuePool, which 1.x gave no pool at all",
    "SQLAlchemy tags",
  ],
  ["Django", "django-async-querysets", "4.1", "querysets have methods with an a in front", "Django release notes"],
  [
    "Django",
    "django-async-models",
    "4.2",
    "so have models and related managers; there are no async transactions",
    "Django release notes",
  ],
  ["Django", "django-psycopg-pool", "5.1", "PostgreSQL connections may come from a pool", "Django release notes"],
  [
    "httpx2",
    "httpx2",
    "2.16",
    "follows httpx 0.28.1 with the same names; older releases may have it too",
    "anthropic SDK sources",
  ],
  [
    "pymongo",
    "pymongo.AsyncMongoClient",
    "4.9",
    "stable from 4.13 on; takes the place of Motor, deprecated since May 2025",
    "Motor documentation",
  ],
  [
    "aiohttp",
    "aiohttp-connect-timeout-30s",
    "3.10",
    "connecting a socket ends after 30 s unless a timeout is given",
    "aiohttp 3.14.3 client.py",
  ],
];

/** What came or went with which version of Python or of a library. */
export const VERSIONS: readonly VersionFact[] = [
  ...PYTHON.flatMap((row) => facts("python", row)),
  ...LIBRARIES.flatMap(([of, ...row]) => facts(of, row)),
];

const BY_FEATURE: ReadonlyMap<string, VersionFact> = new Map(VERSIONS.map((fact) => [fact.feature, fact]));

/** The fact about a feature, by canonical name or id. */
export function versionFact(feature: string): VersionFact | undefined {
  return BY_FEATURE.get(feature);
}

/** The first version that has the feature; `null` for what is not listed, which every supported version has. */
export function availableSince(feature: string): string | null {
  return BY_FEATURE.get(feature)?.since ?? null;
}

/** Whether Python 3.`minor` has the feature; libraries are not asked about here. */
export function isAvailable(feature: string, minor: number): boolean {
  const fact = BY_FEATURE.get(feature);
  if (fact === undefined || fact.of !== "python") return true;
  return minorOf(fact.since) <= minor && (fact.until === null || minor < minorOf(fact.until));
}

function minorOf(version: string): number {
  const [major, minor] = version.split(".").map(Number);
  return major === 3 ? (minor ?? 0) : 0;
}

function facts(of: string, [features, since, detail, source, until]: Row): VersionFact[] {
  return expandAll(features).map((feature) => ({ feature, of, since, until: until ?? null, detail, source }));
}
