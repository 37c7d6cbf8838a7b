import type { Class, Func, Module } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import { runningIn } from "../graph/running.ts";
import { usesOf } from "../lifetimes/usage.ts";
import type { Submission } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";

/** What the parent does with a child process it makes. */
export interface Parenting {
  started: boolean;
  joined: boolean;
  /** Its exit code is read, it is watched, or ended on purpose: somebody cares how it ends. */
  minded: boolean;
  daemon: boolean;
  /** It leaves what can be followed: returned, kept elsewhere, given to other code. */
  escapes: boolean;
}

/** Reads what becomes of the `Process` that a submission makes. */
export function parentingOf(runtime: Runtime, submission: Submission): Parenting {
  const found: Parenting = {
    started: false,
    joined: false,
    minded: waitsForAll(runtime, submission.func.module),
    daemon: isDaemon(runtime, submission),
    escapes: false,
  };
  for (const use of usesOf(runtime, submission.call)) {
    if (use.held && (use.kind === "iterated" || use.kind === "tested")) continue;
    switch (use.kind) {
      case "method":
        if (use.held) continue;
        if (use.name === "start") found.started = true;
        else if (use.name === "join") found.joined = true;
        else if (MINDS.has(use.name)) found.minded = true;
        else if (submission.cls) found.escapes = true;
        break;
      case "read":
        if (MINDS.has(use.name) || (use.name === "pid" && isSignalled(use.node))) found.minded = true;
        break;
      case "write":
        if (use.name === "daemon") found.daemon ||= !isFalse(use.value);
        break;
      case "tested":
      case "iterated":
        break;
      case "passed":
        found.escapes ||= !runtime.inference.names(use.call.callee).some(({ name }) => HARMLESS.has(name));
        break;
      default:
        found.escapes = true;
    }
  }
  // A process that starts itself in its constructor, or joins in a method of its own.
  if (submission.cls)
    for (const name of ownCalls(runtime, submission.cls)) {
      found.started ||= name === "start";
      found.joined ||= name === "join";
      found.minded ||= MINDS.has(name);
    }
  return found;
}

/** `os.kill(child.pid, …)`: the number is used for more than to be shown. */
function isSignalled({ parent }: Node): boolean {
  const call = parent?.kind === "argument" ? parent.parent : null;
  if (call?.kind !== "call") return false;
  const { callee } = call;
  return !/^(?:print|str|format|debug|info|warning|error|exception|log|echo|append|add)$/.test(
    callee.kind === "attribute" ? callee.attr : callee.kind === "name" ? callee.id : "",
  );
}

const MINDS = new Set(["exitcode", "sentinel", "is_alive", "terminate", "kill", "close"]);
const HARMLESS = new Set(["len", "print", "id", "str", "repr", "bool", "isinstance"]);

/** Whether results come back on a way that would show the failure: a queue, a pipe, shared memory, an event. */
export function reportsBack(runtime: Runtime, submission: Submission): boolean {
  const { callable, payload } = submission;
  if (callable?.kind === "attribute" && isChannel(runtime, callable.value)) return true;
  if (payload.some(({ expression }) => isChannel(runtime, expression))) return true;
  for (const func of runningIn(runtime, submission).keys())
    for (const site of runtime.graph.sites(func))
      if (site.library.some(({ receiver }) => receiver !== null && CHANNELS.test(receiver))) return true;
  return false;
}

function isChannel(runtime: Runtime, expression: Expression): boolean {
  if (runtime.inference.values(expression).some((value) => value.kind === "instance" && CHANNELS.test(value.type)))
    return true;
  return runtime.origins
    .of(expression)
    .some(
      ({ expression: origin }) =>
        origin.kind === "call" && runtime.inference.names(origin.callee).some(({ name }) => CHANNELS.test(name)),
    );
}

const CHANNELS =
  /^multiprocessing\.(?:queues\.|connection\.|managers\.|shared_memory\.|sharedctypes\.|(?:Queue|JoinableQueue|SimpleQueue|Pipe|Value|Array|Event|Condition|Manager|Barrier)\b)/;

function isDaemon(runtime: Runtime, { call, cls }: Submission): boolean {
  const given = argument(call, "daemon", -1);
  if (given) return !isFalse(given);
  if (!cls) return false;
  return runtime.inference
    .ancestry(cls)
    .some((one) => one.attributes.get("daemon")?.some(({ value }) => !isFalse(value)) || passesDaemon(one));
}

/** `super().__init__(daemon=True)`. */
function passesDaemon({ methods }: Class): boolean {
  const init = methods.get("__init__");
  return (
    init?.nodes.some(
      (node) => node.kind === "call" && isSuperInit(node) && !isFalse(argument(node, "daemon", -1) ?? null),
    ) ?? false
  );
}

function isSuperInit({ callee }: Call): boolean {
  return callee.kind === "attribute" && callee.attr === "__init__";
}

/** Absent counts as false. */
function isFalse(value: Expression | null): boolean {
  return value === null || (value.kind === "constant" && value.value !== true);
}

/** Names of the process's own methods and attributes that its class uses on itself. */
function ownCalls(runtime: Runtime, cls: Class): Set<string> {
  const found = new Set<string>();
  for (const one of runtime.inference.ancestry(cls))
    for (const method of one.methods.values())
      for (const node of method.nodes)
        if (node.kind === "attribute" && isSelf(method, node.value)) found.add(node.attr);
  return found;
}

function isSelf(method: Func, expression: Expression): boolean {
  return expression.kind === "name" && expression.id === method.params[0]?.name;
}

/** `active_children()` joins what has ended; `os.waitpid` asks how. */
function waitsForAll(runtime: Runtime, module: Module): boolean {
  return module.functions.some((func) =>
    runtime.graph.sites(func).some(({ library }) => library.some(({ name }) => REAPERS.has(name))),
  );
}

const REAPERS = new Set([
  "multiprocessing.active_children",
  "multiprocessing.connection.wait",
  "os.wait",
  "os.waitpid",
  "os.wait3",
  "os.wait4",
]);
