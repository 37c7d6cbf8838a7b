import type { Severity } from "../finding.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import type { LoopWait, ThreadHold } from "../runtime/state/contention.ts";
import { type Acquisition, lockWords } from "../runtime/state/locks.ts";
import type { Related } from "./rule.ts";
import { code, quoted } from "./words.ts";

/** What a rule says about a lock of threads on the loop. */
export interface LoopWaitWords {
  severity: Severity;
  message: string;
  /** How much less sure it is than that the lock is one. */
  doubt: number;
}

/** The lock as a message names it. */
export function nameOfLock({ func, lock, node }: Acquisition): string {
  return node.kind === "call" ? `the lock of ${code(func.module, node.callee)}` : quoted(lockWords(lock));
}

/** How bad it is to take the lock there, in words. */
export function loopWaitWords(wait: LoopWait, acquisition: Acquisition): LoopWaitWords {
  const name = nameOfLock(acquisition);
  const isLimited = acquisition.waits === "limited";
  const held = `${name} is held across an \`await\``;
  switch (wait.kind) {
    case "reentered":
      return {
        severity: "error",
        doubt: 0,
        message: `${held} and keeps no task out: an \`RLock\` belongs to the thread, and all tasks run in one`,
      };
    case "held": {
      const end = isLimited ? " until its timeout" : ", and the task that should give it back with it";
      return {
        severity: isLimited ? "warning" : "error",
        doubt: 0,
        message: `${held}: the next task that wants it stops the event loop${end}`,
      };
    }
    case "blocked": {
      const during = quoted(wait.hold.blocking?.name ?? "");
      return {
        severity: "error",
        doubt: 0,
        message: `${name} stops the event loop while a thread holds it during ${during}`,
      };
    }
    case "process":
      return {
        severity: "warning",
        doubt: 0,
        message: `${name} stops the event loop for as long as another process holds it`,
      };
    case "brief":
      return {
        severity: "notice",
        doubt: 2,
        message: `${name} stops the event loop for as long as a thread holds it`,
      };
    case "alone":
      return { severity: "notice", doubt: 2, message: `${name} is a lock of threads, taken on the event loop` };
  }
}

/** Where a thread takes the lock, and what it waits for meanwhile. */
export function holdTrace({ acquisition, blocking }: ThreadHold): Related[] {
  const { func, lock, node } = acquisition;
  const at = node.kind === "withitem" ? node.context : node;
  const taken = { module: func.module, at, message: `a thread takes ${quoted(lockWords(lock))} here` };
  if (!blocking) return [taken];
  const place = placeOf(blocking.site);
  return [
    taken,
    { module: func.module, at: place, message: `${code(func.module, place)} makes it wait with the lock held` },
  ];
}
