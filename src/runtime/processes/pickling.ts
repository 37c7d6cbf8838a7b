import { INHERITED_ONLY, PICKLE_HOOKS, PICKLING_POOLS, RICHER_PICKLES, UNPICKLABLE } from "../../knowledge/sharing.ts";
import type { Class, Func, Module } from "../../python/module.ts";
import type { Expression, Node } from "../../python/syntax.ts";
import type { Value } from "../../python/value.ts";
import type { Submission } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import { startMethod } from "./start-method.ts";

/** Something that `pickle` refuses. */
export interface Obstacle {
  /** In words, such as "a lambda" or "a `threading` lock". */
  label: string;
  /** Where it is made, and where it is kept, if that is not the expression asked about. */
  at: Node | null;
  /** How the expression leads to it: `self.lock` of the object whose method it is. */
  through: string | null;
  doubt: number;
}

/** How the object travels: in a task of a pool, or to a child that is about to start, which may inherit `multiprocessing` objects. */
export type Way = "task" | "start";

/** How the work of a submission travels; `null` when it stays in this process, is inherited by a fork, or is not pickled by `pickle`. */
export function wayOf(runtime: Runtime, { to, fact, call, poolTypes }: Submission): Way | null {
  if (to !== "process") return null;
  if (fact.name === "multiprocessing.Process") {
    const { method } = startMethod(runtime, call);
    return method === "spawn" || method === "forkserver" ? "start" : null;
  }
  if (fact.name === "anyio.to_process.run_sync" || fact.name === "tqdm.contrib.concurrent.process_map") return "task";
  const classes = poolTypes.flatMap((type) => [...runtime.inference.library.ancestry(type)]);
  return classes.some((type) => PICKLING_POOLS.has(type)) && !classes.some((type) => type.startsWith("loky."))
    ? "task"
    : null;
}

/** Whether the file imports something that teaches `pickle` to carry closures. */
export function importsRicherPickle({ scope }: Module): boolean {
  for (const bindings of scope.names.values())
    for (const binding of bindings)
      if (
        (binding.kind === "import" || binding.kind === "from") &&
        RICHER_PICKLES.has(binding.module.split(".")[0] ?? "")
      )
        return true;
  return false;
}

const DEEPEST = 3;

/** What in the value of `expression` cannot be pickled; `null` when nothing is seen. */
export function obstacleIn(runtime: Runtime, expression: Expression, way: Way, depth = DEEPEST): Obstacle | null {
  if (depth === 0) return null;
  if (expression.kind === "lambda") return { label: "a lambda", at: null, through: null, doubt: 0 };
  if (expression.kind === "comprehension" && expression.flavour === "generator") return plain("a generator");
  if (expression.kind === "tuple" || expression.kind === "list" || expression.kind === "set") {
    for (const item of expression.items) {
      const found = obstacleIn(runtime, item, way, depth - 1);
      if (found) return found;
    }
    return null;
  }
  if (expression.kind === "dict") {
    for (const value of expression.values) {
      const found = obstacleIn(runtime, value, way, depth - 1);
      if (found) return found;
    }
    return null;
  }
  const origins = runtime.origins.of(expression);
  // A manager's proxies travel, whatever they stand for.
  if (
    origins.some((origin) => makes(runtime, origin.expression, (name) => name.startsWith("multiprocessing.managers.")))
  )
    return null;
  if (way === "task") {
    const shared = origins.find((origin) => makes(runtime, origin.expression, (name) => INHERITED_ONLY.has(name)));
    if (shared)
      return {
        label: "a `multiprocessing` object that only a starting child may inherit",
        at: shared.expression,
        through: null,
        doubt: shared.doubt,
      };
  }
  const values = runtime.inference.values(expression);
  const found = values.map((value) => obstacleOf(runtime, value, way, depth));
  // One of several possible values is a guess; all of them are not.
  const first = found.find((one) => one !== null) ?? null;
  const certain = values.every((value, i) => found[i] !== null || value.kind === "none" || value.kind === "manager");
  return first && { ...first, doubt: first.doubt + (certain && !isUnionParameter(runtime, expression) ? 0 : 2) };
}

/** `source: str | BinaryIO`: one of several things, of which not all may be known. */
function isUnionParameter(runtime: Runtime, expression: Expression): boolean {
  if (expression.kind !== "name") return false;
  return runtime.inference.bindings(expression).bindings.some(({ kind, ...binding }) => {
    const annotation =
      kind === "parameter" && "node" in binding && binding.node.kind === "parameter" ? binding.node.annotation : null;
    return (
      annotation?.kind === "binary" ||
      (annotation?.kind === "subscript" &&
        runtime.inference.names(annotation.value).some(({ name }) => name === "typing.Union"))
    );
  });
}

function plain(label: string, doubt = 0): Obstacle {
  return { label, at: null, through: null, doubt };
}

function makes(runtime: Runtime, origin: Expression, test: (name: string) => boolean): boolean {
  return origin.kind === "call" && runtime.inference.names(origin.callee).some(({ name }) => test(name));
}

function obstacleOf(runtime: Runtime, value: Value, way: Way, depth: number): Obstacle | null {
  switch (value.kind) {
    case "instance": {
      const type = runtime.inference.library.ancestry(value.type).find((one) => UNPICKLABLE.has(one));
      if (type !== undefined) return plain((UNPICKLABLE.get(type) ?? type).replace("*", type), value.doubt);
      return way === "task" && value.type === "multiprocessing.Process" ? plain("a `Process`", value.doubt) : null;
    }
    case "iterable":
      return value.type === "generator" ? plain("a generator", value.doubt) : null;
    case "awaitable":
      return value.func ? plain("a coroutine", value.doubt) : null;
    case "function":
      return functionObstacle(runtime, value, way, depth);
    case "partial": {
      const call = value.call;
      for (const { value: held } of call.args) {
        const found = obstacleIn(runtime, held, way, depth - 1);
        if (found) return { ...found, doubt: found.doubt + value.doubt };
      }
      return null;
    }
    case "object":
      return objectObstacle(runtime, value.cls, way, depth, value.doubt);
    default:
      return null;
  }
}

function functionObstacle(
  runtime: Runtime,
  value: Value & { kind: "function" },
  way: Way,
  depth: number,
): Obstacle | null {
  const { func, self, doubt } = value;
  if (func.node.kind === "lambda") return { label: "a lambda", at: func.node, through: null, doubt };
  if (func.node.kind === "module") return null;
  if (func.cls) return self?.kind === "object" ? methodObstacle(runtime, func, self.cls, way, depth, doubt) : null;
  if (!isNested(func)) return null;
  return { label: `the nested function \`${func.node.name}\``, at: func.node, through: null, doubt };
}

/** Defined in a function and not declared `global` there: `pickle` cannot find it by its name. */
function isNested(func: Func): boolean {
  const { parent, node } = func;
  if (!parent || parent.node.kind === "module" || node.kind !== "function") return false;
  return parent.scope.outer.get(node.name) !== "global";
}

function methodObstacle(
  runtime: Runtime,
  func: Func,
  cls: Class,
  way: Way,
  depth: number,
  doubt: number,
): Obstacle | null {
  const { static: isStatic, classmethod } = runtime.inference.decoration(func);
  return isStatic || classmethod ? null : objectObstacle(runtime, cls, way, depth, doubt);
}

/** The attribute by which an object cannot be pickled, set in its constructor. */
export function objectObstacle(runtime: Runtime, cls: Class, way: Way, depth = DEEPEST, doubt = 0): Obstacle | null {
  if (depth === 0 || PICKLE_HOOKS.some((hook) => runtime.inference.method(cls, hook) !== null)) return null;
  for (const one of runtime.inference.ancestry(cls))
    for (const [name, bindings] of one.attributes) {
      // A subclass's `__init__` may replace what a base class's sets.
      if (one !== cls && cls.attributes.has(name)) continue;
      const [only, ...others] = bindings.filter((binding) => binding.at.parent !== one.node);
      if (!only?.value || only.via !== "value" || only.path.length > 0 || others.length > 0 || !isConstructor(only.in))
        continue;
      const found = obstacleIn(runtime, only.value, way, depth - 1);
      if (found)
        return {
          ...found,
          at: found.at ?? only.at,
          through: found.through ? `${name}.${found.through}` : name,
          doubt: found.doubt + doubt,
        };
    }
  return null;
}

function isConstructor({ node }: Func): boolean {
  return node.kind === "function" && (node.name === "__init__" || node.name === "__post_init__");
}
