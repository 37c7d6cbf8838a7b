import type { Inference } from "../../python/infer.ts";
import { type Func, nodesOf, sourceOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import type { Site, Target } from "./callgraph.ts";
import { type Condition, conditionsOf } from "./conditions.ts";

/** How seldom code runs: once in a program, once for each object, or as often as its function is called. */
export type Rarity = "program" | "object" | "always";

const rarities = new WeakMap<Node, Rarity>();

/**
 * Whether what a site does only fills what is kept from then on: in a function without arguments that is cached, under
 * `if self.client is None` where the function (or what the site calls) sets `self.client`.
 */
export function rarityOf(inference: Inference, site: Site): Rarity {
  const known = rarities.get(site.node);
  if (known) return known;
  const found = isCachedForGood(inference, site.func) ? "program" : guarded(inference, site);
  rarities.set(site.node, found);
  return found;
}

/** `@cache` on a function that is always called the same way. */
function isCachedForGood(inference: Inference, func: Func): boolean {
  if (func.node.kind !== "function") return false;
  const { cached, classmethod } = inference.decoration(func);
  return cached && func.params.length === (classmethod ? 1 : 0);
}

function guarded(inference: Inference, { func, node, targets }: Site): Rarity {
  const conditions = conditionsOf(node, func);
  if (conditions.length === 0) return "always";
  const filled = filledIn(func);
  for (const target of targets) for (const name of filledBy(func, target)) filled.add(name);
  if (filled.size === 0) return "always";
  let found: Rarity = "always";
  for (const condition of conditions) {
    const missing = missingIn(condition);
    if (!missing || !filled.has(nameOf(func, missing))) continue;
    if (!isOwn(inference, func, missing)) return "program";
    found = "object";
  }
  return found;
}

/** What is kept beyond the function and assigned in it, be it one element: attributes and globals. */
function filledIn(func: Func): Set<string> {
  const found = new Set<string>();
  for (const node of nodesOf(func, "assign")) {
    for (const target of node.targets) {
      const kept = target.kind === "subscript" ? target.value : target;
      if (kept.kind === "attribute" || (kept.kind === "name" && isGlobal(func, kept.id, kept !== target)))
        found.add(sourceOf(func.module, kept));
    }
  }
  return found;
}

/** Assigning to a name makes it local, unless the function says that it is global; assigning to its elements does not. */
function isGlobal(func: Func, name: string, isElement: boolean): boolean {
  return func.scope.outer.get(name) === "global" || (isElement && !func.scope.names.has(name));
}

/** What a function that is called fills, in the words of its caller: of the same object, or of the same module. */
function filledBy(func: Func, { func: called, receiver }: Target): string[] {
  const own = called.params[0]?.name;
  const caller = func.params[0]?.name;
  return [...filledIn(called)].flatMap((name) => {
    const [first = "", ...rest] = name.split(".");
    if (rest.length === 0) return called.module === func.module ? [name] : [];
    return receiver?.isSelf && first === own && caller ? [[caller, ...rest].join(".")] : [];
  });
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
  if (isNothing) return left.kind === "call" && !isGetattr(left) ? null : left;
  const counted = left.kind === "call" && left.callee.kind === "name" && left.callee.id === "len" ? left.args[0] : null;
  return counted && right.kind === "number" && right.value === 0 ? counted.value : null;
}

function isGetattr({ callee }: Call): boolean {
  return callee.kind === "name" && callee.id === "getattr";
}

/** What a condition asks for, as it is written where it is set: `self.file` for `getattr(self, "file", None)`. */
function nameOf(func: Func, asked: Expression): string {
  const [object, name] = asked.kind === "call" ? asked.args.map(({ value }) => value) : [];
  return object && name?.kind === "string"
    ? `${sourceOf(func.module, object)}.${name.value}`
    : sourceOf(func.module, asked);
}

/** Whether it is an attribute of the method's own object. */
function isOwn(inference: Inference, func: Func, asked: Expression): boolean {
  if (asked.kind === "call") {
    const [object] = asked.args;
    return object?.value.kind === "name" && object.value.id === func.params[0]?.name && func.cls !== null;
  }
  let root: Expression = asked;
  while (root.kind === "attribute") root = root.value;
  return (
    asked.kind === "attribute" &&
    root.kind === "name" &&
    func.cls !== null &&
    root.id === func.params[0]?.name &&
    !inference.decoration(func).classmethod
  );
}
