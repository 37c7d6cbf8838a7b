import { baselineEvidence } from "./baseline.ts";
import { isAboutPool, poolEvidence } from "./capacity.ts";
import {
  cpuEvidence,
  executorEvidence,
  loopEvidence,
  modelEvidence,
  modelMisfits,
  resultEvidence,
  workloadEvidence,
} from "./concurrency.ts";
import type { Item } from "./item.ts";
import { clientEvidence, waitEvidence } from "./lifetimes.ts";
import { childEvidence, pickleEvidence, startEvidence } from "./processes.ts";
import { stateEvidence } from "./state.ts";

/** The questions, in the order in which they are asked. */
export const ITEMS: readonly Item[] = [
  {
    id: "workload-known",
    question: "Is each concurrent piece of work clearly I/O-bound, CPU-bound or mixed?",
    rules: [],
    evidence: workloadEvidence,
  },
  {
    id: "model-fits-workload",
    question: "Does the model in use fit it?",
    rules: ["cpu-work-in-threads", "io-work-in-processes", "cpu-work-in-thread-offload"],
    evidence: modelEvidence,
    misfits: modelMisfits,
  },
  {
    id: "loop-never-blocked",
    question: "Does nothing on the event loop block, at any depth?",
    rules: [
      "blocking-call-in-async",
      "blocking-call-reached-from-async",
      "cpu-work-on-event-loop",
      "thread-lock-in-async",
      "loop-started-inside-loop",
    ],
    evidence: loopEvidence,
  },
  {
    id: "cpu-work-in-processes",
    question: "Does GIL-holding CPU work leave the loop and the threads?",
    rules: ["cpu-work-on-event-loop", "cpu-work-in-thread-offload", "cpu-work-in-threads"],
    evidence: cpuEvidence,
  },
  {
    id: "db-pool-fits-threads",
    question:
      "Are there at least as many database connections as threads (or tasks) that use them, and does the server allow their sum?",
    rules: ["db-pool-smaller-than-threads", "async-pool-smaller-than-tasks", "connections-exceed-server"],
    concerns: isAboutPool("db-pool"),
    evidence: (examination) => poolEvidence(examination, "db-pool"),
  },
  {
    id: "http-pool-fits-threads",
    question: "Does the HTTP connection pool hold as many connections as threads use it?",
    rules: ["http-pool-smaller-than-threads", "async-pool-smaller-than-tasks"],
    concerns: isAboutPool("http-pool"),
    evidence: (examination) => poolEvidence(examination, "http-pool"),
  },
  {
    id: "executors-reused",
    question: "Are executors created once, sized on purpose, and shut down?",
    rules: [
      "executor-per-call",
      "executor-not-shut-down",
      "oversized-pool",
      "nested-executor-deadlock",
      "thread-per-item",
    ],
    evidence: executorEvidence,
  },
  {
    id: "results-collected",
    question: "Is every future's and task's result or exception looked at?",
    rules: ["future-result-dropped", "task-not-kept", "coroutine-never-awaited"],
    evidence: resultEvidence,
  },
  {
    id: "waits-bounded",
    question: "Does every network call, wait, join and subprocess have a timeout?",
    rules: [
      "request-without-timeout",
      "timeout-disabled",
      "wait-without-timeout",
      "subprocess-without-timeout",
      "connection-without-timeout",
    ],
    evidence: waitEvidence,
  },
  {
    id: "shared-state-guarded",
    question: "Threads: lock; processes: Manager/Value/Array; tasks: asyncio.Lock across awaits?",
    rules: [
      "shared-state-without-lock",
      "race-across-await",
      "state-lost-in-process",
      "lock-not-released",
      "lock-order-inversion",
      "shared-connection-across-threads",
    ],
    evidence: stateEvidence,
  },
  {
    id: "no-large-pickles",
    question: "Do processes exchange small messages, shared memory or files?",
    rules: ["large-object-pickled"],
    evidence: pickleEvidence,
  },
  {
    id: "clients-closed",
    question: "Is every session, client and connection opened once and closed?",
    rules: ["session-not-closed", "session-per-request", "connection-not-returned", "shared-memory-leak"],
    evidence: clientEvidence,
  },
  {
    id: "children-reaped",
    question: "Are child processes joined, their exit codes checked, broken pools handled?",
    rules: ["child-exit-unchecked"],
    evidence: childEvidence,
  },
  {
    id: "start-method-safe",
    question: "Is the start method safe with the program's threads, its main guarded?",
    rules: ["fork-with-threads", "missing-main-guard", "unpicklable-task"],
    evidence: startEvidence,
  },
  {
    id: "baseline-measured",
    question: "Is there a single-threaded baseline and a profile?",
    rules: [],
    evidence: baselineEvidence,
  },
];
