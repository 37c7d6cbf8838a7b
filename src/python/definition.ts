import type { Inference } from "./infer.ts";
import type { Binding } from "./module.ts";
import { nodesOf } from "./module.ts";
import type { Expression } from "./syntax.ts";

const DEEPEST = 8;

/** The expression that made what `expression` names, through names, attributes and functions, where each has only one source. */
export function definition(inference: Inference, expression: Expression, depth = DEEPEST): Expression {
  const source = depth === 0 ? null : onlySource(inference, expression);
  return source ? definition(inference, source, depth - 1) : expression;
}

function onlySource(inference: Inference, expression: Expression): Expression | null {
  switch (expression.kind) {
    case "walrus":
      return expression.value;
    case "name":
      return onlyValue(inference, inference.bindings(expression).bindings);
    case "attribute":
      return onlyAttribute(inference, expression.value, expression.attr);
    case "call": {
      const [value, other] = inference.values(expression.callee);
      if (value?.kind !== "function" || other || value.func.isGenerator || value.func.isAsync) return null;
      const returns = nodesOf(value.func, "return").flatMap((node) => (node.value ? [node.value] : []));
      return returns.length === 1 ? (returns[0] ?? null) : null;
    }
    default:
      return null;
  }
}

function onlyAttribute(inference: Inference, of: Expression, attr: string): Expression | null {
  const [owner, other] = inference.values(of);
  if (!owner || other) return null;
  if (owner.kind === "module") return onlyValue(inference, owner.module.scope.names.get(attr) ?? []);
  if (owner.kind !== "object" && owner.kind !== "class") return null;
  const holder = inference.ancestry(owner.cls).find((cls) => cls.attributes.has(attr));
  const [binding, second] = holder?.attributes.get(attr) ?? [];
  return binding && !second && binding.via === "value" && binding.path.length === 0 ? binding.value : null;
}

function onlyValue(inference: Inference, bindings: readonly Binding[], depth = DEEPEST): Expression | null {
  const [binding, other] = bindings.filter(({ kind }) => kind !== "annotation");
  if (!binding || other || depth === 0) return null;
  if (binding.kind === "value") return binding.path.length === 0 ? binding.value : null;
  const target = binding.kind === "from" ? inference.exported(binding) : null;
  return target && onlyValue(inference, target.bindings, depth - 1);
}
