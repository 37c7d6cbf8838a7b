import { expandAll, uniqueMap } from "./names.ts";

/** What becomes of a call that belongs to the event loop's own thread when another thread makes it. */
export type LoopBound =
  /** It raises at once: no loop runs in the calling thread. */
  | "raises"
  /** The loop sleeps on and notices late or never, and its own bookkeeping may break. */
  | "unnoticed";

const ROWS: readonly (readonly [names: string, fate: LoopBound])[] = [
  ["asyncio.create_task asyncio.ensure_future", "raises"],
  [
    "asyncio.AbstractEventLoop.{call_soon,call_later,call_at,create_task,stop,add_reader,add_writer,remove_reader,remove_writer}",
    "unnoticed",
  ],
  ["asyncio.Queue.{put_nowait,get_nowait,task_done}", "unnoticed"],
  [
    "asyncio.Event.set asyncio.Lock.release asyncio.Semaphore.release asyncio.Condition.{notify,notify_all}",
    "unnoticed",
  ],
  ["asyncio.Future.{set_result,set_exception,cancel,add_done_callback}", "unnoticed"],
  ["asyncio.StreamWriter.{write,writelines,write_eof,close}", "unnoticed"],
];

/**
 * Calls that only the thread of the event loop may make, by canonical name: asyncio's objects are not thread-safe.
 * CPython 3.13 Lib/asyncio base_events.py, futures.py, locks.py, queues.py, streams.py; docs library/asyncio-dev, "Concurrency and Multithreading".
 */
export const LOOP_BOUND: ReadonlyMap<string, LoopBound> = uniqueMap(
  ROWS.flatMap(([names, fate]) => expandAll(names).map((name) => [name, fate] as const)),
);
