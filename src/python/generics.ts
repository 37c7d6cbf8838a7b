import type { Func } from "./module.ts";
import { argument, type Call, type Expression, type Parameter } from "./syntax.ts";
import { awaitable, instance, object, type Value } from "./value.ts";

/** What the reading of type variables needs of the inference. */
interface Names {
  values(expression: Expression): readonly Value[];
  annotated(annotation: Expression): readonly Value[];
}

/**
 * What a call gives where the signature takes a class and promises an object of it (`def resolve(self, key: type[T]) -> T`), as
 * containers of services do. Empty where the signature promises nothing of the kind.
 */
export function promisedByClass(
  { values, annotated }: Names,
  func: Func,
  isBound: boolean,
  call: Call,
): readonly Value[] {
  const { node } = func;
  if (node.kind !== "function" || !node.returns) return [];
  for (const variable of alternatives(node.returns)) {
    if (variable.kind !== "name") continue;
    const at = node.params.findIndex((parameter) => takesClass(parameter, variable.id));
    const parameter = node.params[at];
    // A name that stands for a class is no variable.
    if (!parameter || annotated(variable).length > 0) continue;
    const passed = argument(call, parameter.name, isBound ? at - 1 : at);
    if (!passed) continue;
    const made = values(passed).flatMap((value): Value[] => {
      if (value.kind === "class") return [object(value.cls, false, value.doubt)];
      return value.kind === "library" && value.receiver === null && /(?:^|\.)[A-Z]\w*$/.test(value.name)
        ? [instance(value.name, value.doubt)]
        : [];
    });
    if (made.length > 0) return func.isAsync ? [awaitable(made, null, func)] : made;
  }
  return [];
}

/** The members of a union (`A | B`, `Optional[A]`, `Union[A, B]`), or the annotation itself. */
function alternatives(annotation: Expression): readonly Expression[] {
  if (annotation.kind === "binary" && annotation.op === "|")
    return [...alternatives(annotation.left), ...alternatives(annotation.right)];
  if (annotation.kind === "subscript" && /^(?:Optional|Union)$/.test(lastName(annotation.value)))
    return annotation.indices.flatMap((index) => (index.kind === "tuple" ? index.items : [index]));
  return [annotation];
}

function takesClass(parameter: Parameter, variable: string): boolean {
  if (!parameter.annotation || parameter.stars !== 0) return false;
  return alternatives(parameter.annotation).some((one) => {
    if (one.kind !== "subscript" || !/^(?:type|Type)$/.test(lastName(one.value))) return false;
    const [index] = one.indices;
    return index?.kind === "name" && index.id === variable;
  });
}

function lastName(node: Expression): string {
  return node.kind === "name" ? node.id : node.kind === "attribute" ? node.attr : "";
}
