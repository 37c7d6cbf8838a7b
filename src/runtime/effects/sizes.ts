import type { Binding, Func } from "../../python/module.ts";
import { funcAt } from "../../python/module.ts";
import type { Attribute, Call, Expression, Name, Parameter } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import { matchArguments } from "../graph/callables.ts";
import type { Runtime } from "../runtime.ts";

/** Whether the program text bounds the number of items: `few` it does, `any` nothing does, `unknown` there is no telling. */
export interface Size {
  kind: "few" | "any" | "unknown";
  /** 0 where the items certainly come from outside, 1 where that is likely. */
  doubt: number;
  /** How many they are, where that is written down. */
  count: number | null;
}

const FEW: Size = { kind: "few", doubt: 0, count: null };
const ANY: Size = { kind: "any", doubt: 0, count: null };
const LIKELY: Size = { kind: "any", doubt: 1, count: null };
const UNKNOWN: Size = { kind: "unknown", doubt: 2, count: null };

/** More items than this are not few, even when they are all written down. */
const MOST_FEW = 100;
const DEEPEST = 6;

/** How many items iterating over an expression can give. */
export function sizeOf(runtime: Runtime, expression: Expression, depth = 0): Size {
  if (depth > DEEPEST) return UNKNOWN;
  const deeper = (one: Expression): Size => sizeOf(runtime, one, depth + 1);
  const known = runtime.constants.evaluate(expression);
  if (known && (known.kind === "list" || known.kind === "tuple" || known.kind === "set"))
    return counted(known.value.length);
  if (known?.kind === "dict") return counted(known.value.size);
  switch (expression.kind) {
    case "list":
    case "tuple":
    case "set":
      if (expression.items.every(({ kind }) => kind !== "starred")) return counted(expression.items.length);
      return most(expression.items.map((item) => (item.kind === "starred" ? deeper(item.value) : FEW)));
    case "dict":
      return most(expression.keys.map((key, i) => (key ? FEW : deeper(expression.values[i] ?? expression))));
    case "comprehension":
      return most(expression.clauses.map(({ iter, isAsync }) => (isAsync ? ANY : deeper(iter))));
    case "conditional":
      return most([deeper(expression.body), deeper(expression.orelse)]);
    case "boolean":
      return most([deeper(expression.left), deeper(expression.right)]);
    case "binary":
      return expression.op === "+" || expression.op === "|"
        ? most([deeper(expression.left), deeper(expression.right)])
        : UNKNOWN;
    case "starred":
    case "walrus":
      return deeper(expression.value);
    case "await":
      return expression.value.kind === "call" ? answered(runtime, expression.value) : UNKNOWN;
    case "call":
      return called(runtime, expression, depth);
    case "subscript": {
      const [index] = expression.indices;
      // `items[:20]`, `items[start : start + 20]` are as long as somebody says, `items[1:]` is as long as the rest.
      if (index?.kind === "slice") return isOpenEnded(runtime, expression, index) ? deeper(expression.value) : FEW;
      return isData(runtime, expression.value) ? LIKELY : UNKNOWN;
    }
    case "name":
      return named(runtime, expression, depth);
    case "attribute":
      if (isEnumeration(runtime, expression)) return FEW;
      return isRequestData(runtime, expression) ? LIKELY : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

function most(sizes: readonly Size[]): Size {
  const any = sizes.filter(({ kind }) => kind === "any").sort((a, b) => a.doubt - b.doubt)[0];
  if (any) return any;
  const unknown = sizes.find(({ kind }) => kind === "unknown");
  if (unknown) return unknown;
  const counts = sizes.map(({ count }) => count);
  return { ...FEW, count: counts.includes(null) ? null : Math.max(0, ...counts.map(Number)) };
}

function counted(count: number): Size {
  return count <= MOST_FEW ? { ...FEW, count } : ANY;
}

/** The text between the brackets says whether a slice has an end. */
function isOpenEnded(runtime: Runtime, expression: Expression, slice: Expression): boolean {
  const text = runtime.inference.moduleOf(expression).text.slice(slice.start, slice.end);
  return /:\s*(?::|$)/.test(text.trim()) && !/^\s*:\s*\S/.test(text);
}

function named(runtime: Runtime, name: Name, depth: number): Size {
  if (isEnumeration(runtime, name)) return FEW;
  const { bindings, scope } = runtime.inference.bindings(name);
  if (bindings.length === 0) return UNKNOWN;
  // A module's list that code elsewhere may fill.
  if (scope?.node.kind === "module" && funcAt(runtime.inference.moduleOf(name), name).node.kind !== "module")
    return /^[A-Z][A-Z0-9_]*$/.test(name.id) ? FEW : UNKNOWN;
  return most(bindings.map((binding) => bound(runtime, binding, depth)));
}

function bound(runtime: Runtime, binding: Binding, depth: number): Size {
  switch (binding.kind) {
    case "parameter":
      return passed(runtime, binding.node, depth);
    case "value": {
      if (binding.path.length > 0) return UNKNOWN;
      // `found = []` that is filled in a loop.
      if (isEmpty(binding.value)) return UNKNOWN;
      return sizeOf(runtime, binding.value, depth + 1);
    }
    case "iteration":
      return isChunking(runtime, binding.iter) ? FEW : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

function isEmpty(value: Expression): boolean {
  return (
    ((value.kind === "list" || value.kind === "set") && value.items.length === 0) ||
    (value.kind === "call" && value.args.length === 0)
  );
}

/** What callers pass; a parameter that nobody in the project passes gets anything. */
function passed(runtime: Runtime, param: Parameter, depth: number): Size {
  if (param.stars !== 0) return UNKNOWN;
  const declared = param.annotation ? runtime.inference.annotated(param.annotation) : [];
  if (declared.some(({ kind }) => kind === "tuple")) return FEW;
  const { parent } = param;
  const func =
    parent?.kind === "function" || parent?.kind === "lambda"
      ? runtime.inference.moduleOf(param).byNode.get(parent)
      : undefined;
  if (!func) return UNKNOWN;
  const given = runtime.graph.callers(func).flatMap(({ site }) => {
    if (site.node.kind !== "call") return [];
    const pair = matchArguments(site.node, func, isBound(func)).find(([one]) => one === param);
    return pair ? [pair[1]] : param.default ? [param.default] : [];
  });
  if (given.length === 0) return ANY;
  const size = most(given.map((one) => sizeOf(runtime, one, depth + 1)));
  // Somebody passes something of which nobody says how much it may be.
  return size.kind === "unknown" ? LIKELY : size;
}

function isBound(func: Func): boolean {
  return func.cls !== null && func.params[0]?.name === "self";
}

/** What a call gives to iterate over. */
function called(runtime: Runtime, call: Call, depth: number): Size {
  const first = argument(call, null, 0);
  const names = runtime.inference.names(call.callee).map(({ name }) => name);
  for (const name of names) {
    if (name === "range") return rangeSize(runtime, call, depth);
    if (SAME_SIZE.has(name) && first) return sizeOf(runtime, first, depth + 1);
    if (name === "map" || name === "filter") {
      const source = argument(call, null, 1);
      return source ? sizeOf(runtime, source, depth + 1) : UNKNOWN;
    }
    if (name === "zip")
      return call.args.some(({ value }) => sizeOf(runtime, value, depth + 1).kind === "few")
        ? FEW
        : first
          ? sizeOf(runtime, first, depth + 1)
          : UNKNOWN;
    if (name === "itertools.chain") return most(call.args.map(({ value }) => sizeOf(runtime, value, depth + 1)));
    if (BOUNDED.has(name)) return FEW;
    if (OUTSIDE.test(name)) return ANY;
  }
  if (isChunking(runtime, call)) return UNKNOWN;
  const { callee } = call;
  if (callee.kind === "attribute") {
    if (VIEWS.has(callee.attr)) return sizeOf(runtime, callee.value, depth + 1);
    if (callee.attr === "split" || callee.attr === "splitlines") return LIKELY;
    if (callee.attr === "json" || callee.attr === "fetchall" || callee.attr === "readlines") return ANY;
    if (callee.attr === "get" && isData(runtime, callee.value)) return LIKELY;
  }
  return UNKNOWN;
}

/** What an awaited call answers: rows of a database, the body of a reply. */
function answered(runtime: Runtime, call: Call): Size {
  const names = runtime.inference.names(call.callee).map(({ name }) => name);
  if (names.some((name) => ANSWERS.test(name))) return ANY;
  if (call.callee.kind === "attribute" && /^(?:json|fetch|fetchall|to_list|scalars|readlines)$/.test(call.callee.attr))
    return ANY;
  return UNKNOWN;
}

/** `range(len(x))` is as long as `x`; any other number is one that somebody chose. */
function rangeSize(runtime: Runtime, call: Call, depth: number): Size {
  const last = call.args.length > 1 ? argument(call, null, 1) : argument(call, null, 0);
  if (last?.kind === "number") return last.value <= MOST_FEW ? FEW : ANY;
  if (last?.kind === "call" && last.callee.kind === "name" && last.callee.id === "len") {
    const measured = argument(last, null, 0);
    // With a step it counts the chunks.
    return measured && call.args.length < 3 ? sizeOf(runtime, measured, depth + 1) : UNKNOWN;
  }
  return FEW;
}

/** Data that came from outside: a decoded reply, a loaded file. */
function isData(runtime: Runtime, expression: Expression): boolean {
  if (expression.kind === "await") return isData(runtime, expression.value);
  if (expression.kind === "subscript") return isData(runtime, expression.value);
  if (expression.kind === "call") {
    const { callee } = expression;
    if (callee.kind === "attribute" && callee.attr === "json") return true;
    if (callee.kind === "attribute" && callee.attr === "get") return isData(runtime, callee.value);
    return runtime.inference
      .names(callee)
      .some(({ name }) => /^(?:json|yaml|tomllib|orjson|ujson)\.(?:safe_)?loads?$/.test(name));
  }
  if (expression.kind !== "name") return false;
  const [only, ...others] = runtime.inference.bindings(expression).bindings;
  return only?.kind === "value" && others.length === 0 && isData(runtime, only.value);
}

/** `form.urls`, where the form is what a client sent. */
function isRequestData({ inference, contexts }: Runtime, { value }: Attribute): boolean {
  if (value.kind !== "name") return false;
  const [only] = inference.bindings(value).bindings;
  if (only?.kind !== "parameter") return false;
  const func = inference.moduleOf(value).byNode.get(only.owner);
  if (!func || !contexts.of(func).some(({ from, root }) => from === null && root.serves)) return false;
  return inference
    .values(value)
    .some(
      (one) =>
        one.kind === "object" && inference.libraryBases(one.cls).some((base) => /^(?:pydantic|msgspec)\./.test(base)),
    );
}

function isEnumeration({ inference }: Runtime, expression: Expression): boolean {
  return inference
    .values(expression)
    .some(
      (value) => value.kind === "class" && inference.libraryBases(value.cls).some((base) => base.startsWith("enum.")),
    );
}

/** Whether iterating gives pieces of a bounded size. */
function isChunking({ inference }: Runtime, expression: Expression): boolean {
  if (expression.kind !== "call") return false;
  const { callee } = expression;
  const own = callee.kind === "name" ? callee.id : callee.kind === "attribute" ? callee.attr : "";
  return CHUNKS.test(own) || inference.names(callee).some(({ name }) => CHUNKS.test(name.split(".").at(-1) ?? ""));
}

const CHUNKS = /batch|chunk|grouper|windowed|slices|partition|paginate|divide|distribute/i;
const VIEWS = new Set(["items", "keys", "values", "copy"]);
const SAME_SIZE = new Set([
  "list",
  "tuple",
  "set",
  "frozenset",
  "sorted",
  "reversed",
  "enumerate",
  "iter",
  "dict",
  "dict.fromkeys",
  "tqdm.tqdm",
]);
const BOUNDED = new Set([
  "itertools.islice",
  "itertools.repeat",
  "itertools.product",
  "random.sample",
  "heapq.nlargest",
  "heapq.nsmallest",
]);
const OUTSIDE =
  /^(?:os\.(?:listdir|scandir|walk)|glob\.i?glob|csv\.(?:reader|DictReader)|(?:json|yaml|orjson|ujson)\.(?:safe_)?loads?|open|io\.open|pathlib\.Path\.(?:glob|rglob|iterdir)|re\.(?:findall|finditer))$/;
const ANSWERS =
  /(?:\.|^)(?:fetch|fetchall|fetchmany|all|scalars|to_list|json|smembers|lrange|keys|scan|search|find|list_objects_v2|execute_fetchall|fetch_all)$/;
