import type { Func } from "../../python/module.ts";
import { funcAt } from "../../python/module.ts";
import type { Node } from "../../python/syntax.ts";
import { type Running, runningFrom } from "../graph/running.ts";
import { usesOf } from "../lifetimes/usage.ts";
import type { Runtime } from "../runtime.ts";
import { type Capacity, isUnlimited, limitsOf } from "./capacity.ts";
import { type Crew, crewsOf, type Work } from "./crews.ts";
import { isRemembered } from "./pools-in-use.ts";
import type { Submission } from "./submissions.ts";

/** Work of a pool that waits for other work of the same pool. */
export interface NestedWait {
  crew: Crew;
  /** The work that waits, as it is handed over. */
  outer: Work;
  /** The hand-over of what it waits for; `null` for a Celery task, which any code may have sent. */
  inner: Submission | null;
  func: Func;
  /** The wait. */
  at: Node;
  path: readonly Running[];
  doubt: number;
}

const known = new WeakMap<Runtime, readonly NestedWait[]>();

/** Every wait inside a worker of a bounded pool for that pool's own work, each body and pool once. */
export function nestedWaitsOf(runtime: Runtime): readonly NestedWait[] {
  const remembered = known.get(runtime);
  if (remembered) return remembered;
  const found = [...crewsOf(runtime).flatMap((crew) => inCrew(runtime, crew)), ...inCelery(runtime)];
  known.set(runtime, found);
  return found;
}

function inCrew(runtime: Runtime, crew: Crew): NestedWait[] {
  if (crew.kind !== "thread" || !crew.pool) return [];
  const submissions = crew.works.flatMap(({ submission }) => submission ?? []);
  const first = new Map<Func, NestedWait>();
  for (const outer of crew.works) {
    if (!outer.func) continue;
    const reached = runningFrom(runtime, outer.func);
    // Work that comes to the making of the pool again has a pool of its own.
    if (reached.has(crew.pool.func) && !isRemembered(runtime, crew.pool)) continue;
    for (const inner of new Set(submissions)) {
      const running = reached.get(inner.func);
      if (!running || running.doubt > 1 || !fills(runtime, crew, outer, inner)) continue;
      for (const at of waitsFor(runtime, inner)) {
        const func = funcAt(runtime.inference.moduleOf(at), at);
        const there = reached.get(func);
        if (!there) continue;
        const doubt = crew.doubt + outer.doubt + outer.times.doubt + there.doubt + inner.doubt;
        const wait: NestedWait = { crew, outer, inner, func, at, path: pathOf(there), doubt };
        const before = first.get(func);
        if (!before || at.start < before.at.start || (at === before.at && doubt < before.doubt)) first.set(func, wait);
      }
    }
  }
  return [...first.values()];
}

function pathOf(running: Running): Running[] {
  const found: Running[] = [];
  for (let at: Running | null = running; at; at = at.from) found.unshift(at);
  return found;
}

/** Whether the work that waits can take up all workers: there may be as many of it as workers, or it waits for more of its own kind. */
function fills(runtime: Runtime, { capacity }: Crew, outer: Work, inner: Submission): boolean {
  const { func } = outer;
  if (func && inner.work.some((one) => one.func && runningFrom(runtime, one.func).has(inner.func))) return true;
  const { count } = outer.times;
  if (isUnlimited(count)) return true;
  return capacity !== null && atLeast(count, capacity);
}

function atLeast(count: Capacity, capacity: Capacity): boolean {
  return limitsOf(count).low >= limitsOf(capacity).high;
}

/** Where the results of a submission are waited for. */
function waitsFor(runtime: Runtime, { call, fact }: Submission): Node[] {
  if (fact.argsForm === "map" || fact.result === "wait") {
    if (fact.name.startsWith("multiprocessing.") && !/imap/.test(fact.name) && fact.result === "wait") return [call];
    const iterated = usesOf(runtime, call).some(({ kind, held }) => kind === "iterated" && !held);
    return iterated ? [call] : [];
  }
  return usesOf(runtime, call).flatMap((use): Node[] => {
    if (use.kind === "method") return WAITS.test(use.name) && !isImmediate(use.call) ? [use.call] : [];
    if (use.kind !== "passed") return [];
    const names = runtime.inference.names(use.call.callee).map(({ name }) => name);
    return names.some((name) => name === "concurrent.futures.wait" || name === "concurrent.futures.as_completed")
      ? [use.call]
      : [];
  });
}

const WAITS = /^(?:result|exception|get|wait)$/;

/** `get(timeout=0)` asks, and does not wait. */
function isImmediate({ args }: Node & { kind: "call" }): boolean {
  return args.some(({ value }) => value.kind === "number" && value.value === 0);
}

const CELERY_WAITS =
  /^celery\.(?:result\.\w+|canvas\.\w+|local\.\w+)\.(?:get|join|join_native|wait|collect|iter_native)$/;

/** Tasks of Celery that wait for the results of tasks. Which worker does those is not known here. */
function inCelery(runtime: Runtime): NestedWait[] {
  const crew = crewsOf(runtime).find(({ works }) => works.some(({ root }) => root?.pool === "celery"));
  if (!crew) return [];
  const found = new Map<Func, NestedWait>();
  for (const outer of crew.works) {
    if (!outer.func || outer.root?.pool !== "celery") continue;
    for (const running of runningFrom(runtime, outer.func).values()) {
      if (found.has(running.func) || running.doubt > 0) continue;
      const site = runtime.graph
        .sites(running.func)
        .find(
          ({ node, library }) =>
            node.kind === "call" && library.some(({ name }) => CELERY_WAITS.test(name)) && !isImmediate(node),
        );
      if (site)
        found.set(running.func, {
          crew,
          outer,
          inner: null,
          func: running.func,
          at: site.node,
          path: pathOf(running),
          doubt: 1 + outer.doubt,
        });
    }
  }
  return [...found.values()];
}
