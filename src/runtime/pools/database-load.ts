import {
  type DatabaseServer,
  type DatabaseUrl,
  isPooler,
  serverOfName,
  serverOfUrl,
} from "../../knowledge/pools/database-servers.ts";
import { SERVERS } from "../../knowledge/pools/servers.ts";
import { POOLS } from "../../knowledge/pools.ts";
import { argument } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import { serves } from "../servers/served.ts";
import type { ServerSetting } from "../servers/server-setting.ts";
import { type Capacity, exceeds, fixed, isUnlimited, lesser, limitsOf, product } from "./capacity.ts";
import { addressOf } from "./database-address.ts";
import { type DjangoDatabase, djangoDatabasesOf } from "./django-databases.ts";
import { amountCapacity } from "./named-crews.ts";
import { type Pool, poolsOf } from "./pools.ts";
import { sharesOf } from "./pools-in-use.ts";

/** What one pool asks of its database server: so many processes with so many connections each. */
export interface DatabaseLoad {
  pool: Pool;
  processes: Capacity;
  /** Connections of one process. */
  each: Capacity;
  total: Capacity;
  /** How the processes are started; `null` where nothing says that there is more than one. */
  setting: ServerSetting | null;
  /** What the database accepts, and whether the project said so; `null` where the kind of server is not known. */
  limit: number | null;
  isConfigured: boolean;
  server: DatabaseServer | null;
  doubt: number;
}

const known = new WeakMap<Runtime, readonly DatabaseLoad[]>();

/** The load that each SQL pool of the program puts on its database, as far as both numbers are known. */
export function databaseLoadsOf(runtime: Runtime): readonly DatabaseLoad[] {
  const remembered = known.get(runtime);
  if (remembered) return remembered;
  const found = [
    ...[...poolsOf(runtime).values()].flatMap((pool) => loadOf(runtime, pool) ?? []),
    ...djangoDatabasesOf(runtime).flatMap((database) => djangoLoad(runtime, database) ?? []),
  ];
  known.set(runtime, found);
  return found;
}

const SQL =
  /^(?:sqlalchemy|flask_sqlalchemy|psycopg|psycopg2|psycopg_pool|asyncpg|aiopg|aiomysql|asyncmy|mysql|mariadb|playhouse|dbutils)\b/;

function loadOf(runtime: Runtime, pool: Pool): DatabaseLoad | null {
  const { fact, capacity, func } = pool;
  if (fact.kind !== "db-pool" || !SQL.test(fact.name) || !capacity || isUnlimited(capacity)) return null;
  if (
    runtime.target.isTest(func.module.path) ||
    fact.opens !== "up to capacity" ||
    (/\.pool\.\w+Pool$/.test(fact.name) && fact.name.startsWith("sqlalchemy"))
  )
    return null;
  const address = pool.address ?? ownAddress(runtime, pool);
  if (address && (isPooler(address) || address.dialect === "sqlite")) return null;
  const server = (address && serverOfUrl(address)) ?? serverOfName(fact.name) ?? null;
  const configured = runtime.target.databaseMaxConnections;
  const limit = configured ?? server?.maxConnections ?? null;
  const base = { pool, limit, isConfigured: configured !== null, server };
  let worst: DatabaseLoad | null = null;
  const offer = (processes: Capacity, each: Capacity, setting: ServerSetting | null, doubt: number): void => {
    const total = product(processes, each);
    const load = {
      ...base,
      processes,
      each,
      total,
      setting,
      doubt: pool.doubt + doubt + Math.max(capacity.doubt, processes.doubt),
    };
    if (!worst || exceeds(total, worst.total)) worst = load;
  };
  for (const setting of runtime.servers) {
    if (!serves(runtime, setting, func.module)) continue;
    const processes = processesOf(runtime, setting);
    if (processes) offer(processes, perProcess(runtime, setting, pool, capacity), setting, 0);
  }
  if (!worst)
    offer(runtime.target.workers === null ? fixed(1) : configuredWorkers(runtime.target.workers), capacity, null, 0);
  return worst;
}

/** Django: one connection for each thread of each process, or as many as the pool of its options has. */
function djangoLoad(runtime: Runtime, { module, at, address, pool }: DjangoDatabase): DatabaseLoad | null {
  const fact = POOLS.get("django.db.connection");
  const server = (address && serverOfUrl(address)) ?? null;
  if (!fact || !address || !server || isPooler(address) || address.dialect === "sqlite") return null;
  const configured = runtime.target.databaseMaxConnections;
  const own: Pool = pool ?? {
    fact,
    name: "DATABASES",
    func: module.top,
    made: at,
    sizedAt: at,
    capacity: null,
    open: null,
    address,
    doubt: 0,
  };
  let worst: DatabaseLoad | null = null;
  for (const setting of runtime.servers) {
    const processes = processesOf(runtime, setting);
    const threads = workersIn(setting);
    if (!processes || !threads || !serves(runtime, setting, module)) continue;
    const each = own.capacity ? lesser(own.capacity, threads) : threads;
    const total = product(processes, each);
    const doubt = Math.max(processes.doubt, each.doubt);
    const limit = configured ?? server.maxConnections;
    if (!worst || exceeds(total, worst.total))
      worst = { pool: own, processes, each, total, setting, limit, isConfigured: configured !== null, server, doubt };
  }
  return worst;
}

function configuredWorkers(workers: number): Capacity {
  return fixed(workers, "`workers` in the configuration");
}

/** Worker processes that have pools of their own; Celery's without a number are as many as processors. */
function processesOf(runtime: Runtime, { server, workers, workerClass }: ServerSetting): Capacity | null {
  if (runtime.target.workers !== null) return configuredWorkers(runtime.target.workers);
  if (workers) return amountCapacity(workers);
  if (server !== "celery") return fixed(1);
  const kind = SERVERS.get("celery")?.worker?.kinds[workerClass ?? "prefork"];
  return kind === "processes" ? null : fixed(1);
}

/** Connections that one process opens: no more than the pool has, and no more than work in it at once. */
function perProcess(runtime: Runtime, setting: ServerSetting, pool: Pool, capacity: Capacity): Capacity {
  const atOnce = workersIn(setting);
  if (!atOnce) return capacity;
  const others = sharesOf(runtime).some(
    ({ pool: shared, crew }) => shared.made === pool.made && crew.kind !== "process" && crew.pool !== null,
  );
  return others ? capacity : lesser(capacity, atOnce);
}

/** How much one process of the server does at once; `null` where nothing bounds it. */
function workersIn({ server, threads, workerClass }: ServerSetting): Capacity | null {
  const fact = SERVERS.get(server)?.worker;
  const kind = fact?.kinds[workerClass ?? fact.default];
  if (server === "celery")
    return kind === "threads" || kind === "greenlets" ? threads && amountCapacity(threads) : fixed(1);
  if (server === "gunicorn" && (kind === "processes" || kind === "threads"))
    return threads ? amountCapacity(threads) : fixed(1);
  if (server === "uwsgi") return threads ? amountCapacity(threads) : fixed(1);
  return null;
}

/** The address that a driver's pool is given. */
function ownAddress(runtime: Runtime, { made }: Pool): DatabaseUrl | null {
  if (made.kind !== "call") return null;
  const given =
    argument(made, "dsn", -1) ?? argument(made, "conninfo", -1) ?? argument(made, "url", -1) ?? argument(made, null, 0);
  const address = given && addressOf(runtime, given);
  if (address) return address;
  const host = argument(made, "host", -1);
  const port = argument(made, "port", -1);
  const name = host && runtime.constants.evaluate(host);
  const number = port && runtime.constants.evaluate(port);
  if (name?.kind !== "string" && number?.kind !== "number") return null;
  return {
    dialect: "",
    driver: null,
    host: name?.kind === "string" ? name.value : null,
    port: number?.kind === "number" ? number.value : null,
    database: "",
    options: new Map(),
  };
}

/** Whether the database refuses some of the connections, on every machine. */
export function isRefused({ total, limit }: DatabaseLoad): boolean {
  return limit !== null && limitsOf(total).low > limit;
}
