import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Name, Node } from "../../python/syntax.ts";
import { isInside, within } from "../../python/syntax.ts";
import { type LoopAround, loopsAround, sizeOf } from "../effects/boundedness.ts";
import { runningIn } from "../graph/running.ts";
import type { Submission } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";

/** Why there may be any number of threads of one kind. */
export type Multiplier = { doubt: number } & (
  | { kind: "item"; source: Expression }
  | { kind: "arrival"; source: Call }
  | { kind: "request"; label: string; root: Func }
);

/** What multiplies the thread that a submission starts; `null` when the program bounds their number. */
export function multiplierOf(runtime: Runtime, submission: Submission): Multiplier | null {
  const loops = loopsAround(submission.call);
  if (loops.some((loop) => holdsBack(runtime, loop, submission.call)) || takesSlot(runtime, submission)) return null;
  for (const loop of loops) {
    const found = loop.kind === "while" ? arrival(runtime, submission, loop) : item(runtime, submission, loop);
    if (found) return found;
  }
  return loops.length === 0 ? request(runtime, submission) : null;
}

/** One element of the data goes into each thread; a thread that lives on is no thread for an item of work. */
function item(
  runtime: Runtime,
  submission: Submission,
  loop: LoopAround & { kind: "for" | "clause" },
): Multiplier | null {
  const names = namesOf(loop.target);
  const { callable, payload } = submission;
  if (callable && mentions(callable, names)) return null;
  if (!payload.some(({ expression }) => mentions(expression, names))) return null;
  const size = sizeOf(runtime, loop.iter);
  if (size === "fixed" || isEndless(runtime, submission)) return null;
  return {
    kind: "item",
    source: loop.iter,
    doubt: submission.doubt + (size === "data" ? 0 : size === "given" ? 1 : 2),
  };
}

/** A loop that takes whatever comes and starts a thread for it. */
function arrival(runtime: Runtime, { payload, doubt }: Submission, loop: LoopAround): Multiplier | null {
  for (const { expression } of payload)
    for (const node of [expression, ...within(expression)]) {
      const source =
        node.kind === "name"
          ? arrivalOf(runtime, node, loop)
          : node.kind === "call" && isArrival(runtime, node)
            ? node
            : null;
      if (source) return { kind: "arrival", source, doubt };
    }
  return null;
}

function arrivalOf(runtime: Runtime, name: Name, loop: LoopAround): Call | null {
  for (const binding of runtime.inference.bindings(name).bindings) {
    if (binding.kind !== "value" || !isInside(binding.at, loop)) continue;
    const value = binding.value.kind === "await" ? binding.value.value : binding.value;
    if (value.kind === "call" && isArrival(runtime, value)) return value;
  }
  return null;
}

function isArrival(runtime: Runtime, call: Call): boolean {
  return runtime.inference.names(call.callee).some(({ name }) => ARRIVALS.has(name));
}

/** Calls that give the next of an endless row of connections or messages. */
const ARRIVALS = new Set([
  "socket.socket.accept",
  "ssl.SSLSocket.accept",
  "multiprocessing.connection.Listener.accept",
  "socket.socket.recvfrom",
  "queue.Queue.get",
  "queue.SimpleQueue.get",
  "multiprocessing.queues.Queue.get",
  "paramiko.Transport.accept",
  "zmq.Socket.recv",
  "zmq.Socket.recv_json",
  "zmq.Socket.recv_multipart",
  "redis.Redis.blpop",
  "redis.Redis.brpop",
]);

function request(runtime: Runtime, submission: Submission): Multiplier | null {
  const { func, call } = submission;
  const root = runtime.contexts.serving(func);
  if (!root || isKeptOnce(call) || isKept(call) || joinsIn(func, call)) return null;
  // Further away there are conditions on the way: a cache that is empty, a service that is not started yet.
  const far = root.func === func ? 0 : 2;
  return { kind: "request", label: root.label, root: root.func, doubt: submission.doubt + far };
}

/** `self.worker = Thread(…)`: whoever keeps it keeps one. */
function isKept({ parent }: Call): boolean {
  return parent?.kind === "assign" && parent.targets.some(({ kind }) => kind === "attribute");
}

/** `if self.worker is None: self.worker = Thread(…)`: one, however many ask. */
function isKeptOnce(call: Call): boolean {
  for (let at: Node | null = call.parent; at; at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda") return false;
    // What happens only when something went wrong does not happen for each request.
    if (at.kind === "handler") return true;
    if (at.kind === "branch" && [at.test, ...within(at.test)].some(isMissing)) return true;
  }
  return false;
}

function isMissing(node: Node): boolean {
  if (node.kind === "unary") return node.op === "not";
  if (node.kind === "compare") return node.ops.includes("is") || node.ops.includes("not in");
  return node.kind === "call" && node.callee.kind === "attribute" && node.callee.attr === "is_alive";
}

function joinsIn(func: Func, call: Call): boolean {
  return func.nodes.some((node) => node.start > call.start && isJoin(node));
}

function isJoin(node: Node): boolean {
  if (
    node.kind !== "call" ||
    node.callee.kind !== "attribute" ||
    node.callee.attr !== "join" ||
    node.callee.value.kind === "string"
  )
    return false;
  const [first, ...more] = node.args;
  return more.length === 0 && (!first || first.name === "timeout" || first.value.kind === "number");
}

/** Something in the loop waits until there are fewer threads: a semaphore, a `join`, a look at their number; or it is left at once. */
function holdsBack(runtime: Runtime, loop: LoopAround, call: Call): boolean {
  if (loop.kind === "clause") return false;
  return loop.body
    .flatMap((statement) => [statement, ...within(statement)])
    .some((node) => {
      if (isJoin(node)) return true;
      if (node.kind === "break") return node.start > call.start && !isConditionalAfter(node, call);
      if (node.kind === "withitem") return isSlot(runtime, node.context);
      if (node.kind !== "call") return false;
      if (node.callee.kind === "attribute" && node.callee.attr === "acquire")
        return isSlot(runtime, node.callee.value) || runtime.inference.values(node.callee.value).length === 0;
      return runtime.inference
        .names(node.callee)
        .some(
          ({ name }) =>
            name === "threading.active_count" || name === "threading.activeCount" || name === "threading.enumerate",
        );
    });
}

/** A `break` under a condition that does not also hold the call. */
function isConditionalAfter(node: Node, call: Call): boolean {
  for (let at = node.parent; at && !isInside(call, at); at = at.parent)
    if (at.kind === "branch" || at.kind === "handler") return true;
  return false;
}

/** The work waits for a slot before it does anything. */
function takesSlot(runtime: Runtime, submission: Submission): boolean {
  for (const func of runningIn(runtime, submission).keys())
    for (const node of func.nodes) {
      if (node.kind === "withitem" && isSlot(runtime, node.context)) return true;
      if (
        node.kind === "call" &&
        node.callee.kind === "attribute" &&
        node.callee.attr === "acquire" &&
        isSlot(runtime, node.callee.value)
      )
        return true;
    }
  return false;
}

function isSlot(runtime: Runtime, expression: Expression): boolean {
  return runtime.inference
    .values(expression)
    .some((value) => value.kind === "instance" && /^threading\.(?:Bounded)?Semaphore$/.test(value.type));
}

/** The work goes round for ever: a worker, a server. */
function isEndless(runtime: Runtime, submission: Submission): boolean {
  for (const func of runningIn(runtime, submission).keys()) {
    if (nodesOf(func, "while").some((node) => isForEver(node.test))) return true;
    if (
      runtime.graph
        .sites(func)
        .some(({ library }) =>
          library.some(({ name }) => /\.(?:serve_forever|run_forever|mainloop|start_consuming)$/.test(name)),
        )
    )
      return true;
  }
  return false;
}

function isForEver(test: Expression): boolean {
  if (test.kind === "constant") return test.value === true;
  if (test.kind === "number") return test.value !== 0;
  // `while not self.stopped`, `while not stop.wait(1)`: until somebody says so.
  return test.kind === "unary" && test.op === "not";
}

function namesOf(target: Expression): ReadonlySet<string> {
  if (target.kind === "name") return new Set([target.id]);
  return new Set(within(target).flatMap((node) => (node.kind === "name" ? [node.id] : [])));
}

function mentions(expression: Expression, names: ReadonlySet<string>): boolean {
  return [expression, ...within(expression)].some((node) => node.kind === "name" && names.has(node.id));
}
