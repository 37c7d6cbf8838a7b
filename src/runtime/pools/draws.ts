import type { HandOver } from "../../knowledge/pools/row.ts";
import { POOLS, type PoolFact, takesFrom } from "../../knowledge/pools.ts";
import { push } from "../../multimap.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Name, Parameter } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import { answeredOnce } from "../answered.ts";
import { matchArguments } from "../graph/callables.ts";
import type { Site } from "../graph/callgraph.ts";
import type { Runtime } from "../runtime.ts";
import { djangoDatabasesOf } from "./django-databases.ts";
import { type Pool, poolsOf } from "./pools.ts";

/** A pool that an expression belongs to, or that what it stands for takes from. */
export interface Behind {
  pool: Pool;
  doubt: number;
}

/** One place that takes something from a pool. */
export interface Draw {
  func: Func;
  site: Site;
  /** The call that takes, by canonical name. */
  name: string;
  /** The object that it is called on: a pool, an engine, a session. */
  on: Expression | null;
  pool: Pool;
  doubt: number;
}

/** Answers which pools stand behind expressions, and where functions take from them. */
export interface Draws {
  behind(expression: Expression): readonly Behind[];
  in(func: Func): readonly Draw[];
}

const DEEPEST = 14;
const MOST_CALLERS = 20;
const NOTHING: readonly Behind[] = [];

/** The program's draws; computed on demand and remembered. */
export const drawsOf: (runtime: Runtime) => Draws = answeredOnce(build);

function build(runtime: Runtime): Draws {
  const { inference, origins, graph } = runtime;
  const pools = poolsOf(runtime);
  const memo = new Map<Expression, readonly Behind[]>();
  const active = new Set<Expression>();
  const perFunc = new Map<Func, readonly Draw[]>();
  let attached: Map<Expression, Expression[]> | null = null;
  let cuts = 0;

  const behind = (expression: Expression): readonly Behind[] => {
    const remembered = memo.get(expression);
    if (remembered) return remembered;
    if (active.has(expression) || active.size > DEEPEST) {
      cuts++;
      return NOTHING;
    }
    active.add(expression);
    const before = cuts;
    const found = distinct(follow(expression));
    active.delete(expression);
    if (cuts === before || active.size === 0) memo.set(expression, found);
    return found;
  };

  const follow = (expression: Expression): readonly Behind[] => {
    if (expression.kind === "call") return madeBy(expression);
    const parameter = expression.kind === "name" ? parameterOf(expression) : null;
    if (parameter) return fromParameter(parameter.param, parameter.func);
    const made = origins
      .of(expression)
      .flatMap(({ expression: origin, doubt }) =>
        origin === expression ? derived(origin) : more(behind(origin), doubt),
      );
    if (made.length > 0) return made;
    const unpacked = expression.kind === "name" ? fromTuple(expression) : NOTHING;
    if (unpacked.length > 0) return unpacked;
    return expression.kind === "attribute" ? [...kept(expression), ...derived(expression)] : derived(expression);
  };

  /** `SessionLocal, engine = make_database(url)`. */
  const fromTuple = (name: Name): readonly Behind[] =>
    inference.bindings(name).bindings.flatMap((binding): readonly Behind[] => {
      const own = binding.kind === "from" ? (inference.exported(binding)?.bindings ?? []) : [binding];
      return own.flatMap((one): readonly Behind[] => {
        if (one.kind !== "value" || one.path.length !== 1 || one.value.kind !== "call") return NOTHING;
        const [step] = one.path;
        return inference.values(one.value.callee).flatMap((value) =>
          value.kind !== "function"
            ? NOTHING
            : value.func.nodes.flatMap((node) => {
                const item =
                  node.kind === "return" && node.value?.kind === "tuple" && typeof step === "number"
                    ? node.value.items[step]
                    : undefined;
                return item ? more(behind(item), value.doubt) : NOTHING;
              }),
        );
      });
    });

  const parameterOf = (name: Name): { param: Parameter; func: Func } | null => {
    const [only, ...others] = inference.bindings(name).bindings;
    if (only?.kind !== "parameter" || others.length > 0) return null;
    const func = inference.moduleOf(name).byNode.get(only.owner);
    return func ? { param: only.node, func } : null;
  };

  /** What callers give, and what a framework injects. */
  const fromParameter = (param: Parameter, func: Func): readonly Behind[] => {
    const injected = dependency(param);
    if (injected) return injected;
    const callers = graph.callers(func);
    if (callers.length > MOST_CALLERS) return NOTHING;
    const given = callers.flatMap(({ site, target }) =>
      site.node.kind !== "call" || target.doubt > 1
        ? []
        : matchArguments(site.node, func, func.cls !== null && !inference.decoration(func).static).flatMap(
            ([one, expression]) => (one === param ? more(behind(expression), target.doubt) : []),
          ),
    );
    if (given.length > 0) return given;
    const passed = inference.passed(param).flatMap((expression) => more(behind(expression), 1));
    return passed.length > 0 || !param.default ? passed : more(behind(param.default), 1);
  };

  /** `db: Session = Depends(get_db)`, also as `Annotated[Session, Depends(get_db)]` and under a name for that. */
  const dependency = (param: Parameter): readonly Behind[] | null => {
    const given = [param.default, ...annotations(param.annotation)].flatMap((one) =>
      one?.kind === "call" && inference.names(one.callee).some(({ name }) => DEPENDENCIES.has(name)) ? [one] : [],
    );
    const [call] = given;
    const provider = call && argument(call, "dependency", 0);
    return provider
      ? graph.callables.of(provider).flatMap(({ func, doubt }) => more(func ? provided(func) : NOTHING, doubt))
      : null;
  };

  const annotations = (annotation: Expression | null): readonly Expression[] => {
    if (annotation?.kind === "subscript") return annotation.indices.slice(1);
    if (annotation?.kind !== "name" && annotation?.kind !== "attribute") return [];
    return origins
      .of(annotation)
      .flatMap(({ expression }) => (expression.kind === "subscript" ? expression.indices.slice(1) : []));
  };

  /** What a function yields or returns. */
  const provided = (func: Func): readonly Behind[] =>
    nodesOf(func, "yield", "return").flatMap((node) => (node.value ? behind(node.value) : []));

  /** `self.session`, where nothing tells which of the values it was given. */
  const kept = (expression: Expression & { kind: "attribute" }): readonly Behind[] => {
    const holder = origins.holder(expression);
    if (holder?.kind !== "attribute") return NOTHING;
    const bindings = holder.cls.attributes.get(holder.name) ?? [];
    return bindings.flatMap(({ value, path, via }) =>
      value && path.length === 0 && via !== "iteration" ? behind(value) : [],
    );
  };

  /** An attribute, an item or a method's result of a library object belongs to what that belongs to. */
  const derived = (expression: Expression): readonly Behind[] => {
    if (expression.kind === "await" || expression.kind === "starred") return behind(expression.value);
    if (expression.kind !== "attribute" && expression.kind !== "subscript") return NOTHING;
    return inference
      .values(expression.value)
      .some(({ kind }) => kind === "instance" || kind === "mapping" || kind === "iterable")
      ? behind(expression.value)
      : NOTHING;
  };

  const madeBy = (call: Call): readonly Behind[] => {
    const own = pools.get(call);
    // Limits, connectors and configurations that are given to it have been taken into its size already.
    if (own?.fact.capacity.some((part) => part.through !== null)) return [{ pool: own, doubt: own.doubt }];
    const names = inference.names(call.callee).map(({ name }) => name);
    const through = names.flatMap((name) => HAND_OVERS.get(name) ?? []);
    for (const { argument: given, onto } of through) {
      if (onto !== "result") continue;
      const expression = given ? argument(call, given.name, given.position ?? -1) : receiver(call);
      const found = expression ? behind(expression) : NOTHING;
      if (found.length > 0) return found;
      // What is given is not known, and decides.
      if (expression && given && own && !isNone(expression))
        return [{ pool: unknownSize(own, expression), doubt: own.doubt }];
    }
    const parts = (attachments().get(call) ?? []).map(behind);
    if (parts.length > 0 && own) {
      const found = parts.flat();
      const unknown = parts.findIndex((one) => one.length === 0);
      const expression = attachments().get(call)?.[unknown];
      return expression ? [...found, { pool: unknownSize(own, expression), doubt: own.doubt }] : found;
    }
    if (parts.some((one) => one.length > 0)) return parts.flat();
    if (own) return [{ pool: own, doubt: own.doubt }];
    const elsewhere = origins
      .of(call)
      .flatMap(({ expression, doubt }) => (expression === call ? [] : more(behind(expression), doubt)));
    if (elsewhere.length > 0) return elsewhere;
    return inference.names(call.callee).some((one) => one.receiver !== null) || through.length > 0
      ? behind(receiver(call) ?? call)
      : NOTHING;
  };

  const receiver = ({ callee }: Call): Expression | null => (callee.kind === "attribute" ? callee.value : callee);

  const isNone = (expression: Expression): boolean => {
    const found = inference.values(expression);
    return found.length > 0 && found.every(({ kind }) => kind === "none");
  };

  /** What is put into an object after it was made: adapters of a session, the engine of a `sessionmaker`. By the object's own call. */
  const attachments = (): Map<Expression, Expression[]> => {
    if (attached) return attached;
    attached = new Map();
    for (const func of graph.funcs)
      for (const { node, library } of graph.sites(func)) {
        if (node.kind !== "call" || node.callee.kind !== "attribute") continue;
        for (const { name } of library)
          for (const { argument: given, onto } of HAND_OVERS.get(name) ?? []) {
            const expression = onto === "receiver" && given ? argument(node, given.name, given.position ?? -1) : null;
            if (!expression) continue;
            for (const { expression: object } of origins.of(node.callee.value)) {
              push(attached, object, expression);
            }
          }
      }
    return attached;
  };

  const drawsIn = (func: Func): readonly Draw[] => {
    const remembered = perFunc.get(func);
    if (remembered) return remembered;
    const found: Draw[] = [];
    for (const site of graph.sites(func)) {
      const candidates = site.library.filter(({ name, receiver: type }) => mayTake(name, type));
      if (candidates.length === 0) continue;
      const on = receiverOf(site);
      const pooled = on ? behind(on) : NOTHING;
      for (const { name, doubt } of candidates) {
        const taken = pooled.filter(({ pool }) => takesFrom(pool.fact, name));
        const from = taken.length > 0 ? deployed(taken) : pooled.length > 0 ? NOTHING : onlyOne(name, func);
        for (const one of from)
          if (!found.some((draw) => draw.site === site && draw.pool.made === one.pool.made))
            found.push({ func, site, name, on, pool: one.pool, doubt: doubt + one.doubt + (from.length > 1 ? 1 : 0) });
      }
    }
    perFunc.set(func, found);
    return found;
  };

  /** Whether any pool may be taken from by the call; the tables are asked once for each name. */
  const takers = new Map<string, boolean>();
  const mayTake = (name: string, type: string | null): boolean => {
    const key = type === null ? name : `${type} ${name}`;
    const remembered = takers.get(key);
    if (remembered !== undefined) return remembered;
    const method = name.slice(name.lastIndexOf(".") + 1);
    if (IDLE.test(method)) return false;
    const types =
      type === null ? [name.slice(0, Math.max(0, name.lastIndexOf(".")))] : inference.library.ancestry(type);
    const found =
      ACQUIRING.has(name) ||
      types.some((one) => ACQUIRING.has(`${one}.${method}`) || (!method.startsWith("_") && ACQUIRING.has(`${one}.*`)));
    takers.set(key, found);
    return found;
  };

  /** The pools from which the program makes sessions; engines of migrations and tools have none. */
  let sessioned: Set<Expression> | null = null;
  const sessionPools = (): ReadonlySet<Expression> => {
    if (sessioned) return sessioned;
    sessioned = new Set();
    for (const func of graph.funcs) {
      if (runtime.target.isTest(func.module.path)) continue;
      for (const { node, library } of graph.sites(func))
        if (node.kind === "call" && library.some(({ name }) => SESSION_MAKERS.test(name)))
          for (const { pool } of behind(node)) sessioned.add(pool.made);
    }
    return sessioned;
  };

  /** The one database pool of the program that the call can take from, where nothing tells where its object comes from. */
  const onlyOne = (name: string, func: Func): readonly Behind[] => {
    const ofSessions = SESSION.test(name) ? sessionPools() : null;
    const fitting = [...pools.values()].filter(
      (pool) =>
        pool.fact.kind === "db-pool" &&
        !runtime.target.isTest(pool.func.module.path) &&
        takesFrom(pool.fact, name) &&
        (ofSessions === null || ofSessions.size === 0 || ofSessions.has(pool.made)),
    );
    const [only, ...others] = fitting;
    if (!only || others.length > 0 || runtime.target.isTest(func.module.path)) return NOTHING;
    // Django's models need no object to know their database.
    const isDjango = only.fact.name === "django.db.connection" && djangoDatabasesOf(runtime).length === 1;
    return [{ pool: only, doubt: only.doubt + (isDjango ? 0 : 1) }];
  };

  return { behind, in: drawsIn };
}

/** SQLite, where there is another database as well, is for trying things out. */
function deployed(found: readonly Behind[]): readonly Behind[] {
  const others = found.filter(({ pool }) => pool.address?.dialect !== "sqlite");
  return others.length > 0 ? others : found;
}

function receiverOf({ node }: Site): Expression | null {
  switch (node.kind) {
    case "call":
      return node.callee.kind === "attribute" ? node.callee.value : node;
    case "withitem":
      return node.context;
    case "for":
    case "clause":
      return node.iter;
    default:
      return null;
  }
}

function unknownSize(pool: Pool, by: Expression): Pool {
  return { ...pool, capacity: null, open: by.kind === "name" ? by.id : pool.open };
}

function more(found: readonly Behind[], doubt: number): readonly Behind[] {
  return doubt === 0 ? found : found.map((one) => ({ ...one, doubt: one.doubt + doubt }));
}

function distinct(found: readonly Behind[]): readonly Behind[] {
  const best = new Map<Expression, Behind>();
  for (const one of found) {
    const before = best.get(one.pool.made);
    if (!before || one.doubt < before.doubt) best.set(one.pool.made, one);
  }
  return [...best.values()];
}

const FACTS: readonly PoolFact[] = [...POOLS.values()].filter(
  ({ kind }) => !/-pool$/.test(kind) || kind === "db-pool" || kind === "http-pool",
);

/** Every name that takes from a pool that is no executor. */
const ACQUIRING: ReadonlySet<string> = new Set(FACTS.flatMap(({ acquire }) => acquire));

/** Calls that pass a pool on. */
const HAND_OVERS: ReadonlyMap<string, readonly HandOver[]> = (() => {
  const found = new Map<string, HandOver[]>();
  for (const { gives } of POOLS.values())
    for (const one of gives) {
      const list = found.get(one.call);
      if (!list) found.set(one.call, [one]);
      else if (!list.some(({ onto, argument: given }) => onto === one.onto && given?.name === one.argument?.name))
        list.push(one);
    }
  return found;
})();

/** Methods of clients that speak to no server. */
const IDLE =
  /^(?:generate_presigned_(?:url|post)|get_paginator|get_waiter|can_paginate|waiter_names|pipeline|pubsub|lock|register_script|with_options|get_collection|get_database|close|aclose|disconnect|quit)$/;

const SESSION = /\.(?:Session|AsyncSession|Query)\.\w+$/;
const SESSION_MAKERS =
  /^(?:sqlalchemy\.orm|sqlalchemy\.ext\.asyncio|sqlmodel)\.(?:(?:async_)?sessionmaker|Session|AsyncSession)$/;

const DEPENDENCIES = new Set(["fastapi.Depends", "fastapi.Security", "fastapi.params.Depends"]);
