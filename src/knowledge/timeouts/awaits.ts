import { timeouts } from "./row.ts";

/** What coroutines wait for. `asyncio.timeout` around them bounds them too, so that a missing argument says little. */
export const AWAITS = [
  ...timeouts("await", "work", "CPython 3.11 Lib/asyncio/tasks.py:399,436,568,728, timeouts.py, taskgroups.py", {}, [
    ["asyncio.wait", "timeout", "forever", { zero: "at once", note: "what is not done runs on" }],
    ["asyncio.as_completed", "timeout", "forever"],
    ["asyncio.wait_for", "timeout@1", "required", { zero: "at once", negative: "at once" }],
    ["asyncio.timeout", "delay@0", "required", { zero: "at once", negative: "at once" }],
    ["asyncio.timeout_at", "when@0", "required"],
    ["asyncio.{gather,TaskGroup}", "", "forever", { note: "takes no timeout: put asyncio.timeout around it" }],
  ]),
  ...timeouts(
    "await",
    "message",
    "CPython 3.11 Lib/asyncio/streams.py:26,666, queues.py:149, locks.py:93, subprocess.py:135,187, base_events.py:597 of 3.13",
    { note: "takes no timeout: put asyncio.timeout around it" },
    [
      ["asyncio.open_connection", "", "as long as the system tries, about two minutes", { awaits: "connection" }],
      ["asyncio.StreamReader.{read,readline,readexactly,readuntil}", "", "forever"],
      ["asyncio.StreamWriter.drain", "", "forever", { awaits: "space" }],
      ["asyncio.Queue.get", "", "forever", { awaits: "item" }],
      ["asyncio.Queue.put", "", "forever", { awaits: "space", ifBounded: true }],
      ["asyncio.Queue.join", "", "forever", { awaits: "work" }],
      ["asyncio.{Lock,Semaphore,Condition}.acquire", "", "forever", { awaits: "lock" }],
      ["asyncio.Event.wait", "", "forever", { awaits: "event" }],
      ["asyncio.Condition.{wait,wait_for}", "", "forever", { awaits: "condition" }],
      ["asyncio.Barrier.wait", "", "forever", { awaits: "barrier" }],
      [
        "asyncio.subprocess.Process.{wait,communicate}",
        "",
        "forever",
        { awaits: "child", note: "takes no timeout; when the time is over the child still runs: kill it and wait" },
      ],
      [
        "asyncio.AbstractEventLoop.shutdown_default_executor",
        "timeout@0",
        "forever",
        { awaits: "work", note: "the parameter is new in 3.12; asyncio.run gives 300 s" },
      ],
    ],
  ),
  ...timeouts("await", "message", "aiohttp 3.14 client.py:537, client_ws.py:58,385; websockets 16", {}, [
    [
      "aiohttp.ClientSession.ws_connect",
      "timeout",
      "the limit of the session, 300 s by default",
      { awaits: "connection" },
    ],
    ["aiohttp.ClientWebSocketResponse.receive", "timeout@0", "forever", { byDesign: true }],
    [
      "websockets.asyncio.client.ClientConnection.recv",
      "",
      "forever",
      { byDesign: true, note: "pings close the connection of a dead peer after about 40 s" },
    ],
  ]),
  ...timeouts("await", "pool", "asyncpg 0.31 pool.py:852, aiomysql pool.py:132, psycopg_pool 3.3", {}, [
    ["asyncpg.Pool.acquire", "timeout", "forever"],
    ["aiomysql.Pool.acquire", "", "forever", { note: "takes no timeout: put asyncio.timeout around it" }],
    [
      "psycopg_pool.{AsyncConnectionPool,AsyncNullConnectionPool}.{connection,getconn}",
      "timeout@0",
      "the limit of the pool, 30 s by default",
      {
        none: "default",
        on: "psycopg_pool.AsyncConnectionPool timeout | psycopg_pool.AsyncNullConnectionPool timeout",
      },
    ],
  ]),
  ...timeouts("await", "message", "redis-py 5.0 to 8.1 asyncio, commands/core.py:4843", { zero: "forever" }, [
    ["redis.asyncio.Redis.{blpop,brpop,bzpopmin,bzpopmax}", "timeout@1", "forever"],
    ["redis.asyncio.Redis.xread", "block@2/ms", "nothing: it asks once", { none: "at once" }],
    [
      "redis.asyncio.lock.Lock.acquire",
      "blocking_timeout@1",
      "forever",
      { awaits: "lock", none: "default", zero: "at once", flag: "blocking@0" },
    ],
  ]),
];
