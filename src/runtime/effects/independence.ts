import type { Func } from "../../python/module.ts";
import type { Clause, Expression, For, Name, Node } from "../../python/syntax.ts";
import { eachChild, isInside, opensScope, within } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";

/** A loop over elements that is written as a statement, or as a clause of a comprehension. */
export type ItemLoop = For | Clause;

/** Whether the rounds of a loop could run in any order, or at once: the doubt that remains, `null` if one round needs another. */
export function independence(func: Func, loop: ItemLoop): number | null {
  if (loop.isAsync) return null;
  if (loop.kind === "clause") {
    const around = loop.parent;
    return around?.kind === "comprehension" && !within(around).some(({ kind }) => kind === "yield" || kind === "walrus")
      ? 0
      : null;
  }
  const inside = loop.body.flatMap((statement) => [statement, ...within(statement)]);
  if (loop.orelse.length > 0 || inside.some((node) => leavesEarly(node, loop))) return null;
  const own = new Set([...targetNames(loop.target), ...assigned(loop.body)]);
  return carries(loop, own) || readsWhatItLeaves(func, inside, own) ? null : 0;
}

/** The names that a loop binds for each round. */
export function targetNames(target: Expression): string[] {
  if (target.kind === "name") return [target.id];
  return within(target).flatMap((node) => (node.kind === "name" ? [node.id] : []));
}

/** Whether an expression depends on the loop's element: by its names, or by names that the body computes from them. */
export function dependsOnItem(loop: ItemLoop, expression: Node): boolean {
  const names = new Set(targetNames(loop.target));
  if (loop.kind === "for")
    for (const node of loop.body.flatMap((statement) => [statement, ...within(statement)])) {
      if (node.kind === "assign" && node.value && mentions(node.value, names))
        for (const target of node.targets) for (const name of targetNames(target)) names.add(name);
      if (node.kind === "withitem" && node.target && mentions(node.context, names))
        for (const name of targetNames(node.target)) names.add(name);
      if ((node.kind === "for" || node.kind === "clause") && mentions(node.iter, names))
        for (const name of targetNames(node.target)) names.add(name);
      if (node.kind === "walrus" && mentions(node.value, names)) names.add(node.target.id);
    }
  return mentions(expression, names);
}

function mentions(expression: Node, names: ReadonlySet<string>): boolean {
  return [expression, ...within(expression)].some((node) => node.kind === "name" && names.has(node.id));
}

function leavesEarly(node: Node, loop: For): boolean {
  switch (node.kind) {
    case "return":
    case "yield":
      return true;
    case "break":
      return nearestLoop(node) === loop;
    default:
      return false;
  }
}

function nearestLoop(node: Node): Node | null {
  for (let at = node.parent; at; at = at.parent) if (at.kind === "for" || at.kind === "while") return at;
  return null;
}

function assigned(body: readonly Node[]): string[] {
  return body.flatMap((statement) =>
    [statement, ...within(statement)].flatMap((node): string[] => {
      switch (node.kind) {
        case "assign":
          return node.targets.flatMap((target) =>
            target.kind === "name" || target.kind === "tuple" ? targetNames(target) : [],
          );
        case "withitem":
          return node.target ? targetNames(node.target) : [];
        case "for":
        case "clause":
          return targetNames(node.target);
        case "walrus":
          return [node.target.id];
        case "handler":
          return node.name ? [node.name] : [];
        default:
          return [];
      }
    }),
  );
}

/** A name that the body sets is read before it is set: the round before has left it. Sums do not count. */
function carries(loop: For, own: ReadonlySet<string>): boolean {
  const set = new Set(targetNames(loop.target));
  const sums = new Set<string>();
  let carried = false;
  const visit = (node: Node): void => {
    if (carried || opensScope(node)) return;
    switch (node.kind) {
      case "name":
        if (own.has(node.id) && !set.has(node.id)) carried = true;
        if (sums.has(node.id)) carried = true;
        return;
      case "assign":
        if (node.value) visit(node.value);
        for (const target of node.targets) store(target);
        return;
      case "augassign":
        visit(node.value);
        if (node.target.kind === "name") {
          if (!set.has(node.target.id)) sums.add(node.target.id);
        } else visit(node.target);
        return;
      case "withitem":
        visit(node.context);
        if (node.target) store(node.target);
        return;
      case "for":
        visit(node.iter);
        store(node.target);
        for (const statement of [...node.body, ...node.orelse]) visit(statement);
        return;
      case "comprehension":
        for (const clause of node.clauses) {
          visit(clause.iter);
          store(clause.target);
          clause.conditions.forEach(visit);
        }
        visit(node.element);
        if (node.value) visit(node.value);
        return;
      case "walrus":
        visit(node.value);
        store(node.target);
        return;
      case "handler":
        if (node.name) set.add(node.name);
        node.body.forEach(visit);
        return;
      case "if":
        branches(
          node.branches.map((branch) => [branch.test, branch.body] as const),
          node.orelse,
        );
        return;
      default:
        eachChild(node, visit);
    }
  };
  const store = (target: Expression): void => {
    if (target.kind === "name") set.add(target.id);
    else if (target.kind === "tuple" || target.kind === "list") target.items.forEach(store);
    else if (target.kind === "starred") store(target.value);
    else eachChild(target, visit);
  };
  /** What is set in one branch alone may be left over from the round before; that is read as set, since it mostly is. */
  const branches = (all: readonly (readonly [Node, readonly Node[]])[], orelse: readonly Node[]): void => {
    for (const [test, body] of all) {
      visit(test);
      body.forEach(visit);
    }
    orelse.forEach(visit);
  };
  loop.body.forEach(visit);
  return carried;
}

/** Something outside the loop is changed and read in it: `self.last = …`, `seen.add(key)` with `key in seen`. */
function readsWhatItLeaves(func: Func, inside: readonly Node[], own: ReadonlySet<string>): boolean {
  const written = new Set<string>();
  const left = (target: Expression): void => {
    const root = rootOf(target);
    if (root && !own.has(root.id)) written.add(textOf(func, target));
  };
  for (const node of inside) {
    const targets = node.kind === "assign" ? node.targets : node.kind === "augassign" ? [node.target] : [];
    for (const target of targets)
      if (target.kind === "subscript") left(target.value);
      else if (target.kind === "attribute") left(target);
    if (node.kind === "call" && node.callee.kind === "attribute" && CHANGES.has(node.callee.attr))
      left(node.callee.value);
  }
  if (written.size === 0) return false;
  return inside.some(
    (node) =>
      (node.kind === "attribute" || node.kind === "name") &&
      written.has(textOf(func, node)) &&
      !isWritten(node) &&
      !isChanged(node),
  );
}

const CHANGES = new Set([
  "append",
  "extend",
  "add",
  "update",
  "insert",
  "setdefault",
  "appendleft",
  "remove",
  "discard",
  "pop",
]);

function isChanged({ parent }: Expression): boolean {
  return (
    parent?.kind === "attribute" &&
    CHANGES.has(parent.attr) &&
    parent.parent?.kind === "call" &&
    parent.parent.callee === parent
  );
}

function isWritten(node: Expression): boolean {
  const { parent } = node;
  if (parent?.kind === "assign") return parent.targets.includes(node);
  if (parent?.kind === "augassign") return parent.target === node;
  return parent?.kind === "subscript" && parent.value === node && isWritten(parent);
}

/** The name that an expression starts with: `self` of `self.pool.session`. */
export function rootOf(expression: Expression): Name | null {
  let at = expression;
  while (at.kind === "attribute" || at.kind === "subscript" || at.kind === "call")
    at = at.kind === "call" ? at.callee : at.value;
  return at.kind === "name" ? at : null;
}

/** Whether the object that an expression starts with is made in the loop (or is the loop's element). */
export function isMadeInside(runtime: Runtime, loop: ItemLoop, expression: Expression): boolean {
  const root = rootOf(expression);
  if (!root) return true;
  const around = loop.kind === "clause" ? loop.parent : loop;
  const { bindings } = runtime.inference.bindings(root);
  return around !== null && bindings.length > 0 && bindings.every((binding) => isInside(binding.at, around));
}

function textOf(func: Func, node: Node): string {
  return func.module.text.slice(node.start, node.end);
}
