import { AWAITED_WORDS, type TimeoutFact } from "../knowledge/timeouts.ts";
import { type Wait, waitsOf } from "../runtime/waits/timeouts.ts";
import { type WaitWeight, weightOfWait } from "../runtime/waits/wait-weights.ts";
import { shortName } from "./hops.ts";
import type { Detection, Rule } from "./rule.ts";
import { blocksLoop, isTest, keeping, limitAdvice, waitWords } from "./waits.ts";
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
      if (wait.fact.group !== "wait" || wait.limit !== "missing" || blocksLoop(runtime, wait)) continue;
      const weight = weightOfWait(runtime, wait);
      if (weight) yield detection(wait, weight, isTest(runtime, wait.func) ? 2 : 0);
    }
  },
};

function detection(wait: Wait, { waiter, endless, doubt }: WaitWeight, more: number): Detection {
  const { func, call, fact } = wait;
  const because = endless
    ? `: ${quoted(shortName(endless))} never returns`
    : `: nothing ends it when ${reason(fact)}${keeping(waiter)}`;
  return {
    func,
    at: call,
    message: `${waitWords(wait)} waits for ${AWAITED_WORDS[fact.awaits]} without a limit${because}`,
    instead: limitAdvice(wait, "decide what happens when the time is over"),
    severity: waiter ? "warning" : "notice",
    doubt: doubt + (waiter ? 0 : more),
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
