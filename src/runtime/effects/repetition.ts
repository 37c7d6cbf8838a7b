import { OFFLOAD } from "../../knowledge/offload.ts";
import type { Func, Module } from "../../python/module.ts";
import type { Expression, Node, Statement } from "../../python/syntax.ts";
import { blocksOf, following, within } from "../../python/syntax.ts";
import { matchArguments } from "../graph/callables.ts";
import type { Site } from "../graph/callgraph.ts";
import { exitsOf } from "../graph/exits.ts";
import { leniency } from "../graph/leniency.ts";
import { namesOf } from "../graph/mentions.ts";
import type { Runtime } from "../runtime.ts";
import { isMemoized, isOnce, missingIn } from "./memoized.ts";

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

/** Calls between the request (or the loop) and the place: the longer the way, the more conditions stand on it that we do not see. */
const MOST_HOPS = 5;
const LONG = { request: 3, item: 2 };
const FAR = { request: 1, item: 2 };
/** Fewer rounds than this are no repetition worth speaking of. */
const FEW = 4;

/** The request or loop that repeats the code at `node`; `null` if it runs once, or nobody knows. */
export function repetitionOf(runtime: Runtime, func: Func, node: Node): Repetition | null {
  if (runtime.target.isTest(func.module.path) || isOnce(func, node)) return null;
  const own = loopAround(runtime, func, node);
  if (own?.doubt === 0) return own;
  if (func.node.kind === "module" || leniency(runtime, func, node) === "start-up") return own;
  return better(fromCallers(runtime, func, sparing(func, node)), own);
}

function better(a: Repetition | null, b: Repetition | null): Repetition | null {
  if (!a || !b) return a ?? b;
  return b.doubt < a.doubt ? b : a;
}

function fromCallers(runtime: Runtime, start: Func, spared: ReadonlySet<string>): Repetition | null {
  const { graph } = runtime;
  const seen = new Set([start]);
  let best: Repetition | null = null;
  let steps: Step[] = [{ func: start, trace: [], startsLoop: false, doubt: 0 }];
  for (let hop = 0; hop <= MOST_HOPS && steps.length > 0; hop++) {
    const next: Step[] = [];
    const found = (repetition: Repetition | null): void => {
      if (!repetition) return;
      const far = hop >= LONG[repetition.kind] ? hop - LONG[repetition.kind] + FAR[repetition.kind] : 0;
      best = better(best, { ...repetition, doubt: repetition.doubt + far });
    };
    for (const step of steps) {
      if (isMemoized(runtime, step.func)) continue;
      const served = servedBy(runtime, step);
      found(served);
      if (served) continue;
      for (const { site, target } of graph.callers(step.func)) {
        // Recursion says nothing about how often it starts.
        if (site.func === start || (step.func === start && gives(runtime, site.node, start, spared))) continue;
        // A loop over objects of several classes may run the method of this one once.
        const guess = target.receiver?.requires ? 1 : 0;
        found(climb(runtime, step, site, target.doubt + guess, next, seen));
      }
      for (const { site, handover } of graph.handedOver(step.func)) {
        // A thread or process of its own rightly has clients of its own.
        if (handover.destination.pool === "own") continue;
        if (OFFLOAD.get(handover.destination.by)?.argsForm === "map")
          found(repeated(step, site, "item", "loop", "runs it for every item", handover.doubt));
        else found(climb(runtime, step, site, handover.doubt, next, seen));
      }
    }
    if (isSure(best)) return best;
    steps = next;
  }
  return best;
}

function isSure(repetition: Repetition | null): boolean {
  return repetition?.doubt === 0;
}

/** Parameters that spare the function the making at `node` when a caller gives them: `session = session or Session()`. */
function sparing(func: Func, node: Node): Set<string> {
  const found = new Set<string>();
  const note = (one: Expression): void => {
    if (one.kind === "name" && func.params.some(({ name }) => name === one.id)) found.add(one.id);
  };
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "module") break;
    if (at.kind === "boolean" && at.op === "or" && from === at.right) note(at.left);
    else if (at.kind === "conditional" && from !== at.test)
      for (const one of [at.test, ...within(at.test)]) if (one.kind === "name") note(one);
    if (at.kind === "branch" && from !== at.test) missingIn(at.test).forEach(note);
  }
  return found;
}

/** Whether the call gives one of the parameters. */
function gives(runtime: Runtime, call: Node, func: Func, names: ReadonlySet<string>): boolean {
  if (call.kind !== "call" || names.size === 0) return false;
  return runtime.inference
    .values(call.callee)
    .some(
      (value) =>
        value.kind === "function" &&
        value.func === func &&
        matchArguments(call, func, value.self !== null).some(
          ([param, given]) => names.has(param.name) && !(given.kind === "constant" && given.value === null),
        ),
    );
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
  if (isOnce(func, site.node) || endsInRaise(func, site.node)) return null;
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

/** The code goes on to raise: this way the loops of its callers end. */
function endsInRaise(func: Func, node: Node): boolean {
  for (let at: Node = node, parent = at.parent; parent && at !== func.node; at = parent, parent = at.parent) {
    if (at.kind === "raise") return true;
    if (blocksOf(parent).length === 0) continue;
    const exits = exitsOf(following(parent, at));
    return exits.size === 1 && exits.has("raise");
  }
  return false;
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
