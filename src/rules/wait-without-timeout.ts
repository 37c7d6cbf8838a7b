import type { Severity } from "../finding.ts";
import { AWAITED_WORDS, type TimeoutFact } from "../knowledge/timeouts.ts";
import type { Func } from "../python/module.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Wait, waitsOf } from "../runtime/timeouts.ts";
import {
  endlessWork,
  isConsuming,
  isFilled,
  isLent,
  isOfPool,
  isThere,
  isToldToEnd,
  isWoken,
  mayBeWoken,
} from "../runtime/wait-ends.ts";
import { hasOwnThread, runsOnLoopOnly, type Waiter } from "../runtime/waiters.ts";
import { shortName } from "./hops.ts";
import type { Detection, Rule } from "./rule.ts";
import { blocksLoop, isTest, keeping, limitAdvice, waiterAt, waitWords } from "./waits.ts";
import { quoted } from "./words.ts";

export const waitWithoutTimeout: Rule = {
  id: "wait-without-timeout",
  title: "Wait that nothing is sure to end",
  severity: "notice",
  group: "Timeouts",
  why: "When the other side dies or hangs, nobody wakes the one who waits. In a request handler or a worker that place is gone for good.",
  instead: "Pass a timeout, and decide what to do when it is over.",
  bad: `
from concurrent.futures import ThreadPoolExecutor

import requests
from flask import Flask

app = Flask(__name__)
pool = ThreadPoolExecutor(max_workers=4)


@app.get("/status")
def status():
    future = pool.submit(requests.get, "https://example.com/health", timeout=5)
    return {"code": future.result().status_code}
`,
  good: `
from concurrent.futures import ThreadPoolExecutor

import requests
from flask import Flask

app = Flask(__name__)
pool = ThreadPoolExecutor(max_workers=4)


@app.get("/status")
def status():
    future = pool.submit(requests.get, "https://example.com/health", timeout=5)
    return {"code": future.result(timeout=10).status_code}
`,
  *detect(runtime) {
    for (const wait of waitsOf(runtime)) {
      if (wait.fact.group !== "wait" || wait.limit !== "missing") continue;
      const weight = weighWait(runtime, wait);
      if (weight) yield detection(wait, weight);
    }
  },
};

/** How much it matters that something is waited for without a limit. */
export interface Weight {
  severity: Severity;
  doubt: number;
  waiter: Waiter | null;
  /** The function that never returns, where a thread or process that runs it is waited for. */
  endless: Func | null;
}

/** `null` where something else ends the wait, or another rule speaks of it. */
export function weighWait(runtime: Runtime, wait: Wait): Weight | null {
  const { func, call, fact, doubt } = wait;
  if (blocksLoop(runtime, wait) || runsOnLoopOnly(runtime, func) || isThere(runtime, wait)) return null;
  const waiter = waiterAt(runtime, wait);
  if (waiter?.kind === "worker" && waiter.executor && isOfPool(runtime, wait, waiter.executor)) return null;
  const isTask = /^celery\.result\./.test(fact.name);
  if (isTask && waiter?.kind === "handler" && waiter.label === "Celery task") return null;
  const isJoin = fact.awaits === "thread" || fact.awaits === "process";
  if (isJoin && isToldToEnd(func, call)) return null;
  if (fact.awaits === "item" && ((isConsuming(call) && waiter?.kind !== "handler") || isLent(wait))) return null;
  if (fact.awaits === "event" && isWoken(runtime, wait)) return null;
  if (waiter) {
    // Somebody wakes it: then it hangs only when that one does.
    const isWakened = (fact.awaits === "event" || fact.awaits === "condition") && mayBeWoken(runtime, wait);
    const more = isGiven(fact) ? 2 : isWakened ? (waiter.kind === "handler" ? 1 : 2) : 0;
    return { severity: "warning", doubt: doubt + more, waiter, endless: null };
  }
  const endless = isJoin ? endlessWork(runtime, wait) : null;
  const hidden = isTest(runtime, func) || (endless === null && usuallyEnds(runtime, wait));
  return { severity: "notice", doubt: doubt + (hidden ? 2 : 0), waiter, endless };
}

/** What the waiter handed in itself, and what others hold only for a moment. */
function isGiven({ awaits, name }: TimeoutFact): boolean {
  if (awaits === "lock") return /^(?:threading|multiprocessing)\./.test(name);
  return awaits === "work" || awaits === "space";
}

/** Whether a wait of a plain program ends as a rule. */
function usuallyEnds(runtime: Runtime, wait: Wait): boolean {
  const { fact, func } = wait;
  switch (fact.awaits) {
    case "item":
      return hasOwnThread(runtime, func) || func.isGenerator || passesOn(func) || isFilled(runtime, wait);
    case "condition":
    case "event":
      return mayBeWoken(runtime, wait);
    case "result":
      // A worker process that is killed takes the result with it; a thread always delivers one.
      return !/^(?:multiprocessing\.pool|celery\.result)\./.test(fact.name);
    default:
      return true;
  }
}

/** A method that only gives the wait of another object a name: whoever calls it waits. */
function passesOn({ node }: Func): boolean {
  if (node.kind !== "function") return false;
  const body = node.body.filter((one) => one.kind !== "expression" || one.value.kind !== "string");
  return body.length === 1 && body[0]?.kind === "return";
}

function detection(wait: Wait, { severity, doubt, waiter, endless }: Weight): Detection {
  const { func, call, fact } = wait;
  const because = endless
    ? `: ${quoted(shortName(endless))} never returns`
    : `: nothing ends it when ${reason(fact)}${keeping(waiter)}`;
  return {
    func,
    at: call,
    message: `${waitWords(wait)} waits for ${AWAITED_WORDS[fact.awaits]} without a limit${because}`,
    instead: limitAdvice(wait, "decide what happens when the time is over"),
    severity,
    doubt,
    subject: fact.name,
  };
}

function reason({ awaits }: TimeoutFact): string {
  switch (awaits) {
    case "item":
    case "event":
    case "condition":
    case "message":
      return "the other side is gone";
    case "lock":
      return "its holder is gone";
    default:
      return "the work hangs";
  }
}
