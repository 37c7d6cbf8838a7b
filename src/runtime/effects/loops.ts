import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Comprehension, Expression, For, Node, While } from "../../python/syntax.ts";
import { children, eachChild, opensScope } from "../../python/syntax.ts";
import type { CallGraph } from "../graph/callgraph.ts";

/** A loop statement, or one `for` clause of a comprehension. */
export type Loop = For | While | Comprehension["clauses"][number];

/** Pure-Python number work: loops within loops (through calls, too) whose size nothing small bounds. */
export interface LoopWork {
  /** The outermost loop of the nest. */
  at: Loop | Node;
  depth: number;
  /** Whether numbers count the rounds; else the work is as large as the data. */
  counted: boolean;
}

interface NumericLoop {
  loop: Loop;
  depth: number;
  counted: boolean;
}

/** Fewer rounds than this are no work. */
const SMALL = 100;

/** Finds the functions whose loops are work for the processor: nests of their own, or a loop that calls a function with one. */
export function loopWorkOf(graph: CallGraph, waits: (func: Func) => boolean): Map<Func, LoopWork> {
  const own = new Map<Func, NumericLoop[]>();
  for (const func of graph.funcs) {
    const loops = numericLoops(graph, func, waits);
    if (loops.length > 0) own.set(func, loops);
  }
  const depths = new Map<Func, number>();
  for (const [func, loops] of own)
    depths.set(func, Math.max(0, ...loops.filter(({ counted }) => counted).map(({ depth }) => depth)));
  const depthOf = (func: Func): number => depths.get(func) ?? 0;
  const found = new Map<Func, LoopWork>();
  for (const func of graph.funcs) {
    const recursion = branchingRecursion(graph, func);
    if (recursion && !waits(func)) found.set(func, { at: recursion, depth: 2, counted: true });
    const work = ownWork(graph, func, own.get(func) ?? [], depthOf);
    if (work) found.set(func, work);
  }
  return found;
}

/** The work that starts in the function itself: a nest of its own, or a loop that calls a function with one. */
function ownWork(
  graph: CallGraph,
  func: Func,
  loops: readonly NumericLoop[],
  depthOf: (func: Func) => number,
): LoopWork | null {
  const [deepest] = [...loops].sort((a, b) => Number(b.counted) - Number(a.counted) || b.depth - a.depth);
  if (deepest && deepest.depth >= 2)
    return { at: outermost(graph.inference, deepest.loop), depth: deepest.depth, counted: deepest.counted };
  if (nodesOf(func, "for", "while", "clause").length === 0) return null;
  for (const site of graph.sites(func)) {
    if (!site.targets.some(({ func: target, doubt }) => target !== func && doubt === 0 && depthOf(target) === 1))
      continue;
    const [innermost] = loopsAround(graph.inference, site.node);
    if (!innermost || insideOf(innermost).some(suspends) || !isCounted(graph.inference, innermost)) continue;
    return { at: outermost(graph.inference, innermost), depth: 2, counted: true };
  }
  return null;
}

/** Loops of numbers: counted by `range` or by a condition, with arithmetic inside, without waiting; nested ones with their depth. */
function numericLoops(graph: CallGraph, func: Func, waits: (func: Func) => boolean): NumericLoop[] {
  const { inference } = graph;
  const found: NumericLoop[] = [];
  for (const node of nodesOf(func, "for", "while", "clause")) {
    if (node.kind !== "while" && (node.isAsync || isSmall(inference, node.iter))) continue;
    const nest = [node, ...loopsAround(inference, node)];
    const depth = nest.length;
    const inside = insideOf(node);
    if (inside.some(suspends)) continue;
    if (!inside.some((one) => isArithmetic(inference, one))) continue;
    if (inside.some((one) => graph.siteOf(one)?.targets.some(({ func: target }) => waits(target)) ?? false)) continue;
    const counted = isLarge(inference, nest) && isNumberWork(inference, inside);
    if (!counted && depth < 2) continue;
    found.push({ loop: node, depth, counted });
  }
  return found;
}

/**
 * Whether a nest is work whatever the data: numbers count the rounds of at least two of its loops (of a single one), or they count those
 * of three, be it the number of elements.
 */
function isLarge(inference: Inference, nest: readonly Loop[]): boolean {
  const counted = nest.filter((loop) => isCounted(inference, loop));
  if (counted.length >= Math.min(nest.length, 2)) return true;
  return nest.filter((loop) => isCounted(inference, loop, true)).length >= 3;
}

/** The loops around a node within its function that let nobody else run, innermost first; small ones do not count. */
function loopsAround(inference: Inference, node: Node): Loop[] {
  return loopsOutside(inference, node).filter((loop) => !lets(loop));
}

/** Whether other tasks get their turn in every round. */
function lets(loop: Loop): boolean {
  return (loop.kind !== "while" && loop.isAsync) || insideOf(loop).some(({ kind }) => kind === "await");
}

function loopsOutside(inference: Inference, node: Node): Loop[] {
  const found: Loop[] = [];
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (opensScope(at) || at.kind === "module") break;
    if (at.kind === "while") found.push(at);
    else if (at.kind === "for" && from !== at.iter && !isSmall(inference, at.iter)) found.push(at);
    else if (at.kind === "comprehension") {
      const index = from.kind === "clause" ? at.clauses.indexOf(from) : at.clauses.length;
      for (const clause of at.clauses.slice(0, index)) if (!isSmall(inference, clause.iter)) found.push(clause);
    }
  }
  return found;
}

function outermost(inference: Inference, loop: Loop): Loop {
  return loopsAround(inference, loop).at(-1) ?? loop;
}

function insideOf(loop: Loop): Node[] {
  const roots: readonly Node[] =
    loop.kind === "clause"
      ? loop.parent
        ? children(loop.parent)
        : []
      : loop.kind === "while"
        ? [loop.test, ...loop.body]
        : loop.body;
  const found: Node[] = [];
  const collect = (node: Node): void => {
    // Where to look is no work, and neither is how many rounds there are.
    if (node.kind === "slice" || (loop.kind !== "while" && node === loop.iter)) return;
    found.push(node);
    if (!opensScope(node)) eachChild(node, collect);
  };
  roots.forEach(collect);
  return found;
}

function suspends({ kind }: Node): boolean {
  return kind === "await" || kind === "yield";
}

/** Whether a loop does nothing but calculate: hard arithmetic, and no calls but those that calculate or collect. */
function isNumberWork(inference: Inference, inside: readonly Node[]): boolean {
  const hard = inside.some(
    (one) =>
      (one.kind === "binary" || one.kind === "augassign") &&
      HARD.has(one.op.replace("=", "")) &&
      isArithmetic(inference, one),
  );
  if (!hard) return false;
  return inside.every((one) => one.kind !== "call" || calculates(inference, one));
}

function calculates(inference: Inference, call: Call): boolean {
  const names = inference.names(call.callee);
  if (names.length > 0)
    return names.every(({ name }) => CALCULATING.has(name) || /^(?:math|cmath|random)\./.test(name));
  return call.callee.kind === "attribute" && COLLECTING.has(call.callee.attr);
}

/** Counted by numbers: `range(…)`, or a `while` whose condition computes or compares; a number of elements only if `orElements`. */
function isCounted(inference: Inference, loop: Loop, orElements = false): boolean {
  if (loop.kind === "while")
    return (
      (loop.test.kind === "compare" || loop.test.kind === "boolean") && (orElements || !isLength(inference, loop.test))
    );
  const { iter } = loop;
  return (
    iter.kind === "call" &&
    inference.names(iter.callee).some(({ name }) => name === "range") &&
    (orElements || !iter.args.some(({ value }) => isLength(inference, value)))
  );
}

/** Whether a number is that of the elements of something: `len(rows)`, `len(rows) - 1`, or a name for it. */
function isLength(inference: Inference, expression: Expression): boolean {
  switch (expression.kind) {
    case "call":
      return inference.names(expression.callee).some(({ name }) => name === "len");
    case "binary":
      return isLength(inference, expression.left) || isLength(inference, expression.right);
    case "compare":
      return expression.operands.some((one) => isLength(inference, one));
    case "boolean":
      return isLength(inference, expression.left) || isLength(inference, expression.right);
    case "name": {
      const [only, ...more] = inference.bindings(expression).bindings;
      return (
        only?.kind === "value" &&
        more.length === 0 &&
        only.path.length === 0 &&
        only.value.kind === "call" &&
        isLength(inference, only.value)
      );
    }
    default:
      return false;
  }
}

function isSmall(inference: Inference, iter: Expression): boolean {
  if (iter.kind === "tuple" || iter.kind === "list" || iter.kind === "set") return iter.items.length < SMALL;
  if (iter.kind !== "call" || !inference.names(iter.callee).some(({ name }) => name === "range")) return false;
  return iter.args.every(
    ({ value, stars }) => stars === 0 && (value.kind === "number" || value.kind === "unary") && bound(value) < SMALL,
  );
}

function bound(value: Expression): number {
  return value.kind === "number"
    ? value.value
    : value.kind === "unary"
      ? bound(value.operand)
      : Number.POSITIVE_INFINITY;
}

const HARD = new Set(["*", "/", "%", "//", "**", "^", "<<", ">>"]);
const CALCULATING = new Set([
  "abs",
  "min",
  "max",
  "sum",
  "pow",
  "divmod",
  "round",
  "int",
  "float",
  "complex",
  "len",
  "range",
  "zip",
  "enumerate",
  "list.append",
  "all",
  "any",
]);
const COLLECTING = new Set(["append"]);

const ARITHMETIC = new Set(["*", "/", "%", "//", "**", "-", "^", "&", "|", "<<", ">>", "+"]);

function isArithmetic(inference: Inference, node: Node): boolean {
  if (node.kind === "augassign")
    return ARITHMETIC.has(node.op.replace("=", "")) && !isStep(node.value) && !isText(inference, node.value);
  return (
    node.kind === "binary" &&
    ARITHMETIC.has(node.op) &&
    ![node.left, node.right].some((side) => isText(inference, side))
  );
}

/** `count += 1` counts rounds; it is no work. */
function isStep(value: Expression): boolean {
  return value.kind === "number";
}

function isText(inference: Inference, node: Expression): boolean {
  if (node.kind === "string" || node.kind === "fstring" || node.kind === "list" || node.kind === "tuple") return true;
  return inference
    .values(node)
    .some(
      (value) =>
        (value.kind === "instance" && !/^(?:int|float|bool|complex)$/.test(value.type)) || value.kind === "iterable",
    );
}

/**
 * A function that calls itself at least twice with a number little smaller than its own takes exponential time: the second call, if so.
 * One that calls itself for the parts of its data only goes through all of it.
 */
function branchingRecursion(graph: CallGraph, func: Func): Node | null {
  if (func.isAsync || func.node.kind !== "function") return null;
  for (const node of nodesOf(func, "binary")) {
    if (node.op !== "+" && node.op !== "*") continue;
    const sides = [node.left, node.right];
    if (
      sides.every(
        (side) =>
          side.kind === "call" &&
          side.args.some(({ value }) => isLess(value)) &&
          (graph.siteOf(side)?.targets.some((target) => target.func === func) ?? false),
      )
    )
      return node;
  }
  return null;
}

/** `n - 1`. */
function isLess(value: Expression): boolean {
  return value.kind === "binary" && value.op === "-" && value.right.kind === "number";
}
