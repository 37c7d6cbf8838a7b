import type { Func } from "../python/module.ts";
import type { CallGraph, Site } from "./callgraph.ts";

/** Where an effect starts: a site that calls a library, by canonical name, with the fact that the tables hold about it. */
export interface Source<Fact> {
  site: Site;
  name: string;
  doubt: number;
  fact: Fact;
}

/** Why a function has an effect: the site in it, and what that site leads to. A traceback in reverse: follow `next` down to the library call. */
export interface Witness<Fact> {
  func: Func;
  site: Site;
  next: Witness<Fact> | null;
  source: Source<Fact>;
  /** Hops down to the library call; 1 for a direct call. */
  length: number;
  doubt: number;
}

/** A chain longer than this costs a step of confidence. */
const LONG_CHAIN = 4;

/** One step of doubt weighs as much as this many hops when the best chain is chosen. */
const DOUBT_COST = 6;
const MOST_COST = 60;

/**
 * Effects travel up ordinary call edges of plain functions, each with its best witness: fewest doubts, then fewest hops.
 * Coroutines keep their effects to themselves: what they do happens where they run, not where they are called.
 */
export function spread<Fact>(
  graph: CallGraph,
  direct: (func: Func) => readonly Source<Fact>[],
): Map<Func, Witness<Fact>> {
  const best = new Map<Func, Witness<Fact>>();
  const queue: Witness<Fact>[][] = Array.from({ length: MOST_COST + 1 }, () => []);
  const offer = (witness: Witness<Fact>): void => {
    const cost = witness.length + witness.doubt * DOUBT_COST;
    if (cost <= MOST_COST) queue[cost]?.push(witness);
  };
  for (const func of graph.funcs)
    for (const source of direct(func))
      offer({ func, site: source.site, next: null, source, length: 1, doubt: source.doubt });
  for (const bucket of queue)
    for (const witness of bucket) {
      if (best.has(witness.func)) continue;
      best.set(witness.func, witness);
      if (witness.func.isAsync) continue;
      for (const { site, doubt } of graph.callers(witness.func)) {
        if (best.has(site.func) || site.awaited) continue;
        offer({
          func: site.func,
          site,
          next: witness,
          source: witness.source,
          length: witness.length + 1,
          doubt: witness.doubt + doubt,
        });
      }
    }
  return best;
}

/** The best witness among the functions that a site runs right there; `null` if none of them has the effect. */
export function through<Fact>(
  site: Site,
  effects: ReadonlyMap<Func, Witness<Fact>>,
): { witness: Witness<Fact>; doubt: number } | null {
  let found: { witness: Witness<Fact>; doubt: number } | null = null;
  for (const { func, doubt } of site.targets) {
    if (func.isAsync) continue;
    const witness = effects.get(func);
    if (!witness) continue;
    const total = witness.doubt + doubt + (witness.length > LONG_CHAIN ? 1 : 0);
    if (!found || total < found.doubt || (total === found.doubt && witness.length < found.witness.length))
      found = { witness, doubt: total };
  }
  return found;
}

/** The chain of a witness, outermost call first. */
export function chain<Fact>(witness: Witness<Fact>): Witness<Fact>[] {
  const found: Witness<Fact>[] = [];
  for (let at: Witness<Fact> | null = witness; at; at = at.next) found.push(at);
  return found;
}
