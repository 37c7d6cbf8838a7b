import type { Func } from "../../python/module.ts";
import { funcAt, nodesOf } from "../../python/module.ts";
import type { Call, Clause, Expression, For, Node, While } from "../../python/syntax.ts";
import { argument, isInside } from "../../python/syntax.ts";
import { answeredOnce } from "../answered.ts";
import type { Runtime } from "../runtime.ts";

/** What repeats the start of a task: a clause of a comprehension, a loop, or the iterable of `map`. */
export type Repetition = Clause | For | While | Expression;

/** One place that makes tasks: what runs in them, and how often. */
export interface TaskStart {
  func: Func;
  /** The call that starts them: `gather`, `create_task`, `start_soon` … */
  call: Call;
  by: string;
  /** The coroutine as it is made (a call), or the function that makes it. */
  work: Expression;
  /** Coroutine functions of the project that run in the task. */
  roots: readonly { func: Func; doubt: number }[];
  /** Library coroutines that run in the task, by canonical name. */
  library: readonly string[];
  /** What makes several tasks of it, innermost first; empty if it makes one. */
  over: readonly Repetition[];
  /** Whether the task has ended before the body goes on: `await create_task(f())`. */
  awaitedAtOnce: boolean;
}

/** Where tasks are started. */
export interface TaskStarts {
  in(func: Func): readonly TaskStart[];
  /** The start whose coroutine the call makes. */
  of(call: Call): TaskStart | null;
}

/** Calls that run all the awaitables that they are given at once. */
const GATHERERS = new Set(["asyncio.gather", "asyncio.wait", "asyncio.as_completed"]);

/** Calls that make one task of a coroutine. */
const CREATORS = new Set([
  "asyncio.create_task",
  "asyncio.ensure_future",
  "asyncio.Task",
  "asyncio.TaskGroup.create_task",
  "asyncio.AbstractEventLoop.create_task",
  "asyncio.run_coroutine_threadsafe",
  "homeassistant.core.HomeAssistant.async_create_task",
  "homeassistant.core.HomeAssistant.async_create_background_task",
]);

/** Calls that make one task of a coroutine function and its arguments. */
const SPAWNERS = new Set([
  "anyio.abc.TaskGroup.start_soon",
  "anyio.TaskGroup.start_soon",
  "trio.Nursery.start_soon",
  "anyio.abc.TaskGroup.start",
  "trio.Nursery.start",
]);

/** Calls that give their argument on, as far as tasks are concerned. */
const PASSING = new Set(["list", "tuple", "set", "iter", "reversed", "asyncio.wait_for", "asyncio.shield"]);

const NONE: readonly TaskStart[] = [];

/** The task starts of all bodies of code; computed on demand and remembered. */
export const startsOf: (runtime: Runtime) => TaskStarts = answeredOnce(build);

/** One coroutine on its way into a task. */
interface Piece {
  work: Expression;
  mapped: Expression | null;
}

function build(runtime: Runtime): TaskStarts {
  const { graph, inference } = runtime;
  const byFunc = new Map<Func, readonly TaskStart[]>();
  const byWork = new Map<Func, Map<Expression, TaskStart>>();

  const nameOf = (call: Call, wanted: ReadonlySet<string>): string | null => {
    const site = graph.siteOf(call);
    const names = site ? site.library : inference.names(call.callee);
    return names.find(({ name }) => wanted.has(name))?.name ?? null;
  };

  const starting = new Set(
    graph
      .calling(({ name }) => CREATORS.has(name) || SPAWNERS.has(name) || GATHERERS.has(name))
      .map(({ func }) => func),
  );

  const inBody = (func: Func): readonly TaskStart[] => {
    if (!starting.has(func)) return NONE;
    const memo = byFunc.get(func);
    if (memo) return memo;
    byFunc.set(func, NONE);
    const found = nodesOf(func, "call").flatMap((node) => startsAt(func, node));
    byFunc.set(func, found);
    return found;
  };

  const startsAt = (func: Func, call: Call): TaskStart[] => {
    if (call.args.length === 0) return [];
    const creator = nameOf(call, CREATORS);
    const spawner = creator ? null : nameOf(call, SPAWNERS);
    const gatherer = creator || spawner ? null : nameOf(call, GATHERERS);
    const by = creator ?? spawner ?? gatherer;
    if (!by) return [];
    const pieces = gatherer
      ? call.args.filter(({ name }) => name === null).flatMap(({ value }) => expand(value, func, 0))
      : call.args.slice(0, 1).map(({ value }): Piece => ({ work: unwrapped(value), mapped: null }));
    return pieces.flatMap((piece) => startOf(func, call, by, piece, gatherer !== null));
  };

  const startOf = (func: Func, call: Call, by: string, { work, mapped }: Piece, gathered: boolean): TaskStart[] => {
    const made = work.kind === "call" ? graph.siteOf(work) : null;
    const callables = made || (work.kind === "call" && !mapped) ? null : graph.callables.of(work);
    const roots = made
      ? made.targets.filter((one) => one.func.isAsync)
      : (callables ?? []).flatMap(({ func: one, doubt }) => (one?.isAsync ? [{ func: one, doubt }] : []));
    const library = made
      ? made.library.map(({ name }) => name)
      : (callables ?? []).flatMap((one) => (one.library === null ? [] : [one.library]));
    // What has been made a task already is only waited for here.
    if (work.kind === "call" && (nameOf(work, CREATORS) || nameOf(work, GATHERERS))) return [];
    const over: Repetition[] = repetitions(work, gathered ? call : null, func);
    if (mapped) over.unshift(mapped);
    return [{ func, call, by, work, roots, library, over, awaitedAtOnce: !gathered && call.parent?.kind === "await" }];
  };

  /** The coroutines behind an argument of `gather`: through lists, comprehensions, `map`, names and what is appended to them. */
  const expand = (expression: Expression, func: Func, depth: number): Piece[] => {
    if (depth > 6) return [];
    const deeper = (one: Expression): Piece[] => expand(one, func, depth + 1);
    switch (expression.kind) {
      case "starred":
        return deeper(expression.value);
      case "list":
      case "tuple":
      case "set":
        return expression.items.flatMap(deeper);
      case "comprehension":
        return deeper(expression.value ?? expression.element);
      case "conditional":
        return [...deeper(expression.body), ...deeper(expression.orelse)];
      case "binary":
        return [...deeper(expression.left), ...deeper(expression.right)];
      case "name":
        return named(expression, func, depth);
      case "call": {
        const mapped = nameOf(expression, MAP) && argument(expression, null, 1);
        const first = argument(expression, null, 0);
        if (mapped && first) return [{ work: first, mapped }];
        if (first && nameOf(expression, PASSING)) return deeper(first);
        if (expression.callee.kind === "attribute" && expression.callee.attr === "values")
          return deeper(expression.callee.value);
        return [{ work: expression, mapped: null }];
      }
      default:
        return [];
    }
  };

  const named = (name: Expression & { kind: "name" }, func: Func, depth: number): Piece[] => {
    const found: Piece[] = [];
    for (const binding of inference.bindings(name).bindings)
      if (binding.kind === "value" && binding.path.length === 0 && funcAt(func.module, binding.at) === func)
        found.push(...expand(binding.value, func, depth + 1));
    for (const node of nodesOf(func, "call")) {
      if (node.callee.kind !== "attribute") continue;
      const { value, attr } = node.callee;
      if (value.kind !== "name" || value.id !== name.id) continue;
      const given = argument(node, null, 0);
      if (given && (attr === "append" || attr === "add" || attr === "extend"))
        found.push(...expand(given, func, depth + 1));
    }
    return found;
  };

  const unwrapped = (expression: Expression): Expression => {
    if (expression.kind !== "call") return expression;
    const first = argument(expression, null, 0);
    return first && nameOf(expression, PASSING) ? unwrapped(first) : expression;
  };

  return {
    in: inBody,
    of: (call) => {
      const func = funcAt(inference.moduleOf(call), call);
      let works = byWork.get(func);
      if (!works) {
        works = new Map(inBody(func).map((start) => [start.work, start]));
        byWork.set(func, works);
      }
      return works.get(call) ?? null;
    },
  };
}

const MAP = new Set(["map", "itertools.starmap"]);

/** The loops and clauses around the work, innermost first; those that are also around the `gather` repeat that too and do not count. */
function repetitions(work: Node, gather: Call | null, func: Func): Repetition[] {
  const found: Repetition[] = [];
  for (let at: Node | null = work.parent, from: Node = work; at && at !== func.node; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class") break;
    if (gather && isInside(gather, at)) {
      if (at.kind === "for" || at.kind === "while" || at.kind === "comprehension") break;
      continue;
    }
    if (at.kind === "comprehension" && !at.clauses.some((clause) => clause === from))
      found.push(...at.clauses.toReversed());
    else if (at.kind === "for" && from !== at.iter) found.push(at);
    else if (at.kind === "while" && from !== at.test) found.push(at);
  }
  return found;
}
