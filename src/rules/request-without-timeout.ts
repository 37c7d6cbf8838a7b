import type { Runtime } from "../runtime/runtime.ts";
import { type Wait, waitsOf } from "../runtime/waits/timeouts.ts";
import type { Detection, Rule } from "./rule.ts";
import { isTest, keeping, limitAdvice, limitRepair, waiterAt, waitWords } from "./waits.ts";

export const requestWithoutTimeout: Rule = {
  id: "request-without-timeout",
  title: "Request that waits for ever for its answer",
  severity: "warning",
  group: "Timeouts",
  why: "A server that accepts the connection and then falls silent is waited for without end: the thread is gone for good, and one by one so is the whole pool.",
  instead: "Pass `timeout=…`: the call raises when the time is over.",
  bad: `
import requests


def price(sku):
    return requests.get(f"https://api.example.com/prices/{sku}").json()
`,
  good: `
import requests


def price(sku):
    return requests.get(f"https://api.example.com/prices/{sku}", timeout=10).json()
`,
  *detect(runtime) {
    for (const wait of waitsOf(runtime)) {
      // That it also blocks the event loop is another cause: the request waits for ever in a thread as well.
      if (wait.fact.group === "request" && wait.limit === "missing") yield detection(runtime, wait);
    }
  },
};

function detection(runtime: Runtime, wait: Wait): Detection {
  const { func, call, fact, doubt } = wait;
  const waiter = waiterAt(runtime, wait);
  // How long a program runs on another machine is for the caller to know; a stream may be meant to last; nobody waits for a test.
  const isLasting = /(?:Unary|Stream)StreamMultiCallable/.test(fact.name);
  const hidden = isLasting || (waiter === null && (fact.awaits === "child" || isTest(runtime, func)));
  return {
    func,
    at: call,
    message: `${waitWords(wait)} ${lack(wait)} when the other side stops answering${keeping(waiter)}`,
    instead: limitAdvice(wait, "it raises when the time is over"),
    doubt: doubt + (hidden ? 2 : 0),
    subject: fact.name,
    ...limitRepair(wait),
  };
}

function lack({ fact }: Wait): string {
  if (fact.parameters.length === 0 && fact.onConstructor.length === 0) return "takes no timeout and waits for ever";
  return fact.defaultText === "has no deadline"
    ? "has no deadline: it waits for ever"
    : "has no timeout: it waits for ever";
}
