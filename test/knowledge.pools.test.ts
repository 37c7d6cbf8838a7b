import { expect, test } from "vitest";
import { FORMULAS, formula, THRESHOLDS } from "../src/knowledge/formulas.ts";
import { libraryTables } from "../src/knowledge/library.ts";
import {
  databaseUrl,
  engineDriver,
  enginePoolClass,
  isPooler,
  serverOfName,
  serverOfUrl,
} from "../src/knowledge/pools/database-servers.ts";
import { SERVERS, serverStartedBy } from "../src/knowledge/pools/servers.ts";
import {
  capacityRange,
  POOLS,
  type PoolFact,
  PROCESSORS,
  poolFact,
  type Range,
  sizeAt,
  sizeRange,
  takesFrom,
} from "../src/knowledge/pools.ts";
import { defaultStartMethod, START_METHODS } from "../src/knowledge/start-methods.ts";
import { timeoutFact } from "../src/knowledge/timeouts.ts";
import { libraryOf } from "../src/python/library.ts";

const library = libraryOf(libraryTables());
const UNLIMITED = { least: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY };

function fact(name: string): PoolFact {
  const found = poolFact(library.canonical(name));
  if (found === undefined) throw new Error(`No pool is called ${name}.`);
  return found;
}

/** The capacity with some arguments given; `null` is a value nobody knows. */
function capacity(name: string, given: Record<string, number | null> = {}): Range | null {
  return capacityRange(fact(name), (argument) => {
    const value = given[argument.name ?? ""];
    return value === undefined || value === null ? value : { least: value, most: value };
  });
}

function exactly(value: number): Range {
  return { least: value, most: value };
}

test("names are canonical, so that a look-up finds them", () => {
  const wrong: string[] = [];
  for (const one of POOLS.values()) {
    const names = [
      one.name,
      one.type,
      ...one.acquire,
      ...one.release,
      ...one.gives.map(({ call }) => call),
      ...one.sizedBy.map((by) => (by.kind === "argument" ? by.call : by.of)),
      ...one.capacity.flatMap(({ through }) => (through === null ? [] : [through.type])),
    ];
    for (const name of names) {
      const plain = name.endsWith(".*") ? name.slice(0, -2) : name;
      if (!/^[\w-]+(?:\.\w+)*$/.test(plain)) wrong.push(`${name} is no name`);
      if (library.canonical(plain) !== plain) wrong.push(`${name} is ${library.canonical(plain)}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("every pool says what happens when it is used up, and where that is written", () => {
  expect([...POOLS.values()].filter((one) => one.exhaustion.words === "" || one.source === "")).toEqual([]);
  expect(fact("psycopg_pool.ConnectionPool").exhaustion).toMatchObject({
    does: "waits",
    seconds: 30,
    parameter: { name: "timeout" },
    words: "wait 30 s, then fail with PoolTimeout",
  });
  expect(fact("psycopg2.pool.ThreadedConnectionPool").exhaustion.words).toBe("fail at once with PoolError");
  expect(fact("redis.ConnectionPool").exhaustion.does).toBe("raises");
  expect(fact("redis.BlockingConnectionPool").exhaustion).toMatchObject({ does: "waits", seconds: 20 });
  expect(fact("playhouse.pool.PooledPostgresqlDatabase").exhaustion.does).toBe("raises");
  expect(fact("asyncpg.create_pool").exhaustion).toMatchObject({
    does: "waits",
    seconds: null,
    words: "wait for ever",
  });
  expect(fact("requests.Session").exhaustion.does).toBe("discards");
  expect(fact("requests.adapters.HTTPAdapter").variant).toMatchObject({
    argument: { name: "pool_block", position: 3 },
    exhaustion: { does: "waits", seconds: null },
  });
  expect(fact("httpx.Client").exhaustion).toMatchObject({ seconds: 5, error: "httpx.PoolTimeout" });
});

test("defaults without a number in the code", () => {
  const sizes: Record<string, Range | null> = {
    "sqlalchemy.create_engine": exactly(15),
    "sqlalchemy.ext.asyncio.create_async_engine": exactly(15),
    "psycopg_pool.ConnectionPool": exactly(4),
    "asyncpg.create_pool": exactly(10),
    "aiomysql.create_pool": exactly(10),
    "pymongo.MongoClient": exactly(100),
    "redis.Redis": exactly(100),
    "playhouse.pool.PooledMySQLDatabase": exactly(20),
    "mysql.connector.pooling.MySQLConnectionPool": exactly(5),
    "requests.Session": exactly(10),
    "requests.adapters.HTTPAdapter": exactly(10),
    "urllib3.PoolManager": exactly(1),
    "boto3.client": exactly(10),
    "httpx.AsyncClient": exactly(100),
    "httpx.Limits": UNLIMITED,
    "aiohttp.TCPConnector": exactly(100),
    "asyncio.Semaphore": exactly(1),
    "queue.Queue": UNLIMITED,
    "sqlalchemy.pool.NullPool": UNLIMITED,
    "psycopg2.pool.ThreadedConnectionPool": null,
    "concurrent.futures.ThreadPoolExecutor": { least: 6, most: 32 },
    "multiprocessing.Pool": { least: 2, most: 64 },
    "default-executor": { least: 6, most: 32 },
    "anyio-threads": exactly(40),
    asgiref: exactly(1),
  };
  expect(Object.fromEntries(Object.keys(sizes).map((name) => [name, capacity(name)]))).toEqual(sizes);
});

test("given numbers are summed, and some of them mean no limit", () => {
  expect(capacity("sqlalchemy.create_engine", { pool_size: 20, max_overflow: 12 })).toEqual(exactly(32));
  expect(capacity("sqlalchemy.create_engine", { pool_size: 10 })).toEqual(exactly(20));
  expect(capacity("sqlalchemy.create_engine", { pool_size: 20, max_overflow: 0 })).toEqual(exactly(20));
  expect(capacity("sqlalchemy.create_engine", { max_overflow: -1 })).toEqual(UNLIMITED);
  expect(capacity("sqlalchemy.create_engine", { pool_size: 0 })).toEqual(UNLIMITED);
  expect(capacity("sqlalchemy.create_engine", { pool_size: null })).toBeNull();
  expect(capacity("psycopg_pool.ConnectionPool", { min_size: 2, max_size: 8 })).toEqual(exactly(8));
  expect(capacity("psycopg_pool.ConnectionPool", { min_size: 6 })).toEqual(exactly(6));
  expect(capacity("psycopg_pool.ConnectionPool", { min_size: null })).toBeNull();
  expect(capacity("psycopg2.pool.ThreadedConnectionPool", { minconn: 1, maxconn: 10 })).toEqual(exactly(10));
  expect(capacity("aiomysql.create_pool", { maxsize: 0 })).toEqual(UNLIMITED);
  expect(capacity("aiohttp.TCPConnector", { limit: 0 })).toEqual(UNLIMITED);
  expect(capacity("queue.Queue", { maxsize: 1000 })).toEqual(exactly(1000));
  expect(capacity("queue.Queue", { maxsize: -1 })).toEqual(UNLIMITED);
  expect(capacityRange(fact("queue.Queue"), () => ({ least: 0, most: 10 }))).toBeNull();
});

test("parameters say where they are, also on an object that is passed", () => {
  expect(fact("psycopg2.pool.ThreadedConnectionPool").capacity[0]).toMatchObject({ parameter: "maxconn", position: 1 });
  expect(fact("requests.adapters.HTTPAdapter").capacity[0]).toMatchObject({ parameter: "pool_maxsize", position: 1 });
  expect(fact("httpx.AsyncClient").capacity[0]?.through).toEqual({
    argument: { name: "limits", position: null },
    type: "httpx.Limits",
  });
  expect(fact("boto3.client").capacity[0]?.through?.type).toBe("botocore.config.Config");
  expect(fact("sqlalchemy.create_engine").classArgument).toEqual({ name: "poolclass", position: null });
  expect(fact("sqlalchemy.pool.StaticPool").opens).toBe("shared");
  expect(fact("sqlalchemy.pool.SingletonThreadPool").opens).toBe("worker");
});

test("formulas hold at every number of processors", () => {
  const threads = fact("concurrent.futures.ThreadPoolExecutor").capacity[0]?.default;
  if (threads === undefined) throw new Error("The executor has no capacity.");
  expect([2, 8, 11, 28, 64].map((processors) => sizeAt(threads, processors))).toEqual([6, 12, 15, 32, 32]);
  expect(sizeRange(threads, { least: 4, most: 4 })).toEqual(exactly(8));
  expect(PROCESSORS).toEqual({ least: 2, most: 64 });
  expect(sizeAt({ kind: "unknown" }, 4)).toBeNull();
});

test("a version of the project changes a default", () => {
  const seven = (name: string) => (name === "redis" ? false : null);
  expect(capacityRange(poolFact("redis.Redis", seven) ?? fact("redis.Redis"), () => undefined)).toEqual(UNLIMITED);
  expect(poolFact("redis.BlockingConnectionPool", seven)).toEqual(fact("redis.BlockingConnectionPool"));
});

test("what takes from a pool, and how the pool gets there", () => {
  const engine = fact("sqlmodel.create_engine");
  expect(engine.type).toBe("sqlalchemy.engine.Engine");
  expect(takesFrom(engine, "sqlalchemy.engine.Engine.connect")).toBe(true);
  expect(takesFrom(engine, "sqlalchemy.orm.Session.execute")).toBe(true);
  expect(takesFrom(engine, "sqlalchemy.orm.Session.add")).toBe(false);
  expect(engine.gives).toContainEqual({
    call: "sqlalchemy.orm.sessionmaker",
    argument: { name: "bind", position: 0 },
    onto: "result",
  });
  expect(engine.gives).toContainEqual({ call: "sqlalchemy.orm.sessionmaker.__call__", argument: null, onto: "result" });
  expect(takesFrom(fact("redis.ConnectionPool"), "redis.Redis.get")).toBe(true);
  expect(takesFrom(fact("redis.ConnectionPool"), "redis.Redis.__init__")).toBe(false);
  expect(fact("requests.adapters.HTTPAdapter").gives).toEqual([
    { call: "requests.Session.mount", argument: { name: "adapter", position: 1 }, onto: "receiver" },
  ]);
  expect(fact("anyio-threads").sizedBy).toContainEqual({
    kind: "attribute",
    of: "anyio.to_thread.current_default_thread_limiter",
    attribute: "total_tokens",
  });
  expect(fact("default-executor").sizedBy).toEqual([
    {
      kind: "argument",
      call: "asyncio.AbstractEventLoop.set_default_executor",
      argument: { name: "executor", position: 0 },
    },
  ]);
});

test("base classes answer for their children", () => {
  expect(poolFact("requests_html.HTMLSession")).toMatchObject({
    name: "requests_html.HTMLSession",
    type: "requests_html.HTMLSession",
    kind: "http-pool",
  });
  expect(poolFact("threading.Thread")).toBeUndefined();
  expect(takesFrom(fact("requests.Session"), "requests_html.HTMLSession.get")).toBe(true);
});

test("the methods of a pooled database are peewee's", () => {
  expect(library.member("playhouse.pool.PooledPostgresqlDatabase", "execute_sql")).toBe("peewee.Database.execute_sql");
  expect(takesFrom(fact("playhouse.pool.PooledPostgresqlDatabase"), "peewee.Database.execute_sql")).toBe(true);
});

test("common mismatches come out of the two tables", () => {
  const most = (name: string) => capacity(name)?.most ?? Number.NaN;
  const least = (name: string) => capacity(name)?.least ?? Number.NaN;
  expect(least("anyio-threads")).toBeGreaterThan(most("sqlalchemy.create_engine"));
  expect(least("concurrent.futures.ThreadPoolExecutor")).toBeGreaterThan(most("psycopg_pool.ConnectionPool"));
  expect(least("concurrent.futures.ThreadPoolExecutor")).toBeLessThan(most("sqlalchemy.create_engine"));
  expect(most("default-executor")).toBeGreaterThan(most("requests.Session"));
  const postgres = serverOfName("psycopg.connect");
  expect(7 * most("sqlalchemy.create_engine")).toBeGreaterThan(
    (postgres?.maxConnections ?? Number.NaN) - (postgres?.reserved ?? Number.NaN),
  );
});

test("an address names its server, driver and pool class", () => {
  const url = databaseUrl("postgresql+asyncpg://app:secret@db.example.com:5433/app?connect_timeout=5&sslmode=require");
  expect(url).toMatchObject({
    dialect: "postgresql",
    driver: "asyncpg",
    host: "db.example.com",
    port: 5433,
    database: "app",
  });
  expect(url?.options.get("connect_timeout")).toBe("5");
  expect(databaseUrl("dbname=app host=db")).toBeNull();
  const server = (text: string) => serverOfUrl(databaseUrl(text) ?? failed())?.maxConnections;
  expect(server("postgres://db/app")).toBe(100);
  expect(server("mysql+pymysql://db/app")).toBe(151);
  expect(server("sqlite:///app.db")).toBeUndefined();
  expect(serverOfName("aiomysql.create_pool")?.maxConnections).toBe(151);
  expect(serverOfName("sqlalchemy.create_engine")).toBeUndefined();
  const driver = (text: string, old = false) => engineDriver(databaseUrl(text) ?? failed(), old);
  expect(driver("postgresql://db/app")).toBe("psycopg.connect");
  expect(driver("postgresql://db/app", true)).toBe("psycopg2.connect");
  expect(timeoutFact(driver("postgresql+psycopg2://db/app") ?? "")?.withoutIt).toBe("forever");
  const pool = (text: string, async = false, two = true) => enginePoolClass(databaseUrl(text) ?? failed(), async, two);
  expect(pool("postgresql://db/app")).toBe("sqlalchemy.pool.QueuePool");
  expect(pool("sqlite://")).toBe("sqlalchemy.pool.SingletonThreadPool");
  expect(pool("sqlite:///shop.db")).toBe("sqlalchemy.pool.QueuePool");
  expect(pool("sqlite:///shop.db", false, false)).toBe("sqlalchemy.pool.NullPool");
  expect(pool("sqlite+aiosqlite:///:memory:", true)).toBe("sqlalchemy.pool.StaticPool");
});

test("a pooler before the server is recognised by its name or port", () => {
  const pooled = (text: string) => isPooler(databaseUrl(text) ?? failed());
  expect(pooled("postgresql+asyncpg://shop@pgbouncer:6432/shop")).toBe(true);
  expect(pooled("postgresql://shop@pgbouncer.internal/shop")).toBe(true);
  expect(pooled("postgresql://u@ep-calm-pooler.eu.example.com/db")).toBe(true);
  expect(pooled("postgresql://shop@db:6543/shop")).toBe(true);
  expect(pooled("postgresql://shop@db:5432/shop")).toBe(false);
});

test("servers and what they do when nobody sets a number", () => {
  expect(SERVERS.get("gunicorn")).toMatchObject({
    processes: { keys: ["workers"], default: { value: 1 } },
    threads: { default: { value: 1 } },
    worker: { key: "worker_class", default: "sync", kinds: { gthread: "threads" } },
  });
  const celery = SERVERS.get("celery")?.processes?.default ?? failed();
  expect(sizeRange(celery)).toEqual({ least: 2, most: 64 });
  expect(serverStartedBy("uvicorn.run")?.name).toBe("uvicorn");
  expect(serverStartedBy("requests.get")).toBeUndefined();
});

test("start methods by system and version", () => {
  expect(defaultStartMethod("linux", 13)).toBe("fork");
  expect(defaultStartMethod("linux", 14)).toBe("forkserver");
  expect(defaultStartMethod("macos", 7)).toBe("fork");
  expect(defaultStartMethod("macos", 12)).toBe("spawn");
  expect(defaultStartMethod("windows", 14)).toBe("spawn");
  expect(START_METHODS.every(({ source }) => source !== "")).toBe(true);
});

test("formulas and thresholds carry their words and sources", () => {
  expect(new Set(FORMULAS.map(({ id }) => id)).size).toBe(12);
  expect(formula("connection-budget").formula).toContain("max_connections");
  expect(FORMULAS.filter(({ words, source }) => words === "" || source === "")).toEqual([]);
  expect(THRESHOLDS.loopStall).toMatchObject({ value: 100, unit: "ms" });
  expect(THRESHOLDS.windowsProcesses.value).toBe(61);
});

function failed(): never {
  throw new Error("No such thing.");
}
