/** How many connections a database server accepts when nobody has changed it. */
export interface DatabaseServer {
  name: string;
  maxConnections: number;
  /** Of them kept for administrators. */
  reserved: number;
  note: string | null;
  source: string;
}

const POSTGRES: DatabaseServer = {
  name: "PostgreSQL",
  maxConnections: 100,
  reserved: 3,
  note: "97 are left for applications; reserved_connections (16 and later) takes more, none by default",
  source: "PostgreSQL 15 postgresql.conf.sample:65-66",
};
const MYSQL: DatabaseServer = {
  name: "MySQL",
  maxConnections: 151,
  reserved: 0,
  note: "one more is kept for an administrator",
  source: "MySQL reference manual, too many connections",
};
const MARIADB: DatabaseServer = {
  ...MYSQL,
  name: "MariaDB",
  source: "MariaDB server system variables, max_connections",
};
const SQL_SERVER: DatabaseServer = {
  name: "SQL Server",
  maxConnections: 32_767,
  reserved: 0,
  note: null,
  source: "SQL Server, user connections option",
};
const REDIS: DatabaseServer = {
  name: "Redis",
  maxConnections: 10_000,
  reserved: 32,
  note: "less where the system allows fewer open files",
  source: "redis.conf maxclients",
};
const MONGODB: DatabaseServer = {
  name: "MongoDB",
  maxConnections: 1_000_000,
  reserved: 0,
  note: "in practice the open files the system allows",
  source: "MongoDB net.maxIncomingConnections",
};

const BY_SCHEME: ReadonlyMap<string, DatabaseServer> = new Map([
  ["postgresql", POSTGRES],
  ["postgres", POSTGRES],
  ["mysql", MYSQL],
  ["mariadb", MARIADB],
  ["mssql", SQL_SERVER],
  ["redis", REDIS],
  ["rediss", REDIS],
  ["mongodb", MONGODB],
]);

/** Packages that speak to one kind of server only. */
const BY_PACKAGE: ReadonlyMap<string, DatabaseServer> = new Map([
  ["psycopg", POSTGRES],
  ["psycopg_pool", POSTGRES],
  ["psycopg2", POSTGRES],
  ["asyncpg", POSTGRES],
  ["aiopg", POSTGRES],
  ["pg8000", POSTGRES],
  ["pymysql", MYSQL],
  ["MySQLdb", MYSQL],
  ["mysql", MYSQL],
  ["aiomysql", MYSQL],
  ["asyncmy", MYSQL],
  ["mariadb", MARIADB],
  ["pymssql", SQL_SERVER],
  ["redis", REDIS],
  ["pymongo", MONGODB],
  ["motor", MONGODB],
]);

/** The drivers SQLAlchemy takes for a scheme without `+driver`, as canonical names of their connecting calls. */
const DRIVERS: ReadonlyMap<string, string> = new Map([
  ["postgresql", "psycopg.connect"],
  ["postgresql+psycopg", "psycopg.connect"],
  ["postgresql+psycopg_async", "psycopg.AsyncConnection.connect"],
  ["postgresql+psycopg2", "psycopg2.connect"],
  ["postgresql+asyncpg", "asyncpg.connect"],
  ["mysql", "MySQLdb.connect"],
  ["mysql+mysqldb", "MySQLdb.connect"],
  ["mysql+pymysql", "pymysql.connect"],
  ["mysql+mysqlconnector", "mysql.connector.connect"],
  ["mysql+aiomysql", "aiomysql.connect"],
  ["mysql+asyncmy", "asyncmy.connect"],
  ["mariadb", "MySQLdb.connect"],
  ["mariadb+pymysql", "pymysql.connect"],
  ["mariadb+mariadbconnector", "mariadb.connect"],
  ["mssql+pymssql", "pymssql.connect"],
  ["oracle", "oracledb.connect"],
  ["oracle+oracledb", "oracledb.connect"],
  ["sqlite", "sqlite3.connect"],
  ["sqlite+pysqlite", "sqlite3.connect"],
  ["sqlite+aiosqlite", "aiosqlite.connect"],
]);

/** Before SQLAlchemy 2.1 (2026) the plain scheme meant psycopg2. */
const OLDER_DRIVERS: ReadonlyMap<string, string> = new Map([["postgresql", "psycopg2.connect"]]);

/** Hosts and ports behind which a pooler multiplexes many client connections onto few of the server. */
const POOLERS: readonly RegExp[] = [
  /(?:^|[^a-z])pg_?bouncer/i,
  /pgcat|odyssey|proxysql|pgpool/i,
  /-pooler\.|\.pooler\./i,
];
const POOLER_PORTS: ReadonlySet<number> = new Set([6432, 6543]);

/** What an address of a database says. */
export interface DatabaseUrl {
  /** `postgresql`, without the driver. */
  dialect: string;
  driver: string | null;
  host: string | null;
  port: number | null;
  /** Name of the database, or a file's path; empty for SQLite in memory. */
  database: string;
  options: ReadonlyMap<string, string>;
}

/** Reads `dialect+driver://user:password@host:port/database?key=value`; `null` for text of another form. */
export function databaseUrl(text: string): DatabaseUrl | null {
  const found = /^(\w+)(?:\+(\w+))?:\/\/(?:[^@/?]*@)?([^:/?,]*)(?::(\d+))?[^/?]*(?:\/([^?]*))?(?:\?(.*))?$/s.exec(text);
  if (found === null) return null;
  const [, dialect = "", driver, host = "", port, database = "", query = ""] = found;
  return {
    dialect: dialect.toLowerCase(),
    driver: driver ?? null,
    host: host === "" ? null : host,
    port: port === undefined ? null : Number(port),
    database,
    options: new Map(query.split("&").flatMap((pair) => pairOf(pair))),
  };
}

function pairOf(text: string): [string, string][] {
  const at = text.indexOf("=");
  return at < 0 ? [] : [[text.slice(0, at), text.slice(at + 1)]];
}

/** The server an address leads to. */
export function serverOfUrl(url: DatabaseUrl): DatabaseServer | undefined {
  return BY_SCHEME.get(url.dialect);
}

/** The server that a call or type by canonical name speaks to, where its package knows only one. */
export function serverOfName(name: string): DatabaseServer | undefined {
  return BY_PACKAGE.get(name.split(".", 1)[0] ?? "");
}

/** Whether a pooler seems to stand before the server, so that client connections are not the server's. */
export function isPooler(url: DatabaseUrl): boolean {
  const host = url.host ?? "";
  return POOLERS.some((pattern) => pattern.test(host)) || (url.port !== null && POOLER_PORTS.has(url.port));
}

/** The call by which SQLAlchemy connects for an address; `beforeTwoOne` for a pinned SQLAlchemy older than 2.1. */
export function engineDriver(url: DatabaseUrl, beforeTwoOne: boolean): string | undefined {
  const scheme = url.driver === null ? url.dialect : `${url.dialect}+${url.driver}`;
  return (beforeTwoOne ? OLDER_DRIVERS.get(scheme) : undefined) ?? DRIVERS.get(scheme);
}

/**
 * The pool class that SQLAlchemy takes for an address when the code names none. `two` is true from SQLAlchemy 2.0 on, where a file of
 * SQLite got a real pool.
 */
export function enginePoolClass(url: DatabaseUrl, async: boolean, two: boolean): string {
  if (url.dialect !== "sqlite") return async ? "sqlalchemy.pool.AsyncAdaptedQueuePool" : "sqlalchemy.pool.QueuePool";
  const inMemory = url.database === "" || url.database.includes(":memory:") || url.options.get("mode") === "memory";
  if (inMemory) return async ? "sqlalchemy.pool.StaticPool" : "sqlalchemy.pool.SingletonThreadPool";
  if (!two) return "sqlalchemy.pool.NullPool";
  return async ? "sqlalchemy.pool.AsyncAdaptedQueuePool" : "sqlalchemy.pool.QueuePool";
}
