import { expect, test } from "vitest";
import { auditTexts, fixtureFiles } from "./fixtures.ts";

const CAPACITY = /-pool-smaller-than-|connections-exceed-server|oversized-pool|nested-executor-deadlock/;

/** The messages of the capacity rules, as `path:line message`. */
async function messages(files: Record<string, string>): Promise<string[]> {
  const { findings } = await auditTexts(new Map(Object.entries(files)));
  return findings
    .filter(({ rule }) => CAPACITY.test(rule))
    .map(({ path, startLine, message }) => `${path}:${startLine} ${message}`);
}

/** A program whose threads read from a SQLAlchemy engine. */
function withEngine(engine: string, threads = "ThreadPoolExecutor(max_workers=32)"): string {
  return `
from concurrent.futures import ThreadPoolExecutor
from sqlalchemy import create_engine, text

engine = ${engine}

def load(key):
    with engine.connect() as connection:
        return connection.execute(text("SELECT 1"))

def main(keys):
    with ${threads} as pool:
        return list(pool.map(load, keys))
`;
}

const DSN = '"postgresql+psycopg://a@b/c"';

test("the message is the sum, with where each number comes from and what then happens", async () => {
  const { findings } = await auditTexts(fixtureFiles("db-pool-smaller-than-threads.settings"));
  expect(findings.map(({ message }) => message)).toEqual([
    "32 threads (`max_workers`, app/settings.py:6) share 15 connections (`pool_size` 5 + `max_overflow` 10, app/settings.py:4): 17 wait, and after 30 s fail with `TimeoutError`",
  ]);
  expect(findings[0]?.trace).toEqual([
    { path: "app/jobs.py", line: 22, message: "32 threads work here" },
    { path: "app/jobs.py", line: 23, message: "`pool.map` hands over `close_order`" },
    { path: "app/jobs.py", line: 11, message: expect.stringContaining("takes a connection") },
  ]);
});

test.each([
  [
    `create_engine(${DSN})`,
    "15 connections (`pool_size` 5 + `max_overflow` 10, defaults): 17 wait, and after 30 s fail with `TimeoutError`",
  ],
  [
    `create_engine(${DSN}, pool_size=10)`,
    "20 connections (`pool_size` 10 + `max_overflow` 10 by default, app.py:5): 12 wait, and after 30 s fail with `TimeoutError`",
  ],
  [
    `create_engine(${DSN}, pool_size=20, max_overflow=0, pool_timeout=None)`,
    "20 connections (`pool_size` 20 + `max_overflow` 0, app.py:5): 12 wait for ever",
  ],
  [
    `create_engine(${DSN}, **{"pool_size": 3, "max_overflow": 4})`,
    "7 connections (`pool_size` 3 + `max_overflow` 4, app.py:5): 25 wait, and after 30 s fail with `TimeoutError`",
  ],
])("%s", async (engine, words) => {
  const [message] = await messages({ "app.py": withEngine(engine) });
  expect(message).toBe(`app.py:5 32 threads (\`max_workers\`, app.py:12) share ${words}`);
});

test.each([
  `create_engine(${DSN}, max_overflow=-1)`,
  `create_engine(${DSN}, pool_size=0)`,
  `create_engine(${DSN}, **options)`,
  `create_engine(${DSN}, pool_size=settings.SIZE)`,
  'create_engine("sqlite://")',
])("no sum without both numbers, and none where nobody waits: %s", async (engine) => {
  expect(await messages({ "app.py": withEngine(engine) })).toEqual([]);
});

test("an inequality that depends on the machine is none; the checklist says so", async () => {
  const files = new Map([["app.py", withEngine(`create_engine(${DSN})`, "ThreadPoolExecutor()")]]);
  const { findings, checklist } = await auditTexts(files);
  expect(findings.filter(({ rule }) => CAPACITY.test(rule))).toEqual([]);
  const answer = checklist.find(({ id }) => id === "db-pool-fits-threads");
  expect(answer?.status).toBe("unknown");
  expect(answer?.evidence[0]?.message).toContain("6 to 32 threads share 15 connections of `engine`");
});

test("both sides may grow with the processors", async () => {
  const sized = (size: string): string =>
    `import os\n${withEngine(`create_engine(${DSN}, pool_size=${size}, max_overflow=0)`, "ThreadPoolExecutor(os.cpu_count() * 4)")}`;
  expect(await messages({ "app.py": sized("os.cpu_count() * 4") })).toEqual([]);
  expect(await messages({ "app.py": sized("os.cpu_count()") })).toEqual([
    "app.py:6 8 to 256 threads (`max_workers` cpu * 4, app.py:13) share 2 to 64 connections (`pool_size` cpu + `max_overflow` 0, app.py:6): 6 or more wait, and after 30 s fail with `TimeoutError`",
  ]);
});

test("the versions that the project pins decide", async () => {
  const source = `
from concurrent.futures import ThreadPoolExecutor
import redis

cache = redis.Redis(host="cache")

def load(key):
    return cache.get(key)

def main(keys):
    with ThreadPoolExecutor(120) as pool:
        return list(pool.map(load, keys))
`;
  expect(await messages({ "app.py": source, "requirements.txt": "redis==5.2.1\n" })).toEqual([]);
  expect(await messages({ "app.py": source, "requirements.txt": "redis==8.0.0\n" })).toEqual([
    "app.py:5 120 threads (`max_workers`, app.py:11) share 100 connections (the default of `max_connections`): 20 fail at once with `MaxConnectionsError`",
  ]);
  const file = withEngine('create_engine("sqlite:///app.db")');
  expect(await messages({ "app.py": file, "requirements.txt": "sqlalchemy==1.4.54\n" })).toEqual([]);
  expect(await messages({ "app.py": file, "requirements.txt": "sqlalchemy==2.0.43\n" })).toHaveLength(1);
});

test("workers of the configuration count where no server setting does", async () => {
  const source = 'from sqlalchemy import create_engine\nengine = create_engine("postgresql+psycopg://a@b/c")\n';
  const pyproject = "[tool.pcr]\nworkers = 20\ndatabase-max-connections = 250\n";
  expect(await messages({ "app.py": source, "pyproject.toml": pyproject })).toEqual([
    "app.py:2 20 processes (`workers` in the configuration) with up to 15 connections (`pool_size` 5 + `max_overflow` 10, defaults) each open up to 300: the database accepts 250 (`database-max-connections`)",
  ]);
});

test("resources carry their capacity, and where it comes from", async () => {
  const { resources } = await auditTexts(fixtureFiles("db-pool-smaller-than-threads.settings"));
  expect(resources).toEqual([
    {
      kind: "db-pool",
      name: "engine",
      path: "app/db.py",
      line: 6,
      capacity: 15,
      capacityFrom: "pool_size 5 + max_overflow 10, app/settings.py:4",
    },
    {
      kind: "db-pool",
      name: "export_engine",
      path: "app/db.py",
      line: 8,
      capacity: 15,
      capacityFrom: "pool_size 5 + max_overflow 10, app/settings.py:4",
    },
    {
      kind: "thread-pool",
      name: "pool",
      path: "app/jobs.py",
      line: 22,
      capacity: 32,
      capacityFrom: "max_workers=32, app/settings.py:6",
    },
    {
      kind: "thread-pool",
      name: "pool",
      path: "app/jobs.py",
      line: 27,
      capacity: 12,
      capacityFrom: "max_workers=12, app/settings.py:7",
    },
  ]);
});

test("hidden pools and servers are resources like the others; what is not known says what decides", async () => {
  const { resources } = await auditTexts(fixtureFiles("checklist.web-service"));
  expect(resources.map(({ kind, name, capacity }) => `${kind} ${name} ${capacity}`)).toEqual([
    "server-workers uvicorn orders.main:app 2",
    "db-pool engine 15",
    "thread-pool the threads of plain endpoints 40",
    "http-pool web 10",
  ]);
  const outside = await auditTexts(fixtureFiles("checklist.settings-from-outside"));
  expect(outside.resources.map(({ capacityFrom }) => capacityFrom)).toContain("unknown: CONNECTIONS");
});
