import type { Binding, Module, Scope } from "./module.ts";
import { scopeAt } from "./module.ts";
import type { Attribute, Expression, Name, Node } from "./syntax.ts";
import { awaitable, instance, iterable, library, mapping, object, union, type Value } from "./value.ts";

/** What the reading of annotations needs of the inference. */
interface Names {
  values(expression: Expression): readonly Value[];
  attributeOf(owner: Value, attr: string): readonly Value[];
  combine(bindings: readonly Binding[]): readonly Value[];
  moduleOf(expression: Expression): Module;
  /** Evaluates unless the same question is being answered already. */
  guarded(key: string, compute: () => readonly Value[]): readonly Value[];
  /** The type that a name stands for, where it is a name for one. */
  aliased(name: Name | Attribute): Expression | null;
}

/** Reads what an annotation says about a value: `Optional`, unions, generics, names in quotes. */
export function annotationsOf({
  values,
  attributeOf,
  combine,
  moduleOf,
  guarded,
  aliased,
}: Names): (annotation: Expression) => readonly Value[] {
  const annotated = (annotation: Expression): readonly Value[] =>
    guarded(`annotation:${annotation.start}:${moduleOf(annotation).path}`, () => annotationValues(annotation));

  const annotationValues = (node: Expression): readonly Value[] => {
    switch (node.kind) {
      case "constant":
        return node.value === null ? [{ kind: "none", doubt: 0 }] : [];
      case "string":
        return quoted(node.value, node);
      case "name":
      case "attribute": {
        const alias = aliased(node);
        return alias ? annotated(alias) : values(node).flatMap((value) => objectOf(value, node));
      }
      case "binary":
        return node.op === "|" ? union(annotationValues(node.left), annotationValues(node.right)) : [];
      case "subscript":
        return genericValues(node.value, node.indices);
      default:
        return [];
    }
  };

  /** Names in quotes are resolved in the module's scope; generics in quotes by their outer name only. */
  const quoted = (text: string, at: Expression): readonly Value[] => {
    const alternatives = text.split("|").map((one) => one.trim().replace(/^(?:typing\.)?Optional\[(.*)\]$/s, "$1"));
    return union(
      ...alternatives.map((one): readonly Value[] => {
        if (one === "None") return [{ kind: "none", doubt: 0 }];
        const outer = one.replace(/\[.*\]$/s, "");
        if (!/^[A-Za-z_][\w.]*$/.test(outer)) return [];
        const [head = "", ...rest] = outer.split(".");
        const module = moduleOf(at);
        let found: readonly Value[] = [];
        for (let scope: Scope | null = scopeAt(module, at); scope; scope = scope.parent) {
          const bound_ = scope.names.get(head);
          if (!bound_) continue;
          found = combine(bound_);
          break;
        }
        for (const attr of rest) found = found.flatMap((value) => attributeOf(value, attr));
        return found.flatMap((value) => objectOf(value, at));
      }),
    );
  };

  const objectOf = (value: Value, at: Expression): readonly Value[] => {
    if (value.kind === "class") return [object(value.cls, false, value.doubt)];
    if (value.kind === "none") return [value];
    if (value.kind !== "library") return [];
    if (UNINFORMATIVE.has(value.name)) return [];
    if (SELF.has(value.name)) return ownClass(at);
    const generic = GENERICS.get(value.name);
    if (generic === "iterable") return [iterable([], value.name.toLowerCase().includes("list") ? "list" : "iterator")];
    if (generic === "mapping") return [mapping([])];
    if (generic) return [];
    return [instance(value.name, value.doubt)];
  };

  /** `Self`: an object of the class around the annotation. */
  const ownClass = (at: Expression): readonly Value[] => {
    const { classByNode } = moduleOf(at);
    for (let node: Node | null = at.parent; node; node = node.parent) {
      const cls = node.kind === "class" ? classByNode.get(node) : undefined;
      if (cls) return [object(cls)];
    }
    return [];
  };

  const genericValues = (base: Expression, indices: readonly Expression[]): readonly Value[] => {
    const flat = indices.flatMap((index) => (index.kind === "tuple" ? index.items : [index]));
    const [first] = flat;
    const last = flat.at(-1);
    return values(base).flatMap((value): readonly Value[] => {
      if (value.kind === "class") return objectOf(value, base);
      if (value.kind !== "library") return [];
      const generic = GENERICS.get(value.name);
      switch (generic) {
        case "same":
          return first ? annotationValues(first) : [];
        case "union":
          return union(...flat.map(annotationValues));
        case "iterable":
          return [
            iterable(
              first ? annotationValues(first) : [],
              /list$/i.test(value.name) ? "list" : /set$/i.test(value.name) ? "set" : "iterator",
            ),
          ];
        case "tuple":
          if (last?.kind === "constant" && last.value === "...")
            return [iterable(first ? annotationValues(first) : [], "tuple")];
          return [{ kind: "tuple", items: flat.map(annotationValues), doubt: 0 }];
        case "mapping":
          return [mapping(last ? annotationValues(last) : [])];
        case "awaitable":
          return [awaitable(last ? annotationValues(last) : [])];
        case "manager":
          return [
            {
              kind: "manager",
              of: first ? annotationValues(first) : [],
              isAsync: value.name.includes("Async"),
              func: null,
              doubt: 0,
            },
          ];
        case "class":
          return first
            ? annotationValues(first).flatMap((one): Value[] =>
                one.kind === "object"
                  ? [{ kind: "class", cls: one.cls, doubt: one.doubt }]
                  : one.kind === "instance"
                    ? [library(one.type, one.doubt)]
                    : [],
              )
            : [];
        default:
          return objectOf(value, base);
      }
    });
  };

  return annotated;
}

const SELF: ReadonlySet<string> = new Set(["typing.Self", "typing_extensions.Self"]);

const UNINFORMATIVE = new Set([
  "typing.Any",
  "object",
  "typing.Callable",
  "collections.abc.Callable",
  "typing.Hashable",
  "typing.NoReturn",
  "typing.Never",
]);

type Generic = "same" | "union" | "iterable" | "tuple" | "mapping" | "awaitable" | "manager" | "class" | "none";

/** How type constructors take their parameters. */
const GENERICS: ReadonlyMap<string, Generic> = new Map<string, Generic>([
  ...["Optional", "Annotated", "ClassVar", "Final", "Required", "NotRequired", "ReadOnly", "InitVar"].flatMap(
    (name): [string, Generic][] => [
      [`typing.${name}`, "same"],
      [`typing_extensions.${name}`, "same"],
    ],
  ),
  ["dataclasses.InitVar", "same"],
  ["sqlalchemy.orm.Mapped", "same"],
  ["typing.Union", "union"],
  ...[
    "List",
    "Set",
    "FrozenSet",
    "Sequence",
    "MutableSequence",
    "Iterable",
    "Iterator",
    "Collection",
    "Generator",
    "AsyncIterator",
    "AsyncIterable",
    "AsyncGenerator",
    "Deque",
    "KeysView",
    "ValuesView",
    "AbstractSet",
    "Reversible",
  ].flatMap((name): [string, Generic][] => [
    [`typing.${name}`, "iterable"],
    [`collections.abc.${name}`, "iterable"],
  ]),
  ["list", "iterable"],
  ["set", "iterable"],
  ["frozenset", "iterable"],
  ["collections.deque", "iterable"],
  ["tuple", "tuple"],
  ["typing.Tuple", "tuple"],
  ...["Dict", "Mapping", "MutableMapping", "DefaultDict", "OrderedDict"].flatMap((name): [string, Generic][] => [
    [`typing.${name}`, "mapping"],
    [`collections.abc.${name}`, "mapping"],
  ]),
  ["dict", "mapping"],
  ["collections.defaultdict", "mapping"],
  ["collections.OrderedDict", "mapping"],
  ["weakref.WeakValueDictionary", "mapping"],
  ...["Awaitable", "Coroutine"].flatMap((name): [string, Generic][] => [
    [`typing.${name}`, "awaitable"],
    [`collections.abc.${name}`, "awaitable"],
  ]),
  ...["ContextManager", "AsyncContextManager", "AbstractContextManager", "AbstractAsyncContextManager"].flatMap(
    (name): [string, Generic][] => [
      [`typing.${name}`, "manager"],
      [`contextlib.${name}`, "manager"],
    ],
  ),
  ["type", "class"],
  ["typing.Type", "class"],
  ["typing.Literal", "none"],
  ["typing.Callable", "none"],
  ["collections.abc.Callable", "none"],
]);
