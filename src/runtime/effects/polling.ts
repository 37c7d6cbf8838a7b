import { push } from "../../multimap.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Node, Statement, While } from "../../python/syntax.ts";
import { argument, within } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import { stateOf, type Variable, variableId } from "../state/state.ts";

/** A loop that sleeps and looks again until some other code of the program has changed a variable. */
export interface Polling {
  func: Func;
  loop: While;
  /** What it looks at. */
  read: Expression;
  /** The code that changes it; `null` for an `asyncio.Event`, which can be awaited as it is. */
  change: { func: Func; at: Node } | null;
  /** Whether that code runs in a thread. */
  inThread: boolean;
  doubt: number;
}

/** Sleeps that give the loop to others. */
const SLEEPS = new Set(["asyncio.sleep", "anyio.sleep", "trio.sleep"]);

/** The polling loops of a coroutine. */
export function pollingIn(runtime: Runtime, func: Func): Polling[] {
  if (!func.isAsync) return [];
  return nodesOf(func, "while").flatMap((node) => pollingOf(runtime, func, node) ?? []);
}

function pollingOf(runtime: Runtime, func: Func, loop: While): Polling | null {
  const test = testOf(runtime, loop);
  if (!test || loop.orelse.length > 0) return null;
  const reads = readsOf(runtime, test);
  if (!reads || reads.length === 0) return null;
  for (const read of reads) {
    if (isEvent(runtime, read)) return { func, loop, read, change: null, inThread: false, doubt: 0 };
    const found = stateOf(runtime).variableOf(read, func);
    if (!found) continue;
    const { variable, guess } = behindProperty(runtime, found);
    const change = changeOf(runtime, variable, func);
    if (!change) continue;
    const inThread = runtime.contexts.of(change.func).some(({ kind }) => kind === "thread");
    return { func, loop, read, change, inThread, doubt: guess };
  }
  return null;
}

/** What ends the loop, if it does nothing but sleep: its own test, or the one test that breaks out of `while True`. */
function testOf(runtime: Runtime, loop: While): Expression | null {
  const rest = loop.body.filter((statement) => !isSleep(runtime, statement) && !isIdle(statement));
  if (!loop.body.some((statement) => isSleep(runtime, statement))) return null;
  if (!isTrue(loop.test)) return rest.length === 0 ? loop.test : null;
  const [only, ...others] = rest;
  if (only?.kind !== "if" || others.length > 0 || only.branches.length !== 1 || only.orelse.length > 0) return null;
  const [branch] = only.branches;
  const leaves = branch?.body.every(
    (statement) => statement.kind === "break" || (statement.kind === "return" && statement.value === null),
  );
  return branch && leaves ? branch.test : null;
}

function isSleep({ inference }: Runtime, statement: Statement): boolean {
  if (statement.kind !== "expression" || statement.value.kind !== "await") return false;
  const { value } = statement.value;
  return value.kind === "call" && inference.names(value.callee).some(({ name }) => SLEEPS.has(name));
}

function isIdle(statement: Statement): boolean {
  if (statement.kind === "pass" || statement.kind === "continue") return true;
  // A counter of tries, or a docstring-like constant.
  if (statement.kind === "augassign") return statement.target.kind === "name" && statement.value.kind === "number";
  return statement.kind === "expression" && (statement.value.kind === "string" || statement.value.kind === "constant");
}

function isTrue(test: Expression): boolean {
  return (test.kind === "constant" && test.value === true) || (test.kind === "number" && test.value !== 0);
}

/** The variables that a test looks at; `null` where it does more than look: asks another program, awaits. */
function readsOf(runtime: Runtime, test: Expression): Expression[] | null {
  const found: Expression[] = [];
  for (const node of [test, ...within(test)]) {
    switch (node.kind) {
      case "await":
      case "walrus":
      case "comprehension":
      case "lambda":
      case "yield":
        return null;
      case "call":
        if (!isLook(runtime, node)) return null;
        break;
      case "name":
      case "attribute":
        if (node.parent?.kind !== "attribute" && !(node.parent?.kind === "call" && node.parent.callee === node))
          found.push(node);
        else if (
          node.parent?.kind === "attribute" &&
          node.parent.parent?.kind === "call" &&
          node.parent.parent.callee === node.parent
        )
          found.push(node);
    }
  }
  return found;
}

/** `event.is_set()` of asyncio's own event. */
function isEvent({ inference }: Runtime, read: Expression): boolean {
  const isAsked = read.parent?.kind === "attribute" && read.parent.attr === "is_set";
  return isAsked && inference.values(read).some((value) => value.kind === "instance" && value.type === "asyncio.Event");
}

/** `len(x)`, `flag.is_set()`, `queue.empty()`, the clock. */
function isLook({ inference }: Runtime, call: Call): boolean {
  const names = inference.names(call.callee);
  return (
    names.length > 0 &&
    names.every(({ name }) => LOOKS.test(name)) &&
    (argument(call, null, 1) === null || /^getattr$/.test(names[0]?.name ?? ""))
  );
}

const LOOKS =
  /^(?:len|bool|any|all|getattr|isinstance|time\.(?:time|monotonic|perf_counter)|asyncio\.AbstractEventLoop\.time|asyncio\.(?:Event\.is_set|Queue\.(?:empty|full|qsize)|Task\.done|Future\.done|Lock\.locked)|threading\.Event\.is_set|datetime\.datetime\.(?:now|utcnow)|(?:dict|list|set)\.(?:get|keys|values))$/;

/** `return self._connected`: the attribute behind a property. */
function behindProperty(runtime: Runtime, variable: Variable): { variable: Variable; guess: number } {
  if (variable.kind !== "attribute") return { variable, guess: 0 };
  const method = runtime.inference.method(variable.cls, variable.name);
  if (!method || !runtime.inference.decoration(method).property || method.node.kind !== "function")
    return { variable, guess: 0 };
  const [only, ...others] = method.node.body.filter(({ kind }) => kind !== "expression");
  if (only?.kind !== "return" || !only.value || others.length > 0) return { variable, guess: 2 };
  const inner = only.value.kind === "unary" ? only.value.operand : only.value;
  const behind = stateOf(runtime).variableOf(inner, method);
  return behind ? { variable: behind, guess: 0 } : { variable, guess: 2 };
}

/** Other code of the program that writes the variable, or changes what it holds. */
function changeOf(runtime: Runtime, variable: Variable, reader: Func): Polling["change"] | null {
  const id = variableId(variable);
  for (const [func, at] of changesOf(runtime).get(id) ?? [])
    if (func !== reader && !isSetUp(func) && !runtime.target.isTest(func.module.path)) return { func, at };
  return null;
}

const known = new WeakMap<Runtime, Map<string, [Func, Node][]>>();

function changesOf(runtime: Runtime): Map<string, [Func, Node][]> {
  const found = known.get(runtime);
  if (found) return found;
  const state = stateOf(runtime);
  const made = new Map<string, [Func, Node][]>();
  const note = (variable: Variable, func: Func, at: Node): void => {
    const id = variableId(variable);
    push(made, id, [func, at]);
  };
  for (const func of runtime.graph.funcs) {
    for (const { place, at } of state.writes(func)) note(place.variable, func, at);
    for (const { variable, at, kind } of state.touches(func)) if (kind !== "iterate") note(variable, func, at);
  }
  known.set(runtime, made);
  return made;
}

function isSetUp(func: Func): boolean {
  return func.node.kind === "module" || (func.node.kind === "function" && func.node.name === "__init__");
}
