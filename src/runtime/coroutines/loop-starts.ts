import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import { funcAt, nodesOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { neverRuns } from "../effects/blocking.ts";
import { chain, type Effects, type Source, spread, through, type Witness } from "../effects/witness.ts";
import type { CallGraph, Site } from "../graph/callgraph.ts";
import { isLazy } from "../graph/laziness.ts";
import { attributesNamed } from "../graph/mentions.ts";
import type { Runtime } from "../runtime.ts";

/** What starts an event loop and waits until it is done, by canonical name. */
export interface LoopStart {
  name: string;
}

/** Which code starts event loops, in its own body and through the plain functions that it calls. */
export interface LoopStarts {
  direct(func: Func): readonly Source<LoopStart>[];
  /** The best chain from a site down to a loop start; `null` if there is none, or if something on it looks first whether a loop runs. */
  through(site: Site): { witness: Witness<LoopStart>; doubt: number } | null;
}

/** Finds the calls that start loops; a plain function that asks for the running loop first knows what it does. */
export function loopStartsOf(runtime: Runtime): LoopStarts {
  const { graph } = runtime;
  const direct = new Map<Func, readonly Source<LoopStart>[]>();
  const candidates = new Set([
    ...graph.calling(({ name }) => STARTS.has(name) || name === ASYNC_TO_SYNC).map(({ func }) => func),
    ...attributesNamed(runtime, UNTIL_COMPLETE).map((node) => funcAt(graph.inference.moduleOf(node), node)),
  ]);
  for (const func of candidates) if (!asksForLoop(graph.inference, func)) direct.set(func, startsIn(graph, func));
  const directly = (func: Func): readonly Source<LoopStart>[] => direct.get(func) ?? [];
  const effects: Effects<LoopStart> = spread(graph, directly);
  return {
    direct: directly,
    through: (site) => {
      const found = through(graph, site, effects);
      if (!found) return null;
      const hops = chain(found.witness);
      if (hops.some(({ func }) => asksForLoop(graph.inference, func))) return null;
      // What always raises is noticed at once: in code that works, a step that is not taken every time is the likely way out.
      const choices = hops.filter((hop) => isConditional(hop.func, hop.site.node)).length;
      return { witness: found.witness, doubt: found.doubt + choices * Math.min(hops.length, 2) };
    },
  };
}

function startsIn(graph: CallGraph, func: Func): readonly Source<LoopStart>[] {
  const found: Source<LoopStart>[] = [];
  for (const node of nodesOf(func, "call")) {
    if (neverRuns(node) || isLazy(graph.inference, node)) continue;
    if (isCaught(graph.inference, node)) continue;
    const start = startOf(graph.inference, func, node);
    if (!start) continue;
    const site: Site = graph.siteOf(node) ?? {
      func,
      node,
      kind: "call",
      awaited: false,
      library: [],
      targets: [],
      handovers: [],
    };
    if (!site.awaited) found.push({ site, ...start, fact: { name: start.name } });
  }
  return found;
}

function startOf(inference: Inference, func: Func, call: Call): { name: string; doubt: number } | null {
  const { callee } = call;
  const names = inference.names(callee);
  for (const { name, doubt } of names) if (STARTS.has(name)) return { name, doubt };
  // `async_to_sync(f)(x)`
  if (callee.kind === "call")
    for (const { name, doubt } of inference.names(callee.callee)) if (name === ASYNC_TO_SYNC) return { name, doubt };
  // Only event loops have a method of this name.
  const isUnknownLoop =
    callee.kind === "attribute" &&
    callee.attr === UNTIL_COMPLETE &&
    inference.values(callee).length === 0 &&
    inference.values(callee.value).length === 0 &&
    func.module.scope.names.has("asyncio");
  return isUnknownLoop ? { name: "asyncio.AbstractEventLoop.run_until_complete", doubt: 1 } : null;
}

const ASYNC_TO_SYNC = "asgiref.sync.async_to_sync";
const UNTIL_COMPLETE = "run_until_complete";

const STARTS = new Set([
  "asyncio.run",
  "asyncio.Runner.run",
  "asyncio.AbstractEventLoop.run_until_complete",
  "asyncio.AbstractEventLoop.run_forever",
  "uvloop.run",
  "anyio.run",
]);

/** Whether a call of the function may end without reaching the node: it stands in a branch or handler, or behind an early `return`. */
function isConditional(func: Func, node: Node): boolean {
  for (let at = node.parent, from: Node = node; at && at !== func.node; from = at, at = at.parent) {
    if (at.kind === "branch" && from !== at.test) return true;
    if (at.kind === "if" && at.orelse.some((one) => one === from)) return true;
    if (at.kind === "handler" || at.kind === "case") return true;
    if (at.kind === "conditional" && from !== at.test) return true;
    if (at.kind === "boolean" && from === at.right) return true;
  }
  return nodesOf(func, "return").some((one) => one.end <= node.start);
}

const asks = new WeakMap<Func, boolean>();

/** Whether a plain function looks if a loop is running in its thread before it starts one. */
function asksForLoop(inference: Inference, func: Func): boolean {
  if (func.isAsync) return false;
  const known = asks.get(func);
  if (known !== undefined) return known;
  const found = nodesOf(func, "call").some((node) => isQuestion(inference, node));
  asks.set(func, found);
  return found;
}

function isQuestion(inference: Inference, call: Call): boolean {
  const { callee } = call;
  if (callee.kind === "attribute" && callee.attr === "is_running") return true;
  const names = inference.names(callee).map(({ name }) => name);
  if (names.some((name) => name === "asyncio._get_running_loop" || name === "sniffio.current_async_library"))
    return true;
  return names.includes("asyncio.get_running_loop") && isTried(call);
}

/** `try: get_running_loop()`: it raises where none is running. */
function isTried(call: Expression): boolean {
  for (let at = call.parent, from: typeof at = call; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda") return false;
    if (at.kind === "try" && at.handlers.length > 0 && at.body.some((one) => one === from)) return true;
    if (at.kind === "with" && at.items.some(({ context }) => context.kind === "call")) return true;
  }
  return false;
}

/** `try: asyncio.run(…) except RuntimeError`: the code knows that a loop may be running. */
function isCaught(inference: Inference, call: Expression): boolean {
  for (let at = call.parent, from: Node = call; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda") return false;
    if (at.kind !== "try" || !at.body.some((one) => one === from)) continue;
    for (const { type } of at.handlers) {
      const types = type?.kind === "tuple" ? type.items : type ? [type] : [];
      if (types.some((one) => inference.names(one).some(({ name }) => name === "RuntimeError"))) return true;
    }
  }
  return false;
}

/** Whether the project calls `nest_asyncio.apply()`, which lets loops start inside loops. */
export function isNestable(graph: CallGraph): boolean {
  return graph.calling(({ name }) => /^nest_?asyncio\w*\.apply$/.test(name)).length > 0;
}
