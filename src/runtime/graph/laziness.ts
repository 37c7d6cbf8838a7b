import type { Inference } from "../../python/infer.ts";
import type { Comprehension, Node } from "../../python/syntax.ts";

/** Whether code at `node` stands in a generator expression that nothing around it iterates: it does not run here. */
export function isLazy(inference: Inference, node: Node): boolean {
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class" || at.kind === "module") return false;
    if (at.kind !== "comprehension" || at.flavour !== "generator") continue;
    // The first source is evaluated when the generator is made.
    const first = at.clauses[0];
    if (from === first && isSource(node, first)) continue;
    if (!isIterated(inference, at)) return true;
  }
  return false;
}

function isSource(node: Node, clause: Comprehension["clauses"][number]): boolean {
  return node.start >= clause.iter.start && node.end <= clause.iter.end;
}

function isIterated(inference: Inference, generator: Comprehension): boolean {
  const { parent } = generator;
  switch (parent?.kind) {
    case "for":
    case "clause":
      return parent.iter === generator;
    case "starred":
    case "yield":
      return true;
    case "assign":
      return parent.targets.some(({ kind }) => kind === "tuple" || kind === "list");
    case "compare":
      return parent.operands[0] !== generator;
    case "argument": {
      const call = parent.parent;
      if (call?.kind !== "call") return false;
      return parent.stars === 1 || inference.names(call.callee).some(({ name }) => CONSUMERS.has(name));
    }
    default:
      return false;
  }
}

/** Library functions that iterate over their arguments. */
export const CONSUMERS: ReadonlySet<string> = new Set([
  "list",
  "tuple",
  "set",
  "frozenset",
  "dict",
  "sorted",
  "sum",
  "any",
  "all",
  "max",
  "min",
  "next",
  "str.join",
  "bytes.join",
  "list.extend",
  "set.update",
  "dict.update",
  "collections.deque",
  "collections.Counter",
  "functools.reduce",
  "collections.deque.extend",
]);
