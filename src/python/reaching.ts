import type { Binding } from "./module.ts";
import type { Name, Node } from "./syntax.ts";
import { isInside } from "./syntax.ts";

/**
 * The bindings that can reach a use in the same body of code: the last one on the straight way to it, those on side ways after that,
 * and, in a loop around both, later ones. If none comes before, all count.
 */
export function reaching(use: Name, found: readonly Binding[]): readonly Binding[] {
  if (found.length === 1) return found;
  const before = found
    .filter((binding) => binding.start <= use.start && !isInside(use, binding.at))
    .concat(found.filter((binding) => isInside(use, binding.at) && opensBody(binding, use)));
  before.sort((a, b) => a.start - b.start);
  const kept: Binding[] = [];
  for (let i = before.length - 1; i >= 0; i--) {
    const binding = before[i];
    if (!binding) continue;
    kept.push(binding);
    if (dominates(binding.at, use)) break;
  }
  const loop = loopAround(use);
  if (loop && !kept.some((binding) => isInside(binding.at, loop) && dominates(binding.at, use)))
    for (const binding of found) if (binding.start > use.start && isInside(binding.at, loop)) kept.push(binding);
  return kept.length > 0 ? kept : found;
}

/** Bindings made by a statement's head (`for x in`, `with … as x`, `except … as x`) hold in its body. */
function opensBody(binding: Binding, use: Name): boolean {
  return (
    binding.start <= use.start &&
    (binding.kind === "iteration" ||
      binding.kind === "entered" ||
      binding.kind === "caught" ||
      binding.kind === "parameter" ||
      binding.kind === "opaque")
  );
}

/** Whether code at `use` runs only after `at` has run: every branch, loop, handler or case around `at` is also around `use`. */
export function dominates(at: Node, use: Node): boolean {
  for (let node = at.parent, from: Node = at; node; from = node, node = node.parent) {
    if (node.kind === "module" || node.kind === "function" || node.kind === "lambda" || node.kind === "class")
      return true;
    const conditional =
      node.kind === "branch" ||
      node.kind === "handler" ||
      node.kind === "case" ||
      node.kind === "for" ||
      node.kind === "while" ||
      node.kind === "if" ||
      node.kind === "try" ||
      node.kind === "conditional" ||
      node.kind === "boolean" ||
      node.kind === "comprehension";
    if (conditional && !(node.kind === "for" && from === node.target) && !isInside(use, node)) return false;
  }
  return true;
}

function loopAround(node: Node): Node | null {
  let outermost: Node | null = null;
  for (let at = node.parent; at; at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class") break;
    if (at.kind === "for" || at.kind === "while") outermost = at;
  }
  return outermost;
}
