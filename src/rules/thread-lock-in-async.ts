import type { Func } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import { placeOf, type Site } from "../runtime/callgraph.ts";
import { contentionOf, pauseWhileHeld, type ThreadHold } from "../runtime/contention.ts";
import { type Acquisition, locksOf, lockWords } from "../runtime/locks.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { through, type Witness } from "../runtime/witness.ts";
import { hops } from "./hops.ts";
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
  const { func, lock, waits, node } = acquisition;
  const family = lock.fact?.family;
  if (!lock.fact || (family !== "thread" && family !== "process") || lock.fresh || waits === "not at all") return null;
  const name = node.kind === "call" ? `the lock of ${code(func.module, node.callee)}` : quoted(lockWords(lock));
  const base = { func, at: node.kind === "withitem" ? node.context : node, doubt: lock.doubt, subject: lock.fact.name };
  const pause = pauseWhileHeld(runtime, acquisition);
  if (pause) {
    const trace = [{ module: func.module, at: pause, message: `${name} is still held while other tasks run` }];
    if (lock.fact.kind === "rlock")
      return {
        ...base,
        trace,
        message: `${name} is held across an \`await\` and keeps no task out: an \`RLock\` belongs to the thread, and all tasks run in one`,
      };
    return {
      ...base,
      trace,
      severity: waits === "limited" ? "warning" : "error",
      message:
        waits === "limited"
          ? `${name} is held across an \`await\`: the next task that wants it stops the event loop until its timeout`
          : `${name} is held across an \`await\`: the next task that wants it stops the event loop, and the task that should give it back with it`,
    };
  }
  const hold = contentionOf(runtime).byThread(lock);
  if (hold?.blocking && waits === "for ever")
    return {
      ...base,
      message: `${name} stops the event loop while a thread holds it during ${quoted(hold.blocking.name)}`,
      instead: "Let the thread hold the lock for moments only, without I/O inside, or take it in `asyncio.to_thread`.",
      trace: holdTrace(hold),
    };
  if (hold || family === "process")
    return {
      ...base,
      severity: family === "process" ? "warning" : "notice",
      doubt: lock.doubt + (family === "process" ? 0 : 1),
      message: `${name} stops the event loop for as long as ${family === "process" ? "another process" : "a thread"} holds it`,
      trace: hold ? holdTrace(hold) : [],
    };
  return {
    ...base,
    severity: "notice",
    doubt: lock.doubt + 2,
    message: `${name} is a lock of threads, taken on the event loop`,
  };
}

function holdTrace({ acquisition, blocking }: ThreadHold): Related[] {
  const { func, lock, node } = acquisition;
  const at: Node = node.kind === "withitem" ? node.context : node;
  const found: Related[] = [{ module: func.module, at, message: `a thread takes ${quoted(lockWords(lock))} here` }];
  if (blocking) {
    const place = placeOf(blocking.site);
    found.push({
      module: func.module,
      at: place,
      message: `${code(func.module, place)} makes it wait with the lock held`,
    });
  }
  return found;
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

/** Locks of other objects of the same class, long ways and what blocks further down are reasons to be less sure. */
function remoteness({ source, length }: Witness<Acquisition>, hold: ThreadHold | null): number {
  const { expression } = source.fact.lock;
  const ofObject =
    expression.kind === "attribute" && expression.value.kind === "name" && expression.value.id === "self";
  const isDirect = hold?.blocking?.site.library.some(({ name }) => name === hold.blocking?.name);
  return (ofObject ? 1 : 0) + (length > 2 ? 1 : 0) + (isDirect ? 0 : 1);
}
