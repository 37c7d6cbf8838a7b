import { expandAll, uniqueMap } from "./names.ts";

/** Whom a lock keeps apart: threads of one process, processes, or tasks of one event loop. */
export type LockFamily = "thread" | "process" | "task";

/** `lock` admits one; `rlock` admits its holder again; `semaphore` a number of holders; `limiter` paces without keeping anybody apart. */
export type LockKind = "lock" | "rlock" | "condition" | "semaphore" | "limiter";

export interface LockFact {
  name: string;
  family: LockFamily;
  kind: LockKind;
}

type Row = readonly [names: string, family: LockFamily, kind: LockKind];

// CPython 3.13 Lib/threading.py, Lib/asyncio/locks.py, Lib/multiprocessing/synchronize.py; anyio 4.10; trio 0.30; aiolimiter 1.2; gevent 24
const ROWS: readonly Row[] = [
  ["threading.Lock", "thread", "lock"],
  ["threading.RLock", "thread", "rlock"],
  ["threading.Condition", "thread", "condition"],
  ["threading.{Semaphore,BoundedSemaphore}", "thread", "semaphore"],
  ["multiprocessing.Lock", "process", "lock"],
  ["multiprocessing.RLock", "process", "rlock"],
  ["multiprocessing.Condition", "process", "condition"],
  ["multiprocessing.{Semaphore,BoundedSemaphore}", "process", "semaphore"],
  ["asyncio.Lock", "task", "lock"],
  ["asyncio.Condition", "task", "condition"],
  ["asyncio.{Semaphore,BoundedSemaphore}", "task", "semaphore"],
  ["anyio.Lock trio.Lock trio.StrictFIFOLock", "task", "lock"],
  ["anyio.Condition trio.Condition", "task", "condition"],
  ["anyio.{Semaphore,CapacityLimiter} trio.{Semaphore,CapacityLimiter}", "task", "semaphore"],
  ["aiolimiter.AsyncLimiter asyncio_throttle.Throttler aiometer.amap", "task", "limiter"],
  ["tornado.locks.Lock", "task", "lock"],
  ["tornado.locks.Semaphore tornado.locks.BoundedSemaphore", "task", "semaphore"],
];

/** Locks by the canonical name of their class. */
export const LOCKS: ReadonlyMap<string, LockFact> = uniqueMap(
  ROWS.flatMap(([names, family, kind]) => expandAll(names).map((name) => [name, { name, family, kind }] as const)),
);
