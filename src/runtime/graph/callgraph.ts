import { push } from "../../multimap.ts";
import type { Inference } from "../../python/infer.ts";
import type { Class, Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Node, Statement } from "../../python/syntax.ts";
import { argument, passesMore } from "../../python/syntax.ts";
import type { Value } from "../../python/value.ts";
import { type Callables, callablesOf, LAZY, matchArguments, type Offloaders, type Placement } from "./callables.ts";
import { CONSUMERS, isLazy } from "./laziness.ts";

/** A function of the project that a site runs right there. */
export interface Target {
  func: Func;
  doubt: number;
  /** The object whose method it is: its class, whether it can be a subclass's, and whether it is the caller's own `self`. */
  receiver: Receiver | null;
}

export interface Receiver {
  cls: Class;
  exact: boolean;
  isSelf: boolean;
  /** The doubt that is only about the receiver's class; part of the target's. */
  guess: number;
  /** The override was found on this class, which the receiver may turn out to be; `null` if the method is the receiver class's own. */
  requires: Class | null;
}

/** A callable that a site hands to another context. */
export interface Handover {
  func: Func | null;
  library: string | null;
  destination: Placement;
  doubt: number;
}

/** A library function that a site may call. */
export interface LibraryCallee {
  name: string;
  doubt: number;
  /** The class of the object a method is bound to. */
  receiver: string | null;
}

/** One thing in a body of code that runs other code. */
export interface Site {
  func: Func;
  /** The call, `with` item, `for`, comprehension clause, attribute (a property), `yield from` or unpacking assignment. */
  node: Node;
  kind: "call" | "enter" | "iterate" | "property";
  /** Awaited, or handed to something that awaits it. */
  awaited: boolean;
  library: readonly LibraryCallee[];
  targets: readonly Target[];
  handovers: readonly Handover[];
}

export interface CallGraph {
  inference: Inference;
  callables: Callables;
  funcs: readonly Func[];
  sites(func: Func): readonly Site[];
  /** The sites that may call a library function of which `wanted` says yes, in the order of the code; every callee is asked about once. */
  calling(wanted: (callee: LibraryCallee) => boolean): readonly Site[];
  /** The site of a call, `with` item, loop or property. */
  siteOf(node: Node): Site | null;
  callers(func: Func): readonly { site: Site; target: Target }[];
  /** Where the function is handed to another context. */
  handedOver(func: Func): readonly { site: Site; handover: Handover }[];
}

const MOST_OVERRIDES = 8;

/** Builds the call graph of all loaded modules. */
export function callGraphOf(
  inference: Inference,
  offloaders: Offloaders,
  isBlockingFunction: (name: string) => boolean,
): CallGraph {
  const funcs = [...inference.modules.values()].flatMap((module) => module.functions);
  const callables = callablesOf(inference, offloaders);
  const bySite = new Map<Node, Site>();
  const sitesByFunc = new Map<Func, Site[]>();
  const callerLists = new Map<Func, { site: Site; target: Target }[]>();
  const handoverLists = new Map<Func, { site: Site; handover: Handover }[]>();

  // Only what has a decorator can be a property.
  const decorated = new Set(
    funcs.flatMap(({ cls, node }) =>
      cls && node.kind === "function" && node.decorators.length > 0 ? [node.name] : [],
    ),
  );

  const sitesOf = (func: Func): Site[] => {
    const found: Site[] = [];
    const push = (site: Site): void => {
      if (site.targets.length === 0 && site.library.length === 0 && site.handovers.length === 0) return;
      found.push(site);
      bySite.set(site.node, site);
    };
    const hasGenerators = nodesOf(func, "comprehension").some((node) => node.flavour === "generator");
    for (const node of nodesOf(func, "call", "withitem", "for", "clause", "attribute", "yield", "assign")) {
      if (hasGenerators && isLazy(inference, node)) continue;
      switch (node.kind) {
        case "call":
          push(callSite(func, node));
          break;
        case "withitem":
          push(enterSite(func, node, node.context, node.parent?.kind === "with" && node.parent.isAsync));
          break;
        case "for":
        case "clause":
          push(iterateSite(func, node, node.iter, node.isAsync));
          break;
        case "attribute": {
          if (!decorated.has(node.attr)) break;
          const targets = propertyTargets(func, node.value, node.attr, isWritten(node));
          push({ func, node, kind: "property", awaited: false, library: [], targets, handovers: [] });
          break;
        }
        case "yield":
          if (node.from && node.value) push(iterateSite(func, node, node.value, false));
          break;
        case "assign":
          if (node.value && node.targets.some(({ kind }) => kind === "tuple" || kind === "list"))
            push(iterateSite(func, node, node.value, false));
          break;
      }
    }
    return found;
  };

  const callSite = (func: Func, call: Call): Site => {
    const site: Draft = { library: [], targets: [], handovers: [] };
    const isParameter = call.callee.kind === "name" && callables.parameterOf(call.callee) !== null;
    for (const value of isParameter ? [] : inference.values(call.callee)) resolveCall(value, call, func, site);
    handOver(callables.handed(call), site);
    for (const { name } of site.library) {
      if (name.endsWith("Stack.enter_context")) {
        const entered = argument(call, "cm", 0);
        if (entered) site.targets.push(...enterSite(func, call, entered, false, true).targets);
      }
      if (CONSUMERS.has(name)) for (const arg of call.args) site.targets.push(...generators(arg.value));
    }
    return {
      func,
      node: call,
      kind: "call",
      awaited: isAwaited(call, inference),
      ...site,
      targets: distinct(site.targets),
    };
  };

  /** What becomes of callable arguments: they run here, or somewhere else. */
  const handOver = (
    handed: readonly { expression: Expression; use: { now: boolean; offload: Placement | null } }[],
    site: Draft,
  ): void => {
    for (const { expression, use } of handed)
      for (const one of callables.of(expression)) {
        if (use.offload) site.handovers.push({ ...one, destination: use.offload });
        else if (use.now && one.func && !one.func.isGenerator)
          site.targets.push({ func: one.func, doubt: one.doubt, receiver: null });
        else if (use.now && one.library !== null)
          site.library.push({ name: one.library, doubt: one.doubt, receiver: null });
      }
  };

  const resolveCall = (value: Value, call: Call, from: Func, site: Draft): void => {
    switch (value.kind) {
      case "library":
        site.library.push({ name: value.name, doubt: value.doubt, receiver: value.receiver });
        return;
      case "instance":
        site.library.push({
          name: inference.library.member(value.type, "__call__"),
          doubt: value.doubt,
          receiver: value.type,
        });
        return;
      case "partial":
        for (const one of value.of) resolveCall(one, call, from, site);
        return;
      case "class":
        construct(value, call, site);
        return;
      case "object": {
        const method = inference.method(value.cls, "__call__");
        if (method) run({ func: method, doubt: value.doubt, receiver: null }, site);
        return;
      }
      case "function":
        if (isBlockingFunction(value.func.name))
          site.library.push({ name: value.func.name, doubt: value.doubt, receiver: null });
        else for (const one of implementations(value, from, call.callee)) run(one, site);
        if (value.made) closedOver(value.made, value.func, site);
        return;
      default:
    }
  };

  const construct = ({ cls, doubt }: Value & { kind: "class" }, call: Call, site: Draft): void => {
    const receiver: Receiver = { cls, exact: true, isSelf: false, guess: 0, requires: null };
    const init = inference.method(cls, "__init__");
    for (const func of [init, inference.method(cls, "__new__"), inference.method(cls, "__post_init__")])
      if (func) run({ func, doubt, receiver }, site);
    // Its own constructor says itself what it calls of its base; that it is a thread or a process stands in no constructor.
    for (const base of inference.libraryBases(cls))
      if (!init || offloaders.get(base)?.pool === "own") site.library.push({ name: base, doubt, receiver: null });
    if (init || passesMore(call, 2)) return;
    for (const { name, factory } of inference.fieldFactories(cls))
      if (!call.args.some((arg) => arg.name === name))
        for (const one of callables.of(factory))
          if (one.func) run({ func: one.func, doubt: doubt + one.doubt, receiver: null }, site);
  };

  /** The method itself and what may override it; an abstract one only stands for its implementations. */
  const implementations = (value: Value & { kind: "function" }, from: Func, callee: Expression): Target[] => {
    const { func, self } = value;
    if (!func.cls || self?.kind !== "object" || func.node.kind !== "function")
      return [{ func, doubt: value.doubt, receiver: null }];
    const owner = callee.kind === "attribute" ? callee.value : null;
    const isSelf = owner !== null && (isSuper(owner) || (owner.kind === "name" && owner.id === ownName(from)));
    const exact = self.exact || (owner !== null && isSuper(owner));
    const receiver: Receiver = { cls: self.cls, exact: self.exact, isSelf, guess: 0, requires: null };
    const abstract = inference.decoration(func).abstract || isAbstractBody(func);
    const own: Target = { func, doubt: value.doubt, receiver };
    if (exact) return [own];
    const { name } = func.node;
    const overriding = inference.subclasses(self.cls).flatMap((cls): Target[] => {
      const method = cls.methods.get(name);
      return method && method !== func
        ? [{ func: method, doubt: value.doubt, receiver: { ...receiver, requires: cls } }]
        : [];
    });
    const more = overriding.slice(0, MOST_OVERRIDES);
    const guess = abstract && overriding.length <= 1 ? 0 : 1;
    const overrides = more.map((one) => ({
      ...one,
      doubt: one.doubt + guess,
      receiver: one.receiver && { ...one.receiver, guess },
    }));
    return abstract ? overrides : [own, ...overrides];
  };

  /** Runs a function at a site: its wrappers, and itself unless a decorator moves or replaces it. A generator runs where it is iterated. */
  const run = (target: Target, site: Draft): void => {
    const { func, doubt } = target;
    const { wrappers, runs, offload } = callables.wrapping(func);
    for (const wrapper of wrappers) site.targets.push({ func: wrapper, doubt, receiver: null });
    if (offload) site.handovers.push({ func, library: null, destination: offload, doubt });
    else if (runs && !func.isGenerator) site.targets.push(target);
  };

  /** `made` is the call that returned the nested function `inner`: the callables given to it are `inner`'s to run. */
  const closedOver = (made: Call, inner: Func, site: Draft): void => {
    const outer = inner.parent;
    if (!outer) return;
    for (const [param, expression] of matchArguments(made, outer, outer.cls !== null)) {
      const use = callables.useOf(param, outer);
      handOver([{ expression, use: { now: use.later, offload: use.offload } }], site);
    }
  };

  /** What entering a context manager runs, and leaving it, unless only an exit stack does that later. */
  const enterSite = (func: Func, node: Node, context: Expression, isAsync: boolean, stays = false): Site => {
    const targets: Target[] = [];
    const library: LibraryCallee[] = [];
    for (const value of inference.values(context)) {
      if (value.kind === "manager" && value.func)
        targets.push({ func: value.func, doubt: value.doubt, receiver: null });
      else if (value.kind === "object") {
        const receiver: Receiver = { cls: value.cls, exact: value.exact, isSelf: false, guess: 0, requires: null };
        const names = isAsync ? ["__aenter__", "__aexit__"] : ["__enter__", "__exit__"];
        for (const name of stays ? names.slice(0, 1) : names) {
          const method = inference.method(value.cls, name);
          if (method) targets.push({ func: method, doubt: value.doubt, receiver });
          else
            for (const base of inference.libraryBases(value.cls).slice(0, 1))
              library.push({ name: inference.library.member(base, name), doubt: value.doubt, receiver: base });
        }
      } else if (value.kind === "instance")
        library.push({
          name: inference.library.member(value.type, isAsync ? "__aenter__" : "__enter__"),
          doubt: value.doubt,
          receiver: value.type,
        });
    }
    return { func, node, kind: "enter", awaited: isAsync, library, targets: distinct(targets), handovers: [] };
  };

  const iterateSite = (func: Func, node: Node, iter: Expression, isAsync: boolean): Site => {
    const library: LibraryCallee[] = [];
    for (const value of inference.values(iter))
      if (value.kind === "instance" && !isAsync)
        library.push({
          name: inference.library.member(value.type, "__iter__"),
          doubt: value.doubt,
          receiver: value.type,
        });
    return {
      func,
      node,
      kind: "iterate",
      awaited: isAsync,
      library,
      targets: isAsync ? [] : distinct(generators(iter)),
      handovers: [],
    };
  };

  /** The code that runs when an expression's value is iterated. */
  const generators = (expression: Expression): Target[] => {
    const found: Target[] = [];
    for (const value of inference.values(expression)) {
      if (value.kind === "iterable" && value.func) found.push({ func: value.func, doubt: value.doubt, receiver: null });
      if (value.kind !== "object") continue;
      const receiver: Receiver = { cls: value.cls, exact: value.exact, isSelf: false, guess: 0, requires: null };
      for (const name of ["__iter__", "__next__"]) {
        const method = inference.method(value.cls, name);
        if (method) found.push({ func: method, doubt: value.doubt, receiver });
      }
    }
    const call = lazyCall(expression);
    const given = call && argument(call, null, 0);
    if (given)
      for (const one of callables.of(given))
        if (one.func) found.push({ func: one.func, doubt: one.doubt, receiver: null });
    return found;
  };

  /** The call of `map` or `filter` behind an expression. */
  const lazyCall = (expression: Expression): Call | null => {
    if (expression.kind === "call")
      return inference.names(expression.callee).some(({ name }) => LAZY.has(name)) ? expression : null;
    if (expression.kind !== "name") return null;
    const [only, ...more] = inference.bindings(expression).bindings;
    return only?.kind === "value" && more.length === 0 && only.path.length === 0 && only.value.kind === "call"
      ? lazyCall(only.value)
      : null;
  };

  const propertyTargets = (from: Func, owner: Expression, attr: string, written: boolean): Target[] =>
    inference.values(owner).flatMap((value): Target[] => {
      if (value.kind !== "object" && value.kind !== "super") return [];
      const getter = inference.method(value.cls, attr);
      if (!getter || !inference.decoration(getter).property) return [];
      const method = written ? inference.method(value.cls, `${attr}.setter`) : getter;
      if (!method) return [];
      const self: Value = { kind: "object", cls: value.cls, exact: value.kind === "object" && value.exact, doubt: 0 };
      const callee: Expression = {
        kind: "attribute",
        value: owner,
        attr,
        start: owner.start,
        end: owner.end,
        parent: null,
      };
      return implementations({ kind: "function", func: method, self, made: null, doubt: value.doubt }, from, callee);
    });

  for (const func of funcs) sitesByFunc.set(func, sitesOf(func));
  for (const sites of sitesByFunc.values())
    for (const site of sites) {
      for (const target of site.targets) push(callerLists, target.func, { site, target });
      for (const handover of site.handovers) if (handover.func) push(handoverLists, handover.func, { site, handover });
    }

  const libraryCalls = callsByName(funcs, sitesByFunc);

  return {
    inference,
    callables,
    funcs,
    calling: libraryCalls,
    sites: (func) => sitesByFunc.get(func) ?? [],
    siteOf: (node) => bySite.get(node) ?? null,
    callers: (func) => callerLists.get(func) ?? [],
    handedOver: (func) => handoverLists.get(func) ?? [],
  };
}

/** Groups the sites by what they call, on the first question, and answers with those that call something wanted. */
function callsByName(
  funcs: readonly Func[],
  sites: ReadonlyMap<Func, readonly Site[]>,
): (wanted: (callee: LibraryCallee) => boolean) => readonly Site[] {
  const groups = new Map<string, { callee: LibraryCallee; sites: Site[] }>();
  const order = new Map<Site, number>();
  const group = (): void => {
    for (const func of funcs)
      for (const site of sites.get(func) ?? [])
        for (const callee of site.library) {
          if (!order.has(site)) order.set(site, order.size);
          const key = `${callee.name} ${callee.receiver}`;
          const known = groups.get(key);
          if (known) known.sites.push(site);
          else groups.set(key, { callee, sites: [site] });
        }
  };
  return (wanted) => {
    if (groups.size === 0) group();
    const found = new Set<Site>();
    for (const { callee, sites: calling } of groups.values())
      if (wanted(callee)) for (const site of calling) found.add(site);
    return [...found].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  };
}

interface Draft {
  library: LibraryCallee[];
  targets: Target[];
  handovers: Handover[];
}

/** The expression that a site shows to the reader. */
export function placeOf({ node }: Site): Exclude<Node, Statement> {
  switch (node.kind) {
    case "withitem":
      return node.context;
    case "for":
    case "clause":
      return node.iter;
    case "assign":
      return node.value ?? node.targets[0] ?? missing(node);
    default:
      return isStatement(node) ? missing(node) : node;
  }
}

function isStatement(node: Node): node is Statement {
  return "body" in node && node.kind !== "conditional";
}

function missing(node: Node): never {
  throw new Error(`A ${node.kind} cannot be a site.`);
}

function distinct(targets: readonly Target[]): Target[] {
  const best = new Map<Func, Target>();
  for (const target of targets) {
    const known = best.get(target.func);
    if (!known || known.doubt > target.doubt) best.set(target.func, target);
  }
  return [...best.values()];
}

function isWritten(node: Expression): boolean {
  const { parent } = node;
  return (
    (parent?.kind === "assign" && parent.targets.includes(node)) ||
    (parent?.kind === "augassign" && parent.target === node)
  );
}

function isSuper(expression: Expression): boolean {
  return expression.kind === "call" && expression.callee.kind === "name" && expression.callee.id === "super";
}

/** The name of the first parameter of the method around a body of code. */
function ownName(func: Func): string | null {
  for (let at: Func | null = func; at; at = at.parent) if (at.cls) return at.params[0]?.name ?? null;
  return null;
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
function isAwaited(call: Call, inference: Inference): boolean {
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
