import type { Module } from "./module.ts";
import type { Node } from "./syntax.ts";

/** A place that a value comes from. `words` is a phrase for a message, such as "`POOL_SIZE = 20`". */
export interface Origin {
  module: Module;
  node: Node;
  words: string;
  by: "literal" | "constant" | "environment" | "field" | "default" | "argument" | "machine";
}

/** A number that depends on how many CPUs the machine has, such as `min(32, cpu + 4)`. */
export interface Interval {
  formula: string;
  at(cpus: number): number;
  /** How tightly the formula holds together: 0 a sum, 1 a product, 2 a name, number or call. */
  rank: 0 | 1 | 2;
}

/** A number of which only limits are known, such as `min(32, len(urls))`. */
export interface Range {
  low: number;
  high: number;
  formula: string;
}

/** The value alone, without where it comes from. Durations are in seconds; items that are not constant are `null`. */
export type Content =
  | { kind: "number"; value: number }
  | { kind: "string"; value: string }
  | { kind: "boolean"; value: boolean }
  | { kind: "none"; value: null }
  | { kind: "duration"; value: number }
  | { kind: "cpus"; value: Interval }
  | { kind: "range"; value: Range }
  | { kind: "tuple" | "list" | "set"; value: readonly (Constant | null)[] }
  | { kind: "dict"; value: ReadonlyMap<string | number | boolean, Constant | null> };

/**
 * What an expression is worth, as far as the program text says. `origin` goes from the place nearest to the expression to the place
 * where the value is written. `doubt` counts inferred steps: 0 it is so, 1 unless the environment or an unknown caller says otherwise.
 */
export type Constant = Content & { origin: readonly Origin[]; doubt: number };

/** A constant as a number: its limits over machines of 2 to 64 CPUs, and how it is computed. `exact` is `null` when the limits differ. */
export interface Quantity {
  low: number;
  high: number;
  exact: number | null;
  formula: string;
}

const FEWEST_CPUS = 2;
const MOST_CPUS = 64;
const MOST_ORIGINS = 5;

function machines(): number[] {
  return Array.from({ length: MOST_CPUS - FEWEST_CPUS + 1 }, (_, i) => FEWEST_CPUS + i);
}

/** The number of CPUs itself. */
export const CPUS: Content = { kind: "cpus", value: { formula: "cpu", at: (cpus) => cpus, rank: 2 } };

/** The number that a constant stands for; `null` for anything else, truth values and texts included. */
export function number(constant: Content | null): Quantity | null {
  switch (constant?.kind) {
    case "number":
      return { low: constant.value, high: constant.value, exact: constant.value, formula: String(constant.value) };
    case "range":
      return { ...constant.value, exact: null };
    case "cpus": {
      const { formula, at } = constant.value;
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (const cpus of machines()) {
        const value = at(cpus);
        if (Number.isNaN(value)) return null;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      return { low, high, exact: low === high ? low : null, formula };
    }
    default:
      return null;
  }
}

/** A time limit in seconds: a number or a `timedelta`; `null` for anything else, `None` included (ask `isNone`). */
export function seconds(constant: Content | null): number | null {
  return constant?.kind === "number" || constant?.kind === "duration" ? constant.value : null;
}

/** Whether the value is `None`. */
export function isNone(constant: Content | null): boolean {
  return constant?.kind === "none";
}

/** Whether Python counts the value as true; `null` if that cannot be said. */
export function truthiness(constant: Content): boolean | null {
  switch (constant.kind) {
    case "none":
      return false;
    case "number":
    case "duration":
      return constant.value !== 0;
    case "boolean":
      return constant.value;
    case "string":
    case "tuple":
    case "list":
    case "set":
      return constant.value.length > 0;
    case "dict":
      return constant.value.size > 0;
    case "cpus":
    case "range": {
      const quantity = number(constant);
      return quantity && (quantity.low > 0 || quantity.high < 0) ? true : null;
    }
  }
}

/** Whether two constants are the same value. */
export function same(a: Content, b: Content): boolean {
  if (a.kind === "cpus" && b.kind === "cpus") return a.value.formula === b.value.formula;
  if (a.kind === "range" && b.kind === "range") return a.value.formula === b.value.formula;
  if (a.kind === "dict" && b.kind === "dict") {
    const other = b.value;
    return a.value.size === other.size && [...a.value].every(([key, value]) => sameItem(value, other.get(key)));
  }
  if (isSequence(a) && isSequence(b)) {
    const other = b.value;
    return a.kind === b.kind && a.value.length === other.length && a.value.every((one, i) => sameItem(one, other[i]));
  }
  return a.kind === b.kind && a.value === b.value;
}

function sameItem(a: Constant | null | undefined, b: Constant | null | undefined): boolean {
  return a != null && b != null && same(a, b);
}

/** Whether the constant has items in order. */
export function isSequence<T extends Content>(constant: T): constant is T & { kind: "tuple" | "list" | "set" } {
  return constant.kind === "tuple" || constant.kind === "list" || constant.kind === "set";
}

/** What subscripting a dict, list or tuple with the key gives. */
export function keyed(of: Constant | null, key: Constant): Constant | null {
  if (of?.kind === "dict")
    return key.kind === "string" || key.kind === "number" || key.kind === "boolean"
      ? reached(of.value.get(key.value) ?? null, of)
      : null;
  if (!of || !isSequence(of) || of.kind === "set" || key.kind !== "number") return null;
  return reached(of.value.at(key.value) ?? null, of);
}

/** An item, with the way to its container before its own. */
function reached(item: Constant | null, container: Constant): Constant | null {
  if (!item) return null;
  const [outer] = container.origin;
  const found = outer && outer.by !== "literal" ? through(item, outer) : item;
  return { ...found, doubt: Math.max(found.doubt, container.doubt) };
}

/** What the way of indices leads to, from a sequence of sequences. */
export function itemAt(constant: Constant | null, path: readonly (number | "*")[]): Constant | null {
  let current = constant;
  for (const step of path) {
    if (!current || step === "*" || !isSequence(current)) return null;
    current = current.value[step] ?? null;
  }
  return current;
}

/** One constant for alternatives that all must be the same value; `null` if they differ or one is unknown. */
export function agreed(alternatives: readonly (Constant | null)[]): Constant | null {
  const [first] = alternatives;
  if (!first) return null;
  let doubt = 0;
  for (const one of alternatives) {
    if (!one || (one !== first && !same(one, first))) return null;
    doubt = Math.max(doubt, one.doubt);
  }
  return doubt === first.doubt ? first : { ...first, doubt };
}

/** A value computed from others: it has their doubt and comes from where they come from; literals only count if there is nothing else. */
export function computed(content: Content, parts: readonly Constant[], itself: Origin): Constant {
  const told = parts.flatMap((part) => part.origin.filter((origin) => origin.by !== "literal"));
  return {
    ...content,
    origin: told.length > 0 ? distinct(told) : [itself],
    doubt: parts.reduce((most, part) => Math.max(most, part.doubt), 0),
  };
}

/** The same value, reached through another place. */
export function through(constant: Constant, place: Origin, doubt = 0): Constant {
  const told = constant.origin.filter((origin) => origin.by !== "literal");
  return { ...constant, origin: distinct([place, ...told]), doubt: constant.doubt + doubt };
}

function distinct(origins: readonly Origin[]): readonly Origin[] {
  const found: Origin[] = [];
  for (const origin of origins)
    if (found.length < MOST_ORIGINS && !found.some(({ node }) => node === origin.node)) found.push(origin);
  return found;
}

/** What an operator gives for two constants; `null` where that cannot be said or raises. */
export function operate(op: string, left: Content, right: Content): Content | null {
  if (op === "+" && left.kind === "string" && right.kind === "string")
    return { kind: "string", value: left.value + right.value };
  if (op === "+" && left.kind === right.kind && isSequence(left) && isSequence(right) && left.kind !== "set")
    return { kind: left.kind, value: [...left.value, ...right.value] };
  if (op === "*" && left.kind === "duration" && right.kind === "number") return duration(left.value * right.value);
  if (op === "*" && left.kind === "number" && right.kind === "duration") return duration(left.value * right.value);
  if ((op === "+" || op === "-") && left.kind === "duration" && right.kind === "duration")
    return duration(calculate(op, left.value, right.value));
  if (left.kind === "number" && right.kind === "number") return numeric(calculate(op, left.value, right.value));
  const [a, b] = [interval(left), interval(right)];
  if (!a || !b || !(op in RANKS)) return null;
  const rank = RANKS[op] ?? 0;
  // `a - (b + c)` and `a // (b * c)` need their parentheses; `a + b + c` does not.
  const loose = op === "+" || op === "*" ? rank : rank + 1;
  const formula = `${bracketed(a, op === "**" ? 2 : rank)} ${op} ${bracketed(b, loose)}`;
  return {
    kind: "cpus",
    value: { formula, at: (cpus) => calculate(op, a.at(cpus), b.at(cpus)), rank: rank === 0 ? 0 : 1 },
  };
}

/** `min` or `max` of values of which some are unknown (`null`): those leave one limit. */
export function extreme(which: "min" | "max", parts: readonly (Content | null)[], words: string): Content | null {
  const known = parts.filter((part) => part !== null);
  const numbers = known.flatMap((part) => (part.kind === "number" ? [part.value] : []));
  if (parts.length > 0 && numbers.length === parts.length) return numeric(Math[which](...numbers));
  const intervals = known.flatMap((part) => interval(part) ?? []);
  if (intervals.length === parts.length)
    return {
      kind: "cpus",
      value: {
        formula: `${which}(${intervals.map(({ formula }) => formula).join(", ")})`,
        at: (cpus) => Math[which](...intervals.map((one) => one.at(cpus))),
        rank: 2,
      },
    };
  const quantities = known.map(number);
  if (quantities.some((quantity) => quantity === null)) return null;
  const lows = quantities.map((quantity) => quantity?.low ?? 0);
  const highs = quantities.map((quantity) => quantity?.high ?? 0);
  const open = known.length < parts.length;
  const low = open && which === "min" ? Number.NEGATIVE_INFINITY : Math[which](...lows);
  const high = open && which === "max" ? Number.POSITIVE_INFINITY : Math[which](...highs);
  if (low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY) return null;
  return low === high ? numeric(low) : { kind: "range", value: { low, high, formula: words } };
}

/** What a function of one number, such as `int`, gives. */
export function apply(name: string, change: (value: number) => number, of: Content): Content | null {
  if (of.kind === "number") return numeric(change(of.value));
  if (of.kind !== "cpus") return null;
  const { formula, at } = of.value;
  // `int(…)` of what is whole anyway needs no word in the formula.
  if (machines().every((cpus) => change(at(cpus)) === at(cpus))) return of;
  return { kind: "cpus", value: { formula: `${name}(${formula})`, at: (cpus) => change(at(cpus)), rank: 2 } };
}

/** Python's `round` to whole numbers: halves go to the even neighbour. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** What `int(…)`, `float(…)`, `str(…)` or `bool(…)` makes of a constant. */
export function converted(type: string, constant: Content): Content | null {
  switch (type) {
    case "int":
      if (constant.kind === "string")
        return /^\s*[+-]?\d[\d_]*\s*$/.test(constant.value) ? digits(constant.value) : null;
      if (constant.kind === "boolean") return { kind: "number", value: Number(constant.value) };
      return apply("int", Math.trunc, constant);
    case "float":
      if (constant.kind === "string") return digits(constant.value);
      return constant.kind === "number" || constant.kind === "cpus" ? constant : null;
    case "str":
      return constant.kind === "string" || constant.kind === "number"
        ? { kind: "string", value: String(constant.value) }
        : null;
    case "bool": {
      const value = truthiness(constant);
      return value === null ? null : { kind: "boolean", value };
    }
    default:
      return null;
  }
}

function digits(text: string): Content | null {
  const plain = text.trim().replaceAll("_", "");
  if (/^[+]?inf(?:inity)?$/i.test(plain)) return { kind: "number", value: Number.POSITIVE_INFINITY };
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(plain) ? numeric(Number(plain)) : null;
}

const RANKS: Readonly<Record<string, 0 | 1>> = { "+": 0, "-": 0, "*": 1, "/": 1, "//": 1, "%": 1, "**": 1 };

/** Python's arithmetic; what raises there is not a number here. */
function calculate(op: string, a: number, b: number): number {
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? Number.NaN : a / b;
    case "//":
      return b === 0 ? Number.NaN : Math.floor(a / b);
    case "%":
      return b === 0 ? Number.NaN : a - b * Math.floor(a / b);
    case "**":
      return a ** b;
    case "<<":
      return a * 2 ** b;
    default:
      return Number.NaN;
  }
}

function numeric(value: number): Content | null {
  return Number.isNaN(value) ? null : { kind: "number", value };
}

function duration(value: number): Content | null {
  return Number.isFinite(value) ? { kind: "duration", value } : null;
}

function interval(constant: Content): Interval | null {
  if (constant.kind === "cpus") return constant.value;
  if (constant.kind !== "number") return null;
  const { value } = constant;
  return { formula: String(value), at: () => value, rank: value < 0 ? 0 : 2 };
}

function bracketed({ formula, rank }: Interval, least: number): string {
  return rank < least ? `(${formula})` : formula;
}
