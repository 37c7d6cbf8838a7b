import type { DatabaseUrl } from "../../knowledge/pools/database-servers.ts";
import { POOLS, type PoolFact } from "../../knowledge/pools.ts";
import type { Class, Func, Module } from "../../python/module.ts";
import { sourceOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import { neverRuns } from "../effects/blocking.ts";
import { constructionsOf } from "../graph/mentions.ts";
import type { Runtime } from "../runtime.ts";
import type { Capacity } from "./capacity.ts";
import { djangoDatabasesOf } from "./django-databases.ts";
import { flaskSizing } from "./flask-databases.ts";
import { sizingOf, versioned } from "./pool-size.ts";

/** Something of which there is a limited number for all: threads, processes, connections, permits, places in a queue. */
export interface Pool {
  fact: PoolFact;
  /** What the program calls it: the variable that keeps it. */
  name: string;
  func: Func;
  /** What makes it: a call, or an entry of the settings. */
  made: Expression;
  /** What gives it its size: its own call, or that of the limits or the configuration given to it. */
  sizedAt: Expression;
  /** `null` where nobody can know it; `open` then says what decides. */
  capacity: Capacity | null;
  open: string | null;
  address: DatabaseUrl | null;
  /** Inferred steps about what it is; those about its size are the capacity's. */
  doubt: number;
}

const known = new WeakMap<Runtime, ReadonlyMap<Expression, Pool>>();

/** Every pool that the program makes, by the call (or the entry of Django's settings) that makes it. */
export function poolsOf(runtime: Runtime): ReadonlyMap<Expression, Pool> {
  const remembered = known.get(runtime);
  if (remembered) return remembered;
  const found = new Map<Expression, Pool>();
  const facts = factsOf(runtime);
  const named = runtime.graph
    .calling(({ name }) => facts.named(name) !== null)
    .map(({ func, node }) => ({ func, node }));
  const derived = runtime.modules
    .flatMap(({ classes }) => classes)
    .filter((cls) => facts.ofClass(cls) !== null)
    .flatMap((cls) => constructionsOf(runtime, cls).map(({ func, call }) => ({ func, node: call })));
  const inOrder = [...named, ...derived].sort(
    (a, b) => compare(a.func.module.path, b.func.module.path) || a.node.start - b.node.start,
  );
  for (const { func, node } of inOrder) {
    if (node.kind !== "call" || neverRuns(node)) continue;
    const pool = poolAt(runtime, facts, func, node, runtime.graph.siteOf(node)?.library ?? []);
    if (pool) found.set(node, pool);
  }
  for (const { pool } of djangoDatabasesOf(runtime)) if (pool) found.set(pool.made, pool);
  known.set(runtime, found);
  return found;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The facts about constructors, by name and by class of the project; each is asked for once. */
interface Facts {
  named(name: string): PoolFact | null;
  ofClass(cls: Class): { fact: PoolFact; base: Call | null } | null;
}

function factsOf(runtime: Runtime): Facts {
  const names = new Map<string, PoolFact | null>();
  const classes = new Map<Class, { fact: PoolFact; base: Call | null } | null>();
  const named = (name: string): PoolFact | null => {
    const before = names.get(name);
    if (before !== undefined) return before;
    const isPool = POOLS.has(name) || runtime.inference.library.ancestry(name).some((base) => POOLS.has(base));
    const found = (isPool && versioned(runtime, name)) || null;
    names.set(name, found);
    return found;
  };
  const ofClass = (cls: Class): { fact: PoolFact; base: Call | null } | null => {
    const before = classes.get(cls);
    if (before !== undefined) return before;
    const [fact] = runtime.inference.libraryBases(cls).flatMap((base) => named(base) ?? []);
    const found = fact ? { fact, base: baseCall(runtime, cls) } : null;
    classes.set(cls, found);
    return found;
  };
  return { named, ofClass };
}

function poolAt(
  runtime: Runtime,
  facts: Facts,
  func: Func,
  call: Call,
  library: readonly { name: string; doubt: number }[],
): Pool | null {
  for (const { name, doubt } of library) {
    const fact = facts.named(name);
    if (fact) return made(runtime, func, call, fact, null, doubt);
  }
  for (const value of runtime.inference.values(call.callee)) {
    const own = value.kind === "class" ? facts.ofClass(value.cls) : null;
    if (own) return made(runtime, func, call, own.fact, own.base, value.doubt);
  }
  return null;
}

/** `super().__init__(…)` in the constructor that the project gives its class. */
function baseCall({ inference }: Runtime, cls: Class): Call | null {
  const init = inference.method(cls, "__init__");
  const found = init?.nodes.find(
    (node) =>
      node.kind === "call" &&
      node.callee.kind === "attribute" &&
      node.callee.attr === "__init__" &&
      (inference.values(node.callee.value).some(({ kind }) => kind === "super" || kind === "library") ||
        (node.callee.value.kind === "call" && node.callee.value.callee.kind === "name")),
  );
  return found?.kind === "call" ? found : null;
}

function made(runtime: Runtime, func: Func, call: Call, fact: PoolFact, base: Call | null, doubt: number): Pool | null {
  if (fact.onlyWith.length > 0 && !fact.onlyWith.some((name) => argument(call, name, -1))) return null;
  const sizing =
    fact.name === "flask_sqlalchemy.SQLAlchemy"
      ? flaskSizing(runtime, call, fact)
      : sizingOf(runtime, call, fact, base);
  return {
    fact: sizing.fact,
    name: nameOf(func.module, call),
    func,
    made: call,
    sizedAt: sizing.at,
    capacity: sizing.capacity,
    open: sizing.open,
    address: sizing.address,
    doubt: doubt + sizing.doubt + (isAmongAlternatives(func.module, call) ? 1 : 0),
  };
}

/** The variable or attribute that gets the object, as written; the constructor's name where nothing does. */
function nameOf(module: Module, made: Call): string {
  for (let at: Node = made; at.parent; at = at.parent) {
    const { parent } = at;
    switch (parent.kind) {
      case "await":
      case "conditional":
      case "boolean":
        continue;
      case "assign": {
        const [target] = parent.targets;
        return target && isShort(target) ? sourceOf(module, target) : constructorName(module, made);
      }
      case "withitem":
        return parent.target && isShort(parent.target)
          ? sourceOf(module, parent.target)
          : constructorName(module, made);
      case "walrus":
        return parent.target.id;
      default:
        return constructorName(module, made);
    }
  }
  return constructorName(module, made);
}

function isShort({ kind }: Expression): boolean {
  return kind === "name" || kind === "attribute" || kind === "subscript";
}

function constructorName(module: Module, { callee }: Call): string {
  return sourceOf(module, callee).replace(/\s+/g, "");
}

/** One of two ways to make it, of which a setting chooses: `if url.startswith("sqlite"): …`. */
function isAmongAlternatives(module: Module, call: Call): boolean {
  for (let at: Node | null = call.parent, from: Node = call; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class" || at.kind === "module") return false;
    if (at.kind === "conditional" && from !== at.test) return true;
    if (at.kind === "if" && at.branches.length + (at.orelse.length > 0 ? 1 : 0) > 1)
      return /sqlite|url|uri|dsn|driver|debug|test/i.test(conditions(module, at));
  }
  return false;
}

function conditions(module: Module, statement: Node & { kind: "if" }): string {
  return statement.branches.map(({ test }) => sourceOf(module, test)).join(" ");
}
