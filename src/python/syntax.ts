/**
 * Our syntax tree of Python: small, close to Python's own `ast`, with offsets into the text (UTF-16 units, end exclusive) and parents.
 * Parentheses are gone, `elif` chains are flat, and what could not be parsed is `opaque`.
 */
interface At {
  start: number;
  end: number;
  parent: Node | null;
}

export interface Name extends At {
  kind: "name";
  id: string;
}
export interface Attribute extends At {
  kind: "attribute";
  value: Expression;
  attr: string;
}
export interface Argument extends At {
  kind: "argument";
  /** Keyword, or `null` for a positional argument. */
  name: string | null;
  /** 0 plain, 1 `*value`, 2 `**value`. */
  stars: 0 | 1 | 2;
  value: Expression;
}
export interface Call extends At {
  kind: "call";
  callee: Expression;
  args: Argument[];
}
export interface Subscript extends At {
  kind: "subscript";
  value: Expression;
  indices: Expression[];
}
export interface Text extends At {
  kind: "string";
  value: string;
  bytes: boolean;
}
/** An f-string (or a concatenation with one); `parts` are the literal pieces and holes in order. */
export interface FString extends At {
  kind: "fstring";
  parts: Expression[];
}
export interface NumberLiteral extends At {
  kind: "number";
  value: number;
}
export interface Constant extends At {
  kind: "constant";
  value: true | false | null | "...";
}
export interface Sequence extends At {
  kind: "tuple" | "list" | "set";
  items: Expression[];
}
/** A `null` key stands for `**value`. */
export interface Dict extends At {
  kind: "dict";
  keys: (Expression | null)[];
  values: Expression[];
}
export interface Binary extends At {
  kind: "binary";
  op: string;
  left: Expression;
  right: Expression;
}
export interface Unary extends At {
  kind: "unary";
  op: string;
  operand: Expression;
}
export interface BooleanOperation extends At {
  kind: "boolean";
  op: string;
  left: Expression;
  right: Expression;
}
export interface Compare extends At {
  kind: "compare";
  ops: string[];
  operands: Expression[];
}
export interface Conditional extends At {
  kind: "conditional";
  test: Expression;
  body: Expression;
  orelse: Expression;
}
export interface Lambda extends At {
  kind: "lambda";
  params: Parameter[];
  body: Expression;
}
export interface Await extends At {
  kind: "await";
  value: Expression;
}
export interface Yield extends At {
  kind: "yield";
  value: Expression | null;
  from: boolean;
}
export interface Starred extends At {
  kind: "starred";
  value: Expression;
}
export interface Walrus extends At {
  kind: "walrus";
  target: Name;
  value: Expression;
}
export interface Clause extends At {
  kind: "clause";
  target: Expression;
  iter: Expression;
  isAsync: boolean;
  conditions: Expression[];
}
export interface Comprehension extends At {
  kind: "comprehension";
  flavour: "list" | "set" | "dict" | "generator";
  element: Expression;
  /** The value of a dict comprehension. */
  value: Expression | null;
  clauses: Clause[];
}
export interface Slice extends At {
  kind: "slice";
  parts: Expression[];
}
export interface Opaque extends At {
  kind: "opaque";
  parts: Expression[];
}

export type Expression =
  | Name
  | Attribute
  | Call
  | Subscript
  | Text
  | FString
  | NumberLiteral
  | Constant
  | Sequence
  | Dict
  | Binary
  | Unary
  | BooleanOperation
  | Compare
  | Conditional
  | Lambda
  | Await
  | Yield
  | Starred
  | Walrus
  | Comprehension
  | Slice
  | Opaque;

export interface Parameter extends At {
  kind: "parameter";
  name: string;
  stars: 0 | 1 | 2;
  keywordOnly: boolean;
  annotation: Expression | null;
  default: Expression | null;
}
export interface FunctionDef extends At {
  kind: "function";
  name: string;
  params: Parameter[];
  returns: Expression | null;
  body: Statement[];
  isAsync: boolean;
  decorators: Expression[];
}
export interface ClassDef extends At {
  kind: "class";
  name: string;
  bases: Argument[];
  body: Statement[];
  decorators: Expression[];
}
export interface Return extends At {
  kind: "return";
  value: Expression | null;
}
/** `a = b = value` has two targets; an annotation alone has no value. */
export interface Assign extends At {
  kind: "assign";
  targets: Expression[];
  value: Expression | null;
  annotation: Expression | null;
}
export interface AugAssign extends At {
  kind: "augassign";
  target: Expression;
  op: string;
  value: Expression;
}
export interface For extends At {
  kind: "for";
  target: Expression;
  iter: Expression;
  body: Statement[];
  orelse: Statement[];
  isAsync: boolean;
}
export interface While extends At {
  kind: "while";
  test: Expression;
  body: Statement[];
  orelse: Statement[];
}
export interface Branch extends At {
  kind: "branch";
  test: Expression;
  body: Statement[];
}
export interface If extends At {
  kind: "if";
  branches: Branch[];
  orelse: Statement[];
}
export interface WithItem extends At {
  kind: "withitem";
  context: Expression;
  target: Expression | null;
}
export interface With extends At {
  kind: "with";
  items: WithItem[];
  body: Statement[];
  isAsync: boolean;
}
export interface Handler extends At {
  kind: "handler";
  type: Expression | null;
  name: string | null;
  body: Statement[];
}
export interface Try extends At {
  kind: "try";
  body: Statement[];
  handlers: Handler[];
  orelse: Statement[];
  final: Statement[];
}
export interface Raise extends At {
  kind: "raise";
  value: Expression | null;
  cause: Expression | null;
}
export interface ImportName {
  name: string;
  alias: string | null;
  start: number;
  end: number;
}
export interface Import extends At {
  kind: "import";
  names: ImportName[];
}
/** `level` counts the leading dots; `names` is `null` for `*`. */
export interface ImportFrom extends At {
  kind: "importfrom";
  module: string;
  level: number;
  names: ImportName[] | null;
}
export interface Scoping extends At {
  kind: "global" | "nonlocal";
  names: string[];
}
export interface ExpressionStatement extends At {
  kind: "expression";
  value: Expression;
}
export interface Assert extends At {
  kind: "assert";
  test: Expression;
  message: Expression | null;
}
export interface Delete extends At {
  kind: "delete";
  targets: Expression[];
}
export interface Case extends At {
  kind: "case";
  names: Name[];
  guard: Expression | null;
  body: Statement[];
  wildcard: boolean;
}
export interface Match extends At {
  kind: "match";
  subject: Expression;
  cases: Case[];
}
export interface Simple extends At {
  kind: "pass" | "break" | "continue";
}

export type Statement =
  | FunctionDef
  | ClassDef
  | Return
  | Assign
  | AugAssign
  | For
  | While
  | If
  | With
  | Try
  | Raise
  | Import
  | ImportFrom
  | Scoping
  | ExpressionStatement
  | Assert
  | Delete
  | Match
  | Simple;

export interface ModuleNode extends At {
  kind: "module";
  body: Statement[];
}

export type Node =
  | ModuleNode
  | Statement
  | Expression
  | Argument
  | Parameter
  | Clause
  | Branch
  | WithItem
  | Handler
  | Case;

/** Calls `visit` for each direct child of a node, in source order (decorators, parameters and annotations included). */
export function eachChild(node: Node, visit: (child: Node) => void): void {
  switch (node.kind) {
    case "module":
      each(node.body, visit);
      return;
    case "function":
      each(node.decorators, visit);
      each(node.params, visit);
      if (node.returns) visit(node.returns);
      each(node.body, visit);
      return;
    case "class":
      each(node.decorators, visit);
      each(node.bases, visit);
      each(node.body, visit);
      return;
    case "return":
    case "yield":
      if (node.value) visit(node.value);
      return;
    case "assign":
      each(node.targets, visit);
      if (node.annotation) visit(node.annotation);
      if (node.value) visit(node.value);
      return;
    case "augassign":
    case "walrus":
      visit(node.target);
      visit(node.value);
      return;
    case "for":
      visit(node.target);
      visit(node.iter);
      each(node.body, visit);
      each(node.orelse, visit);
      return;
    case "while":
      visit(node.test);
      each(node.body, visit);
      each(node.orelse, visit);
      return;
    case "if":
      each(node.branches, visit);
      each(node.orelse, visit);
      return;
    case "branch":
      visit(node.test);
      each(node.body, visit);
      return;
    case "with":
      each(node.items, visit);
      each(node.body, visit);
      return;
    case "withitem":
      visit(node.context);
      if (node.target) visit(node.target);
      return;
    case "try":
      each(node.body, visit);
      each(node.handlers, visit);
      each(node.orelse, visit);
      each(node.final, visit);
      return;
    case "handler":
      if (node.type) visit(node.type);
      each(node.body, visit);
      return;
    case "raise":
      if (node.value) visit(node.value);
      if (node.cause) visit(node.cause);
      return;
    case "assert":
      visit(node.test);
      if (node.message) visit(node.message);
      return;
    case "delete":
      each(node.targets, visit);
      return;
    case "match":
      visit(node.subject);
      each(node.cases, visit);
      return;
    case "case":
      each(node.names, visit);
      if (node.guard) visit(node.guard);
      each(node.body, visit);
      return;
    case "call":
      visit(node.callee);
      each(node.args, visit);
      return;
    case "expression":
    case "attribute":
    case "argument":
    case "await":
    case "starred":
      visit(node.value);
      return;
    case "subscript":
      visit(node.value);
      each(node.indices, visit);
      return;
    case "fstring":
    case "slice":
    case "opaque":
      each(node.parts, visit);
      return;
    case "tuple":
    case "list":
    case "set":
      each(node.items, visit);
      return;
    case "dict":
      for (const [i, value] of node.values.entries()) {
        const key = node.keys[i];
        if (key) visit(key);
        visit(value);
      }
      return;
    case "binary":
    case "boolean":
      visit(node.left);
      visit(node.right);
      return;
    case "unary":
      visit(node.operand);
      return;
    case "compare":
      each(node.operands, visit);
      return;
    case "conditional":
      visit(node.body);
      visit(node.test);
      visit(node.orelse);
      return;
    case "lambda":
      each(node.params, visit);
      visit(node.body);
      return;
    case "comprehension":
      visit(node.element);
      if (node.value) visit(node.value);
      each(node.clauses, visit);
      return;
    case "clause":
      visit(node.target);
      visit(node.iter);
      each(node.conditions, visit);
      return;
    case "parameter":
      if (node.annotation) visit(node.annotation);
      if (node.default) visit(node.default);
  }
}

function each(nodes: readonly Node[], visit: (child: Node) => void): void {
  for (const one of nodes) visit(one);
}

/** The direct children of a node, in source order. */
export function children(node: Node): readonly Node[] {
  const found: Node[] = [];
  eachChild(node, (child) => found.push(child));
  return found;
}

/** The blocks of statements right below a node. */
export function blocksOf(node: Node): readonly (readonly Statement[])[] {
  switch (node.kind) {
    case "module":
    case "function":
    case "class":
    case "branch":
    case "with":
    case "handler":
    case "case":
      return [node.body];
    case "for":
    case "while":
      return [node.body, node.orelse];
    case "if":
      return [node.orelse];
    case "try":
      return [node.body, node.orelse, node.final];
    default:
      return [];
  }
}

/** The statements behind one of a node's statements in its block. */
export function following(parent: Node, at: Node): readonly Statement[] {
  for (const block of blocksOf(parent)) {
    const nodes: readonly Node[] = block;
    const index = nodes.indexOf(at);
    if (index >= 0) return block.slice(index + 1);
  }
  return [];
}

/** Calls `visit` for every node below `root` in source order; where it answers `false` the node's inside is left out. */
export function walk(root: Node, visit: (node: Node) => boolean | undefined): void {
  eachChild(root, (child) => {
    if (visit(child) !== false) walk(child, visit);
  });
}

/** Whether the node opens a body of code that runs at another time than the code around it. */
export function opensScope(node: Node): node is FunctionDef | Lambda | ClassDef {
  return node.kind === "function" || node.kind === "lambda" || node.kind === "class";
}

/** Every node below `root` in source order, not entering nested functions, lambdas and classes (they are listed, their inside is not). */
export function within(root: Node): Node[] {
  const found: Node[] = [];
  walk(root, (node) => {
    found.push(node);
    return !opensScope(node);
  });
  return found;
}

/** The nearest ancestor for which `test` holds, not looking beyond the enclosing function, lambda or class. */
export function enclosing<T extends Node>(node: Node, test: (node: Node) => node is T): T | null {
  for (let at = node.parent; at; at = at.parent) {
    if (test(at)) return at;
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class") return null;
  }
  return null;
}

/** Whether `node` lies in `ancestor` (or is it). */
export function isInside(node: Node, ancestor: Node): boolean {
  for (let at: Node | null = node; at; at = at.parent) if (at === ancestor) return true;
  return false;
}

/** The argument given by keyword `name` or at `position` (negative: keyword only); `null` if absent. Positions after a `*args` are unknown. */
export function argument(call: Call, name: string | null, position: number): Expression | null {
  let at = 0;
  for (const arg of call.args) {
    if (name !== null && arg.name === name) return arg.value;
    if (arg.name === null && arg.stars === 0) {
      if (at === position) return arg.value;
      at++;
    } else if (arg.stars === 1) at = Number.POSITIVE_INFINITY;
  }
  return null;
}

/** Whether the call passes `*args` or `**kwargs`, so that an argument that is not seen may still be there. */
export function passesMore(call: Call, stars: 1 | 2): boolean {
  return call.args.some((arg) => arg.stars === stars);
}
