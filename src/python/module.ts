import { push } from "../multimap.ts";
import { lower } from "./lower.ts";
import type { FlatTree, PythonParser } from "./parse.ts";
import type {
  ClassDef,
  Comprehension,
  Expression,
  FunctionDef,
  Lambda,
  ModuleNode,
  Name,
  Node,
  Parameter,
  Statement,
} from "./syntax.ts";
import { eachChild, opensScope } from "./syntax.ts";

/** One step of taking a value apart: an index of a tuple, or `*` for any element. */
export type Step = number | "*";

/** What gives a name its meaning, where, and how. */
export type Binding = { at: Node; start: number } & (
  | { kind: "import"; module: string; typeOnly: boolean }
  | { kind: "from"; module: string; level: number; name: string; typeOnly: boolean }
  | { kind: "function"; node: FunctionDef }
  | { kind: "class"; node: ClassDef }
  | { kind: "parameter"; node: Parameter; owner: FunctionDef | Lambda }
  | { kind: "value"; value: Expression; path: Step[] }
  | { kind: "annotation"; annotation: Expression }
  | { kind: "iteration"; iter: Expression; path: Step[] }
  | { kind: "entered"; context: Expression; path: Step[]; isAsync: boolean }
  | { kind: "caught"; type: Expression | null }
  | { kind: "opaque" }
);

/** The names of one module, class, function or lambda. */
export interface Scope {
  node: ModuleNode | ClassDef | FunctionDef | Lambda;
  parent: Scope | null;
  module: Module;
  names: Map<string, Binding[]>;
  /** Names declared `global` or `nonlocal` here. */
  outer: Map<string, "global" | "nonlocal">;
  /** Modules of which everything is imported. */
  stars: { module: string; level: number }[];
}

/** A body of code that runs as one: a function, a lambda, or a module's top level (class bodies belong to the code around them). */
export interface Func {
  node: FunctionDef | Lambda | ModuleNode;
  /** Importable dotted name; nested functions as `outer.inner`, lambdas as `<lambda>`, the top level as the module's name. */
  name: string;
  module: Module;
  /** The class whose body defines it, if it is a method. */
  cls: Class | null;
  /** The body of code that contains the definition; `null` for a top level. */
  parent: Func | null;
  isAsync: boolean;
  isGenerator: boolean;
  params: readonly Parameter[];
  /** The nodes of the body in source order; nested functions and lambdas are listed but not entered, their decorators and defaults are. */
  nodes: readonly Node[];
  /** The same nodes by kind, see `nodesOf`. */
  byKind: ReadonlyMap<Node["kind"], readonly Node[]>;
  scope: Scope;
}

/** Kinds of which there are so many that nobody keeps lists of them. */
const COMMON = new Set<Node["kind"]>(["name", "argument", "string", "number", "constant", "expression"]);
type CommonKind = "name" | "argument" | "string" | "number" | "constant" | "expression";

/** The nodes of the given kinds in a body of code, in source order: much faster than looking through all its nodes. */
export function nodesOf<K extends Exclude<Node["kind"], CommonKind>>(
  func: Func,
  first: K,
  ...more: readonly K[]
): readonly Extract<Node, { kind: K }>[] {
  let found: readonly Node[] = func.byKind.get(first) ?? NONE;
  for (const kind of more) {
    const list = func.byKind.get(kind);
    if (list) found = found.length === 0 ? list : merged(found, list);
  }
  return found as readonly Extract<Node, { kind: K }>[];
}

const NONE: readonly Node[] = [];

/** Two lists in source order as one: what begins first comes first, and of two that begin together the outer one. */
function merged(some: readonly Node[], others: readonly Node[]): Node[] {
  const found: Node[] = [];
  let next = 0;
  for (const one of some) {
    for (let other = others[next]; other && isBefore(other, one); other = others[++next]) found.push(other);
    found.push(one);
  }
  for (let other = others[next]; other; other = others[++next]) found.push(other);
  return found;
}

function isBefore(a: Node, b: Node): boolean {
  return a.start < b.start || (a.start === b.start && a.end > b.end);
}

export interface Class {
  node: ClassDef;
  name: string;
  module: Module;
  scope: Scope;
  methods: Map<string, Func>;
  /** Every assignment to `self.x` in a method or to `x` in the class body, by attribute. */
  attributes: Map<string, AttributeBinding[]>;
}

export interface AttributeBinding {
  /** The method (or body of code) in which it is written. */
  in: Func;
  value: Expression | null;
  annotation: Expression | null;
  path: Step[];
  /** How the value reaches the attribute: assigned, iterated over, or entered by `with`. */
  via: "value" | "iteration" | "entered";
  isAsync: boolean;
  at: Node;
}

/** A comment, with whether it stands alone on its line. `line` is 1-based, `column` 1-based in UTF-16 units. */
export interface Comment {
  line: number;
  column: number;
  text: string;
  alone: boolean;
}

export interface Module {
  path: string;
  /** Importable dotted name, source roots stripped. */
  name: string;
  isPackage: boolean;
  text: string;
  tree: ModuleNode;
  scope: Scope;
  functions: Func[];
  classes: Class[];
  /** The top level as a body of code. */
  top: Func;
  comments: Comment[];
  /** Line ranges (1-based, inclusive) that could not be parsed. */
  unparsed: { from: number; to: number }[];
  truncated: boolean;
  lineStarts: Int32Array;
  scopes: Map<Node, Scope>;
  byNode: Map<Node, Func>;
  classByNode: Map<Node, Class>;
}

/** 1-based line and column (UTF-16 units) of an offset. */
export function position(module: Module, offset: number): { line: number; column: number } {
  const { lineStarts } = module;
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 };
}

/** 1-based line of a node's first character. */
export function lineOf(module: Module, node: Node): number {
  return position(module, node.start).line;
}

/** The source text of a node, as the author wrote it. */
export function sourceOf(module: Module, node: Node): string {
  return module.text.slice(node.start, node.end);
}

/** The text that is parsed: without a byte order mark. */
export function textOf(source: string): string {
  return source.charCodeAt(0) === 0xfeff ? source.slice(1) : source;
}

/** Lowers and indexes one file's parsed text (see `textOf`); `parser` has a second try at what could not be parsed. `name` is its importable name. */
export function loadModule(parser: PythonParser, path: string, name: string, text: string, first: FlatTree): Module {
  const { flat, unparsed } = parseTolerantly(parser, text, first);
  const { tree, truncated } = lower(flat, parser.grammar, text);
  const lineStarts = startsOf(text);
  const module = emptyModule(path, name, text, tree, lineStarts);
  module.truncated = truncated;
  module.unparsed = unparsed.map(([from, to]) => ({
    from: position(module, from).line,
    to: position(module, to).line,
  }));
  for (let i = 0; i < flat.comments.length; i += 2) {
    const start = flat.comments[i] ?? 0;
    const { line, column } = position(module, start);
    const alone = text.slice(start - column + 1, start).trim() === "";
    module.comments.push({ line, column, text: text.slice(start, flat.comments[i + 1]), alone });
  }
  index(module);
  return module;
}

/** New syntax that the grammar does not know yet is blanked out, position by position, so that the rest keeps its place. */
function parseTolerantly(
  parser: PythonParser,
  text: string,
  first: FlatTree,
): { flat: FlatTree; unparsed: [number, number][] } {
  let flat = first;
  if (flat.errors.length === 0) return { flat, unparsed: [] };
  const spots: [number, number][] = [];
  let source = text
    .replace(/^([ \t]*)lazy(?=[ \t]+(?:import|from)\b)/gm, "$1    ")
    .replace(/^([ \t]*(?:class|(?:async[ \t]+)?def|type)[ \t]+\w+)\[([^\]\n]*=[^\]\n]*)\]/gm, (whole, head: string) =>
      head.padEnd(whole.length),
    );
  for (let round = 0; round < 4; round++) {
    const again = parser.parse(source);
    if (!again) break;
    flat = again;
    if (again.errors.length === 0) break;
    let blanked = source;
    for (let i = 0; i < again.errors.length; i += 2) {
      const [from, to] = statementAround(source, again.errors[i] ?? 0, round);
      if (from >= to) continue;
      blanked = blanked.slice(0, from) + blanked.slice(from, to).replace(/[^\n\r]/g, " ") + blanked.slice(to);
      spots.push([from, to]);
      if (spots.length > 200) break;
    }
    if (blanked === source) break;
    source = blanked;
  }
  return { flat, unparsed: spots };
}

/** The logical block around an offset: first the innermost indented block's statement, in later rounds the whole top-level statement. */
function statementAround(text: string, offset: number, round: number): [number, number] {
  const lineStart = (at: number): number => text.lastIndexOf("\n", at - 1) + 1;
  const indentOf = (at: number): number => /^[ \t]*/.exec(text.slice(at, at + 200))?.[0].length ?? 0;
  let from = lineStart(offset);
  if (round >= 1) {
    const limit = round >= 2 ? 0 : 4;
    while (from > 0 && (indentOf(from) > limit || /^[ \t]*(?:[\r\n#)\]}]|$)/.test(text.slice(from, from + 200))))
      from = lineStart(from - 1);
  }
  const indent = indentOf(from);
  let to = text.indexOf("\n", offset);
  if (to < 0) to = text.length;
  if (round >= 1) {
    while (to < text.length) {
      const next = to + 1;
      const end = text.indexOf("\n", next);
      const line = text.slice(next, end < 0 ? text.length : end);
      if (line.trim() !== "" && indentOf(next) <= indent && !/^[ \t]*[)\]}]/.test(line)) break;
      to = end < 0 ? text.length : end;
    }
  }
  return [from, to];
}

function startsOf(text: string): Int32Array {
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  return Int32Array.from(starts);
}

function emptyModule(path: string, name: string, text: string, tree: ModuleNode, lineStarts: Int32Array): Module {
  const module: Partial<Module> = {
    path,
    name,
    isPackage: /(?:^|\/)__init__\.pyi?$/.test(path),
    text,
    tree,
    functions: [],
    classes: [],
    comments: [],
    unparsed: [],
    truncated: false,
    lineStarts,
    scopes: new Map(),
    byNode: new Map(),
    classByNode: new Map(),
  };
  const whole = module as Module;
  whole.scope = scopeOf(tree, null, whole);
  whole.top = funcOf(tree, name, whole, null, null, whole.scope);
  return whole;
}

function scopeOf(node: Scope["node"], parent: Scope | null, module: Module): Scope {
  const scope: Scope = { node, parent, module, names: new Map(), outer: new Map(), stars: [] };
  module.scopes.set(node, scope);
  return scope;
}

function funcOf(
  node: Func["node"],
  name: string,
  module: Module,
  cls: Class | null,
  parent: Func | null,
  scope: Scope,
): Func {
  const func: Func = {
    node,
    name,
    module,
    cls,
    parent,
    isAsync: node.kind === "function" && node.isAsync,
    isGenerator: false,
    params: node.kind === "module" ? [] : node.params,
    nodes: [],
    byKind: new Map(),
    scope,
  };
  module.functions.push(func);
  module.byNode.set(node, func);
  return func;
}

/** The scope in whose names code at `node` reads and writes. */
export function scopeAt(module: Module, node: Node): Scope {
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "module" || at.kind === "class") {
      if (at.kind === "class" && !inBody(at.body, from)) continue;
    } else if (at.kind === "function") {
      if (!inBody(at.body, from)) continue;
    } else if (at.kind === "lambda") {
      if (from !== at.body) continue;
    } else continue;
    return module.scopes.get(at) ?? module.scope;
  }
  return module.scope;
}

/** Decorators, parameters and bases come before the body and are evaluated outside. */
function inBody(body: readonly Statement[], node: Node): boolean {
  const first = body[0];
  return first !== undefined && node.start >= first.start;
}

/** The body of code that contains `node`. */
export function funcAt(module: Module, node: Node): Func {
  let scope: Scope | null = scopeAt(module, node);
  while (scope && scope.node.kind === "class") scope = scope.parent;
  return (scope && module.byNode.get(scope.node)) ?? module.top;
}

/** The body of code, class and scope that a node is defined in, and the prefix of the names defined there. */
interface Place {
  func: Func;
  nodes: Node[];
  byKind: Map<Node["kind"], Node[]>;
  cls: Class | null;
  scope: Scope;
  prefix: string;
}

/** Walks the tree once: parents, scopes and what they bind, functions and classes, and the nodes of every body of code. */
function index(module: Module): void {
  const work: { place: Place; body: readonly Node[] }[] = [];
  const bodyOf = (func: Func, prefix: string, body: readonly Node[]): void => {
    const nodes: Node[] = [];
    const byKind = new Map<Node["kind"], Node[]>();
    func.nodes = nodes;
    func.byKind = byKind;
    work.push({ place: { func, nodes, byKind, cls: null, scope: func.scope, prefix }, body });
  };
  const enter = (node: Node, parent: Node, place: Place): void => {
    node.parent = parent;
    place.nodes.push(node);
    if (!COMMON.has(node.kind)) push(place.byKind, node.kind, node);
    bind(node, place.scope);
    if (node.kind === "yield") place.func.isGenerator = true;
    if (node.kind === "class") enterClass(node, place);
    else if (opensScope(node)) enterFunction(node, place);
    else eachChild(node, (child) => enter(child, node, place));
  };
  const enterFunction = (node: FunctionDef | Lambda, place: Place): void => {
    const { func, cls, scope, prefix } = place;
    if (node.kind === "function") for (const one of node.decorators) enter(one, node, place);
    const inner = scopeOf(node, scope, module);
    for (const param of node.params) {
      param.parent = node;
      if (param.annotation) adopt(param.annotation, param);
      if (param.default) enter(param.default, param, place);
      add(inner, param.name, { kind: "parameter", node: param, owner: node, at: param, start: node.start });
    }
    const name = `${prefix}.${node.kind === "function" ? node.name : "<lambda>"}`;
    const made = funcOf(node, name, module, node.kind === "function" ? cls : null, func, inner);
    if (node.kind === "function") {
      if (node.returns) adopt(node.returns, node);
      cls?.methods.set(methodKey(node), made);
    }
    bodyOf(made, name, node.kind === "lambda" ? [node.body] : node.body);
  };
  const enterClass = (node: ClassDef, place: Place): void => {
    for (const one of [...node.decorators, ...node.bases]) enter(one, node, place);
    const scope = scopeOf(node, place.scope, module);
    const prefix = `${place.prefix}.${node.name}`;
    const made: Class = { node, name: prefix, module, scope, methods: new Map(), attributes: new Map() };
    module.classes.push(made);
    module.classByNode.set(node, made);
    for (const statement of node.body) enter(statement, node, { ...place, cls: made, scope, prefix });
  };

  bodyOf(module.top, module.name, module.tree.body);
  for (let item = work.pop(); item; item = work.pop())
    for (const node of item.body) enter(node, item.place.func.node, item.place);
  for (const cls of module.classes) collectAttributes(cls);
}

/** Sets the parents of nodes that belong to no body of code: annotations. */
function adopt(node: Node, parent: Node): void {
  node.parent = parent;
  eachChild(node, (child) => adopt(child, node));
}

/** Property setters and deleters share the getter's name; they are kept apart. */
function methodKey(node: FunctionDef): string {
  for (const one of node.decorators)
    if (one.kind === "attribute" && (one.attr === "setter" || one.attr === "deleter"))
      return `${node.name}.${one.attr}`;
  return node.name;
}

function add(scope: Scope, name: string, binding: Binding): void {
  const outer = scope.outer.get(name);
  let target: Scope = scope;
  if (outer === "global") target = scope.module.scope;
  else if (outer === "nonlocal") {
    for (let at = scope.parent; at; at = at.parent)
      if (at.node.kind !== "class" && at.names.has(name)) {
        target = at;
        break;
      }
  }
  push(target.names, name, binding);
}

/** Records the names that a node binds. */
function bind(node: Node, scope: Scope): void {
  switch (node.kind) {
    case "import":
      for (const { name, alias } of node.names) {
        const bound = alias ?? name.split(".")[0] ?? name;
        add(scope, bound, {
          kind: "import",
          module: alias ? name : bound,
          typeOnly: isTypeOnly(node),
          at: node,
          start: node.end,
        });
      }
      return;
    case "importfrom":
      if (node.names === null) scope.stars.push({ module: node.module, level: node.level });
      for (const { name, alias } of node.names ?? [])
        add(scope, alias ?? name, {
          kind: "from",
          module: node.module,
          level: node.level,
          name,
          typeOnly: isTypeOnly(node),
          at: node,
          start: node.end,
        });
      return;
    case "function":
      add(scope, node.name, { kind: "function", node, at: node, start: node.start });
      return;
    case "class":
      add(scope, node.name, { kind: "class", node, at: node, start: node.start });
      return;
    case "assign":
      if (node.value === null) {
        const [target] = node.targets;
        if (target?.kind === "name" && node.annotation)
          add(scope, target.id, { kind: "annotation", annotation: node.annotation, at: node, start: node.end });
        return;
      }
      for (const target of node.targets) {
        if (target.kind === "name" && node.annotation)
          add(scope, target.id, { kind: "annotation", annotation: node.annotation, at: node, start: node.end });
        const { value } = node;
        targets(target, [], (name, path) =>
          add(scope, name.id, { kind: "value", value, path, at: node, start: node.end }),
        );
      }
      return;
    case "augassign":
      // `x += y` keeps the type in practice; it gives the name no new meaning.
      return;
    case "walrus":
      add(scope, node.target.id, { kind: "value", value: node.value, path: [], at: node, start: node.end });
      return;
    case "for": {
      const { iter } = node;
      targets(node.target, [], (name, path) =>
        add(scope, name.id, { kind: "iteration", iter, path, at: node, start: iter.end }),
      );
      return;
    }
    case "withitem": {
      const { context, parent } = node;
      const isAsync = parent?.kind === "with" && parent.isAsync;
      if (node.target)
        targets(node.target, [], (name, path) =>
          add(scope, name.id, { kind: "entered", context, path, isAsync, at: node, start: node.end }),
        );
      return;
    }
    case "handler":
      if (node.name !== null) add(scope, node.name, { kind: "caught", type: node.type, at: node, start: node.start });
      return;
    case "case":
      for (const name of node.names) add(scope, name.id, { kind: "opaque", at: node, start: name.end });
      return;
    case "global":
    case "nonlocal":
      for (const name of node.names) scope.outer.set(name, node.kind);
  }
}

/** Calls `found` for every name a target binds, with the way from the value to it. */
function targets(target: Expression, path: Step[], found: (name: Name, path: Step[]) => void): void {
  if (target.kind === "name") found(target, path);
  else if (target.kind === "starred") targets(target.value, path.slice(0, -1), found);
  else if (target.kind === "tuple" || target.kind === "list")
    target.items.forEach((item, i) => {
      targets(item, [...path, i], found);
    });
}

function isTypeOnly(node: Node): boolean {
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent)
    if (at.kind === "branch" && from !== at.test && mentionsTypeChecking(at.test)) return true;
  return false;
}

function mentionsTypeChecking(test: Expression): boolean {
  return (
    (test.kind === "name" && test.id === "TYPE_CHECKING") ||
    (test.kind === "attribute" && test.attr === "TYPE_CHECKING")
  );
}

/** The comprehension clause that binds `id` for code at `node`, if one does. */
export function comprehensionBinding(node: Node, id: string): Binding | null {
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "module" || opensScope(at)) return null;
    // The first clause's source is evaluated outside the comprehension.
    if (
      at.kind === "clause" &&
      from === at.iter &&
      at.parent?.kind === "comprehension" &&
      at.parent.clauses[0] === at
    ) {
      from = at.parent;
      at = at.parent;
      continue;
    }
    if (at.kind !== "comprehension") continue;
    const binding = clauseBinding(at, id);
    if (binding) return binding;
  }
  return null;
}

function clauseBinding(comprehension: Comprehension, id: string): Binding | null {
  let result: Binding | null = null;
  for (const clause of comprehension.clauses)
    targets(clause.target, [], (name, path) => {
      if (name.id === id) result = { kind: "iteration", iter: clause.iter, path, at: clause, start: clause.start };
    });
  return result;
}

function collectAttributes(cls: Class): void {
  const note = (attribute: string, binding: AttributeBinding): void => {
    push(cls.attributes, attribute, binding);
  };
  for (const statement of cls.node.body) {
    if (statement.kind !== "assign") continue;
    for (const target of statement.targets)
      if (target.kind === "name")
        note(target.id, {
          in: funcAt(cls.module, statement),
          value: statement.value,
          annotation: statement.annotation,
          path: [],
          via: "value",
          isAsync: false,
          at: statement,
        });
  }
  for (const method of cls.methods.values()) {
    const self = method.params[0]?.name;
    if (!self) continue;
    for (const node of method.nodes) {
      const record = (
        target: Expression,
        value: Expression | null,
        annotation: Expression | null,
        via: AttributeBinding["via"],
        isAsync = false,
      ): void =>
        attributeTargets(target, [], self, (attr, path) =>
          note(attr, { in: method, value, annotation, path, via, isAsync, at: node }),
        );
      if (node.kind === "assign")
        for (const target of node.targets) record(target, node.value, node.annotation, "value");
      else if (node.kind === "for") record(node.target, node.iter, null, "iteration");
      else if (node.kind === "withitem" && node.target)
        record(node.target, node.context, null, "entered", node.parent?.kind === "with" && node.parent.isAsync);
    }
  }
}

function attributeTargets(
  target: Expression,
  path: Step[],
  self: string,
  found: (attr: string, path: Step[]) => void,
): void {
  if (target.kind === "attribute" && target.value.kind === "name" && target.value.id === self) found(target.attr, path);
  else if (target.kind === "tuple" || target.kind === "list")
    target.items.forEach((item, i) => {
      attributeTargets(item, [...path, i], self, found);
    });
}
