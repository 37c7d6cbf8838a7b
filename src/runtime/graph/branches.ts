import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import type { Call, Expression, Name, Node, Parameter } from "../../python/syntax.ts";
import { matchArguments } from "./callables.ts";
import type { Site, Target } from "./callgraph.ts";
import { conditionsOf } from "./conditions.ts";

/** What is known about the truth of a branch's condition. */
type Verdict = "true" | "false" | "unlikely" | "unknown";

/** What decides a branch: a parameter, compared with constants or tried for truth. */
interface Question {
  parameter: Parameter;
  asks: "truth" | "falsehood" | "none" | "not none" | "equal" | "unequal" | "instance" | "no instance" | Order;
  /** What it is compared with: equal to one of them, or to none. */
  values: readonly Expression[];
}

/** Comparisons with a number. */
type Order = "<" | "<=" | ">" | ">=";

/**
 * How sure it is that a call of a function reaches `node` in it, by the branches around it that ask for a parameter: 0 nothing speaks
 * against it, 1 the call passes something that hardly takes the branch, `null` the call's arguments or the defaults rule it out.
 */
export function reaches(inference: Inference, site: Site, target: Target, node: Node): 0 | 1 | null {
  if (site.node.kind !== "call" || target.func.node.kind === "module") return 0;
  let doubt: 0 | 1 = 0;
  for (const { test, taken } of conditionsOf(node, target.func)) {
    const question = questionOf(inference, test);
    if (!question || !target.func.params.includes(question.parameter)) continue;
    const verdict = answer(inference, question, given(site, target, question.parameter));
    if (verdict === (taken ? "false" : "true")) return null;
    if (verdict === "unlikely" && taken) doubt = 1;
  }
  return doubt;
}

/** Whether it depends on what the function is called with that `node` in it runs. */
export function isConditional(inference: Inference, func: Func, node: Node): boolean {
  return conditionsOf(node, func).some(({ test }) => {
    const question = questionOf(inference, test);
    return question !== null && func.params.includes(question.parameter);
  });
}

function questionOf(inference: Inference, test: Expression): Question | null {
  if (test.kind === "unary" && test.op === "not") {
    const inner = questionOf(inference, test.operand);
    return inner && { ...inner, asks: OPPOSITE[inner.asks] };
  }
  if (test.kind === "name") {
    const parameter = parameterOf(inference, test);
    return parameter && { parameter, asks: "truth", values: [] };
  }
  if (test.kind === "call") return instanceQuestion(inference, test);
  if (test.kind !== "compare" || test.operands.length !== 2) return null;
  const [left, right] = test.operands;
  const parameter = left?.kind === "name" ? parameterOf(inference, left) : null;
  if (!parameter || !right) return null;
  switch (test.ops[0]) {
    case "is":
      return isNone(right) ? { parameter, asks: "none", values: [] } : null;
    case "is not":
      return isNone(right) ? { parameter, asks: "not none", values: [] } : null;
    case "<":
    case "<=":
    case ">":
    case ">=":
      return right.kind === "number" ? { parameter, asks: test.ops[0], values: [right] } : null;
    case "==":
      return { parameter, asks: "equal", values: [right] };
    case "!=":
      return { parameter, asks: "unequal", values: [right] };
    case "in":
    case "not in": {
      if (right.kind !== "tuple" && right.kind !== "list" && right.kind !== "set") return null;
      return { parameter, asks: test.ops[0] === "in" ? "equal" : "unequal", values: right.items };
    }
    default:
      return null;
  }
}

/** `isinstance(parameter, type)`. */
function instanceQuestion(inference: Inference, test: Call): Question | null {
  if (test.callee.kind !== "name" || test.callee.id !== "isinstance" || test.args.length !== 2) return null;
  const [asked, types] = test.args.map(({ value }) => value);
  const parameter = asked?.kind === "name" ? parameterOf(inference, asked) : null;
  if (!parameter || !types) return null;
  return { parameter, asks: "instance", values: types.kind === "tuple" ? types.items : [types] };
}

function isNone(expression: Expression): boolean {
  return expression.kind === "constant" && expression.value === null;
}

const OPPOSITE: Record<Question["asks"], Question["asks"]> = {
  truth: "falsehood",
  falsehood: "truth",
  none: "not none",
  "not none": "none",
  equal: "unequal",
  unequal: "equal",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
  instance: "no instance",
  "no instance": "instance",
};

function parameterOf(inference: Inference, name: Name): Parameter | null {
  const [only, ...more] = inference.bindings(name).bindings;
  return only?.kind === "parameter" && more.length === 0 ? only.node : null;
}

/** What the call gives a parameter: an expression, its default, or `null` where that is not known. */
function given({ node }: Site, { func, receiver }: Target, parameter: Parameter): Expression | null {
  if (node.kind !== "call") return null;
  const pairs = matchArguments(node, func, receiver !== null);
  const found = pairs.find(([one]) => one === parameter);
  if (found) return found[1];
  const isHidden = node.args.some(({ stars }) => stars !== 0);
  return isHidden || parameter.stars !== 0 || func.params[0] === parameter ? null : parameter.default;
}

function answer(inference: Inference, { asks, values }: Question, expression: Expression | null): Verdict {
  if (!expression) return "unknown";
  const nothing = isNone(expression);
  const isTrue = nothing ? false : truth(expression);
  switch (asks) {
    case "truth":
      return isTrue === null ? "unknown" : isTrue ? "true" : "false";
    case "falsehood":
      return isTrue === null ? "unknown" : isTrue ? "false" : "true";
    case "not none":
      return nothing ? "false" : "unknown";
    case "none": {
      if (nothing) return "true";
      if (isTrue !== null || expression.kind === "call") return "false";
      // A value that somebody took the trouble to pass is hardly ever nothing.
      return inference.values(expression).some(({ kind }) => kind === "none") ? "unknown" : "unlikely";
    }
    case "equal":
    case "unequal": {
      const verdicts = values.map((value) => isSame(inference, expression, value));
      const isEqual = verdicts.includes(true) ? true : verdicts.every((one) => one === false) ? false : null;
      return isEqual === null ? "unknown" : isEqual === (asks === "equal") ? "true" : "false";
    }
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const [limit] = values;
      if (expression.kind !== "number" || limit?.kind !== "number") return "unknown";
      return compares(expression.value, asks, limit.value) ? "true" : "false";
    }
    case "instance":
    case "no instance": {
      const verdicts = values.map((type) => isOfType(inference, expression, type));
      const isOne = verdicts.includes(true) ? true : verdicts.every((one) => one === false) ? false : null;
      return isOne === null ? "unknown" : isOne === (asks === "instance") ? "true" : "false";
    }
  }
}

function compares(a: number, order: Order, b: number): boolean {
  switch (order) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
  }
}

/** Whether everything that the expression may be is of a type; `null` where that is not known. */
function isOfType(inference: Inference, expression: Expression, type: Expression): boolean | null {
  if (isNone(expression)) return false;
  const types = inference.names(type).map(({ name }) => name);
  const classes = inference.values(type).flatMap((value) => (value.kind === "class" ? [value.cls] : []));
  const values = inference.values(expression);
  if (values.length === 0 || types.length + classes.length === 0) return null;
  const verdicts = values.map((value): boolean | null => {
    if (value.kind === "object")
      return inference.ancestry(value.cls).some((cls) => classes.includes(cls)) ? true : null;
    if (value.kind !== "instance" || value.doubt > 0) return null;
    if (inference.library.ancestry(value.type).some((name) => types.includes(name))) return true;
    if (value.type === "io.BytesIO" && isBufferedBase(type)) return true;
    return types.length > 0 && classes.length === 0 && types.every((name) => areApart(value.type, name)) ? false : null;
  });
  return verdicts.every((one) => one === true) ? true : verdicts.every((one) => one === false) ? false : null;
}

/** `io.BufferedIOBase`, which other tables take for a file that is read. */
function isBufferedBase(type: Expression): boolean {
  return (type.kind === "attribute" ? type.attr : type.kind === "name" ? type.id : "") === "BufferedIOBase";
}

/** Two types of which no object can be both. */
function areApart(a: string, b: string): boolean {
  return a !== b && APART.has(a) && APART.has(b);
}

const APART = new Set(["str", "bytes", "int", "float", "dict", "list", "tuple", "set", "io.BytesIO", "io.StringIO"]);

/** Whether two expressions are the same constant; `null` where that is not known. */
function isSame(inference: Inference, a: Expression, b: Expression): boolean | null {
  if (a.kind === "attribute" && b.kind === "attribute") return isSameMember(inference, a, b);
  if (!isLiteral(a) || !isLiteral(b)) return null;
  if (a.kind === "string" && b.kind === "string" && a.bytes !== b.bytes) return false;
  return a.value === b.value;
}

function isLiteral(
  expression: Expression,
): expression is Extract<Expression, { kind: "string" | "number" | "constant" }> {
  return expression.kind === "string" || expression.kind === "number" || expression.kind === "constant";
}

/** Members of one enumeration: `Mode.FAST` is not `Mode.SLOW`. */
function isSameMember(
  inference: Inference,
  a: Expression & { kind: "attribute" },
  b: Expression & { kind: "attribute" },
): boolean | null {
  if (!/^[A-Z][A-Z0-9_]*$/.test(a.attr) || !/^[A-Z][A-Z0-9_]*$/.test(b.attr)) return null;
  const [ours] = inference.values(a.value);
  const [theirs] = inference.values(b.value);
  if (ours?.kind !== "class" || theirs?.kind !== "class" || ours.cls !== theirs.cls) return null;
  return a.attr === b.attr;
}

/** Truth of a literal; `null` for anything else. */
function truth(expression: Expression): boolean | null {
  switch (expression.kind) {
    case "constant":
      return expression.value !== null && expression.value !== false;
    case "number":
      return expression.value !== 0;
    case "string":
      return expression.value !== "";
    case "lambda":
      return true;
    default:
      return null;
  }
}
