import type { Func } from "../../python/module.ts";
import type { Submission } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import type { Site } from "./callgraph.ts";

/** A function that runs as part of some work: the call that leads to it, and how sure that is. */
export interface Running {
  func: Func;
  /** The function that calls it; `null` for the work itself. */
  from: Running | null;
  site: Site | null;
  doubt: number;
}

const MOST_FUNCTIONS = 400;

/** Whether so much runs there that the list had to be cut: what is missing in it may still run. */
export function isCut(running: ReadonlyMap<Func, Running>): boolean {
  return running.size > MOST_FUNCTIONS;
}

const known = new WeakMap<Runtime, Map<Func, ReadonlyMap<Func, Running>>>();

/** Every function of the project that runs when `func` runs, itself included; nearest first. */
export function runningFrom(runtime: Runtime, func: Func): ReadonlyMap<Func, Running> {
  const memo = known.get(runtime) ?? new Map<Func, ReadonlyMap<Func, Running>>();
  known.set(runtime, memo);
  const found = memo.get(func);
  if (found) return found;
  const reached = new Map<Func, Running>([[func, { func, from: null, site: null, doubt: 0 }]]);
  memo.set(func, reached);
  for (const running of reached.values()) {
    if (reached.size > MOST_FUNCTIONS) break;
    for (const site of runtime.graph.sites(running.func)) {
      if (site.awaited && site.kind === "call" && !running.func.isAsync) continue;
      for (const target of site.targets)
        if (!reached.has(target.func))
          reached.set(target.func, { func: target.func, from: running, site, doubt: running.doubt + target.doubt });
    }
  }
  return reached;
}

/** Every function that runs as part of a submission's work. */
export function runningIn(runtime: Runtime, submission: Submission): ReadonlyMap<Func, Running> {
  const all = submission.work.flatMap(({ func, doubt }) =>
    func ? [{ running: runningFrom(runtime, func), doubt }] : [],
  );
  const [only, ...others] = all;
  if (only && others.length === 0 && only.doubt === 0) return only.running;
  const merged = new Map<Func, Running>();
  for (const { running, doubt } of all)
    for (const [func, one] of running) if (!merged.has(func)) merged.set(func, { ...one, doubt: one.doubt + doubt });
  return merged;
}
