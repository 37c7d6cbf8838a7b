import type { Func } from "../../python/module.ts";
import { sourceOf } from "../../python/module.ts";
import type { Expression, Node, Statement } from "../../python/syntax.ts";
import { opensScope, within } from "../../python/syntax.ts";
import { exitsOf } from "./exits.ts";

/** A condition on the way, and whether it must hold or must not. */
export interface Condition {
  test: Expression;
  taken: boolean;
}

/** The conditions that must hold (or must not) for the node to run, within its function. */
export function conditionsOf(node: Node, func: Func): Condition[] {
  const found: Condition[] = [];
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    found.push(...passedBefore(at, from));
    if (at === func.node) break;
    if (opensScope(at)) return [];
    if (at.kind === "branch" && from !== at.test) found.push({ test: at.test, taken: true });
    else if (at.kind === "while" && at.body.some((one) => one === from)) found.push({ test: at.test, taken: true });
    else if (at.kind === "if") {
      const index = from.kind === "branch" ? at.branches.indexOf(from) : -1;
      for (const branch of index < 0 ? at.branches : at.branches.slice(0, index))
        found.push({ test: branch.test, taken: false });
    } else if (at.kind === "conditional" && from !== at.test) found.push({ test: at.test, taken: from === at.body });
    else if (at.kind === "boolean" && from === at.right) found.push({ test: at.left, taken: at.op === "and" });
  }
  return found.flatMap(parts);
}

/** Whether two nodes of a function never run in the same call: one needs a test to hold that the other needs to fail. */
export function areExclusive(a: Node, b: Node, func: Func): boolean {
  const mine = conditionsOf(a, func);
  return conditionsOf(b, func).some(({ test, taken }) =>
    mine.some(
      (one) =>
        one.taken !== taken && sourceOf(func.module, one.test) === sourceOf(func.module, test) && !isCalling(test),
    ),
  );
}

/** A call may answer differently the next time. */
function isCalling(test: Expression): boolean {
  return [test, ...within(test)].some((node) => node.kind === "call" || node.kind === "await");
}

/** `a and b` holds if both do, `a or b` fails if both do. */
function parts({ test, taken }: Condition): Condition[] {
  if (test.kind !== "boolean" || (test.op === "and") !== taken) return [{ test, taken }];
  return [...parts({ test: test.left, taken }), ...parts({ test: test.right, taken })];
}

/** What must hold because the statements before `from` in the same block did not leave it: `if not ready: return`, `while not ready: …`. */
function passedBefore(block: Node, from: Node): Condition[] {
  const found: Condition[] = [];
  for (const statement of before(block, from)) {
    if (statement.kind === "while" && !exitsOf(statement.body).has("break"))
      found.push({ test: statement.test, taken: false });
    if (statement.kind !== "if") continue;
    const { branches, orelse } = statement;
    for (const { test, body } of branches) {
      if (!leaves(body)) break;
      found.push({ test, taken: false });
    }
    const [only, ...more] = branches;
    if (only && more.length === 0 && leaves(orelse)) found.push({ test: only.test, taken: true });
  }
  return found;
}

function before(block: Node, from: Node): readonly Statement[] {
  for (const list of blocksOf(block)) {
    const index = list.findIndex(({ start, end }) => start === from.start && end === from.end);
    if (index >= 0) return list.slice(0, index);
  }
  return [];
}

function blocksOf(node: Node): (readonly Statement[])[] {
  switch (node.kind) {
    case "if":
      return [node.orelse];
    case "for":
    case "while":
      return [node.body, node.orelse];
    case "try":
      return [node.body, node.orelse, node.final];
    case "function":
    case "branch":
    case "with":
    case "handler":
    case "case":
      return [node.body];
    default:
      return [];
  }
}

function leaves(body: readonly Statement[]): boolean {
  const last = body.at(-1);
  return last !== undefined && /^(?:return|raise|continue|break)$/.test(last.kind);
}
