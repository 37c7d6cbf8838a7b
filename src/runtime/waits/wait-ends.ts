import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Node, Statement, Try } from "../../python/syntax.ts";
import { enclosing, isInside, within } from "../../python/syntax.ts";
import { isFinished } from "../effects/futures.ts";
import { attributesNamed } from "../graph/mentions.ts";
import { type Use, usesOf } from "../lifetimes/usage.ts";
import { type Submission, submissionsOf } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import { receiverOf } from "./limit-sources.ts";
import type { Wait } from "./timeouts.ts";

/** Whether what is waited for is there already: the future is done, or the pool was waited for. */
export function isThere(runtime: Runtime, { func, call }: Wait): boolean {
  if (isFinished(runtime.inference, func, call) || isDoneCallback(runtime, func)) return true;
  return func.nodes.some((node) => node.end <= call.start && waitsForAll(runtime, node));
}

/** A function that futures call when they are done. */
function isDoneCallback(runtime: Runtime, func: Func): boolean {
  return runtime.graph.handedOver(func).some(({ handover }) => /add_done_callback$/.test(handover.destination.by));
}

/** The end of a `with` block of an executor, `executor.shutdown()`, `wait(futures)`. */
function waitsForAll(runtime: Runtime, node: Node): boolean {
  const { inference } = runtime;
  if (node.kind === "with")
    return node.items.some(({ context }) =>
      inference
        .values(context)
        .some(
          (value) =>
            value.kind === "instance" && inference.library.ancestry(value.type).includes("concurrent.futures.Executor"),
        ),
    );
  if (node.kind !== "call") return false;
  const names = inference.names(node.callee).map(({ name }) => name);
  return names.includes("concurrent.futures.wait") || names.some((name) => name.endsWith("Executor.shutdown"));
}

/** Methods and functions that tell somebody to come to an end. */
const ENDING =
  /^(?:stop|shutdown|close|terminate|cancel|kill|quit|abort|exit|disconnect|interrupt|set|notify|notify_all|release|send_signal|killpg)(?:_|$)|_(?:stop|shutdown|close|terminate|cancel|kill|quit|abort|exit)$/;

/** Methods that put something into a queue or pipe. */
const SENDING = /^(?:put|put_nowait|send|send_bytes)$/;

/** Whether the thread, process or task that is waited for was told to end: by an event, a flag, a poison pill, a signal. */
export function isToldToEnd(func: Func, call: Call): boolean {
  return ENDING.test(ownName(func)) || func.nodes.some((node) => node.end <= call.start && tellsToEnd(node));
}

function tellsToEnd(node: Node): boolean {
  if (node.kind === "assign") {
    const { value } = node;
    const isFlag = value?.kind === "constant" && typeof value.value === "boolean";
    return isFlag && node.targets.some((target) => target.kind === "attribute" || target.kind === "name");
  }
  if (node.kind !== "call") return false;
  const method = calledName(node);
  if (ENDING.test(method)) return true;
  return SENDING.test(method) && node.args.some(({ value }) => isPill(value));
}

/** `None`, `STOP`, `self._sentinel`: a value that stands for the end. */
function isPill(value: Expression): boolean {
  if (value.kind === "constant" || value.kind === "string") return true;
  const name = value.kind === "name" ? value.id : value.kind === "attribute" ? value.attr : "";
  return /^[A-Z][A-Z0-9_]*$/.test(name) || /sentinel|stop|pill|done|end|quit|exit/i.test(name);
}

function calledName({ callee }: Call): string {
  return callee.kind === "attribute" ? callee.attr : callee.kind === "name" ? callee.id : "";
}

function ownName({ node }: Func): string {
  return node.kind === "function" ? node.name.replace(/^_+|_+$/g, "") : "";
}

/**
 * Whether the child is gone already and only its exit is collected (it was killed, or its output was read to the end), or somebody
 * else kills it in time: `Timer(10, child.kill)`.
 */
export function isGone(func: Func, call: Call): boolean {
  const receiver = call.callee.kind === "attribute" ? call.callee.value : null;
  return func.nodes.some((node) => {
    if (node.kind !== "attribute" || node.end > call.start || receiver === null) return false;
    if ((node.attr !== "kill" && node.attr !== "communicate") || !isSame(node.value, receiver)) return false;
    const { parent } = node;
    return (parent?.kind === "call" && parent.callee === node) || (parent?.kind === "argument" && node.attr === "kill");
  });
}

function isSame(a: Expression, b: Expression): boolean {
  if (a.kind === "name") return b.kind === "name" && a.id === b.id;
  return a.kind === "attribute" && b.kind === "attribute" && a.attr === b.attr && isSame(a.value, b.value);
}

/** Whether the call stands in a loop that goes on for as long as there is something to take. */
export function isConsuming(call: Call): boolean {
  return enclosing(call, (node) => node.kind === "while") !== null;
}

/** The function that a thread or process runs and never leaves, for a wait for its end. */
export function endlessWork(runtime: Runtime, { callee }: Wait): Func | null {
  const waited = receiverOf(runtime, callee);
  if (!waited) return null;
  for (const { expression } of runtime.origins.of(waited)) {
    const submission = expression.kind === "call" ? submittedBy(runtime, expression) : null;
    const [only, ...others] = submission?.work ?? [];
    if (only?.func && others.length === 0 && isEndless(only.func)) return only.func;
  }
  return null;
}

const byCall = new WeakMap<Runtime, ReadonlyMap<Call, Submission>>();

function submittedBy(runtime: Runtime, call: Call): Submission | null {
  const known = byCall.get(runtime) ?? new Map(submissionsOf(runtime).map((one) => [one.call, one]));
  byCall.set(runtime, known);
  return known.get(call) ?? null;
}

/** Whether a function has a loop that nothing leaves. */
function isEndless({ node, nodes }: Func): boolean {
  if (node.kind !== "function") return false;
  return nodes.some(
    (one) => one.kind === "while" && isTrue(one.test) && !one.body.some((statement) => leaves(statement, one)),
  );
}

function isTrue(test: Expression): boolean {
  return (test.kind === "constant" && test.value === true) || (test.kind === "number" && test.value !== 0);
}

function leaves(statement: Statement, loop: Node): boolean {
  return [statement, ...within(statement)].some((node) => {
    if (node.kind === "return" || node.kind === "raise") return true;
    if (node.kind !== "break") return node.kind === "call" && /^(?:exit|_exit|abort)$/.test(calledName(node));
    return enclosing(node, (one) => one.kind === "while" || one.kind === "for") === loop;
  });
}

/** What becomes of the object whose method waits: `null` where it cannot be followed. */
function usesOfReceiver(runtime: Runtime, { callee }: Wait): readonly Use[] | null {
  const object = receiverOf(runtime, callee);
  const origins = object ? runtime.origins.of(object) : [];
  return origins.length === 0 ? null : origins.flatMap(({ expression }) => usesOf(runtime, expression));
}

/** Whether the program may wake the waiter: by a method of the same object, or from where it cannot be seen. */
export function mayBeWoken(runtime: Runtime, wait: Wait): boolean {
  const uses = usesOfReceiver(runtime, wait);
  return (
    uses === null ||
    uses.some((use) => wakes(use) || use.kind === "passed" || use.kind === "returned" || use.kind === "other")
  );
}

/** Whether a future is one that the program makes and sets itself, and no pool. */
export function isPromise(runtime: Runtime, { callee }: Wait): boolean {
  const future = receiverOf(runtime, callee);
  return (
    future !== null &&
    runtime.origins
      .of(future)
      .some(
        ({ expression }) =>
          expression.kind === "call" &&
          runtime.inference.names(expression.callee).some(({ name }) => name === "concurrent.futures.Future"),
      )
  );
}

/** Whether whoever is to wake the waiter does so whatever happens: `finally: done.set()`. */
export function isWoken(runtime: Runtime, wait: Wait): boolean {
  const uses = usesOfReceiver(runtime, wait) ?? [];
  return uses.some((use) => wakes(use) && isFinal(use.node)) || attributeIsWoken(runtime, wait);
}

function wakes(use: Use): boolean {
  return (
    (use.kind === "method" || use.kind === "read") &&
    /^(?:set|notify|notify_all|set_result|set_exception)$/.test(use.name)
  );
}

function isFinal(node: Node): boolean {
  const statement = enclosing(
    node,
    (one): one is Try => one.kind === "try" && one.final.some((inner) => isInside(node, inner)),
  );
  return statement !== null;
}

/** The same for an attribute of objects that cannot be followed, by its name: `flight.done.set()` in `finally`. */
function attributeIsWoken(runtime: Runtime, { callee }: Wait): boolean {
  if (callee.kind !== "attribute" || callee.value.kind !== "attribute") return false;
  const module = runtime.inference.moduleOf(callee);
  return attributesNamed(runtime, callee.value.attr).some(
    (node) =>
      runtime.inference.moduleOf(node) === module &&
      node.parent?.kind === "attribute" &&
      node.parent.attr === "set" &&
      isFinal(node),
  );
}

/** Whether a queue holds things that are lent: who takes one gives it back in the same function. */
export function isLent({ func, callee }: Wait): boolean {
  if (callee.kind !== "attribute") return false;
  return nodesOf(func, "call").some(
    (node) =>
      node.callee.kind === "attribute" &&
      /^put(?:_nowait)?$/.test(node.callee.attr) &&
      callee.kind === "attribute" &&
      isSame(node.callee.value, callee.value),
  );
}

/** Whether the function starts a thread or process that fills the queue, and has not waited for its end before it takes from it. */
export function startsFiller(runtime: Runtime, { func, call }: Wait): boolean {
  const before = func.nodes.filter((node) => node.kind === "call" && node.end <= call.start);
  const starts = before.some((node) => node.kind === "call" && submittedBy(runtime, node) !== null);
  return (
    starts && !before.some((node) => node.kind === "call" && calledName(node) === "join" && node.args.length === 0)
  );
}

/** Whether the object that is waited for was made in the same function, which then waits for something outside the program. */
export function isOwn(runtime: Runtime, { func, callee }: Wait): boolean {
  const object = receiverOf(runtime, callee);
  return object !== null && runtime.origins.of(object).some((origin) => origin.func === func);
}

/** Whether the result comes from the pool whose worker waits for it: a deadlock of its own kind. */
export function isOfPool(runtime: Runtime, { callee }: Wait, executor: Expression): boolean {
  const waited = receiverOf(runtime, callee);
  const pools = waited
    ? runtime.origins.of(waited).flatMap(({ expression }) => {
        const pool = expression.kind === "call" ? submittedBy(runtime, expression)?.pool : null;
        return pool ? [pool] : [];
      })
    : [];
  return pools.some((pool) => areSame(runtime, pool, executor));
}

function areSame(runtime: Runtime, a: Expression, b: Expression): boolean {
  const made = new Set(runtime.origins.of(a).map(({ expression }) => expression));
  return runtime.origins.of(b).some(({ expression }) => made.has(expression));
}
