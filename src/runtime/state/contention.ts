import type { Func } from "../../python/module.ts";
import type { Node } from "../../python/syntax.ts";
import { answeredOnce } from "../answered.ts";
import { suspensionsOf } from "../coroutines/suspension.ts";
import { type Effects, type Source, spread, through, type Witness } from "../effects/witness.ts";
import type { Site } from "../graph/callgraph.ts";
import type { Runtime } from "../runtime.ts";
import { leadsTo } from "./guards.ts";
import { type Acquisition, type Lock, locksOf, sameLock } from "./locks.ts";

/** A thread that holds a lock, and what it waits for meanwhile; `blocking` is `null` where it holds the lock for moments only. */
export interface ThreadHold {
  acquisition: Acquisition;
  blocking: { site: Site; name: string } | null;
}

/** Who may keep the event loop waiting for a lock. */
export interface Contention {
  /** The longest hold of the lock by code that runs in a thread; `null` if no thread takes it. */
  byThread(lock: Lock): ThreadHold | null;
  /** Functions that wait for a lock which a thread holds while it blocks. */
  waits: Effects<Acquisition>;
}

/** Computed on demand and remembered. */
export const contentionOf: (runtime: Runtime) => Contention = answeredOnce(build);

/** The first place within the range that holds the lock at which other tasks may run. */
function pauseWhileHeld(runtime: Runtime, { func, node: taken, from, to }: Acquisition): Node | null {
  const points = suspensionsOf(runtime).of(func);
  return points.find((node) => node.start >= from && node.end <= to && leadsTo(taken, node)) ?? null;
}

function build(runtime: Runtime): Contention {
  const locks = locksOf(runtime);
  const holds = locks.all().flatMap((acquisition): ThreadHold[] => {
    const { func, lock, waits } = acquisition;
    if (lock.fact?.family !== "thread" || lock.fresh || waits === "not at all") return [];
    const inThread = runtime.contexts.of(func).some(({ kind, doubt }) => kind === "thread" && doubt < 2);
    return inThread ? [{ acquisition, blocking: blockingWithin(runtime, acquisition) }] : [];
  });

  const byThread = (lock: Lock): ThreadHold | null => {
    const all = holds.filter((hold) => sameLock(hold.acquisition.lock, lock));
    return all.find(({ blocking }) => blocking) ?? all[0] ?? null;
  };

  const direct = (func: Func): Source<Acquisition>[] =>
    func.isAsync
      ? []
      : locks.taken(func).flatMap((acquisition): Source<Acquisition>[] => {
          const { lock, node, waits } = acquisition;
          const site = runtime.graph.siteOf(node);
          const isSlow = waits === "for ever" && site && byThread(lock)?.blocking;
          return isSlow ? [{ site, name: lock.fact?.name ?? "", doubt: lock.doubt, fact: acquisition }] : [];
        });

  return { byThread, waits: spread(runtime.graph, direct) };
}

/** What the thread waits for while it has the lock: itself, or further down. */
function blockingWithin(runtime: Runtime, { func, from, to }: Acquisition): ThreadHold["blocking"] {
  const inside = ({ node }: Site): boolean => node.start >= from && node.end <= to;
  for (const { site, name, fact, doubt } of runtime.blocking.direct(func))
    if (
      inside(site) &&
      doubt < 2 &&
      fact.category !== "lock" &&
      fact.category !== "loop" &&
      fact.when === "always" &&
      !RELEASING.test(name)
    )
      return { site, name };
  for (const site of runtime.graph.sites(func)) {
    if (!inside(site)) continue;
    const found = through(runtime.graph, site, runtime.blocking.waits);
    if (found && found.doubt < 2) return { site, name: found.witness.source.name };
  }
  return null;
}

/** Waiting for a condition gives its lock back meanwhile. */
const RELEASING = /Condition\.(?:wait|wait_for)$/;

/** How a lock of threads that is taken on the loop stops it. */
export type LoopWait =
  /** Held across an `await`: a second task stops the loop for ever, or until its timeout. */
  | { kind: "held"; pause: Node }
  /** Held across an `await`, by a lock that lets the same thread, and so every task, in again. */
  | { kind: "reentered"; pause: Node }
  /** A thread holds it while it blocks, */
  | { kind: "blocked"; hold: ThreadHold }
  /** or for moments only. */
  | { kind: "brief"; hold: ThreadHold }
  /** Another process may hold it. */
  | { kind: "process" }
  /** Nothing else is seen to take it. */
  | { kind: "alone" };

/** What may happen where the loop takes the lock; `null` for locks of tasks, tries that do not wait, and locks that nobody else can have. */
export function loopWaitOf(runtime: Runtime, acquisition: Acquisition): LoopWait | null {
  const { lock, waits } = acquisition;
  if (!lock.fact || lock.fact.family === "task" || lock.fresh || waits === "not at all") return null;
  const pause = pauseWhileHeld(runtime, acquisition);
  const hold = contentionOf(runtime).byThread(lock);
  const isReentrant = lock.fact.kind === "rlock";
  // A reentrant lock that threads take is there to keep them out, not tasks.
  if (pause && !(isReentrant && hold)) return { kind: isReentrant ? "reentered" : "held", pause };
  if (hold?.blocking && waits === "for ever") return { kind: "blocked", hold };
  if (lock.fact.family === "process") return { kind: "process" };
  return hold ? { kind: "brief", hold } : { kind: "alone" };
}

/** Locks of other objects of the same class, long ways and what blocks further down are reasons to be less sure. */
export function remoteness({ source, length }: Witness<Acquisition>, hold: ThreadHold | null): number {
  const { expression } = source.fact.lock;
  const ofObject =
    expression.kind === "attribute" && expression.value.kind === "name" && expression.value.id === "self";
  const isDirect = hold?.blocking?.site.library.some(({ name }) => name === hold.blocking?.name);
  return (ofObject ? 1 : 0) + (length > 2 ? 1 : 0) + (isDirect ? 0 : 1);
}
