import type { TimeoutFact } from "../../knowledge/timeouts.ts";
import type { Func } from "../../python/module.ts";
import type { Runtime } from "../runtime.ts";
import type { Wait } from "./timeouts.ts";
import {
  endlessWork,
  isConsuming,
  isLent,
  isOfPool,
  isOwn,
  isPromise,
  isThere,
  isToldToEnd,
  isWoken,
  mayBeWoken,
  startsFiller,
} from "./wait-ends.ts";
import { hasOwnThread, runsOnLoopOnly, type Waiter, waiterOf } from "./waiters.ts";

/** How much it matters that a thread waits without a limit. */
export interface WaitWeight {
  /** The handler or worker whose place is kept meanwhile; `null` when only the program itself waits. */
  waiter: Waiter | null;
  /** The function that never returns, where a thread or process that runs it is waited for. */
  endless: Func | null;
  doubt: number;
}

/** Weighs a wait for another thread, process or object; `null` where something ends it, or where it is a mistake of another kind. */
export function weightOfWait(runtime: Runtime, wait: Wait): WaitWeight | null {
  const { func, call, fact, submission } = wait;
  if (runsOnLoopOnly(runtime, func) || isThere(runtime, wait)) return null;
  const waiter = submission ? null : waiterOf(runtime, func);
  if (waiter && deadlocks(runtime, wait, waiter)) return null;
  const isJoin = fact.awaits === "thread" || fact.awaits === "process";
  if (isJoin && isToldToEnd(func, call)) return null;
  if (fact.awaits === "item" && ((isConsuming(call) && waiter?.kind !== "handler") || isLent(wait))) return null;
  if (fact.awaits === "event" && isWoken(runtime, wait)) return null;
  if (waiter) return { waiter, endless: null, doubt: wait.doubt + doubtInWorker(runtime, wait, waiter) };
  const endless = isJoin ? endlessWork(runtime, wait) : null;
  return { waiter, endless, doubt: wait.doubt + (endless === null && usuallyEnds(runtime, wait) ? 2 : 0) };
}

/** Work that waits for work of its own pool, a Celery task that waits for another: the pool runs dry. */
function deadlocks(runtime: Runtime, wait: Wait, waiter: Waiter): boolean {
  if (waiter.kind === "handler") return waiter.label === "Celery task" && wait.fact.name.startsWith("celery.result.");
  return waiter.executor !== null && isOfPool(runtime, wait, waiter.executor);
}

function doubtInWorker(runtime: Runtime, wait: Wait, waiter: Waiter): number {
  const { awaits, name } = wait.fact;
  // What the waiter handed in itself; what others hold only for a moment.
  if (awaits === "work" || awaits === "space" || (awaits === "lock" && isLocal(name))) return 2;
  // Somebody wakes it: then it hangs only when that one does.
  const isSignal = awaits === "event" || awaits === "condition" || (awaits === "result" && isPromise(runtime, wait));
  const isWakened = isSignal && mayBeWoken(runtime, wait);
  return isWakened ? (waiter.kind === "handler" ? 1 : 2) : 0;
}

/** A lock of another program may be left behind by one that died. */
function isLocal(name: TimeoutFact["name"]): boolean {
  return /^(?:threading|multiprocessing)\./.test(name);
}

/** Whether a wait of a plain program ends as a rule. */
function usuallyEnds(runtime: Runtime, wait: Wait): boolean {
  const { fact, func } = wait;
  switch (fact.awaits) {
    case "item":
      return hasOwnThread(runtime, func) || func.isGenerator || !startsFiller(runtime, wait);
    case "condition":
    case "event":
      return mayBeWoken(runtime, wait) || isOwn(runtime, wait);
    case "result":
      // A worker process that is killed takes the result with it; a thread always delivers one.
      return !/^(?:multiprocessing\.pool|celery\.result)\./.test(fact.name);
    default:
      return true;
  }
}
