import { number } from "../../python/constant.ts";
import type { Func } from "../../python/module.ts";
import { lineOf, sourceOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { argument, within } from "../../python/syntax.ts";
import { startsOf } from "../coroutines/starts.ts";
import { repeats } from "../effects/blocking.ts";
import { type LoopAround, loopsAround } from "../effects/boundedness.ts";
import type { Runtime } from "../runtime.ts";
import { type Capacity, exceeds, fixed, isUnlimited, MANY, product } from "./capacity.ts";
import { type Submission, submissionsOf } from "./submissions.ts";

/** How often a piece of work may be under way at the same time, as far as those who start it go. */
export interface Times {
  /** `MANY` where only the pool bounds it. */
  count: Capacity;
  doubt: number;
}

const ONCE: Times = { count: fixed(1), doubt: 0 };
const DEEPEST = 7;

interface Known {
  submissions: Map<Submission, Times>;
  functions: Map<Func, Map<boolean, Times>>;
  tasks: ReadonlyMap<Func, { start: Func; count: Capacity; doubt: number }[]>;
  works: ReadonlyMap<Func, Submission[]>;
  active: Set<unknown>;
}

const known = new WeakMap<Runtime, Known>();

function knownOf(runtime: Runtime): Known {
  const found = known.get(runtime);
  if (found) return found;
  const made: Known = {
    submissions: new Map(),
    functions: new Map(),
    tasks: taskStarts(runtime),
    works: worksOf(runtime),
    active: new Set(),
  };
  known.set(runtime, made);
  return made;
}

/** Coroutine functions by who makes tasks of them, and of how many at once. */
function taskStarts(runtime: Runtime): Map<Func, { start: Func; count: Capacity; doubt: number }[]> {
  const found = new Map<Func, { start: Func; count: Capacity; doubt: number }[]>();
  const starts = startsOf(runtime);
  for (const func of runtime.graph.funcs)
    for (const { roots, over, awaitedAtOnce } of starts.in(func)) {
      const count = awaitedAtOnce ? fixed(1) : over.map((one) => roundsOf(runtime, one)).reduce(product, fixed(1));
      for (const { func: root, doubt } of roots) {
        const list = found.get(root) ?? [];
        list.push({ start: func, count, doubt });
        found.set(root, list);
      }
    }
  return found;
}

function worksOf(runtime: Runtime): Map<Func, Submission[]> {
  const found = new Map<Func, Submission[]>();
  for (const submission of submissionsOf(runtime))
    for (const { func } of submission.work) {
      if (!func) continue;
      const list = found.get(func) ?? [];
      list.push(submission);
      found.set(func, list);
    }
  return found;
}

/** How often the work of a submission may be under way at once. */
export function timesOf(runtime: Runtime, submission: Submission): Times {
  const memo = knownOf(runtime);
  const before = memo.submissions.get(submission);
  if (before) return before;
  if (memo.active.has(submission)) return ONCE;
  memo.active.add(submission);
  const found = computed(runtime, submission);
  memo.active.delete(submission);
  memo.submissions.set(submission, found);
  return found;
}

function computed(runtime: Runtime, submission: Submission): Times {
  const { call, fact, func, payload } = submission;
  const isMap = fact.argsForm === "map";
  const waited = !isMap && isWaitedFor(func, call);
  const loops = waited ? [] : loopsAround(call);
  const items = payload.filter(({ role }) => role === "items").map(({ expression }) => lengthOf(runtime, expression));
  const [first = MANY, ...others] = items;
  const own = isMap
    ? others.reduce((a, b) => (isUnlimited(a) ? b : a), first)
    : loops.map((loop) => roundsOf(runtime, loop)).reduce(product, fixed(1));
  if (isUnlimited(own)) return { count: MANY, doubt: 0 };
  const outer = runsOf(runtime, func, !waited && !isMap);
  return { count: product(own, outer.count), doubt: outer.doubt };
}

/**
 * How many runs of a function there may be at once. `piling` counts those, too, that do not wait for the end of what they start: runs one
 * after the other then add up.
 */
export function runsOf(runtime: Runtime, func: Func, piling: boolean): Times {
  const memo = knownOf(runtime);
  const before = memo.functions.get(func)?.get(piling);
  if (before) return before;
  const found = runs(runtime, func, piling);
  const both = memo.functions.get(func) ?? new Map<boolean, Times>();
  both.set(piling, found);
  memo.functions.set(func, both);
  return found;
}

function runs(runtime: Runtime, func: Func, piling: boolean): Times {
  const memo = knownOf(runtime);
  const { graph, contexts } = runtime;
  const serving = contexts.serving(func);
  if (serving && !ONE_AT_A_TIME.test(serving.label)) return { count: MANY, doubt: 0 };
  const seen = new Set([func]);
  let best: Times = ONCE;
  const offer = (count: Capacity, doubt: number): void => {
    const isMore = exceeds(count, best.count) || (isUnlimited(count) && doubt < best.doubt);
    if (isMore) best = { count, doubt };
  };
  let ring: { func: Func; doubt: number }[] = [{ func, doubt: 0 }];
  for (let hop = 0; hop < DEEPEST && ring.length > 0; hop++) {
    const next: { func: Func; doubt: number }[] = [];
    const climb = (to: Func, doubt: number): void => {
      if (seen.has(to) || doubt > 1 || runtime.target.isTest(to.module.path)) return;
      seen.add(to);
      next.push({ func: to, doubt });
    };
    for (const { func: at, doubt } of ring) {
      for (const task of memo.tasks.get(at) ?? []) {
        if (task.count.formula !== "1") offer(task.count, doubt + task.doubt);
        climb(task.start, doubt + task.doubt);
      }
      for (const submission of memo.works.get(at) ?? []) {
        if (runtime.target.isTest(submission.func.module.path)) continue;
        const { count, doubt: more } = timesOf(runtime, submission);
        if (count.formula !== "1") offer(count, doubt + more + submission.doubt);
      }
      for (const { site, target } of graph.callers(at)) {
        if (runtime.target.isTest(site.func.module.path)) continue;
        if (piling && repeats(site.node) && !site.awaited) offer(MANY, doubt + target.doubt);
        climb(site.func, doubt + target.doubt);
      }
    }
    if (isUnlimited(best.count) && best.doubt === 0) break;
    ring = next;
  }
  return best;
}

const ONE_AT_A_TIME = /^(?:Textual|Telegram|Channels)/;

/** Whether the body waits for the end of the work before it goes on to the next round. */
function isWaitedFor(func: Func, call: Call): boolean {
  for (let at: Node | null = call.parent; at; at = at.parent) {
    if (at.kind === "await") return true;
    if (at.kind === "attribute") return ENDS.test(at.attr);
    if (at.kind !== "argument" && at.kind !== "call") break;
  }
  const [loop] = loopsAround(call);
  const name = call.parent?.kind === "assign" && call.parent.targets.length === 1 ? call.parent.targets[0] : null;
  if (!name) return false;
  const text = sourceOf(func.module, name);
  const inside: readonly Node[] = loop ? (loop.kind === "clause" ? [] : within(loop)) : func.nodes;
  return inside.some(
    (node) =>
      (node.kind === "call" &&
        node.callee.kind === "attribute" &&
        ENDS.test(node.callee.attr) &&
        sourceOf(func.module, node.callee.value) === text) ||
      (node.kind === "await" && sourceOf(func.module, node.value) === text),
  );
}

const ENDS = /^(?:result|join|get|exception)$/;

/** How many rounds a loop makes. */
function roundsOf(runtime: Runtime, loop: LoopAround | Expression): Capacity {
  switch (loop.kind) {
    case "while":
      return MANY;
    case "for":
    case "clause":
      return lengthOf(runtime, loop.iter);
    default:
      return lengthOf(runtime, loop);
  }
}

/** How many elements an iterable has, where the program text fixes their number; else `MANY`. */
export function lengthOf(runtime: Runtime, iter: Expression, depth = DEEPEST): Capacity {
  if (depth === 0) return MANY;
  switch (iter.kind) {
    case "list":
    case "tuple":
    case "set":
      return iter.items.some(({ kind }) => kind === "starred") ? MANY : fixed(iter.items.length);
    case "binary":
      return iter.op === "*" ? repeated(runtime, iter.left, iter.right, depth) : MANY;
    case "comprehension":
      return iter.clauses.map(({ iter: source }) => lengthOf(runtime, source, depth - 1)).reduce(product, fixed(1));
    case "call":
      return callLength(runtime, iter, depth);
    case "name":
    case "attribute":
      return namedLength(runtime, iter, depth);
    default:
      return MANY;
  }
}

/** `[None] * workers`. */
function repeated(runtime: Runtime, left: Expression, right: Expression, depth: number): Capacity {
  const [list, times] = left.kind === "list" || left.kind === "tuple" ? [left, right] : [right, left];
  const count = counted(runtime, times);
  return count ? product(lengthOf(runtime, list, depth - 1), count) : MANY;
}

function namedLength(runtime: Runtime, expression: Expression, depth: number): Capacity {
  // What a caller passes is data, though the callers in sight may pass little.
  if (runtime.graph.callables.parameterOf(expression)) return MANY;
  const constant = runtime.constants.evaluate(expression);
  if (constant?.kind === "list" || constant?.kind === "tuple" || constant?.kind === "set")
    return { ...fixed(constant.value.length), doubt: constant.doubt };
  if (constant?.kind === "dict") return { ...fixed(constant.value.size), doubt: constant.doubt };
  if (expression.kind !== "name") return MANY;
  const [only, ...others] = runtime.inference.bindings(expression).bindings;
  if (only?.kind !== "value" || only.path.length > 0 || others.length > 0) return MANY;
  // A list that grows later has no length yet.
  if (only.value.kind === "list" || only.value.kind === "name") return MANY;
  return lengthOf(runtime, only.value, depth - 1);
}

function callLength(runtime: Runtime, call: Call, depth: number): Capacity {
  const names = runtime.inference.names(call.callee).map(({ name }) => name);
  const first = argument(call, null, 0);
  if (names.includes("range")) return rangeLength(runtime, call);
  if (names.includes("itertools.repeat")) {
    const times = argument(call, "times", 1);
    return (times && counted(runtime, times)) ?? MANY;
  }
  if (first && names.some((name) => SAME_LENGTH.has(name))) return lengthOf(runtime, first, depth - 1);
  if (names.includes("zip"))
    return call.args.map(({ value }) => lengthOf(runtime, value, depth - 1)).find((one) => !isUnlimited(one)) ?? MANY;
  if (call.callee.kind === "attribute" && VIEWS.test(call.callee.attr))
    return lengthOf(runtime, call.callee.value, depth - 1);
  return MANY;
}

const SAME_LENGTH = new Set(["list", "tuple", "iter", "sorted", "reversed", "enumerate", "tqdm.tqdm"]);
const VIEWS = /^(?:items|keys|values)$/;

function rangeLength(runtime: Runtime, call: Call): Capacity {
  if (call.args.some(({ stars, name }) => stars !== 0 || name !== null) || call.args.length > 2) return MANY;
  const [first, second] = call.args.map(({ value }) => value);
  if (!first) return MANY;
  if (!second) return counted(runtime, first) ?? MANY;
  const [from, to] = [first, second].map((one) => number(runtime.constants.evaluate(one)));
  return from && to && from.exact !== null && to.exact !== null ? fixed(Math.max(0, to.exact - from.exact)) : MANY;
}

/** A number of the program as a capacity, with its place. */
function counted(runtime: Runtime, expression: Expression): Capacity | null {
  const constant = runtime.constants.evaluate(expression);
  const quantity = number(constant);
  if (!constant || !quantity) return null;
  const module = runtime.inference.moduleOf(expression);
  const last = constant.origin.filter(({ by }) => by !== "literal").at(-1);
  const place = {
    path: last?.module.path ?? module.path,
    line: lineOf(last?.module ?? module, last?.node ?? expression),
  };
  return {
    at: (processors) => {
      if (constant.kind !== "cpus") return { least: quantity.low, most: quantity.high };
      const exact = constant.value.at(processors);
      return { least: exact, most: exact };
    },
    formula: quantity.formula,
    words: `\`${sourceOf(module, expression)}\`, ${place.path}:${place.line}`,
    places: [place],
    doubt: constant.doubt,
  };
}
