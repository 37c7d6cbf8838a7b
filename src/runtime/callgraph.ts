import type { Inference } from "../python/infer.ts";
import type { Class, Func } from "../python/module.ts";
import type { Call, Expression, Node, Parameter } from "../python/syntax.ts";
import { argument } from "../python/syntax.ts";
import type { Value } from "../python/value.ts";

/** Where a callable that is handed over will run. */
export interface Destination {
  to: "thread" | "process" | "loop" | "interpreter" | "greenlet" | "later";
  /** Name of the pool as the offload table gives it (`default-executor`, `anyio-threads`, `own`, `receiver`, …). */
  pool: string;
  /** The library call that hands it over. */
  by: string;
  /** Whether the call also waits for the result (`asyncio.to_thread` awaited counts as not waiting: the loop goes on). */
  site: Call;
}

/** A function of the project that a site runs right there. */
export interface Target {
  func: Func;
  doubt: number;
}

/** A callable that a site hands to another context: a function of the project, or a library function by name. */
export interface Handover {
  func: Func | null;
  library: string | null;
  destination: Destination;
  doubt: number;
}

/** One thing in a body of code that runs other code. */
export interface Site {
  func: Func;
  /** The call, `with` item, `for`, comprehension clause, attribute (a property) or subscript. */
  node: Node;
  kind: "call" | "enter" | "iterate" | "property";
  /** Awaited, or handed to something that awaits it. */
  awaited: boolean;
  /** Canonical library names that it may call, with the class of the receiver. */
  library: readonly { name: string; doubt: number; receiver: string | null }[];
  targets: readonly Target[];
  handovers: readonly Handover[];
}

export interface CallGraph {
  inference: Inference;
  funcs: readonly Func[];
  sites(func: Func): readonly Site[];
  /** The site of a call, `with` item, loop or property. */
  siteOf(node: Node): Site | null;
  callers(func: Func): readonly { site: Site; doubt: number }[];
  /** Where the function is handed to another context. */
  handedOver(func: Func): readonly { site: Site; handover: Handover }[];
  /** The function that an expression stands for, through `partial`, lambdas and bound methods. */
  callables(expression: Expression): readonly { func: Func | null; library: string | null; doubt: number }[];
}

/** One row of the offload table, as the graph needs it. */
export interface Offloader {
  callable: number | string;
  to: Destination["to"];
  pool: string;
  decorator?: boolean;
}

/** Reads the table of offloaders: by canonical name, and the project's own from the configuration. */
export interface Offloaders {
  get(name: string): Offloader | undefined;
}

/** What a function does with a callable it is given. */
interface Use {
  called: boolean;
  offload: { to: Destination["to"]; pool: string; by: string } | null;
  /** It comes back inside a wrapper that the function returns. */
  returned: boolean;
}

/** Builds the call graph of all loaded modules. */
export function callGraphOf(inference: Inference, offloaders: Offloaders): CallGraph {
  const funcs = [...inference.modules.values()].flatMap((module) => module.functions);
  const uses = new Map<Parameter | Func, Use>();
  const learned = learnArguments();
  inference.learnArguments(learned);
  const bySite = new Map<Node, Site>();
  const sitesByFunc = new Map<Func, Site[]>();
  const callerLists = new Map<Func, { site: Site; doubt: number }[]>();
  const handoverLists = new Map<Func, { site: Site; handover: Handover }[]>();

  /** First round: what callers pass to parameters that have no annotation. */
  function learnArguments(): Map<Parameter, Expression[]> {
    const passed = new Map<Parameter, Expression[]>();
    for (const func of funcs)
      for (const node of func.nodes) {
        if (node.kind !== "call" || node.args.length === 0) continue;
        for (const value of inference.values(node.callee)) {
          const target =
            value.kind === "class"
              ? inference.method(value.cls, "__init__")
              : value.kind === "function"
                ? value.func
                : null;
          if (!target || target.node.kind === "module") continue;
          const bound = value.kind === "class" || (value.kind === "function" && value.self !== null);
          for (const [param, expression] of matchArguments(node, target, bound)) {
            if (param.annotation) continue;
            const known = passed.get(param);
            if (known) known.push(expression);
            else passed.set(param, [expression]);
          }
        }
      }
    return passed;
  }

  const callables = (expression: Expression): { func: Func | null; library: string | null; doubt: number }[] =>
    inference.values(expression).flatMap((value) => callableValue(value));

  const callableValue = (value: Value): { func: Func | null; library: string | null; doubt: number }[] => {
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

  /** The parameter that an expression stands for: itself, a `partial` of it, or `wraps`-like passing on. */
  const parameterOf = (expression: Expression): Parameter | null => {
    if (expression.kind === "name") {
      const { bindings } = inference.bindings(expression);
      const [only] = bindings;
      if (bindings.length === 1 && only?.kind === "parameter") return only.node;
      if (bindings.length === 1 && only?.kind === "value" && only.path.length === 0 && only.value.kind === "call")
        return parameterOf(only.value);
      return null;
    }
    if (expression.kind === "call") {
      const first = argument(expression, "func", 0);
      const isPartial = inference
        .names(expression.callee)
        .some(({ name }) => name === "functools.partial" || name === "contextvars.Context.run");
      return first && isPartial ? parameterOf(first) : null;
    }
    return null;
  };

  const nested = (func: Func): Func[] =>
    func.module.functions.filter((one) => {
      for (let at: Func | null = one; at; at = at.parent) if (at === func) return true;
      return false;
    });

  /** What `owner` (and the functions nested in it) does with its callable parameter. */
  const useOf = (param: Parameter, owner: Func): Use => {
    const known = uses.get(param);
    if (known) return known;
    const use: Use = { called: false, offload: null, returned: false };
    uses.set(param, use);
    for (const inner of nested(owner)) {
      let here: Use | null = null;
      for (const node of inner.nodes) {
        if (node.kind !== "call") continue;
        if (parameterOf(node.callee) === param) here = merge(here, { called: true, offload: null, returned: false });
        for (const handed of handedArguments(node))
          if (parameterOf(handed.expression) === param) here = merge(here, handed.use);
      }
      for (const node of inner.nodes)
        if (node.kind === "return" && node.value && parameterOf(node.value) === param)
          here = merge(here, { called: false, offload: null, returned: true });
      if (!here) continue;
      if (inner === owner) Object.assign(use, merge(use, here));
      else Object.assign(use, merge(use, through(fateOf(inner, owner), here)));
    }
    return use;
  };

  /** How a function nested in `owner` gets to run: called there, offloaded, or returned. */
  const fateOf = (inner: Func, owner: Func): Use => {
    const known = uses.get(inner);
    if (known) return known;
    const fate: Use = { called: false, offload: null, returned: false };
    uses.set(inner, fate);
    for (const other of nested(owner)) {
      if (other === inner) continue;
      for (const node of other.nodes) {
        if (node.kind === "call") {
          if (refersTo(node.callee, inner))
            Object.assign(fate, merge(fate, { called: true, offload: null, returned: false }));
          for (const handed of handedArguments(node))
            if (refersTo(handed.expression, inner)) Object.assign(fate, merge(fate, handed.use));
        } else if (
          node.kind === "return" &&
          node.value &&
          (refersTo(node.value, inner) ||
            (node.value.kind === "call" && node.value.args.some((arg) => refersTo(arg.value, inner))))
        )
          Object.assign(fate, merge(fate, { called: false, offload: null, returned: true }));
      }
      // A wrapper's wrapper: what runs inside a returned function runs when that is called.
      if (other !== owner && other.parent === owner && inner.parent === other && (fate.called || fate.offload)) {
        const outer = fateOf(other, owner);
        Object.assign(fate, through(outer, fate));
      }
    }
    return fate;
  };

  const refersTo = (expression: Expression, func: Func): boolean =>
    expression === func.node ||
    inference.values(expression).some((value) => callableValue(value).some((one) => one.func === func));

  /** The arguments of a call that are handed on as callables, with what becomes of them. */
  const handedArguments = (call: Call): { expression: Expression; use: Use }[] => {
    const found: { expression: Expression; use: Use }[] = [];
    for (const value of inference.values(call.callee)) {
      if (value.kind === "library") {
        const offloader = offloaders.get(value.name);
        const given = offloader && callableArgument(call, offloader);
        if (offloader && given)
          found.push({
            expression: given,
            use: {
              called: false,
              offload: { to: offloader.to, pool: offloader.pool, by: value.name },
              returned: false,
            },
          });
        else if (!offloader && CALLS_ARGUMENT.has(value.name))
          for (const arg of call.args)
            found.push({ expression: arg.value, use: { called: true, offload: null, returned: false } });
      } else if (value.kind === "function" && value.func.node.kind !== "module")
        for (const [param, expression] of matchArguments(call, value.func, value.self !== null)) {
          if (!mayBeCallable(expression)) continue;
          const use = useOf(param, value.func);
          if (use.called || use.offload) found.push({ expression, use });
        }
      else if (value.kind === "class") {
        const init = inference.method(value.cls, "__init__");
        if (!init) continue;
        for (const [param, expression] of matchArguments(call, init, true)) {
          if (!mayBeCallable(expression)) continue;
          const use = useOf(param, init);
          if (use.called || use.offload) found.push({ expression, use });
        }
      }
    }
    return found;
  };

  const sitesOf = (func: Func): Site[] => {
    const found: Site[] = [];
    const push = (site: Site): void => {
      if (site.targets.length === 0 && site.library.length === 0 && site.handovers.length === 0) return;
      found.push(site);
      bySite.set(site.node, site);
    };
    for (const node of func.nodes) {
      switch (node.kind) {
        case "call":
          push(callSite(func, node));
          break;
        case "withitem": {
          const isAsync = node.parent?.kind === "with" && node.parent.isAsync;
          push(enterSite(func, node, node.context, isAsync));
          break;
        }
        case "for":
        case "clause":
          push(iterateSite(func, node, node.iter, node.isAsync));
          break;
        case "attribute":
          {
            const targets = propertyTargets(node.value, node.attr);
            if (targets.length > 0)
              push({ func, node, kind: "property", awaited: false, library: [], targets, handovers: [] });
          }
          break;
        case "yield":
          if (node.from && node.value) push(iterateSite(func, node, node.value, false));
          break;
      }
    }
    return found;
  };

  const callSite = (func: Func, call: Call): Site => {
    const library: { name: string; doubt: number; receiver: string | null }[] = [];
    const targets: Target[] = [];
    const handovers: Handover[] = [];
    const called = parameterOf(call.callee) ? [] : inference.values(call.callee);
    for (const value of called) resolveCall(value, call, library, targets, handovers);
    for (const { name, doubt } of library) {
      const offloader = offloaders.get(name);
      const given = offloader && callableArgument(call, offloader);
      if (offloader && given) {
        for (const one of callables(given))
          handovers.push({
            func: one.func,
            library: one.library,
            destination: { to: offloader.to, pool: offloader.pool, by: name, site: call },
            doubt: one.doubt + doubt,
          });
      } else if (CALLS_ARGUMENT.has(name))
        for (const arg of call.args)
          for (const one of callables(arg.value))
            if (one.func) targets.push({ func: one.func, doubt: one.doubt + doubt });
      if (CONSUMERS.has(name)) for (const arg of call.args) targets.push(...generators(inference.values(arg.value)));
    }
    return {
      func,
      node: call,
      kind: "call",
      awaited: isAwaited(call, inference),
      library: known(library),
      targets: distinct(targets),
      handovers,
    };
  };

  /** Library names with offloaders or facts stay; the graph keeps all, the rules ask the tables. */
  const known = (names: { name: string; doubt: number; receiver: string | null }[]) => names;

  const resolveCall = (
    value: Value,
    call: Call,
    library: (Site["library"] & { push?: unknown }) | { name: string; doubt: number; receiver: string | null }[],
    targets: Target[],
    handovers: Handover[],
  ): void => {
    const names = library as { name: string; doubt: number; receiver: string | null }[];
    switch (value.kind) {
      case "library":
        names.push({ name: value.name, doubt: value.doubt, receiver: value.receiver });
        return;
      case "instance":
        names.push({
          name: inference.library.member(value.type, "__call__"),
          doubt: value.doubt,
          receiver: value.type,
        });
        return;
      case "partial":
        for (const one of value.of) resolveCall(one, call, names, targets, handovers);
        return;
      case "class": {
        for (const name of ["__init__", "__new__", "__post_init__"]) {
          const method = inference.method(value.cls, name);
          if (method) functionCall(method, call, true, value.doubt, targets, handovers);
        }
        for (const base of inference.libraryBases(value.cls))
          names.push({ name: base, doubt: value.doubt, receiver: null });
        return;
      }
      case "object": {
        const method = inference.method(value.cls, "__call__");
        if (method) functionCall(method, call, true, value.doubt, targets, handovers);
        return;
      }
      case "function":
        for (const one of implementations(value))
          functionCall(one.func, call, value.self !== null, one.doubt, targets, handovers);
        return;
      default:
    }
  };

  /** The method itself and what may override it; an abstract one only stands for its implementations. */
  const implementations = (value: Value & { kind: "function" }): Target[] => {
    const { func, self } = value;
    if (!func.cls || self?.kind !== "object" || func.node.kind !== "function") return [{ func, doubt: value.doubt }];
    const { name } = func.node;
    const overriding = inference.subclasses(self.cls).flatMap((cls: Class) => {
      const method = cls.methods.get(name);
      return method && method !== func ? [method] : [];
    });
    const abstract = inference.decoration(func).abstract || isAbstractBody(func);
    if (!abstract)
      return [
        { func, doubt: value.doubt },
        ...overriding.slice(0, 8).map((one) => ({ func: one, doubt: value.doubt + 1 })),
      ];
    const doubt = overriding.length <= 1 ? 0 : 1;
    return overriding.slice(0, 8).map((one) => ({ func: one, doubt: value.doubt + doubt }));
  };

  const functionCall = (
    func: Func,
    call: Call,
    bound: boolean,
    doubt: number,
    targets: Target[],
    handovers: Handover[],
  ): void => {
    const wrapping = wrappingOf(func);
    for (const wrapper of wrapping.wrappers) targets.push({ func: wrapper, doubt });
    if (wrapping.offload)
      handovers.push({ func, library: null, destination: { ...wrapping.offload, site: call }, doubt });
    else if (wrapping.runs && !(func.isGenerator && !inference.decoration(func).manager)) targets.push({ func, doubt });
    for (const [param, expression] of matchArguments(call, func, bound)) {
      if (!mayBeCallable(expression)) continue;
      const given = callables(expression).filter((one) => one.func !== null || one.library !== null);
      if (given.length === 0) continue;
      const use = useOf(param, func);
      for (const one of given) {
        if (use.offload)
          handovers.push({
            func: one.func,
            library: one.library,
            destination: { ...use.offload, site: call },
            doubt: doubt + one.doubt,
          });
        else if (use.called && one.func && !one.func.isGenerator)
          targets.push({ func: one.func, doubt: doubt + one.doubt });
      }
    }
  };

  /** What the decorators that the project defines make of a call of the function. */
  const wrappings = new Map<
    Func,
    { wrappers: Func[]; runs: boolean; offload: { to: Destination["to"]; pool: string; by: string } | null }
  >();
  const wrappingOf = (func: Func) => {
    const known = wrappings.get(func);
    if (known) return known;
    const found: {
      wrappers: Func[];
      runs: boolean;
      offload: { to: Destination["to"]; pool: string; by: string } | null;
    } = { wrappers: [], runs: true, offload: null };
    wrappings.set(func, found);
    const decoration = inference.decoration(func);
    for (const name of decoration.library) {
      const offloader = offloaders.get(name);
      if (offloader && (offloader.decorator || offloader.callable === 0))
        found.offload = { to: offloader.to, pool: offloader.pool, by: name };
    }
    for (const decorator of decoration.project) {
      for (const { param, wrapper, owner } of wrappersOf(decorator)) {
        const use = useOf(param, owner);
        if (wrapper) found.wrappers.push(wrapper);
        if (use.offload) found.offload = use.offload;
        else if (wrapper && !use.called && !use.returned) found.runs = false;
      }
    }
    if (found.wrappers.some((wrapper) => wrapper.isAsync) && !func.isAsync) found.runs = false;
    return found;
  };

  /** The functions that a decorator returns in place of the decorated one, with the parameter that holds it. */
  const wrappersOf = (decorator: Func, depth = 0): { param: Parameter; wrapper: Func | null; owner: Func }[] => {
    const returned = decorator.nodes.flatMap((node) => (node.kind === "return" && node.value ? [node.value] : []));
    const found: { param: Parameter; wrapper: Func | null; owner: Func }[] = [];
    for (const value of returned.flatMap((expression) => inference.values(expression))) {
      if (value.kind !== "function" || value.func.parent !== decorator) continue;
      const inner = wrappersOf(value.func, depth + 1).filter((one) => one.wrapper?.parent === value.func);
      if (inner.length > 0 && depth === 0 && usesFirstParameter(value.func)) found.push(...inner);
      else {
        const [first] = decorator.params.filter((param) => param.name !== "self" && param.name !== "cls");
        if (first) found.push({ param: first, wrapper: value.func, owner: decorator });
      }
    }
    return found;
  };

  /** Whether the function looks like the decorator inside a decorator factory: it takes one callable and returns a nested function. */
  const usesFirstParameter = (func: Func): boolean => func.params.length >= 1 && func.params[0]?.stars === 0;

  const enterSite = (func: Func, node: Node, context: Expression, isAsync: boolean): Site => {
    const targets: Target[] = [];
    const library: { name: string; doubt: number; receiver: string | null }[] = [];
    for (const value of inference.values(context)) {
      if (value.kind === "manager" && value.func) targets.push({ func: value.func, doubt: value.doubt });
      else if (value.kind === "object")
        for (const name of isAsync ? ["__aenter__", "__aexit__"] : ["__enter__", "__exit__"]) {
          const method = inference.method(value.cls, name);
          if (method) targets.push({ func: method, doubt: value.doubt });
          else
            for (const base of inference.libraryBases(value.cls).slice(0, 1))
              library.push({ name: inference.library.member(base, name), doubt: value.doubt, receiver: base });
        }
      else if (value.kind === "instance")
        library.push({
          name: inference.library.member(value.type, isAsync ? "__aenter__" : "__enter__"),
          doubt: value.doubt,
          receiver: value.type,
        });
    }
    return { func, node, kind: "enter", awaited: isAsync, library, targets: distinct(targets), handovers: [] };
  };

  const iterateSite = (func: Func, node: Node, iter: Expression, isAsync: boolean): Site => {
    const targets = isAsync ? [] : generators(inference.values(iter));
    const library: { name: string; doubt: number; receiver: string | null }[] = [];
    for (const value of inference.values(iter))
      if (value.kind === "instance" && !isAsync)
        library.push({
          name: inference.library.member(value.type, "__iter__"),
          doubt: value.doubt,
          receiver: value.type,
        });
    return { func, node, kind: "iterate", awaited: isAsync, library, targets, handovers: [] };
  };

  /** The code that runs when the values are iterated. */
  const generators = (values: readonly Value[]): Target[] =>
    values.flatMap((value): Target[] => {
      if (value.kind === "iterable" && value.func) return [{ func: value.func, doubt: value.doubt }];
      if (value.kind !== "object") return [];
      const found: Target[] = [];
      const iterate = inference.method(value.cls, "__iter__");
      if (iterate) found.push({ func: iterate, doubt: value.doubt });
      const step = inference.method(value.cls, "__next__");
      if (step) found.push({ func: step, doubt: value.doubt });
      return found;
    });

  const propertyTargets = (owner: Expression, attr: string): Target[] =>
    inference.values(owner).flatMap((value): Target[] => {
      if (value.kind !== "object" && value.kind !== "super") return [];
      const method = inference.method(value.cls, attr);
      return method && inference.decoration(method).property
        ? implementations({
            kind: "function",
            func: method,
            self: { kind: "object", cls: value.cls, doubt: 0 },
            doubt: value.doubt,
          })
        : [];
    });

  for (const func of funcs) sitesByFunc.set(func, sitesOf(func));
  for (const sites of sitesByFunc.values())
    for (const site of sites) {
      for (const { func, doubt } of site.targets) push(callerLists, func, { site, doubt });
      for (const handover of site.handovers) if (handover.func) push(handoverLists, handover.func, { site, handover });
    }

  return {
    inference,
    funcs,
    sites: (func) => sitesByFunc.get(func) ?? [],
    siteOf: (node) => bySite.get(node) ?? null,
    callers: (func) => callerLists.get(func) ?? [],
    handedOver: (func) => handoverLists.get(func) ?? [],
    callables,
  };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}

function distinct(targets: readonly Target[]): Target[] {
  const best = new Map<Func, Target>();
  for (const target of targets) {
    const known = best.get(target.func);
    if (!known || known.doubt > target.doubt) best.set(target.func, target);
  }
  return [...best.values()];
}

function merge(a: Use | null, b: Use): Use {
  return a
    ? { called: a.called || b.called, offload: a.offload ?? b.offload, returned: a.returned || b.returned }
    : { ...b };
}

/** What becomes of something used in a function that itself meets `fate`. */
function through(fate: Use, use: Use): Use {
  if (fate.offload && use.called) return { called: false, offload: fate.offload, returned: use.returned };
  if (fate.called || fate.returned) return { ...use, returned: use.returned || fate.returned };
  return { called: false, offload: use.offload, returned: false };
}

function callableArgument(call: Call, offloader: Offloader): Expression | null {
  return typeof offloader.callable === "number"
    ? argument(call, null, offloader.callable)
    : argument(call, offloader.callable, NAMED_POSITIONS[offloader.callable] ?? -1);
}

/** Keyword arguments that may also come by position. */
const NAMED_POSITIONS: Readonly<Record<string, number>> = { target: 1 };

function mayBeCallable(expression: Expression): boolean {
  return (
    expression.kind === "name" ||
    expression.kind === "attribute" ||
    expression.kind === "lambda" ||
    expression.kind === "call"
  );
}

/** Pairs the arguments of a call with the parameters of the function. */
export function matchArguments(call: Call, func: Func, bound: boolean): [Parameter, Expression][] {
  const params = func.params;
  const found: [Parameter, Expression][] = [];
  let position = bound ? 1 : 0;
  for (const arg of call.args) {
    if (arg.stars !== 0) {
      if (arg.stars === 1) position = Number.POSITIVE_INFINITY;
      continue;
    }
    const param =
      arg.name !== null
        ? params.find((one) => one.name === arg.name && one.stars === 0)
        : positional(params, position++);
    if (param) found.push([param, arg.value]);
  }
  return found;
}

function positional(params: readonly Parameter[], position: number): Parameter | undefined {
  const param = params[position];
  return param && param.stars === 0 && !param.keywordOnly ? param : undefined;
}

/** Bodies that only say "to be implemented": `...`, `pass` under a docstring, `raise NotImplementedError`. */
function isAbstractBody(func: Func): boolean {
  if (func.node.kind !== "function") return false;
  const body = func.node.body.filter(
    (one) => !(one.kind === "expression" && (one.value.kind === "string" || one.value.kind === "constant")),
  );
  const [only] = body;
  if (body.length === 0) return true;
  if (body.length > 1 || only?.kind !== "raise" || !only.value) return false;
  const raised = only.value.kind === "call" ? only.value.callee : only.value;
  return raised.kind === "name" && raised.id === "NotImplementedError";
}

/** Library functions that run a callable argument at once, in the caller's thread. */
const CALLS_ARGUMENT = new Set([
  "map",
  "filter",
  "sorted",
  "max",
  "min",
  "functools.reduce",
  "itertools.starmap",
  "itertools.takewhile",
  "itertools.dropwhile",
  "contextvars.Context.run",
  "list.sort",
  "collections.defaultdict",
  "contextvars.copy_context.run",
  "re.sub",
  "timeit.timeit",
]);

/** Library functions that iterate over their arguments. */
const CONSUMERS = new Set([
  "list",
  "tuple",
  "set",
  "frozenset",
  "dict",
  "sorted",
  "sum",
  "any",
  "all",
  "max",
  "min",
  "next",
  "enumerate",
  "zip",
  "map",
  "filter",
  "str.join",
  "bytes.join",
  "list.extend",
  "set.update",
  "dict.update",
  "collections.deque",
  "collections.Counter",
  "itertools.chain",
  "itertools.islice",
  "functools.reduce",
  "collections.deque.extend",
  "itertools.chain.from_iterable",
]);

/** Calls that take a coroutine and see to it that it runs. */
const AWAITERS = new Set([
  "asyncio.gather",
  "asyncio.wait",
  "asyncio.wait_for",
  "asyncio.create_task",
  "asyncio.ensure_future",
  "asyncio.shield",
  "asyncio.as_completed",
  "asyncio.run",
  "asyncio.run_coroutine_threadsafe",
  "asyncio.TaskGroup.create_task",
  "asyncio.AbstractEventLoop.create_task",
  "asyncio.AbstractEventLoop.run_until_complete",
  "asyncio.Runner.run",
  "asyncio.timeout",
  "anyio.TaskGroup.start_soon",
]);

/** Whether a call's result is awaited: directly, through a choice, or by something that awaits it. */
export function isAwaited(call: Call, inference: Inference): boolean {
  for (let at: Node | null = call.parent, from: Node = call; at; from = at, at = at.parent) {
    switch (at.kind) {
      case "await":
        return true;
      case "conditional":
      case "boolean":
      case "starred":
      case "list":
      case "tuple":
      case "set":
      case "argument":
      case "walrus":
        continue;
      case "comprehension":
        if (from !== at.element) return false;
        continue;
      case "withitem":
        return at.parent?.kind === "with" && at.parent.isAsync;
      case "for":
      case "clause":
        return at.isAsync && from === at.iter;
      case "call":
        return from !== at.callee && inference.names(at.callee).some(({ name }) => AWAITERS.has(name));
      default:
        return false;
    }
  }
  return false;
}
