import { LARGE, PICKLE_HOOKS, WHOLE_READS } from "../../knowledge/sharing.ts";
import type { Class } from "../../python/module.ts";
import type { Expression, Node } from "../../python/syntax.ts";
import { isInside } from "../../python/syntax.ts";
import type { Value } from "../../python/value.ts";
import type { Submission } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import { wayOf } from "./pickling.ts";

/** Something big that is pickled again for every task. */
export interface Burden {
  expression: Expression;
  /** What it is: "array", "data frame", "image", "text of a whole file", "whole collection". */
  label: string;
  /** The attribute that holds it, where the object of a method carries it along. */
  attribute: string | null;
  doubt: number;
}

/** What a submission to a process pool pickles for every task although it is big; `null` when nothing is seen. */
export function burdenOf(runtime: Runtime, submission: Submission): Burden | null {
  if (wayOf(runtime, submission) !== "task") return null;
  const { call, callable, payload, fact, func } = submission;
  const isMap = fact.argsForm === "map";
  const loop = loopAround(call);
  if (!isMap && !loop && !runtime.contexts.serving(func)) return null;
  for (const { expression, role } of payload) {
    const found = role === "items" ? itemBurden(runtime, expression) : argumentBurden(runtime, expression, loop);
    if (found) return found;
  }
  return callable ? methodBurden(runtime, callable) : null;
}

/** The loop or comprehension that makes the call again and again. */
function loopAround(call: Node): Node | null {
  for (let at = call.parent, from: Node = call; at; from = at, at = at.parent) {
    if (at.kind === "for" && from !== at.iter) return at;
    if (at.kind === "while" || at.kind === "comprehension") return at;
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class") return null;
  }
  return null;
}

function argumentBurden(runtime: Runtime, expression: Expression, loop: Node | null): Burden | null {
  return (
    largeBurden(runtime, expression, runtime.inference.values(expression)) ??
    readBurden(runtime, expression) ??
    collectionBurden(runtime, expression, loop)
  );
}

/** The elements of what `map` iterates over: written out, or of a known type. */
function itemBurden(runtime: Runtime, items: Expression): Burden | null {
  const source = madeBy(runtime, items);
  if (source.kind === "comprehension") {
    const parts = source.element.kind === "tuple" ? source.element.items : [source.element];
    for (const part of parts) {
      const found = argumentBurden(runtime, part, source);
      if (found) return { ...found, expression: parts.length > 1 ? part : items };
    }
    return null;
  }
  const elements = runtime.inference.elements(
    runtime.inference.values(items).filter(({ kind }) => kind === "iterable"),
  );
  return largeBurden(runtime, items, elements);
}

function madeBy(runtime: Runtime, expression: Expression): Expression {
  if (expression.kind !== "name") return expression;
  const [only, ...others] = runtime.inference.bindings(expression).bindings;
  return only?.kind === "value" && only.path.length === 0 && others.length === 0 ? only.value : expression;
}

function largeBurden(runtime: Runtime, expression: Expression, values: readonly Value[]): Burden | null {
  for (const value of values) {
    if (value.kind !== "instance") continue;
    const type = runtime.inference.library.ancestry(value.type).find((one) => LARGE.has(one));
    if (type !== undefined)
      return {
        expression,
        label: LARGE.get(type) ?? type,
        attribute: null,
        // `array[i]` may as well be one number.
        doubt: value.doubt + (values.length > 1 || expression.kind === "subscript" ? 2 : 0),
      };
  }
  return null;
}

function readBurden(runtime: Runtime, expression: Expression): Burden | null {
  for (const { expression: origin, doubt } of runtime.origins.of(expression)) {
    if (origin.kind !== "call" || origin.args.length > 0) continue;
    if (runtime.inference.names(origin.callee).some(({ name }) => WHOLE_READS.has(name)))
      return { expression, label: "content of a whole file", attribute: null, doubt };
  }
  return null;
}

/** The list that the loop runs over, passed whole to each of its tasks: the work grows with its square. */
function collectionBurden(runtime: Runtime, expression: Expression, loop: Node | null): Burden | null {
  if (expression.kind !== "name" && expression.kind !== "attribute") return null;
  const isList = runtime.inference
    .values(expression)
    .some((value) => value.kind === "iterable" && (value.type === "list" || value.type === "set"));
  if (!isList || !loop || !sourcesOf(loop).some((source) => mentions(source, expression))) return null;
  if (
    runtime.origins
      .of(expression)
      .some(({ expression: origin }) => (origin.kind === "list" || origin.kind === "tuple") && origin.items.length > 0)
  )
    return null;
  return { expression, label: "whole collection", attribute: null, doubt: 0 };
}

function sourcesOf(loop: Node): readonly Expression[] {
  if (loop.kind === "for") return [loop.iter];
  return loop.kind === "comprehension" ? loop.clauses.map(({ iter }) => iter) : [];
}

function mentions(source: Expression, expression: Expression): boolean {
  const wanted = nameOf(expression);
  const stack: Node[] = [source];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if ((node.kind === "name" || node.kind === "attribute") && nameOf(node) === wanted && isInside(node, source))
      return true;
    if (node.kind === "call") stack.push(...node.args.map(({ value }) => value));
  }
  return false;
}

function nameOf(expression: Expression): string | null {
  if (expression.kind === "name") return expression.id;
  if (expression.kind !== "attribute") return null;
  const owner = nameOf(expression.value);
  return owner === null ? null : `${owner}.${expression.attr}`;
}

/** A bound method takes its object along. */
function methodBurden(runtime: Runtime, callable: Expression): Burden | null {
  for (const value of runtime.inference.values(callable)) {
    if (value.kind !== "function" || value.self?.kind !== "object" || !value.func.cls) continue;
    const { static: isStatic, classmethod } = runtime.inference.decoration(value.func);
    if (isStatic || classmethod) continue;
    const found = attributeBurden(runtime, value.self.cls);
    if (found)
      return { expression: callable, label: found.label, attribute: found.name, doubt: value.doubt + found.doubt };
  }
  return null;
}

function attributeBurden(runtime: Runtime, cls: Class): { name: string; label: string; doubt: number } | null {
  if (PICKLE_HOOKS.some((hook) => runtime.inference.method(cls, hook) !== null)) return null;
  for (const one of runtime.inference.ancestry(cls))
    for (const [name, bindings] of one.attributes)
      for (const { value, at, via, path } of bindings) {
        if (!value || at.parent === one.node || via !== "value" || path.length > 0) continue;
        const found = largeBurden(runtime, value, runtime.inference.values(value)) ?? readBurden(runtime, value);
        if (found) return { name, label: found.label, doubt: found.doubt };
      }
  return null;
}
