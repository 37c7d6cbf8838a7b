import type { Category } from "./blocking.ts";
import { expandAll } from "./names.ts";

/** What a call waits for, as far as the choice of a model asks. */
export type WaitGroup =
  | "http"
  | "service"
  | "database"
  | "cache"
  | "child"
  | "network"
  | "files"
  | "sleep"
  | "thread"
  | "person"
  | "other";

/** What a call of a category typically takes, in milliseconds, and what it waits for. Rough: the weights only decide which part of the work is the larger. */
export interface TypicalCost {
  group: WaitGroup;
  ms: number;
  /** Follows the name of the call: "`requests.get` waits for an HTTP answer". */
  words: string;
}

const HTTP = "waits for an HTTP answer";
const DATABASE = "waits for the database";
const NETWORK = "waits for the network";

// A round trip on the internet, in a data centre, to a disk, and to the kernel, as in the usual latency tables; service calls as measured by their vendors.
const TYPICAL: Record<Category, TypicalCost> = {
  http: { group: "http", ms: 100, words: HTTP },
  api: { group: "service", ms: 150, words: "waits for a web service" },
  cloud: { group: "service", ms: 60, words: "waits for a cloud service" },
  llm: { group: "service", ms: 2000, words: "waits for an AI service" },
  db: { group: "database", ms: 15, words: DATABASE },
  orm: { group: "database", ms: 15, words: DATABASE },
  nosql: { group: "database", ms: 10, words: DATABASE },
  search: { group: "database", ms: 30, words: "waits for the search server" },
  cache: { group: "cache", ms: 2, words: "waits for the cache" },
  ldap: { group: "database", ms: 20, words: "waits for the directory server" },
  zk: { group: "network", ms: 10, words: NETWORK },
  process: { group: "child", ms: 300, words: "waits for a child process" },
  media: { group: "child", ms: 3000, words: "waits for a child process" },
  vcs: { group: "child", ms: 200, words: "waits for a child process" },
  browser: { group: "network", ms: 500, words: "waits for a browser" },
  socket: { group: "network", ms: 20, words: NETWORK },
  dns: { group: "network", ms: 20, words: "waits for a name server" },
  mail: { group: "network", ms: 200, words: "waits for a mail server" },
  ftp: { group: "network", ms: 200, words: NETWORK },
  telnet: { group: "network", ms: 100, words: NETWORK },
  nntp: { group: "network", ms: 100, words: NETWORK },
  ssh: { group: "network", ms: 200, words: "waits for another host" },
  ws: { group: "network", ms: 20, words: NETWORK },
  mq: { group: "network", ms: 10, words: "waits for a message broker" },
  serial: { group: "network", ms: 50, words: "waits for a device" },
  rpc: { group: "network", ms: 20, words: "waits for a remote call" },
  file: { group: "files", ms: 1, words: "reads or writes a file" },
  data: { group: "files", ms: 5, words: "reads or writes a file" },
  image: { group: "files", ms: 5, words: "reads or writes a file" },
  sleep: { group: "sleep", ms: 5, words: "sleeps" },
  sync: { group: "thread", ms: 0.5, words: "waits for another thread or process" },
  lock: { group: "thread", ms: 0, words: "waits for a lock" },
  loop: { group: "other", ms: 0, words: "runs an event loop" },
  server: { group: "network", ms: 0.5, words: "serves" },
  logging: { group: "other", ms: 0, words: "logs" },
  cheap: { group: "other", ms: 0, words: "takes microseconds" },
  user: { group: "person", ms: 50, words: "waits for a person" },
};

/** What a call of a category takes. */
export function typicalCost(category: Category): TypicalCost {
  return TYPICAL[category];
}

/** Milliseconds of CPU work by how a call is listed; loops of Python by whether numbers or data count their rounds. */
export const COMPUTING_MS = { heavy: 100, input: 0.5, loops: 200, dataLoops: 20 } as const;

/** A part of the work smaller than this share does not count when the work is named. */
export const MINOR_SHARE = 0.2;

/** How many rounds a loop counts for whose length nobody knows. */
export const UNKNOWN_ROUNDS = 10;

// aiohttp 3.14, httpx 0.28, asyncpg 0.31, SQLAlchemy 2.1, redis-py 8, PyMongo 4.16, CPython 3.13 asyncio, anyio 4.10
const AWAITED: readonly (readonly [prefixes: string, category: Category])[] = [
  ["asyncio.sleep anyio.{sleep,sleep_until,sleep_forever} trio.{sleep,sleep_until} tornado.gen.sleep", "sleep"],
  [
    "asyncio.{Queue,LifoQueue,PriorityQueue,Event,Lock,Semaphore,BoundedSemaphore,Condition,Barrier,Future,Task} anyio.{Event,Lock,Semaphore,Condition,CapacityLimiter} anyio.abc.{ObjectStream,ObjectReceiveStream,ObjectSendStream} anyio.streams.memory trio.{Event,Lock,Semaphore,Condition,MemoryReceiveChannel,MemorySendChannel}",
    "sync",
  ],
  [
    "asyncio.subprocess asyncio.{create_subprocess_exec,create_subprocess_shell} asyncio.AbstractEventLoop.{subprocess_exec,subprocess_shell} anyio.{run_process,open_process} anyio.abc.Process trio.run_process",
    "process",
  ],
  [
    "asyncio.{StreamReader,StreamWriter,open_connection,open_unix_connection,AbstractEventLoop} anyio.{connect_tcp,connect_unix} anyio.abc",
    "socket",
  ],
  ["aiofiles anyio.{Path,open_file,AsyncFile} trio.{Path,open_file}", "file"],
  ["aiohttp httpx httpx2 curl_cffi niquests tornado.httpclient gql requests_html.AsyncHTMLSession", "http"],
  ["fastapi.UploadFile", "file"],
  [
    "starlette.requests fastapi.Request aiohttp.web.Request aiohttp.web.BaseRequest quart.Request sanic.Request",
    "socket",
  ],
  [
    "aiohttp.ClientWebSocketResponse aiohttp.web.WebSocketResponse websockets fastapi.WebSocket starlette.websockets socketio engineio",
    "ws",
  ],
  [
    "asyncpg aiomysql asyncmy aiopg aioodbc aiosqlite psycopg psycopg_pool databases oracledb mysql.connector.aio sqlalchemy.ext.asyncio",
    "db",
  ],
  ["tortoise beanie sqlmodel.ext.asyncio django piccolo ormar gino edgedb", "orm"],
  ["motor pymongo neo4j aiocassandra", "nosql"],
  ["redis aioredis aiomcache valkey coredis", "cache"],
  ["elasticsearch opensearchpy qdrant_client weaviate chromadb", "search"],
  ["aiokafka aio_pika aiormq aiomqtt nats arq faststream taskiq zmq", "mq"],
  ["aiobotocore aioboto3 google.cloud azure miniopy_async", "cloud"],
  ["openai anthropic litellm ollama langchain_core google.generativeai google.genai cohere mistralai groq", "llm"],
  [
    "discord telegram aiogram telethon pyrogram slack_sdk slack_bolt hikari disnake nextcord aiohttp_client_cache",
    "api",
  ],
  ["aiosmtplib aioimaplib", "mail"],
  ["asyncssh", "ssh"],
  ["dns.asyncresolver aiodns", "dns"],
  ["grpc", "rpc"],
  ["playwright pyppeteer", "browser"],
  ["bleak serial_asyncio", "serial"],
];

const BY_PREFIX: ReadonlyMap<string, Category> = new Map(
  AWAITED.flatMap(([prefixes, category]) => expandAll(prefixes).map((prefix) => [prefix, category] as const)),
);

/** What an awaited library call waits for, by the longest part of its name that is listed; `null` for libraries nobody has listed. */
export function awaitedCategory(name: string): Category | null {
  for (let prefix = name; prefix !== ""; prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf(".")))) {
    const found = BY_PREFIX.get(prefix);
    if (found !== undefined) return found;
  }
  return null;
}

/** Calls that only arrange who waits for whom: what they are given does the waiting. */
export const ARRANGING: ReadonlySet<string> = new Set(
  [
    "asyncio.{gather,wait,wait_for,shield,as_completed,create_task,ensure_future,run,timeout,timeout_at,to_thread,TaskGroup,Runner,run_coroutine_threadsafe,wrap_future,Task}",
    "asyncio.TaskGroup.{create_task,__aenter__,__aexit__} asyncio.Runner.run",
    "asyncio.AbstractEventLoop.{run_in_executor,create_task,create_future,run_until_complete,shutdown_asyncgens,shutdown_default_executor}",
    "anyio.{create_task_group,fail_after,move_on_after,run,to_thread.run_sync,to_process.run_sync,to_interpreter.run_sync,from_thread.run,from_thread.run_sync} anyio.abc.TaskGroup.{start,start_soon} anyio.TaskGroup.{start,start_soon} anyio.lowlevel.checkpoint",
    "trio.{open_nursery,to_thread.run_sync,run,move_on_after,fail_after} trio.Nursery.{start,start_soon} trio.lowlevel.checkpoint",
    "starlette.concurrency.run_in_threadpool asgiref.sync.sync_to_async asgiref.sync.async_to_sync contextlib.AsyncExitStack contextlib.AsyncExitStack.{enter_async_context,aclose}",
    "async_timeout.timeout async_timeout.timeout_at contextlib.aclosing contextlib.nullcontext",
  ].flatMap(expandAll),
);
