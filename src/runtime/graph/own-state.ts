import { type Func, nodesOf } from "../../python/module.ts";
import type { Expression, Node } from "../../python/syntax.ts";
import { type Condition, conditionsOf } from "./conditions.ts";

/** What a condition says about an attribute of the method's own object. */
type Says = "true" | "false" | "none" | "some";

/** What must hold of the object's own attributes for the code at `node` of a method to run. */
export function ownState(func: Func, node: Node): ReadonlyMap<string, ReadonlySet<Says>> {
  const known = states.get(node);
  if (known) return known;
  const found = new Map<string, Set<Says>>();
  if (func.cls)
    for (const condition of conditionsOf(node, func)) {
      const fact = factOf(func, condition);
      if (!fact || isSetBefore(func, fact.attribute, node)) continue;
      const says = found.get(fact.attribute);
      if (says) says.add(fact.says);
      else found.set(fact.attribute, new Set([fact.says]));
    }
  states.set(node, found);
  return found;
}

const states = new WeakMap<Node, ReadonlyMap<string, ReadonlySet<Says>>>();

/** Whether no object can be in both states. */
export function contradict(
  a: ReadonlyMap<string, ReadonlySet<Says>>,
  b: ReadonlyMap<string, ReadonlySet<Says>>,
): boolean {
  for (const [attribute, ours] of a)
    for (const one of ours) for (const other of b.get(attribute) ?? []) if (EXCLUDES[one].has(other)) return true;
  return false;
}

const EXCLUDES: Record<Says, ReadonlySet<Says>> = {
  true: new Set(["false", "none"]),
  false: new Set(["true"]),
  none: new Set(["true", "some"]),
  some: new Set(["none"]),
};

function factOf(func: Func, { test, taken }: Condition): { attribute: string; says: Says } | null {
  if (test.kind === "unary" && test.op === "not") return factOf(func, { test: test.operand, taken: !taken });
  const asked = ownAttribute(func, test);
  if (asked) return { attribute: asked, says: taken ? "true" : "false" };
  if (test.kind !== "compare" || test.operands.length !== 2) return null;
  const [left, right] = test.operands;
  const compared = left && ownAttribute(func, left);
  if (!compared || right?.kind !== "constant" || right.value !== null) return null;
  switch (test.ops[0]) {
    case "is":
      return { attribute: compared, says: taken ? "none" : "some" };
    case "is not":
      return { attribute: compared, says: taken ? "some" : "none" };
    default:
      return null;
  }
}

/** `self.name` or `getattr(self, "name", None)`. */
function ownAttribute(func: Func, node: Expression): string | null {
  const own = func.params[0]?.name;
  if (node.kind === "attribute") return node.value.kind === "name" && node.value.id === own ? node.attr : null;
  if (node.kind !== "call" || node.callee.kind !== "name" || node.callee.id !== "getattr") return null;
  const [object, name] = node.args.map(({ value }) => value);
  return object?.kind === "name" && object.id === own && name?.kind === "string" ? name.value : null;
}

/** What the method changes itself is no longer as it was asked for. */
function isSetBefore(func: Func, attribute: string, node: Node): boolean {
  return nodesOf(func, "assign").some(
    ({ start, targets }) => start < node.start && targets.some((target) => ownAttribute(func, target) === attribute),
  );
}
