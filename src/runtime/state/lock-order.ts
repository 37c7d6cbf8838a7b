import { push } from "../../multimap.ts";
import type { Func } from "../../python/module.ts";
import { answeredOnce } from "../answered.ts";
import { startsOf } from "../coroutines/starts.ts";
import type { Site } from "../graph/callgraph.ts";
import type { Runtime } from "../runtime.ts";
import { type Acquisition, type Lock, locksOf, sameLock } from "./locks.ts";

/** One lock taken while another is held: in the same body, or further down the calls. */
export interface Nesting {
  outer: Acquisition;
  inner: Acquisition;
  /** The calls from the body that holds the outer lock down to the one that takes the inner. */
  path: readonly Site[];
  doubt: number;
}

/** Two locks that are taken in both orders by code that can run at once. */
export interface Inversion {
  /** The rarer order (of two equally frequent ones the later in the source), and one place of the other. */
  nesting: Nesting;
  other: Nesting;
  doubt: number;
}

const DEEPEST = 6;
/** A way longer than this costs a step of confidence. */
const LONG_WAY = 4;
const MOST_VISITED = 150;
const MOST_REPORTED = 3;

/** All inversions of the program; computed once. */
export const inversionsOf: (runtime: Runtime) => readonly Inversion[] = answeredOnce(build);

function build(runtime: Runtime): readonly Inversion[] {
  const groups = groupsOf(locksOf(runtime).all().filter(isExclusive));
  const byOrder = new Map<string, Nesting[]>();
  for (const acquisition of groups.keys())
    for (const nesting of nestingsOf(runtime, acquisition, groups)) {
      const from = groups.get(nesting.outer);
      const to = groups.get(nesting.inner);
      if (from === undefined || to === undefined || from === to) continue;
      push(byOrder, `${from} ${to}`, nesting);
    }
  const found: Inversion[] = [];
  for (const [order, forth] of byOrder) {
    const [from, to] = order.split(" ").map(Number);
    const back = byOrder.get(`${to} ${from}`);
    if (!back || (from ?? 0) > (to ?? 0)) continue;
    const [rare, usual] = isRarer(forth, back) ? [forth, back] : [back, forth];
    const seen = new Set<unknown>();
    for (const nesting of rare) {
      if (seen.has(nesting.inner.node) || seen.size >= MOST_REPORTED) continue;
      const inversion = inverted(runtime, nesting, usual);
      if (!inversion) continue;
      seen.add(nesting.inner.node);
      found.push(inversion);
    }
  }
  return found;
}

/** Semaphores admit several, and what is made on the spot meets nobody. */
function isExclusive({ lock }: Acquisition): boolean {
  return lock.fact !== null && !lock.fresh && lock.fact.kind !== "semaphore" && lock.fact.kind !== "limiter";
}

/** Numbers the locks: acquisitions of what may be the same lock get the same number. */
function groupsOf(acquisitions: readonly Acquisition[]): Map<Acquisition, number> {
  const parents: number[] = [];
  const root = (at: number): number => {
    let top = at;
    while (parents[top] !== top) top = parents[top] ?? top;
    return top;
  };
  const byId = new Map<unknown, number>();
  const first = acquisitions.map(({ lock }, i) => {
    parents[i] = i;
    for (const id of lock.ids) {
      const other = byId.get(id);
      if (other === undefined) byId.set(id, i);
      else parents[root(i)] = root(other);
    }
    return i;
  });
  return new Map(acquisitions.map((one, i) => [one, root(first[i] ?? i)]));
}

/** What is taken while the acquisition holds its lock. */
function nestingsOf(runtime: Runtime, outer: Acquisition, groups: ReadonlyMap<Acquisition, number>): Nesting[] {
  const locks = locksOf(runtime);
  const starts = startsOf(runtime);
  const found: Nesting[] = [];
  const visited = new Set<Func>([outer.func]);
  // What is held already when the outer lock is taken is only entered again.
  const before = locks.around(outer.func, outer.node);
  const note = (func: Func, path: readonly Site[], doubt: number, isInside: (one: Acquisition) => boolean): void => {
    for (const inner of locks.taken(func))
      if (
        inner !== outer &&
        groups.has(inner) &&
        inner.waits === "for ever" &&
        isInside(inner) &&
        !before.some((lock) => sameLock(lock, inner.lock))
      )
        found.push({ outer, inner, path, doubt });
  };
  const follow = (site: Site, path: readonly Site[], doubt: number): void => {
    if (path.length >= DEEPEST || visited.size > MOST_VISITED) return;
    if (site.node.kind === "call" && starts.of(site.node)) return;
    for (const target of site.targets) {
      const sum = doubt + target.doubt;
      if (sum > 1 || visited.has(target.func) || (target.func.isAsync && !site.awaited)) continue;
      visited.add(target.func);
      const next = [...path, site];
      note(target.func, next, sum, () => true);
      for (const deeper of runtime.graph.sites(target.func)) follow(deeper, next, sum);
    }
  };
  const holds = (node: { start: number; end: number }): boolean => outer.from <= node.start && node.end <= outer.to;
  note(outer.func, [], 0, ({ node }) => holds(node));
  for (const site of runtime.graph.sites(outer.func)) if (holds(site.node)) follow(site, [], 0);
  return found;
}

function isRarer(forth: readonly Nesting[], back: readonly Nesting[]): boolean {
  const places = (list: readonly Nesting[]): number => new Set(list.map(({ inner }) => inner.node)).size;
  const difference = places(forth) - places(back);
  if (difference !== 0) return difference < 0;
  const [a, b] = [lastOf(forth), lastOf(back)];
  if (!a || !b) return false;
  const [one, other] = [a.inner.func.module.path, b.inner.func.module.path];
  return one === other ? a.inner.node.start > b.inner.node.start : one > other;
}

function lastOf(list: readonly Nesting[]): Nesting | undefined {
  return [...list].sort((a, b) => a.inner.node.start - b.inner.node.start).at(-1);
}

/** The best place of the other order that can run at the same time, without a third lock that keeps the two apart. */
function inverted(runtime: Runtime, nesting: Nesting, usual: readonly Nesting[]): Inversion | null {
  const mine = gatesOf(runtime, nesting);
  let best: Inversion | null = null;
  for (const other of usual) {
    if (gatesOf(runtime, other).some((gate) => mine.some((one) => sameLock(one, gate)))) continue;
    const far = nesting.path.length > LONG_WAY || other.path.length > LONG_WAY ? 1 : 0;
    const doubt = nesting.doubt + other.doubt + doubtOf(runtime, nesting, other) + nesting.outer.lock.doubt + far;
    if (!best || doubt < best.doubt) best = { nesting, other, doubt };
  }
  return best;
}

/** The locks held besides the two. */
function gatesOf(runtime: Runtime, { outer, inner }: Nesting): Lock[] {
  return locksOf(runtime)
    .around(outer.func, outer.node)
    .filter((lock) => !sameLock(lock, outer.lock) && !sameLock(lock, inner.lock));
}

/** Code in threads or requests runs at once; what only the main program runs, may well be over when they start. */
function doubtOf(runtime: Runtime, a: Nesting, b: Nesting): number {
  if (a.outer.func === b.outer.func) return 2;
  return Math.max(placeDoubt(runtime, a.outer.func), placeDoubt(runtime, b.outer.func));
}

function placeDoubt({ contexts }: Runtime, func: Func): number {
  const places = contexts.of(func);
  if (places.some(({ kind, doubt }) => kind === "thread" && doubt < 2)) return 0;
  if (contexts.serving(func)) return 0;
  if (func.isAsync || places.length === 0) return 1;
  return 2;
}
