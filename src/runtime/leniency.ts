import type { Func } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import { enclosing } from "../python/syntax.ts";
import type { CallGraph } from "./callgraph.ts";
import type { Runtime } from "./runtime.ts";

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
    const yields = func.nodes.find((one) => one.kind === "yield");
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

const alone = new WeakMap<CallGraph, { concurrent: boolean; verdicts: Map<Func, boolean> }>();

/** A coroutine that only ever runs under `asyncio.run` in a program that starts no second task has the loop to itself. */
function runsAlone(runtime: Runtime, func: Func): boolean {
  const { graph } = runtime;
  let known = alone.get(graph);
  if (!known) {
    known = { concurrent: graph.funcs.some((one) => startsTasks(graph, one)), verdicts: new Map() };
    alone.set(graph, known);
  }
  if (known.concurrent) return false;
  return aloneFrom(graph, func, known.verdicts);
}

function aloneFrom(graph: CallGraph, func: Func, verdicts: Map<Func, boolean>): boolean {
  const known = verdicts.get(func);
  if (known !== undefined) return known;
  verdicts.set(func, true);
  const callers = graph.callers(func);
  const verdict =
    callers.length > 0 &&
    callers.every(({ site }) =>
      !site.func.isAsync ? RUNNERS.test(runnerOf(graph, site.func, func)) : aloneFrom(graph, site.func, verdicts),
    );
  verdicts.set(func, verdict);
  return verdict;
}

/** The library call that runs a coroutine made in plain code; empty if none is seen. */
function runnerOf(graph: CallGraph, caller: Func, coroutine: Func): string {
  for (const site of graph.sites(caller)) {
    if (site.node.kind !== "call") continue;
    const [first] = site.node.args;
    const inner = first && graph.siteOf(first.value);
    if (inner?.targets.some(({ func }) => func === coroutine))
      for (const { name } of site.library) if (RUNNERS.test(name)) return name;
  }
  return "";
}

const RUNNERS =
  /^(?:asyncio\.run|asyncio\.AbstractEventLoop\.run_until_complete|asyncio\.Runner\.run|anyio\.run|trio\.run|uvloop\.run)$/;

const STARTERS =
  /^(?:asyncio\.(?:gather|create_task|ensure_future|as_completed|wait|start_server|start_unix_server|run_coroutine_threadsafe|TaskGroup(?:\.create_task)?|AbstractEventLoop\.(?:create_task|create_server|run_in_executor|run_forever))|asyncio\.to_thread|anyio\.create_task_group|trio\.open_nursery|fastapi\.|starlette\.|aiohttp\.web\.|quart\.|sanic\.|litestar\.|discord\.|telegram\.|aiogram\.|tornado\.|websockets\.|uvicorn\.|hypercorn\.|grpc\.aio\.|aio_pika\.|django\.|channels\.)/;

function startsTasks(graph: CallGraph, func: Func): boolean {
  return graph.sites(func).some((site) => site.library.some(({ name }) => STARTERS.test(name)));
}
