import { NEVER, pools, raises, waits } from "./row.ts";

const ENGINE_USE = `sqlalchemy.engine.Engine.{connect,begin,raw_connection,execute}
sqlalchemy.orm.Session.{execute,scalar,scalars,get,get_one,flush,commit,refresh,merge,connection,bulk_save_objects,bulk_insert_mappings,bulk_update_mappings}
sqlmodel.Session.exec sqlalchemy.orm.Query.{all,first,one,one_or_none,scalar,count,get,delete,update,__iter__}`;
const ENGINE_END = `sqlalchemy.engine.Connection.close sqlalchemy.orm.Session.{close,commit,rollback} sqlalchemy.orm.scoped_session.remove`;
const ENGINE_GIVES = [
  "sqlalchemy.orm.{sessionmaker,Session} bind@0",
  "sqlmodel.Session bind@0",
  "sqlalchemy.orm.sessionmaker.configure bind receiver",
  "sqlalchemy.orm.sessionmaker.{__call__,begin}",
  "sqlalchemy.orm.scoped_session session_factory@0",
  "sqlalchemy.orm.scoped_session.__call__",
  "sqlalchemy.engine.Engine.{connect,begin,execution_options}",
];
const ASYNC_ENGINE_USE = `sqlalchemy.ext.asyncio.AsyncEngine.{connect,begin,raw_connection}
sqlalchemy.ext.asyncio.AsyncSession.{execute,scalar,scalars,get,get_one,flush,commit,refresh,merge,connection,stream,stream_scalars,run_sync}`;
const ASYNC_ENGINE_END = `sqlalchemy.ext.asyncio.AsyncConnection.close sqlalchemy.ext.asyncio.AsyncSession.{close,commit,rollback}
sqlalchemy.ext.asyncio.async_scoped_session.remove`;
const ASYNC_ENGINE_GIVES = [
  "sqlalchemy.ext.asyncio.{async_sessionmaker,AsyncSession} bind@0",
  "sqlalchemy.orm.sessionmaker bind@0",
  "sqlalchemy.ext.asyncio.async_sessionmaker.configure bind receiver",
  "sqlalchemy.ext.asyncio.async_sessionmaker.{__call__,begin}",
  "sqlalchemy.ext.asyncio.async_scoped_session session_factory@0",
  "sqlalchemy.ext.asyncio.async_scoped_session.__call__",
  "sqlalchemy.ext.asyncio.AsyncEngine.{connect,begin,execution_options}",
];
const QUEUE_POOL = "pool_size=5<1 + max_overflow=10<0";
const POOL_TIMEOUT = waits(30, "sqlalchemy.exc.TimeoutError", "pool_timeout");

/** SQLAlchemy: engines and the pool classes they may be given. */
const SQLALCHEMY = [
  ...pools(
    "db-pool",
    "SQLAlchemy 2.1 pool/impl.py:75-77,137, engine/default.py:725",
    { full: POOL_TIMEOUT, classArgument: "poolclass" },
    [
      [
        "sqlalchemy.create_engine",
        QUEUE_POOL,
        {
          type: "sqlalchemy.engine.Engine",
          acquire: ENGINE_USE,
          release: ENGINE_END,
          gives: ENGINE_GIVES,
          note: "each process has its own; SQLite takes other pools",
        },
      ],
      [
        "sqlalchemy.ext.asyncio.create_async_engine",
        QUEUE_POOL,
        {
          type: "sqlalchemy.ext.asyncio.AsyncEngine",
          acquire: ASYNC_ENGINE_USE,
          release: ASYNC_ENGINE_END,
          gives: ASYNC_ENGINE_GIVES,
          async: true,
          note: "each process has its own; SQLite takes other pools",
        },
      ],
      [
        "sqlalchemy.engine_from_config",
        "=unknown",
        { type: "sqlalchemy.engine.Engine", acquire: ENGINE_USE, release: ENGINE_END, gives: ENGINE_GIVES },
      ],
      [
        "sqlalchemy.ext.asyncio.async_engine_from_config",
        "=unknown",
        {
          type: "sqlalchemy.ext.asyncio.AsyncEngine",
          acquire: ASYNC_ENGINE_USE,
          release: ASYNC_ENGINE_END,
          gives: ASYNC_ENGINE_GIVES,
          async: true,
        },
      ],
      [
        "flask_sqlalchemy.SQLAlchemy",
        "=unknown",
        {
          acquire: ENGINE_USE,
          release: ENGINE_END,
          note: "5 + 10 unless SQLALCHEMY_ENGINE_OPTIONS or engine_options say otherwise",
        },
      ],
    ],
  ),
  ...pools("db-pool", "SQLAlchemy 2.1 pool/impl.py:75,258,391,463,520", {}, [
    [
      "sqlalchemy.pool.{QueuePool,AsyncAdaptedQueuePool}",
      "pool_size@1=5<1 + max_overflow@2=10<0",
      { full: waits(30, "sqlalchemy.exc.TimeoutError", "timeout@3") },
    ],
    ["sqlalchemy.pool.NullPool", "", { full: NEVER, opens: "use" }],
    ["sqlalchemy.pool.SingletonThreadPool", "", { full: NEVER, opens: "worker" }],
    ["sqlalchemy.pool.StaticPool", "=1", { full: NEVER, opens: "shared", note: "one connection for all, on purpose" }],
    ["sqlalchemy.pool.AssertionPool", "=1", { full: raises("AssertionError") }],
  ]),
];

/** PostgreSQL drivers. */
const POSTGRES = [
  ...pools(
    "db-pool",
    "psycopg_pool 3.3 pool.py:49-63, base.py:118-129, null_pool.py:36",
    { full: waits(30, "psycopg_pool.PoolTimeout", "timeout") },
    [
      [
        "psycopg_pool.ConnectionPool",
        "max_size=fixed",
        {
          acquire: "psycopg_pool.ConnectionPool.{connection,getconn}",
          release: "psycopg_pool.ConnectionPool.putconn",
          note: "without max_size it stays at min_size, which is 4",
        },
      ],
      [
        "psycopg_pool.AsyncConnectionPool",
        "max_size=fixed",
        {
          acquire: "psycopg_pool.AsyncConnectionPool.{connection,getconn}",
          release: "psycopg_pool.AsyncConnectionPool.putconn",
          async: true,
          note: "without max_size it stays at min_size, which is 4",
        },
      ],
      [
        "psycopg_pool.NullConnectionPool",
        "max_size=unlimited?",
        {
          acquire: "psycopg_pool.NullConnectionPool.{connection,getconn}",
          release: "psycopg_pool.NullConnectionPool.putconn",
          opens: "use",
        },
      ],
      [
        "psycopg_pool.AsyncNullConnectionPool",
        "max_size=unlimited?",
        {
          acquire: "psycopg_pool.AsyncNullConnectionPool.{connection,getconn}",
          release: "psycopg_pool.AsyncNullConnectionPool.putconn",
          opens: "use",
          async: true,
        },
      ],
    ],
    { fixed: { kind: "same", parameter: "min_size", position: null, default: 4 } },
  ),
  ...pools("db-pool", "psycopg2 lib/pool.py:39,92,155", { full: raises("psycopg2.pool.PoolError") }, [
    [
      "psycopg2.pool.ThreadedConnectionPool",
      "maxconn@1=unknown",
      {
        acquire: "psycopg2.pool.{ThreadedConnectionPool,AbstractConnectionPool}.getconn",
        release: "psycopg2.pool.{ThreadedConnectionPool,AbstractConnectionPool}.putconn",
      },
    ],
    [
      "psycopg2.pool.SimpleConnectionPool",
      "maxconn@1=unknown",
      {
        acquire: "psycopg2.pool.{SimpleConnectionPool,AbstractConnectionPool}.getconn",
        release: "psycopg2.pool.{SimpleConnectionPool,AbstractConnectionPool}.putconn",
        note: "has no lock: not for threads",
      },
    ],
  ]),
  ...pools("db-pool", "asyncpg 0.31 pool.py:852,1075", { full: waits(null), async: true }, [
    [
      "asyncpg.create_pool",
      "max_size=10",
      {
        type: "asyncpg.Pool",
        acquire: "asyncpg.Pool.{acquire,execute,executemany,fetch,fetchrow,fetchval,copy_from_query,copy_to_table}",
        release: "asyncpg.Pool.release",
      },
    ],
  ]),
  ...pools("db-pool", "aiopg 1.4 pool.py:26", { full: waits(null), async: true }, [
    [
      "aiopg.create_pool",
      "maxsize=10<1",
      { type: "aiopg.Pool", acquire: "aiopg.Pool.{acquire,cursor}", release: "aiopg.Pool.release" },
    ],
  ]),
];

/** MySQL, Oracle and drivers of any database. */
const OTHER_SQL = [
  ...pools(
    "db-pool",
    "aiomysql pool.py:13,137, asyncmy 0.2 pool.pyx, aioodbc 0.5 pool.py:248",
    { full: waits(null), async: true },
    [
      [
        "aiomysql.create_pool",
        "maxsize@1=10<1",
        { type: "aiomysql.Pool", acquire: "aiomysql.Pool.acquire", release: "aiomysql.Pool.release" },
      ],
      [
        "asyncmy.create_pool",
        "maxsize@1=10<1",
        { type: "asyncmy.pool.Pool", acquire: "asyncmy.pool.Pool.acquire", release: "asyncmy.pool.Pool.release" },
      ],
      [
        "aioodbc.create_pool",
        "maxsize@2=10<1",
        { type: "aioodbc.Pool", acquire: "aioodbc.Pool.acquire", release: "aioodbc.Pool.release" },
      ],
    ],
  ),
  ...pools("db-pool", "MySQL Connector 26.10 pooling.py:652, MariaDB Connector 1.1", {}, [
    [
      "mysql.connector.pooling.MySQLConnectionPool",
      "pool_size@0=5",
      {
        acquire: "mysql.connector.pooling.MySQLConnectionPool.get_connection",
        release: "mysql.connector.connection.MySQLConnection.close",
        full: raises("mysql.connector.errors.PoolError"),
        note: "at most 32",
      },
    ],
    [
      "mysql.connector.connect",
      "pool_size=5",
      {
        onlyWith: "pool_name pool_size pool_reset_session",
        type: "mysql.connector.connection.MySQLConnection",
        acquire: "mysql.connector.connect",
        release: "mysql.connector.connection.MySQLConnection.close",
        full: raises("mysql.connector.errors.PoolError"),
      },
    ],
    [
      "mariadb.ConnectionPool",
      "pool_size=5",
      {
        acquire: "mariadb.ConnectionPool.get_connection",
        release: "mariadb.Connection.close",
        full: raises("mariadb.PoolError"),
      },
    ],
  ]),
  ...pools("db-pool", "oracledb 26 pool_params.py: min 1, max 2, POOL_GETMODE_WAIT", { full: waits(null) }, [
    [
      "oracledb.create_pool",
      "max=2",
      {
        type: "oracledb.ConnectionPool",
        acquire: "oracledb.ConnectionPool.acquire",
        release: "oracledb.ConnectionPool.release",
      },
    ],
    [
      "oracledb.create_pool_async",
      "max=2",
      {
        type: "oracledb.AsyncConnectionPool",
        acquire: "oracledb.AsyncConnectionPool.acquire",
        release: "oracledb.AsyncConnectionPool.release",
        async: true,
      },
    ],
  ]),
  ...pools("db-pool", "DBUtils 3.2 pooled_db.py:203,436, persistent_db.py, simple_pooled_db.py", {}, [
    [
      "dbutils.pooled_db.PooledDB",
      "maxconnections@4=unlimited<1",
      {
        acquire: "dbutils.pooled_db.PooledDB.{connection,dedicated_connection}",
        full: raises("dbutils.pooled_db.TooManyConnectionsError"),
        variant: ["blocking@5", "True", waits(null)],
      },
    ],
    [
      "dbutils.persistent_db.PersistentDB",
      "",
      { acquire: "dbutils.persistent_db.PersistentDB.connection", full: NEVER, opens: "worker" },
    ],
    [
      "dbutils.pooled_pg.PooledPg",
      "maxconnections@2=unlimited<1",
      {
        acquire: "dbutils.pooled_pg.PooledPg.connection",
        full: raises("dbutils.pooled_pg.TooManyConnectionsError"),
        variant: ["blocking@3", "True", waits(null)],
      },
    ],
  ]),
  ...pools(
    "db-pool",
    "peewee 3.14 to 4.5 playhouse/pool.py",
    { full: raises("playhouse.pool.MaxConnectionsExceeded") },
    [
      [
        "playhouse.pool.{PooledDatabase,PooledPostgresqlDatabase,PooledPostgresqlExtDatabase,PooledMySQLDatabase,PooledSqliteDatabase,PooledSqliteExtDatabase,PooledCSqliteExtDatabase}",
        "max_connections@1=20",
        {
          acquire: `peewee.Database.{connect,connection,connection_context,atomic,execute,execute_sql}
          peewee.Model.{select,get,create,save,get_or_none,get_or_create,get_by_id,delete_instance,bulk_create}
          peewee.{ModelSelect,ModelUpdate,ModelDelete,ModelInsert}.{execute,count,exists,first,get,get_or_none,scalar,dicts,tuples,__iter__}`,
          release: "peewee.Database.{close,manual_close}",
          variant: ["timeout@3", "given", waits(null, "playhouse.pool.MaxConnectionsExceeded", "timeout@3")],
          note: "one connection for each thread that uses it, until it closes",
        },
      ],
    ],
  ),
  ...pools("db-pool", "Django 5.2 db/utils.py, ref/databases", { full: NEVER, opens: "worker" }, [
    [
      "django.db.connection",
      "",
      {
        type: "django.db.backends.base.base.BaseDatabaseWrapper",
        acquire: `django.db.models.query.QuerySet.{get,first,last,count,exists,create,get_or_create,update_or_create,update,delete,bulk_create,bulk_update,aggregate,in_bulk,__iter__}
          django.db.models.Model.{save,delete,refresh_from_db} django.db.backends.base.base.BaseDatabaseWrapper.cursor django.db.transaction.atomic`,
        release: "django.db.{close_old_connections,connection.close,connections.close_all}",
        note: "one for each thread and alias; CONN_MAX_AGE is 0, and threads of your own must close theirs; OPTIONS['pool'] is psycopg_pool's from Django 5.1",
      },
    ],
  ]),
];

/** Caches, documents, graphs. */
const STORES = [
  ...pools(
    "db-pool",
    "redis-py 5.0 to 8.1 connection.py:2975,3319,3522, asyncio/connection.py, asyncio/cluster.py:417",
    { held: "call", full: raises("redis.exceptions.MaxConnectionsError") },
    [
      [
        "redis.Redis",
        "max_connections=100",
        {
          acquire: "redis.Redis.*",
          release: "redis.Redis.close",
          before: [["redis", "8.0", "max_connections=unlimited"]],
          sizedBy: ["redis.Redis connection_pool", "redis.Redis.from_pool connection_pool@0"],
        },
      ],
      [
        "redis.{from_url,Redis.from_url}",
        "max_connections=100",
        {
          type: "redis.Redis",
          acquire: "redis.Redis.*",
          release: "redis.Redis.close",
          before: [["redis", "8.0", "max_connections=unlimited"]],
          note: "the URL may have max_connections",
        },
      ],
      [
        "redis.ConnectionPool",
        "max_connections@1=100",
        {
          acquire: "redis.Redis.*",
          release: "redis.ConnectionPool.{release,disconnect}",
          before: [["redis", "8.0", "max_connections@1=unlimited"]],
          gives: ["redis.Redis connection_pool", "redis.Redis.from_pool connection_pool@0"],
        },
      ],
      [
        "redis.ConnectionPool.from_url",
        "max_connections=100",
        {
          type: "redis.ConnectionPool",
          acquire: "redis.Redis.*",
          before: [["redis", "8.0", "max_connections=unlimited"]],
          gives: ["redis.Redis connection_pool", "redis.Redis.from_pool connection_pool@0"],
        },
      ],
      [
        "redis.BlockingConnectionPool",
        "max_connections@0=50",
        {
          acquire: "redis.Redis.*",
          release: "redis.ConnectionPool.{release,disconnect}",
          full: waits(20, "redis.exceptions.ConnectionError", "timeout@1"),
          gives: ["redis.Redis connection_pool", "redis.Redis.from_pool connection_pool@0"],
        },
      ],
      [
        "redis.BlockingConnectionPool.from_url",
        "max_connections=50",
        {
          type: "redis.BlockingConnectionPool",
          acquire: "redis.Redis.*",
          full: waits(20, "redis.exceptions.ConnectionError", "timeout"),
          gives: ["redis.Redis connection_pool", "redis.Redis.from_pool connection_pool@0"],
        },
      ],
      [
        "redis.asyncio.Redis",
        "max_connections=100",
        {
          acquire: "redis.asyncio.Redis.*",
          release: "redis.asyncio.Redis.{close,aclose}",
          async: true,
          before: [["redis", "8.0", "max_connections=unlimited"]],
          sizedBy: ["redis.asyncio.Redis connection_pool", "redis.asyncio.Redis.from_pool connection_pool@0"],
        },
      ],
      [
        "redis.asyncio.{from_url,Redis.from_url}",
        "max_connections=100",
        {
          type: "redis.asyncio.Redis",
          acquire: "redis.asyncio.Redis.*",
          release: "redis.asyncio.Redis.{close,aclose}",
          async: true,
          before: [["redis", "8.0", "max_connections=unlimited"]],
          note: "the URL may have max_connections",
        },
      ],
      [
        "redis.asyncio.ConnectionPool",
        "max_connections@1=100",
        {
          acquire: "redis.asyncio.Redis.*",
          release: "redis.asyncio.ConnectionPool.{release,disconnect,aclose}",
          async: true,
          before: [["redis", "8.0", "max_connections@1=unlimited"]],
          gives: ["redis.asyncio.Redis connection_pool", "redis.asyncio.Redis.from_pool connection_pool@0"],
        },
      ],
      [
        "redis.asyncio.ConnectionPool.from_url",
        "max_connections=100",
        {
          type: "redis.asyncio.ConnectionPool",
          acquire: "redis.asyncio.Redis.*",
          async: true,
          before: [["redis", "8.0", "max_connections=unlimited"]],
          gives: ["redis.asyncio.Redis connection_pool", "redis.asyncio.Redis.from_pool connection_pool@0"],
        },
      ],
      [
        "redis.asyncio.BlockingConnectionPool",
        "max_connections@0=50",
        {
          acquire: "redis.asyncio.Redis.*",
          release: "redis.asyncio.ConnectionPool.{release,disconnect,aclose}",
          async: true,
          full: waits(20, "redis.exceptions.ConnectionError", "timeout@1"),
          gives: ["redis.asyncio.Redis connection_pool", "redis.asyncio.Redis.from_pool connection_pool@0"],
        },
      ],
      [
        "redis.asyncio.BlockingConnectionPool.from_url",
        "max_connections=50",
        {
          type: "redis.asyncio.BlockingConnectionPool",
          acquire: "redis.asyncio.Redis.*",
          async: true,
          full: waits(20, "redis.exceptions.ConnectionError", "timeout"),
          gives: ["redis.asyncio.Redis connection_pool", "redis.asyncio.Redis.from_pool connection_pool@0"],
        },
      ],
      [
        "redis.asyncio.RedisCluster",
        "max_connections=100",
        {
          acquire: "redis.asyncio.RedisCluster.*",
          async: true,
          before: [["redis", "8.0", "max_connections=unlimited"]],
          note: "for each node",
        },
      ],
    ],
  ),
  ...pools(
    "db-pool",
    "mongo-python-driver 4.18 pymongo/common.py:94,109, synchronous/pool.py:1013",
    { held: "call", full: waits(null, null, "waitQueueTimeoutMS/ms") },
    [
      [
        "pymongo.MongoClient",
        "maxPoolSize=100<1?",
        {
          acquire: "pymongo.collection.Collection.* pymongo.database.Database.*",
          release: "pymongo.MongoClient.close",
          gives: ["pymongo.MongoClient.{get_database,get_default_database,__getitem__}"],
          note: "for each server, and two more that watch it; the URI may have maxPoolSize",
        },
      ],
      [
        "pymongo.AsyncMongoClient",
        "maxPoolSize=100<1?",
        {
          acquire: "pymongo.asynchronous.collection.AsyncCollection.* pymongo.asynchronous.database.AsyncDatabase.*",
          release: "pymongo.AsyncMongoClient.close",
          async: true,
        },
      ],
      [
        "motor.motor_asyncio.AsyncIOMotorClient",
        "maxPoolSize=100<1?",
        {
          acquire: "motor.motor_asyncio.AsyncIOMotorCollection.*",
          release: "motor.motor_asyncio.AsyncIOMotorClient.close",
          async: true,
          note: "Motor is at its end: AsyncMongoClient of PyMongo took its place",
        },
      ],
    ],
  ),
  ...pools(
    "db-pool",
    "neo4j 6.4 _async/config.py:55, _conf.py:352",
    { full: waits(60, "neo4j.exceptions.ClientError", "connection_acquisition_timeout") },
    [
      [
        "neo4j.GraphDatabase.driver",
        "max_connection_pool_size=100",
        {
          type: "neo4j.Driver",
          acquire: "neo4j.{Driver.execute_query,Session.run,Session.execute_read,Session.execute_write}",
        },
      ],
      [
        "neo4j.AsyncGraphDatabase.driver",
        "max_connection_pool_size=100",
        {
          type: "neo4j.AsyncDriver",
          acquire:
            "neo4j.{AsyncDriver.execute_query,AsyncSession.run,AsyncSession.execute_read,AsyncSession.execute_write}",
          async: true,
        },
      ],
    ],
  ),
  ...pools(
    "db-pool",
    "pymemcache 4.0 client/base.py:1320, pool.py:91",
    { held: "call", full: raises("RuntimeError") },
    [
      [
        "pymemcache.client.base.PooledClient",
        "max_pool_size@11=unlimited?",
        { acquire: "pymemcache.client.base.PooledClient.*" },
      ],
    ],
  ),
  ...pools("db-pool", "aio-pika 10 pool.py", { full: waits(null), async: true }, [
    ["aio_pika.pool.Pool", "max_size=unlimited?", { acquire: "aio_pika.pool.Pool.acquire" }],
  ]),
];

export const DATABASE_POOLS = [...SQLALCHEMY, ...POSTGRES, ...OTHER_SQL, ...STORES];
