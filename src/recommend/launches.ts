import { OFFLOAD } from "../knowledge/offload.ts";
import type { Func } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import { isInside } from "../python/syntax.ts";
import { startsOf, type TaskStart } from "../runtime/coroutines/starts.ts";
import { loopsAround } from "../runtime/effects/boundedness.ts";
import {
  type Costs,
  costsOf,
  costsOfCallable,
  groundOf,
  joined,
  moved,
  NO_COSTS,
  roundsAt,
  submissionAt,
} from "../runtime/effects/costs.ts";
import type { Callable } from "../runtime/graph/callables.ts";
import type { Site } from "../runtime/graph/callgraph.ts";
import { limitsOf } from "../runtime/pools/capacity.ts";
import type { Submission } from "../runtime/pools/submissions.ts";
import { multiplierOf } from "../runtime/processes/multipliers.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { poolOf } from "./capacity.ts";

/** A place that starts something. */
export interface Launch {
  site: Site;
  kind: "thread" | "process" | "interpreter" | "tasks";
  work: readonly Callable[];
  submission: Submission | null;
  start: TaskStart | null;
  costs: Costs;
  /** One thread or process of its own, beside the program. */
  alone: boolean;
  /** How many run at once, at most; infinite where nothing bounds it. */
  atOnce: number;
  /** The number is set by what this many elements there are, one thread or process each. */
  perItem: boolean;
}

/** What the function itself starts: threads, processes, tasks. What its caller chooses is the caller's. */
export function launchesIn(runtime: Runtime, func: Func): Launch[] {
  const found: Launch[] = [];
  for (const site of runtime.graph.sites(func)) {
    const submission = submissionAt(runtime, site);
    if (submission) {
      const launch = submitted(runtime, submission);
      if (launch) found.push(launch);
      continue;
    }
    for (const handover of site.handovers) {
      const { to, by } = handover.destination;
      if (
        handover.library === CONTEXT_RUN ||
        to === "loop" ||
        to === "greenlet" ||
        OFFLOAD.get(by)?.keyword === "initializer"
      )
        continue;
      const ground = groundOf(runtime, site, handover);
      if (ground === "here") continue;
      const costs = moved(
        costsOfCallable(runtime, site, handover),
        site,
        handover.func,
        ground,
        roundsAt(site.node),
        handover.doubt,
      );
      const isAlone = OFFLOAD.get(by)?.pool === "own" && !isInItemLoop(site.node);
      found.push({
        site,
        kind: ground,
        work: [handover],
        submission: null,
        start: null,
        costs,
        alone: isAlone,
        atOnce: 1,
        perItem: false,
      });
    }
  }
  for (const start of startsOf(runtime).in(func)) {
    const launch = started(runtime, func, start);
    if (launch) found.push(launch);
  }
  return found;
}

function submitted(runtime: Runtime, submission: Submission): Launch | null {
  const { site, to, callable, fact, cls } = submission;
  const work = submission.work.flatMap((one) => inContext(runtime, submission, one));
  // Whoever passes the function in chooses the work.
  const passed = callable && isContextRun(submission) ? submission.payload[0]?.expression : callable;
  const isPassedIn = passed ? runtime.graph.callables.parameterOf(passed) !== null : false;
  if (isPassedIn && work.length === 0) return null;
  if (fact.decorator && work.length === 0) return null;
  const kind = to ?? (fact.to === "process" || fact.to === "interpreter" ? fact.to : "thread");
  const repeats = fact.argsForm === "map" ? 10 : 1;
  const costs = joined(
    work.map((one) =>
      moved(costsOfCallable(runtime, site, one), site, one.func, kind, roundsAt(site.node) * repeats, one.doubt),
    ),
  );
  const isOwn = fact.pool === "own" || cls !== null;
  const multiplier = isOwn ? multiplierOf(runtime, submission) : null;
  const pool = poolOf(runtime, submission);
  return {
    site,
    kind,
    work,
    submission,
    start: null,
    costs: work.length === 0 ? { ...NO_COSTS, open: true } : { ...costs, chosen: costs.chosen || isPassedIn },
    // A request's own thread is a job in the background, not a way to be faster.
    alone: isOwn && !isInItemLoop(site.node) && multiplier?.kind !== "item",
    atOnce:
      multiplier && multiplier.doubt < 2 ? Number.POSITIVE_INFINITY : pool?.capacity ? limitsOf(pool.capacity).low : 1,
    perItem: multiplier?.kind === "item" && multiplier.doubt < 2,
  };
}

const CONTEXT_RUN = "contextvars.Context.run";

/** A `while` around a start begins it again when it has ended; a `for` starts several. */
function isInItemLoop(node: Node): boolean {
  return loopsAround(node).some(({ kind }) => kind !== "while");
}

function isContextRun({ work }: Submission): boolean {
  return work.some(({ library }) => library === CONTEXT_RUN);
}

/** `submit(context.run, work, …)` runs the work. */
function inContext({ graph }: Runtime, { payload }: Submission, callable: Callable): readonly Callable[] {
  const [first] = payload;
  return callable.library === CONTEXT_RUN && first ? graph.callables.of(first.expression) : [callable];
}

function started(runtime: Runtime, func: Func, start: TaskStart): Launch | null {
  const site = runtime.graph.siteOf(start.call) ?? {
    func,
    node: start.call,
    kind: "call",
    awaited: true,
    library: [],
    targets: [],
    handovers: [],
  };
  const own = costsOf(runtime, func);
  const made = own.list.filter(({ at }) => isInside(at.node, start.work));
  const roots = start.roots.map((root) =>
    moved(costsOf(runtime, root.func), site, root.func, "here", roundsAt(start.call), root.doubt),
  );
  if (made.length === 0 && roots.length === 0 && start.library.length === 0) return null;
  return {
    site,
    kind: "tasks",
    work: start.roots.map((root) => ({ func: root.func, library: null, doubt: root.doubt })),
    submission: null,
    start,
    costs: made.length > 0 ? { ...own, list: made } : joined(roots),
    alone: start.over.length === 0 && start.roots.length <= 1,
    atOnce: 1,
    perItem: false,
  };
}
