import { blockingCallInAsync } from "./blocking-call-in-async.ts";
import { blockingCallReachedFromAsync } from "./blocking-call-reached-from-async.ts";
import { cpuWorkInThreadOffload } from "./cpu-work-in-thread-offload.ts";
import { cpuWorkInThreads } from "./cpu-work-in-threads.ts";
import { cpuWorkOnEventLoop } from "./cpu-work-on-event-loop.ts";
import { ioWorkInProcesses } from "./io-work-in-processes.ts";
import type { Rule } from "./rule.ts";

/** Every rule, in the order of the rules page. */
export const rules: readonly Rule[] = [
  blockingCallInAsync,
  blockingCallReachedFromAsync,
  cpuWorkOnEventLoop,
  cpuWorkInThreadOffload,
  cpuWorkInThreads,
  ioWorkInProcesses,
];
