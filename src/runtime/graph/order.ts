import type { Node, Statement } from "../../python/syntax.ts";
import { isInside } from "../../python/syntax.ts";

/** Whether `first` may have run when `then` runs, in one body of code: it stands before it, not in another branch, and its branch goes on. */
export function mayPrecede(first: Node, then: Node): boolean {
  if (first.start >= then.start) return false;
  for (let at = first.parent, from: Node = first; at; from = at, at = at.parent) {
    if (isInside(then, from)) return true;
    switch (at.kind) {
      case "module":
      case "function":
      case "lambda":
        return true;
      case "if":
        if (isInside(then, at) && !isInside(then, from)) return false;
        break;
      case "branch":
      case "handler":
      case "case":
        if (!isInside(then, at) && from !== firstChild(at) && leaves(at.body)) return false;
        break;
    }
  }
  return true;
}

function firstChild(node: Node): Node | null {
  return node.kind === "branch" ? node.test : null;
}

/** Whether a block never reaches its end. */
function leaves(body: readonly Statement[]): boolean {
  const last = body.at(-1);
  return last?.kind === "return" || last?.kind === "raise" || last?.kind === "continue" || last?.kind === "break";
}

/** Whether code runs only when a test says so, or when something went wrong. */
export function isConditional(node: Node): boolean {
  for (let at = node.parent; at; at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda") return false;
    if (at.kind === "branch" || at.kind === "handler" || at.kind === "conditional") return true;
    if (at.kind === "if" && at.orelse.some((one) => isInside(node, one))) return true;
  }
  return false;
}
