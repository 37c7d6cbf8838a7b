import type { Class, Func, Module } from "./module.ts";
import type { Call } from "./syntax.ts";

/** What an expression may stand for at run time. `doubt` counts the inferred steps on the way: 0 resolved, 1 inferred, 2 or more a guess. */
export type Value = {
  doubt: number;
} /** A module, function, class or method of a library, by canonical name; `receiver` is the class of the object a method is bound to. */ & (
  | { kind: "library"; name: string; receiver: string | null }
  /** An object of a library class. */
  | { kind: "instance"; type: string }
  | { kind: "module"; module: Module }
  /** A function of the project, bound to `self` where it is a method; `made` is the call that returned it out of its enclosing function. */
  | { kind: "function"; func: Func; self: Value | null; made: Call | null }
  | { kind: "class"; cls: Class }
  /** An object of a project class; `exact` where its constructor was seen, so that it is of no subclass. */
  | { kind: "object"; cls: Class; exact: boolean }
  | { kind: "super"; cls: Class }
  /** What must be awaited; a task is also an object of a library class. */
  | { kind: "awaitable"; of: readonly Value[]; type: string | null; func: Func | null }
  | { kind: "manager"; of: readonly Value[]; isAsync: boolean; func: Func | null }
  /** A list, set, iterator or generator of elements; `func` is the generator function that makes them. */
  | { kind: "iterable"; of: readonly Value[]; type: string; func: Func | null }
  | { kind: "tuple"; items: readonly (readonly Value[])[] }
  /** A dict; `entries` are the values of a literal's constant keys. */
  | { kind: "mapping"; of: readonly Value[]; entries: ReadonlyMap<string, readonly Value[]> | null }
  | { kind: "partial"; of: readonly Value[]; call: Call }
  | { kind: "none" }
);

const MOST_VALUES = 12;

/** The same value with more doubt. */
export function doubted<T extends Value>(value: T, more: number): T {
  return more === 0 ? value : { ...value, doubt: value.doubt + more };
}

/** Joins alternatives, dropping repetitions; very wide unions are cut, since they say nothing. */
export function union(...groups: (readonly Value[])[]): readonly Value[] {
  if (groups.length === 1) return groups[0] ?? [];
  const found: Value[] = [];
  for (const group of groups)
    for (const value of group)
      if (found.length < MOST_VALUES && !found.some((one) => same(one, value))) found.push(value);
  return found;
}

function same(a: Value, b: Value): boolean {
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case "library":
      return b.kind === "library" && a.name === b.name && a.receiver === b.receiver;
    case "instance":
      return b.kind === "instance" && a.type === b.type;
    case "module":
      return b.kind === "module" && a.module === b.module;
    case "function":
      return b.kind === "function" && a.func === b.func && a.made === b.made;
    case "class":
    case "object":
    case "super":
      return b.kind === a.kind && a.cls === b.cls;
    case "none":
      return true;
    default:
      return a === b;
  }
}

export function library(name: string, doubt = 0, receiver: string | null = null): Value {
  return { kind: "library", name, receiver, doubt };
}

export function instance(type: string, doubt = 0): Value {
  return { kind: "instance", type, doubt };
}

export function iterable(of: readonly Value[], type = "list", func: Func | null = null): Value {
  return { kind: "iterable", of, type, func, doubt: 0 };
}

export function mapping(of: readonly Value[], entries: ReadonlyMap<string, readonly Value[]> | null = null): Value {
  return { kind: "mapping", of, entries, doubt: 0 };
}

export function object(cls: Class, exact = false, doubt = 0): Value {
  return { kind: "object", cls, exact, doubt };
}

export function functionValue(func: Func, self: Value | null = null, doubt = 0): Value {
  return { kind: "function", func, self, made: null, doubt };
}

export function awaitable(of: readonly Value[], type: string | null = null, func: Func | null = null): Value {
  return { kind: "awaitable", of, type, func, doubt: 0 };
}
