import type { Node } from "../../python/syntax.ts";
import { within } from "../../python/syntax.ts";

/** Whether code of a module's top level runs only in the program's own process: under `if __name__ == "__main__"`, or a test of which process this is. */
export function isGuarded(node: Node): boolean {
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda") return true;
    if (at.kind === "branch" && from !== at.test && asksWhoRuns(at.test)) return true;
    // The `else` of `if __name__ != "__main__"`.
    if (
      at.kind === "if" &&
      at.branches.some((branch) => branch !== from && branch.start < from.start && asksWhoRuns(branch.test))
    )
      return true;
    if (at.kind === "boolean" && from === at.right && asksWhoRuns(at.left)) return true;
  }
  return false;
}

function asksWhoRuns(test: Node): boolean {
  return [test, ...within(test)].some(
    (node) =>
      (node.kind === "name" && node.id === "__name__") ||
      (node.kind === "name" && /^(?:current_process|parent_process)$/.test(node.id)) ||
      (node.kind === "attribute" && /^(?:current_process|parent_process)$/.test(node.attr)),
  );
}
