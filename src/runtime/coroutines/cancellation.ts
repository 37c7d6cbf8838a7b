import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf, sourceOf } from "../../python/module.ts";
import type { Expression, Handler, Node, Statement, Try, WithItem } from "../../python/syntax.ts";
import { following, within } from "../../python/syntax.ts";
import type { CallGraph } from "../graph/callgraph.ts";
import { type Exit, exitsOf, isEndless } from "../graph/exits.ts";
import { isRun } from "../graph/quiet.ts";
import type { Runtime } from "../runtime.ts";
import { type Afterwards, afterwards, loopAround, type WaitPoint, waitsIn } from "./afterwards.ts";

/** A place that takes a task's cancellation and lets the task go on. */
export interface Swallowed {
  func: Func;
  /** The exception type that catches it, the bare handler, or the call of `suppress`. */
  at: Node;
  /** Canonical name of what catches it. */
  name: string;
  /** What goes on: the next turn of a loop, the code that follows, or the coroutine that awaits this one. */
  goesOn: "loop" | "code" | "caller";
  doubt: number;
}

interface Catcher {
  at: Node;
  name: string;
  /** The statement that catches: what follows it goes on. */
  statement: Node;
  tried: readonly Statement[];
  handler: Handler | null;
}

/** All places in coroutines that swallow a cancellation. */
export function* swallowedCancellations(runtime: Runtime): Iterable<Swallowed> {
  for (const func of runtime.graph.funcs) {
    if (!func.isAsync) continue;
    for (const node of nodesOf(func, "try", "withitem")) {
      const catcher = catcherOf(runtime.inference, node);
      const found = catcher && judged(runtime, func, catcher);
      if (found) yield { func, at: catcher.at, name: catcher.name, ...found };
    }
  }
}

function catcherOf(inference: Inference, node: Try | WithItem): Catcher | null {
  return node.kind === "try" ? handlerOf(inference, node) : suppressorOf(inference, node);
}

/** The first handler that gets a cancellation. */
function handlerOf(inference: Inference, statement: Try): Catcher | null {
  for (const handler of statement.handlers) {
    const types = handler.type === null ? [] : handler.type.kind === "tuple" ? handler.type.items : [handler.type];
    const name = handler.type === null ? "except" : caught(inference, types);
    if (name) return { at: handler.type ?? handler, name, statement, tried: statement.body, handler };
  }
  return null;
}

function suppressorOf(inference: Inference, { context, parent }: WithItem): Catcher | null {
  if (context.kind !== "call" || parent?.kind !== "with") return null;
  if (!inference.names(context.callee).some(({ name }) => name === "contextlib.suppress")) return null;
  const name = caught(
    inference,
    context.args.map(({ value }) => value),
  );
  return name ? { at: context, name, statement: parent, tried: parent.body, handler: null } : null;
}

function caught(inference: Inference, types: readonly Expression[]): string | null {
  for (const type of types)
    for (const { name } of isNamedSo(type) ? inference.names(type) : [])
      if (name === "BaseException" || name === "asyncio.CancelledError") return name;
  return null;
}

/** A variable that holds exception types is only known by the widest of them. */
function isNamedSo(type: Expression): boolean {
  const name = type.kind === "attribute" ? type.attr : type.kind === "name" ? type.id : "";
  return name === "BaseException" || /cancel/i.test(name);
}

function judged(runtime: Runtime, func: Func, catcher: Catcher): Pick<Swallowed, "goesOn" | "doubt"> | null {
  const { graph } = runtime;
  const { handler, statement } = catcher;
  const ways: ReadonlySet<Exit> = handler ? exitsOf(handler.body) : new Set<Exit>(["end"]);
  const waits = catcher.tried.flatMap(waitsIn);
  if (waits.length === 0 || (ways.size === 1 && ways.has("raise"))) return null;
  if (handler && (asksWhoCancelled(handler) || handsOn(graph.inference, handler))) return null;
  const own = othersCancellation(graph, func, statement, waits);
  if (own === "surely") return null;
  const tidies = own === "perhaps" || waits.every((one) => isCleanUp(func, one, ENDING));
  const doubt = (tidies ? 2 : 0) + (ENDERS.test(func.name) ? 1 : 0) + (handler ? thoughtOf(handler, ways) : 0);
  const worst = worstEnd(runtime, func, catcher, ways);
  if (!worst) return null;
  // Who names the cancellation has thought of it: swallowed it is all the same, but it is not sure that this does harm.
  const least = catcher.name === "asyncio.CancelledError" ? 1 : 0;
  return { goesOn: worst.goesOn, doubt: Math.max(least, doubt + worst.doubt) };
}

function worstEnd(
  runtime: Runtime,
  func: Func,
  { statement, handler }: Catcher,
  ways: ReadonlySet<Exit>,
): Pick<Swallowed, "goesOn" | "doubt"> | null {
  const { graph } = runtime;
  const loop = loopAround(statement);
  const ends: Afterwards[] = [];
  if (ways.has("end")) ends.push(afterwards(func, statement));
  if (ways.has("continue") && loop) ends.push({ kind: "loop", loop });
  if (ways.has("break") && loop) ends.push(afterwards(func, loop));
  for (const end of ends)
    if (end.kind === "loop" && !isStopped(end, handler) && !(end.loop.kind === "for" && isMain(runtime, func)))
      return { goesOn: "loop", doubt: asksState(end) ? 1 : 0 };
  for (const end of ends)
    if (end.kind === "waits" && !isTopOfTask(graph, func) && !end.waits.every((one) => isCleanUp(func, one, TIDYING)))
      return { goesOn: "code", doubt: 1 };
  if (func.isGenerator || (ways.has("raise") && !ways.has("end")) || raisesAfter(func, statement)) return null;
  const caller = callerThatGoesOn(runtime, func, 0);
  return caller === null ? null : { goesOn: "caller", doubt: Math.max(1, caller) };
}

/** The handler changes the loop's condition, or a name that decides further down whether to leave the loop. */
function isStopped({ loop }: Afterwards & { kind: "loop" }, handler: Handler | null): boolean {
  if (!handler) return false;
  const written = new Set(
    handler.body.flatMap(wholeOf).flatMap((one) => (one.kind === "assign" ? one.targets.flatMap(namesIn) : [])),
  );
  const asks = (test: Node): boolean => namesIn(test).some((name) => written.has(name));
  if (loop.kind === "while" && asks(loop.test)) return true;
  return loop.body
    .flatMap(wholeOf)
    .some((one) => one.kind === "branch" && one.start > handler.end && asks(one.test) && !staysInLoop(one.body));
}

function staysInLoop(block: readonly Statement[]): boolean {
  const ways = exitsOf(block);
  return ways.has("end") || ways.has("continue");
}

/** A node with everything in it that runs with it. */
function wholeOf(node: Node): Node[] {
  return [node, ...within(node)];
}

/** `while self.running`: whoever cancels may have cleared the flag first. */
function asksState({ loop }: Afterwards & { kind: "loop" }): boolean {
  return loop.kind === "while" && !isEndless(loop);
}

function namesIn(node: Node): string[] {
  return wholeOf(node).flatMap((one) => (one.kind === "attribute" ? [one.attr] : one.kind === "name" ? [one.id] : []));
}

/** Who leaves on one way and goes on another has thought about it: the more so if an object's state or a way out of the loop decides. */
function thoughtOf(handler: Handler, ways: ReadonlySet<Exit>): number {
  if (!ways.has("end") && !ways.has("continue")) return 0;
  if (ways.has("return") || ways.has("break")) return 2;
  return ways.has("raise") && handler.body.some(decidesByState) ? 2 : 0;
}

function decidesByState(statement: Statement): boolean {
  if (statement.kind !== "if") return false;
  return statement.branches.some(({ test }) =>
    wholeOf(test).some(
      (one) => one.kind === "attribute" || one.kind === "call" || (one.kind === "name" && /cancel/i.test(one.id)),
    ),
  );
}

/** The coroutine awaits what it was asked to end, or tidies up before it ends. */
function isCleanUp({ module }: Func, wait: WaitPoint, words: RegExp): boolean {
  if (wait.kind !== "await") return false;
  const { value } = wait;
  return words.test(sourceOf(module, value.kind === "call" ? value.callee : value));
}

const ENDING = /(?:close|stop|shut_?down|clean_?up|disconnect|cancel|terminate|kill|__aexit__|shield)\w*$/i;

const TIDYING =
  /(?:gather|close|stop|shut_?down|clean|disconnect|cancel|release|unsubscribe|finish|finali[sz]e|tear_?down|exit|rollback|unlock|leave|flush|dispose|logout|save|report|on_\w+)/i;

/** Functions that wait for tasks which they have been asked to end. */
const ENDERS = /(?:close|stop|shut_?down|clean_?up|cancel|__aexit__|tear_?down|disconnect|terminate|kill)\w*$/i;

/** The project starts it as a task of its own and never awaits it in another coroutine: what it does after a cancellation is its end. */
function isTopOfTask(graph: CallGraph, func: Func): boolean {
  const callers = graph.callers(func);
  if (callers.some(({ site }) => site.node.parent?.kind === "await")) return false;
  return callers.length > 0 || graph.handedOver(func).length > 0;
}

/** Whether all that a runner runs is this coroutine: nobody but the person at the keyboard cancels it. */
function isMain({ graph }: Runtime, func: Func): boolean {
  const callers = graph.callers(func);
  return callers.length > 0 && callers.every(({ site }) => isRun(graph, site));
}

/** Whether control, once it leaves the statement at its end, meets a `raise` before it leaves the function. */
function raisesAfter(func: Func, statement: Node): boolean {
  for (let at: Node = statement, parent = at.parent; parent; at = parent, parent = at.parent) {
    const ways = exitsOf(following(parent, at));
    if (!ways.has("end")) return ways.size === 1 && ways.has("raise");
    if (parent === func.node) return false;
  }
  return false;
}

/** A coroutine that awaits this one and goes on afterwards: its doubt; `null` if the task ends with this one as far as the project shows. */
function callerThatGoesOn(runtime: Runtime, func: Func, depth: number): number | null {
  let best: number | null = null;
  for (const { site, target } of runtime.graph.callers(func)) {
    const { parent } = site.node;
    if (parent?.kind !== "await" || runtime.target.isTest(site.func.module.path)) continue;
    const statement = parent.parent;
    const isTail = statement?.kind === "return" || statement?.kind === "expression";
    const goesOn = !isTail || afterwards(site.func, parent).kind !== "end";
    const found = goesOn ? target.doubt : depth < 4 ? callerThatGoesOn(runtime, site.func, depth + 1) : null;
    if (found !== null && (best === null || found < best)) best = found;
  }
  return best;
}

/** Whether the cancellation may be that of another task which the code has cancelled and now waits for. */
function othersCancellation(
  graph: CallGraph,
  func: Func,
  statement: Node,
  waits: readonly WaitPoint[],
): "surely" | "perhaps" | "no" {
  if (cancelsItself(graph, func)) return "surely";
  if (!waits.every((one) => isWaitForTask(graph, one))) return "no";
  const cancels = nodesOf(func, "call").some(
    (node) =>
      node.start < statement.end &&
      /cancel|stop|abort/i.test(
        node.callee.kind === "attribute" ? node.callee.attr : node.callee.kind === "name" ? node.callee.id : "",
      ),
  );
  return cancels ? "surely" : "perhaps";
}

/** `call_later(timeout, current_task().cancel)`: the coroutine has set its own end. */
function cancelsItself({ inference }: CallGraph, func: Func): boolean {
  const asksForItself = nodesOf(func, "call").some(({ callee }) =>
    inference.names(callee).some(({ name }) => name === "asyncio.current_task"),
  );
  return (
    asksForItself &&
    nodesOf(func, "attribute").some(({ attr, parent }) => attr === "cancel" && parent?.kind === "argument")
  );
}

/** `await task`, `await gather(*tasks)`, `await wait_for(task, 5)`: what is awaited runs anyway. */
function isWaitForTask(graph: CallGraph, wait: WaitPoint): boolean {
  const { inference } = graph;
  if (wait.kind === "await") return isTask(inference, wait.value) || passesOnWait(graph, wait.value);
  if (wait.kind !== "with") return false;
  return wait.items.every(
    ({ context }) =>
      context.kind === "call" && inference.names(context.callee).some(({ name }) => /timeout(?:_at)?$/.test(name)),
  );
}

/** A coroutine of the project that starts a task, or makes a future, and waits for it: others may cancel that. */
function passesOnWait(graph: CallGraph, value: Expression): boolean {
  const targets = graph.siteOf(value)?.targets ?? [];
  return (
    targets.length > 0 &&
    targets.every(
      ({ func }) =>
        func.isAsync &&
        nodesOf(func, "await").some((node) => node.value.kind === "name") &&
        nodesOf(func, "call").some((node) =>
          graph.inference
            .names(node.callee)
            .some(({ name }) => /^asyncio\.(?:.*\.)?(?:create_task|ensure_future|create_future)$/.test(name)),
        ),
    )
  );
}

function isTask(inference: Inference, value: Expression): boolean {
  if (value.kind !== "call") return true;
  const { callee } = value;
  const name = callee.kind === "attribute" ? callee.attr : callee.kind === "name" ? callee.id : "";
  if (!/^(?:gather|wait|wait_for|shield)$/.test(name) || value.args.length === 0) return false;
  return value.args.every((arg) => arg.value.kind !== "call" || arg.name !== null || isTask(inference, arg.value));
}

/** The handler looks whether it was the task itself that was cancelled. */
function asksWhoCancelled(handler: Handler): boolean {
  return handler.body
    .flatMap(wholeOf)
    .some(
      (one) =>
        one.kind === "attribute" &&
        /^(?:cancelling|uncancel|cancelled|done|cancel_called|cancelled_caught)$/.test(one.attr),
    );
}

/** The exception goes to somebody else: `future.set_exception(error)`, `self.error = error`, `errors.append(error)`. */
function handsOn(inference: Inference, handler: Handler): boolean {
  return (
    handler.body
      .flatMap(wholeOf)
      .some((one) => one.kind === "name" && one.id === handler.name && isHandedOn(inference, one)) ||
    handler.body.flatMap(wholeOf).some((one) => one.kind === "attribute" && one.attr === "set_exception")
  );
}

function isHandedOn(inference: Inference, name: Node): boolean {
  const { parent } = name;
  if (parent?.kind === "assign" || parent?.kind === "return" || parent?.kind === "yield" || parent?.kind === "tuple")
    return true;
  const call = parent?.kind === "argument" ? parent.parent : null;
  if (call?.kind !== "call") return false;
  const names = inference.names(call.callee);
  const word = call.callee.kind === "attribute" ? call.callee.attr : call.callee.kind === "name" ? call.callee.id : "";
  return (
    !names.some((one) => LOOKS_AT.test(one.name)) &&
    !/^(?:log|debug|info|warn(?:ing)?|error|exception|critical|print|format)$/.test(word)
  );
}

const LOOKS_AT = /^(?:str|repr|print|type|isinstance|format|traceback\.\w+|logging\..*|warnings\.\w+)$/;
