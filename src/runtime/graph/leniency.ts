import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Node } from "../../python/syntax.ts";
import { enclosing } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import type { CallGraph, Site } from "./callgraph.ts";

/** Circumstances under which a mistake weighs less: nobody else waits for the loop, or nobody is served yet. */
export type Leniency = "test" | "start-up" | "script" | null;

/** Under which of them the code at `node` runs. */
export function leniency(runtime: Runtime, func: Func, node: Node): Leniency {
  if (runtime.target.isTest(func.module.path)) return "test";
  if (func.node.kind === "module" || isStartUp(runtime, func, node)) return "start-up";
  return runsAlone(runtime, func) ? "script" : null;
}

/** In a lifespan before (or after) its `yield`, or in a start-up or shutdown handler. */
function isStartUp(runtime: Runtime, func: Func, node: Node): boolean {
  const { manager, library } = runtime.inference.decoration(func);
  if (
    manager === "async" &&
    (func.params[0]?.name === "app" || func.params[0]?.name === "_app" || /lifespan/.test(func.name))
  ) {
    const [yields] = nodesOf(func, "yield");
    return yields !== undefined && !isWithinStatementOf(node, yields);
  }
  if (
    func.node.kind === "function" &&
    func.node.decorators.some(
      (one) => one.kind === "call" && one.callee.kind === "attribute" && one.callee.attr === "on_event",
    )
  )
    return true;
  return library.some((name) =>
    /\.(?:on_startup|on_shutdown|before_serving|after_serving|before_server_start|after_server_stop)$/.test(name),
  );
}

function isWithinStatementOf(node: Node, inner: Node): boolean {
  return node === inner || enclosing(inner, (one): one is Node => one === node) !== null;
}

/** A coroutine that only ever runs under `asyncio.run`, in a program that starts no second task, has the loop to itself. */
function runsAlone(runtime: Runtime, func: Func): boolean {
  const { graph } = runtime;
  if (runtime.contexts.serving(func)) return false;
  const entries = entriesOf(graph, func, new Set());
  return entries?.every((entry) => !startsTasks(graph, entry)) ?? false;
}

/** The coroutines given to a runner from which `func` is reached by `await`; `null` if it may be reached otherwise. */
function entriesOf(graph: CallGraph, func: Func, seen: Set<Func>): Func[] | null {
  if (seen.has(func)) return [];
  seen.add(func);
  const callers = graph.callers(func);
  if (callers.length === 0 || graph.handedOver(func).length > 0) return null;
  const entries: Func[] = [];
  for (const { site } of callers) {
    if (!site.func.isAsync) {
      if (func.isAsync && !isRun(graph, site)) return null;
      if (func.isAsync) {
        entries.push(func);
        continue;
      }
    }
    const above = entriesOf(graph, site.func, seen);
    if (above === null) return null;
    entries.push(...above);
  }
  return entries;
}

/** Whether the call stands as the argument of something that runs a loop until it is done. */
function isRun(graph: CallGraph, { node }: Site): boolean {
  const outer = node.parent?.kind === "argument" ? node.parent.parent : null;
  return outer?.kind === "call" && graph.inference.names(outer.callee).some(({ name }) => RUNNERS.test(name));
}

const starting = new WeakMap<CallGraph, Map<Func, boolean>>();

/** Whether anything reached from an entry starts a task, a server, or a callback. */
function startsTasks(graph: CallGraph, entry: Func): boolean {
  const verdicts = starting.get(graph) ?? new Map<Func, boolean>();
  starting.set(graph, verdicts);
  const known = verdicts.get(entry);
  if (known !== undefined) return known;
  const seen = new Set([entry]);
  let found = false;
  for (const func of seen)
    for (const site of graph.sites(func)) {
      if (site.library.some(({ name }) => STARTERS.test(name))) found = true;
      for (const { func: target } of site.targets) seen.add(target);
    }
  verdicts.set(entry, found);
  return found;
}

const RUNNERS =
  /^(?:asyncio\.run|asyncio\.AbstractEventLoop\.run_until_complete|asyncio\.Runner\.run|anyio\.run|trio\.run|uvloop\.run)$/;

const STARTERS =
  /^(?:asyncio\.(?:gather|create_task|ensure_future|as_completed|wait|start_server|start_unix_server|run_coroutine_threadsafe|TaskGroup(?:\.create_task)?|AbstractEventLoop\.(?:create_task|create_server|run_in_executor|run_forever))|asyncio\.to_thread|anyio\.create_task_group|trio\.open_nursery|fastapi\.|starlette\.|aiohttp\.web\.|quart\.|sanic\.|litestar\.|discord\.|telegram\.|aiogram\.|tornado\.|websockets\.|uvicorn\.|hypercorn\.|grpc\.aio\.|aio_pika\.|django\.|channels\.)/;
