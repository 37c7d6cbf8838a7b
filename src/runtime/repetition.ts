import { OFFLOAD } from "../knowledge/offload.ts";
import type { Func, Module } from "../python/module.ts";
import type { Expression, Node, Statement } from "../python/syntax.ts";
import { within } from "../python/syntax.ts";
import type { Site } from "./callgraph.ts";
import { leniency } from "./leniency.ts";
import { namesOf } from "./mentions.ts";
import type { Runtime } from "./runtime.ts";

/** Why a place in the code runs again and again. */
export interface Repetition {
  kind: "request" | "item";
  /** What serves the request, in the framework's words (`FastAPI route`), or `loop`. */
  label: string;
  /** From what repeats it down to the place. */
  trace: { module: Module; at: Node; message: string }[];
  /** A plain function on the way starts an event loop, so that what belongs to the loop cannot outlive one round. */
  startsLoop: boolean;
  doubt: number;
}

interface Step {
  func: Func;
  trace: Repetition["trace"];
  startsLoop: boolean;
  doubt: number;
}

const MOST_HOPS = 5;
const LONG = 4;
/** Fewer rounds than this are no repetition worth speaking of. */
const FEW = 4;

/** The request or loop that repeats the code at `node`; `null` if it runs once, or nobody knows. */
export function repetitionOf(runtime: Runtime, func: Func, node: Node): Repetition | null {
  if (runtime.target.isTest(func.module.path) || leniency(runtime, func, node) === "start-up")
    return loopOnly(runtime, func, node);
  const own = loopAround(runtime, func, node);
  if (own?.doubt === 0) return own;
  const found = fromCallers(runtime, func);
  return found ?? own;
}

/** Module-level code repeats itself only by its own loops; start-up code and tests are not looked at. */
function loopOnly(runtime: Runtime, func: Func, node: Node): Repetition | null {
  if (func.node.kind !== "module" || runtime.target.isTest(func.module.path)) return null;
  return loopAround(runtime, func, node);
}

function fromCallers(runtime: Runtime, start: Func): Repetition | null {
  const { graph, inference } = runtime;
  const seen = new Set([start]);
  let steps: Step[] = [{ func: start, trace: [], startsLoop: false, doubt: 0 }];
  for (let hop = 0; hop < MOST_HOPS && steps.length > 0; hop++) {
    const next: Step[] = [];
    for (const step of steps) {
      if (inference.decoration(step.func).cached) continue;
      const served = servedBy(runtime, step);
      if (served) return { ...served, doubt: served.doubt + (hop >= LONG ? 1 : 0) };
      for (const { site, target } of graph.callers(step.func)) {
        const found = climb(runtime, step, site, target.doubt, next, seen);
        if (found) return found;
      }
      for (const { site, handover } of graph.handedOver(step.func)) {
        if (OFFLOAD.get(handover.destination.by)?.argsForm === "map")
          return repeated(step, site, "item", "loop", "runs it for every item", handover.doubt);
        const found = climb(runtime, step, site, handover.doubt, next, seen);
        if (found) return found;
      }
    }
    steps = next;
  }
  return null;
}

function servedBy(runtime: Runtime, { func, trace, startsLoop, doubt }: Step): Repetition | null {
  const context = runtime.contexts
    .of(func)
    .find((one) => one.from === null && one.root.serves && one.root.func === func);
  if (!context) return null;
  const { label } = context.root;
  const at = func.node.kind === "function" ? (func.node.decorators[0] ?? func.node) : func.node;
  return {
    kind: "request",
    label,
    trace: [{ module: func.module, at, message: `${label}: runs for every request` }, ...trace],
    startsLoop,
    doubt: doubt + context.doubt,
  };
}

/** One step up: the caller's loop repeats it, or the caller is the next to be asked. */
function climb(
  runtime: Runtime,
  step: Step,
  site: Site,
  doubt: number,
  next: Step[],
  seen: Set<Func>,
): Repetition | null {
  const { func } = site;
  if (doubt > 1 || runtime.target.isTest(func.module.path)) return null;
  if (func.node.kind !== "module" && leniency(runtime, func, site.node) === "start-up") return null;
  const loop = loopAround(runtime, func, site.node);
  if (loop && loop.doubt === 0) return repeated(step, site, "item", "loop", "calls it for every item", doubt);
  if (func.node.kind === "module" || seen.has(func)) return null;
  seen.add(func);
  const called = { module: func.module, at: site.node, message: "calls it" };
  next.push({
    func,
    trace: [called, ...step.trace],
    startsLoop: step.startsLoop || (step.func.isAsync && !func.isAsync),
    doubt: step.doubt + doubt,
  });
  return null;
}

function repeated(
  step: Step,
  site: Site,
  kind: Repetition["kind"],
  label: string,
  message: string,
  doubt: number,
): Repetition {
  return {
    kind,
    label,
    trace: [{ module: site.func.module, at: site.node, message }, ...step.trace],
    startsLoop: step.startsLoop || (step.func.isAsync && !site.func.isAsync),
    doubt: step.doubt + doubt,
  };
}

/** The loop around a place in its function; with doubt where it only tries again, waits for the next time, or makes few rounds. */
function loopAround(runtime: Runtime, func: Func, node: Node): Repetition | null {
  let weak: Node | null = null;
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class" || at.kind === "module") break;
    if (at.kind === "while") weak ??= at;
    else if (at.kind === "for" && from !== at.iter && from !== at.target && !at.orelse.some((one) => one === from)) {
      if (isMany(runtime, at.iter) && !leavesAfterOne(at.body) && !isRetry(runtime, func, at))
        return loopOf(func, at, 0);
      weak ??= at;
    } else if (at.kind === "comprehension") {
      const index = from.kind === "clause" ? at.clauses.indexOf(from) : at.clauses.length;
      const around = at.clauses.slice(0, index);
      if (around.some((clause) => isMany(runtime, clause.iter))) return loopOf(func, at, 0);
    }
  }
  return weak ? loopOf(func, weak, 2) : null;
}

function loopOf(func: Func, loop: Node, doubt: number): Repetition {
  const at = loop.kind === "for" ? loop.iter : loop.kind === "while" ? loop.test : loop;
  return {
    kind: "item",
    label: "loop",
    trace: [{ module: func.module, at, message: "this loop repeats it" }],
    startsLoop: false,
    doubt,
  };
}

/** More than a handful of rounds, as far as the code says. */
function isMany(runtime: Runtime, iter: Expression): boolean {
  if (iter.kind === "tuple" || iter.kind === "list" || iter.kind === "set") return iter.items.length >= FEW;
  if (iter.kind !== "call") return true;
  const names = runtime.inference.names(iter.callee);
  if (names.some(({ name }) => /^tenacity\.|^backoff\./.test(name))) return false;
  if (!names.some(({ name }) => name === "range")) return true;
  return !iter.args.every(({ value }) => value.kind === "number" && value.value <= FEW);
}

/** The body ends by leaving the loop: another round means another try. */
function leavesAfterOne(body: readonly Statement[]): boolean {
  const last = body.at(-1);
  if (last?.kind === "try") return leavesAfterOne(last.orelse.length > 0 ? last.orelse : last.body);
  if (last?.kind === "with") return leavesAfterOne(last.body);
  return last?.kind === "return" || last?.kind === "break";
}

/** `for _ in range(retries)`: the counter is not used for anything, and a round that succeeds leaves the loop. */
function isRetry(runtime: Runtime, func: Func, loop: Node & { kind: "for" }): boolean {
  const { iter, target } = loop;
  const isCounted =
    iter.kind === "call" &&
    runtime.inference.names(iter.callee).some(({ name }) => /^(?:range|itertools\.count)$/.test(name));
  if (!isCounted || target.kind !== "name") return false;
  const leaves = within(loop).some((node) => node.kind === "return" || node.kind === "break");
  const isUsed = namesOf(func, target.id).some(
    (name) => name !== target && name.start >= loop.start && name.end <= loop.end && name.parent?.kind === "argument",
  );
  return leaves || !isUsed;
}
