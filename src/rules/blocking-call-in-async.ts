import type { Severity } from "../finding.ts";
import type { BlockingFact } from "../knowledge/blocking.ts";
import type { Func } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import { isFile } from "../runtime/effects/blocking.ts";
import type { Source } from "../runtime/effects/witness.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import { leniency } from "../runtime/graph/leniency.ts";
import { type Company, companyOf } from "../runtime/graph/quiet.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Detection, Repair, Rule } from "./rule.ts";
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

/**
 * Small files and questions to the person at the keyboard are no news where nothing else wants the loop: at start-up, in scripts, in
 * tests. A program that asks people usually does nothing else meanwhile, unless it shows that it does.
 */
export function idleDoubt(runtime: Runtime, func: Func, at: Node, fact: BlockingFact): number {
  const asks = fact.cost === "user";
  if (!asks && !(isFile(fact) && loopSeverity(fact) === "notice")) return 0;
  if (leniency(runtime, func, at) !== null) return 2;
  return asks ? COMPANY_DOUBT[companyOf(runtime, func, at)] : 0;
}

const COMPANY_DOUBT: Record<Company, number> = { some: 0, unknown: 1, none: 2 };

/** What to do about one blocking call: its async alternative, or another thread. */
function advice({ target }: Runtime, func: Func, fact: BlockingFact, call: Node): string {
  const offload = offloadAdvice(target, func, call);
  if (fact.category === "sleep") return func.isAsync ? "Use `await asyncio.sleep(…)`." : "Use `loop.call_later`.";
  const other = asyncAlternative(fact);
  return other === null
    ? `Move the call off the loop: ${offload}.`
    : `Use ${other}, or move the call off the loop: ${offload}.`;
}

/** The async library functions that do the same, in words; `null` where only another thread helps. */
export function asyncAlternative({ instead }: BlockingFact): string | null {
  return instead === null || /to_thread|run_in_executor/.test(instead) ? null : alternatives(instead);
}

/** `time.sleep(x)` in a coroutine becomes `await asyncio.sleep(x)` where the module imports asyncio. */
function repairOf({ inference }: Runtime, func: Func, source: Source<BlockingFact>): Repair | undefined {
  const { node } = source.site;
  if (
    source.name !== "time.sleep" ||
    source.doubt > 0 ||
    !func.isAsync ||
    node.kind !== "call" ||
    node.parent?.kind !== "expression"
  )
    return undefined;
  for (const [name, bindings] of func.module.scope.names)
    if (
      bindings.every(
        (binding) =>
          binding.kind === "import" &&
          inference.bound(binding).some((value) => value.kind === "library" && value.name === "asyncio"),
      )
    )
      return {
        title: "Await asyncio.sleep",
        edits: [{ start: node.callee.start, end: node.callee.end, text: `await ${name}.sleep` }],
      };
  return undefined;
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
    instead: advice(runtime, func, fact, site.node),
    severity: loopSeverity(fact),
    doubt: source.doubt + idleDoubt(runtime, func, site.node, fact),
    subject: name,
    repair: repairOf(runtime, func, source),
  };
}
