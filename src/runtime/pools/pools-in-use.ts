import type { Func } from "../../python/module.ts";
import { loopsAround } from "../effects/boundedness.ts";
import { constructionsOf } from "../graph/mentions.ts";
import { type Running, runningFrom } from "../graph/running.ts";
import type { Runtime } from "../runtime.ts";
import { type Lock, locksOf } from "../state/locks.ts";
import { type AtATime, atATime } from "./at-a-time.ts";
import { type Capacity, exceeds, fixed, isUnlimited, lesser, limitsOf, sum } from "./capacity.ts";
import { type Crew, crewsOf, type Work } from "./crews.ts";
import { type Draw, drawsOf } from "./draws.ts";
import type { Pool } from "./pools.ts";

/** One way in which a crew's work comes to take from a pool. */
export interface Use {
  work: Work;
  draw: Draw;
  /** The calls from the work down to the draw. */
  path: readonly Running[];
  /** How many may get there at once, were there any number of workers; `null` where a limit on the way has an unknown size. */
  count: Capacity | null;
  doubt: number;
}

/** A crew whose workers take from one pool. */
export interface Share {
  crew: Crew;
  pool: Pool;
  uses: readonly Use[];
}

/** How many of a crew take from a pool at once, and how sure that is. */
export interface Demand {
  share: Share;
  /** The workers that may take at the same time. */
  workers: Capacity;
  /** What each of them holds at once. */
  each: AtATime;
  /** The use that shows it best. */
  use: Use;
  doubt: number;
}

/** A chain longer than this costs a step of confidence. */
const LONG_CHAIN = 5;

const known = new WeakMap<Runtime, readonly Share[]>();

/** Which crews take from which pools; computed on demand and remembered. */
export function sharesOf(runtime: Runtime): readonly Share[] {
  const remembered = known.get(runtime);
  if (remembered) return remembered;
  const made = crewsOf(runtime).flatMap((crew) => sharesOfCrew(runtime, crew));
  known.set(runtime, made);
  return made;
}

function sharesOfCrew(runtime: Runtime, crew: Crew): Share[] {
  const draws = drawsOf(runtime);
  const uses = new Map<Pool["made"], { pool: Pool; uses: Use[] }>();
  const reached = new Set(crew.works.flatMap(({ func }) => (func ? [...runningFrom(runtime, func).keys()] : [])));
  for (const work of crew.works) {
    if (!work.func) continue;
    for (const running of runningFrom(runtime, work.func).values())
      for (const draw of draws.in(running.func)) {
        if (!/^(?:db|http)-pool$/.test(draw.pool.fact.kind) || draw.pool.fact.async) continue;
        if (isOwn(runtime, draw.pool, reached, work)) continue;
        const known = uses.get(draw.pool.made) ?? { pool: draw.pool, uses: [] };
        uses.set(draw.pool.made, known);
        const path = pathOf(running);
        const count = countOf(runtime, work, path, draw);
        known.uses.push({
          work,
          draw,
          path,
          count,
          doubt: work.doubt + work.times.doubt + running.doubt + draw.doubt + (path.length > LONG_CHAIN ? 1 : 0),
        });
      }
  }
  return [...uses.values()].map((one) => ({ crew, ...one }));
}

function pathOf(running: Running): Running[] {
  const found: Running[] = [];
  for (let at: Running | null = running; at; at = at.from) found.unshift(at);
  return found;
}

/** Whether every worker has a pool of its own: it is made by the work itself, or by the object that each item of work has. */
function isOwn(runtime: Runtime, pool: Pool, reached: ReadonlySet<Func>, { submission }: Work): boolean {
  const { func, made } = pool;
  if (reached.has(func) && !isRemembered(runtime, pool)) return true;
  if (!func.cls || func.node.kind !== "function" || func.node.name !== "__init__") return false;
  const { cls } = func;
  return constructionsOf(runtime, cls).some(
    (one) =>
      !runtime.target.isTest(one.func.module.path) &&
      one.call !== made &&
      (reached.has(one.func) || (submission !== null && loopsAround(one.call).length > 0)),
  );
}

/** Made once although a worker makes it: by a cached function, into a module's variable, or into an attribute that is empty before. */
export function isRemembered(runtime: Runtime, { func, made }: Pool): boolean {
  if (runtime.inference.decoration(func).cached) return true;
  const { parent } = made.parent?.kind === "await" ? made.parent : made;
  const target = parent?.kind === "assign" ? parent.targets[0] : null;
  if (target?.kind === "name") return func.scope.outer.get(target.id) === "global";
  if (target?.kind !== "attribute") return false;
  const holder = runtime.origins.holder(target);
  if (holder?.kind === "global") return true;
  return holder?.kind === "attribute" && func.node.kind === "function" && func.node.name !== "__init__";
}

/** How many may be at the draw at once: as often as the work runs, but no more than locks and semaphores on the way let through. */
function countOf(runtime: Runtime, work: Work, path: readonly Running[], draw: Draw): Capacity | null {
  const locks = locksOf(runtime);
  const gates: Lock[] = [...locks.heldAt(draw.func, draw.site.node).map(({ lock }) => lock)];
  for (const { from, site } of path)
    if (from && site) gates.push(...locks.heldAt(from.func, site.node).map(({ lock }) => lock));
  const { submission } = work;
  if (submission) gates.push(...locks.around(submission.func, submission.call));
  let count: Capacity | null = work.times.count;
  for (const gate of gates) {
    const width = widthOf(runtime, gate);
    if (width === "open") continue;
    if (width === null || count === null) return null;
    count = lesser(count, width);
  }
  return count;
}

/** How many a lock or semaphore lets through; `open` where it holds nobody back. */
export function widthOf(runtime: Runtime, { fact, expression, fresh }: Lock): Capacity | "open" | null {
  if (fresh || fact?.kind === "limiter") return "open";
  if (!fact) return null;
  if (fact.kind !== "semaphore") return fixed(1, "a lock");
  const [only, ...others] = drawsOf(runtime)
    .behind(expression)
    .filter(({ pool }) => pool.fact.kind === "semaphore");
  return only && others.length === 0 ? only.pool.capacity : null;
}

const MOST_DOUBT = 2;

/**
 * How many workers of the crew take from the pool at once: the surest answer that `wanted` accepts, else the widest. `null` where an
 * unknown number decides.
 */
export function demandOf(
  runtime: Runtime,
  share: Share,
  wanted: (workers: Capacity, each: AtATime) => boolean,
): Demand | null {
  const { crew, pool } = share;
  if (!crew.capacity) return null;
  let widest: Demand | null = null;
  for (let doubt = 0; doubt <= MOST_DOUBT; doubt++) {
    const uses = share.uses.filter((use) => use.doubt <= doubt);
    const [first] = uses;
    if (!first || (doubt > 0 && uses.every((use) => use.doubt < doubt))) continue;
    const together = workersOf(uses);
    if (!together) continue;
    const workers = lesser(crew.capacity, together);
    const each = uses
      .flatMap(({ work }) => (work.func ? [atATime(runtime, pool, work.func)] : []))
      .reduce((a, b) => (b.count > a.count ? b : a), { count: 1, first: null, second: null, doubt: 0 });
    const use =
      uses.find(
        ({ work, count }) =>
          count && exceeds(count, fixed(1)) && (each.count < 2 || holdsMost(runtime, pool, work, each)),
      ) ?? first;
    const demand: Demand = { share, workers, each, use, doubt: doubt + crew.doubt + sizeDoubt(pool, workers) };
    if (wanted(workers, each)) return demand;
    if (!widest || limitsOf(workers).high >= limitsOf(widest.workers).high) widest = demand;
  }
  return widest;
}

function holdsMost(runtime: Runtime, pool: Pool, { func }: Work, each: AtATime): boolean {
  return func !== null && atATime(runtime, pool, func).count === each.count;
}

/** Both numbers may come from one settings class: that they may be set otherwise is one doubt. */
function sizeDoubt({ capacity }: Pool, workers: Capacity): number {
  return Math.max(capacity?.doubt ?? 0, workers.doubt);
}

/** All that may run at once, each piece of work counted where it is widest. */
function workersOf(uses: readonly Use[]): Capacity | null {
  const perWork = new Map<Work["at"]["node"], Capacity>();
  let isOpen = false;
  for (const { work, count } of uses) {
    if (!count) {
      isOpen = true;
      continue;
    }
    const before = perWork.get(work.at.node);
    if (!before || exceeds(count, before)) perWork.set(work.at.node, count);
  }
  const found = [...perWork.values()];
  if (found.some(isUnlimited)) return found.find(isUnlimited) ?? null;
  if (isOpen || found.length === 0) return null;
  return found.reduce(sum);
}
