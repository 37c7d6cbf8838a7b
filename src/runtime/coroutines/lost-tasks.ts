import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import { funcAt, nodesOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { argument, isInside } from "../../python/syntax.ts";
import { neverRuns } from "../effects/blocking.ts";
import type { CallGraph } from "../graph/callgraph.ts";
import { isEndless } from "../graph/exits.ts";
import { attributesNamed } from "../graph/mentions.ts";
import type { Runtime } from "../runtime.ts";
import { type Fate, fatesOf } from "./fates.ts";

/** Something that starts a task whose result nobody holds. */
export interface LostTask {
  func: Func;
  /** The call that makes the task, or the reference to `create_task` that a callback runs. */
  at: Expression;
  /** Canonical name of the function that makes it. */
  name: string;
  /** The local variable that held it. */
  variable: string | null;
  /** How it is lost: dropped where it is made, held by a local that dies, known only to its own callback, or returned to a loop that drops it. */
  how: "dropped" | "local" | "done-callback" | "loop-callback";
  /** Whether the call itself makes the task, and surely one of asyncio's. */
  isTask: boolean;
  /** The function of the project that makes it and gives it to this caller, and the call in it that does. */
  via: { func: Func; at: Call } | null;
  doubt: number;
}

/** All places that make a task and keep nothing of it. */
export function* lostTasks(runtime: Runtime): Iterable<LostTask> {
  const { graph, inference } = runtime;
  for (const [node, func] of candidates(runtime)) {
    if (neverRuns(node)) continue;
    if (takesCallback(inference, node)) yield* startedByCallback(inference, func, node);
    const own = makerOf(inference, func, node);
    const maker = own ?? handedOut(inference, node);
    if (!maker) continue;
    const fates = fatesOf(inference, node);
    // A gathered result that is used without `await` is a coroutine never awaited.
    if (maker.name === GATHER && fates.some(({ kind }) => kind !== "dropped")) continue;
    const lost = loss(graph, func, node, fates);
    if (lost)
      yield {
        func,
        at: node,
        name: maker.name,
        ...lost,
        isTask: own?.doubt === 0,
        via: maker.via,
        doubt: maker.doubt + lost.doubt,
      };
  }
}

/** The calls that may start a task, with the code they stand in: of what makes one, and of functions that make one for their caller. */
function candidates(runtime: Runtime): ReadonlyMap<Call, Func> {
  const { graph, inference } = runtime;
  const found = new Map<Call, Func>();
  for (const { node, func } of graph.calling(({ name }) => mayMake(name) || CALLBACK_TAKERS.test(name)))
    if (node.kind === "call") found.set(node, func);
  for (const { parent } of attributesNamed(runtime, "create_task"))
    if (parent?.kind === "call") found.set(parent, funcAt(inference.moduleOf(parent), parent));
  for (const maker of new Set(found.values()))
    if (taskOf(inference, maker))
      for (const { site } of graph.callers(maker)) if (site.node.kind === "call") found.set(site.node, site.func);
  return found;
}

function mayMake(name: string): boolean {
  return MAKERS.has(name) || name === GATHER || name.endsWith(".loop.create_task");
}

/** What makes a task: a library function, or a function of the project that gives it on. */
type Maker = Pick<LostTask, "name" | "doubt" | "via">;

const LOOP_TASK = { name: "asyncio.AbstractEventLoop.create_task", via: null };

/** The function that makes a task, if the call is one of it. */
function makerOf(inference: Inference, func: Func, call: Call): Maker | null {
  const names = inference.names(call.callee);
  for (const { name, doubt } of names) {
    if (MAKERS.has(name)) return isAlreadyHeld(inference, call) ? null : { name, doubt, via: null };
    if (name === GATHER && call.args.some(({ value }) => makesWork(value))) return { name, doubt, via: null };
    // The loop that a library's object carries: `bot.loop`.
    if (name.endsWith(".loop.create_task")) return { ...LOOP_TASK, doubt: doubt + 1 };
  }
  // Nobody knows where a loop comes from, but few other things are called `loop` and make tasks.
  const { callee } = call;
  const isLoop =
    names.length === 0 &&
    callee.kind === "attribute" &&
    callee.attr === "create_task" &&
    /^_?(?:\w+_)?loop$/.test(lastName(callee.value)) &&
    inference.values(callee.value).length === 0 &&
    func.module.scope.names.has("asyncio");
  return isLoop ? { ...LOOP_TASK, doubt: 1 } : null;
}

/** A function of the project that makes a task and gives it to its caller, without a keeper of its own. */
function handedOut(inference: Inference, call: Call): Maker | null {
  const values = inference.values(call.callee);
  const made = values.flatMap((value) => (value.kind === "function" ? (taskOf(inference, value.func) ?? []) : []));
  const [first] = made;
  if (!first || made.length < values.length) return null;
  const doubt = Math.max(...values.map((value) => value.doubt));
  return { ...first, doubt: doubt + (values.length > 1 ? 1 : 0) };
}

const handers = new WeakMap<Func, Maker | null>();

/** What makes the task that the function returns and does not keep; `null` for any other function. */
function taskOf(inference: Inference, func: Func): Maker | null {
  const known = handers.get(func);
  if (known !== undefined) return known;
  handers.set(func, null);
  const { node } = func;
  if (node.kind !== "function" || func.isAsync || func.isGenerator || node.decorators.length > 0) return null;
  let found: Maker | null = null;
  for (const call of nodesOf(func, "call")) {
    const maker = makerOf(inference, func, call);
    if (!maker || maker.doubt > 0 || maker.name === GATHER) continue;
    const fates = fatesOf(inference, call);
    const isReturned = fates.some((fate) => fate.kind === "kept" && fate.by === "return");
    const isHeld = fates.some((fate) =>
      fate.kind === "kept"
        ? fate.by !== "return"
        : fate.kind === "asked" && fate.attribute !== "add_done_callback" && !FORGETS.test(fate.attribute),
    );
    if (isReturned && !isHeld) found = { ...maker, via: { func, at: call } };
  }
  handers.set(func, found);
  return found;
}

/** `ensure_future` of something that is a future already gives that back: its executor or its maker holds it. */
function isAlreadyHeld(inference: Inference, call: Call): boolean {
  const given = argument(call, null, 0);
  if (given?.kind !== "call") return false;
  return inference.names(given.callee).some(({ name }) => /(?:^|\.)(?:run_in_executor|wrap_future)$/.test(name));
}

/** `gather` starts the coroutines that it is given; tasks have their own keepers. */
function makesWork(value: Expression): boolean {
  if (value.kind === "comprehension") return value.element.kind === "call";
  return value.kind === "call" && value.callee.kind !== "subscript";
}

function lastName(node: Expression): string {
  if (node.kind === "name") return node.id;
  return node.kind === "attribute" ? node.attr : "";
}

type Loss = Pick<LostTask, "how" | "doubt" | "variable">;

function loss(graph: CallGraph, func: Func, call: Call, fates: readonly Fate[]): Loss | null {
  let found: Loss | null = null;
  for (const fate of fates) {
    switch (fate.kind) {
      case "kept":
        if (fate.by !== "lambda" || fates.length > 1) return null;
        return isLoopCallback(graph.inference, fate.at) ? { how: "loop-callback", doubt: 1, variable: null } : null;
      case "asked":
        if (fate.attribute === "add_done_callback") found = { how: "done-callback", doubt: 1, variable: null };
        else if (!FORGETS.test(fate.attribute)) return null;
        else found ??= { how: "local", doubt: 0, variable: lastName(fate.at.value) || null };
        break;
      case "used":
        found ??= { how: "local", doubt: 1, variable: null };
        break;
      case "dropped":
        if (fate.name === null) return { how: "dropped", doubt: 0, variable: null };
        found ??= { how: "local", doubt: 0, variable: fate.name };
    }
  }
  if (found?.how === "local" && runsLoopAfter(func, call)) return null;
  if (!found || found.how === "dropped" || !func.isAsync) return found;
  // The frame of a coroutine holds its locals as long as it runs.
  const isIgnored = found.variable === "_" || found.how === "done-callback";
  if (isIgnored) return found;
  return runsToTheEnd(graph, func, call) ? null : { ...found, doubt: found.doubt + (awaitsAfter(func, call) ? 1 : 0) };
}

/** `task = loop.create_task(serve()); loop.run_forever()`: the frame holds its locals as long as the loop runs. */
function runsLoopAfter(func: Func, call: Call): boolean {
  return nodesOf(func, "call").some(
    (node) =>
      node.start > call.end &&
      node.callee.kind === "attribute" &&
      /^run_(?:forever|until_complete)$/.test(node.callee.attr),
  );
}

/** Attributes of a task that say nothing about its end. */
const FORGETS = /^(?:set_name|get_name|get_coro|get_context|get_loop|get_stack|print_stack|__\w+__)$/;

/** Whether the coroutine goes on until the program ends: an endless loop, a server, or what `asyncio.run` is given. */
function runsToTheEnd(graph: CallGraph, func: Func, call: Call): boolean {
  const loops = nodesOf(func, "while").some((node) => isEndless(node) && node.end > call.end);
  const serves = nodesOf(func, "await").some(
    (node) =>
      node.start > call.end &&
      graph.inference
        .names(node.value.kind === "call" ? node.value.callee : node.value)
        .some(({ name }) => /\.(?:serve|serve_forever|run_forever|sleep_forever|wait_closed)$/.test(name)),
  );
  return loops || serves || isMain(graph, func);
}

function isMain(graph: CallGraph, func: Func): boolean {
  return graph.callers(func).some(({ site }) => {
    const runner = site.node.parent?.kind === "argument" ? site.node.parent.parent : null;
    if (runner?.kind !== "call") return false;
    return graph.inference
      .names(runner.callee)
      .some(({ name }) => /^(?:asyncio|uvloop)\.(?:run|Runner\.run|.*\.run_until_complete)$/.test(name));
  });
}

function awaitsAfter(func: Func, call: Node): boolean {
  return nodesOf(func, "await").some((node) => node.start > call.end && !isInside(call, node));
}

/** `loop.call_later(5, lambda: create_task(…))`: the loop drops what its callbacks return. */
function isLoopCallback(inference: Inference, lambda: Node): boolean {
  const call = lambda.parent?.kind === "argument" ? lambda.parent.parent : null;
  return call?.kind === "call" && takesCallback(inference, call);
}

function takesCallback(inference: Inference, call: Call): boolean {
  return inference.names(call.callee).some(({ name }) => CALLBACK_TAKERS.test(name));
}

/** `loop.call_soon_threadsafe(loop.create_task, coroutine)`. */
function* startedByCallback(inference: Inference, func: Func, call: Call): Iterable<LostTask> {
  for (const { value } of call.args) {
    if (value.kind !== "name" && value.kind !== "attribute") continue;
    const maker = inference.names(value).find(({ name }) => MAKERS.has(name));
    if (maker)
      yield {
        func,
        at: value,
        name: maker.name,
        variable: null,
        how: "loop-callback",
        isTask: false,
        via: null,
        doubt: maker.doubt + 1,
      };
  }
}

const CALLBACK_TAKERS =
  /^asyncio\.(?:AbstractEventLoop\.(?:call_soon|call_soon_threadsafe|call_later|call_at|add_signal_handler|add_reader|add_writer)|(?:Future|Task)\.add_done_callback)$/;

const GATHER = "asyncio.gather";

const MAKERS = new Set(["asyncio.create_task", "asyncio.ensure_future", "asyncio.AbstractEventLoop.create_task"]);
