import { timeouts } from "./row.ts";

const SOCKET = "socket.setdefaulttimeout";
const REDIS_KEYS = "socket_timeout socket_connect_timeout";
const MONGO_KEYS = "timeoutMS serverSelectionTimeoutMS connectTimeoutMS socketTimeoutMS waitQueueTimeoutMS";

/** Databases, caches, brokers, sockets: making a connection, and what it then waits for. */
export const CONNECTIONS = [
  ...timeouts(
    "connection",
    "connection",
    "CPython 3.11 Lib/socket.py:807, socketmodule.c",
    { zero: "error", negative: "error" },
    [
      ["socket.create_connection", "timeout@1", "forever", { global: SOCKET, fix: "timeout=10" }],
      [
        "socket.socket",
        "",
        "forever",
        {
          global: SOCKET,
          setBy: "socket.socket.{settimeout,setblocking}",
          unless: "type@1 socket.SOCK_DGRAM socket.SOCK_RAW | family@0 socket.AF_UNIX",
          waitsIn: "socket.socket.connect",
          note: "connect, and then recv, send and accept, wait for ever",
        },
      ],
      [
        "socket.{getaddrinfo,gethostbyname,gethostbyaddr,getnameinfo}",
        "",
        "the limit of the system's resolver, about 10 s for each name server",
      ],
    ],
  ),
  ...timeouts(
    "connection",
    "connection",
    "psycopg2 lib/__init__.py:80, lib/pool.py:39; libpq: 0 or less waits without limit",
    {
      fix: "connect_timeout=10",
      zero: "forever",
      negative: "forever",
      note: "queries have no limit: options='-c statement_timeout=…' sets one",
    },
    [
      ["psycopg2.connect", "connect_timeout:connect", "forever", { url: "dsn@0 connect_timeout" }],
      [
        "psycopg2.pool.{ThreadedConnectionPool,SimpleConnectionPool}",
        "connect_timeout:connect",
        "forever",
        { url: "dsn@2 connect_timeout" },
      ],
    ],
  ),
  ...timeouts(
    "connection",
    "connection",
    "psycopg 3.3 conninfo.py:23,134; absent in 3.1.8, there in 3.1.18",
    {
      url: "conninfo@0 connect_timeout",
      none: "default",
      zero: "default",
      negative: "default",
      note: "queries have no limit",
    },
    [
      [
        "psycopg.connect psycopg.{Connection,AsyncConnection}.connect",
        "connect_timeout:connect",
        "130 s for each host",
        { before: [["psycopg", "3.1.9", "forever"]] },
      ],
    ],
  ),
  ...timeouts("connection", "pool", "psycopg_pool 3.3 pool.py:57", { url: "conninfo@0 connect_timeout" }, [
    [
      "psycopg_pool.{ConnectionPool,AsyncConnectionPool,NullConnectionPool,AsyncNullConnectionPool}",
      "timeout:pool",
      "30 s for a connection of the pool",
      { none: "error" },
    ],
  ]),
  ...timeouts("connection", "connection", "asyncpg 0.31 connection.py:2083, pool.py:1075", { zero: "error" }, [
    [
      "asyncpg.connect",
      "timeout:connect command_timeout:read",
      "60 s to connect",
      { awaited: true, note: "queries have no limit unless command_timeout sets one" },
    ],
    [
      "asyncpg.create_pool",
      "timeout:connect command_timeout:read",
      "60 s to connect",
      { awaited: true, note: "acquire() waits for ever, queries have no limit unless command_timeout sets one" },
    ],
  ]),
  ...timeouts(
    "connection",
    "connection",
    "PyMySQL connections.py:191,323, asyncmy 0.2 connection.pyx",
    { zero: "error", negative: "error", none: "error", note: "queries have no limit unless read_timeout sets one" },
    [
      [
        "pymysql.connect pymysql.connections.Connection",
        "connect_timeout:connect read_timeout:read write_timeout:write",
        "10 s to connect",
      ],
      [
        "asyncmy.{connect,create_pool}",
        "connect_timeout:connect read_timeout:read",
        "10 s to connect",
        { awaited: true, none: "forever" },
      ],
    ],
  ),
  ...timeouts(
    "connection",
    "connection",
    "mysqlclient 1.4 connections.py:65, MySQL Connector 8.4 to 26.10 constants.py, MariaDB Connector 1.1",
    { zero: "forever", fix: "connect_timeout=10" },
    [
      ["MySQLdb.connect", "connect_timeout:connect read_timeout:read", "forever"],
      [
        "mysql.connector.connect mysql.connector.pooling.MySQLConnectionPool",
        "connection_timeout:connect connect_timeout:connect read_timeout:read",
        "forever",
        { fix: "connection_timeout=10" },
      ],
      [
        "mysql.connector.aio.connect",
        "connection_timeout:connect connect_timeout:connect read_timeout:read",
        "forever",
        { awaited: true, fix: "connection_timeout=10" },
      ],
      ["mariadb.connect", "connect_timeout:connect read_timeout:read", "forever"],
    ],
  ),
  ...timeouts(
    "connection",
    "connection",
    "aiomysql connection.py:47-52, pool.py:13",
    { awaited: true, fix: "connect_timeout=10" },
    [
      ["aiomysql.connect", "connect_timeout@14:connect", "forever"],
      ["aiomysql.create_pool", "connect_timeout:connect", "forever", { note: "acquire() waits for ever as well" }],
    ],
  ),
  ...timeouts(
    "connection",
    "connection",
    "aiopg 1.4 connection.py:40, pymssql 2.3, oracledb 26 connect_params.py",
    {},
    [
      ["aiopg.{connect,create_pool}", "timeout", "60 s to connect and for each operation", { awaited: true }],
      ["pymssql.connect", "login_timeout:connect timeout:read", "60 s to connect"],
      ["oracledb.{connect,create_pool}", "tcp_connect_timeout:connect", "20 s to connect"],
      [
        "oracledb.{connect_async,create_pool_async}",
        "tcp_connect_timeout:connect",
        "20 s to connect",
        { awaited: true },
      ],
    ],
  ),
  ...timeouts("connection", "pool", "SQLAlchemy 2.1 pool/impl.py:77", {}, [
    [
      "sqlalchemy.create_engine sqlalchemy.ext.asyncio.create_async_engine",
      "pool_timeout:pool",
      "30 s for a connection of the pool",
      {
        url: "url@0 connect_timeout",
        note: "limits of connecting and of queries are the driver's: connect_args or the URL",
      },
    ],
    ["sqlalchemy.pool.QueuePool", "timeout@3:pool", "30 s for a connection of the pool"],
  ]),
  ...timeouts(
    "connection",
    "connection",
    "CPython 3.11 sqlite3, aiosqlite 0.20 core.py",
    { none: "error", zero: "at once" },
    [
      ["sqlite3.connect", "timeout@1", "5 s for a lock", { note: "queries have no limit" }],
      ["aiosqlite.connect", "timeout", "5 s for a lock", { awaited: true, note: "queries have no limit" }],
    ],
  ),
  ...timeouts(
    "connection",
    "answer",
    "redis-py 5.0 to 8.1 client.py, connection.py:811,888, _defaults.py:7",
    {
      zero: "error",
      fix: "socket_timeout=5, socket_connect_timeout=5",
      before: [["redis", "8.0", "forever"]],
      note: "without socket_connect_timeout, socket_timeout limits connecting too",
    },
    [
      ["redis.Redis", "socket_timeout@4 socket_connect_timeout@5:connect", "5 s", { carriers: "connection_pool" }],
      ["redis.asyncio.Redis", "socket_timeout socket_connect_timeout:connect", "5 s", { carriers: "connection_pool" }],
      [
        "redis.{from_url,Redis.from_url,ConnectionPool.from_url,BlockingConnectionPool.from_url,RedisCluster.from_url}",
        "socket_timeout socket_connect_timeout:connect",
        "5 s",
        { url: `url@0 ${REDIS_KEYS}` },
      ],
      [
        "redis.asyncio.{from_url,Redis.from_url,ConnectionPool.from_url,BlockingConnectionPool.from_url,RedisCluster.from_url}",
        "socket_timeout socket_connect_timeout:connect",
        "5 s",
        { url: `url@0 ${REDIS_KEYS}` },
      ],
      [
        "redis.{ConnectionPool,BlockingConnectionPool,RedisCluster,sentinel.Sentinel}",
        "socket_timeout socket_connect_timeout:connect",
        "5 s",
      ],
      [
        "redis.asyncio.{ConnectionPool,BlockingConnectionPool,RedisCluster,sentinel.Sentinel}",
        "socket_timeout socket_connect_timeout:connect",
        "5 s",
      ],
    ],
  ),
  ...timeouts(
    "connection",
    "answer",
    "valkey-py 6.1 client.py, connection.py",
    { zero: "error", fix: "socket_timeout=5, socket_connect_timeout=5" },
    [
      [
        "valkey.Valkey",
        "socket_timeout@4 socket_connect_timeout@5:connect",
        "forever",
        { carriers: "connection_pool" },
      ],
      [
        "valkey.asyncio.Valkey",
        "socket_timeout socket_connect_timeout:connect",
        "forever",
        { carriers: "connection_pool" },
      ],
      [
        "valkey.{from_url,Valkey.from_url,asyncio.from_url,asyncio.Valkey.from_url}",
        "socket_timeout socket_connect_timeout:connect",
        "forever",
        { url: `url@0 ${REDIS_KEYS}` },
      ],
    ],
  ),
  ...timeouts(
    "connection",
    "connection",
    "mongo-python-driver 4.18 pymongo/common.py:82,89,98,109",
    {
      zero: "forever",
      url: `host@0 ${MONGO_KEYS}`,
      note: "an answer has no limit: timeoutMS or pymongo.timeout() sets one for whole operations",
    },
    [
      [
        "pymongo.{MongoClient,AsyncMongoClient} motor.motor_asyncio.AsyncIOMotorClient",
        "timeoutMS/ms serverSelectionTimeoutMS:connect/ms connectTimeoutMS:connect/ms socketTimeoutMS:read/ms waitQueueTimeoutMS:pool/ms",
        "30 s to find a server, 20 s to connect",
      ],
    ],
  ),
  ...timeouts(
    "connection",
    "answer",
    "pymemcache 4.0 client/base.py, client/hash.py",
    { fix: "connect_timeout=5, timeout=5", zero: "error" },
    [
      ["pymemcache.client.base.{Client,PooledClient}", "connect_timeout@4:connect timeout@5", "forever"],
      ["pymemcache.client.hash.HashClient", "connect_timeout@5:connect timeout@6", "forever"],
    ],
  ),
  ...timeouts("connection", "connection", "ldap3 2.9 core/server.py:73, core/connection.py:186", { zero: "forever" }, [
    ["ldap3.Server", "connect_timeout@7:connect", "forever", { fix: "connect_timeout=10" }],
    ["ldap3.Connection", "receive_timeout@21:read", "forever", { awaits: "answer", fix: "receive_timeout=30" }],
  ]),
  ...timeouts("connection", "connection", "kafka-python 3.0 producer/kafka.py:447, aiokafka 0.14", {}, [
    [
      "kafka.KafkaProducer",
      "max_block_ms/ms request_timeout_ms:read/ms",
      "60 s to find the partitions, 120 s to deliver",
      { none: "error" },
    ],
    ["kafka.KafkaConsumer", "request_timeout_ms:read/ms", "30 s for each request", { none: "error" }],
    [
      "aiokafka.{AIOKafkaProducer,AIOKafkaConsumer}",
      "request_timeout_ms:read/ms",
      "40 s for each request",
      { none: "error" },
    ],
  ]),
  ...timeouts("connection", "connection", "pika 1.4 connection.py:74-87,1069", {}, [
    [
      "pika.ConnectionParameters",
      "socket_timeout@10:connect stack_timeout@11 blocked_connection_timeout@13:write",
      "10 s to connect, 15 s for the handshake",
      { note: "without blocked_connection_timeout publishing hangs while the broker is short of memory" },
    ],
    [
      "pika.URLParameters",
      "",
      "10 s to connect, 15 s for the handshake",
      { url: "url@0 socket_timeout stack_timeout blocked_connection_timeout" },
    ],
  ]),
  ...timeouts(
    "connection",
    "connection",
    "amqp 5.4 connection.py:198, kombu 5.7 connection.py, aio-pika 10 connection.py:384",
    {},
    [
      [
        "amqp.Connection",
        "connect_timeout@10:connect read_timeout@19:read write_timeout@20:write",
        "forever",
        { fix: "connect_timeout=10" },
      ],
      ["kombu.Connection", "connect_timeout@8:connect", "5 s to connect"],
      ["aio_pika.{connect,connect_robust}", "timeout", "forever", { awaited: true, fix: "timeout=10" }],
    ],
  ),
  ...timeouts(
    "connection",
    "connection",
    "websocket-client 1.2 _core.py:538, _socket.py:41; websockets 16 asyncio and sync clients",
    {},
    [
      [
        "websocket.create_connection",
        "timeout@1",
        "forever",
        { global: "websocket.setdefaulttimeout", fix: "timeout=10" },
      ],
      [
        "websockets.connect websockets.asyncio.client.connect",
        "open_timeout:connect",
        "10 s to connect",
        { awaited: true },
      ],
      ["websockets.sync.client.connect", "open_timeout:connect", "10 s to connect"],
    ],
  ),
  ...timeouts("connection", "connection", "kazoo 2.8 client.py:619, paho-mqtt 1.6 client.py, neo4j 6 _conf.py", {}, [
    ["kazoo.client.KazooClient.start", "timeout@0", "15 s"],
    ["paho.mqtt.client.Client.connect", "", "5 s to connect"],
    [
      "neo4j.{GraphDatabase,AsyncGraphDatabase}.driver",
      "connection_timeout:connect connection_acquisition_timeout:pool",
      "30 s to connect, 60 s for a connection of the pool",
    ],
  ]),
  ...timeouts(
    "connection",
    "connection",
    "asyncssh 2.10 connection.py:255, aiosmtplib 2.0 smtp.py:46",
    { awaited: true },
    [
      [
        "asyncssh.connect",
        "connect_timeout:connect login_timeout",
        "forever",
        { zero: "forever", text: "limits the log-in to 120 s, and nothing before it" },
      ],
      ["aiosmtplib.SMTP", "timeout@6", "60 s", { awaited: false }],
      ["aiosmtplib.send", "timeout", "60 s"],
    ],
  ),
  ...timeouts("connection", "answer", "dnspython 2.3 resolver.py:874,1122", { none: "default" }, [
    ["dns.resolver.resolve dns.resolver.Resolver.resolve", "lifetime@7", "5 s"],
    ["dns.asyncresolver.resolve", "lifetime@7", "5 s", { awaited: true }],
  ]),
  ...timeouts("connection", "device", "pyserial 3.5 serialutil.py:180", { zero: "at once" }, [
    [
      "serial.Serial",
      "timeout@5:read write_timeout:write",
      "forever",
      { waitsIn: "serial.Serial.{read,readline,read_until,readlines}" },
    ],
  ]),
];
