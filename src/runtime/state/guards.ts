import type { Func } from "../../python/module.ts";
import type { Expression, If, Node, Statement } from "../../python/syntax.ts";
import { blocksOf, isInside, within } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";

/** A test that decides whether a statement runs, and what it reads of the place asked about. */
export interface Guard {
  test: Expression;
  /** The read: in the test itself, or in the assignment of a local name that it tests. */
  read: Node;
}

/** The tests that decide whether `node` runs and that read a place, in source order: branches around it, and early exits before it. */
export function guardsOf(runtime: Runtime, func: Func, node: Node, reads: (node: Node) => boolean): Guard[] {
  const found: Guard[] = [];
  const add = (test: Expression): void => {
    const read = readBy(runtime, func, test, reads);
    if (read) found.push({ test, read });
  };
  for (let at: Node | null = node.parent, from: Node = node; at && from !== func.node; from = at, at = at.parent) {
    switch (at.kind) {
      case "branch":
        if (from !== at.test) add(at.test);
        break;
      case "while":
        if (from !== at.test) add(at.test);
        break;
      case "if":
        for (const branch of at.branches) {
          if (branch === from) break;
          add(branch.test);
        }
        break;
      case "conditional":
        if (from !== at.test) add(at.test);
        break;
      case "boolean":
        if (from === at.right) add(at.left);
        break;
    }
    for (const statement of before(at, from)) {
      if (statement.kind === "assert") add(statement.test);
      else if (statement.kind === "if")
        for (const branch of statement.branches) if (!fallsThrough(branch.body)) add(branch.test);
    }
    if (at === func.node) break;
  }
  return found.sort((a, b) => a.test.start - b.test.start);
}

/** The statements of the same block that run before `from`. */
function before(parent: Node, from: Node): readonly Statement[] {
  for (const block of blocksOf(parent)) {
    const i = block.findIndex(({ start, end }) => start === from.start && end === from.end);
    if (i >= 0) return block.slice(0, i);
  }
  return [];
}

/** Whether the code after a block may run when the block has. */
function fallsThrough(block: readonly Statement[]): boolean {
  const last = block.at(-1);
  if (!last) return true;
  switch (last.kind) {
    case "return":
    case "raise":
    case "break":
    case "continue":
      return false;
    case "if":
      return mayFallThrough(last);
    case "with":
      return fallsThrough(last.body);
    case "try":
      return (
        fallsThrough(last.final) &&
        (fallsThrough(last.orelse.length > 0 ? last.orelse : last.body) ||
          last.handlers.some(({ body }) => fallsThrough(body)))
      );
    default:
      return true;
  }
}

function mayFallThrough({ branches, orelse }: If): boolean {
  return orelse.length === 0 || fallsThrough(orelse) || branches.some(({ body }) => fallsThrough(body));
}

function readBy(runtime: Runtime, func: Func, test: Expression, reads: (node: Node) => boolean): Node | null {
  const direct = reads(test) ? test : within(test).find(reads);
  if (direct) return direct;
  for (const node of [test, ...within(test)]) {
    if (node.kind !== "name" || func.scope.outer.has(node.id)) continue;
    const { bindings, scope } = runtime.inference.bindings(node);
    const [only, ...others] = bindings;
    if (scope !== func.scope || others.length > 0 || only?.kind !== "value") continue;
    const found = reads(only.value) ? only.value : within(only.value).find(reads);
    if (found) return found;
  }
  return null;
}

/** Whether code at `write` can run after code at `node`, without a loop's next round. */
export function leadsTo(node: Node, write: Node): boolean {
  if (areAlternatives(node, write)) return false;
  for (let at: Node | null = node.parent, from: Node = node; at && !isInside(write, from); from = at, at = at.parent)
    for (const block of blocksOf(at)) {
      const first = block.findIndex(({ start, end }) => start === from.start && end === from.end);
      if (first >= 0 && !block.some((one) => isInside(write, one)) && !fallsThrough(block)) return false;
    }
  return true;
}

/** Whether two nodes are in different branches of the same choice. */
export function areAlternatives(a: Node, b: Node): boolean {
  for (let at: Node | null = a.parent, from: Node = a; at; from = at, at = at.parent) {
    if (!isInside(b, at)) continue;
    if (at.kind === "if") return !isInTest(a, at) && !isInTest(b, at);
    if (at.kind === "conditional") return !isInside(a, at.test) && !isInside(b, at.test);
    if (at.kind === "match") return !isInside(a, at.subject) && !isInside(b, at.subject);
    if (at.kind === "try") return from.kind === "handler" || at.handlers.some((handler) => isInside(b, handler));
    return false;
  }
  return false;
}

function isInTest(node: Node, { branches }: If): boolean {
  return branches.some(({ test }) => isInside(node, test));
}
