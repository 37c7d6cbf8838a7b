import { type Func, nodesOf } from "../../python/module.ts";
import type { Call, Node, Parameter } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import { matchArguments } from "./callables.ts";
import type { CallGraph, Site } from "./callgraph.ts";

/**
 * Whether nothing else runs on the event loop when the code at `node` of a function does: every way to it starts at a runner like
 * `asyncio.run`, and what comes before it on the way starts no task, server or callback that goes on.
 */
export function isQuiet(runtime: Runtime, func: Func, node: Node): boolean {
  if (runtime.contexts.serving(func)) return false;
  return isQuietAt(runtime, func, node, new Set());
}

/** With more callers above it, code is not looked at further: some of them start something. */
const MOST_CALLERS = 200;

function isQuietAt(runtime: Runtime, func: Func, node: Node, seen: Set<Func>): boolean {
  const { graph } = runtime;
  if (graph.sites(func).some((site) => precedes(site.node, node) && starts(graph, site))) return false;
  // A function that calls itself is as quiet as its other callers.
  if (seen.has(func)) return true;
  if (seen.size >= MOST_CALLERS) return false;
  seen.add(func);
  if (graph.handedOver(func).length > 0) return false;
  const callers = callersOf(runtime, func);
  if (callers.length === 0) return func.isAsync && isRunByDecorator(graph, func);
  return callers.every(({ site }) => {
    if (func.isAsync && isRun(graph, site)) return true;
    if (func.isAsync && !site.func.isAsync) return false;
    return !isStarted(graph, site) && isQuietAt(runtime, site.func, site.node, seen);
  });
}

/** Who calls the function in the program itself: what a test runs alone says nothing about the rest. */
function callersOf({ graph, target }: Runtime, func: Func) {
  return graph.callers(func).filter(({ site }) => !target.isTest(site.func.module.path));
}

/** Whether the one comes before the other, be it in the last round of a loop. */
function precedes(first: Node, then: Node): boolean {
  if (first === then) return false;
  if (first.start < then.start) return true;
  for (let at = then.parent; at; at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda") return false;
    if ((at.kind === "for" || at.kind === "while") && first.start >= at.start && first.end <= at.end) return true;
  }
  return false;
}

/** Whether the call stands as the argument of something that runs a loop until it is done, be it a function of the project that does. */
export function isRun(graph: CallGraph, { node }: Site): boolean {
  const outer = node.parent?.kind === "argument" ? node.parent.parent : null;
  if (outer?.kind !== "call") return false;
  return (
    isRunner(graph, outer) ||
    (graph.siteOf(outer)?.targets ?? []).some(({ func, receiver }) => {
      const given = matchArguments(outer, func, receiver !== null).find(([, value]) => value === node);
      return given !== undefined && runsParameter(graph, func, given[0]);
    })
  );
}

function isRunner({ inference }: CallGraph, { callee }: Call): boolean {
  return inference.names(callee).some(({ name }) => RUNNERS.test(name));
}

/** `def start(main): asyncio.run(main)`. */
function runsParameter(graph: CallGraph, func: Func, parameter: Parameter): boolean {
  return nodesOf(func, "call").some(
    (call) => isRunner(graph, call) && call.args.some(({ value }) => graph.callables.parameterOf(value) === parameter),
  );
}

/** Whether the coroutine of a call runs beside others: it is given to a task, a group, or `gather`. */
function isStarted(graph: CallGraph, { node }: Site): boolean {
  for (let at = node.parent; at; at = at.parent) {
    if (at.kind === "call" && graph.inference.names(at.callee).some(({ name }) => BESIDE.test(name))) return true;
    if ("body" in at && at.kind !== "conditional") return false;
  }
  return false;
}

/** A decorator of the project's own runs the coroutine: `asyncio.run(function(*args))` in its wrapper. */
function isRunByDecorator(graph: CallGraph, func: Func): boolean {
  const { wrappers } = graph.callables.wrapping(func);
  return wrappers.some((wrapper) =>
    nodesOf(wrapper, "call").some(
      (node) =>
        isRunner(graph, node) &&
        node.args.some(({ value }) => value.kind === "call" && graph.callables.parameterOf(value.callee) !== null),
    ),
  );
}

/** What is known of others on the loop while a coroutine waits: there are some, nobody knows, or none were started on the way to it. */
export type Company = "some" | "unknown" | "none";

/**
 * Who else may want the loop while the code at `node` has it, as far as the functions on the way to it say. Unlike `isQuiet` it takes it
 * that coroutines which are awaited leave nothing running.
 */
export function companyOf(runtime: Runtime, func: Func, node: Node): Company {
  return runtime.contexts.serving(func) ? "some" : companyAt(runtime, func, node, new Set());
}

function companyAt(runtime: Runtime, func: Func, node: Node, seen: Set<Func>): Company {
  const { graph } = runtime;
  if (graph.sites(func).some((site) => precedes(site.node, node) && leavesRunning(graph, site))) return "some";
  if (seen.has(func)) return "none";
  if (seen.size >= MOST_CALLERS) return "unknown";
  seen.add(func);
  if (graph.handedOver(func).length > 0) return "some";
  const callers = callersOf(runtime, func);
  if (callers.length === 0) return isRunByDecorator(graph, func) ? "none" : isHandler(graph, func) ? "some" : "unknown";
  let worst: Company = "none";
  for (const { site } of callers) {
    if (func.isAsync && isRun(graph, site)) continue;
    const above = isStarted(graph, site)
      ? "some"
      : func.isAsync && !site.func.isAsync
        ? "unknown"
        : companyAt(runtime, site.func, site.node, seen);
    if (above === "some") return "some";
    if (above === "unknown") worst = "unknown";
  }
  return worst;
}

/** A plain function cannot wait for the tasks that it starts. */
function leavesRunning(graph: CallGraph, site: Site): boolean {
  return (
    site.library.some(({ name }) => STARTERS.test(name)) ||
    site.targets.some(({ func }) => !func.isAsync && startsTasks(graph, func))
  );
}

/** Somebody else's decorator calls it when there is something to do. */
function isHandler({ inference }: CallGraph, func: Func): boolean {
  const { library, project } = inference.decoration(func);
  return library.length + project.length > 0;
}

const starting = new WeakMap<CallGraph, ReadonlySet<Func>>();

/** Whether what the site calls leaves something running on the loop. */
function starts(graph: CallGraph, site: Site): boolean {
  return (
    site.library.some(({ name }) => STARTERS.test(name)) || site.targets.some(({ func }) => startsTasks(graph, func))
  );
}

function startsTasks(graph: CallGraph, entry: Func): boolean {
  const known = starting.get(graph) ?? startingOf(graph);
  starting.set(graph, known);
  return known.has(entry);
}

/** The functions from which something is started that goes on, and all that call them. */
function startingOf(graph: CallGraph): ReadonlySet<Func> {
  const found = new Set(graph.calling(({ name }) => STARTERS.test(name)).map(({ func }) => func));
  for (const func of found) for (const { site } of graph.callers(func)) found.add(site.func);
  return found;
}

const RUNNERS =
  /^(?:asyncio\.run|asyncio\.AbstractEventLoop\.run_until_complete|asyncio\.Runner\.run|anyio\.run|trio\.run|uvloop\.run)$/;

/** What leaves something running; what waits for all that it starts (`gather`) does not, and threads do not need the loop. */
const STARTERS =
  /^(?:asyncio\.(?:create_task|ensure_future|as_completed|start_server|start_unix_server|run_coroutine_threadsafe|TaskGroup\.create_task|AbstractEventLoop\.(?:create_task|create_server|call_later|call_soon|run_forever))|anyio\.TaskGroup\.start_soon|anyio\.create_task_group|trio\.open_nursery|fastapi\.|starlette\.|aiohttp\.web\.|quart\.|sanic\.|litestar\.|discord\.|telegram\.|aiogram\.|tornado\.|websockets\.|uvicorn\.|hypercorn\.|grpc\.aio\.|aio_pika\.|django\.|channels\.)/;

const BESIDE =
  /^(?:asyncio\.(?:gather|wait|as_completed|create_task|ensure_future|run_coroutine_threadsafe|TaskGroup\.create_task|AbstractEventLoop\.create_task)|anyio\.TaskGroup\.start_soon)$/;

const handlers = new WeakMap<CallGraph, ReadonlySet<Func>>();

/** Functions that a framework is told to run before it serves, or after: `app.on_startup.append(connect)`, `App(on_startup=[connect])`. */
export function startUpHandlers(graph: CallGraph): ReadonlySet<Func> {
  const known = handlers.get(graph);
  if (known) return known;
  const found = new Set<Func>();
  for (const func of graph.funcs)
    for (const node of nodesOf(func, "call"))
      for (const given of handlersIn(node))
        for (const one of given.kind === "list" || given.kind === "tuple" ? given.items : [given])
          for (const { func: handler } of graph.callables.of(one)) if (handler) found.add(handler);
  handlers.set(graph, found);
  return found;
}

function handlersIn({ callee, args }: Call) {
  const named = args.filter(
    ({ name }) => name !== null && /^(?:on_startup|on_shutdown|post_init|post_shutdown)$/.test(name),
  );
  if (callee.kind !== "attribute") return named.map(({ value }) => value);
  const list = callee.value.kind === "attribute" ? callee.value.attr : "";
  const isList =
    /^(?:append|register)$/.test(callee.attr) && /^(?:on_)?(?:startup|shutdown|cleanup)(?:_ctx)?$/.test(list);
  const [event] = args;
  const isEvent =
    callee.attr === "add_event_handler" &&
    event?.value.kind === "string" &&
    /^(?:startup|shutdown)$/.test(event.value.value);
  const positional = isList ? args : isEvent ? args.slice(1) : [];
  return [...named, ...positional].map(({ value }) => value);
}
