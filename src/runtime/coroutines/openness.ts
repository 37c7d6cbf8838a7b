import type { Inference } from "../../python/infer.ts";
import type { Binding } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Attribute, Expression } from "../../python/syntax.ts";

/** Below what is shown by default. */
const HIDDEN = 2;
const DEEPEST = 6;

/**
 * The inference gives what an expression may be as far as it can see. This is the doubt whether that is all: hidden confidence if some
 * binding, branch or caller on the way to it gives something that nobody can see.
 */
export function openness(inference: Inference, expression: Expression): number {
  return isClosed(inference, expression, 0) ? 0 : HIDDEN;
}

function isClosed(inference: Inference, node: Expression, depth: number): boolean {
  if (depth > DEEPEST) return true;
  const closed = (one: Expression): boolean => isClosed(inference, one, depth + 1);
  const known = (one: Expression): boolean => isNone(one) || (inference.values(one).length > 0 && closed(one));
  switch (node.kind) {
    case "name":
      return inference.bindings(node).bindings.every((binding) => isClosedBinding(inference, binding, depth));
    case "attribute":
      return closed(node.value) && isClosedAttribute(inference, node, depth);
    case "call":
      return closed(node.callee) && returnsOnlyKnown(inference, node, depth);
    case "await":
    case "subscript":
    case "starred":
      return closed(node.value);
    case "conditional":
      return known(node.body) && known(node.orelse);
    case "boolean":
      return known(node.left) && known(node.right);
    default:
      return true;
  }
}

function isClosedBinding(inference: Inference, binding: Binding, depth: number): boolean {
  switch (binding.kind) {
    case "annotation":
      return true;
    case "parameter":
      return isDeclared(inference, binding);
    case "value":
      if (isNone(binding.value)) return true;
      return inference.bound(binding).length > 0 && isClosed(inference, binding.value, depth + 1);
    default:
      return inference.bound(binding).length > 0;
  }
}

/** A parameter is what its annotation says; without one it is what any caller gives, but for `self` and `cls`. */
function isDeclared(inference: Inference, binding: Binding & { kind: "parameter" }): boolean {
  const { node, owner } = binding;
  if (node.annotation) return isTelling(inference, node.annotation);
  const func = inference.moduleOf(node).byNode.get(owner);
  return func?.cls !== null && func?.cls !== undefined && func.params[0] === node;
}

function isClosedAttribute(inference: Inference, node: Attribute, depth: number): boolean {
  for (const owner of inference.values(node.value)) {
    if (owner.kind !== "object" && owner.kind !== "class") continue;
    for (const cls of inference.ancestry(owner.cls)) {
      if (cls.methods.has(node.attr)) break;
      const bindings = cls.attributes.get(node.attr);
      if (!bindings) continue;
      const declared = bindings.filter((one) => one.annotation !== null);
      if (declared.some(({ annotation }) => annotation && isTelling(inference, annotation))) break;
      // A field that says nothing of its type is what any caller gives.
      if (declared.some(({ value }) => value === null)) return false;
      for (const { value, via } of bindings) {
        if (!value || isNone(value)) continue;
        if (inference.values(value).length === 0) return false;
        if (via === "value" && !isClosed(inference, value, depth + 1)) return false;
      }
      break;
    }
  }
  return true;
}

function returnsOnlyKnown(inference: Inference, call: Expression & { kind: "call" }, depth: number): boolean {
  for (const value of inference.values(call.callee)) {
    if (value.kind !== "function" || value.func.node.kind !== "function" || value.func.isGenerator) continue;
    if (value.func.node.returns) continue;
    for (const node of nodesOf(value.func, "return")) {
      if (!node.value || isNone(node.value)) continue;
      if (inference.values(node.value).length === 0 || !isClosed(inference, node.value, depth + 1)) return false;
    }
  }
  return true;
}

function isTelling(inference: Inference, annotation: Expression): boolean {
  return inference.annotated(annotation).some(({ kind }) => kind !== "none");
}

function isNone(expression: Expression): boolean {
  return expression.kind === "constant" && expression.value === null;
}
