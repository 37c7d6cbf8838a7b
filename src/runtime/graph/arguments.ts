import { push } from "../../multimap.ts";
import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import type { Value } from "../../python/value.ts";
import { matchArguments } from "./callables.ts";

/** What callers pass to parameters without annotation and to the fields of dataclasses, by the parameter's or field's node. */
export function passedArguments(inference: Inference): Map<Node, Expression[]> {
  const passed = new Map<Node, Expression[]>();
  const note = (at: Node, expression: Expression): void => {
    push(passed, at, expression);
  };
  for (const module of inference.modules.values())
    for (const func of module.functions)
      for (const node of nodesOf(func, "call")) {
        if (node.args.length === 0) continue;
        for (const value of inference.values(node.callee)) {
          const target = calledFunction(inference, value);
          if (target)
            for (const [param, expression] of matchArguments(node, target.func, target.bound)) {
              if (!param.annotation || isCallableAnnotation(inference, param.annotation)) note(param, expression);
            }
          else if (value.kind === "class") fieldArguments(inference, node, value, note);
        }
      }
  return passed;
}

function calledFunction(inference: Inference, value: Value): { func: Func; bound: boolean } | null {
  if (value.kind === "function")
    return value.func.node.kind === "module" ? null : { func: value.func, bound: value.self !== null };
  const init = value.kind === "class" ? inference.method(value.cls, "__init__") : null;
  return init ? { func: init, bound: true } : null;
}

function isCallableAnnotation(inference: Inference, annotation: Expression): boolean {
  return inference.annotated(annotation).length === 0;
}

function fieldArguments(
  inference: Inference,
  call: Call,
  { cls }: Value & { kind: "class" },
  note: (at: Node, expression: Expression) => void,
): void {
  const fields = inference.fields(cls);
  if (!fields) return;
  let position = 0;
  for (const arg of call.args) {
    if (arg.stars === 1) return;
    if (arg.stars === 2) continue;
    const field = arg.name === null ? fields[position++] : fields.find(({ name }) => name === arg.name);
    if (field) note(field.at, arg.value);
  }
}
