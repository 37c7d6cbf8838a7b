import type { BlockingFact } from "../knowledge/blocking.ts";
import type { Func } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import { isBackOff, through, type Witness } from "../runtime/effects/witness.ts";
import { placeOf, type Site } from "../runtime/graph/callgraph.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { asyncAlternative, idleDoubt, loopReason, loopSeverity } from "./blocking-call-in-async.ts";
import { hops, shortName } from "./hops.ts";
import type { Detection, Rule } from "./rule.ts";
import { calleeWords, code, offloadAdvice, quoted } from "./words.ts";

export const blockingCallReachedFromAsync: Rule = {
  id: "blocking-call-reached-from-async",
  title: "Async function calls plain code that blocks further down",
  severity: "error",
  group: "Event loop",
  why: "The call runs on the event loop, and so does everything it calls: when that ends in a blocking call, every task waits.",
  instead: "Make the helper async, or call it with `asyncio.to_thread`.",
  bad: `
import requests


def load(url):
    return requests.get(url, timeout=5).json()


async def handler(url):
    return load(url)
`,
  good: `
import asyncio

import requests


def load(url):
    return requests.get(url, timeout=5).json()


async def handler(url):
    return await asyncio.to_thread(load, url)
`,
  *detect(runtime) {
    for (const func of runtime.graph.funcs) {
      if (loopReason(runtime, func) === null) continue;
      const told = new Set(runtime.blocking.direct(func).map(({ site }) => site.node));
      for (const site of runtime.graph.sites(func)) {
        if ((site.awaited && site.kind === "call") || isPartOf(site.node, told)) continue;
        const found = surer(
          through(runtime.graph, site, runtime.blocking.waits),
          through(runtime.graph, site, runtime.blocking.files),
        );
        if (found && !(runtime.blocking.isReady(func) && TRANSFERS.test(found.witness.source.name)))
          yield detection(runtime, func, site, found.witness, found.doubt);
      }
    }
  },
};

type Found = { witness: Witness<BlockingFact>; doubt: number } | null;

/** Waiting weighs more than files, as long as it is more than a guess, and more than a pause before the next try. */
function surer(waits: Found, files: Found): Found {
  if (!waits || !files) return waits ?? files;
  const isWeak = waits.doubt >= 2 || isBackOff(waits.witness.source);
  return isWeak && files.doubt < waits.doubt ? files : waits;
}

/** What the loop says is ready does not wait. */
const TRANSFERS = /\.(?:recv|read|accept|send)\w*$/;

function detection(runtime: Runtime, func: Func, site: Site, witness: Witness<BlockingFact>, doubt: number): Detection {
  const { module } = func;
  const { source } = witness;
  const at = placeOf(site);
  const shown = at.kind === "call" ? at.callee : at;
  const last = source.site.node;
  const end = calleeWords(
    source.site.func.module,
    last.kind === "call" ? last.callee : placeOf(source.site),
    source.name,
  );
  return {
    func,
    at,
    message: `${code(module, shown)} blocks the event loop: it ${witness.length === 1 ? "calls" : "ends in"} ${end}`,
    instead: advice(runtime, func, at, witness),
    severity: loopSeverity(source.fact),
    doubt: doubt + idleDoubt(runtime, func, site.node, source.fact),
    subject: `${witness.func.name}>${source.name}`,
    cause: `${source.site.func.name}>${source.name}`,
    trace: hops(witness),
  };
}

function advice({ target }: Runtime, func: Func, at: Node, { source, func: helper }: Witness<BlockingFact>): string {
  const offload = `Call it with ${offloadAdvice(target, func, at)}`;
  const other = source.fact.category === "sleep" ? "`asyncio.sleep`" : asyncAlternative(source.fact);
  return other === null ? `${offload}.` : `${offload}, or make ${quoted(shortName(helper))} async with ${other}.`;
}

/** Whether a property only gives the object whose method blocks by itself: one place, one finding. */
function isPartOf(node: Node, told: ReadonlySet<Node>): boolean {
  for (let at: Node | null = node; at?.kind === "attribute" || at?.kind === "call"; at = at.parent)
    if (at !== node && told.has(at)) return true;
  return false;
}
