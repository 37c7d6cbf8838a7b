import { type Func, nodesOf, sourceOf } from "../../python/module.ts";
import type { Expression, Node } from "../../python/syntax.ts";
import { within } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";

const REMEMBERING =
  /(?:^|[._])(?:a?lru_cache|cache|cached|cached_property|cachedproperty|memoi[sz]ed?|reify|singleton|once|lazy\w*)$/;

/** Whether the function's decorators keep what it returned the first time, or the function does so itself. */
export function isMemoized(runtime: Runtime, func: Func): boolean {
  if (func.node.kind !== "function") return false;
  if (runtime.inference.decoration(func).cached) return true;
  return func.node.decorators.some((one) =>
    REMEMBERING.test(sourceOf(func.module, one.kind === "call" ? one.callee : one)),
  );
}

/** Whether code at `node` runs only while something that it then fills is still missing: it runs once. */
export function isOnce(func: Func, node: Node): boolean {
  const filled = filledIn(func);
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class" || at.kind === "module") break;
    if (at.kind !== "branch" || from === at.test) continue;
    if (missingIn(at.test).some((one) => filled.has(sourceOf(func.module, one)))) return true;
  }
  return returnsEarly(func, node, filled);
}

/** What is kept beyond the function and assigned in it: attributes, globals, and containers by key. */
function filledIn(func: Func): Set<string> {
  const found = new Set<string>();
  for (const node of nodesOf(func, "assign")) {
    for (const target of node.targets) {
      if (target.kind === "attribute") found.add(sourceOf(func.module, target));
      else if (target.kind === "subscript") found.add(sourceOf(func.module, target.value));
      else if (target.kind === "name" && func.scope.outer.get(target.id) === "global") found.add(target.id);
    }
  }
  return found;
}

/** `if self.x: return self.x` stands before it. */
function returnsEarly(func: Func, node: Node, filled: ReadonlySet<string>): boolean {
  return nodesOf(func, "branch").some(
    (one) =>
      one.end < node.start &&
      mentioned(func, one.test, filled) &&
      one.body.some(
        (statement) => statement.kind === "return" && statement.value && mentioned(func, statement.value, filled),
      ),
  );
}

function mentioned(func: Func, root: Node, filled: ReadonlySet<string>): boolean {
  return [root, ...within(root)].some(
    (node) => (node.kind === "attribute" || node.kind === "name") && filled.has(sourceOf(func.module, node)),
  );
}

/** What a condition says is not there yet: `x is None`, `not x`, `key not in x`. */
export function missingIn(test: Expression): Expression[] {
  if (test.kind === "unary" && test.op === "not") return [test.operand];
  if (test.kind === "boolean") return [...missingIn(test.left), ...missingIn(test.right)];
  if (test.kind !== "compare" || test.ops.length !== 1) return [];
  const [left, right] = test.operands;
  if (!left || !right) return [];
  if (test.ops[0] === "not in") return [right];
  return (test.ops[0] === "is" || test.ops[0] === "==") && right.kind === "constant" && right.value === null
    ? [left]
    : [];
}
