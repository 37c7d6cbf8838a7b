import type { Func } from "../python/module.ts";
import { through, type Witness } from "../runtime/effects/witness.ts";
import { placeOf, type Site } from "../runtime/graph/callgraph.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { contentionOf, type LoopWait, loopWaitOf, remoteness } from "../runtime/state/contention.ts";
import { type Acquisition, locksOf, lockWords } from "../runtime/state/locks.ts";
import { hops } from "./hops.ts";
import { holdTrace, loopWaitWords, nameOfLock } from "./lock-words.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const threadLockInAsync: Rule = {
  id: "thread-lock-in-async",
  title: "Lock of threads taken on the event loop",
  severity: "error",
  group: "Event loop",
  why: "A lock of `threading` stops the whole loop until it is free. Held across an `await`, it is free only when the task that holds it runs again, which the stopped loop cannot do.",
  instead: "Use `asyncio.Lock` with `async with` between tasks; leave locks of threads to code that runs in threads.",
  bad: `
import asyncio
import threading

lock = threading.Lock()


async def update(prices, name):
    with lock:
        await asyncio.sleep(1)
        prices[name] = 1
`,
  good: `
import asyncio

lock = asyncio.Lock()


async def update(prices, name):
    async with lock:
        await asyncio.sleep(1)
        prices[name] = 1
`,
  *detect(runtime) {
    for (const func of runtime.graph.funcs) {
      if (!runsOnLoop(runtime, func)) continue;
      for (const acquisition of locksOf(runtime).taken(func)) {
        const found = direct(runtime, acquisition);
        if (found) yield found;
      }
      for (const site of runtime.graph.sites(func)) {
        // What takes the lock around a block is told as such.
        if ((site.awaited && site.kind === "call") || site.kind === "enter") continue;
        const found = through(runtime.graph, site, contentionOf(runtime).waits);
        // What blocks by itself is told as such.
        if (found && !through(runtime.graph, site, runtime.blocking.waits))
          yield reached(runtime, func, site, found.witness, found.doubt);
      }
    }
  },
};

/** A coroutine, or a plain function that the loop itself calls. */
function runsOnLoop({ contexts }: Runtime, func: Func): boolean {
  if (func.isAsync) return true;
  const context = contexts.in(func, "loop");
  return context !== null && context.from === null && context.doubt < 2;
}

function direct(runtime: Runtime, acquisition: Acquisition): Detection | null {
  const wait = loopWaitOf(runtime, acquisition);
  const { func, lock, node } = acquisition;
  if (!wait || !lock.fact) return null;
  const { severity, message, doubt } = loopWaitWords(wait, acquisition);
  return {
    func,
    at: node.kind === "withitem" ? node.context : node,
    message,
    severity,
    ...(wait.kind === "blocked" ? { instead: SHORT_HOLD } : {}),
    trace: traceOf(wait, acquisition),
    doubt: lock.doubt + doubt,
    subject: lock.fact.name,
  };
}

const SHORT_HOLD =
  "Let the thread hold the lock for moments only, without I/O inside, or take it in `asyncio.to_thread`.";

function traceOf(wait: LoopWait, acquisition: Acquisition): Related[] {
  if ("hold" in wait) return holdTrace(wait.hold);
  if (!("pause" in wait)) return [];
  const message = `${nameOfLock(acquisition)} is still held while other tasks run`;
  return [{ module: acquisition.func.module, at: wait.pause, message }];
}

function reached(runtime: Runtime, func: Func, site: Site, witness: Witness<Acquisition>, doubt: number): Detection {
  const { lock } = witness.source.fact;
  const at = placeOf(site);
  const hold = contentionOf(runtime).byThread(lock);
  const name = quoted(lockWords(lock));
  return {
    func,
    at,
    message: `${code(func.module, at.kind === "call" ? at.callee : at)} stops the event loop: it waits for ${name}, which a thread holds during ${quoted(hold?.blocking?.name ?? "")}`,
    instead: "Call it with `asyncio.to_thread`, or let the thread hold the lock for moments only, without I/O inside.",
    trace: [...hops(witness), ...(hold ? holdTrace(hold) : [])],
    doubt: doubt + lock.doubt + remoteness(witness, hold),
    subject: `${witness.func.name}>${lock.fact?.name ?? ""}`,
    cause: `${witness.source.site.func.name}>${lock.fact?.name ?? ""}`,
  };
}
