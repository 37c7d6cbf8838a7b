import { push } from "../../multimap.ts";
import type { Class, Func, Module } from "../../python/module.ts";
import { funcAt, nodesOf } from "../../python/module.ts";
import type { Attribute, Call, Clause, Expression, Name, Node, Parameter } from "../../python/syntax.ts";
import { isInside } from "../../python/syntax.ts";
import type { Value } from "../../python/value.ts";
import { matchArguments } from "../graph/callables.ts";
import { attributesNamed } from "../graph/mentions.ts";
import type { Runtime } from "../runtime.ts";

/** One thing that the program does with a value. */
export type Use = {
  node: Node;
  /** It is done with the list, dict or set that holds the value, not with the value. */
  held: boolean;
} & (
  | { kind: "method"; name: string; call: Call }
  | { kind: "read"; name: string }
  | { kind: "write"; name: string; value: Expression | null }
  /** Handed to a call that is not followed. */
  | { kind: "passed"; call: Call }
  | { kind: "returned" }
  | { kind: "awaited" }
  /** Its elements are taken: by a loop, by `list(value)`, by unpacking. */
  | { kind: "iterated" }
  /** `with value`, `if value`, `value is None`. */
  | { kind: "entered" }
  | { kind: "tested" }
  /** Kept where the uses cannot be followed, or used in another way. */
  | { kind: "other" }
);

const DEEPEST = 10;

/** Methods that put a value into a container. */
const STORES = new Set(["append", "add", "appendleft", "insert", "put", "put_nowait", "setdefault", "extend", "push"]);
/** Methods and calls that give the elements of a container (or the container in another form). */
const GIVES_ELEMENTS = new Set(["pop", "popleft", "popitem", "get", "get_nowait"]);
const GIVES_CONTAINER = new Set(["values", "items", "keys", "copy"]);
const TAKES_ELEMENTS = new Set(["list", "tuple", "set", "sorted", "dict", "frozenset", "collections.deque"]);
const PASSES_CONTAINER = new Set([
  "iter",
  "reversed",
  "enumerate",
  "zip",
  "tqdm.tqdm",
  "tqdm.auto.tqdm",
  "concurrent.futures.as_completed",
  "itertools.chain",
  "filter",
]);

/**
 * Everything that becomes of an expression's value, followed through names, attributes, containers, and parameters of project
 * functions. Order is not looked at: a use may come before the value. No use at all means that the value is dropped.
 */
export function usesOf(runtime: Runtime, expression: Expression): readonly Use[] {
  const visited = new Set<Node>();
  const marks = new Set<string>();
  const numbers = new Map<unknown, number>();

  /** Whether the variable was followed already; its uses are told once. */
  const seen = (variable: unknown, name: string, held: boolean): boolean => {
    if (!numbers.has(variable)) numbers.set(variable, numbers.size);
    const mark = `${numbers.get(variable)} ${name} ${held}`;
    if (marks.has(mark)) return true;
    marks.add(mark);
    return false;
  };

  /** Follows the value of `node` upwards; `held` when the value is inside what `node` stands for. */
  const follow = (node: Node, held: boolean, depth: number): Use[] => {
    const { parent } = node;
    if (!parent || visited.has(node)) return [];
    visited.add(node);
    if (depth > DEEPEST) return [{ kind: "other", node, held }];
    const upwards = (): Use[] => follow(parent, held, depth);
    switch (parent.kind) {
      case "expression":
      case "delete":
        return [];
      case "attribute":
        return attribute(parent, held, depth);
      case "argument":
        return passed(parent.parent, parent.value, held, depth);
      case "await":
        return [{ kind: "awaited", node: parent, held }, ...upwards()];
      case "starred":
        return [{ kind: "iterated", node: parent, held }, ...upwards()];
      case "walrus":
        return [...name(parent.target, held, depth), ...upwards()];
      case "conditional":
        return node === parent.test ? [{ kind: "tested", node, held }] : upwards();
      case "boolean":
        return [{ kind: "tested", node, held }, ...upwards()];
      case "binary":
        return upwards();
      case "list":
      case "tuple":
      case "set":
      case "dict":
      case "comprehension":
        return follow(parent, true, depth);
      case "assign":
        if (parent.targets.some((target) => target === node)) return [];
        return parent.targets.flatMap((target) => assigned(target, parent.value ?? parent, node, held, depth));
      case "augassign":
        if (node !== parent.value) return [];
        return [{ kind: "iterated", node: parent, held }, ...assigned(parent.target, parent.value, node, held, depth)];
      case "yield":
        return [{ kind: parent.from ? "iterated" : "returned", node: parent, held }, ...upwards()];
      case "return":
      case "lambda":
        return [{ kind: "returned", node: parent, held }];
      case "for":
        if (node !== parent.iter) return [];
        return [{ kind: "iterated", node: parent, held }, ...element(parent.target, false, depth)];
      case "clause":
        if (node !== parent.iter) return [{ kind: "tested", node, held }];
        return [{ kind: "iterated", node: parent, held }, ...clause(parent, held, depth)];
      case "withitem":
        return [{ kind: "entered", node, held }, ...(parent.target ? element(parent.target, held, depth) : [])];
      case "subscript":
        if (node !== parent.value) return [{ kind: "other", node, held }];
        return isTarget(parent) ? [] : follow(parent, false, depth + 1);
      case "compare":
      case "unary":
      case "if":
      case "branch":
      case "while":
      case "assert":
        return [{ kind: "tested", node, held }];
      default:
        return [{ kind: "other", node, held }];
    }
  };

  const attribute = (node: Attribute, held: boolean, depth: number): Use[] => {
    const { parent, attr } = node;
    if (parent?.kind === "assign" && parent.targets.some((target) => target === node))
      return [{ kind: "write", name: attr, value: parent.value, node, held }];
    if (parent?.kind !== "call" || parent.callee !== node) return [{ kind: "read", name: attr, node, held }];
    const called: Use = { kind: "method", name: attr, call: parent, node, held };
    if (held && GIVES_ELEMENTS.has(attr)) return [called, ...follow(parent, false, depth + 1)];
    return held && GIVES_CONTAINER.has(attr) ? [called, ...follow(parent, true, depth + 1)] : [called];
  };

  const passed = (call: Node | null, given: Expression, held: boolean, depth: number): Use[] => {
    if (call?.kind !== "call") return [{ kind: "other", node: given, held }];
    if (call.callee.kind === "attribute" && STORES.has(call.callee.attr)) return stored(call.callee.value, depth);
    const values = runtime.inference.values(call.callee);
    const names = values.flatMap((value) => (value.kind === "library" ? [value.name] : []));
    if (names.some((one) => TAKES_ELEMENTS.has(one)))
      return [{ kind: "iterated", node: call, held }, ...follow(call, held, depth + 1)];
    if (names.some((one) => PASSES_CONTAINER.has(one))) return follow(call, held, depth + 1);
    return handedOn(call, values, given, held, depth);
  };

  /** Into the project's functions it is followed; what others do with it is their secret. */
  const handedOn = (call: Call, values: readonly Value[], given: Expression, held: boolean, depth: number): Use[] => {
    const inside = values.flatMap((value): Use[][] => {
      const init = value.kind === "class" ? runtime.inference.method(value.cls, "__init__") : null;
      const target = value.kind === "function" ? value.func : init;
      if (!target || target.node.kind === "module") return [];
      const bound = value.kind === "class" || (value.kind === "function" && value.self !== null);
      return matchArguments(call, target, bound).flatMap(([param, argument]) =>
        argument === given ? [parameter(param, target, held, depth)] : [],
      );
    });
    if (inside.length > 0 && values.length === 1) return inside.flat();
    return [{ kind: "passed", call, node: given, held }, ...inside.flat()];
  };

  const stored = (container: Expression, depth: number): Use[] => {
    if (container.kind === "name") return name(container, true, depth);
    if (container.kind === "attribute") return attributeNamed(container, true, depth);
    if (container.kind === "subscript") return stored(container.value, depth);
    return [{ kind: "other", node: container, held: true }];
  };

  /** What a target takes: the whole value, or its part of a tuple on the other side. */
  const assigned = (target: Expression, value: Node, node: Node, held: boolean, depth: number): Use[] => {
    switch (target.kind) {
      case "name":
        return name(target, held, depth);
      case "attribute":
        return attributeNamed(target, held, depth);
      case "subscript":
        return stored(target.value, depth);
      case "starred":
        return assigned(target.value, node, node, true, depth);
      case "tuple":
      case "list": {
        const written = value.kind === "tuple" || value.kind === "list" ? value.items : [];
        const own = target.items[written.findIndex((item) => isInside(node, item))];
        if (own) return assigned(own, node, node, held, depth);
        const parts = target.items.flatMap((item) => assigned(item, node, node, false, depth));
        return [{ kind: "iterated", node, held }, ...parts];
      }
      default:
        return [{ kind: "other", node: target, held }];
    }
  };

  /** What a loop's or `with` statement's target takes. */
  const element = (target: Expression, held: boolean, depth: number): Use[] => {
    if (target.kind === "name") return name(target, held, depth + 1);
    if (target.kind === "attribute") return attributeNamed(target, held, depth + 1);
    if (target.kind === "tuple" || target.kind === "list")
      return target.items.flatMap((item) => element(item, held, depth));
    return [{ kind: "other", node: target, held }];
  };

  const clause = (node: Clause, held: boolean, depth: number): Use[] => {
    const comprehension = node.parent;
    if (comprehension?.kind !== "comprehension") return [{ kind: "other", node, held }];
    return namesIn(runtime.inference.moduleOf(node), targetNames(node.target)).flatMap((one) =>
      isInside(one, comprehension) && !isInside(one, node.target) && !isInside(one, node.iter)
        ? follow(one, false, depth + 1)
        : [],
    );
  };

  const name = (target: Name, held: boolean, depth: number): Use[] => {
    const module = runtime.inference.moduleOf(target);
    const { scope } = runtime.inference.bindings(target);
    if (seen(scope ?? target, target.id, held)) return [];
    if (scope?.node.kind === "class") return [{ kind: "other", node: target, held }];
    const reads = namesIn(module, [target.id]).flatMap((one) =>
      one !== target && !isBinding(one) && runtime.inference.bindings(one).scope === scope
        ? follow(one, held, depth + 1)
        : [],
    );
    // A module's name may be imported anywhere.
    const elsewhere = scope?.node.kind === "module" && isImported(runtime, module, target.id);
    return elsewhere ? [{ kind: "other", node: target, held }, ...reads] : reads;
  };

  const parameter = (param: Parameter, func: Func, held: boolean, depth: number): Use[] => {
    if (seen(func.scope, param.name, held)) return [];
    return namesIn(func.module, [param.name]).flatMap((one) =>
      !isBinding(one) && runtime.inference.bindings(one).scope === func.scope ? follow(one, held, depth + 1) : [],
    );
  };

  /** All reads of the attribute, by its owner's class; where the owner is not known, by its name. */
  const attributeNamed = (target: Attribute, held: boolean, depth: number): Use[] => {
    const cls = ownerOf(runtime, target);
    if (seen(cls ?? target, target.attr, held)) return [];
    const reads = attributesNamed(runtime, target.attr).flatMap((one) => {
      if (one === target || isBinding(one)) return [];
      const other = ownerOf(runtime, one);
      return !cls || !other || related(runtime, cls, other) ? follow(one, held, depth + 1) : [];
    });
    return cls ? reads : [{ kind: "other", node: target, held }, ...reads];
  };

  return follow(expression, false, 0);
}

function isTarget(node: Node): boolean {
  const { parent } = node;
  return (parent?.kind === "assign" && parent.targets.some((target) => target === node)) || parent?.kind === "delete";
}

/** Whether the name or attribute is written there, alone or in a tuple. */
function isBinding(node: Node): boolean {
  for (let at: Node | null = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "assign") return at.targets.some((target) => target === from);
    if (at.kind === "for" || at.kind === "clause") return at.target === from;
    if (at.kind === "withitem") return at.target === from;
    if (at.kind !== "tuple" && at.kind !== "list" && at.kind !== "starred") return false;
  }
  return false;
}

function targetNames(target: Expression): string[] {
  if (target.kind === "name") return [target.id];
  if (target.kind === "starred") return targetNames(target.value);
  return target.kind === "tuple" || target.kind === "list" ? target.items.flatMap(targetNames) : [];
}

/** The class whose attribute it is. */
function ownerOf(runtime: Runtime, node: Attribute): Class | null {
  for (const value of runtime.inference.values(node.value))
    if (value.kind === "object" || value.kind === "class") return value.cls;
  const { value } = node;
  if (value.kind !== "name") return null;
  // `self` of a method, also in a function nested in it.
  for (let func: Func | null = funcAt(runtime.inference.moduleOf(node), node); func; func = func.parent)
    if (func.cls && func.params[0]?.name === value.id) return func.cls;
  return null;
}

function related(runtime: Runtime, a: Class, b: Class): boolean {
  return a === b || runtime.inference.ancestry(a).includes(b) || runtime.inference.ancestry(b).includes(a);
}

const names = new WeakMap<Module, ReadonlyMap<string, readonly Name[]>>();

/** The places where a module's code names one of the ids. */
function namesIn(module: Module, ids: readonly string[]): readonly Name[] {
  let known = names.get(module);
  if (!known) {
    const found = new Map<string, Name[]>();
    for (const func of module.functions)
      for (const node of func.nodes) if (node.kind === "name") push(found, node.id, node);
    known = found;
    names.set(module, known);
  }
  return ids.flatMap((id) => known.get(id) ?? []);
}

const imported = new WeakMap<Runtime, ReadonlySet<string>>();

/** The names that are taken by `from … import` anywhere. */
function importedNames(runtime: Runtime): ReadonlySet<string> {
  const known = imported.get(runtime);
  if (known) return known;
  const found = new Set<string>();
  for (const func of runtime.graph.funcs)
    for (const node of nodesOf(func, "importfrom")) for (const { name } of node.names ?? []) found.add(name);
  imported.set(runtime, found);
  return found;
}

/** Whether another file may take the module's name: by `from … import` or as an attribute of the module. */
function isImported(runtime: Runtime, module: Module, id: string): boolean {
  if (importedNames(runtime).has(id)) return true;
  return attributesNamed(runtime, id).some((node) =>
    runtime.inference.values(node.value).some((value) => value.kind === "module" && value.module === module),
  );
}
