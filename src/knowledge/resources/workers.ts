import type { Resource, ResourceRow } from "./row.ts";
import { resources } from "./row.ts";

/**
 * Brokers. pika 1.3: heartbeats stop with the connection, which must be closed. kafka-python 2.2, aiokafka 0.12: `close`/`stop` flush what
 * is unsent and leave the consumer group. aio-pika 9, nats-py 2.11, pulsar-client 3.
 */
const BROKERS: readonly ResourceRow[] = [
  ["pika.BlockingConnection", "connection", "close", { derives: ["channel"] }],
  [
    "aio_pika.{connect,connect_robust}",
    "connection",
    "close",
    { awaited: true, entersAwaited: true, derives: ["channel"] },
  ],
  ["kafka.KafkaProducer", "producer", "close", { shared: true }],
  ["kafka.KafkaConsumer", "consumer", "close", { endless: true }],
  ["kafka.KafkaAdminClient", "client", "close", {}],
  ["aiokafka.AIOKafkaProducer", "producer", "stop", { shared: true, awaited: true, starts: ["start"] }],
  ["aiokafka.AIOKafkaConsumer", "consumer", "stop", { awaited: true, starts: ["start"], endless: true }],
  ["confluent_kafka.Consumer", "consumer", "close", { with: false, endless: true }],
  ["nats.connect", "connection", "close drain", { awaited: true, entersAwaited: true }],
  ["pulsar.Client", "client", "close", { derives: ["create_producer", "subscribe", "create_reader"] }],
];

/**
 * Executors and pools of workers. CPython 3.13: idle threads of an executor wait until `shutdown`; a `multiprocessing.Pool` leaves its
 * children, and a process that ends without `close` or `terminate` may hang.
 */
const EXECUTORS: readonly ResourceRow[] = [
  [
    "concurrent.futures.ThreadPoolExecutor concurrent.futures.InterpreterPoolExecutor gevent.threadpool.ThreadPoolExecutor",
    "thread pool",
    "shutdown",
    { inner: [] },
  ],
  ["concurrent.futures.ProcessPoolExecutor loky.ProcessPoolExecutor", "process pool", "shutdown", {}],
  ["multiprocessing.{Pool,pool.Pool}", "process pool", "close terminate", {}],
  ["multiprocessing.{pool.ThreadPool,dummy.Pool}", "thread pool", "close terminate", {}],
  ["pebble.ThreadPool", "thread pool", "close stop", {}],
  ["pebble.ProcessPool", "process pool", "close stop", {}],
];

const BLOCKS: readonly ResourceRow[] = [
  ["multiprocessing.shared_memory.SharedMemory", "shared memory block", "close", { with: false }],
  ["multiprocessing.shared_memory.ShareableList", "shared memory block", "close", { with: false, inner: ["shm"] }],
];

/** Brokers, executors and shared memory, by the canonical name of what opens them. */
export const WORKERS: readonly (readonly [string, Resource])[] = [
  ...resources("connection", BROKERS),
  ...resources("executor", EXECUTORS, { shared: true }),
  ...resources("shared-memory", BLOCKS),
];
