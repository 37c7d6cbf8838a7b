import { push } from "../multimap.ts";
import type { Inference } from "./infer.ts";
import type { Class, Func, Module, Scope } from "./module.ts";
import { nodesOf, scopeAt } from "./module.ts";
import type { Call, Expression, Node, Parameter } from "./syntax.ts";
import { argument, passesMore } from "./syntax.ts";

/** A call of a project function or class; `bound` when its first parameter is the receiver. */
export interface KnownCall {
  call: Call;
  bound: boolean;
}

/** `owner.name = value`; a `null` value stands for `+=` and the like. */
export interface Write {
  owner: Expression;
  value: Expression | null;
  node: Node;
}

/** What changes the content of a list or dict: one key gets a value, or (`null`) anything may have happened. */
export interface Mutation {
  key: string | null;
  value: Expression | null;
}

/** Where the project calls, writes and changes things: what a value may become after it was bound. */
export interface Uses {
  calls(target: Func | Class): readonly KnownCall[];
  /** Writes to attributes of that name from outside, and every augmented one. */
  writes(attribute: string): readonly Write[];
  /** Whether the scope's name is changed by `+=` or the like. */
  augmented(scope: Scope, name: string): boolean;
  /** Changes to the content of anything that is called so, as a name or as an attribute. */
  mutations(name: string): readonly Mutation[];
}

const MUTATORS = /^(?:append|extend|insert|remove|pop|popitem|clear|update|add|discard|setdefault|sort|reverse)$/;

/** Reads all uses on the first question; `counts` leaves out files whose calls and writes do not speak for the program. */
export function usesOf(inference: Inference, counts: (path: string) => boolean): Uses {
  let read: Read | null = null;
  const all = (): Read => {
    read ??= readUses(inference, counts);
    return read;
  };
  return {
    calls: (target) => all().calls.get(target) ?? [],
    writes: (attribute) => all().writes.get(attribute) ?? [],
    augmented: (scope, name) => all().augmented.get(scope)?.has(name) ?? false,
    mutations: (name) => all().mutations.get(name) ?? [],
  };
}

interface Read {
  calls: Map<Func | Class, KnownCall[]>;
  writes: Map<string, Write[]>;
  augmented: Map<Scope, Set<string>>;
  mutations: Map<string, Mutation[]>;
}

function readUses(inference: Inference, counts: (path: string) => boolean): Read {
  const found: Read = { calls: new Map(), writes: new Map(), augmented: new Map(), mutations: new Map() };
  for (const module of inference.modules.values()) {
    const counted = counts(module.path);
    for (const func of module.functions)
      for (const node of nodesOf(func, "call", "assign", "augassign", "delete")) {
        // A file's own names are changed by what it does to them, whoever else that concerns.
        if (!counted && !(node.kind === "augassign" && node.target.kind === "name")) continue;
        if (node.kind === "call") readCall(found, inference, node);
        else if (node.kind === "assign")
          for (const target of node.targets) readTarget(found, func, target, node.value, node);
        else if (node.kind === "augassign") readAugmented(found, module, node.target, node);
        else if (node.kind === "delete") for (const target of node.targets) readTarget(found, func, target, null, node);
      }
  }
  return found;
}

function readCall(found: Read, inference: Inference, call: Call): void {
  const { callee } = call;
  if (callee.kind === "attribute" && MUTATORS.test(callee.attr)) {
    const name = lastName(callee.value);
    if (name !== null) push(found.mutations, name, { key: null, value: null });
  }
  for (const value of inference.values(callee)) {
    if (value.kind === "function") push(found.calls, value.func, { call, bound: value.self !== null });
    else if (value.kind === "class") {
      push(found.calls, value.cls, { call, bound: true });
      const init = inference.method(value.cls, "__init__");
      if (init) push(found.calls, init, { call, bound: true });
    }
  }
}

function readTarget(found: Read, func: Func, target: Expression, value: Expression | null, node: Node): void {
  if (target.kind === "tuple" || target.kind === "list") {
    for (const item of target.items) readTarget(found, func, item, null, node);
  } else if (target.kind === "attribute") {
    // What methods write to their own object is an attribute binding of the class.
    const own = func.cls !== null && target.value.kind === "name" && target.value.id === func.params[0]?.name;
    if (!own) push(found.writes, target.attr, { owner: target.value, value, node });
  } else if (target.kind === "subscript") {
    const name = lastName(target.value);
    const [key] = target.indices;
    if (name !== null) push(found.mutations, name, { key: key?.kind === "string" ? key.value : null, value });
  }
}

function readAugmented(found: Read, module: Module, target: Expression, node: Node): void {
  if (target.kind === "attribute") push(found.writes, target.attr, { owner: target.value, value: null, node });
  else if (target.kind === "subscript") {
    const name = lastName(target.value);
    const [key] = target.indices;
    if (name !== null) push(found.mutations, name, { key: key?.kind === "string" ? key.value : null, value: null });
  } else if (target.kind === "name") {
    const { id } = target;
    let scope = scopeAt(module, target);
    const outer = scope.outer.get(id);
    if (outer === "global") scope = module.scope;
    else if (outer === "nonlocal")
      for (let at = scope.parent; at; at = at.parent)
        if (at.node.kind !== "class" && at.names.has(id)) {
          scope = at;
          break;
        }
    const known = found.augmented.get(scope);
    if (known) known.add(id);
    else found.augmented.set(scope, new Set([id]));
    push(found.mutations, id, { key: null, value: null });
  }
}

/** What a call gives a parameter: an expression, `"default"` when it is left out, `"unknown"` when `*` or `**` may carry it. */
export function given(
  { call, bound }: KnownCall,
  params: readonly Parameter[],
  param: Parameter,
): Expression | "default" | "unknown" {
  const position = param.keywordOnly ? -1 : params.indexOf(param) - (bound ? 1 : 0);
  const found = argument(call, param.name, position);
  if (found) return found;
  return passesMore(call, 2) || (passesMore(call, 1) && !param.keywordOnly) ? "unknown" : "default";
}

function lastName(expression: Expression): string | null {
  if (expression.kind === "name") return expression.id;
  return expression.kind === "attribute" ? expression.attr : null;
}
