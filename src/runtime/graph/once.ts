import type { Inference } from "../../python/infer.ts";
import { type Func, nodesOf, sourceOf } from "../../python/module.ts";
import type { Expression, Node } from "../../python/syntax.ts";
import { type Condition, conditionsOf } from "./conditions.ts";

/** How seldom code runs: once in a program, once for each object, or as often as its function is called. */
export type Rarity = "program" | "object" | "always";

const rarities = new WeakMap<Node, Rarity>();

/** Whether code at `node` of the function only fills what is kept from then on: a function without arguments that is cached, or `if self.client is None`. */
export function rarityOf(inference: Inference, func: Func, node: Node): Rarity {
  const known = rarities.get(node);
  if (known) return known;
  const found = isCachedForGood(inference, func) ? "program" : guarded(inference, func, node);
  rarities.set(node, found);
  return found;
}

/** `@cache` on a function that is always called the same way. */
function isCachedForGood(inference: Inference, func: Func): boolean {
  if (func.node.kind !== "function") return false;
  const { cached, classmethod } = inference.decoration(func);
  return cached && func.params.length === (classmethod ? 1 : 0);
}

function guarded(inference: Inference, func: Func, node: Node): Rarity {
  const filled = filledIn(func);
  if (filled.size === 0) return "always";
  let found: Rarity = "always";
  for (const condition of conditionsOf(node, func)) {
    const missing = missingIn(condition);
    if (!missing || !filled.has(sourceOf(func.module, missing))) continue;
    if (!isOwn(inference, func, missing)) return "program";
    found = "object";
  }
  return found;
}

/** What is kept beyond the function and assigned in it: attributes and globals. */
function filledIn(func: Func): Set<string> {
  const found = new Set<string>();
  for (const node of nodesOf(func, "assign")) {
    for (const target of node.targets)
      if (target.kind === "attribute" || (target.kind === "name" && func.scope.outer.get(target.id) === "global"))
        found.add(sourceOf(func.module, target));
  }
  return found;
}

/** What a condition says is not there yet: `x is None`, `not x`, `len(x) == 0` hold, or `x` and `x is not None` do not. */
function missingIn({ test, taken }: Condition): Expression | null {
  if (test.kind === "unary" && test.op === "not") return missingIn({ test: test.operand, taken: !taken });
  if (test.kind === "name" || test.kind === "attribute") return taken ? null : test;
  if (test.kind !== "compare" || test.ops.length !== 1) return null;
  const [left, right] = test.operands;
  if (!left || !right) return null;
  const [op] = test.ops;
  const isNothing = right.kind === "constant" && right.value === null;
  const says = op === "is" || op === "==" ? taken : op === "is not" || op === "!=" ? !taken : null;
  if (says !== true) return null;
  if (isNothing) return left;
  const counted = left.kind === "call" && left.callee.kind === "name" && left.callee.id === "len" ? left.args[0] : null;
  return counted && right.kind === "number" && right.value === 0 ? counted.value : null;
}

/** Whether it is an attribute of the method's own object. */
function isOwn(inference: Inference, func: Func, kept: Expression): boolean {
  let root = kept;
  while (root.kind === "attribute") root = root.value;
  return (
    kept.kind === "attribute" &&
    root.kind === "name" &&
    func.cls !== null &&
    root.id === func.params[0]?.name &&
    !inference.decoration(func).classmethod
  );
}
