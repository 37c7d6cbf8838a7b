import type { Func } from "../python/module.ts";
import { isNestable, type LoopStart, loopStartsOf } from "../runtime/coroutines/loop-starts.ts";
import type { Source, Witness } from "../runtime/effects/witness.ts";
import { placeOf, type Site } from "../runtime/graph/callgraph.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { loopReason } from "./blocking-call-in-async.ts";
import { hops } from "./hops.ts";
import type { Detection, Rule } from "./rule.ts";
import { calleeWords, code, offloadAdvice, quoted } from "./words.ts";

export const loopStartedInsideLoop: Rule = {
  id: "loop-started-inside-loop",
  title: "Event loop started inside a running one",
  severity: "error",
  group: "Event loop",
  why: "A thread runs one event loop at a time: starting a second one inside it raises `RuntimeError`.",
  instead: "Await the coroutine; plain code in between becomes async, or runs in a thread.",
  bad: `
import asyncio


async def fetch(url):
    await asyncio.sleep(1)
    return url


async def handler(url):
    return asyncio.run(fetch(url))
`,
  good: `
import asyncio


async def fetch(url):
    await asyncio.sleep(1)
    return url


async def handler(url):
    return await fetch(url)
`,
  *detect(runtime) {
    const starts = loopStartsOf(runtime);
    const severity = isNestable(runtime.graph) ? ({ severity: "notice" } as const) : {};
    for (const func of runtime.graph.funcs) {
      if (loopReason(runtime, func) === null) continue;
      for (const source of starts.direct(func)) yield { ...direct(func, source), ...severity };
      for (const site of runtime.graph.sites(func)) {
        if (site.awaited && site.kind === "call") continue;
        const found = starts.through(site);
        if (found) yield { ...reached(runtime, func, site, found.witness, found.doubt), ...severity };
      }
    }
  },
};

function direct(func: Func, { site, name, doubt }: Source<LoopStart>): Detection {
  const { node } = site;
  const what = calleeWords(func.module, node.kind === "call" ? node.callee : node, name);
  return {
    func,
    at: placeOf(site),
    message: `${what} starts an event loop inside the running one: it raises \`RuntimeError\``,
    instead: `Await the coroutine here; ${quoted(func.name.slice(func.name.lastIndexOf(".") + 1))} runs on the loop already.`,
    doubt,
    subject: name,
  };
}

function reached(runtime: Runtime, func: Func, site: Site, witness: Witness<LoopStart>, doubt: number): Detection {
  const at = placeOf(site);
  const { source } = witness;
  const last = source.site.node;
  const end = calleeWords(source.site.func.module, last.kind === "call" ? last.callee : last, source.name);
  const verb = witness.length === 1 ? "calls" : "ends in";
  return {
    func,
    at,
    message: `${code(func.module, at.kind === "call" ? at.callee : at)} ${verb} ${end}, which raises \`RuntimeError\` inside the running event loop`,
    instead: `Await the coroutine instead of calling the helper, or call it with ${offloadAdvice(runtime.target, func, at)}.`,
    doubt,
    subject: `${witness.func.name}>${source.name}`,
    cause: `${source.site.func.name}>${source.name}`,
    trace: hops(witness),
  };
}
