import type { OffloadFact } from "../../knowledge/offload.ts";
import { OFFLOAD } from "../../knowledge/offload.ts";
import type { Class, Func } from "../../python/module.ts";
import type { Argument, Call, Expression } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Callable } from "../graph/callables.ts";
import type { LibraryCallee, Site } from "../graph/callgraph.ts";
import type { Runtime } from "../runtime.ts";

/** One thing that travels with the work: an argument of every task, or one of the sources that `map` takes its items from. */
export interface Payload {
  expression: Expression;
  role: "argument" | "items";
  /** How the work receives it: by position or by name; `null` when that is not known. */
  as: number | string | null;
}

/** One place that hands work to a thread, a process, or a pool of them. */
export interface Submission {
  site: Site;
  func: Func;
  call: Call;
  fact: OffloadFact;
  /** Where the work runs; `null` when the executor may be of either kind. */
  to: "thread" | "process" | "interpreter" | null;
  /** The executor or pool that runs it, where it is an object; `null` for a new thread or process, and for shared pools. */
  pool: Expression | null;
  /** Canonical names of the classes that the pool may be of. */
  poolTypes: readonly string[];
  /** The callable, as it stands in the call; `null` where a class's own `run` is the work. */
  callable: Expression | null;
  work: readonly Callable[];
  payload: readonly Payload[];
  /** The class of the project that is a thread or process and does the work in its `run`. */
  cls: Class | null;
  doubt: number;
}

const known = new WeakMap<Runtime, readonly Submission[]>();

/** Every submission of the program, in the order of the code. */
export function submissionsOf(runtime: Runtime): readonly Submission[] {
  const found = known.get(runtime);
  if (found) return found;
  const made = runtime.graph
    .calling((callee) => factOf(runtime, callee) !== undefined)
    .flatMap((site) => submission(runtime, site) ?? []);
  known.set(runtime, made);
  return made;
}

function submission(runtime: Runtime, site: Site): Submission | null {
  const { node } = site;
  if (site.kind !== "call" || node.kind !== "call") return null;
  for (const callee of site.library) {
    const fact = factOf(runtime, callee);
    if (!fact || fact.to === "loop" || fact.to === "greenlet") continue;
    const made = fact.pool === "own" ? madeClass(runtime, node) : null;
    const own = made && runtime.inference.method(made, "run") ? made : null;
    // A constructor of the project's own says itself what it hands on to the library's.
    if (made && !own && runtime.inference.method(made, "__init__")) continue;
    const callable = own ? null : callableOf(node, fact);
    // An executor's `initializer=` is work too, but nobody submits it: `pool.ts` knows it.
    if (fact.keyword === "initializer" || (!callable && !own)) continue;
    const pool = poolOf(runtime, node, fact);
    const poolTypes = pool ? typesOf(runtime, pool) : [];
    return {
      site,
      func: site.func,
      call: node,
      fact,
      to: destination(runtime, fact, pool, poolTypes),
      pool,
      poolTypes,
      callable,
      work: callable ? runtime.graph.callables.of(callable) : runWork(runtime, own),
      payload: own && !callable ? passedTo(node.args, 0) : callable ? payloadOf(runtime, node, fact, callable) : [],
      cls: own,
      doubt: callee.doubt,
    };
  }
  return null;
}

/** The row of the offload table: of the receiver's own class first, then of its bases. */
function factOf(runtime: Runtime, { name, receiver }: LibraryCallee): OffloadFact | undefined {
  const made = name.endsWith(".__init__") ? OFFLOAD.get(name.slice(0, -".__init__".length)) : undefined;
  if (made) return made.pool === "own" && made.argsForm === "args" ? { ...made, callable: null } : undefined;
  const method = name.slice(name.lastIndexOf(".") + 1);
  for (const type of receiver === null ? [] : runtime.inference.library.ancestry(receiver)) {
    const fact = OFFLOAD.get(`${type}.${method}`);
    if (fact) return fact;
  }
  return OFFLOAD.get(name);
}

function callableOf(call: Call, fact: OffloadFact): Expression | null {
  return argument(call, fact.keyword, fact.callable ?? -1);
}

/** The class of the project that the call makes an object of. */
function madeClass(runtime: Runtime, call: Call): Class | null {
  for (const value of runtime.inference.values(call.callee)) if (value.kind === "class") return value.cls;
  return null;
}

function runWork(runtime: Runtime, cls: Class | null): readonly Callable[] {
  const run = cls && runtime.inference.method(cls, "run");
  return run ? [{ func: run, library: null, doubt: 0 }] : [];
}

function poolOf(runtime: Runtime, call: Call, { pool }: OffloadFact): Expression | null {
  if (pool === "receiver") return call.callee.kind === "attribute" ? call.callee.value : null;
  if (!pool.startsWith("argument:")) return null;
  const given = argument(call, "executor", Number(pool.slice("argument:".length)));
  if (!given || (given.kind === "constant" && given.value === null)) return null;
  return runtime.inference.values(given).every(({ kind }) => kind === "none") && given.kind !== "name" ? null : given;
}

function typesOf(runtime: Runtime, pool: Expression): readonly string[] {
  const types = runtime.inference.values(pool).flatMap((value) => {
    if (value.kind === "instance") return [value.type];
    return value.kind === "object" ? runtime.inference.libraryBases(value.cls) : [];
  });
  return [...new Set(types)];
}

/** A `ProcessPoolExecutor` is told from its bases, an `Executor` by what it may be. */
function destination(
  runtime: Runtime,
  fact: OffloadFact,
  pool: Expression | null,
  types: readonly string[],
): Submission["to"] {
  const own = fact.to === "thread" || fact.to === "process" || fact.to === "interpreter" ? fact.to : null;
  if (!pool) return own;
  const kinds = new Set(types.map((type) => poolKind(runtime, type)));
  const [only, ...others] = kinds;
  if (others.length > 0) return null;
  return only === undefined ? (fact.pool.startsWith("argument:") ? null : own) : only;
}

function poolKind(runtime: Runtime, type: string): Submission["to"] {
  for (const one of runtime.inference.library.ancestry(type)) {
    if (THREAD_POOLS.has(one))
      return one === "concurrent.futures.ThreadPoolExecutor" && type.includes("Interpreter") ? "interpreter" : "thread";
    if (PROCESS_POOLS.has(one)) return "process";
  }
  return null;
}

const THREAD_POOLS = new Set([
  "concurrent.futures.ThreadPoolExecutor",
  "multiprocessing.pool.ThreadPool",
  "pebble.ThreadPool",
  "gevent.threadpool.ThreadPool",
]);

const PROCESS_POOLS = new Set([
  "concurrent.futures.ProcessPoolExecutor",
  "multiprocessing.pool.Pool",
  "loky.ProcessPoolExecutor",
  "pebble.ProcessPool",
  "dask.distributed.Client",
]);

/** What travels with the callable: its own arguments, and those that a `partial` holds. */
function payloadOf(runtime: Runtime, call: Call, fact: OffloadFact, callable: Expression): Payload[] {
  const held = partialArguments(runtime, callable);
  const offset = held.filter(({ as }) => typeof as === "number").length;
  return [
    ...held,
    ...ownPayload(runtime, call, fact).map((one) =>
      typeof one.as === "number" ? { ...one, as: one.as + offset } : one,
    ),
  ];
}

function ownPayload(runtime: Runtime, call: Call, fact: OffloadFact): Payload[] {
  switch (fact.argsForm) {
    case "inline":
      return fact.argsFrom === null
        ? []
        : passedTo(call.args, fact.argsFrom).filter(({ as }) => as !== fact.keyword && as !== "executor");
    case "args":
      return packed(runtime, argument(call, "args", 3), argument(call, "kwargs", 4));
    case "apply": {
      const from = fact.argsFrom ?? -1;
      return packed(runtime, argument(call, "args", from), argument(call, "kwds", from < 0 ? -1 : from + 1));
    }
    case "map":
      return sources(call, fact);
    default:
      return [];
  }
}

function passedTo(args: readonly Argument[], from: number): Payload[] {
  const found: Payload[] = [];
  let position = 0;
  let unsure = false;
  for (const { name, stars, value } of args) {
    if (stars !== 0) {
      unsure ||= stars === 1;
      continue;
    }
    if (name !== null) found.push({ expression: value, role: "argument", as: name });
    else if (position++ >= from)
      found.push({ expression: value, role: "argument", as: unsure ? null : position - 1 - from });
  }
  return found;
}

/** `args=(a, b), kwargs={"c": d}`, also where the tuple has a name. */
function packed(runtime: Runtime, args: Expression | null, kwargs: Expression | null): Payload[] {
  const found: Payload[] = [];
  const tuple = args && literal(runtime, args);
  if (tuple && (tuple.kind === "tuple" || tuple.kind === "list"))
    found.push(
      ...tuple.items.map(
        (expression, i): Payload => ({
          expression,
          role: "argument",
          as: tuple.items.slice(0, i).some(({ kind }) => kind === "starred") ? null : i,
        }),
      ),
    );
  const dict = kwargs && literal(runtime, kwargs);
  if (dict?.kind === "dict")
    for (const [i, key] of dict.keys.entries()) {
      const expression = dict.values[i];
      if (key?.kind === "string" && expression) found.push({ expression, role: "argument", as: key.value });
    }
  return found;
}

function literal(runtime: Runtime, expression: Expression): Expression {
  if (expression.kind !== "name") return expression;
  const [only, ...others] = runtime.inference.bindings(expression).bindings;
  return only?.kind === "value" && only.path.length === 0 && others.length === 0 ? only.value : expression;
}

/** `Executor.map` takes any number of iterables, `Pool.map` one. */
function sources(call: Call, fact: OffloadFact): Payload[] {
  const from = fact.argsFrom ?? 1;
  const positional = call.args.filter(({ name, stars }) => name === null && stars === 0).slice(from);
  const single = fact.name.startsWith("multiprocessing.");
  const given = single ? positional.slice(0, 1) : positional;
  const named = single ? argument(call, "iterable", -1) : null;
  return [...given.map(({ value }) => value), ...(named ? [named] : [])].map((expression, i) => ({
    expression,
    role: "items",
    as: fact.name.includes("starmap") ? null : i,
  }));
}

/** The arguments that `functools.partial(f, …)` holds, also where the partial has a name. */
function partialArguments(runtime: Runtime, callable: Expression): Payload[] {
  for (const value of runtime.inference.values(callable))
    if (value.kind === "partial") return passedTo(value.call.args, 1);
  return [];
}
