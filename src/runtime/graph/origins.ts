import type { Inference } from "../../python/infer.ts";
import type { Binding, Class, Func, Module } from "../../python/module.ts";
import { funcAt, nodesOf } from "../../python/module.ts";
import type { Call, Expression, Name } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Value } from "../../python/value.ts";

/** Where an object comes from: the expression that makes it (a call of a constructor or factory, a literal), and the code around it. */
export interface Origin {
  expression: Expression;
  module: Module;
  func: Func;
  /** What the object is kept in: a module's or class's name, `self.attribute`, or nothing but a local. */
  holder: Holder | null;
  doubt: number;
}

/** The variable that keeps an object. Two expressions with the same holder speak of the same variable. */
export type Holder =
  | { kind: "global"; module: Module; name: string }
  | { kind: "attribute"; cls: Class; name: string }
  | { kind: "local"; func: Func; name: string };

/** Follows expressions back to where their objects were made: through names, attributes, parameters, returns and `with … as`. */
export interface Origins {
  of(expression: Expression): readonly Origin[];
  /** The variable that an expression names, if it names one. */
  holder(expression: Expression): Holder | null;
}

const DEEPEST = 12;
const MOST_ORIGINS = 8;

/** Builds the answers over the inference; they are remembered. */
export function originsOf(inference: Inference): Origins {
  const memo = new Map<Expression, readonly Origin[]>();
  const active = new Set<Expression>();

  const of = (expression: Expression): readonly Origin[] => {
    const known = memo.get(expression);
    if (known) return known;
    if (active.has(expression) || active.size > DEEPEST) return [];
    active.add(expression);
    const found = distinct(follow(expression));
    active.delete(expression);
    memo.set(expression, found);
    return found;
  };

  const itself = (expression: Expression): Origin => {
    const module = inference.moduleOf(expression);
    return { expression, module, func: funcAt(module, expression), holder: null, doubt: 0 };
  };

  const follow = (node: Expression): readonly Origin[] => {
    switch (node.kind) {
      case "name":
        return kept(inference.bindings(node).bindings.flatMap(boundTo), holder(node));
      case "attribute":
        return kept(attributeOrigins(node), holder(node));
      case "await":
      case "starred":
      case "walrus":
        return of(node.value);
      case "conditional":
        return [...of(node.body), ...of(node.orelse)];
      case "boolean":
        return [...of(node.left), ...of(node.right)];
      case "call":
        return callOrigins(node);
      case "constant":
        return node.value === null ? [] : [itself(node)];
      default:
        return [itself(node)];
    }
  };

  const kept = (origins: readonly Origin[], at: Holder | null): readonly Origin[] =>
    at === null ? origins : origins.map((origin) => (origin.holder ? origin : { ...origin, holder: at }));

  const boundTo = (binding: Binding): readonly Origin[] => {
    switch (binding.kind) {
      case "value":
        return element(binding.value, binding.path);
      case "entered":
        return binding.path.length === 0 ? entered(binding.context) : [];
      case "from": {
        const target = inference.exported(binding);
        return target
          ? kept(target.bindings.flatMap(boundTo), { kind: "global", module: target.module, name: binding.name })
          : [];
      }
      case "parameter":
        return inference
          .passed(binding.node)
          .flatMap(of)
          .map(doubtful)
          .concat(binding.node.default ? of(binding.node.default).map(doubtful) : []);
      case "iteration":
        return binding.path.length === 0 ? items(binding.iter) : [];
      default:
        return [];
    }
  };

  const element = (value: Expression, path: readonly (number | "*")[]): readonly Origin[] => {
    if (path.length === 0) return of(value);
    const [step, ...rest] = path;
    if ((value.kind === "tuple" || value.kind === "list") && typeof step === "number") {
      const item = value.items[step];
      return item ? element(item, rest) : [];
    }
    // `first, second = self.pair`: the pair was put together elsewhere.
    return of(value).flatMap(({ expression }) =>
      expression !== value && (expression.kind === "tuple" || expression.kind === "list")
        ? element(expression, path)
        : [],
    );
  };

  /** The elements of a literal list, or the one element expression of a comprehension. */
  const items = (iter: Expression): readonly Origin[] =>
    of(iter).flatMap(({ expression }) => {
      if (expression.kind === "list" || expression.kind === "tuple" || expression.kind === "set")
        return expression.items.flatMap(of);
      if (expression.kind === "comprehension") return of(expression.element);
      return [];
    });

  /** What `with context as name` binds: what a project's context manager yields, else the object itself. */
  const entered = (context: Expression): readonly Origin[] => {
    const found: Origin[] = [];
    for (const value of inference.values(context)) {
      if (value.kind !== "manager" || !value.func) continue;
      for (const node of nodesOf(value.func, "yield")) if (node.value) found.push(...of(node.value));
    }
    return found.length > 0 ? found : of(context);
  };

  const attributeOrigins = (node: Expression & { kind: "attribute" }): readonly Origin[] => {
    const owners = inference.values(node.value);
    const found = owners.flatMap((owner): readonly Origin[] => {
      if (owner.kind === "module") {
        const bindings = owner.module.scope.names.get(node.attr) ?? [];
        return kept(bindings.flatMap(boundTo), { kind: "global", module: owner.module, name: node.attr });
      }
      if (owner.kind !== "object" && owner.kind !== "class" && owner.kind !== "super") return [];
      for (const cls of inference.ancestry(owner.cls)) {
        const method = cls.methods.get(node.attr);
        if (method && inference.decoration(method).property) return returned(method);
        const bindings = cls.attributes.get(node.attr);
        if (!bindings) continue;
        const at: Holder = { kind: "attribute", cls, name: node.attr };
        return kept(
          bindings.flatMap((one) =>
            one.value === null
              ? []
              : one.via === "value"
                ? element(one.value, one.path)
                : one.via === "entered"
                  ? entered(one.value)
                  : [],
          ),
          at,
        );
      }
      return [];
    });
    // An attribute of a library object (`app.state.pool`) is known by what the project stores there.
    return found.length > 0 || owners.length > 0 ? found : [];
  };

  const callOrigins = (call: Call): readonly Origin[] => {
    const found: Origin[] = [];
    for (const value of inference.values(call.callee)) {
      if (value.kind === "function" && !value.func.isGenerator) found.push(...returned(value.func));
      else if (value.kind === "library" && PASSES_ON.has(value.name)) {
        const given = argument(call, null, 0);
        if (given) found.push(...of(given));
      }
    }
    return found.length > 0 ? found : [itself(call)];
  };

  const returned = (func: Func): readonly Origin[] => {
    if (func.node.kind === "lambda") return of(func.node.body);
    return nodesOf(func, "return").flatMap((node) => (node.value ? of(node.value) : []));
  };

  const holder = (node: Expression): Holder | null => {
    if (node.kind === "name") return nameHolder(node);
    if (node.kind !== "attribute") return null;
    for (const owner of inference.values(node.value)) {
      if (owner.kind === "module") return { kind: "global", module: owner.module, name: node.attr };
      if (owner.kind === "object" || owner.kind === "class") return attributeHolder(owner, node.attr);
    }
    return null;
  };

  const attributeHolder = (owner: Value & { kind: "object" | "class" }, name: string): Holder => {
    const cls = inference.ancestry(owner.cls).find((one) => one.attributes.has(name)) ?? owner.cls;
    return { kind: "attribute", cls, name };
  };

  const nameHolder = (node: Name): Holder | null => {
    const { bindings, scope } = inference.bindings(node);
    if (!scope) return null;
    const [only] = bindings;
    if (only?.kind === "from") {
      const target = inference.exported(only);
      if (target) return { kind: "global", module: target.module, name: only.name };
    }
    if (scope.node.kind === "module") return { kind: "global", module: scope.module, name: node.id };
    if (scope.node.kind === "class") {
      const cls = scope.module.classByNode.get(scope.node);
      return cls ? { kind: "attribute", cls, name: node.id } : null;
    }
    const func = scope.module.byNode.get(scope.node);
    return func ? { kind: "local", func, name: node.id } : null;
  };

  return { of, holder };
}

/** Whether two holders are the same variable. */
export function sameHolder(a: Holder | null, b: Holder | null): boolean {
  if (!a || !b || a.kind !== b.kind || a.name !== b.name) return false;
  if (a.kind === "global") return b.kind === "global" && a.module === b.module;
  if (a.kind === "attribute") return b.kind === "attribute" && a.cls === b.cls;
  return b.kind === "local" && a.func === b.func;
}

function doubtful(origin: Origin): Origin {
  return { ...origin, doubt: origin.doubt + 1 };
}

function distinct(origins: readonly Origin[]): readonly Origin[] {
  const best = new Map<Expression, Origin>();
  for (const origin of origins) {
    const known = best.get(origin.expression);
    if (!known || known.doubt > origin.doubt) best.set(origin.expression, origin);
  }
  return [...best.values()].slice(0, MOST_ORIGINS);
}

/** Library calls that give their first argument back, or a thin wrapper around it. */
const PASSES_ON = new Set([
  "contextlib.closing",
  "contextlib.aclosing",
  "contextlib.nullcontext",
  "copy.copy",
  "typing.cast",
  "weakref.proxy",
]);
