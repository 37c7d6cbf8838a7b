import type { Inference } from "../../python/infer.ts";
import type { Func, Scope } from "../../python/module.ts";
import { funcAt, scopeAt } from "../../python/module.ts";
import type { Argument, Attribute, Call, Expression, Name, Node, Sequence } from "../../python/syntax.ts";
import { namesOf, nestedIn } from "../graph/mentions.ts";

/** How code treats a value as if it were a plain one. */
export type Use =
  | "condition"
  | "comparison"
  | "item"
  | "iteration"
  | "text"
  | "operand"
  | "argument"
  | "entered"
  | "unpacked"
  | "called";

/** One end that a value comes to: nobody takes it, it is used as it is, an attribute is asked of it, or somebody has it from now on. */
export type Fate =
  | { kind: "dropped"; at: Node; name: string | null }
  | { kind: "used"; as: Use; at: Node }
  | { kind: "asked"; at: Attribute; attribute: string }
  | { kind: "kept"; by: Keeper; at: Node };

/** Who has the value: an `await`, the caller, a called function, something that outlives the code, or a nested function. */
export type Keeper = "await" | "return" | "lambda" | "argument" | "variable" | "closure" | "async with" | "code";

/** Follows the value that an expression makes to all its ends: through names, collections and choices, as far as its own body of code goes. */
export function fatesOf(inference: Inference, expression: Expression): readonly Fate[] {
  const found: Fate[] = [];
  const seen = new Set<Node>();
  const keep = (by: Keeper, at: Node): undefined => {
    found.push({ kind: "kept", by, at });
  };

  const use = (as: Use, at: Node): undefined => {
    found.push({ kind: "used", as, at });
  };

  /** `inside` says that `node` is a collection which holds the value. */
  const follow = (node: Expression, inside: boolean): undefined => {
    if (seen.has(node)) return;
    seen.add(node);
    const { parent } = node;
    const used = (as: Use): undefined => (inside ? undefined : use(as, node));
    switch (parent?.kind) {
      case "expression":
        if (node.kind !== "comprehension" || node.flavour !== "generator")
          found.push({ kind: "dropped", at: parent, name: null });
        return;
      case "await":
        return keep("await", parent);
      case "return":
      case "yield":
        return keep("return", parent);
      case "lambda":
        return keep("lambda", parent);
      case "argument":
        return given(parent, inside);
      case "attribute":
        if (inside) return keep("code", parent);
        found.push({ kind: "asked", at: parent, attribute: parent.attr });
        return;
      case "call":
        return used("called");
      case "subscript":
        return parent.value === node && !inside ? used("item") : keep("code", parent);
      case "list":
      case "set":
      case "tuple":
        return items(parent, node, inside);
      case "dict":
        return follow(parent, true);
      case "starred":
        return inside ? follow(parent, true) : used("iteration");
      case "comprehension":
        return follow(parent, true);
      case "clause":
        return parent.iter !== node ? used("condition") : inside ? keep("code", parent) : used("iteration");
      case "for":
        return inside ? keep("code", parent) : used("iteration");
      case "conditional":
        return parent.test === node ? used("condition") : follow(parent, inside);
      case "boolean":
        // What a name holds may be missing; what a call makes is always there.
        if (parent.right === node || (node.kind === "name" && parent.op === "or") || inside)
          return follow(parent, inside);
        return used("condition");
      case "branch":
      case "while":
      case "case":
        return used("condition");
      case "assert":
        return parent.test === node ? used("condition") : undefined;
      case "compare":
      case "match":
        return used("comparison");
      case "unary":
        return used(parent.op === "not" ? "condition" : "operand");
      case "binary":
        return inside ? follow(parent, true) : used("operand");
      case "augassign":
        return inside ? keep("code", parent) : used("operand");
      case "fstring":
        return used("text");
      case "walrus":
        bind(parent.target, parent, inside);
        return follow(parent, inside);
      case "assign":
        for (const target of parent.targets) bind(target, parent, inside);
        return;
      case "withitem":
        return isAsyncWith(parent) ? keep("async with", parent) : used("entered");
      case "delete":
        return;
      default:
        return keep("code", node);
    }
  };

  const items = (collection: Sequence, item: Expression, inside: boolean): undefined => {
    const statement = collection.parent;
    if (statement?.kind !== "assign" || statement.value !== collection) return follow(collection, true);
    // `a, b = one(), two()`
    const index = collection.items.indexOf(item);
    for (const target of statement.targets) {
      const paired =
        (target.kind === "tuple" || target.kind === "list") && target.items.length === collection.items.length;
      const own = paired && !target.items.some(({ kind }) => kind === "starred") ? target.items[index] : undefined;
      if (own) bind(own, statement, inside);
      else bind(target, statement, true);
    }
  };

  const given = (argument: Argument, inside: boolean): undefined => {
    const call = argument.parent;
    if (call?.kind !== "call") return keep("code", argument);
    if (argument.stars !== 0) return inside ? keep("argument", call) : use("iteration", argument);
    const names = inference.names(call.callee);
    if (names.length > 0 && names.every(({ name }) => TAKES_RESULTS.test(name))) {
      if (!inside) use("argument", argument);
      else if (!LOOKS_ONLY.test(names[0]?.name ?? "")) keep("argument", call);
      return;
    }
    const collection = collectionAdded(inference, call);
    if (collection) return name(collection, null, true);
    keep("argument", call);
  };

  const bind = (target: Expression, at: Node, inside: boolean): undefined => {
    if (target.kind === "name") name(target, at, inside);
    else if (target.kind !== "tuple" && target.kind !== "list") keep("variable", target);
    else if (!inside) use("unpacked", target);
    else for (const one of target.items) bind(one.kind === "starred" ? one.value : one, at, true);
  };

  /** The reads of a name that get the value bound at `at` (`null`: all reads). */
  const name = (target: Name, at: Node | null, inside: boolean): undefined => {
    const module = inference.moduleOf(target);
    const scope = scopeAt(module, target);
    const func = funcAt(module, target);
    const outlives = scope.node.kind === "class" || scope.node.kind === "module" || scope.outer.has(target.id);
    if (outlives && target.id !== "_") return keep("variable", target);
    const before = found.length;
    for (const read of readsOf(func, target.id)) {
      const { bindings, scope: where } = inference.bindings(read);
      if (where !== scope || (at !== null && !bindings.some((one) => one.at === at)) || isAdding(read)) continue;
      if (scopeFunc(scope) !== funcAt(module, read)) keep("closure", read);
      else if (at === null || !inside || !isLookedAt(inference, read)) follow(read, inside);
    }
    if (found.length === before && !seen.has(target)) found.push({ kind: "dropped", at: target, name: target.id });
    seen.add(target);
  };

  follow(expression, false);
  return found;
}

function scopeFunc(scope: Scope): Func | undefined {
  return scope.module.byNode.get(scope.node);
}

function isAsyncWith(item: Node): boolean {
  return item.parent?.kind === "with" && item.parent.isAsync;
}

/** The places that read a name, in a body of code and in the functions nested in it. */
function readsOf(func: Func, id: string): readonly Name[] {
  return [func, ...nestedIn(func.module, func)].flatMap((one) => namesOf(one, id)).filter((name) => !isTarget(name));
}

function isTarget(name: Name): boolean {
  let node: Node = name;
  for (let at = name.parent; at; node = at, at = at.parent) {
    switch (at.kind) {
      case "tuple":
      case "list":
      case "starred":
        continue;
      case "assign":
        return at.value !== node && at.annotation !== node;
      case "for":
      case "clause":
      case "walrus":
        return at.target === node;
      case "withitem":
        return at.target === node;
      case "augassign":
        return at.target === node;
      case "delete":
      case "case":
        return true;
      default:
        return false;
    }
  }
  return false;
}

/** `tasks.add(…)`: the collection only takes something more. */
function isAdding(read: Name): boolean {
  const { parent } = read;
  return parent?.kind === "attribute" && ADDERS.test(parent.attr) && parent.parent?.kind === "call";
}

/** `len(tasks)`, `if tasks`: nothing is taken out of the collection. */
function isLookedAt(inference: Inference, read: Name): boolean {
  const { parent } = read;
  if (parent?.kind === "branch" || parent?.kind === "while" || parent?.kind === "unary" || parent?.kind === "fstring")
    return true;
  if (parent?.kind !== "argument" || parent.parent?.kind !== "call") return false;
  const names = inference.names(parent.parent.callee);
  return names.length > 0 && names.every(({ name }) => LOOKS_ONLY.test(name));
}

/** The local collection, made in the same body of code, that a call adds its argument to. */
function collectionAdded(inference: Inference, call: Call): Name | null {
  const { callee } = call;
  if (callee.kind !== "attribute" || !ADDERS.test(callee.attr) || callee.value.kind !== "name") return null;
  const { bindings, scope } = inference.bindings(callee.value);
  if (!scope || scopeFunc(scope) !== funcAt(scope.module, call) || scope.node.kind === "module") return null;
  const isFresh = bindings.every(
    (one) =>
      one.kind === "annotation" ||
      (one.kind === "value" && one.path.length === 0 && isCollection(inference, one.value)),
  );
  return isFresh && bindings.length > 0 ? callee.value : null;
}

function isCollection(inference: Inference, value: Expression): boolean {
  if (value.kind === "list" || value.kind === "set") return value.items.length === 0;
  return (
    value.kind === "call" &&
    value.args.length === 0 &&
    inference.names(value.callee).some(({ name }) => /^(?:list|set|collections\.deque)$/.test(name))
  );
}

const ADDERS = /^(?:add|append|appendleft)$/;

/** Functions that want a result, never something to wait for. */
const TAKES_RESULTS =
  /^(?:len|bool|int|float|str|bytes|repr|format|sum|sorted|min|max|any|all|list|tuple|set|dict|frozenset|enumerate|zip|reversed|iter|next|abs|round|print|ord|chr|json\.dumps?|json\.loads|os\.path\.\w+|pathlib\.(?:Pure)?Path|open|str\.join|math\.\w+|logging\.(?:Logger\.)?(?:debug|info|warning|error|exception|critical|log))$/;

/** Of these, the ones that leave nothing of a collection behind. */
const LOOKS_ONLY = /^(?:len|bool|str|repr|format|any|all|print|logging\.)/;
