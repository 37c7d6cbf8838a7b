import { COROUTINES_SINCE } from "../../knowledge/coroutines.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { enclosing, isInside, within } from "../../python/syntax.ts";
import { neverRuns } from "../effects/blocking.ts";
import { replacedNames } from "../graph/replaced.ts";
import type { Runtime } from "../runtime.ts";
import { type Coroutine, coroutinesOf } from "./coroutines.ts";
import { type Fate, fatesOf } from "./fates.ts";

/** A call whose coroutine comes to a bad end: dropped, or taken for its result. */
export interface LostCoroutine {
  func: Func;
  call: Call;
  coroutine: Coroutine;
  fate: Fate & { kind: "dropped" | "used" | "asked" | "kept" };
  doubt: number;
}

/** All calls that make a coroutine which nobody can await any more. */
export function* lostCoroutines(runtime: Runtime): Iterable<LostCoroutine> {
  const coroutines = coroutinesOf(runtime.inference);
  for (const func of runtime.graph.funcs)
    for (const call of nodesOf(func, "call")) {
      // Nothing is lost of what is awaited right there.
      const coroutine = call.parent?.kind === "await" ? null : coroutines.of(call);
      if (!coroutine || neverRuns(call) || isDecided(call)) continue;
      const fate = badEnd(coroutine, call, fatesOf(runtime.inference, call));
      if (!fate || isExpected(call, coroutine)) continue;
      const age = ageDoubt(runtime, coroutine.name);
      if (age === null) continue;
      const doubt = coroutine.doubt + age + (mayBeReplaced(runtime, func, call, coroutine) ? 2 : 0);
      yield { func, call, coroutine, fate, doubt };
    }
}

/** How much less sure it is that the project's version of the library has it as a coroutine; `null` if it has not. */
function ageDoubt({ requirements }: Runtime, name: string): number | null {
  const since = COROUTINES_SINCE.get(name);
  if (!since) return 0;
  if (requirements.version(since.unlike)) return null;
  const isNew = requirements.atLeast(since.library, since.version);
  return isNew === false ? null : isNew === true || requirements.version(since.library) ? 0 : 1;
}

/** The first end at which the coroutine is lost or taken for its result; `null` if anybody may still await it. */
function badEnd(coroutine: Coroutine, call: Call, fates: readonly Fate[]): Fate | null {
  if (fates.some((fate) => isFine(coroutine, call, fate))) return null;
  const wrong = fates.find(({ kind }) => kind !== "dropped") ?? fates[0];
  return wrong?.kind === "dropped" && coroutine.eager ? null : (wrong ?? null);
}

function isFine(coroutine: Coroutine, call: Call, fate: Fate): boolean {
  switch (fate.kind) {
    case "asked":
      return isProtocol(fate.attribute, coroutine);
    case "kept":
      // What libraries give for `async with` is often awaitable too; a coroutine of the project's own is no context manager.
      return fate.by !== "async with" || !coroutine.func?.isAsync;
    case "used":
      // A future that has a name may well be compared with others, or not be there.
      return coroutine.eager && fate.at !== call && (fate.as === "condition" || fate.as === "comparison");
    default:
      return false;
  }
}

/** What belongs to the coroutine itself (or to the future that some libraries give). */
function isProtocol(attribute: string, { eager }: Coroutine): boolean {
  if (/^(?:close|send|throw|cr_\w+|__\w+__)$/.test(attribute)) return true;
  return eager && /^(?:add_done_callback|cancel|cancelled|done|result|exception|set_\w+)$/.test(attribute);
}

/** Tests that look for Python's own warning about it, or for what a plain function raises before it makes the coroutine. */
function isExpected(call: Node, { func }: Coroutine): boolean {
  for (let at = enclosing(call, isWith); at; at = enclosing(at, isWith))
    for (const { context } of at.items) {
      const name = context.kind === "call" && context.callee.kind === "attribute" ? context.callee.attr : "";
      if (/^(?:warns|catch_warnings|assertWarns\w*|deprecated_call)$/.test(name)) return true;
      if (/^(?:raises|assertRaises\w*)$/.test(name) && !func?.isAsync) return true;
    }
  return false;
}

function isWith(node: Node): node is Node & { kind: "with" } {
  return node.kind === "with";
}

/** Tests put mocks in the place of coroutine functions, and other code assigns to methods. */
function mayBeReplaced(runtime: Runtime, { module }: Func, { callee }: Call, { name }: Coroutine): boolean {
  if (callee.kind !== "attribute" && !runtime.target.isTest(module.path)) return false;
  return replacedNames(module).has(name.slice(name.lastIndexOf(".") + 1));
}

/** `if inspect.iscoroutinefunction(f): await f() else: f()`, and branches that are switched off. */
function isDecided(call: Call): boolean {
  for (let at = enclosing(call, isIf); at; at = enclosing(at, isIf))
    for (const branch of at.branches) {
      if (isFalse(branch.test) && isInside(call, branch)) return true;
      if ([branch.test, ...within(branch.test)].some(asksForCoroutine)) return true;
    }
  return false;
}

function isIf(node: Node): node is Node & { kind: "if" } {
  return node.kind === "if";
}

function isFalse(test: Expression): boolean {
  if (test.kind === "boolean") return test.op === "and" && (isFalse(test.left) || isFalse(test.right));
  return test.kind === "constant" && test.value === false;
}

function asksForCoroutine(node: Node): boolean {
  if (node.kind !== "call") return false;
  const { callee } = node;
  const name = callee.kind === "attribute" ? callee.attr : callee.kind === "name" ? callee.id : "";
  return /^_?is_?(?:\w*(?:coroutine|awaitable)|async)\w*$/.test(name);
}
