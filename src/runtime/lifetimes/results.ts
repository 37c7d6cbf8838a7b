import type { Func } from "../../python/module.ts";
import type { Call, Expression, Node, Try } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Submission } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import { type Use, usesOf } from "./usage.ts";

/** Whether anything may look at what came of a future or an `AsyncResult`, or at what went wrong. */
export function isLookedAt(runtime: Runtime, call: Call): boolean {
  return anyLooks(runtime, call, new Set());
}

/** `seen` holds the calls that gave the futures back: `pending = wait(pending).not_done` in a loop asks again and again. */
function anyLooks(runtime: Runtime, call: Call, seen: Set<Call>): boolean {
  if (seen.has(call)) return false;
  seen.add(call);
  return usesOf(runtime, call).some((use) => looks(runtime, use, seen));
}

/** Whether anything may iterate over the results that the call gives. */
export function isIterated(runtime: Runtime, call: Call): boolean {
  return usesOf(runtime, call).some(({ kind }) => kind !== "tested");
}

/** Methods of futures, results and lists of them that say nothing about failures. */
const BLIND = new Set([
  "done",
  "cancel",
  "cancelled",
  "running",
  "ready",
  "wait",
  "append",
  "add",
  "remove",
  "discard",
  "clear",
  "extend",
  "appendleft",
]);

/** Library calls that take futures and say nothing about failures by themselves. */
const BLIND_CALLS = new Set(["len", "concurrent.futures.wait", "id", "bool", "print"]);

function looks(runtime: Runtime, use: Use, seen: Set<Call>): boolean {
  switch (use.kind) {
    case "method":
      if (use.name === "add_done_callback") return callbackLooks(runtime, use.call);
      return !BLIND.has(use.name);
    case "passed": {
      const names = runtime.inference.names(use.call.callee).map(({ name }) => name);
      if (!names.some((name) => BLIND_CALLS.has(name))) return true;
      // `done, pending = wait(futures)` gives them back.
      return names.includes("concurrent.futures.wait") && anyLooks(runtime, use.call, seen);
    }
    // `future.add_done_callback(pending.discard)`
    case "read":
      return !(use.held && BLIND.has(use.name));
    case "tested":
    case "iterated":
      return false;
    default:
      return true;
  }
}

/** A done-callback looks unless it is seen to leave its future alone. */
function callbackLooks(runtime: Runtime, call: Call): boolean {
  const callback = argument(call, "fn", 0);
  if (callback?.kind === "attribute" && BLIND.has(callback.attr)) return false;
  const known = callback ? runtime.graph.callables.of(callback) : [];
  if (known.length === 0) return true;
  return known.some(({ func }) => {
    if (!func) return true;
    const future = func.params.find(({ name }) => name !== "self" && name !== "cls");
    return !future || func.nodes.some((node) => node.kind === "name" && node.id === future.name);
  });
}

/** How work deals with its own failures: it lets none out, it lets some out, or that depends on functions that cannot be seen. */
export type Handling = "kept" | "unknown" | "let-out";

/** What a submission's work does with what goes wrong in it. */
export function handling(runtime: Runtime, submission: Submission): Handling {
  const { callable, work } = submission;
  if (work.length === 0) return "unknown";
  const found = work.map(({ func, library }) =>
    func ? handlingOf(runtime, func) : library !== null && neverFails(library) ? "kept" : "let-out",
  );
  if (found.includes("let-out")) return "let-out";
  const given = callable && runtime.graph.callables.parameterOf(callable) !== null;
  return found.includes("unknown") || (given && !found.includes("kept")) ? "unknown" : "kept";
}

/** Library functions whose failure would tell nobody anything. */
const NEVER_FAILS = new Set([
  "threading.Thread.join",
  "threading.Event.set",
  "threading.Event.wait",
  "queue.Queue.put",
  "time.sleep",
  "concurrent.futures.Executor.shutdown",
  "gc.collect",
]);

const DEEPEST = 3;

/** What a function does with the exceptions in its body. */
function handlingOf(runtime: Runtime, func: Func, depth = DEEPEST): Handling {
  if (func.node.kind === "module" || depth === 0) return "let-out";
  if (runtime.graph.callables.wrapping(func).wrappers.some((one) => handlingOf(runtime, one, depth - 1) !== "let-out"))
    return "kept";
  const body: readonly Node[] = func.node.kind === "lambda" ? [func.node.body] : func.node.body;
  // What is prepared before the one big `try` is not what the work is about.
  const prepares = body.some((node) => holdsTry(runtime, node));
  const sure = { runtime, depth, prepares, trusting: false };
  if (body.every((node) => isSafe(sure, node))) return "kept";
  if (body.every((node) => isSafe({ ...sure, trusting: true }, node))) return "unknown";
  const { project, library } = runtime.inference.decoration(func);
  const unknownDecorators =
    func.node.kind === "function" && func.node.decorators.length > project.length + library.length;
  return unknownDecorators || library.some((name) => !HARMLESS_DECORATORS.has(name)) ? "unknown" : "let-out";
}

/** A `try` for everything, under locks and in loops too. */
function holdsTry(runtime: Runtime, node: Node): boolean {
  if (node.kind === "try") return hasCatchAll(runtime, node);
  return (
    (node.kind === "with" || node.kind === "for" || node.kind === "while") &&
    node.body.some((one) => holdsTry(runtime, one))
  );
}

const HARMLESS_DECORATORS = new Set([
  "staticmethod",
  "classmethod",
  "functools.wraps",
  "functools.lru_cache",
  "abc.abstractmethod",
  "typing.override",
]);

interface Look {
  runtime: Runtime;
  depth: number;
  prepares: boolean;
  /** Functions and objects that the caller gave are taken to keep their failures. */
  trusting: boolean;
}

/** Whether nothing that goes wrong in a statement (or a lambda's body) leaves it, as far as its author could help it. */
function isSafe(look: Look, node: Node): boolean {
  const all = (nodes: readonly Node[]): boolean => nodes.every((one) => isSafe(look, one));
  switch (node.kind) {
    case "try":
      // What `finally` does tidies up.
      if (hasCatchAll(look.runtime, node)) return all(node.orelse);
      return node.handlers.length === 0 && all(node.body);
    case "while":
      return isPlain(node.test) && all(node.body) && all(node.orelse);
    case "for":
      return isPlain(node.iter) && all(node.body) && all(node.orelse);
    case "with":
      return node.items.some(({ context }) => suppresses(look.runtime, context)) || all(node.body);
    case "if":
      return node.branches.every(({ test, body }) => (look.prepares || isPlain(test)) && all(body)) && all(node.orelse);
    case "expression":
      return isSafe(look, node.value);
    case "assign":
      return look.prepares || node.value === null || isSafe(look, node.value);
    case "return":
      return node.value === null || isSafe(look, node.value);
    case "assert":
      return isPlain(node.test);
    case "raise":
    case "match":
    case "opaque":
      return false;
    case "call":
      return (
        isPlain(node) ||
        isBookkeeping(node) ||
        (node.args.every((arg) => isPlain(arg.value)) && callsSafely(look, node))
      );
    default:
      return !isExpression(node) || isPlain(node);
  }
}

function callsSafely(look: Look, call: Call): boolean {
  const { runtime, depth, trusting } = look;
  const callees = runtime.graph.callables.of(called(runtime, call));
  if (trusting && callees.length === 0) return isGiven(runtime, call);
  return (
    callees.length > 0 &&
    callees.every(({ func, library }) =>
      func ? handlingOf(runtime, func, depth - 1) !== "let-out" : library !== null && neverFails(library),
    )
  );
}

/** Handlers of `logging` deal with their own failures. */
function neverFails(library: string): boolean {
  return NEVER_FAILS.has(library) || library.startsWith("logging.");
}

/** `context.run(f)` calls `f`. */
function called(runtime: Runtime, call: Call): Expression {
  const first = call.args[0]?.value;
  return first && runtime.inference.names(call.callee).some(({ name }) => name === "contextvars.Context.run")
    ? first
    : call.callee;
}

function isGiven(runtime: Runtime, call: Call): boolean {
  let root = called(runtime, call);
  if (runtime.graph.callables.parameterOf(root) !== null) return true;
  while (root.kind === "attribute") root = root.value;
  const [only, ...others] = root.kind === "name" ? runtime.inference.bindings(root).bindings : [];
  return only?.kind === "parameter" && only.node.name !== "self" && only.node.name !== "cls" && others.length === 0;
}

/** Logging, clocks, counters, locks around the work: not what the work is about. */
function isBookkeeping({ callee }: Call): boolean {
  return callee.kind === "attribute" && BOOKKEEPING.test(callee.attr);
}

const BOOKKEEPING =
  /^(?:debug|info|warning|warn|error|exception|critical|log|time|monotonic|perf_counter|now|utcnow|release|acquire|set|clear|task_done|append|discard|add|pop|get|update|close|put|put_nowait|sleep|getLogger|current_thread|get_ident|format|join|copy|notify|notify_all)$/;

/** Whether evaluating it calls nothing that may fail. */
function isPlain(expression: Expression): boolean {
  switch (expression.kind) {
    case "name":
    case "constant":
    case "number":
    case "string":
    case "lambda":
      return true;
    case "attribute":
    case "await":
    case "starred":
      return isPlain(expression.value);
    case "tuple":
    case "list":
    case "set":
      return expression.items.every(isPlain);
    case "dict":
      return expression.keys.every((key) => key === null || isPlain(key)) && expression.values.every(isPlain);
    case "unary":
      return isPlain(expression.operand);
    case "compare":
      return expression.operands.every(isPlain);
    case "boolean":
    case "binary":
      return isPlain(expression.left) && isPlain(expression.right);
    case "conditional":
      return isPlain(expression.test) && isPlain(expression.body) && isPlain(expression.orelse);
    case "fstring":
      return expression.parts.every(isPlain);
    case "subscript":
      return isPlain(expression.value) && expression.indices.every(isPlain);
    case "call":
      return expression.args.every((arg) => isPlain(arg.value)) && isHarmless(expression.callee);
    default:
      return false;
  }
}

/** `self._stop.is_set()`, `len(x)`, `range(n)`: what loops and conditions ask. */
function isHarmless(callee: Expression): boolean {
  if (callee.kind === "name")
    return /^(?:len|range|enumerate|zip|list|dict|set|tuple|str|isinstance|hasattr|getattr|iter|sorted|bool|id|print)$/.test(
      callee.id,
    );
  return (
    callee.kind === "attribute" &&
    /^(?:is_set|is_alive|items|values|keys|get|empty|wait|copy|locked|done|cancelled)$/.test(callee.attr) &&
    isPlain(callee.value)
  );
}

function isExpression(node: Node): node is Expression {
  return EXPRESSIONS.has(node.kind);
}

const EXPRESSIONS: ReadonlySet<Node["kind"]> = new Set([
  "name",
  "attribute",
  "call",
  "subscript",
  "string",
  "fstring",
  "number",
  "constant",
  "tuple",
  "list",
  "set",
  "dict",
  "binary",
  "unary",
  "boolean",
  "compare",
  "conditional",
  "lambda",
  "await",
  "yield",
  "starred",
  "walrus",
  "comprehension",
  "slice",
  "opaque",
]);

/** `with suppress(Exception)`. */
function suppresses(runtime: Runtime, context: Expression): boolean {
  if (
    context.kind !== "call" ||
    !runtime.inference.names(context.callee).some(({ name }) => name === "contextlib.suppress")
  )
    return false;
  return context.args.some(({ value }) =>
    runtime.inference.names(value).some(({ name }) => name === "Exception" || name === "BaseException"),
  );
}

/** A handler for everything (or for `Exception`) that does not raise again, or at least writes a line about it. */
function hasCatchAll(runtime: Runtime, statement: Try): boolean {
  return statement.handlers.some(({ type, body }) => {
    const types = type === null ? [] : type.kind === "tuple" ? type.items : [type];
    const all =
      type === null ||
      types.some((one) =>
        runtime.inference.names(one).some(({ name }) => name === "Exception" || name === "BaseException"),
      );
    return all && (!body.some(raises) || body.some(reports));
  });
}

/** `logger.exception(…)`, `traceback.print_exc()`. */
function reports(node: Node): boolean {
  return (
    node.kind === "expression" &&
    node.value.kind === "call" &&
    node.value.callee.kind === "attribute" &&
    /^(?:exception|error|critical|warning|print_exc|print_exception|capture_exception)$/.test(node.value.callee.attr)
  );
}

function raises(node: Node): boolean {
  switch (node.kind) {
    case "raise":
      return true;
    case "if":
      return [...node.branches.flatMap(({ body }) => body), ...node.orelse].some(raises);
    case "with":
    case "for":
    case "while":
      return node.body.some(raises);
    case "try":
      return node.handlers.length === 0 && node.body.some(raises);
    default:
      return false;
  }
}
