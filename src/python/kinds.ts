import type { Argument, Expression, Node, Parameter, Statement } from "./syntax.ts";

const STATEMENTS = new Set<string>(
  `function class return assign augassign for while if with try raise import importfrom global nonlocal expression assert delete match pass
  break continue`.split(/\s+/),
);
const PARTS = new Set<string>(["argument", "parameter", "clause", "branch", "withitem", "handler", "case", "module"]);

/** Whether a node is a statement. */
export function isStatement(node: Node): node is Statement {
  return STATEMENTS.has(node.kind);
}

/** Whether a node is an expression. */
export function isExpression(node: Node): node is Expression {
  return !STATEMENTS.has(node.kind) && !PARTS.has(node.kind);
}

/** Whether a node is an argument of a call. */
export function isArgument(node: Node): node is Argument {
  return node.kind === "argument";
}

/** Whether a node is a parameter of a function. */
export function isParameter(node: Node): node is Parameter {
  return node.kind === "parameter";
}
