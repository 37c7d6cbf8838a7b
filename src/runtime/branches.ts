import type { Inference } from "../python/infer.ts";
import type { Func } from "../python/module.ts";
import type { Expression, Name, Node, Parameter } from "../python/syntax.ts";
import { opensScope } from "../python/syntax.ts";
import { matchArguments } from "./callables.ts";
import type { Site, Target } from "./callgraph.ts";

/** What is known about the truth of a branch's condition. */
type Verdict = "true" | "false" | "unlikely" | "unknown";

/** What decides a branch: a parameter, compared with a constant or tried for truth. */
interface Question {
  parameter: Parameter;
  asks: "truth" | "falsehood" | "none" | "not none";
}

/**
 * How sure it is that a call of a function reaches `node` in it, by the branches around it that ask for a parameter: 0 nothing speaks
 * against it, 1 the call passes something that hardly takes the branch, `null` the call's arguments or the defaults rule it out.
 */
export function reaches(inference: Inference, site: Site, target: Target, node: Node): 0 | 1 | null {
  if (site.node.kind !== "call" || target.func.node.kind === "module") return 0;
  let doubt: 0 | 1 = 0;
  for (const { test, taken } of branchesAround(node, target.func)) {
    const question = questionOf(inference, test);
    if (!question || !target.func.params.includes(question.parameter)) continue;
    const verdict = answer(inference, question, given(site, target, question.parameter));
    if (verdict === (taken ? "false" : "true")) return null;
    if (verdict === "unlikely" && taken) doubt = 1;
  }
  return doubt;
}

/** The conditions that must hold (or must not) for the node to run, within its function. */
function branchesAround(node: Node, func: Func): { test: Expression; taken: boolean }[] {
  const found: { test: Expression; taken: boolean }[] = [];
  for (let at = node.parent, from: Node = node; at && at !== func.node; from = at, at = at.parent) {
    if (opensScope(at)) return [];
    if (at.kind === "branch" && from !== at.test) found.push({ test: at.test, taken: true });
    else if (at.kind === "if") {
      const index = from.kind === "branch" ? at.branches.indexOf(from) : -1;
      for (const branch of index < 0 ? at.branches : at.branches.slice(0, index))
        found.push({ test: branch.test, taken: false });
    } else if (at.kind === "conditional" && from !== at.test) found.push({ test: at.test, taken: from === at.body });
    else if (at.kind === "boolean" && from === at.right) found.push({ test: at.left, taken: at.op === "and" });
  }
  return found;
}

function questionOf(inference: Inference, test: Expression): Question | null {
  if (test.kind === "unary" && test.op === "not") {
    const inner = questionOf(inference, test.operand);
    return inner && { ...inner, asks: OPPOSITE[inner.asks] };
  }
  if (test.kind === "name") {
    const parameter = parameterOf(inference, test);
    return parameter && { parameter, asks: "truth" };
  }
  if (test.kind !== "compare" || test.operands.length !== 2) return null;
  const [left, right] = test.operands;
  const parameter = left?.kind === "name" ? parameterOf(inference, left) : null;
  if (!parameter || right?.kind !== "constant" || right.value !== null) return null;
  if (test.ops[0] === "is") return { parameter, asks: "none" };
  return test.ops[0] === "is not" ? { parameter, asks: "not none" } : null;
}

const OPPOSITE: Record<Question["asks"], Question["asks"]> = {
  truth: "falsehood",
  falsehood: "truth",
  none: "not none",
  "not none": "none",
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

function answer(inference: Inference, { asks }: Question, expression: Expression | null): Verdict {
  if (!expression) return "unknown";
  const isNone = expression.kind === "constant" && expression.value === null;
  const isTrue = isNone ? false : truth(expression);
  switch (asks) {
    case "truth":
      return isTrue === null ? "unknown" : isTrue ? "true" : "false";
    case "falsehood":
      return isTrue === null ? "unknown" : isTrue ? "false" : "true";
    case "not none":
      return isNone ? "false" : "unknown";
    case "none": {
      if (isNone) return "true";
      if (isTrue !== null || expression.kind === "call") return "false";
      // A value that somebody took the trouble to pass is hardly ever nothing.
      return inference.values(expression).some(({ kind }) => kind === "none") ? "unknown" : "unlikely";
    }
  }
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
