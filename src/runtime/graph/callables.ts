import type { OffloadFact } from "../../knowledge/offload.ts";
import { CALLBACKS } from "../../knowledge/offload.ts";
import { push } from "../../multimap.ts";
import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Parameter } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Value } from "../../python/value.ts";

/** Where a callable that is handed over will run. */
export interface Placement {
  to: OffloadFact["to"];
  /** Which pool: a shared one by name (`default-executor`, `anyio-threads`, …), its `own` thread or process, or the object in `executor`. */
  pool: string;
  /** The expression of the pool object, where there is one. */
  executor: Expression | null;
  /** The canonical name of the library call or decorator that hands it over. */
  by: string;
}

/** A callable: a function of the project, or a library function by canonical name. */
export interface Callable {
  func: Func | null;
  library: string | null;
  doubt: number;
}

/** What becomes of a callable: called before the call that takes it returns, called when what it returns is called, or run elsewhere. */
export interface Use {
  now: boolean;
  later: boolean;
  offload: Placement | null;
}

/** A callable argument, and what the callee does with it. */
export interface Handed {
  expression: Expression;
  use: Use;
}

/** What decorators make of a call of the decorated function. */
export interface Wrapping {
  /** Functions that run in its place. */
  wrappers: readonly Func[];
  /** Whether its own body still runs where it is called. */
  runs: boolean;
  offload: Placement | null;
}

/** Reads the offload table and what the configuration adds to it. */
export interface Offloaders {
  get(name: string): OffloadFact | undefined;
  /** Whether the configuration says that a function or decorator moves its callable off the loop. */
  isDeclared(name: string): boolean;
}

/** Answers what code does with the functions it is given. */
export interface Callables {
  /** The functions that an expression stands for, through `partial`, lambdas, bound methods and objects with `__call__`. */
  of(expression: Expression): Callable[];
  /** The parameter that an expression stands for, if its value is one that the caller gave. */
  parameterOf(expression: Expression): Parameter | null;
  /** What `owner` does with the callable it takes as `param`. */
  useOf(param: Parameter, owner: Func): Use;
  /** The callable arguments of a call with what becomes of them. */
  handed(call: Call): readonly Handed[];
  wrapping(func: Func): Wrapping;
}

/** Builds the answers; they are inferred from the bodies of the project's functions, whatever their names. */
export function callablesOf(inference: Inference, offloaders: Offloaders): Callables {
  const parameters = new Map<Expression, Parameter | null>();
  const uses = new Map<Func, ReadonlyMap<Parameter, Use>>();
  const fates = new Map<Func, Use>();
  let depth = 0;
  const handedByCall = new Map<Call, readonly Handed[]>();
  const wrappings = new Map<Func, Wrapping>();
  /** The attributes that some class sets to a plain name: only they can hold a parameter. */
  const keptNames = new Set<string>();
  for (const { classes } of inference.modules.values())
    for (const { attributes } of classes)
      for (const [name, [only, ...more]] of attributes)
        if (only?.value?.kind === "name" && more.length === 0) keptNames.add(name);
  const nestedLists = new Map<Func, Func[]>();
  for (const module of inference.modules.values())
    for (const func of module.functions)
      for (let at: Func | null = func; at && at.node.kind !== "module"; at = at.parent) {
        push(nestedLists, at, func);
      }

  const of = (expression: Expression): Callable[] => {
    const passedOn = passesOn(expression);
    return passedOn ? of(passedOn) : inference.values(expression).flatMap(callableValue);
  };

  const callableValue = (value: Value): Callable[] => {
    switch (value.kind) {
      case "function":
        return [{ func: value.func, library: null, doubt: value.doubt }];
      case "library":
        return [{ func: null, library: value.name, doubt: value.doubt }];
      case "partial":
        return value.of.flatMap(callableValue);
      case "class": {
        const init = inference.method(value.cls, "__init__");
        return init ? [{ func: init, library: null, doubt: value.doubt }] : [];
      }
      case "object": {
        const call = inference.method(value.cls, "__call__");
        return call ? [{ func: call, library: null, doubt: value.doubt }] : [];
      }
      default:
        return [];
    }
  };

  /** The callable inside `partial(f, …)` and `context.run` (which runs its own first argument, taken care of by the caller's arguments). */
  const passesOn = (expression: Expression): Expression | null => {
    if (expression.kind !== "call") return null;
    const wraps = inference.names(expression.callee).some(({ name }) => WRAPS_FIRST.has(name));
    return wraps ? argument(expression, "func", 0) : null;
  };

  const parameterOf = (expression: Expression): Parameter | null => {
    const known = parameters.get(expression);
    if (known !== undefined) return known;
    parameters.set(expression, null);
    const found = parameterBehind(expression);
    parameters.set(expression, found);
    return found;
  };

  const parameterBehind = (expression: Expression): Parameter | null => {
    if (expression.kind === "name") {
      const [only, ...more] = inference.bindings(expression).bindings;
      if (more.length > 0 || !only) return null;
      if (only.kind === "parameter") return only.node;
      return only.kind === "value" && only.path.length === 0 ? parameterOf(only.value) : null;
    }
    if (expression.kind === "attribute") return keptParameter(expression);
    const inner = passesOn(expression);
    return inner ? parameterOf(inner) : null;
  };

  /** `self.function`, where the constructor keeps a parameter of that name. */
  const keptParameter = (expression: Expression & { kind: "attribute" }): Parameter | null => {
    if (!keptNames.has(expression.attr)) return null;
    for (const owner of inference.values(expression.value)) {
      if (owner.kind !== "object") continue;
      for (const cls of inference.ancestry(owner.cls)) {
        const [only, ...more] = cls.attributes.get(expression.attr) ?? [];
        if (only?.value?.kind === "name" && more.length === 0) return parameterOf(only.value);
      }
    }
    return null;
  };

  const useOf = (param: Parameter, owner: Func): Use => usesIn(owner).get(param) ?? UNUSED;

  /** What the function does with those of its parameters that are callables; all are found in one go. */
  const usesIn = (owner: Func): ReadonlyMap<Parameter, Use> => {
    const known = uses.get(owner);
    if (known) return known;
    if (depth >= DEEPEST) return NO_USES;
    const found = new Map<Parameter, Use>();
    uses.set(owner, found);
    depth++;
    for (const inner of nestedLists.get(owner) ?? []) {
      const here = new Map<Parameter, Use>();
      const note = (param: Parameter | null, use: Use): void => {
        if (!param || !owner.params.includes(param)) return;
        const known = here.get(param) ?? { now: false, later: false, offload: null };
        here.set(param, known);
        add(known, use);
      };
      for (const node of nodesOf(inner, "call")) {
        note(parameterOf(node.callee), CALLED);
        // Whom it calls without anything that may be a callable needs no look.
        if (node.args.some(({ value }) => mayBeCallable(value)))
          for (const { expression, use } of handed(node)) note(parameterOf(expression), use);
      }
      for (const [param, use] of here) {
        const whole = found.get(param) ?? { now: false, later: false, offload: null };
        found.set(param, whole);
        // A generator's body runs when it is iterated; that is told where the generator is made.
        add(whole, inner === owner ? use : within(fateOf(inner, owner), use));
      }
    }
    depth--;
    return found;
  };

  /** How a function nested in `owner` gets to run: at once, when what `owner` returns is called, or elsewhere. */
  const fateOf = (inner: Func, owner: Func): Use => {
    const known = fates.get(inner);
    if (known) return known;
    const fate: Use = { now: false, later: false, offload: null };
    fates.set(inner, fate);
    for (const other of nestedLists.get(owner) ?? []) {
      if (other === inner) continue;
      const here: Use = { now: false, later: false, offload: null };
      for (const node of nodesOf(other, "call", "return")) {
        if (node.kind === "call") {
          if (refersTo(node.callee, inner)) here.now = true;
          for (const one of handed(node)) if (refersTo(one.expression, inner)) add(here, one.use);
        } else if (node.kind === "return" && node.value && returnsFunction(node.value, inner)) here.later = true;
      }
      add(fate, other === owner ? here : within(fateOf(other, owner), here));
    }
    return fate;
  };

  const returnsFunction = (value: Expression, func: Func): boolean =>
    refersTo(value, func) || (value.kind === "call" && value.args.some((arg) => refersTo(arg.value, func)));

  const refersTo = (expression: Expression, func: Func): boolean =>
    expression === func.node || of(expression).some((one) => one.func === func);

  const handed = (call: Call): readonly Handed[] => {
    const known = handedByCall.get(call);
    if (known) return known;
    handedByCall.set(call, []);
    const found: Handed[] = [];
    for (const value of inference.values(call.callee)) {
      if (value.kind === "library") found.push(...handedToLibrary(call, value.name));
      else if (value.kind === "function") found.push(...handedToFunction(call, value.func, value.self !== null));
      else if (value.kind === "class") {
        const init = inference.method(value.cls, "__init__");
        if (init) found.push(...handedToFunction(call, init, true));
        for (const base of init ? [] : inference.libraryBases(value.cls)) found.push(...handedToLibrary(call, base));
      }
    }
    handedByCall.set(call, found);
    return found;
  };

  const handedToLibrary = (call: Call, name: string): Handed[] => {
    const fact = offloaders.get(name);
    if (fact) {
      const given = callableArgument(call, fact);
      const offload = placementOf(call, fact);
      if (!given) return [];
      const inner = contextRun(call, given, fact);
      return [{ expression: inner ?? given, use: { now: false, later: false, offload } }];
    }
    if (offloaders.isDeclared(name))
      return call.args.map(({ value }) => ({
        expression: value,
        use: { now: false, later: false, offload: declaredPlacement(name) },
      }));
    const callback = CALLBACKS.get(name);
    if (callback?.context === "caller" && !LAZY.has(name)) {
      const given = argument(call, callback.keyword, callback.callable);
      return given ? [{ expression: given, use: { now: true, later: false, offload: null } }] : [];
    }
    if (RUNS_FIRST.has(name)) {
      const given = argument(call, null, 0);
      return given ? [{ expression: given, use: { now: true, later: false, offload: null } }] : [];
    }
    return [];
  };

  /** `run_in_executor(None, context.run, f)` runs `f`. */
  const contextRun = (call: Call, given: Expression, fact: OffloadFact): Expression | null => {
    if (fact.argsFrom === null || !inference.names(given).some(({ name }) => RUNS_FIRST.has(name))) return null;
    return argument(call, null, fact.argsFrom);
  };

  const handedToFunction = (call: Call, func: Func, bound: boolean): Handed[] => {
    if (func.node.kind === "module") return [];
    const declared = offloaders.isDeclared(func.name);
    const found: Handed[] = [];
    if (!declared && usesIn(func).size === 0) return found;
    for (const [param, expression] of matchArguments(call, func, bound)) {
      if (!mayBeCallable(expression)) continue;
      const use = declared ? { now: false, later: false, offload: declaredPlacement(func.name) } : useOf(param, func);
      if (use.now || use.later || use.offload) found.push({ expression, use });
    }
    // `*args` that hold callables: what the configuration declares takes them too.
    if (declared)
      for (const { value } of call.args)
        if (!found.some((one) => one.expression === value) && mayBeCallable(value))
          found.push({ expression: value, use: { now: false, later: false, offload: declaredPlacement(func.name) } });
    return found;
  };

  const placementOf = (call: Call, fact: OffloadFact): Placement => {
    const executor = executorOf(call, fact);
    if (!executor)
      return {
        to: fact.to,
        pool: fact.pool.startsWith("argument") ? "default-executor" : fact.pool,
        executor: null,
        by: fact.name,
      };
    const types = inference
      .values(executor)
      .flatMap((value) => (value.kind === "instance" ? inference.library.ancestry(value.type) : []));
    const to = types.some((type) => PROCESS_POOLS.has(type))
      ? "process"
      : types.some((type) => INTERPRETER_POOLS.has(type))
        ? "interpreter"
        : fact.to;
    return { to, pool: "object", executor, by: fact.name };
  };

  const executorOf = (call: Call, { pool }: OffloadFact): Expression | null => {
    if (pool === "receiver") return call.callee.kind === "attribute" ? call.callee.value : null;
    if (!pool.startsWith("argument:")) return null;
    const given = argument(call, "executor", Number(pool.slice("argument:".length)));
    return given && !isNone(given) ? given : null;
  };

  const isNone = (expression: Expression): boolean => {
    if (expression.kind === "constant") return expression.value === null;
    const values = inference.values(expression);
    return values.length > 0 && values.every((value) => value.kind === "none");
  };

  const wrapping = (func: Func): Wrapping => {
    const known = wrappings.get(func);
    if (known) return known;
    wrappings.set(func, { wrappers: [], runs: true, offload: null });
    const decoration = inference.decoration(func);
    const wrappers: Func[] = [];
    let runs = true;
    let offload: Placement | null = null;
    for (const name of decoration.library) {
      const fact = offloaders.get(name);
      if (fact && (fact.decorator || fact.callable === 0))
        offload = { to: fact.to, pool: fact.pool, executor: null, by: name };
      else if (offloaders.isDeclared(name)) offload = declaredPlacement(name);
    }
    for (const decorator of decoration.project) {
      if (offloaders.isDeclared(decorator.name)) offload = declaredPlacement(decorator.name);
      const made = wrapperOf(decorator, func.isAsync);
      if (!made) continue;
      const use = useOf(made.param, made.owner);
      wrappers.push(made.wrapper);
      if (use.offload) offload = use.offload;
      else if (!use.now && !use.later) runs = false;
    }
    // What an async wrapper runs is told in the wrapper.
    if (wrappers.some((wrapper) => wrapper.isAsync) && !func.isAsync) runs = false;
    const found = { wrappers, runs, offload };
    wrappings.set(func, found);
    return found;
  };

  /** The nested function that a decorator (or a decorator factory) puts in place of the decorated one, and the parameter that holds that. */
  const wrapperOf = (decorator: Func, isAsync: boolean): { wrapper: Func; param: Parameter; owner: Func } | null => {
    const inner = wrapperIn(decorator, isAsync);
    if (!inner) return null;
    const deeper = wrapperIn(inner, isAsync);
    const own = firstParameter(inner);
    if (deeper && own) return { wrapper: deeper, param: own, owner: inner };
    const param = firstParameter(decorator);
    return param ? { wrapper: inner, param, owner: decorator } : null;
  };

  /** The nested function that `outer` returns; of several the one that is as async as what it wraps: such decorators take both kinds. */
  const wrapperIn = (outer: Func, isAsync: boolean): Func | null => {
    const nested = returnedFunctions(outer).filter((one) => one.parent === outer);
    return nested.find((one) => one.isAsync === isAsync) ?? nested[0] ?? null;
  };

  const returnedFunctions = (func: Func): Func[] =>
    nodesOf(func, "return").flatMap((node) =>
      node.value
        ? inference.values(node.value).flatMap((value) => (value.kind === "function" ? [value.func] : []))
        : [],
    );

  return { of, parameterOf, useOf, handed, wrapping };
}

function firstParameter(func: Func): Parameter | null {
  return func.params.find(({ name, stars }) => stars === 0 && name !== "self" && name !== "cls") ?? null;
}

function declaredPlacement(by: string): Placement {
  return { to: "thread", pool: "declared", executor: null, by };
}

/** A callable is followed through so many functions that pass it on. */
const DEEPEST = 40;
const NO_USES: ReadonlyMap<Parameter, Use> = new Map();
const UNUSED: Use = { now: false, later: false, offload: null };
const CALLED: Use = { now: true, later: false, offload: null };

function add(to: Use, more: Use): void {
  to.now ||= more.now;
  to.later ||= more.later;
  to.offload ??= more.offload;
}

/** What becomes of something used in a nested function that itself meets `fate`. */
function within(fate: Use, use: Use): Use {
  return {
    now: fate.now && use.now,
    later: (fate.later && (use.now || use.later)) || (fate.now && use.later),
    offload: use.offload ?? (use.now ? fate.offload : null),
  };
}

function callableArgument(call: Call, { callable, keyword }: OffloadFact): Expression | null {
  return argument(call, keyword, callable ?? -1);
}

function mayBeCallable({ kind }: Expression): boolean {
  return kind === "name" || kind === "attribute" || kind === "lambda" || kind === "call" || kind === "conditional";
}

/** Pairs the arguments of a call with the parameters of the function; `bound` leaves out its first. */
export function matchArguments(call: Call, func: Func, bound: boolean): [Parameter, Expression][] {
  const { params } = func;
  const found: [Parameter, Expression][] = [];
  let position = bound ? 1 : 0;
  for (const arg of call.args) {
    if (arg.stars === 1) position = Number.POSITIVE_INFINITY;
    if (arg.stars !== 0) continue;
    const param =
      arg.name === null
        ? positional(params, position++)
        : params.find((one) => one.name === arg.name && one.stars === 0);
    if (param) found.push([param, arg.value]);
  }
  return found;
}

function positional(params: readonly Parameter[], position: number): Parameter | undefined {
  const param = params[position];
  return param && param.stars === 0 && !param.keywordOnly ? param : undefined;
}

const WRAPS_FIRST = new Set([
  "functools.partial",
  "functools.partialmethod",
  "functools.wraps",
  "staticmethod",
  "functools.lru_cache",
  "functools.cache",
]);

/** Library methods that run their first argument at once. */
const RUNS_FIRST = new Set(["contextvars.Context.run"]);

/** Results that run their function only when they are iterated. */
export const LAZY: ReadonlySet<string> = new Set([
  "map",
  "filter",
  "itertools.starmap",
  "itertools.takewhile",
  "itertools.dropwhile",
]);

const PROCESS_POOLS = new Set([
  "concurrent.futures.ProcessPoolExecutor",
  "loky.ProcessPoolExecutor",
  "pebble.ProcessPool",
]);
const INTERPRETER_POOLS = new Set(["concurrent.futures.InterpreterPoolExecutor"]);
