import { defaultStartMethod, type StartMethod } from "../../knowledge/start-methods.ts";
import { definition } from "../../python/definition.ts";
import type { Call, Expression, Name } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Origins } from "../graph/origins.ts";
import type { Runtime } from "../runtime.ts";

/** The start method of a child or a pool of children; `null` when the code leaves it open. */
export interface StartChoice {
  method: StartMethod | null;
  /** Named where the child is made, set once for the whole program, or the default of the target's Python on Linux. */
  from: "context" | "program" | "default";
}

/** `max_tasks_per_child` makes a `ProcessPoolExecutor` spawn where it would fork. */
const RENEWS_WORKERS_SINCE = 11;

/** How the children that `call` makes are started: `Process(…)`, `Pool(…)`, `ProcessPoolExecutor(…)`, also through a context. */
export function startMethod(runtime: Runtime, call: Call): StartChoice {
  const own = contextOf(runtime, call);
  if (own) return { method: own === "open" ? null : own, from: "context" };
  const program = programMethods(runtime);
  const [only, ...others] = program;
  if (others.length > 0) return { method: null, from: "program" };
  if (only !== undefined) return { method: only === "open" ? null : only, from: "program" };
  const renews = argument(call, "max_tasks_per_child", -1);
  if (renews && runtime.target.minor >= RENEWS_WORKERS_SINCE) return { method: "spawn", from: "default" };
  return { method: defaultStartMethod("linux", runtime.target.minor), from: "default" };
}

type Named = StartMethod | "open";

/** The method of the context that the call goes through, or of `mp_context=`. */
function contextOf(runtime: Runtime, call: Call): Named | null {
  const given = argument(call, "mp_context", 1) ?? argument(call, "context", 4);
  if (given) {
    const named = contextMethod(runtime, given);
    if (named) return named;
    if (argument(call, "mp_context", -1)) return "open";
  }
  const callee = definition(runtime.inference, call.callee);
  const own = namedClass(runtime, callee);
  if (own) return own;
  return callee.kind === "attribute" ? contextMethod(runtime, callee.value) : null;
}

/** `SpawnProcess` and its like from `multiprocessing.context`, which all other tables take for a `Process`. */
function namedClass(runtime: Runtime, callee: Expression): Named | null {
  const name = callee.kind === "attribute" ? callee.attr : callee.kind === "name" ? importedAs(runtime, callee) : null;
  const method = /^(Spawn|ForkServer|Fork)Process$/.exec(name ?? "")?.[1]?.toLowerCase();
  return method !== undefined && isMethod(method) ? method : null;
}

function importedAs(runtime: Runtime, name: Name): string | null {
  const [only, ...others] = runtime.inference.bindings(name).bindings;
  return only?.kind === "from" && others.length === 0 ? only.name : null;
}

/** What `get_context` was asked for; `open` for a context whose method is not known here; `null` if it is no context. */
function contextMethod(runtime: Runtime, expression: Expression): Named | null {
  const isContext = runtime.inference
    .values(expression)
    .some((value) => value.kind === "instance" && value.type === "multiprocessing");
  if (!isContext) return null;
  const found = new Set(runtime.origins.of(expression).map(({ expression: origin }) => requested(runtime, origin)));
  const [only, ...others] = found;
  return only === undefined || others.length > 0 ? "open" : only;
}

function requested(runtime: Runtime, origin: Expression): Named {
  if (origin.kind !== "call") return "open";
  const names = runtime.inference.names(origin.callee);
  if (!names.some(({ name }) => name === "multiprocessing.get_context")) return "open";
  const method = argument(origin, "method", 0);
  if (!method || (method.kind === "constant" && method.value === null)) {
    const [only, ...others] = programMethods(runtime);
    return only === undefined ? defaultStartMethod("linux", runtime.target.minor) : others.length === 0 ? only : "open";
  }
  return textMethod(runtime.origins, method);
}

function textMethod(origins: Origins, expression: Expression): Named {
  const texts = origins.of(expression).map(({ expression: one }) => one);
  const [only, ...others] = texts;
  return only?.kind === "string" && others.length === 0 && isMethod(only.value) ? only.value : "open";
}

function isMethod(text: string): text is StartMethod {
  return text === "fork" || text === "spawn" || text === "forkserver";
}

const chosen = new WeakMap<Runtime, ReadonlySet<Named>>();

/** What the program's own `set_start_method` calls ask for, tests left out. */
function programMethods(runtime: Runtime): ReadonlySet<Named> {
  const known = chosen.get(runtime);
  if (known) return known;
  const found = new Set<Named>();
  chosen.set(runtime, found);
  for (const { func, node } of runtime.graph.calling(({ name }) => name === "multiprocessing.set_start_method")) {
    if (node.kind !== "call" || runtime.target.isTest(func.module.path)) continue;
    const method = argument(node, "method", 0);
    found.add(method ? textMethod(runtime.origins, method) : "open");
  }
  return found;
}
