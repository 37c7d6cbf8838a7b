import type { Resource, ResourceRow } from "./row.ts";
import { resources } from "./row.ts";

const CURSOR: Partial<Resource> = { derives: ["cursor"] };
const ASYNC_CURSOR: Partial<Resource> = { derives: ["cursor", "transaction"], awaited: true };

/**
 * Database connections. What `with connection:` does differs: sqlite3 (CPython 3.13), psycopg2 2.9 and pyodbc 5 end the transaction and
 * leave the connection open; psycopg 3, PyMySQL 1.1, mysqlclient 2.2, oracledb 3, pg8000 and the async drivers close it.
 */
const CONNECTIONS: readonly ResourceRow[] = [
  ["sqlite3.connect", "connection", "close", { ...CURSOR, with: false, local: true }],
  ["psycopg2.connect", "connection", "close", { ...CURSOR, with: false }],
  ["pyodbc.connect", "connection", "close", { ...CURSOR, with: false }],
  ["psycopg.{connect,Connection.connect}", "connection", "close", { derives: ["cursor", "execute"] }],
  ["psycopg.AsyncConnection.connect", "connection", "close", { ...ASYNC_CURSOR, entersAwaited: true }],
  ["pymysql.{connect,Connect,connections.Connection}", "connection", "close", CURSOR],
  ["MySQLdb.{connect,Connect,connections.Connection}", "connection", "close", CURSOR],
  ["mysql.connector.connect", "connection", "close disconnect shutdown", CURSOR],
  ["mysql.connector.aio.connect", "connection", "close disconnect shutdown", { ...ASYNC_CURSOR, entersAwaited: true }],
  ["{pymssql,oracledb,cx_Oracle,mariadb,redshift_connector}.connect", "connection", "close", CURSOR],
  ["pg8000.{connect,dbapi.connect,native.Connection}", "connection", "close", CURSOR],
  ["snowflake.connector.connect databricks.sql.connect", "connection", "close", CURSOR],
  ["asyncpg.connect", "connection", "close terminate", { ...ASYNC_CURSOR, with: false }],
  ["aiomysql.connect aiopg.connect aioodbc.connect", "connection", "close ensure_closed", { ...CURSOR }],
  ["aiosqlite.connect", "connection", "close stop", { ...ASYNC_CURSOR }],
];

/** Pools and clients with a pool of their own. asyncpg 0.31, aiomysql 0.3, aiopg 1.4, psycopg_pool 3.3, redis-py 8, neo4j 6, databases 0.9. */
const POOLS: readonly ResourceRow[] = [
  ["asyncpg.create_pool", "connection pool", "close terminate", { awaited: true, derives: ["acquire"] }],
  ["aiomysql.create_pool aiopg.create_pool aioodbc.create_pool", "connection pool", "close terminate", {}],
  ["psycopg_pool.{ConnectionPool,NullConnectionPool}", "connection pool", "close", {}],
  ["psycopg_pool.{AsyncConnectionPool,AsyncNullConnectionPool}", "connection pool", "close", { awaited: true }],
  ["psycopg2.pool.{SimpleConnectionPool,ThreadedConnectionPool}", "connection pool", "closeall", { with: false }],
  ["oracledb.create_pool", "connection pool", "close", {}],
  [
    "redis.asyncio.{Redis,RedisCluster,from_url,Redis.from_url,RedisCluster.from_url} aioredis.from_url valkey.asyncio.{Valkey,from_url,Valkey.from_url}",
    "client",
    "aclose close",
    { awaited: true, borrows: ["connection_pool"], derives: ["pipeline", "pubsub", "lock", "register_script"] },
  ],
  ["neo4j.GraphDatabase.driver", "driver", "close", {}],
  ["neo4j.AsyncGraphDatabase.driver", "driver", "close", { awaited: true }],
  ["databases.Database", "connection pool", "disconnect", { awaited: true, starts: ["connect"] }],
];

/** Made to be shared; what they hold goes with them when nothing refers to them. SQLAlchemy 2.1, redis-py 8, PyMongo 4.16, Motor 3.7. */
const SHARED: readonly ResourceRow[] = [
  ["sqlalchemy.create_engine", "engine", "dispose", {}],
  ["sqlalchemy.ext.asyncio.create_async_engine", "engine", "dispose", { awaited: true }],
  [
    "redis.{Redis,StrictRedis,RedisCluster,from_url,Redis.from_url} valkey.{Valkey,from_url,Valkey.from_url}",
    "client",
    "close",
    { borrows: ["connection_pool"] },
  ],
  ["pymongo.MongoClient", "client", "close", {}],
  ["pymongo.AsyncMongoClient motor.motor_asyncio.AsyncIOMotorClient", "client", "close", {}],
  ["cassandra.cluster.Cluster", "cluster", "shutdown", {}],
];

const RELEASED: Partial<Resource> = { giveBack: ["release"] };

/**
 * Connections taken from a pool. psycopg2 2.9 pool.py and psycopg_pool 3.3: only `putconn` gives a connection back (`close` leaves its
 * slot taken). asyncpg 0.31, aiomysql 0.3, aiopg 1.4: `pool.release`. SQLAlchemy 2.1: `close()` gives it back; a `Session` keeps one from
 * its first statement to `close()`.
 */
const CHECKOUTS: readonly ResourceRow[] = [
  [
    "psycopg2.pool.{SimpleConnectionPool,ThreadedConnectionPool,AbstractConnectionPool}.getconn",
    "connection",
    "",
    { ...CURSOR, giveBack: ["putconn"], with: false },
  ],
  [
    "psycopg_pool.{ConnectionPool,NullConnectionPool,AsyncConnectionPool,AsyncNullConnectionPool}.getconn",
    "connection",
    "",
    { ...CURSOR, giveBack: ["putconn"], with: false },
  ],
  ["asyncpg.Pool.acquire", "connection", "close terminate", { ...RELEASED, derives: ["transaction", "cursor"] }],
  ["aiomysql.Pool.acquire aiopg.Pool.acquire aioodbc.Pool.acquire", "connection", "close", { ...RELEASED, ...CURSOR }],
  ["oracledb.ConnectionPool.acquire cx_Oracle.SessionPool.acquire", "connection", "close", { ...RELEASED, ...CURSOR }],
  ["mysql.connector.pooling.MySQLConnectionPool.get_connection", "connection", "close", CURSOR],
  ["dbutils.pooled_db.PooledDB.connection", "connection", "close", CURSOR],
  [
    "sqlalchemy.engine.Engine.{connect,raw_connection}",
    "connection",
    "close invalidate",
    { derives: ["begin", "cursor"], same: ["execution_options"] },
  ],
  [
    "sqlalchemy.ext.asyncio.AsyncEngine.connect",
    "connection",
    "close aclose",
    { awaited: true, derives: ["begin"], same: ["execution_options"] },
  ],
];

/** What a session of an object mapper has to be closed for: the connection it took from the engine's pool. */
const SESSIONS: readonly ResourceRow[] = [
  ["sqlalchemy.orm.{Session,sessionmaker.__call__} sqlmodel.Session", "session", "close invalidate close_all", {}],
  [
    "sqlalchemy.ext.asyncio.{AsyncSession,async_sessionmaker.__call__}",
    "session",
    "close aclose invalidate close_all",
    { awaited: true },
  ],
];

/** Databases and caches, by the canonical name of what opens them. */
export const DATABASES: readonly (readonly [string, Resource])[] = [
  ...resources("connection", CONNECTIONS),
  ...resources("client", POOLS, { shared: true }),
  ...resources("client", SHARED, { shared: true, mustClose: false }),
  ...resources("checkout", CHECKOUTS),
  ...resources("checkout", SESSIONS, { derives: ["query", "begin", "execute", "scalars", "connection"] }),
];
