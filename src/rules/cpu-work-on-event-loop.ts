import type { CpuFact } from "../knowledge/cpu.ts";
import type { Func } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import { PYTHON_LOOPS } from "../runtime/effects/cpu.ts";
import { type Source, through } from "../runtime/effects/witness.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { loopReason } from "./blocking-call-in-async.ts";
import { hops } from "./hops.ts";
import type { Detection, Rule } from "./rule.ts";
import { calleeWords, code, offloadAdvice } from "./words.ts";

export const cpuWorkOnEventLoop: Rule = {
  id: "cpu-work-on-event-loop",
  title: "CPU work on the event loop",
  severity: "warning",
  group: "Event loop",
  why: "The event loop runs one task at a time: while this computes, no other task, request or timer makes progress.",
  instead: "Run it in a process pool with `loop.run_in_executor`, or in a thread where the work releases the GIL.",
  bad: `
import bcrypt


async def login(password: bytes, stored: bytes) -> bool:
    return bcrypt.checkpw(password, stored)
`,
  good: `
import asyncio

import bcrypt


async def login(password: bytes, stored: bytes) -> bool:
    return await asyncio.to_thread(bcrypt.checkpw, password, stored)
`,
  *detect(runtime) {
    for (const func of runtime.graph.funcs) {
      if (loopReason(runtime, func) === null) continue;
      for (const source of runtime.cpu.direct(func))
        if (source.fact.weight === "heavy") yield direct(runtime, func, source);
      for (const site of runtime.graph.sites(func)) {
        if (site.awaited && site.kind === "call") continue;
        const found = through(runtime.graph, site, runtime.cpu.heavy);
        if (!found) continue;
        const { witness, doubt } = found;
        const at = placeOf(site);
        yield {
          func,
          at,
          message: `${code(func.module, at.kind === "call" ? at.callee : at)} computes on the event loop: it ${witness.length === 1 ? "is" : "ends in"} ${sourceWords(witness.source)}`,
          instead: cpuAdvice(runtime, func, witness.source.fact, at),
          doubt,
          subject: `${witness.func.name}>${witness.source.name}`,
          cause: `${witness.source.site.func.name}>${witness.source.name}`,
          trace: hops(witness),
        };
      }
    }
  },
};

function direct(runtime: Runtime, func: Func, source: Source<CpuFact>): Detection {
  const at: Node = source.name === PYTHON_LOOPS ? headOf(source.site.node) : placeOf(source.site);
  const words =
    source.name === PYTHON_LOOPS
      ? "This loop"
      : calleeWords(func.module, at.kind === "call" ? at.callee : at, source.name);
  return {
    func,
    at,
    message: `${words} computes on the event loop`,
    instead: cpuAdvice(runtime, func, source.fact, at),
    doubt: source.doubt,
    subject: source.name,
  };
}

/** The expression that stands for a loop: what it goes over, or its condition. */
export function headOf(loop: Node): Node {
  return loop.kind === "for" || loop.kind === "clause" ? loop.iter : loop.kind === "while" ? loop.test : loop;
}

/** What the work is, in words: a library call as written, or loops of Python. */
export function sourceWords({ name, site }: Source<CpuFact>): string {
  if (name === PYTHON_LOOPS) return "a nest of Python loops";
  const at = placeOf(site);
  return calleeWords(site.func.module, at.kind === "call" ? at.callee : at, name);
}

/** Where the work should go instead, by whether it keeps the GIL. */
function cpuAdvice({ target }: Runtime, func: Func, fact: CpuFact, at: Node): string {
  if (fact.gil === "releases" || target.freeThreaded)
    return `It releases the GIL, so a thread is enough: ${offloadAdvice(target, func, at)}.`;
  const processes = "a process pool made once: `await loop.run_in_executor(process_pool, …)`";
  if (fact.gil === "mixed")
    return `Move it off the loop: ${offloadAdvice(target, func, at)} where most of it releases the GIL (measure), else ${processes}.`;
  return `It holds the GIL, so a thread would still slow the loop: use ${processes}.`;
}
