import { LOOP_BOUND, type LoopBound } from "../../knowledge/loop-bound.ts";
import { push } from "../../multimap.ts";
import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { argument, enclosing } from "../../python/syntax.ts";
import { chain, type Source, spread, through, type Witness } from "../effects/witness.ts";
import { type CallGraph, placeOf, type Site } from "../graph/callgraph.ts";
import type { Context } from "../graph/contexts.ts";
import { usesOf } from "../lifetimes/usage.ts";
import type { Runtime } from "../runtime.ts";

/** A call that belongs to the event loop's thread, made in another one. */
export interface ForeignCall {
  func: Func;
  at: Node;
  /** What is called (or handed to the thread as it is). */
  callee: Node;
  name: string;
  fate: LoopBound;
  /** The way from the call down to the one that belongs to the loop; `null` if it is that itself. */
  witness: Witness<LoopBound> | null;
  /** What brings the code into the thread; `null` where the call itself hands the callable over. */
  context: Context | null;
  /** The library call that starts the thread, by canonical name, or a framework's word for it. */
  by: string;
  doubt: number;
}

/** All calls on asyncio's loops, queues, events, futures and writers from threads that run no loop of their own. */
export function* foreignCalls(runtime: Runtime): Iterable<ForeignCall> {
  const { graph, contexts } = runtime;
  const bound = boundCalls(runtime);
  const inBody = (func: Func): readonly Source<LoopBound>[] => bound.get(func) ?? [];
  const effects = spread(graph, inBody);
  for (const func of graph.funcs) {
    yield* handedOver(graph, func);
    const thread = func.isAsync ? null : threadOf(runtime, func);
    if (!thread) continue;
    const isOnLoop = contexts.in(func, "loop") !== null;
    // What the loop runs too is told where the thread's own code calls it.
    if (isOnLoop && thread.context?.from) continue;
    const base = { func, context: thread.context, by: thread.by };
    const doubt = thread.doubt + (isOnLoop ? 1 : 0);
    for (const { site, name, fact, doubt: own } of inBody(func))
      if (site.node.kind === "call" && !isOwn(runtime, func, site.node))
        yield { ...base, at: site.node, callee: site.node.callee, name, fate: fact, witness: null, doubt: own + doubt };
    for (const site of graph.sites(func)) {
      const found = site.awaited ? null : through(graph, site, effects);
      if (!found || contexts.in(found.witness.func, "loop") === null) continue;
      const hops = chain(found.witness);
      if (hops.some((hop) => knowsThreads(graph.inference, hop.func) || runsLoop(graph, hop.func, 0))) continue;
      const unlikely = hops.filter((hop) => isInHandler(hop.site.node) || isConstructor(hop.func)).length;
      const isFar = hops.length > FAR || (hops.length > 1 && isOwn(runtime, func, site.node)) ? 1 : 0;
      const at = placeOf(site);
      yield {
        ...base,
        at,
        callee: at.kind === "call" ? at.callee : at,
        name: found.witness.source.name,
        fate: found.witness.source.fact,
        witness: found.witness,
        // A loop is one and the same for all; of other objects each side may have its own. A guessed method is one too many.
        doubt: 2 * found.doubt + doubt + isFar + 2 * unlikely + (isLoops(found.witness.source.name) ? 0 : 1),
      };
    }
  }
}

/** What brings a plain function into a thread that runs no loop, and never asks which thread it is. */
function threadOf(runtime: Runtime, func: Func): { context: Context | null; by: string; doubt: number } | null {
  const { graph, contexts } = runtime;
  const context = contexts.of(func).find((one) => one.kind === "thread" && !hasOwnLoop(graph, one));
  if ((!context && !futureCallback(runtime, func)) || knowsThreads(graph.inference, func)) return null;
  return context
    ? { context, by: context.root.label, doubt: context.doubt }
    : { context: null, by: "concurrent.futures.Future.add_done_callback", doubt: 0 };
}

/** The calls of plain functions, in their own bodies, that belong to the loop. */
function boundCalls(runtime: Runtime): ReadonlyMap<Func, readonly Source<LoopBound>[]> {
  const { graph } = runtime;
  const found = new Map<Func, Source<LoopBound>[]>();
  for (const site of graph.calling(({ name, receiver }) => row(graph.inference, name, receiver) !== null)) {
    const { func, node } = site;
    if (func.isAsync || node.kind !== "call" || knowsThreads(graph.inference, func)) continue;
    const bound = boundName(graph.inference, site);
    if (!bound || (bound.name === "asyncio.Event.set" && isOnlyAsked(runtime, node))) continue;
    push(found, func, { site, name: bound.name, doubt: bound.doubt, fact: bound.fate });
  }
  return found;
}

/** An event that nobody waits for is a flag: `is_set()` sees the change whichever thread made it. */
function isOnlyAsked(runtime: Runtime, { callee }: Call): boolean {
  const event = callee.kind === "attribute" ? callee.value : null;
  const made = event ? runtime.origins.of(event) : [];
  if (made.length === 0) return false;
  return made.every(({ expression }) =>
    usesOf(runtime, expression).every(
      (use) => use.kind === "tested" || (use.kind === "method" && /^(?:set|clear|is_set)$/.test(use.name)),
    ),
  );
}

/** Above this many calls on the way it is likely that something on it decides otherwise. */
const FAR = 3;

/** What a constructor sets up is not shared with the loop yet. */
function isConstructor(func: Func): boolean {
  return func.cls !== null && func.node.kind === "function" && /^__(?:init|new|post_init)__$/.test(func.node.name);
}

/** Whether the same function made the object whose method it calls: it belongs to this thread. */
function isOwn({ origins, inference }: Runtime, func: Func, node: Node): boolean {
  if (node.kind !== "call" || node.callee.kind !== "attribute") return false;
  const made = origins.of(node.callee.value);
  return (
    made.length > 0 &&
    made.every(
      ({ func: maker, expression }) =>
        maker === func &&
        expression.kind === "call" &&
        !inference.names(expression.callee).some(({ name }) => name.endsWith("_event_loop")),
    )
  );
}

function isLoops(name: string): boolean {
  return /^asyncio\.(?:AbstractEventLoop\.\w+|create_task|ensure_future)$/.test(name);
}

function isInHandler(node: Node): boolean {
  return enclosing(node, (one) => one.kind === "handler") !== null;
}

/** The row of a call whose every possible callee belongs to the loop. */
function boundName(inference: Inference, site: Site): { name: string; fate: LoopBound; doubt: number } | null {
  let found: { name: string; fate: LoopBound; doubt: number } | null = null;
  for (const { name, receiver, doubt } of site.library) {
    const known = row(inference, name, receiver);
    if (!known) return null;
    if (!found || doubt < found.doubt) found = { ...known, doubt };
  }
  return site.targets.length > 0 ? null : found;
}

function row(inference: Inference, name: string, receiver: string | null): { name: string; fate: LoopBound } | null {
  const own = LOOP_BOUND.get(name);
  if (own) return { name, fate: own };
  if (receiver === null) return null;
  const method = name.slice(name.lastIndexOf("."));
  for (const type of inference.library.ancestry(receiver)) {
    const fate = LOOP_BOUND.get(`${type}${method}`);
    if (fate) return { name: `${type}${method}`, fate };
  }
  return null;
}

/** `executor.submit(event.set)`: the callable itself belongs to the loop. */
function* handedOver(graph: CallGraph, func: Func): Iterable<ForeignCall> {
  for (const site of graph.sites(func)) {
    if (site.node.kind !== "call") continue;
    for (const { library, destination, doubt } of site.handovers) {
      if (library === null || destination.to !== "thread") continue;
      const fate = LOOP_BOUND.get(library);
      const given = site.node.args.find(({ value }) =>
        graph.callables.of(value).some((one) => one.library === library),
      );
      if (fate && given)
        yield {
          func,
          at: site.node,
          callee: given.value,
          name: library,
          fate,
          witness: null,
          context: null,
          by: destination.by,
          doubt,
        };
    }
  }
}

/** A done-callback of a pool's future runs in the pool's thread; one of a future made by `run_coroutine_threadsafe` runs on the loop. */
function futureCallback({ graph, origins }: Runtime, func: Func): boolean {
  const { node, parent } = func;
  const maker = parent ?? func;
  return nodesOf(maker, "call").some((one) => {
    if (one.callee.kind !== "attribute" || one.callee.attr !== "add_done_callback") return false;
    const given = argument(one, "fn", 0);
    if (!given || !(given === node || graph.callables.of(given).some((callable) => callable.func === func)))
      return false;
    const made = origins.of(one.callee.value);
    return made.length > 0 && made.every(({ expression }) => isSubmit(graph.inference, expression));
  });
}

function isSubmit(inference: Inference, expression: Expression): boolean {
  return (
    expression.kind === "call" &&
    inference.names(expression.callee).some(({ name }) => /^concurrent\.futures\.\w+\.submit$/.test(name))
  );
}

/** Whether the thread that brings the code here runs an event loop (what its functions call belongs to that one), or code on the way asks which thread it is. */
function hasOwnLoop(graph: CallGraph, context: Context): boolean {
  for (let at: Context | null = context; at; at = at.from)
    if (runsLoop(graph, at.func, at.from === null ? REACH : 0) || knowsThreads(graph.inference, at.func)) return true;
  return false;
}

const REACH = 3;
const runs = new WeakMap<Func, boolean>();
const knows = new WeakMap<Func, boolean>();

/** Whether the function (or, within reach, one that it calls) makes or runs a loop. */
function runsLoop(graph: CallGraph, func: Func, reach: number): boolean {
  let own = runs.get(func);
  if (own === undefined) {
    own = graph.sites(func).some((site) => site.library.some(({ name }) => LOOPS.test(name)) || isLoopMethod(site));
    runs.set(func, own);
  }
  if (own || reach === 0) return own;
  return graph
    .sites(func)
    .some((site) => site.targets.some((target) => !target.func.isAsync && runsLoop(graph, target.func, reach - 1)));
}

const LOOPS =
  /^(?:asyncio\.(?:run|new_event_loop|set_event_loop|Runner|Runner\.run|AbstractEventLoop\.(?:run_forever|run_until_complete))|uvloop\.(?:run|new_event_loop)|anyio\.run|trio\.run|uvicorn\.(?:run|Server\.run)|aiohttp\.web\.run_app|hypercorn\.\w+|discord\.\S*\.run|telegram\.\S*\.run_\w+|tornado\.ioloop\.IOLoop(?:\.(?:start|run_sync|current|make_current))?)$/;

function isLoopMethod({ node }: Site): boolean {
  return (
    node.kind === "call" &&
    node.callee.kind === "attribute" &&
    /^run_(?:forever|until_complete)$/.test(node.callee.attr)
  );
}

/** `loop.is_running()`, `if …: loop.call_soon_threadsafe(f) else: f()`. */
function isChoice(call: Call): boolean {
  if (call.callee.kind !== "attribute") return false;
  if (call.callee.attr === "is_running") return true;
  if (!call.callee.attr.endsWith("_threadsafe")) return false;
  return enclosing(call, (one) => one.kind === "if" || one.kind === "conditional" || one.kind === "handler") !== null;
}

/** Whether the function looks in which thread it runs. */
function knowsThreads(inference: Inference, func: Func): boolean {
  let known = knows.get(func);
  if (known === undefined) {
    known = nodesOf(func, "call").some(
      (node) => inference.names(node.callee).some(({ name }) => THREAD_QUESTIONS.test(name)) || isChoice(node),
    );
    knows.set(func, known);
  }
  return known;
}

const THREAD_QUESTIONS =
  /^(?:threading\.(?:get_ident|current_thread|main_thread|get_native_id)|asyncio\.(?:get_running_loop|_get_running_loop))$/;
