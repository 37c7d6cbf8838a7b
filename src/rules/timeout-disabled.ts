import type { Severity } from "../finding.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Wait, waitsOf } from "../runtime/waits/timeouts.ts";
import { weightOfWait } from "../runtime/waits/wait-weights.ts";
import type { Detection, Rule } from "./rule.ts";
import { weighChild } from "./subprocess-without-timeout.ts";
import { argumentOf, blocksLoop, keeping, waiterAt, waitWords } from "./waits.ts";
import { code } from "./words.ts";

export const timeoutDisabled: Rule = {
  id: "timeout-disabled",
  title: "Timeout that is switched off",
  severity: "warning",
  group: "Timeouts",
  why: "The library has a limit, or takes one, and this call says to wait for ever: a server that falls silent keeps the task or thread for good.",
  instead:
    "Give a number that is long enough. For a stream limit the silence between two pieces, not the whole: `sock_read=` of aiohttp, `read=` of httpx.",
  bad: `
import httpx

client = httpx.Client(timeout=None)
`,
  good: `
import httpx

client = httpx.Client(timeout=httpx.Timeout(10, read=120))
`,
  *detect(runtime) {
    for (const wait of waitsOf(runtime)) {
      const found = weigh(runtime, wait);
      if (found) yield detection(runtime, wait, found);
    }
  },
};

interface Weight {
  severity: Severity;
  doubt: number;
}

function weigh(runtime: Runtime, wait: Wait): Weight | null {
  const { limit, fact, doubt } = wait;
  if (fact.group === "limit") {
    if (limit === "limited") return null;
    // Who limits the other parts has thought of this one.
    const isChosen =
      wait.off !== null && wait.call.args.some(({ name, value }) => name === "connect" && value !== wait.off);
    return { severity: isChosen ? "notice" : "warning", doubt };
  }
  if (limit !== "disabled") return null;
  switch (fact.group) {
    case "wait": {
      const weight = blocksLoop(runtime, wait) ? null : weightOfWait(runtime, wait);
      return weight && { severity: weight.waiter ? "warning" : "notice", doubt: weight.doubt };
    }
    case "subprocess":
      return weighChild(runtime, wait);
    case "await":
      // To wait without a limit is what they do when nobody gives one.
      return fact.withoutIt === "required" && fact.name === "asyncio.wait_for" ? { severity: "notice", doubt } : null;
    default:
      return blocksLoop(runtime, wait) ? null : { severity: "warning", doubt };
  }
}

function detection(runtime: Runtime, wait: Wait, { severity, doubt }: Weight): Detection {
  const { func, call, fact, off } = wait;
  const { module } = func;
  const message =
    fact.group === "limit"
      ? `${code(module, call)} ${off ? "switches off" : "leaves out"} every limit on a server that falls silent`
      : `${off ? code(module, argumentOf(off)) : "it"} lets ${waitWords(wait)} wait for ever${keeping(waiterAt(runtime, wait))}`;
  return { func, at: call, message, severity, doubt, subject: fact.name };
}
