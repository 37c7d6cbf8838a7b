import { asyncBusyWait } from "./async-busy-wait.ts";
import { asyncPoolSmallerThanTasks } from "./async-pool-smaller-than-tasks.ts";
import { blockingCallInAsync } from "./blocking-call-in-async.ts";
import { blockingCallReachedFromAsync } from "./blocking-call-reached-from-async.ts";
import { cancellationSwallowed } from "./cancellation-swallowed.ts";
import { childExitUnchecked } from "./child-exit-unchecked.ts";
import { connectionNotReturned } from "./connection-not-returned.ts";
import { connectionWithoutTimeout } from "./connection-without-timeout.ts";
import { connectionsExceedServer } from "./connections-exceed-server.ts";
import { coroutineNeverAwaited } from "./coroutine-never-awaited.ts";
import { cpuWorkInThreadOffload } from "./cpu-work-in-thread-offload.ts";
import { cpuWorkInThreads } from "./cpu-work-in-threads.ts";
import { cpuWorkOnEventLoop } from "./cpu-work-on-event-loop.ts";
import { dbPoolSmallerThanThreads } from "./db-pool-smaller-than-threads.ts";
import { defaultExecutorStarvation } from "./default-executor-starvation.ts";
import { executorNotShutDown } from "./executor-not-shut-down.ts";
import { executorPerCall } from "./executor-per-call.ts";
import { forkWithThreads } from "./fork-with-threads.ts";
import { futureResultDropped } from "./future-result-dropped.ts";
import { httpPoolSmallerThanThreads } from "./http-pool-smaller-than-threads.ts";
import { ioWorkInProcesses } from "./io-work-in-processes.ts";
import { largeObjectPickled } from "./large-object-pickled.ts";
import { lockNotReleased } from "./lock-not-released.ts";
import { lockOrderInversion } from "./lock-order-inversion.ts";
import { loopCallFromThread } from "./loop-call-from-thread.ts";
import { loopStartedInsideLoop } from "./loop-started-inside-loop.ts";
import { missingMainGuard } from "./missing-main-guard.ts";
import { nestedExecutorDeadlock } from "./nested-executor-deadlock.ts";
import { oversizedPool } from "./oversized-pool.ts";
import { raceAcrossAwait } from "./race-across-await.ts";
import { requestWithoutTimeout } from "./request-without-timeout.ts";
import type { Rule } from "./rule.ts";
import { sequentialAwaits } from "./sequential-awaits.ts";
import { sessionNotClosed } from "./session-not-closed.ts";
import { sessionPerRequest } from "./session-per-request.ts";
import { sharedConnectionAcrossThreads } from "./shared-connection-across-threads.ts";
import { sharedMemoryLeak } from "./shared-memory-leak.ts";
import { sharedStateWithoutLock } from "./shared-state-without-lock.ts";
import { stateLostInProcess } from "./state-lost-in-process.ts";
import { subprocessWithoutTimeout } from "./subprocess-without-timeout.ts";
import { taskNotKept } from "./task-not-kept.ts";
import { threadLockInAsync } from "./thread-lock-in-async.ts";
import { threadPerItem } from "./thread-per-item.ts";
import { timeoutDisabled } from "./timeout-disabled.ts";
import { unboundedFanOut } from "./unbounded-fan-out.ts";
import { unboundedQueue } from "./unbounded-queue.ts";
import { unpicklableTask } from "./unpicklable-task.ts";
import { unusedIgnore } from "./unused-ignore.ts";
import { waitWithoutTimeout } from "./wait-without-timeout.ts";

/** Every rule, in the order of the rules page. */
export const rules: readonly Rule[] = [
  blockingCallInAsync,
  blockingCallReachedFromAsync,
  cpuWorkOnEventLoop,
  cpuWorkInThreadOffload,
  threadLockInAsync,
  loopStartedInsideLoop,
  loopCallFromThread,
  sequentialAwaits,
  unboundedFanOut,
  asyncBusyWait,
  defaultExecutorStarvation,
  coroutineNeverAwaited,
  taskNotKept,
  cancellationSwallowed,
  raceAcrossAwait,
  cpuWorkInThreads,
  sharedStateWithoutLock,
  lockNotReleased,
  lockOrderInversion,
  threadPerItem,
  sharedConnectionAcrossThreads,
  futureResultDropped,
  ioWorkInProcesses,
  stateLostInProcess,
  unpicklableTask,
  largeObjectPickled,
  missingMainGuard,
  childExitUnchecked,
  forkWithThreads,
  sharedMemoryLeak,
  dbPoolSmallerThanThreads,
  httpPoolSmallerThanThreads,
  asyncPoolSmallerThanTasks,
  connectionsExceedServer,
  oversizedPool,
  executorPerCall,
  executorNotShutDown,
  nestedExecutorDeadlock,
  unboundedQueue,
  requestWithoutTimeout,
  timeoutDisabled,
  waitWithoutTimeout,
  subprocessWithoutTimeout,
  connectionWithoutTimeout,
  sessionNotClosed,
  sessionPerRequest,
  connectionNotReturned,
  unusedIgnore,
];
