import { EAGER, KEEPS_COROUTINES, RUNS_COROUTINES } from "../../knowledge/awaitables.ts";
import { COROUTINES, NOT_COROUTINES } from "../../knowledge/coroutines.ts";
import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Parameter } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Value } from "../../python/value.ts";
import { exitsOf } from "../graph/exits.ts";
import { openness } from "./openness.ts";

/** What a call makes that has to be awaited. */
export interface Coroutine {
  /** Canonical name of the coroutine function. */
  name: string;
  /** The project's function, if it is one. */
  func: Func | null;
  /** The library schedules the work by itself: it runs even if nobody awaits it. */
  eager: boolean;
  doubt: number;
}

/** Answers which calls make coroutines. */
export interface Coroutines {
  /** What the call makes, if every function that it may call makes a coroutine. */
  of(call: Call): Coroutine | null;
}

/** What a decorator makes of a coroutine function: something that makes coroutines too, something else, or nobody knows. */
type Outcome = "keeps" | "changes" | "unknown";

/** Steps of doubt that an unknown decorator or receiver costs: below what is shown by default. */
const HIDDEN = 2;
const DEEPEST = 8;

/** Calls that start work and give a future for its result; a task is also an object of its own to look at and to cancel. */
const GIVES_FUTURE = /\.(?:gather|shield|wrap_future|run_in_executor)$/;

/** Builds the answers over the inference. */
export function coroutinesOf(inference: Inference): Coroutines {
  const made = new Map<Func, number | null>();
  const outcomes = new Map<Func, Outcome>();

  const of = (call: Call): Coroutine | null => ofCall(call, 0);

  const ofCall = (call: Call, depth: number): Coroutine | null => {
    if (depth > DEEPEST) return null;
    const values = inference.values(call.callee);
    const isSuper = call.callee.kind === "attribute" && isSuperCall(call.callee.value);
    let found: Coroutine | null = null;
    for (const value of values) {
      const one = ofValue(value, isSuper, depth);
      if (!one) return null;
      if (!found || one.doubt > found.doubt) found = one;
    }
    return found && { ...found, doubt: found.doubt + openness(inference, call.callee) };
  };

  const ofValue = (value: Value, isSuper: boolean, depth: number): Coroutine | null => {
    switch (value.kind) {
      case "function":
        return ofFunction(value.func, value.self, value.doubt, isSuper, depth);
      case "object": {
        const method = inference.method(value.cls, "__call__");
        return method && ofFunction(method, value, value.doubt, false, depth);
      }
      case "partial": {
        const all = value.of.map((one) => ofValue(one, false, depth));
        const [first] = all;
        return first && all.every((one) => one !== null) ? first : null;
      }
      case "library":
        return ofLibrary(value.name, value.receiver, value.doubt);
      default:
        return null;
    }
  };

  /** The method and all that may stand in its place must make coroutines. */
  const ofFunction = (
    func: Func,
    self: Value | null,
    valueDoubt: number,
    isSuper: boolean,
    depth: number,
  ): Coroutine | null => {
    const own = makes(func, depth);
    if (own === null) return null;
    let doubt = own;
    if (func.cls && func.node.kind === "function" && self?.kind === "object" && !self.exact && !isSuper)
      for (const cls of inference.subclasses(self.cls)) {
        const overriding = cls.methods.get(func.node.name);
        if (!overriding) continue;
        const theirs = makes(overriding, depth);
        if (theirs === null) return null;
        doubt = Math.max(doubt, theirs);
      }
    return { name: func.name, func, eager: false, doubt: doubt + valueDoubt };
  };

  const ofLibrary = (name: string, receiver: string | null, doubt: number): Coroutine | null => {
    if (NOT_COROUTINES.get(name) === "scheduled" && GIVES_FUTURE.test(name))
      return { name, func: null, eager: true, doubt };
    const known = COROUTINES.has(name) ? name : inherited(name, receiver);
    return known === null ? null : { name: known, func: null, eager: EAGER.test(known), doubt };
  };

  const inherited = (name: string, receiver: string | null): string | null => {
    if (receiver === null) return null;
    const method = name.slice(name.lastIndexOf(".") + 1);
    for (const type of inference.library.ancestry(receiver)) {
      // A pipeline queues the commands that it takes over from its base.
      if (type.endsWith(".Pipeline")) return null;
      const candidate = `${type}.${method}`;
      if (COROUTINES.has(candidate)) return candidate;
    }
    return null;
  };

  /** The doubt with which a call of the function makes a coroutine; `null` if it makes none. */
  const makes = (func: Func, depth: number): number | null => {
    const known = made.get(func);
    if (known !== undefined) return known;
    made.set(func, null);
    const found = makesAtAll(func, depth);
    made.set(func, found);
    return found;
  };

  const makesAtAll = (func: Func, depth: number): number | null => {
    if (func.isGenerator || func.node.kind === "module") return null;
    let doubt = func.isAsync ? 0 : passesOn(func, depth);
    if (doubt === null || func.node.kind !== "function") return doubt;
    if (inference.decoration(func).property) return null;
    for (const decorator of func.node.decorators) {
      const outcome = decorated(decorator);
      if (outcome === "changes") return null;
      if (outcome === "unknown") doubt += HIDDEN;
    }
    return doubt;
  };

  /** A plain function whose every way out hands a fresh coroutine to the caller. */
  const passesOn = (func: Func, depth: number): number | null => {
    const results = resultsOf(func);
    if (!results || results.length === 0) return null;
    let doubt = 0;
    for (const result of results) {
      const one = result.kind === "call" ? ofCall(result, depth + 1) : null;
      if (!one || one.eager) return null;
      doubt = Math.max(doubt, one.doubt);
    }
    return doubt;
  };

  const decorated = (decorator: Expression): Outcome => {
    const target = decorator.kind === "call" ? decorator.callee : decorator;
    const values = inference.values(target);
    let found: Outcome | null = null;
    for (const value of values) {
      const one = outcomeOf(value, decorator.kind === "call");
      if (found !== null && one !== found) return "unknown";
      found = one;
    }
    return found ?? "unknown";
  };

  const outcomeOf = (value: Value, isCalled: boolean): Outcome => {
    switch (value.kind) {
      case "library":
        if (RUNS_COROUTINES.test(value.name)) return "changes";
        return KEEPS_COROUTINES.test(value.name) ? "keeps" : "unknown";
      case "function":
        return isCalled ? factoryOutcome(value.func) : decoratorOutcome(value.func);
      case "class":
      case "object": {
        const call = inference.method(value.cls, "__call__");
        if (!call) return "unknown";
        if (value.kind === "class" && !isCalled) return call.isAsync && !call.isGenerator ? "keeps" : "unknown";
        return value.kind === "object" && isCalled ? factoryOutcome(call) : decoratorOutcome(call);
      }
      default:
        return "unknown";
    }
  };

  /** `@decorator(…)`: what its call returns is the decorator. */
  const factoryOutcome = (factory: Func): Outcome => {
    const found = returned(factory).flatMap((value) =>
      value.kind === "function" && value.func !== factory ? [decoratorOutcome(value.func)] : [],
    );
    return best(found);
  };

  const decoratorOutcome = (decorator: Func): Outcome => {
    const known = outcomes.get(decorator);
    if (known) return known;
    outcomes.set(decorator, "unknown");
    const found = decoratorOutcomeOnce(decorator);
    outcomes.set(decorator, found);
    return found;
  };

  const decoratorOutcomeOnce = (decorator: Func): Outcome => {
    const given = decorator.params.find(({ name }) => name !== "self" && name !== "cls");
    if (!given || decorator.isAsync) return "unknown";
    const found: Outcome[] = [];
    for (const expression of resultsOf(decorator) ?? []) {
      const inner = unwrapped(expression);
      if (isParameter(inner, given)) found.push("keeps");
      else
        for (const value of inference.values(inner))
          found.push(value.kind === "function" ? wrapperOutcome(value.func, given) : "unknown");
    }
    return best(found);
  };

  /** What a call of the function gives that a decorator puts in place of a coroutine function, its parameter `given`. */
  const wrapperOutcome = (wrapper: Func, given: Parameter): Outcome => {
    if (wrapper.isAsync) return wrapper.isGenerator ? "changes" : "keeps";
    if (wrapper.isGenerator) return "changes";
    const results = resultsOf(wrapper);
    if (results && results.length > 0 && results.every((one) => isCoroutineOf(one, given))) return "keeps";
    if (results?.some((one) => inference.values(one).some((value) => value.kind === "function")))
      return decoratorOutcome(wrapper);
    const runs = nodesOf(wrapper, "call").some((node) =>
      inference.names(node.callee).some(({ name }) => RUNS_COROUTINES.test(name)),
    );
    return runs ? "changes" : "unknown";
  };

  const isCoroutineOf = (result: Expression, given: Parameter): boolean =>
    result.kind === "call" && (isParameter(result.callee, given) || ofCall(result, DEEPEST - 1) !== null);

  const isParameter = (expression: Expression, parameter: Parameter): boolean => {
    if (expression.kind !== "name") return false;
    const [only, ...more] = inference.bindings(expression).bindings;
    return only?.kind === "parameter" && only.node === parameter && more.length === 0;
  };

  /** The function inside `wraps(f)(wrapper)`, `update_wrapper(wrapper, f)` and `cast(T, wrapper)`. */
  const unwrapped = (expression: Expression): Expression => {
    if (expression.kind !== "call") return expression;
    const maker = expression.callee.kind === "call" ? expression.callee.callee : null;
    const names = inference.names(maker ?? expression.callee).map(({ name }) => name);
    const at = names.some((name) => /(?:^|\.)cast$/.test(name)) ? 1 : 0;
    const wraps = names.some((name) => /^functools\.(?:wraps|update_wrapper)$|(?:^|\.)cast$|^staticmethod$/.test(name));
    const inner = wraps ? argument(expression, null, at) : null;
    return inner ? unwrapped(inner) : expression;
  };

  const returned = (func: Func): readonly Value[] =>
    (resultsOf(func) ?? []).flatMap((one) => inference.values(unwrapped(one)));

  return { of };
}

/** What a function returns; `null` if it can also end without a value. */
function resultsOf(func: Func): readonly Expression[] | null {
  if (func.node.kind === "lambda") return [func.node.body];
  if (func.node.kind !== "function") return null;
  const found: Expression[] = [];
  for (const node of nodesOf(func, "return")) {
    if (!node.value) return null;
    found.push(...choices(node.value));
  }
  const last = func.node.body.at(-1);
  return last && !exitsOf([last]).has("end") ? found : null;
}

function choices(expression: Expression): readonly Expression[] {
  return expression.kind === "conditional"
    ? [...choices(expression.body), ...choices(expression.orelse)]
    : [expression];
}

function isSuperCall(expression: Expression): boolean {
  return expression.kind === "call" && expression.callee.kind === "name" && expression.callee.id === "super";
}

function best(outcomes: readonly Outcome[]): Outcome {
  // A decorator for both kinds of functions has a wrapper for each.
  if (outcomes.includes("keeps")) return "keeps";
  return outcomes.length > 0 && outcomes.every((one) => one === "changes") ? "changes" : "unknown";
}
