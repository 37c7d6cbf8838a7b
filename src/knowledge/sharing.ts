import { expandAll, uniqueMap } from "./names.ts";

/** An object that only one thread may use at a time. */
export interface ThreadBound {
  /** What to call it. */
  label: string;
  /** `raises`: the library refuses use from another thread; `corrupts`: it goes wrong when two threads meet. */
  outcome: "raises" | "corrupts";
  /** A keyword that lifts the refusal when it is given as `False`. */
  check: string | null;
  /** What to use instead, as the end of a sentence. */
  instead: string;
}

const OWN = "open a connection in each thread, or take one from a pool";
const MYSQL: Omit<ThreadBound, "label"> = { outcome: "corrupts", check: null, instead: OWN };

/**
 * Constructors of objects that threads must not share. PEP 249 `threadsafety` is 1 (share the module, not connections) in PyMySQL
 * 1.1, mysqlclient 2.2, mysql-connector-python 9, MariaDB Connector/Python 1.1, pymssql 2.3, pyodbc 5 and duckdb 1; psycopg2 2.9,
 * psycopg 3, oracledb 3 and snowflake-connector 3 have 2 (connections may be shared, cursors not). CPython 3.13
 * Modules/_sqlite/connection.c raises ProgrammingError in another thread unless check_same_thread is false. SQLAlchemy 2.0
 * orm/session.py: a Session is not for concurrent use.
 */
const BOUND: readonly (readonly [names: string, fact: ThreadBound])[] = [
  [
    "sqlite3.connect",
    {
      label: "`sqlite3` connection",
      outcome: "raises",
      check: "check_same_thread",
      instead:
        "open a connection in each thread (`threading.local`), or pass `check_same_thread=False` and hold a lock around every use",
    },
  ],
  ["pymysql.connect pymysql.Connect pymysql.connections.Connection", { ...MYSQL, label: "`pymysql` connection" }],
  ["MySQLdb.connect MySQLdb.Connect MySQLdb.connections.Connection", { ...MYSQL, label: "`MySQLdb` connection" }],
  ["mysql.connector.connect", { ...MYSQL, label: "`mysql.connector` connection" }],
  ["mariadb.connect", { ...MYSQL, label: "`mariadb` connection" }],
  ["pymssql.connect", { ...MYSQL, label: "`pymssql` connection" }],
  ["pyodbc.connect", { ...MYSQL, label: "`pyodbc` connection" }],
  [
    "{sqlite3.Connection,psycopg2.extensions.connection,psycopg.Connection,pymysql.connections.Connection,MySQLdb.connections.Connection,mysql.connector.connection.MySQLConnection,mariadb.Connection,pymssql.Connection,pyodbc.Connection,oracledb.Connection,cx_Oracle.Connection,snowflake.connector.SnowflakeConnection}.cursor",
    { label: "cursor", outcome: "corrupts", check: null, instead: "open a cursor in each thread" },
  ],
  [
    "sqlalchemy.orm.Session sqlmodel.Session sqlalchemy.orm.sessionmaker.__call__",
    {
      label: "SQLAlchemy `Session`",
      outcome: "corrupts",
      check: null,
      instead: "open a session in each thread, or use a `scoped_session`",
    },
  ],
];

/** Objects that threads must not share, by the canonical name of what makes them. */
export const THREAD_BOUND: ReadonlyMap<string, ThreadBound> = uniqueMap(
  BOUND.flatMap(([names, fact]) => expandAll(names).map((name) => [name, fact] as const)),
);

/** Attributes of a `requests.Session` that every request reads: changing them while other threads send requests changes theirs. */
export const SESSION_STATE: ReadonlySet<string> = new Set([
  "headers",
  "auth",
  "cookies",
  "params",
  "proxies",
  "verify",
  "cert",
]);

/** What makes a `requests.Session`. */
export const SESSION_MAKERS: ReadonlySet<string> = new Set(["requests.Session", "requests.session"]);

const UNPICKLABLE_ROWS: readonly (readonly [names: string, label: string])[] = [
  ["threading.{Lock,RLock,Condition,Semaphore,BoundedSemaphore,Event,Barrier}", "a `*`"],
  ["threading.{Thread,Timer}", "a thread"],
  ["threading.local", "a `threading.local`"],
  ["queue.{Queue,LifoQueue,PriorityQueue,SimpleQueue}", "a `*`"],
  [
    "io.{TextIOWrapper,BufferedReader,BufferedWriter,BufferedRandom,FileIO} gzip.GzipFile bz2.BZ2File lzma.LZMAFile tarfile.TarFile zipfile.ZipFile mmap.mmap",
    "an open file",
  ],
  ["subprocess.Popen", "a `subprocess.Popen`"],
  ["concurrent.futures.{ThreadPoolExecutor,ProcessPoolExecutor,InterpreterPoolExecutor}", "an executor"],
  ["multiprocessing.pool.{Pool,ThreadPool}", "a pool"],
  ["concurrent.futures.Future multiprocessing.pool.AsyncResult", "a future"],
  ["asyncio.AbstractEventLoop", "an event loop"],
  ["asyncio.{Task,Future}", "a task"],
  ["ssl.SSLContext", "an `ssl.SSLContext`"],
  [
    "sqlite3.Connection psycopg2.extensions.connection psycopg.Connection pymysql.connections.Connection MySQLdb.connections.Connection mysql.connector.connection.MySQLConnection mariadb.Connection pyodbc.Connection oracledb.Connection duckdb.DuckDBPyConnection sqlalchemy.engine.Connection",
    "a database connection",
  ],
  [
    "sqlite3.Cursor psycopg2.extensions.cursor psycopg.Cursor pymysql.cursors.Cursor MySQLdb.cursors.Cursor mysql.connector.cursor.MySQLCursor pyodbc.Cursor",
    "a database cursor",
  ],
  ["sqlalchemy.engine.Engine", "a SQLAlchemy engine"],
  ["psycopg_pool.ConnectionPool psycopg2.pool.{ThreadedConnectionPool,SimpleConnectionPool}", "a connection pool"],
  ["pymongo.MongoClient", "a `MongoClient`"],
  ["botocore.client.BaseClient", "a boto3 client"],
  ["boto3.resources.base.ServiceResource", "a boto3 resource"],
  ["httpx.{Client,AsyncClient}", "an `httpx` client"],
  ["aiohttp.ClientSession", "an `aiohttp` session"],
  ["grpc.Channel", "a gRPC channel"],
  ["paramiko.{SSHClient,SFTPClient,Transport,Channel}", "an SSH connection"],
];

/**
 * Classes whose objects `pickle` refuses, with words for them (`*` is the class). Tried on CPython 3.11: `TypeError: cannot pickle '_thread.lock' object`
 * and the like; objects that hold a lock, a socket, an `SSLContext` or a generator inherit the refusal.
 */
export const UNPICKLABLE: ReadonlyMap<string, string> = uniqueMap(
  UNPICKLABLE_ROWS.flatMap(([names, label]) => expandAll(names).map((name) => [name, label] as const)),
);

/**
 * What makes objects that `multiprocessing` hands to a child only while it starts: in a pool's task they raise "should only be shared
 * between processes through inheritance" (CPython 3.13 Lib/multiprocessing/context.py, assert_spawning).
 */
export const INHERITED_ONLY: ReadonlySet<string> = new Set(
  expandAll(
    "multiprocessing.{Lock,RLock,Semaphore,BoundedSemaphore,Condition,Event,Barrier,Queue,JoinableQueue,SimpleQueue,Value,Array,RawValue,RawArray}",
  ),
);

/** Methods by which a class decides itself what is pickled of its objects. */
export const PICKLE_HOOKS: readonly string[] = ["__getstate__", "__reduce__", "__reduce_ex__", "__getnewargs_ex__"];

/** Process pools that pickle what they are given with the standard `pickle`; `loky`, dask and joblib use cloudpickle, which also carries closures. */
export const PICKLING_POOLS: ReadonlySet<string> = new Set([
  "concurrent.futures.ProcessPoolExecutor",
  "multiprocessing.pool.Pool",
  "multiprocessing.Pool",
  "pebble.ProcessPool",
]);

/** Imports after which `pickle` carries lambdas and closures: `multiprocess` (pathos) and `dill` extend it. */
export const RICHER_PICKLES: ReadonlySet<string> = new Set(["multiprocess", "dill", "pathos", "cloudpickle"]);

const LARGE_ROWS: readonly (readonly [names: string, label: string])[] = [
  ["numpy.ndarray", "array"],
  ["pandas.{DataFrame,Series} polars.{DataFrame,Series} geopandas.GeoDataFrame", "data frame"],
  ["pyarrow.Table", "table"],
  ["scipy.sparse.{csr_matrix,csc_matrix,coo_matrix,csr_array,csc_array}", "matrix"],
  ["PIL.Image.Image", "image"],
  ["xarray.{DataArray,Dataset}", "array"],
];

/** Classes whose objects are usually big: pickling costs about 4 ms for each megabyte and direction. */
export const LARGE: ReadonlyMap<string, string> = uniqueMap(
  LARGE_ROWS.flatMap(([names, label]) => expandAll(names).map((name) => [name, label] as const)),
);

/** Calls that read a whole file or answer into memory. */
export const WHOLE_READS: ReadonlySet<string> = new Set(
  expandAll(
    "pathlib.Path.{read_bytes,read_text} io.{TextIOWrapper,BufferedReader}.{read,readlines} gzip.GzipFile.read zipfile.ZipFile.read",
  ),
);
