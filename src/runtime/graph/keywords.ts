import { push } from "../../multimap.ts";
import type { Inference } from "../../python/infer.ts";
import { type Func, funcAt } from "../../python/module.ts";
import type { Attribute, Call, Dict, Expression, Name } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import { namesOf } from "./mentions.ts";

/** What `**options` brings: the values of the keys that are seen, and whether there may be others. */
export interface Keywords {
  values: ReadonlyMap<string, readonly Expression[]>;
  complete: boolean;
}

const DEEPEST = 5;

/** Methods of a dict that leave its keys alone, or change them in ways that are read here. */
const READING = new Set(["get", "items", "keys", "values", "copy", "pop", "setdefault", "update"]);

/** Library calls that only look at a dict. */
const LOOKING = new Set(["len", "bool", "print", "repr", "str", "isinstance", "sorted", "list", "tuple", "id"]);

const COPYING = new Set(["dict.copy", "copy.copy", "copy.deepcopy"]);

interface Collected {
  values: Map<string, Expression[]>;
  complete: boolean;
}

/** The keys of the dict that an expression stands for, as far as the code around it says. */
export function keywordsOf(runtime: Runtime, expression: Expression): Keywords {
  const found: Collected = { values: new Map(), complete: true };
  collect(runtime, expression, found, 0);
  return found;
}

function collect(runtime: Runtime, expression: Expression, found: Collected, depth: number): void {
  if (depth > DEEPEST) {
    found.complete = false;
    return;
  }
  const next = (one: Expression): void => collect(runtime, one, found, depth + 1);
  switch (expression.kind) {
    case "dict":
      entries(expression, found, next);
      return;
    case "conditional":
      next(expression.body);
      next(expression.orelse);
      return;
    case "boolean":
    case "binary":
      next(expression.left);
      next(expression.right);
      return;
    case "constant":
      if (expression.value !== null) found.complete = false;
      return;
    case "walrus":
      next(expression.value);
      return;
    case "name":
      named(runtime, expression, found, next);
      return;
    case "call":
      made(runtime.inference, expression, found, next);
      return;
    case "attribute":
      stored(runtime, expression, found, next);
      return;
    default:
      found.complete = false;
  }
}

function note(found: Collected, key: string, value: Expression): void {
  push(found.values, key, value);
}

function entries({ keys, values }: Dict, found: Collected, next: (one: Expression) => void): void {
  for (const [i, value] of values.entries()) {
    const key = keys[i];
    if (!key) next(value);
    else if (key.kind === "string") note(found, key.value, value);
    else found.complete = false;
  }
}

/** `dict(a=1, **more)`, `options.copy()`. */
function made(inference: Inference, call: Call, found: Collected, next: (one: Expression) => void): void {
  const { callee } = call;
  const names = inference.names(callee).map(({ name }) => name);
  const copied = callee.kind === "attribute" && callee.attr === "copy" ? callee.value : call.args[0]?.value;
  if (copied && names.some((name) => COPYING.has(name))) {
    next(copied);
    return;
  }
  if (!names.includes("dict")) {
    found.complete = false;
    return;
  }
  for (const { name, value } of call.args)
    if (name === null) next(value);
    else note(found, name, value);
}

/** What the bindings of a name hold, and what is done to them in the body of code. */
function named(runtime: Runtime, name: Name, found: Collected, next: (one: Expression) => void): void {
  const { bindings, scope } = runtime.inference.bindings(name);
  if (bindings.length === 0) found.complete = false;
  for (const binding of bindings) {
    if (binding.kind === "value" && binding.path.length === 0) next(binding.value);
    else if (binding.kind !== "annotation") found.complete = false;
  }
  const own = funcAt(runtime.inference.moduleOf(name), name);
  const bodies: Func[] = scope?.node.kind === "module" && own !== scope.module.top ? [own, scope.module.top] : [own];
  for (const body of bodies) for (const one of namesOf(body, name.id)) changed(runtime, one, found, next);
}

function stored(runtime: Runtime, attribute: Attribute, found: Collected, next: (one: Expression) => void): void {
  for (const { expression } of runtime.origins.of(attribute)) if (expression.kind === "dict") next(expression);
  // Any method may change what is kept in an attribute.
  found.complete = false;
}

/** What happens to a dict where its name stands. */
function changed(runtime: Runtime, name: Name, found: Collected, next: (one: Expression) => void): void {
  const { parent } = name;
  switch (parent?.kind) {
    case "subscript": {
      const [key] = parent.indices;
      const statement = parent.parent;
      if (parent.value !== name || statement?.kind !== "assign" || !statement.targets.includes(parent)) return;
      if (key?.kind === "string" && statement.value) note(found, key.value, statement.value);
      else found.complete = false;
      return;
    }
    case "attribute":
      if (parent.parent?.kind === "call" && parent.parent.callee === parent) method(parent, parent.parent, found, next);
      return;
    case "augassign":
      if (parent.target === name) next(parent.value);
      return;
    case "argument": {
      if (parent.stars !== 0 || parent.parent?.kind !== "call") return;
      const names = runtime.inference.names(parent.parent.callee);
      if (!names.some((one) => LOOKING.has(one.name) || one.name === "dict")) found.complete = false;
      return;
    }
    default:
  }
}

function method({ attr }: Attribute, call: Call, found: Collected, next: (one: Expression) => void): void {
  if (!READING.has(attr)) {
    found.complete = false;
    return;
  }
  if (attr === "setdefault") {
    const key = argument(call, "key", 0);
    const value = argument(call, "default", 1);
    if (key?.kind === "string" && value) note(found, key.value, value);
    else found.complete = false;
  } else if (attr === "update")
    for (const { name, value } of call.args)
      if (name === null) next(value);
      else note(found, name, value);
}
