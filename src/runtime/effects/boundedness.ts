import type { Call, Clause, Expression, For, Node, While } from "../../python/syntax.ts";
import { isInside, within } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";

/** A loop around some code, innermost first. */
export type LoopAround = For | While | Clause;

/** The loops of the same body of code that run the node again and again. */
export function loopsAround(node: Node): LoopAround[] {
  const found: LoopAround[] = [];
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class") break;
    if (at.kind === "for" && from !== at.iter && from !== at.target && !at.orelse.some((one) => one === from))
      found.push(at);
    else if (at.kind === "while") found.push(at);
    else if (at.kind === "comprehension")
      for (const clause of [...at.clauses].reverse()) if (!isInside(node, clause.iter)) found.push(clause);
  }
  return found;
}

/** How many elements a source has: a number that the program fixes, nobody can tell, as many as a caller gives, or as many as there is data. */
export type Size = (typeof SIZES)[number];

const SIZES = ["fixed", "unknown", "given", "data"] as const;

const DEEPEST = 8;

/** How many elements an iterable has, from where it comes. */
export function sizeOf(runtime: Runtime, iter: Expression, depth = DEEPEST): Size {
  if (depth === 0) return "unknown";
  switch (iter.kind) {
    case "list":
    case "tuple":
    case "set":
      return iter.items.every(({ kind }) => kind !== "starred") ? "fixed" : "unknown";
    case "dict":
      return iter.keys.every((key) => key !== null) ? "fixed" : "unknown";
    case "string":
      return "fixed";
    case "subscript":
      return iter.indices.some(({ kind }) => kind === "slice") ? "fixed" : "unknown";
    case "binary":
      return larger(
        sizeOf(runtime, iter.left, depth - 1),
        iter.op === "*" ? "fixed" : sizeOf(runtime, iter.right, depth - 1),
      );
    case "comprehension":
      return iter.clauses.map(({ iter: source }) => sizeOf(runtime, source, depth - 1)).reduce(larger, "fixed");
    case "await":
    case "starred":
      return sizeOf(runtime, iter.value, depth - 1);
    case "conditional":
      return larger(sizeOf(runtime, iter.body, depth - 1), sizeOf(runtime, iter.orelse, depth - 1));
    case "call":
      return callSize(runtime, iter, depth);
    case "name":
    case "attribute":
      return namedSize(runtime, iter, depth);
    default:
      return "unknown";
  }
}

/** A sum is as large as the larger part. */
function larger(a: Size, b: Size): Size {
  return SIZES.indexOf(a) > SIZES.indexOf(b) ? a : b;
}

function callSize(runtime: Runtime, call: Call, depth: number): Size {
  const names = runtime.inference.names(call.callee).map(({ name }) => name);
  const [first] = call.args;
  if (names.some((name) => name === "range" || name === "itertools.repeat")) return rangeSize(runtime, call, depth);
  if (names.includes("itertools.islice")) return "fixed";
  if (names.some((name) => SAME_SIZE.has(name))) return first ? sizeOf(runtime, first.value, depth - 1) : "fixed";
  if (names.includes("zip"))
    return call.args.some(({ value }) => sizeOf(runtime, value, depth - 1) === "fixed")
      ? "fixed"
      : first
        ? sizeOf(runtime, first.value, depth - 1)
        : "unknown";
  if (call.callee.kind === "attribute" && VIEWS.has(call.callee.attr))
    return sizeOf(runtime, call.callee.value, depth - 1);
  if (names.some((name) => DATA_SOURCES.test(name))) return "data";
  return originSize(runtime, call, depth);
}

/** `range(workers)` counts workers; `range(len(urls))` counts data. */
function rangeSize(runtime: Runtime, call: Call, depth: number): Size {
  for (const { value } of call.args)
    for (const node of [value, ...within(value)])
      if (node.kind === "call" && node.callee.kind === "name" && node.callee.id === "len") {
        const [measured] = node.args;
        // Steps make batches.
        return call.args.length >= 3 || !measured ? "unknown" : sizeOf(runtime, measured.value, depth - 1);
      }
  return "fixed";
}

function namedSize(runtime: Runtime, expression: Expression, depth: number): Size {
  const types = runtime.inference.values(expression);
  if (types.some((value) => value.kind === "instance" && FILES.test(value.type))) return "data";
  // Members of an enumeration; `tuple[str, str]`.
  if (types.some(({ kind }) => kind === "class" || kind === "tuple")) return "fixed";
  return originSize(runtime, expression, depth);
}

function originSize(runtime: Runtime, expression: Expression, depth: number): Size {
  const origins = runtime.origins.of(expression).filter(({ expression: origin }) => origin !== expression);
  if (origins.length === 0) return isParameter(runtime, expression) ? "given" : "unknown";
  // An empty list that is filled somewhere says nothing.
  return origins
    .map(({ expression: origin }) => (isEmpty(origin) ? "unknown" : sizeOf(runtime, origin, depth - 1)))
    .reduce(larger, "fixed");
}

function isEmpty(origin: Expression): boolean {
  return (
    ((origin.kind === "list" || origin.kind === "tuple" || origin.kind === "set") && origin.items.length === 0) ||
    (origin.kind === "dict" && origin.keys.length === 0)
  );
}

/** Nobody in the program says what is passed: as much as the caller likes. */
function isParameter(runtime: Runtime, expression: Expression): boolean {
  if (expression.kind !== "name") return false;
  const [only, ...others] = runtime.inference.bindings(expression).bindings;
  return only?.kind === "parameter" && others.length === 0;
}

const SAME_SIZE = new Set([
  "list",
  "tuple",
  "set",
  "iter",
  "sorted",
  "reversed",
  "enumerate",
  "filter",
  "map",
  "tqdm.tqdm",
  "dict",
  "frozenset",
  "copy.copy",
]);
const VIEWS = new Set(["items", "keys", "values", "copy"]);

const FILES =
  /^(?:io\.|gzip\.|csv\.|sqlite3\.Cursor|psycopg|pymysql\.cursors|sqlalchemy\.engine\.|django\.db\.models\.)/;

const DATA_SOURCES =
  /^(?:os\.(?:listdir|scandir|walk)|glob\.i?glob|pathlib\.Path\.(?:glob|rglob|iterdir|walk)|csv\.(?:reader|DictReader)|sys\.stdin|io\.\w+\.(?:readlines|read)|str\.split(?:lines)?|json\.loads?|.*\.(?:fetchall|fetchmany|paginate)|requests\.Response\.(?:json|iter_lines))$/;
