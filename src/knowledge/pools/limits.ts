import { pools, raises, waits } from "./row.ts";

/** Semaphores and limiters: how many may pass at once. */
const SEMAPHORES = [
  ...pools("semaphore", "CPython 3.11 Lib/asyncio/locks.py", { full: waits(null), async: true }, [
    [
      "asyncio.Semaphore",
      "value@0=1",
      { acquire: "asyncio.Semaphore.{acquire,__aenter__}", release: "asyncio.Semaphore.release" },
    ],
    [
      "asyncio.BoundedSemaphore",
      "value@0=1",
      { acquire: "asyncio.BoundedSemaphore.{acquire,__aenter__}", release: "asyncio.BoundedSemaphore.release" },
    ],
  ]),
  ...pools("semaphore", "CPython 3.11 Lib/threading.py, multiprocessing/synchronize.py", { full: waits(null) }, [
    [
      "threading.Semaphore",
      "value@0=1",
      { acquire: "threading.Semaphore.{acquire,__enter__}", release: "threading.Semaphore.release" },
    ],
    [
      "threading.BoundedSemaphore",
      "value@0=1",
      { acquire: "threading.BoundedSemaphore.{acquire,__enter__}", release: "threading.BoundedSemaphore.release" },
    ],
    [
      "multiprocessing.Semaphore",
      "value@0=1",
      { acquire: "multiprocessing.Semaphore.{acquire,__enter__}", release: "multiprocessing.Semaphore.release" },
    ],
    [
      "multiprocessing.BoundedSemaphore",
      "value@0=1",
      {
        acquire: "multiprocessing.BoundedSemaphore.{acquire,__enter__}",
        release: "multiprocessing.BoundedSemaphore.release",
      },
    ],
  ]),
  ...pools("semaphore", "anyio 4.14, trio 0.30", { full: waits(null), async: true }, [
    [
      "anyio.Semaphore",
      "initial_value@0=unknown",
      { acquire: "anyio.Semaphore.{acquire,__aenter__}", release: "anyio.Semaphore.release" },
    ],
    [
      "anyio.CapacityLimiter",
      "total_tokens@0=unknown",
      {
        acquire: "anyio.CapacityLimiter.{acquire,acquire_on_behalf_of,__aenter__}",
        release: "anyio.CapacityLimiter.{release,release_on_behalf_of}",
        gives: ["anyio.to_thread.run_sync limiter", "anyio.to_process.run_sync limiter"],
        sizedBy: ["anyio.CapacityLimiter.total_tokens ="],
      },
    ],
    [
      "trio.Semaphore",
      "initial_value@0=unknown",
      { acquire: "trio.Semaphore.{acquire,__aenter__}", release: "trio.Semaphore.release" },
    ],
    [
      "trio.CapacityLimiter",
      "total_tokens@0=unknown",
      {
        acquire: "trio.CapacityLimiter.{acquire,__aenter__}",
        release: "trio.CapacityLimiter.release",
        gives: ["trio.to_thread.run_sync limiter"],
        sizedBy: ["trio.CapacityLimiter.total_tokens ="],
      },
    ],
  ]),
];

/** Queues and channels: how much may lie in them. */
const QUEUES = [
  ...pools("queue", "CPython 3.11 Lib/queue.py:20-40", { full: waits(null), held: "call" }, [
    [
      "queue.{Queue,LifoQueue,PriorityQueue}",
      "maxsize@0=unlimited<1",
      { acquire: "queue.{Queue,LifoQueue,PriorityQueue}.put", release: "queue.{Queue,LifoQueue,PriorityQueue}.get" },
    ],
    ["queue.SimpleQueue", "", { acquire: "queue.SimpleQueue.put", release: "queue.SimpleQueue.get" }],
  ]),
  ...pools("queue", "CPython 3.11 Lib/asyncio/queues.py:33", { full: waits(null), held: "call", async: true }, [
    [
      "asyncio.{Queue,LifoQueue,PriorityQueue}",
      "maxsize@0=unlimited<1",
      {
        acquire: "asyncio.{Queue,LifoQueue,PriorityQueue}.put",
        release: "asyncio.{Queue,LifoQueue,PriorityQueue}.get",
        note: "put_nowait raises QueueFull instead of waiting",
      },
    ],
  ]),
  ...pools("queue", "CPython 3.11 Lib/multiprocessing/queues.py:38,328,350", { full: waits(null), held: "call" }, [
    [
      "multiprocessing.{Queue,JoinableQueue}",
      "maxsize@0=unlimited<1",
      {
        type: "multiprocessing.queues.Queue",
        acquire: "multiprocessing.queues.{Queue,JoinableQueue}.put",
        release: "multiprocessing.queues.{Queue,JoinableQueue}.get",
        note: "a process does not end before what it put has been taken",
      },
    ],
    [
      "multiprocessing.SimpleQueue",
      "=unknown",
      {
        type: "multiprocessing.queues.SimpleQueue",
        acquire: "multiprocessing.queues.SimpleQueue.put",
        release: "multiprocessing.queues.SimpleQueue.get",
        note: "a pipe: full at about 64 KiB",
      },
    ],
    [
      "multiprocessing.managers.SyncManager.{Queue,JoinableQueue}",
      "maxsize@0=unlimited<1",
      { type: "queue.Queue", acquire: "queue.Queue.put", release: "queue.Queue.get" },
    ],
  ]),
  ...pools("queue", "anyio 4.14 _core/_streams.py, trio 0.30 _channel.py, janus 2", { held: "call", async: true }, [
    [
      "anyio.create_memory_object_stream",
      "max_buffer_size@0=0",
      { full: waits(null), note: "0 hands over without storing; math.inf has no limit" },
    ],
    ["trio.open_memory_channel", "max_buffer_size@0=unknown", { full: waits(null) }],
    ["janus.Queue", "maxsize@0=unlimited<1", { full: waits(null) }],
  ]),
  ...pools("queue", "CPython 3.11 Modules/_collectionsmodule.c", { held: "call" }, [
    [
      "collections.deque",
      "maxlen@1=unlimited?",
      {
        acquire: "collections.deque.{append,appendleft,extend}",
        release: "collections.deque.{pop,popleft}",
        full: {
          does: "discards",
          seconds: null,
          error: null,
          parameter: null,
          words: "push the oldest items out",
        },
      },
    ],
  ]),
  ...pools("queue", "gevent 22.10 queue.py", { held: "call", full: waits(null) }, [
    [
      "gevent.queue.Queue",
      "maxsize@0=unlimited?",
      { acquire: "gevent.queue.Queue.put", release: "gevent.queue.Queue.get" },
    ],
  ]),
  ...pools("queue", "CPython 3.11 Lib/logging/handlers.py:1434", { held: "call", full: raises("queue.Full") }, [
    [
      "logging.handlers.QueueHandler",
      "=unknown",
      { note: "puts without waiting, so that a full queue loses the record: its queue is meant to have no size" },
    ],
  ]),
];

export const LIMITERS = [...SEMAPHORES, ...QUEUES];
