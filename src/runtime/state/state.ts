import type { Class, Func, Module } from "../../python/module.ts";
import { nodesOf, sourceOf } from "../../python/module.ts";
import type { Assign, Call, Compare, Expression, Name, Node, Statement, Subscript } from "../../python/syntax.ts";
import { argument, blocksOf, following, isInside, opensScope, within } from "../../python/syntax.ts";
import { answeredOnce } from "../answered.ts";
import type { Runtime } from "../runtime.ts";
import { areAlternatives, guardsOf } from "./guards.ts";

/** A variable that outlives one run of a function: of a module, of a class or an object, or of an enclosing function. */
export type Variable =
  | { kind: "global"; module: Module; name: string }
  | { kind: "attribute"; cls: Class; name: string; owner: Expression }
  | { kind: "closure"; func: Func; name: string };

/** A place that can be written: a variable, or the element of a container that it holds. */
export interface Place {
  variable: Variable;
  /** The variable as written here: `self.stock`. */
  base: Expression;
  /** The key of the element; `null` for the variable itself, or where the operation has no key. */
  key: Expression | null;
}

/** What a write does to the value. */
export type Effect =
  /** A number or text is calculated anew. */
  | "calculate"
  /** Something is put where nothing was: a variable that was empty, … */
  | "fill"
  /** … a key that was missing and that the function also reads: a cache, … */
  | "cache"
  /** … or a key or member that nobody else should have put there. */
  | "claim"
  /** An element is taken out that must be there. */
  | "remove"
  /** The same constant whoever writes it. */
  | "constant"
  | "replace";

/** A write that goes wrong if somebody else changes the place between `read` and the write. */
export interface Update {
  func: Func;
  /** The written place as the author wrote it. */
  at: Expression;
  place: Place;
  statement: Node;
  /** What was read before: the old value itself, or the test that decided to write. */
  read: Node;
  kind: "calculated" | "checked";
  effect: Effect;
  /** The new value, if the write has one. */
  value: Expression | null;
  /** The range of source in which a change by somebody else is lost. */
  from: number;
  to: number;
}

/** A change of a container's members, or a loop over them; `reset` puts a new container in its place. */
export interface Touch {
  func: Func;
  at: Expression;
  variable: Variable;
  kind: "insert" | "remove" | "empty" | "iterate" | "reset";
  /** Whether a loop over the container fails when its members come or go: dicts, sets and deques, not lists. */
  fragile: boolean;
  /** The loop, where it is one. */
  loop: Node | null;
}

export interface State {
  /** Writes of shared places that depend on what was read before, in source order. */
  updates(func: Func): readonly Update[];
  /** Changes of the members of shared containers, and loops right over them. */
  touches(func: Func): readonly Touch[];
  /** Any write of a shared place: assignments, members put into containers, deletions. */
  writes(func: Func): readonly Write[];
  variableOf(base: Expression, func: Func): Variable | null;
}

/** The accesses to shared state of all bodies of code; computed on demand and remembered. */
export const stateOf: (runtime: Runtime) => State = answeredOnce(build);

/** Whether two variables are the same (of the same object, as far as the class tells). */
export function sameVariable(a: Variable, b: Variable): boolean {
  return variableId(a) === variableId(b);
}

/** A text that names the variable within the program. */
export function variableId(variable: Variable): string {
  switch (variable.kind) {
    case "global":
      return `global ${variable.module.path} ${variable.name}`;
    case "attribute":
      return `attribute ${variable.cls.module.path} ${variable.cls.name} ${variable.name}`;
    case "closure":
      return `closure ${variable.func.module.path} ${variable.func.node.start} ${variable.name}`;
  }
}

/** One written place, whatever it depends on. */
export interface Write {
  at: Expression;
  place: Place;
  statement: Node;
  value: Expression | null;
  how: "assign" | "augment" | "member" | "remove";
}

function build(runtime: Runtime): State {
  const { inference, origins } = runtime;
  const updateLists = new Map<Func, readonly Update[]>();
  const touchLists = new Map<Func, readonly Touch[]>();
  const writeLists = new Map<Func, readonly Write[]>();

  const variableOf = (base: Expression, func: Func): Variable | null => {
    if (base.kind === "name") return nameVariable(base, func);
    if (base.kind !== "attribute") return null;
    const holder = origins.holder(base);
    if (holder?.kind === "global") return holder;
    if (holder?.kind !== "attribute" || isPerThread(holder.cls)) return null;
    return { ...holder, owner: base.value };
  };

  const nameVariable = (name: Name, func: Func): Variable | null => {
    const { bindings, scope } = inference.bindings(name);
    if (!scope || bindings.some(({ kind }) => kind === "iteration" || kind === "entered" || kind === "caught"))
      return null;
    // What a library exports is its own to look after: `flask.session` is another one for each request.
    if (bindings.some(({ kind }) => kind === "from") && inference.names(name).length > 0) return null;
    const holder = origins.holder(name);
    if (holder?.kind === "global") return isContextual(name) ? null : holder;
    if (holder?.kind === "local" && holder.func !== func)
      return { kind: "closure", func: holder.func, name: holder.name };
    return null;
  };

  /** `threading.local` and `ContextVar` keep a value for each thread or task. */
  const isPerThread = (cls: Class): boolean => inference.libraryBases(cls).some((base) => PER_THREAD.has(base));
  const isContextual = (name: Name): boolean =>
    inference.values(name).some((value) => value.kind === "instance" && PER_THREAD.has(value.type));

  const writesOf = (func: Func): readonly Write[] => {
    const memo = writeLists.get(func);
    if (memo) return memo;
    const found = nodesOf(func, "assign", "augassign", "delete", "call")
      .flatMap((node) => writesAt(func, node))
      .filter(({ place }) => !isMade(func, place.variable));
    writeLists.set(func, found);
    return found;
  };

  const writesAt = (func: Func, node: Node): Write[] => {
    switch (node.kind) {
      case "assign":
        return node.value === null ? [] : node.targets.flatMap((target) => assigned(func, target, node));
      case "augassign": {
        const place = target(func, node.target);
        return place ? [{ at: node.target, place, statement: node, value: node.value, how: "augment" }] : [];
      }
      case "delete":
        return node.targets.flatMap((one): Write[] => {
          const place = one.kind === "subscript" ? target(func, one) : null;
          return place ? [{ at: one, place, statement: node, value: null, how: "remove" }] : [];
        });
      case "call":
        return changed(func, node);
      default:
        return [];
    }
  };

  const assigned = (func: Func, at: Expression, node: Assign): Write[] => {
    if (at.kind === "tuple" || at.kind === "list")
      return at.items.flatMap((item, i) => {
        const value =
          node.value && (node.value.kind === "tuple" || node.value.kind === "list") ? node.value.items[i] : null;
        return assigned(func, item, { ...node, value: value ?? node.value });
      });
    const place = target(func, at);
    if (!place) return [];
    return [{ at, place, statement: node, value: node.value, how: place.key ? "member" : "assign" }];
  };

  const target = (func: Func, at: Expression): Place | null => {
    if (at.kind === "subscript") {
      const [key] = at.indices;
      const variable = at.indices.length === 1 && key && key.kind !== "slice" ? variableOf(at.value, func) : null;
      return variable && key ? { variable, base: at.value, key } : null;
    }
    // A plain name is a local of its own unless it is declared otherwise.
    if (at.kind === "name" && !func.scope.outer.has(at.id)) return null;
    const variable = variableOf(at, func);
    return variable && { variable, base: at, key: null };
  };

  const changed = (func: Func, call: Call): Write[] => {
    const { callee } = call;
    if (callee.kind !== "attribute") return [];
    const change = CHANGES.get(callee.attr);
    if (!change || !isContainer(callee.value)) return [];
    const variable = variableOf(callee.value, func);
    if (!variable) return [];
    const key = argument(call, null, 0);
    if (change.how === "remove" && change.keyed && !key && callee.attr !== "pop") return [];
    // `pop(key, default)` and `discard` do not mind if it is gone.
    if (callee.attr === "pop" && argument(call, null, 1)) return [];
    return [
      {
        at: callee,
        place: { variable, base: callee.value, key: change.keyed ? key : null },
        statement: call,
        value: null,
        how: change.how,
      },
    ];
  };

  const isContainer = (expression: Expression): boolean =>
    inference
      .values(expression)
      .some(
        (value) =>
          value.kind === "mapping" ||
          (value.kind === "iterable" && BUILTIN.test(value.type)) ||
          (value.kind === "instance" && BUILTIN.test(value.type)),
      );

  const updates = (func: Func): readonly Update[] => {
    const memo = updateLists.get(func);
    if (memo) return memo;
    const found = writesOf(func).flatMap((write) => updateOf(func, write) ?? []);
    updateLists.set(func, found);
    return found;
  };

  const updateOf = (func: Func, write: Write): Update | null => {
    const { at, place, statement, value, how } = write;
    const rest = { func, at, place, statement, value, to: statement.end };
    const same = matcher(func.module, place);
    const guard = guardsOf(runtime, func, statement, same).at(-1) ?? null;
    const checked = (effect: Effect): Update | null =>
      guard && { ...rest, read: guard.test, kind: "checked", effect, from: guard.read.end };
    if (how === "augment") {
      // `if x > 0: x -= 1`: the decision is older than the calculation.
      if (isRefined(func, write)) return null;
      return checked("calculate") ?? { ...rest, read: at, kind: "calculated", effect: "calculate", from: at.start };
    }
    if (how === "remove") return isExpected(statement, func.node) ? null : checked("remove");
    const hasConsequences = guard !== null && matters(statement, guard.test);
    if (how === "member" && !value) return hasConsequences ? checked("claim") : null;
    if (!value) return null;
    const kept = choiceOf(value, same);
    if (kept) return { ...rest, read: kept, kind: "checked", effect: "fill", from: kept.end };
    const old = derived(func, value, same, 0);
    if (old) return { ...rest, read: old, kind: "calculated", effect: "calculate", from: old.end };
    if (isConstant(value)) return checked("constant");
    if (place.key) {
      if (isEmptyContainer(value) || (hasConsequences && !readsElsewhere(func, place, statement, same)))
        return checked("claim");
      return checked("cache");
    }
    return guard && checked(asksIfEmpty(guard.test, same) ? "fill" : "replace");
  };

  /** `self.mask = chosen(form)`, then `self.mask &= ~ADMIN`: what the same run has just put there is refined, and no older value with it. */
  const isRefined = (func: Func, { place, statement }: Write): boolean =>
    place.key === null &&
    writesOf(func).some(
      (earlier) =>
        earlier.how === "assign" &&
        earlier.statement.start < statement.start &&
        sourceOf(func.module, earlier.place.base) === sourceOf(func.module, place.base) &&
        isFollowedBy(earlier.statement, statement),
    );

  /** `x is None`, `not x`, `len(x) == 0`: whether there is nothing yet. */
  const asksIfEmpty = (test: Expression, same: Matcher): boolean => {
    switch (test.kind) {
      case "unary":
        return test.op === "not" && (same(test.operand) || test.operand.kind === "call");
      case "compare": {
        const [left, right] = test.operands;
        return (
          test.ops[0] === "is" && left !== undefined && same(left) && right?.kind === "constant" && right.value === null
        );
      }
      case "boolean":
        return asksIfEmpty(test.left, same) || asksIfEmpty(test.right, same);
      default:
        return same(test);
    }
  };

  /** Whether more hangs on the test than the write: what else the code does then, it would do twice. */
  const matters = (statement: Node, test: Expression): boolean => {
    const branch = test.parent;
    if (branch?.kind !== "branch") return true;
    const guarded = isInside(statement, branch) ? branch.body : followingOf(branch);
    if (!isInside(statement, branch) && branch.body.some(({ kind }) => kind === "raise")) return true;
    return guarded.some(
      (one) =>
        !isInside(statement, one) &&
        !isPreparing(one) &&
        [one, ...within(one)].some((node) => node.kind === "call" && !isLogging(node)),
    );
  };

  /** `result = await load(key)`: only gets ready what is written. */
  const isPreparing = (one: Statement): boolean =>
    one.kind === "assign" && one.targets.every((target) => target.kind === "name");

  const isLogging = (call: Call): boolean =>
    inference.names(call.callee).some(({ name }) => /^(?:logging|warnings|structlog|loguru)\.|^print$/.test(name)) ||
    (call.callee.kind === "attribute" && /^(?:debug|info|warning|error|exception|warn)$/.test(call.callee.attr));

  /** Whether the function also reads the element: what it put there is a cached result. */
  const readsElsewhere = (func: Func, place: Place, statement: Node, same: Matcher): boolean =>
    func.nodes.some((node) => {
      if (isInside(node, statement)) return false;
      if (node.kind === "subscript") return same(node) && !isWritten(node);
      if (node.kind === "return" && node.value)
        return sourceOf(func.module, node.value) === sourceOf(func.module, place.base);
      return node.kind === "call" && node.callee.kind === "attribute" && node.callee.attr === "get" && same(node);
    });

  /** The read of the place from which the expression's value is made: directly, or by way of a local name. */
  const derived = (func: Func, expression: Expression, same: Matcher, depth: number): Node | null => {
    if (same(expression)) return expression;
    if (depth > 8) return null;
    const first = (...parts: (Expression | null | undefined)[]): Node | null => {
      for (const part of parts) {
        const found = part ? derived(func, part, same, depth + 1) : null;
        if (found) return found;
      }
      return null;
    };
    switch (expression.kind) {
      case "binary":
      case "boolean":
        return choiceOf(expression, same) && !isPlain(expression.right)
          ? null
          : first(expression.left, expression.right);
      case "unary":
        return first(expression.operand);
      case "conditional":
        return choiceOf(expression, same) ? null : first(expression.body, expression.orelse);
      case "await":
      case "starred":
      case "walrus":
        return first(expression.value);
      case "tuple":
      case "list":
      case "set":
        return first(...expression.items);
      case "dict":
        return first(...expression.values);
      case "fstring":
        return first(...expression.parts);
      case "comprehension":
        return first(expression.clauses[0]?.iter);
      case "call":
        return isNew(expression) ? null : first(...expression.args.map(({ value }) => value));
      case "name":
        return throughLocal(func, expression, same, depth);
      default:
        return null;
    }
  };

  /** What a constructor or a factory makes of the old object is a new one, not a new value of it. */
  const isNew = (call: Call): boolean =>
    inference.values(call.callee).some((value) => value.kind === "class") ||
    (call.callee.kind === "attribute" && call.callee.value.kind !== "name");

  const throughLocal = (func: Func, name: Name, same: Matcher, depth: number): Node | null => {
    if (func.scope.outer.has(name.id)) return null;
    const { bindings, scope } = inference.bindings(name);
    const [only, ...others] = bindings;
    if (scope !== func.scope || others.length > 0 || only?.kind !== "value" || only.path.length > 0) return null;
    if (isInside(name, only.value)) return null;
    // An object that is changed in place has no old value to go stale.
    if (only.value.kind === "attribute" && isContainer(only.value)) return null;
    return derived(func, only.value, same, depth + 1);
  };

  const touches = (func: Func): readonly Touch[] => {
    const memo = touchLists.get(func);
    if (memo) return memo;
    const found = nodesOf(func, "for", "clause", "assign", "delete", "call")
      .flatMap((node) => touchesAt(func, node))
      .filter(({ variable }) => !isMade(func, variable));
    touchLists.set(func, found);
    return found;
  };

  const touchesAt = (func: Func, node: Node): Touch[] => {
    const touch = (at: Expression, base: Expression, kind: Touch["kind"], loop: Node | null = null): Touch[] => {
      const fragile = isFragile(base);
      const variable = fragile || isContainer(base) ? variableOf(base, func) : null;
      return variable ? [{ func, at, variable, kind, fragile, loop }] : [];
    };
    switch (node.kind) {
      case "for":
        return touch(node.iter, viewed(node.iter), "iterate", node);
      case "clause":
        return touch(node.iter, viewed(node.iter), "iterate", node.parent);
      case "assign":
        return node.targets.flatMap((one) =>
          one.kind === "subscript"
            ? isThere(func, one)
              ? []
              : touch(one, one.value, "insert")
            : one.kind === "attribute" && node.value && isEmptyContainer(node.value)
              ? touch(one, one, "reset")
              : [],
        );
      case "delete":
        return node.targets.flatMap((one) => (one.kind === "subscript" ? touch(one, one.value, "remove") : []));
      case "call": {
        const { callee } = node;
        if (callee.kind !== "attribute") return [];
        const kind = TOUCHES.get(callee.attr);
        return kind ? touch(callee, callee.value, kind) : [];
      }
      default:
        return [];
    }
  };

  /** Whether the key is in the container already: the body has read the element before, or goes over the keys. */
  const isThere = (func: Func, element: Subscript): boolean => {
    const { module } = func;
    const text = sourceOf(module, element);
    const [key] = element.indices;
    if (
      func.nodes.some(
        (node) =>
          node.kind === "subscript" &&
          node.start < element.start &&
          !isWritten(node) &&
          sourceOf(module, node) === text &&
          !areAlternatives(node, element),
      )
    )
      return true;
    if (key?.kind !== "name") return false;
    for (let at = element.parent; at && at !== func.node; at = at.parent)
      if (at.kind === "for" && sourceOf(module, viewed(at.iter)) === sourceOf(module, element.value)) {
        const target = at.target.kind === "tuple" ? at.target.items[0] : at.target;
        if (target?.kind === "name" && target.id === key.id) return true;
      }
    return false;
  };

  /** Containers whose iterator fails when members come or go. */
  const isFragile = (base: Expression): boolean =>
    inference
      .values(base)
      .some(
        (value) =>
          value.kind === "mapping" ||
          (value.kind === "iterable" && value.type === "set") ||
          (value.kind === "instance" &&
            /^(?:set|dict|collections\.(?:deque|OrderedDict|defaultdict|Counter))$/.test(value.type)),
      );

  return {
    updates,
    touches,
    writes: writesOf,
    variableOf,
  };
}

/** Whether an expression reads the place. */
export type Matcher = (node: Node) => boolean;

/** Reads of the same place in the same body: `d[k]`, `d.get(k)`, `k in d`; the variable itself where the place has no key. */
function matcher(module: Module, { base, key }: Place): Matcher {
  const baseText = sourceOf(module, base);
  const keyText = key && sourceOf(module, key);
  const isBase = (node: Node | undefined): boolean => node !== undefined && sourceOf(module, node) === baseText;
  const isKey = (node: Node | null | undefined): boolean => node != null && sourceOf(module, node) === keyText;
  return (node) => {
    if (keyText === null)
      return (node.kind === "name" || node.kind === "attribute") && node.kind === base.kind && isBase(node);
    switch (node.kind) {
      case "subscript":
        return isBase(node.value) && isKey(node.indices[0]);
      case "compare":
        return isMembership(node) && isKey(node.operands[0]) && isBase(node.operands[1]);
      case "call":
        return (
          node.callee.kind === "attribute" &&
          node.callee.attr === "get" &&
          isBase(node.callee.value) &&
          isKey(argument(node, null, 0))
        );
      default:
        return false;
    }
  };
}

function isMembership({ ops }: Compare): boolean {
  return ops.length === 1 && (ops[0] === "in" || ops[0] === "not in");
}

/** `x or make()`, `x if x else make()`: the old value stays where there is one; the read of it. */
function choiceOf(value: Expression, same: Matcher): Expression | null {
  if (value.kind === "boolean") return value.op === "or" && same(value.left) ? value.left : null;
  if (value.kind !== "conditional") return null;
  return [value.body, value.orelse].find((one) => same(one)) ?? null;
}

/** `x or []` in a calculation is the old value, not a choice. */
function isPlain(value: Expression): boolean {
  return isConstant(value) || isEmptyContainer(value);
}

/** Constants, and names written like one. */
function isConstant(value: Expression): boolean {
  switch (value.kind) {
    case "constant":
    case "number":
    case "string":
      return true;
    case "unary":
      return isConstant(value.operand);
    case "name":
      return /^[A-Z][A-Z0-9_]*$/.test(value.id);
    case "attribute":
      return /^[A-Z][A-Z0-9_]*$/.test(value.attr);
    default:
      return false;
  }
}

/** `[]`, `{}`, `set()`, `defaultdict(list)`, `Lock()`: what others would add to it is lost when it is put there twice. */
function isEmptyContainer(value: Expression): boolean {
  if (value.kind === "list" || value.kind === "set") return value.items.length === 0;
  if (value.kind === "dict") return value.keys.length === 0;
  if (value.kind !== "call") return false;
  const { callee } = value;
  const name = callee.kind === "name" ? callee.id : callee.kind === "attribute" ? callee.attr : "";
  return /^(?:list|dict|set|deque|defaultdict|OrderedDict|Counter|R?Lock|Semaphore|Queue|Event)$/.test(name);
}

/** The statements after an `if`, in the same block. */
function followingOf(branch: Node): readonly Statement[] {
  const choice = branch.parent;
  for (const block of choice?.parent ? blocksOf(choice.parent) : []) {
    const i = block.findIndex(({ start }) => start === choice?.start);
    if (i >= 0) return block.slice(i + 1);
  }
  return [];
}

/** The container behind `d.items()`, `d.keys()`, `d.values()`, `enumerate(d)`. */
function viewed(iter: Expression): Expression {
  if (iter.kind !== "call") return iter;
  const { callee } = iter;
  if (callee.kind === "attribute" && VIEWS.has(callee.attr)) return callee.value;
  const first = argument(iter, null, 0);
  if (callee.kind === "name" && callee.id === "enumerate" && first) return viewed(first);
  return iter;
}

function isWritten(node: Expression): boolean {
  const { parent } = node;
  if (parent?.kind === "assign") return parent.targets.includes(node);
  return parent?.kind === "augassign" ? parent.target === node : parent?.kind === "delete";
}

/** Whether the second statement runs once after the first, within the same block or a choice in it. */
function isFollowedBy(first: Node, second: Node): boolean {
  for (let at: Node | null = second; at; at = at.parent) {
    if (at.parent === first.parent) return at !== null && following(at.parent ?? at, first).some((one) => one === at);
    if (at.kind === "for" || at.kind === "while" || opensScope(at)) return false;
  }
  return false;
}

/** Whether somebody has reckoned with the element being gone: `except KeyError`, `suppress(KeyError)`. */
function isExpected(statement: Node, body: Node): boolean {
  for (let at: Node = statement, parent = at.parent; parent && at !== body; at = parent, parent = at.parent) {
    if (parent.kind === "try" && parent.body.some((one) => one === at)) {
      const isSmall = parent.body.length <= 2;
      if (parent.handlers.some(({ type }) => (type ? takesMissing(type, isSmall) : isSmall))) return true;
    }
    if (parent.kind === "with" && parent.items.some(({ context }) => suppressesMissing(context))) return true;
  }
  return false;
}

function suppressesMissing(context: Expression): boolean {
  if (context.kind !== "call") return false;
  const { callee } = context;
  const name = callee.kind === "name" ? callee.id : callee.kind === "attribute" ? callee.attr : "";
  return name === "suppress" && context.args.some(({ value }) => takesMissing(value, true));
}

function takesMissing(type: Expression, orAny: boolean): boolean {
  if (type.kind === "tuple") return type.items.some((one) => takesMissing(one, orAny));
  if (type.kind !== "name") return false;
  return MISSING.has(type.id) || (orAny && (type.id === "Exception" || type.id === "BaseException"));
}

const MISSING = new Set(["KeyError", "IndexError", "ValueError", "LookupError"]);

/** A constructor's own object: nobody else has it yet. */
function isMade(func: Func, variable: Variable): boolean {
  return (
    func.node.kind === "function" &&
    CONSTRUCTORS.has(func.node.name) &&
    variable.kind === "attribute" &&
    variable.owner.kind === "name" &&
    variable.owner.id === func.params[0]?.name
  );
}

const CONSTRUCTORS = new Set(["__init__", "__new__", "__post_init__", "__setstate__", "__init_subclass__", "__del__"]);
const PER_THREAD = new Set([
  "threading.local",
  "contextvars.ContextVar",
  "asgiref.local.Local",
  "werkzeug.local.Local",
  "gevent.local.local",
]);
const VIEWS = new Set(["items", "keys", "values"]);
const BUILTIN = /^(?:list|set|dict|collections\.(?:deque|OrderedDict|defaultdict|Counter))$/;

const CHANGES: ReadonlyMap<string, { how: "member" | "remove"; keyed: boolean }> = new Map([
  ["add", { how: "member", keyed: true }],
  ["remove", { how: "remove", keyed: true }],
  ["pop", { how: "remove", keyed: true }],
  ["popitem", { how: "remove", keyed: false }],
  ["popleft", { how: "remove", keyed: false }],
]);

const TOUCHES: ReadonlyMap<string, Touch["kind"]> = new Map([
  ["add", "insert"],
  ["update", "insert"],
  ["setdefault", "insert"],
  ["append", "insert"],
  ["appendleft", "insert"],
  ["remove", "remove"],
  ["discard", "remove"],
  ["pop", "remove"],
  ["popitem", "remove"],
  ["popleft", "remove"],
  ["clear", "empty"],
]);
