import { ENDING, FAILING, RESOURCES, type Resource, SERVING } from "../../knowledge/resources.ts";
import { type Class, type Func, sourceOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { argument, enclosing, passesMore } from "../../python/syntax.ts";
import { neverRuns } from "../effects/blocking.ts";
import { isMemoized } from "../effects/memoized.ts";
import type { Site } from "../graph/callgraph.ts";
import { constructionsOf } from "../graph/mentions.ts";
import type { Runtime } from "../runtime.ts";
import { attributeHolding, type Holding, holdingOf, type Kept } from "./holding.ts";
import { type Marks, waysOut } from "./paths.ts";

/** A call that opens something: a library's constructor, or a project function that makes one and returns it. */
export interface Opening {
  call: Call;
  func: Func;
  /** Canonical name of the library call. */
  name: string;
  resource: Resource;
  /** The library call behind a function that returns what it opened; `null` for the library call itself. */
  via: Opening | null;
  doubt: number;
}

/**
 * What becomes of it. `closed`: on every way; `early`: some way out without an exception leaves it open; `happy`: only an exception
 * leaves it open; `never`: nothing closes it; `leaves`: it goes where we do not follow; `global`: it lives as long as the program.
 */
export type Fate = "closed" | "early" | "happy" | "never" | "leaves" | "global";

export interface Lifetime {
  opening: Opening;
  fate: Fate;
  /** The way out that leaves it open: a `return`, or what may raise. */
  out: Node | null;
  /** One of the places that close it. */
  end: Node | null;
  /** The expression after which it is open: the `await` or the choice around the call. */
  place: Node;
  /** The attribute it is kept in. */
  kept: Kept | null;
  holding: Holding;
  doubt: number;
}

const MOST_FACTORIES = 3;

const known = new WeakMap<Runtime, readonly Lifetime[]>();

/** Everything that the program opens, with what becomes of it, in the order of the code. */
export function lifetimesOf(runtime: Runtime): readonly Lifetime[] {
  const remembered = known.get(runtime);
  if (remembered) return remembered;
  const found: Lifetime[] = [];
  let round = openings(runtime);
  const calls = new Set(round.map(({ call }) => call));
  for (let depth = 0; depth <= MOST_FACTORIES && round.length > 0; depth++) {
    const next: Opening[] = [];
    for (const opening of round) {
      const lifetime = lifetimeOf(runtime, opening, opening.resource);
      found.push(lifetime);
      for (const one of madeBy(runtime, lifetime)) {
        if (calls.has(one.call)) continue;
        calls.add(one.call);
        next.push(one);
      }
    }
    round = next;
  }
  known.set(runtime, found);
  return found;
}

function openings(runtime: Runtime): Opening[] {
  const found: Opening[] = [];
  for (const func of runtime.graph.funcs)
    for (const site of runtime.graph.sites(func)) {
      const opening = openingAt(runtime, site);
      if (opening) found.push(opening);
    }
  return found;
}

function openingAt(runtime: Runtime, { node: call, library, func }: Site): Opening | null {
  if (call.kind !== "call" || neverRuns(call)) return null;
  for (const { name, doubt } of library) {
    const resource = RESOURCES.get(name);
    if (!resource || isBorrowed(runtime, call, name, resource) || isMeantToFail(runtime, call)) continue;
    if (resource.kind === "checkout" && isOnlyOne(runtime, call)) continue;
    // What may as well be something else is not sure to open anything.
    const others = library.filter((one) => !RESOURCES.has(one.name)).length;
    return { call, func, name, resource, via: null, doubt: doubt + (others > 0 ? 1 : 0) };
  }
  return null;
}

/** It stands on something open that is somebody else's, or holds nothing that must be given back. */
function isBorrowed(runtime: Runtime, call: Call, name: string, resource: Resource): boolean {
  if (call.args.some((arg) => arg.name !== null && resource.borrows.includes(arg.name))) return true;
  const address = name === "sqlite3.connect" ? "database" : /create_(?:async_)?engine$/.test(name) ? "url" : null;
  if (address) {
    const database = argument(call, address, 0);
    if (database?.kind === "string" && IN_MEMORY.test(database.value)) return true;
  }
  const bind = /(?:Session|sessionmaker\.__call__)$/.test(name) ? argument(call, "bind", 0) : null;
  return bind !== null && isConnection(runtime, bind);
}

/** A database that lives and dies with its connection. */
const IN_MEMORY = /^(?:|:memory:|sqlite(?:\+\w+)?:\/\/(?:\/:memory:)?)$/;

/** A pool of one connection that everybody shares: there is nothing to give back. */
function isOnlyOne({ inference, origins }: Runtime, { callee }: Call): boolean {
  if (callee.kind !== "attribute") return false;
  return origins.of(callee.value).some(({ expression }) => {
    const pool = expression.kind === "call" ? argument(expression, "poolclass", -1) : null;
    return pool !== null && inference.names(pool).some(({ name }) => /(?:^|\.)StaticPool$/.test(name));
  });
}

/** A session may stand on a connection that its caller has taken. */
function isConnection({ inference, origins }: Runtime, bind: Expression): boolean {
  if (
    inference.values(bind).some((value) => value.kind === "instance" && value.type === "sqlalchemy.engine.Connection")
  )
    return true;
  return origins
    .of(bind)
    .some(
      ({ expression }) =>
        expression.kind === "call" && inference.names(expression.callee).some(({ name }) => /\.get_bind$/.test(name)),
    );
}

function isMeantToFail(runtime: Runtime, call: Call): boolean {
  const block = enclosing(call, (node) => node.kind === "with");
  if (block?.kind !== "with") return false;
  return block.items.some(({ context }) => {
    if (context.kind !== "call") return false;
    const { callee } = context;
    // Mixins of test cases have no base class that says what `self` is.
    if (callee.kind === "attribute" && /^assert(?:Raises|Warns)/.test(callee.attr)) return true;
    return runtime.inference.names(callee).some(({ name }) => FAILING.has(name));
  });
}

/** What becomes of what `opening` opens, as far as `resource`'s ways of closing it go. */
export function lifetimeOf(runtime: Runtime, opening: Opening, resource: Resource): Lifetime {
  const holding = holdingOf(runtime, opening.call, resource);
  const place = openedAt(runtime, opening.call);
  const base = { opening, place, holding, out: null, end: null, kept: null, doubt: opening.doubt };
  const [end = null] = holding.ends;
  if (holding.isGlobal || opening.func.node.kind === "module" || isMemoized(runtime, opening.func))
    return { ...base, fate: "global", end };
  if (holding.leaves.length > 0) return { ...base, fate: "leaves", end };
  if (end === null && holding.kept.length > 0) return keptLifetime(runtime, base, resource);
  if (end === null && (holding.lends.length > 0 || isUnopened(opening, holding))) return { ...base, fate: "leaves" };
  if (holding.kept.length > 0 || [...holding.ends].some((node) => !isOwn(opening.func, node)))
    return { ...base, fate: "closed", end };
  const marks = marksOf(runtime, opening, startOf(opening, holding) ?? place, holding);
  const { plain, failing } = waysOut(opening.func, marks);
  if (end === null) {
    const isEndless = plain === null || servesAfter(runtime, opening);
    return { ...base, fate: "never", doubt: opening.doubt + (isEndless ? 2 : 0) };
  }
  if (plain) return { ...base, fate: "early", out: plain, end };
  if (failing && ![...holding.ends].some(isGuarded)) return { ...base, fate: "happy", out: failing, end };
  return { ...base, fate: "closed", end };
}

/** Constructors that open nothing until a method says so. */
function isUnopened({ call, resource }: Opening, holding: Holding): boolean {
  if (resource.starts.length === 0 || holding.starts) return false;
  const { startsBy } = resource;
  if (startsBy === null) return true;
  return argument(call, startsBy.keyword, startsBy.position) === null && !passesMore(call, 1) && !passesMore(call, 2);
}

/** The call that opens at last what the constructor only made; `null` where the constructor opens. */
function startOf({ func, resource, call }: Opening, { mentions, ends }: Holding): Node | null {
  if (resource.starts.length === 0 || (resource.startsBy && call.args.length > 0)) return null;
  if ([...ends].some(({ parent }) => parent?.kind === "withitem")) return null;
  let first: Node | null = null;
  for (const mention of mentions) {
    const attribute = mention.parent;
    const start = attribute?.kind === "attribute" && resource.starts.includes(attribute.attr) ? attribute.parent : null;
    if (start?.kind !== "call" || start.callee !== attribute) continue;
    // Another function opens it: then nobody knows when.
    if (!isOwn(func, start)) return null;
    if (!first || start.start < first.start) first = start;
  }
  return first?.parent?.kind === "await" ? first.parent : first;
}

/** Whether the node is part of the function's own body, not of a function inside it. */
function isOwn(func: Func, node: Node): boolean {
  return nearestScope(node) === func.node;
}

function nearestScope(node: Node): Node | null {
  for (let at = node.parent; at; at = at.parent)
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "module") return at;
  return null;
}

/** It is closed where things are closed whatever happens. */
function isGuarded(end: Node): boolean {
  for (let at = end.parent, from: Node = end; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "module") return false;
    if (at.kind === "handler" || at.kind === "withitem") return true;
    if (at.kind === "try" && at.final.some((statement) => statement === from)) return true;
  }
  return false;
}

function keptLifetime(runtime: Runtime, base: Omit<Lifetime, "fate">, resource: Resource): Lifetime {
  const { kept: attributes } = base.holding;
  const { opening } = base;
  for (const kept of attributes) {
    const { ends, leaves, isGlobal, starts } = attributeHolding(runtime, kept, resource);
    const [end = null] = ends;
    if (end) return { ...base, fate: "closed", end, kept };
    if (isGlobal || isMadeOnce(runtime, kept.cls)) return { ...base, fate: "global", kept };
    if (leaves.length > 0) return { ...base, fate: "leaves", kept };
    if (!starts && isUnopened(opening, base.holding)) return { ...base, fate: "leaves", kept };
  }
  const [kept = null] = attributes;
  return { ...base, fate: "never", kept, doubt: opening.doubt + (kept ? classDoubt(runtime, kept.cls) : 0) };
}

/** Base classes that we do not see may close what their subclasses keep. */
function classDoubt(runtime: Runtime, cls: Class): number {
  const { inference } = runtime;
  const isUnseen = inference
    .ancestry(cls)
    .some((one) => one.node.bases.some((base) => base.name === null && inference.values(base.value).length === 0));
  if (isUnseen) return 2;
  return inference.libraryBases(cls).some((name) => !PLAIN_BASES.test(name)) ? 1 : 0;
}

const PLAIN_BASES =
  /^(?:object|abc\.ABC|typing\.(?:Generic|Protocol|NamedTuple)|typing_extensions\.Protocol|Exception|enum\.\w+|threading\.Thread|multiprocessing\.Process|unittest\.\w+|dict|list|collections\.abc\.\w+|pydantic\.BaseModel|discord\..*)$/;

/** Every object of the class is made when its module is loaded, or by something that remembers it. */
function isMadeOnce(runtime: Runtime, cls: Class): boolean {
  if (isSingleton(runtime, cls)) return true;
  const sites = constructionsOf(runtime, cls).filter(({ func }) => !runtime.target.isTest(func.module.path));
  return sites.length > 0 && sites.every(({ func }) => func.node.kind === "module" || isMemoized(runtime, func));
}

/** `@singleton`, `metaclass=Singleton` and the like. */
function isSingleton(runtime: Runtime, cls: Class): boolean {
  return runtime.inference
    .ancestry(cls)
    .some(({ node, module }) =>
      [...node.decorators, ...node.bases.map(({ value }) => value)].some((one) =>
        /singleton/i.test(sourceOf(module, one)),
      ),
    );
}

/** After it the function only serves until the program is stopped. */
function servesAfter(runtime: Runtime, { call, func }: Opening): boolean {
  const serves = ({ library }: Site): boolean => library.some(({ name }) => SERVING.has(name));
  return runtime.graph
    .sites(func)
    .some(
      (site) =>
        site.node.start > call.start &&
        (serves(site) || site.targets.some((target) => runtime.graph.sites(target.func).some(serves))),
    );
}

/** The calls of a function that only makes the object for its callers. */
function madeBy(runtime: Runtime, { opening, fate, holding }: Lifetime): Opening[] {
  const { func } = opening;
  const { node } = func;
  if (fate !== "leaves" || holding.kept.length > 0 || holding.ends.size > 0 || holding.lends.length > 0) return [];
  if (node.kind !== "function" || func.isGenerator || holding.leaves.length === 0) return [];
  if (holding.leaves.some(({ how, derived }) => how !== "returned" || derived)) return [];
  if (node.decorators.some((one) => one.kind !== "name" || !/^(?:static|class)method$/.test(one.id))) return [];
  return runtime.graph.callers(func).flatMap(({ site, target }): Opening[] => {
    if (site.node.kind !== "call" || site.func === func || target.doubt > 1) return [];
    // A call that is given the function and calls it keeps what comes of it to itself.
    if (!runtime.inference.values(site.node.callee).some((value) => value.kind === "function" && value.func === func))
      return [];
    const doubt = opening.doubt + target.doubt;
    return [{ call: site.node, func: site.func, name: opening.name, resource: opening.resource, via: opening, doubt }];
  });
}

function marksOf(runtime: Runtime, { func, resource }: Opening, place: Node, { ends, mentions }: Holding): Marks {
  const { inference } = runtime;
  const names = (node: Expression): string[] =>
    node.kind === "call" ? inference.names(node.callee).map(({ name }) => name) : [];
  const isIt = (node: Expression): boolean =>
    mentions.has(node) ||
    (node.kind === "attribute" && /^_?(?:is_)?(?:open|connected)$/.test(node.attr) && mentions.has(node.value));
  const isClosed = (node: Expression): boolean =>
    (node.kind === "attribute" && /closed$/.test(node.attr) && mentions.has(node.value)) ||
    (node.kind === "call" && isClosed(node.callee));
  const says = (test: Expression): "there" | "not there" | null => {
    if (isIt(test)) return "there";
    if (isClosed(test)) return "not there";
    if (test.kind === "unary" && test.op === "not") {
      const said = says(test.operand);
      return said === "there" ? "not there" : said === "not there" ? "there" : null;
    }
    if (test.kind === "boolean") return says(test.left) ?? says(test.right);
    if (test.kind !== "compare" || test.ops.length !== 1) return null;
    const [left, right] = test.operands;
    if (!left || !right || !mentions.has(left) || right.kind !== "constant" || right.value !== null) return null;
    return test.ops[0] === "is" || test.ops[0] === "==" ? "not there" : "there";
  };
  const isLent =
    inference.decoration(func).manager !== null && !/lifespan/.test(func.name) && func.params[0]?.name !== "app";
  return {
    begins: place,
    ends,
    raises: (node) => {
      if (node.kind === "await") return node.value.kind !== "call";
      if (node.kind === "yield") return isLent;
      if (node.kind !== "call" || names(node).some((name) => QUIET.test(name))) return false;
      // Taking a cursor does not go to the server.
      const { callee } = node;
      return !(callee.kind === "attribute" && resource.derives.includes(callee.attr) && mentions.has(callee.value));
    },
    stops: (node) => names(node).some((name) => ENDING.has(name)),
    says,
    endless: (iter) => resource.endless && (mentions.has(iter) || (iter.kind === "await" && mentions.has(iter.value))),
    suppresses: (context) => names(context).includes("contextlib.suppress"),
  };
}

const QUIET =
  /^(?:print|len|isinstance|str|repr|id|type|bool|list|dict|set|tuple|range|enumerate|zip|getattr|hasattr|logging\.(?:\w+\.)?\w+|time\.\w+|datetime\.\w+\.\w+|asyncio\.get_(?:event|running)_loop|dict\.\w+|list\.\w+|set\.\w+|str\.\w+|os\.getenv|os\.environ\.get|contextlib\.\w+|dict|object|asyncio\.(?:Lock|Event|Queue|Semaphore)|threading\.(?:Lock|Event)|functools\.partial)$/;

/** The expression after which it is open: the `await` or the wrapper around the call. */
function openedAt(runtime: Runtime, call: Call): Node {
  let at: Expression = call;
  for (;;) {
    const parent: Node | null = at.parent;
    if (parent?.kind === "await" || parent?.kind === "walrus") at = parent;
    else if (
      (parent?.kind === "conditional" && parent.test !== at) ||
      (parent?.kind === "boolean" && parent.right === at)
    )
      at = parent;
    else if (parent?.kind === "argument" && parent.parent?.kind === "call" && isPassing(runtime, parent.parent))
      at = parent.parent;
    else return at;
  }
}

function isPassing(runtime: Runtime, call: Call): boolean {
  return runtime.inference.names(call.callee).some(({ name }) => /^(?:asyncio|anyio)\./.test(name));
}
