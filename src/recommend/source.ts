import { type Func, position, sourceOf } from "../python/module.ts";
import type { Expression, Node, Statement } from "../python/syntax.ts";
import { opensScope, within } from "../python/syntax.ts";
import type { Change } from "../report.ts";

const MOST_LINES = 6;

/** The statement as it is, and the lines in its place; `null` where that is too long to show. */
export function change(func: Func, statement: Statement, lines: readonly string[]): Change | null {
  const before = dedented(func, statement);
  const after = lines.join("\n");
  if (before.split("\n").length > MOST_LINES || after.split("\n").length > MOST_LINES + 4) return null;
  return { before, after };
}

/** The statement's text with one expression in it replaced. */
export function replaced(func: Func, statement: Statement, node: Node, by: string): string {
  const { text: source } = func.module;
  return shifted(
    func,
    statement,
    source.slice(statement.start, node.start) + by + source.slice(node.end, statement.end),
  );
}

function dedented(func: Func, statement: Statement): string {
  return shifted(func, statement, sourceOf(func.module, statement));
}

/** Without the indentation that the statement has in its file. */
function shifted(func: Func, statement: Statement, source: string): string {
  const indent = position(func.module, statement.start).column - 1;
  return source.replaceAll(`\n${" ".repeat(indent)}`, "\n");
}

/** A node's source on one line. */
export function text(func: Func, node: Node): string {
  return sourceOf(func.module, node).replace(/\s*\n\s*/g, " ");
}

/** The statement that a node stands in. */
export function statementOf(node: Node): Statement | null {
  for (let at: Node | null = node.parent; at; at = at.parent) if (isStatement(at)) return at;
  return null;
}

const STATEMENTS: ReadonlySet<string> = new Set([
  "return",
  "assign",
  "augassign",
  "for",
  "while",
  "if",
  "with",
  "try",
  "raise",
  "expression",
  "assert",
  "delete",
  "match",
  "function",
  "class",
]);

function isStatement(node: Node): node is Statement {
  return STATEMENTS.has(node.kind);
}

/** Whether a statement holds other statements. */
export function isCompound({ kind }: Statement): boolean {
  return (
    kind === "for" ||
    kind === "while" ||
    kind === "if" ||
    kind === "with" ||
    kind === "try" ||
    kind === "match" ||
    kind === "function" ||
    kind === "class"
  );
}

/** Whether a node runs in a comprehension or a nested function of its statement. */
export function isInComprehension(node: Node): boolean {
  for (let at = node.parent; at && !isStatement(at); at = at.parent)
    if (at.kind === "comprehension" || opensScope(at)) return true;
  return false;
}

/** Whether an expression uses a name. */
export function mentions(expression: Expression, name: string): boolean {
  return [expression, ...within(expression)].some((node) => node.kind === "name" && node.id === name);
}
