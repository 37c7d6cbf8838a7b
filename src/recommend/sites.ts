import type { WaitGroup } from "../knowledge/costs.ts";
import { OFFLOAD } from "../knowledge/offload.ts";
import type { Func } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import { isInside } from "../python/syntax.ts";
import { loopsAround } from "../runtime/boundedness.ts";
import type { Callable } from "../runtime/callables.ts";
import type { Site } from "../runtime/callgraph.ts";
import { limitsOf } from "../runtime/capacity.ts";
import type { Context } from "../runtime/contexts.ts";
import {
  type Cost,
  type Costs,
  costsOf,
  costsOfCallable,
  groundOf,
  joined,
  moved,
  NO_COSTS,
  roundsAt,
  submissionAt,
} from "../runtime/costs.ts";
import { leniency } from "../runtime/leniency.ts";
import { multiplierOf } from "../runtime/multipliers.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { startsOf, type TaskStart } from "../runtime/starts.ts";
import type { Submission } from "../runtime/submissions.ts";
import { workOf } from "../runtime/workloads.ts";
import { type Candidate, candidatesIn } from "./candidates.ts";
import { poolOf } from "./capacity.ts";

/** How a part of the work runs today. */
export type Runs =
  | "awaited"
  | "awaited one by one"
  | "on the loop"
  | "alone on the loop"
  | "in threads"
  | "in one thread"
  | "in server threads"
  | "in processes"
  | "in one process"
  | "in server processes"
  | "in interpreters"
  | "one by one";

/** The costs of one kind that run in one way. */
export interface Part {
  runs: Runs;
  does: "waits" | "computes";
  group: WaitGroup | null;
  gil: Cost["gil"];
  costs: readonly Cost[];
  /** More threads than waiting needs, or any number of them. */
  many: boolean;
}

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

/** A function that a model is recommended for. */
export interface Subject {
  func: Func;
  role: "handler" | "entry" | "starter" | "coroutine" | "loop";
  /** In the framework's words. */
  label: string | null;
  /** Its waiting belongs to an event loop. */
  isAsync: boolean;
  launches: readonly Launch[];
  candidate: Candidate | null;
  costs: Costs;
  parts: readonly Part[];
  context: Context | null;
}

/** Every function that creates concurrency, answers requests, or could do the work of a hot loop at once; test code is left out. */
export function subjectsOf(runtime: Runtime): Subject[] {
  const entries = entriesOf(runtime);
  const handlers = handlersOf(runtime);
  const subjects: Subject[] = [];
  for (const func of runtime.graph.funcs) {
    if (runtime.target.isTest(func.module.path) || func.node.kind === "lambda") continue;
    const launches = launchesIn(runtime, func);
    const handler = handlers.get(func) ?? null;
    const candidate = handler || mayBeSpread(runtime, func) ? (candidatesIn(runtime, func)[0] ?? null) : null;
    const role = handler
      ? "handler"
      : entries.has(func)
        ? "entry"
        : launches.length > 0
          ? "starter"
          : candidate
            ? "loop"
            : null;
    if (role) subjects.push(subject(runtime, func, role, launches, candidate, handler));
  }
  // What stops the loop is said where it happens: in the coroutine that awaits nothing on the way there.
  const known = new Set(subjects.map(({ func }) => func));
  for (const { costs, launches } of [...subjects])
    for (const { coroutine } of costs.list) {
      if (
        !coroutine ||
        known.has(coroutine) ||
        isGathered(launches, coroutine) ||
        runtime.target.isTest(coroutine.module.path)
      )
        continue;
      known.add(coroutine);
      if (holdsLoop(runtime, coroutine)) subjects.push(subject(runtime, coroutine, "coroutine", [], null, null));
    }
  return subjects.filter((one) => !isPartOfAnother(runtime, one, subjects));
}

/** A coroutine that itself makes the loop stand still: through plain calls, not through coroutines that it awaits. */
function holdsLoop(runtime: Runtime, func: Func): boolean {
  return (
    func.isAsync &&
    costsOf(runtime, func).list.some(
      ({ blocks, ground, coroutine, byInput, group, doubt }) =>
        blocks &&
        ground === "here" &&
        coroutine === null &&
        !byInput &&
        group !== "files" &&
        group !== "other" &&
        doubt < 2,
    )
  );
}

/** A loop in work that runs many times at once already is no candidate. */
function mayBeSpread(runtime: Runtime, func: Func): boolean {
  return !runtime.contexts
    .of(func)
    .some(({ root }) => root.kind === "handover" || (root.kind === "framework" && !root.serves && root.pool === "own"));
}

/** All that calls the function of a loop is another such loop: that one is the one to spread. */
function isPartOfAnother({ graph }: Runtime, { func, role }: Subject, all: readonly Subject[]): boolean {
  if (role !== "loop") return false;
  const callers = graph.callers(func);
  return (
    callers.length > 0 &&
    callers.every(({ site }) =>
      all.some(
        (other) =>
          other.func === site.func &&
          other.candidate &&
          loopsAround(site.node).some((loop) => loop === other.candidate?.loop),
      ),
    )
  );
}

function subject(
  runtime: Runtime,
  func: Func,
  role: Subject["role"],
  launches: readonly Launch[],
  candidate: Candidate | null,
  handler: Context | null,
): Subject {
  const isAsync =
    func.isAsync ||
    launches.some(
      ({ kind, start, submission }) => kind === "tasks" || start !== null || submission?.fact.result === "awaitable",
    ) ||
    handler?.root.pool === "anyio-threads" ||
    handler?.kind === "loop";
  // A coroutine that sends a part of its work away is judged with the part that it keeps.
  const sendsAway = func.isAsync && launches.some(({ submission }) => submission?.fact.result === "awaitable");
  const whole = role === "handler" || role === "entry" || role === "coroutine" || sendsAway;
  const spread = candidate ? { ...candidate.costs, list: candidate.hot } : NO_COSTS;
  const own = role === "loop" ? spread : whole ? costsOf(runtime, func) : joined(launches.map(({ costs }) => costs));
  const costs = role === "starter" && candidate ? joined([own, spread]) : own;
  const base: Omit<Subject, "parts"> = {
    func,
    role,
    label: handler?.root.label ?? null,
    isAsync,
    launches,
    candidate,
    costs,
    context: handler,
  };
  return { ...base, parts: partsOf(runtime, base) };
}

/** The parts that count, the heaviest first. */
function partsOf(runtime: Runtime, subject: Omit<Subject, "parts">): Part[] {
  const parts = new Map<string, Part & { costs: Cost[] }>();
  for (const cost of workOf(subject.costs).costs) {
    const runs = runsOf(runtime, subject, cost);
    if (runs === null) continue;
    const key = [runs, cost.does, cost.group, cost.gil].join();
    const part = parts.get(key);
    if (part) part.costs.push(cost);
    else
      parts.set(key, {
        runs,
        does: cost.does,
        group: cost.group,
        gil: cost.gil,
        costs: [cost],
        many: isMany(subject, runs),
      });
  }
  return [...parts.values()];
}

/** How a cost runs; `null` where that is another function's to say. */
function runsOf(
  runtime: Runtime,
  { isAsync, func, launches, candidate, context }: Omit<Subject, "parts">,
  cost: Cost,
): Runs | null {
  const launch =
    launches.find(({ costs }) => costs.list.includes(cost)) ?? launches.find(({ site }) => site === cost.at);
  switch (cost.ground) {
    case "thread":
      return launch?.alone && launch.kind === "thread" ? "in one thread" : "in threads";
    case "process":
      return launch?.alone && launch.kind === "process" ? "in one process" : "in processes";
    case "interpreter":
      return "in interpreters";
    default:
  }
  const inLoop = candidate?.hot.some(({ site, ground }) => site === cost.site && ground === cost.ground) ?? false;
  if (!cost.blocks) return inLoop ? "awaited one by one" : "awaited";
  if (inLoop && !func.isAsync) return "one by one";
  if (cost.coroutine !== null && !isGathered(launches, cost.coroutine)) return null;
  if (func.isAsync || (isAsync && !context))
    return leniency(runtime, cost.coroutine ?? func, cost.coroutine ? cost.site.node : cost.at.node) === null
      ? "on the loop"
      : "alone on the loop";
  if (context?.kind === "thread") return "in server threads";
  if (context?.kind === "process") return "in server processes";
  return context?.kind === "loop" ? "on the loop" : "one by one";
}

/** Several tasks of a coroutine that stops the loop run one after the other. */
function isGathered(launches: readonly Launch[], coroutine: Func): boolean {
  return launches.some(
    ({ kind, alone, work }) => kind === "tasks" && !alone && work.some(({ func }) => func === coroutine),
  );
}

/** Beyond this many waiting threads a loop is the better place to wait. */
const MANY_THREADS = 100;

function isMany({ launches, candidate }: Omit<Subject, "parts">, runs: Runs): boolean {
  if (runs === "in threads") return launches.some(({ kind, atOnce }) => kind === "thread" && atOnce > MANY_THREADS);
  if (runs === "one by one")
    return candidate !== null && (candidate.count === null ? candidate.isMany : candidate.count >= MANY_THREADS);
  return false;
}

/** What the function itself starts: threads, processes, tasks. What its caller chooses is the caller's. */
function launchesIn(runtime: Runtime, func: Func): Launch[] {
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
      if (to === "loop" || to === "greenlet" || OFFLOAD.get(by)?.keyword === "initializer") continue;
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
  if (passed && work.length === 0 && runtime.graph.callables.parameterOf(passed)) return null;
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
    costs: work.length === 0 ? { ...NO_COSTS, open: true } : costs,
    alone: isOwn && !isInItemLoop(site.node) && multiplier === null,
    atOnce:
      multiplier && multiplier.doubt < 2 ? Number.POSITIVE_INFINITY : pool?.capacity ? limitsOf(pool.capacity).low : 1,
    perItem: multiplier?.kind === "item" && multiplier.doubt < 2,
  };
}

/** A `while` around a start begins it again when it has ended; a `for` starts several. */
function isInItemLoop(node: Node): boolean {
  return loopsAround(node).some(({ kind }) => kind !== "while");
}

function isContextRun({ work }: Submission): boolean {
  return work.some(({ library }) => library === "contextvars.Context.run");
}

/** `submit(context.run, work, …)` runs the work. */
function inContext({ graph }: Runtime, { payload }: Submission, callable: Callable): readonly Callable[] {
  const [first] = payload;
  return callable.library === "contextvars.Context.run" && first ? graph.callables.of(first.expression) : [callable];
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
  const made = own.list.filter(({ at }) => isWithin(at.node, start.work));
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

function isWithin(node: Node, work: Node): boolean {
  return isInside(node, work);
}

const RUNNERS =
  /^(?:asyncio\.run|asyncio\.AbstractEventLoop\.run_until_complete|asyncio\.Runner\.run|anyio\.run|trio\.run|uvloop\.run)$/;

/** The coroutines that a program begins with. */
function entriesOf({ graph, target }: Runtime): ReadonlySet<Func> {
  const found = new Set<Func>();
  for (const func of graph.funcs) {
    if (target.isTest(func.module.path)) continue;
    for (const site of graph.sites(func)) {
      if (site.node.kind !== "call" || !site.library.some(({ name }) => RUNNERS.test(name))) continue;
      const [first] = site.node.args;
      if (!first) continue;
      for (const { func: entry } of graph.siteOf(first.value)?.targets ?? []) if (entry.isAsync) found.add(entry);
      for (const { func: entry } of first.value.kind === "call" ? [] : graph.callables.of(first.value))
        if (entry?.isAsync) found.add(entry);
    }
  }
  return found;
}

/** The functions that frameworks call to answer, each with the context it gives them. */
function handlersOf(runtime: Runtime): ReadonlyMap<Func, Context> {
  const found = new Map<Func, Context>();
  for (const { func, kind, serves, label } of runtime.contexts.roots) {
    if (kind !== "framework" || (!serves && label !== "scheduled job") || found.has(func)) continue;
    const context = runtime.contexts
      .of(func)
      .find(({ from, root }) => from === null && root.kind === "framework" && root.func === func);
    if (context && context.doubt < 2) found.set(func, context);
  }
  return found;
}
