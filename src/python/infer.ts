import { annotationsOf } from "./annotations.ts";
import { BUILTINS } from "./builtins.ts";
import { type Classes, classesOf } from "./classes.ts";
import { type Decoration, decorationsOf } from "./decorations.ts";
import { promisedByClass } from "./generics.ts";
import { importsOf } from "./imports.ts";
import type { Layout } from "./layout.ts";
import type { Library } from "./library.ts";
import { libraryCallsOf } from "./library-calls.ts";
import type { AttributeBinding, Binding, Class, Func, Module, Scope, Step } from "./module.ts";
import { comprehensionBinding, nodesOf, scopeAt } from "./module.ts";
import { narrowingOf } from "./narrowing.ts";
import { reaching } from "./reaching.ts";
import { rebound } from "./receiver.ts";
import type { Attribute, Call, Dict, Expression, FunctionDef, Name, Node, Parameter } from "./syntax.ts";
import type { Value } from "./value.ts";
import { awaitable, doubted, functionValue, instance, iterable, library, mapping, object, union } from "./value.ts";

/** Answers what expressions stand for. Answers are remembered; recursion gives no answer rather than a wrong one. */
export interface Inference extends Classes {
  library: Library;
  modules: ReadonlyMap<string, Module>;
  values(expression: Expression): readonly Value[];
  /** Canonical library names that the expression may refer to. */
  names(expression: Expression): { name: string; doubt: number; receiver: string | null }[];
  decoration(func: Func): Decoration;
  /** What a call of the function gives (a coroutine for `async def`). */
  returns(func: Func, self: Value | null): readonly Value[];
  annotated(annotation: Expression): readonly Value[];
  /** The values bound to a binding. */
  bound(binding: Binding): readonly Value[];
  /** The bindings that a name may have at its place. */
  bindings(name: Name): { bindings: readonly Binding[]; scope: Scope | null };
  /** Elements got by iterating. */
  elements(values: readonly Value[]): readonly Value[];
  moduleOf(node: Node): Module;
  /** What callers pass to a parameter that has no annotation; nothing before `learnArguments`. */
  passed(parameter: Parameter): readonly Expression[];
  /** Where a name taken by `from … import` is defined in the project, with its bindings there; `null` if it is not the project's. */
  exported(binding: Binding & { kind: "from" }): { module: Module; bindings: readonly Binding[] } | null;
  /** From now on parameters and dataclass fields without a telling annotation take the values that callers pass, by their nodes. */
  learnArguments(passed: ReadonlyMap<Node, readonly Expression[]>): void;
}

/** Questions that lead to others are followed so far. */
const DEEPEST = 300;
const NOTHING: readonly Value[] = [];
/** Stands for an answer that is being looked for. */
const ASKED: readonly Value[] = [];

/** Above this many callers a parameter stands for anything. */
const MOST_CALLERS = 30;

/** Builds the inference over loaded modules. `modules` is keyed by path and must be complete. */
export function inferenceOf(modules: ReadonlyMap<string, Module>, layout: Layout, lib: Library): Inference {
  const memo = new Map<Expression, readonly Value[]>();
  const returned = new Map<Func, readonly Value[]>();
  const active = new Set<string>();
  let depth = 0;
  const roots = new Map<Node, Module>();
  for (const module of modules.values()) roots.set(module.tree, module);
  let passed: ReadonlyMap<Node, readonly Expression[]> | null = null;
  // Until arguments are learnt: the answers that depend on them, and how often one such was met.
  const open = new Set<Expression | Func>();
  let met = 0;

  const moduleOf = (node: Node): Module => {
    let at = node;
    while (at.parent) at = at.parent;
    const module = roots.get(at);
    if (!module) throw new Error("A node outside every module was asked about.");
    return module;
  };

  /** A question that asks itself again is answered by nothing. */
  const guarded = (key: string, compute: () => readonly Value[]): readonly Value[] => {
    if (active.has(key)) {
      met++;
      return NOTHING;
    }
    active.add(key);
    depth++;
    try {
      return compute();
    } finally {
      depth--;
      active.delete(key);
    }
  };

  /** Evaluates once, and remembers the answer; a question that asks itself again is answered by nothing. */
  const remembered = <K extends Expression | Func>(
    answers: Map<K, readonly Value[]>,
    key: K,
    compute: (key: K) => readonly Value[],
  ): readonly Value[] => {
    const known = answers.get(key);
    if (known) {
      if (known === ASKED || (passed === null && open.has(key))) met++;
      return known;
    }
    if (depth > DEEPEST) {
      met++;
      return NOTHING;
    }
    const before = met;
    let found = NOTHING;
    answers.set(key, ASKED);
    depth++;
    try {
      found = compute(key);
    } finally {
      depth--;
      answers.set(key, found);
    }
    if (passed === null && met !== before) open.add(key);
    return found;
  };

  const values = (expression: Expression): readonly Value[] =>
    literalValues(expression) ?? remembered(memo, expression, evaluate);

  /** What callers pass, once it is known. */
  const given = (at: Node): readonly Expression[] => {
    if (passed !== null) return passed.get(at) ?? [];
    met++;
    return [];
  };

  const evaluate = (node: Expression): readonly Value[] => {
    switch (node.kind) {
      case "name":
        return nameValues(node);
      case "attribute":
        return attributeValues(node);
      case "call":
        return callValues(node);
      case "await":
        return awaited(values(node.value));
      case "walrus":
      case "starred":
        return values(node.value);
      case "conditional":
        return union(values(node.body), values(node.orelse));
      case "boolean":
        return union(
          node.op === "or" ? values(node.left).filter((value) => value.kind !== "none") : [],
          values(node.right),
        );
      case "tuple":
        return [{ kind: "tuple", items: node.items.map(values), doubt: 0 }];
      case "list":
      case "set":
        return [
          iterable(
            union(...node.items.map((item) => (item.kind === "starred" ? elements(values(item.value)) : values(item)))),
            node.kind,
          ),
        ];
      case "dict":
        return [mapping(union(...node.values.map(values)), entriesOf(node))];
      case "comprehension":
        if (node.flavour === "dict") return [mapping(node.value ? values(node.value) : [])];
        return [iterable(values(node.element), node.flavour)];
      case "lambda": {
        const module = moduleOf(node);
        const func = module.byNode.get(node);
        return func ? [functionValue(func)] : [];
      }
      case "subscript":
        return subscriptValues(node.value, node.indices[0]);
      case "binary":
        return binaryValues(node.op, values(node.left), values(node.right));
      case "unary":
        return node.op === "not" ? [instance("bool")] : values(node.operand);
      case "compare":
        return [instance("bool")];
      default:
        return [];
    }
  };

  /** The values of a dict's constant keys, where it has only such. */
  const entriesOf = ({ keys, values: given }: Dict): ReadonlyMap<string, readonly Value[]> | null => {
    const entries = new Map<string, readonly Value[]>();
    for (const [i, key] of keys.entries()) {
      const value = given[i];
      if (key?.kind !== "string" || !value) return null;
      entries.set(key.value, values(value));
    }
    return entries;
  };

  const binaryValues = (op: string, left: readonly Value[], right: readonly Value[]): readonly Value[] => {
    const members = [...left, ...right].flatMap((value) =>
      value.kind === "instance" ? (lib.operated(value.type, op)?.map((one) => doubted(one, value.doubt)) ?? []) : [],
    );
    if (members.length > 0) return union(members);
    const kept = left.filter(
      (value) =>
        value.kind === "iterable" ||
        value.kind === "mapping" ||
        (value.kind === "instance" && /^(?:str|bytes|int|float)$/.test(value.type)),
    );
    return op === "+" ? union(kept, right) : kept;
  };

  const bindings = (name: Name): { bindings: readonly Binding[]; scope: Scope | null } => {
    const inComprehension = comprehensionBinding(name, name.id);
    const module = moduleOf(name);
    let scope: Scope | null = scopeAt(module, name);
    if (inComprehension) return { bindings: [inComprehension], scope };
    for (let first = true; scope; scope = scope.parent, first = false) {
      if (!first && scope.node.kind === "class") continue;
      const outer = scope.outer.get(name.id);
      if (outer === "global") {
        scope = scope.module.scope;
        return { bindings: scope.names.get(name.id) ?? [], scope };
      }
      const found = scope.names.get(name.id);
      if (found) return { bindings: first ? reaching(name, found) : found, scope };
    }
    return { bindings: [], scope: null };
  };

  const nameValues = (name: Name): readonly Value[] => {
    const { bindings: found, scope } = bindings(name);
    if (found.length > 0) {
      // What is declared holds wherever the name is used, but the declaration is no binding that reaches the use.
      const declarations = (scope?.names.get(name.id) ?? []).filter(({ kind }) => kind === "annotation");
      const all = combine(declarations.length === 1 ? [...declarations, ...found] : found);
      return scope ? narrowed(name, scope, found, all) : all;
    }
    const module = moduleOf(name);
    const starred = starValues(module, name.id);
    if (starred) return starred;
    if (name.id === "__class__") return [];
    if (BUILTINS.has(name.id)) return [library(name.id)];
    // A snippet that uses `subscript.run` without its import means that module.
    return lib.tables.isLibrary(name.id) && module.scope.stars.length === 0 ? [library(lib.canonical(name.id), 1)] : [];
  };

  const combine = (found: readonly Binding[]): readonly Value[] => {
    const annotation = found.find((binding) => binding.kind === "annotation");
    if (annotation?.kind === "annotation") {
      const declared = annotated(annotation.annotation);
      if (declared.length > 0) return declared;
    }
    return union(...found.map(bound));
  };

  const bound = (binding: Binding): readonly Value[] => {
    switch (binding.kind) {
      case "import":
        return importedModule(moduleOf(binding.at), binding.module, 0);
      case "from":
        return importedName(moduleOf(binding.at), binding);
      case "function": {
        const func = moduleOf(binding.at).byNode.get(binding.node);
        return func ? [functionValue(func)] : [];
      }
      case "class": {
        const cls = moduleOf(binding.at).classByNode.get(binding.node);
        return cls ? [{ kind: "class", cls, doubt: 0 }] : [];
      }
      case "parameter":
        return parameterValues(binding.node, binding.owner);
      case "value":
        return follow(values(binding.value), binding.path);
      case "annotation":
        return annotated(binding.annotation);
      case "iteration":
        return follow(elements(values(binding.iter)), binding.path);
      case "entered":
        return follow(entered(values(binding.context), binding.isAsync), binding.path);
      case "caught":
        return binding.type ? values(binding.type).flatMap((value) => called(value, null)) : [];
      case "opaque":
        return [];
    }
  };

  const parameterValues = (param: Parameter, owner: FunctionDef | ({ kind: "lambda" } & Node)): readonly Value[] => {
    const module = moduleOf(param);
    const func = module.byNode.get(owner);
    if (param.annotation) {
      const declared = annotated(param.annotation).filter((value) => value.kind !== "none");
      if (declared.length > 0) {
        if (param.stars === 1) return [iterable(declared, "tuple")];
        if (param.stars === 2) return [mapping(declared)];
        return declared;
      }
    }
    if (func?.cls && owner.kind === "function" && owner.params[0] === param) {
      const { static: isStatic, classmethod } = decoration(func);
      if (!isStatic)
        return classmethod || owner.name === "__new__" || owner.name === "__init_subclass__"
          ? [{ kind: "class", cls: func.cls, doubt: 0 }]
          : [object(func.cls)];
    }
    const fallback = param.default
      ? values(param.default).filter((value) => value.kind !== "none" && !isPlain(value))
      : [];
    if (fallback.length > 0)
      return fallback.map((value) => doubted(value, value.kind === "function" || value.kind === "library" ? 1 : 0));
    const all = given(param);
    if (all.length === 0 || all.length > MOST_CALLERS || param.stars !== 0) return [];
    const learned = all.map(values);
    // One caller that passes something unknown means that the others do not speak for the parameter.
    if (learned.some((one) => one.length === 0)) return union(...learned).map((value) => doubted(value, 2));
    return union(...learned)
      .filter((value) => value.kind !== "none")
      .map((value) => doubted(value, 1));
  };

  const attributeValues = (node: Attribute): readonly Value[] => {
    const owners = values(node.value);
    const found = union(...owners.map((owner) => attributeOf(owner, node.attr)));
    return found;
  };

  const attributeOf = (owner: Value, attr: string): readonly Value[] => {
    switch (owner.kind) {
      case "library": {
        const typed = lib.attribute(owner.name, attr, null);
        if (typed) return typed.map((value) => doubted(value, owner.doubt));
        return [library(lib.member(owner.name, attr), owner.doubt)];
      }
      case "instance": {
        const typed = lib.attribute(owner.type, attr, owner);
        if (typed) return typed.map((value) => doubted(value, owner.doubt));
        return [library(lib.member(owner.type, attr), owner.doubt, owner.type)];
      }
      case "module":
        return exported(owner.module, attr).map((value) => doubted(value, owner.doubt));
      case "class":
        return classAttribute(owner, attr);
      case "object":
        return objectAttribute(owner, attr);
      case "super": {
        const self = object(owner.cls, false, owner.doubt);
        for (const base of ancestry(owner.cls).slice(1)) {
          const method = base.methods.get(attr);
          if (method) return [functionValue(method, self, owner.doubt)];
        }
        return libraryBaseMember(owner.cls, attr, owner.doubt, self);
      }
      case "awaitable":
        return owner.type ? attributeOf(instance(owner.type, owner.doubt), attr) : [];
      case "iterable":
        return [
          {
            kind: "library",
            name: `${owner.type === "generator" || owner.type === "iterator" ? "iterator" : owner.type}.${attr}`,
            receiver: owner.type,
            doubt: owner.doubt,
          },
        ];
      case "mapping":
        return [{ kind: "library", name: `dict.${attr}`, receiver: "dict", doubt: owner.doubt }];
      case "function":
        return attr === "__wrapped__" ? [owner] : decorated(owner.func).flatMap((value) => attributeOf(value, attr));
      case "partial":
        return attr === "func" ? owner.of : [];
      default:
        return [];
    }
  };

  const classAttribute = (owner: Value & { kind: "class" }, attr: string): readonly Value[] => {
    for (const cls of ancestry(owner.cls)) {
      const method = cls.methods.get(attr);
      if (method) {
        const { classmethod } = decoration(method);
        return [functionValue(method, classmethod ? owner : null, owner.doubt)];
      }
      const nested =
        cls.scope.names.get(attr)?.flatMap((binding) => (binding.kind === "class" ? bound(binding) : [])) ?? [];
      if (nested.length > 0) return nested;
      const found = cls.attributes.get(attr)?.filter((one) => one.at.parent === cls.node);
      if (found && found.length > 0) return attributeBindings(found);
    }
    return libraryBaseMember(owner.cls, attr, owner.doubt, null);
  };

  const objectAttribute = (owner: Value & { kind: "object" }, attr: string): readonly Value[] => {
    for (const cls of ancestry(owner.cls)) {
      const method = cls.methods.get(attr);
      if (method) {
        const { property, static: isStatic, classmethod } = decoration(method);
        if (property) return returns(method, owner).map((value) => doubted(value, owner.doubt));
        if (isStatic) return [functionValue(method, null, owner.doubt)];
        return [functionValue(method, classmethod ? { kind: "class", cls: owner.cls, doubt: 0 } : owner, owner.doubt)];
      }
      const found = cls.attributes.get(attr);
      if (found) {
        const own = attributeBindings(found).filter((value) => value.kind !== "none");
        if (own.length > 0) return own.map((value) => bindTo(owner, doubted(value, owner.doubt)));
        return [];
      }
      const nested =
        cls.scope.names.get(attr)?.flatMap((binding) => (binding.kind === "class" ? bound(binding) : [])) ?? [];
      if (nested.length > 0) return nested;
    }
    return libraryBaseMember(owner.cls, attr, owner.doubt, owner);
  };

  /** A plain function assigned in the class body (`run = helper`) becomes a method; we keep it callable as it is. */
  const bindTo = (owner: Value, value: Value): Value =>
    value.kind === "function" && value.self === null && value.func.cls !== null ? { ...value, self: owner } : value;

  const libraryBaseMember = (cls: Class, attr: string, doubt: number, receiver: Value | null): readonly Value[] => {
    for (const base of libraryBases(cls)) {
      const typed = lib.attribute(base, attr, receiver ?? instance(base));
      if (typed) return typed.map((value) => doubted(value, doubt));
    }
    const bases = libraryBases(cls);
    const known = bases.find(
      (base) => lib.tables.isKnown(lib.member(base, attr)) || lib.tables.returns.has(lib.member(base, attr)),
    );
    const base = known ?? (bases.length === 1 ? bases[0] : undefined);
    return base === undefined ? [] : [library(lib.member(base, attr), doubt, receiver ? base : null)];
  };

  const attributeBindings = (found: readonly AttributeBinding[]): readonly Value[] => {
    for (const one of found)
      if (one.annotation) {
        const declared = annotated(one.annotation);
        if (declared.some((value) => value.kind !== "none")) return declared;
        const all = given(one.at);
        if (all.length > 0 && all.length <= MOST_CALLERS)
          return union(...all.map(values)).map((value) => doubted(value, 1));
      }
    return union(
      ...found.map((one) => {
        if (!one.value) return [];
        const start = values(one.value);
        const source =
          one.via === "value" ? start : one.via === "iteration" ? elements(start) : entered(start, one.isAsync);
        return follow(source, one.path);
      }),
    );
  };

  const follow = (found: readonly Value[], path: readonly Step[]): readonly Value[] => {
    let current = found;
    for (const step of path)
      current = union(
        ...current.map((value) => {
          if (value.kind === "tuple" && typeof step === "number") return value.items[step] ?? [];
          if (value.kind === "instance") return lib.item(value.type);
          return elements([value]);
        }),
      );
    return current;
  };

  const elements = (found: readonly Value[]): readonly Value[] =>
    union(
      ...found.map((value): readonly Value[] => {
        switch (value.kind) {
          case "iterable":
            return value.of.map((one) => doubted(one, value.doubt));
          case "tuple":
            return union(...value.items);
          case "instance":
            return lib.element(value.type).map((one) => doubted(one, value.doubt));
          case "object": {
            const iterate = method(value.cls, "__iter__") ?? method(value.cls, "__aiter__");
            if (iterate) {
              const made = returns(iterate, value);
              // An iterator that is its own `__iter__` says what it gives in `__next__`.
              const direct = elements(made.filter((one) => one.kind !== "object"));
              if (direct.length > 0) return direct;
              return made.flatMap((one) => {
                if (one.kind !== "object") return [];
                const step = method(one.cls, "__next__") ?? method(one.cls, "__anext__");
                return step ? awaitedIfAsync(step, one) : [];
              });
            }
            const item = method(value.cls, "__getitem__");
            if (item) return returns(item, value);
            return libraryBases(value.cls).flatMap((base) => lib.element(base));
          }
          default:
            return [];
        }
      }),
    );

  const awaitedIfAsync = (step: Func, self: Value): readonly Value[] => {
    const made = returns(step, self);
    return step.isAsync ? awaited(made) : made;
  };

  const subscriptValues = (value: Expression, index: Expression | undefined): readonly Value[] => {
    const owners = values(value);
    return union(
      ...owners.map((owner): readonly Value[] => {
        if (index?.kind === "slice") return owner.kind === "tuple" ? [iterable(union(...owner.items))] : [owner];
        switch (owner.kind) {
          case "tuple":
            return index?.kind === "number" ? (owner.items.at(index.value) ?? []) : union(...owner.items);
          case "mapping":
            return (index?.kind === "string" ? owner.entries?.get(index.value) : undefined) ?? owner.of;
          case "iterable":
            return owner.of;
          case "instance":
            return lib.item(owner.type).map((one) => doubted(one, owner.doubt));
          case "object": {
            const item = method(owner.cls, "__getitem__");
            return item ? returns(item, owner) : libraryBases(owner.cls).flatMap((base) => lib.item(base));
          }
          // `Generic[T]` and `queue.Queue[int]` are the class itself.
          case "class":
          case "library":
            return [owner];
          default:
            return [];
        }
      }),
    );
  };

  /** What `await` gives. */
  const awaited = (found: readonly Value[]): readonly Value[] =>
    union(
      ...found.map((value): readonly Value[] => {
        if (value.kind === "awaitable") return value.of.map((one) => doubted(one, value.doubt));
        if (value.kind === "manager" && value.isAsync) return value.of;
        if (value.kind === "instance") {
          const made = lib.tables.returns.get(`${value.type}.__await__`);
          return made === undefined ? [] : lib.result(`${value.type}.__await__`, value, value.doubt);
        }
        if (value.kind === "object") {
          const method_ = method(value.cls, "__await__");
          return method_ ? returns(method_, value) : [];
        }
        return [];
      }),
    );

  /** What `with … as` (or `async with`) gives. */
  const entered = (found: readonly Value[], isAsync: boolean): readonly Value[] =>
    union(
      ...found.map((value): readonly Value[] => {
        switch (value.kind) {
          case "manager":
            return value.of.map((one) => doubted(one, value.doubt));
          case "awaitable":
            return isAsync ? value.of : [];
          case "object": {
            const enter = method(value.cls, isAsync ? "__aenter__" : "__enter__");
            if (!enter) {
              const [base] = libraryBases(value.cls);
              return base === undefined
                ? []
                : lib.tables.returns.has(`${base}.__enter__`)
                  ? lib.result(`${base}.__enter__`, value, value.doubt)
                  : [value];
            }
            const made = awaitedIfAsync(enter, value);
            return made.length > 0 ? made : [];
          }
          case "instance": {
            const name = lib.member(value.type, isAsync ? "__aenter__" : "__enter__");
            if (!lib.tables.returns.has(name)) return [value];
            const made = lib.result(name, value, value.doubt);
            return isAsync
              ? union(
                  awaited(made),
                  made.filter((one) => one.kind !== "awaitable"),
                )
              : made;
          }
          default:
            return [];
        }
      }),
    );

  const callValues = (call: Call): readonly Value[] => {
    const { callee } = call;
    if (callee.kind === "name" && callee.id === "super") return superValues(call);
    return union(
      ...values(callee).map((value) => {
        const made = called(value, call);
        if (value.kind !== "function") return made;
        return made.map((one) =>
          one.kind === "function" && one.func.parent === value.func ? { ...one, made: call } : one,
        );
      }),
    );
  };

  const superValues = (call: Call): readonly Value[] => {
    const module = moduleOf(call);
    for (let scope: Scope | null = scopeAt(module, call); scope; scope = scope.parent)
      if (scope.node.kind === "class") {
        const cls = module.classByNode.get(scope.node);
        return cls ? [{ kind: "super", cls, doubt: 0 }] : [];
      } else if (scope.node.kind === "function") {
        const cls = module.byNode.get(scope.node)?.cls;
        if (cls) return [{ kind: "super", cls, doubt: 0 }];
      }
    return [];
  };

  const called = (value: Value, call: Call | null): readonly Value[] => {
    switch (value.kind) {
      case "function": {
        const promised = call ? promisedByClass({ values, annotated }, value.func, value.self !== null, call) : [];
        const made = promised.length > 0 ? promised : returns(value.func, value.self);
        return made.map((one) => doubted(one, value.doubt));
      }
      case "class":
        return [object(value.cls, true, value.doubt)];
      case "object": {
        const method_ = method(value.cls, "__call__");
        return method_ ? returns(method_, value) : [];
      }
      case "partial":
        return union(...value.of.map((one) => called(one, call)));
      case "instance": {
        const name = lib.member(value.type, "__call__");
        return lib.tables.returns.has(name) ? lib.result(name, value, value.doubt) : [];
      }
      case "library":
        return libraryCall(value, call);
      default:
        return [];
    }
  };

  /** The objects that library decorators put in place of a function (a Celery task), as the tables know them. */
  const decorated = (func: Func): readonly Value[] =>
    decoration(func).library.flatMap((name) => lib.result(name, null, 0).filter(({ kind }) => kind === "instance"));

  const returns = (func: Func, self: Value | null): readonly Value[] => {
    return rebound(remembered(returned, func, computeReturns), self, ancestry);
  };

  const computeReturns = (func: Func): readonly Value[] => {
    const { manager, property } = decoration(func);
    const { node } = func;
    void property;
    const declared = node.kind === "function" && node.returns ? annotated(node.returns) : [];
    if (func.isGenerator) {
      const fromAnnotation = elements(declared);
      const of =
        fromAnnotation.length > 0
          ? fromAnnotation
          : union(
              ...func.nodes.flatMap((one) =>
                one.kind === "yield" && one.value ? [one.from ? elements(values(one.value)) : values(one.value)] : [],
              ),
            );
      if (manager) return [{ kind: "manager", of, isAsync: manager === "async", func, doubt: 0 }];
      return [iterable(of, "generator", func)];
    }
    const useful = declared.filter((value) => value.kind !== "none");
    const of = useful.length > 0 ? useful : bodyReturns(func);
    return func.isAsync ? [awaitable(of, null, func)] : of;
  };

  const bodyReturns = (func: Func): readonly Value[] => {
    if (func.node.kind === "lambda") return values(func.node.body);
    return union(...nodesOf(func, "return").flatMap((one) => (one.value ? [values(one.value)] : []))).filter(
      (value) => value.kind !== "none",
    );
  };

  const { ancestry, libraryBases, subclasses, method, fields, fieldFactories } = classesOf(values, modules);
  const decoration = decorationsOf(values, method);
  const { exported, starValues, importedModule, importedName, definition } = importsOf({
    modules,
    layout,
    lib,
    combine,
    guarded,
  });
  /** The type behind a name for one: `Database = Annotated[Session, Depends(get_db)]`. */
  const aliased = (name: Name | Attribute, depth = 5): Expression | null => {
    const found =
      name.kind === "name"
        ? bindings(name).bindings
        : values(name.value).flatMap((owner) =>
            owner.kind === "module" ? (owner.module.scope.names.get(name.attr) ?? []) : [],
          );
    return aliasOf(found, depth);
  };

  const aliasOf = (found: readonly Binding[], depth: number): Expression | null => {
    const [only, ...others] = found.filter(({ kind }) => kind !== "annotation");
    if (!only || others.length > 0 || depth === 0) return null;
    if (only.kind === "value" && only.path.length === 0) {
      const { value } = only;
      if (value.kind === "subscript" || (value.kind === "binary" && value.op === "|")) return value;
      return value.kind === "name" || value.kind === "attribute" ? aliased(value, depth - 1) : null;
    }
    if (only.kind !== "from") return null;
    const defined = definition(moduleOf(only.at), only);
    return defined ? aliasOf(defined.bindings, depth - 1) : null;
  };

  const narrowed = narrowingOf({
    values,
    bindings,
    derives: ({ cls }, base) => cls === base.cls || ancestry(cls).includes(base.cls),
  });
  const annotated = annotationsOf({ values, attributeOf, combine, moduleOf, guarded, aliased });
  const libraryCall = libraryCallsOf({
    lib,
    values,
    annotated,
    attributeOf,
    called,
    elements,
    awaited,
    entered,
    importedModule,
    moduleOf,
  });

  const names = (expression: Expression): { name: string; doubt: number; receiver: string | null }[] => {
    const found: { name: string; doubt: number; receiver: string | null }[] = [];
    for (const value of values(expression)) {
      if (value.kind === "library") found.push({ name: value.name, doubt: value.doubt, receiver: value.receiver });
      else if (value.kind === "instance")
        found.push({ name: lib.member(value.type, "__call__"), doubt: value.doubt, receiver: value.type });
    }
    return found;
  };

  return {
    library: lib,
    modules,
    values,
    names,
    decoration,
    ancestry,
    libraryBases,
    subclasses,
    method,
    returns,
    annotated,
    bound,
    bindings,
    elements,
    moduleOf,
    fields,
    fieldFactories,
    passed: (parameter) => passed?.get(parameter) ?? [],
    exported: (binding) => definition(moduleOf(binding.at), binding),
    learnArguments: (learned) => {
      passed = learned;
      for (const one of open)
        if ("nodes" in one) returned.delete(one);
        else memo.delete(one);
      open.clear();
    },
  };
}

const BYTES = [instance("bytes")];
const TEXT = [instance("str")];
const WHOLE = [instance("int")];
const FRACTION = [instance("float")];
const TRUTH = [instance("bool")];
const NONE: readonly Value[] = [{ kind: "none", doubt: 0 }];

/** What a literal says by itself; `null` for any other expression. */
function literalValues(node: Expression): readonly Value[] | null {
  switch (node.kind) {
    case "string":
      return node.bytes ? BYTES : TEXT;
    case "fstring":
      return TEXT;
    case "number":
      return Number.isInteger(node.value) ? WHOLE : FRACTION;
    case "constant":
      return node.value === null ? NONE : typeof node.value === "boolean" ? TRUTH : NOTHING;
    default:
      return null;
  }
}

/** Literals as defaults say what a parameter usually is, not what object it will be. */
function isPlain(value: Value): boolean {
  return (
    value.kind === "none" ||
    ((value.kind === "iterable" || value.kind === "mapping") && value.of.length === 0) ||
    (value.kind === "tuple" && value.items.length === 0) ||
    (value.kind === "instance" && /^(?:str|bytes|int|float|bool)$/.test(value.type))
  );
}
