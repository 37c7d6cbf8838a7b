import { push } from "../../multimap.ts";
import type { Class, Func, Module } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Attribute, Call, Name } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";

const names = new WeakMap<Func, ReadonlyMap<string, readonly Name[]>>();
const attributes = new WeakMap<Runtime, ReadonlyMap<string, readonly Attribute[]>>();
const constructions = new WeakMap<Runtime, ReadonlyMap<Class, readonly Construction[]>>();
const nested = new WeakMap<Module, ReadonlyMap<Func, readonly Func[]>>();

/** Every place in the function's own body where the name stands. */
export function namesOf(func: Func, id: string): readonly Name[] {
  let known = names.get(func);
  if (!known) {
    const found = new Map<string, Name[]>();
    for (const node of func.nodes) if (node.kind === "name") push(found, node.id, node);
    known = found;
    names.set(func, known);
  }
  return known.get(id) ?? [];
}

/** Every `….name` of the project. */
export function attributesNamed(runtime: Runtime, name: string): readonly Attribute[] {
  let known = attributes.get(runtime);
  if (!known) {
    const found = new Map<string, Attribute[]>();
    for (const func of runtime.graph.funcs) for (const node of nodesOf(func, "attribute")) push(found, node.attr, node);
    known = found;
    attributes.set(runtime, known);
  }
  return known.get(name) ?? [];
}

/** The functions and lambdas defined inside a function, at any depth. */
export function nestedIn(module: Module, func: Func): readonly Func[] {
  let known = nested.get(module);
  if (!known) {
    const found = new Map<Func, Func[]>();
    for (const one of module.functions)
      for (let at = one.parent; at && at.node.kind !== "module"; at = at.parent) push(found, at, one);
    known = found;
    nested.set(module, known);
  }
  return known.get(func) ?? [];
}

/** A call that makes an object of a class of the project. */
export interface Construction {
  call: Call;
  func: Func;
}

/** Where objects of the class, or of a subclass, are made. */
export function constructionsOf(runtime: Runtime, cls: Class): readonly Construction[] {
  const { inference, graph } = runtime;
  let known = constructions.get(runtime);
  if (!known) {
    const found = new Map<Class, Construction[]>();
    for (const func of graph.funcs)
      for (const node of nodesOf(func, "call")) {
        for (const value of inference.values(node.callee))
          if (value.kind === "class")
            for (const one of inference.ancestry(value.cls)) push(found, one, { call: node, func });
      }
    known = found;
    constructions.set(runtime, known);
  }
  return known.get(cls) ?? [];
}
