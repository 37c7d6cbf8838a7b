import type { Func } from "../python/module.ts";
import { loopsAround } from "../runtime/effects/boundedness.ts";
import { type Costs, costsOf, joined, NO_COSTS } from "../runtime/effects/costs.ts";
import type { Context } from "../runtime/graph/contexts.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Candidate, candidatesIn } from "./candidates.ts";
import { type Launch, launchesIn } from "./launches.ts";
import { isGathered, type Part, partsOf } from "./parts.ts";

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
  const loops = subjects.filter((one) => !isPartOfAnother(runtime, one, subjects));
  return loops.filter((one) => !leadsToAnother(one, loops));
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

/** A loop over a few, whose rounds get to a loop over many: the waits of that one are the ones to overlap. */
function leadsToAnother({ func, role, candidate }: Subject, all: readonly Subject[]): boolean {
  const dearest = role === "loop" ? candidate?.hot[0] : undefined;
  return (
    dearest?.does === "waits" &&
    all.some(
      (other) =>
        other.func !== func &&
        other.role === "loop" &&
        other.candidate?.hot.some(({ site, hops }) => site === dearest.site && hops < dearest.hops),
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
  const own =
    role === "loop" ? spread : whole ? wholeCosts(runtime, func, launches) : joined(launches.map(({ costs }) => costs));
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

/** All that a function does; with what nobody can see of the work that it sends away. */
function wholeCosts(runtime: Runtime, func: Func, launches: readonly Launch[]): Costs {
  const costs = costsOf(runtime, func);
  return launches.some(({ costs: sent }) => sent.open) ? { ...costs, open: true } : costs;
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
