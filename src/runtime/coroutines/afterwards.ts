import type { Func } from "../../python/module.ts";
import type { Await, Clause, For, Node, Statement, While, With } from "../../python/syntax.ts";
import { blocksOf, children, following, opensScope, within } from "../../python/syntax.ts";
import { exitsOf } from "../graph/exits.ts";

/** A place at which a coroutine may wait, and be cancelled. */
export type WaitPoint = Await | For | With | Clause;

/** What a body of code still does after a statement: it comes back to it in a loop, it waits for other things, or it ends. */
export type Afterwards =
  | { kind: "loop"; loop: For | While }
  | { kind: "waits"; waits: readonly WaitPoint[] }
  | { kind: "end" };

/** What follows a statement (or what stands behind a node in its own statement) once control leaves it at its end. */
export function afterwards(func: Func, node: Node): Afterwards {
  const waits: WaitPoint[] = [];
  for (let at: Node = node, parent = at.parent; parent; at = parent, parent = at.parent) {
    if (parent === func.node) {
      collect(following(parent, at), waits);
      break;
    }
    if (blocksOf(parent).length === 0) {
      waits.push(
        ...children(parent)
          .filter((one) => one.start >= at.end)
          .flatMap(waitsIn),
      );
      if (parent.kind === "return" || parent.kind === "raise") break;
      continue;
    }
    if (!collect(following(parent, at), waits)) break;
    if ((parent.kind === "for" || parent.kind === "while") && parent.body.some((one) => one === at))
      return { kind: "loop", loop: parent };
  }
  return waits.length > 0 ? { kind: "waits", waits } : { kind: "end" };
}

/** The loop whose next turn a `continue` at `node` starts, or which a `break` leaves. */
export function loopAround(node: Node): For | While | null {
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class") return null;
    if ((at.kind === "for" || at.kind === "while") && at.body.some((one) => one === from)) return at;
  }
  return null;
}

/** Every place in a node at which it may wait, nested functions left out. */
export function waitsIn(node: Node): WaitPoint[] {
  if (opensScope(node)) return [];
  return [node, ...within(node)].filter(isWaitPoint);
}

function isWaitPoint(node: Node): node is WaitPoint {
  if (node.kind === "for" || node.kind === "with" || node.kind === "clause") return node.isAsync;
  return node.kind === "await";
}

/** Adds the waits of statements until one that never ends normally; whether control gets past them. */
function collect(statements: readonly Statement[], waits: WaitPoint[]): boolean {
  for (const statement of statements) {
    waits.push(...waitsIn(statement));
    if (!exitsOf([statement]).has("end")) return false;
  }
  return true;
}
