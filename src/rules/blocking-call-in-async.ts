import type { Severity } from "../finding.ts";
import type { BlockingFact } from "../knowledge/blocking.ts";
import type { Func } from "../python/module.ts";
import { isFile } from "../runtime/blocking.ts";
import { placeOf } from "../runtime/callgraph.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Source } from "../runtime/witness.ts";
import type { Detection, Rule } from "./rule.ts";
import { alternatives, calleeWords, offloadAdvice } from "./words.ts";

export const blockingCallInAsync: Rule = {
  id: "blocking-call-in-async",
  title: "Blocking call inside an async function",
  severity: "error",
  group: "Event loop",
  why: "The event loop runs one task at a time: while this call waits, no other task, request or timer makes progress.",
  instead: "Await the async equivalent, or move the call to a thread with `asyncio.to_thread`.",
  bad: `
import time


async def poll():
    time.sleep(1)
`,
  good: `
import asyncio


async def poll():
    await asyncio.sleep(1)
`,
  *detect(runtime) {
    for (const func of runtime.graph.funcs) {
      const reason = loopReason(runtime, func);
      if (reason === null) continue;
      for (const source of runtime.blocking.direct(func)) {
        if (source.fact.category === "lock" || source.fact.category === "loop") continue;
        if (followsOpen(runtime, source)) continue;
        yield detection(runtime, func, source);
      }
    }
  },
};

/** Why the function's own body runs on the loop: a coroutine, or a plain function that the loop itself calls; `null` if it does not. */
export function loopReason(runtime: Runtime, func: Func): string | null {
  if (func.isAsync) return "coroutine";
  const context = runtime.contexts.in(func, "loop");
  return context && context.from === null && context.doubt < 2 ? context.root.label : null;
}

/** How bad it is for the loop to wait for this. */
export function loopSeverity(fact: BlockingFact): Severity {
  if (!isFile(fact)) return fact.when === "large" && fact.cost === "net" ? "warning" : "error";
  return fact.when === "always" ? "warning" : "notice";
}

/** The words of the advice for one blocking fact. */
export function blockingAdvice(runtime: Runtime, fact: BlockingFact): string {
  const offload = `move the call off the loop: ${offloadAdvice(runtime.target)}`;
  if (fact.instead === null) return `${offload[0]?.toUpperCase()}${offload.slice(1)}.`;
  if (/to_thread|run_in_executor/.test(fact.instead) && !fact.instead.includes(" / "))
    return `Move the call off the loop: ${offloadAdvice(runtime.target)}.`;
  return `Use ${alternatives(fact.instead)}, or ${offload}.`;
}

/** Reading and writing belong to the \`open\` of the same function: one cause, one finding. */
function followsOpen(runtime: Runtime, source: Source<BlockingFact>): boolean {
  if (!/^io\.\w+\./.test(source.name)) return false;
  return runtime.blocking
    .direct(source.site.func)
    .some((other) => other.fact.category === "file" && /(?:^|\.)(?:open|fdopen)$|tempfile\./.test(other.name));
}

function detection(runtime: Runtime, func: Func, source: Source<BlockingFact>): Detection {
  const { site, fact, name } = source;
  const at = placeOf(site);
  const shown = at.kind === "call" ? at.callee : at;
  const what = calleeWords(func.module, shown, name.replace(/\.__(?:enter|iter|call)__$/, ""));
  const how =
    site.kind === "iterate" ? `iterating over ${what} blocks the event loop` : `${what} blocks the event loop`;
  return {
    func,
    at,
    message: how,
    instead: blockingAdvice(runtime, fact),
    severity: loopSeverity(fact),
    doubt: source.doubt,
    subject: name,
  };
}
