import { push } from "../multimap.ts";
import type { Class, Func, Module } from "./module.ts";
import type { Expression, Node } from "./syntax.ts";
import { argument } from "./syntax.ts";
import type { Value } from "./value.ts";

/** Answers about the classes of the project: what they derive from, and what derives from them. */
export interface Classes {
  /** The class, then its project base classes in method resolution order. */
  ancestry(cls: Class): readonly Class[];
  /** Canonical names of the library classes it derives from. */
  libraryBases(cls: Class): readonly string[];
  subclasses(cls: Class): readonly Class[];
  method(cls: Class, name: string): Func | null;
  /** The fields of a dataclass (or a class like one) in the order of its constructor; `null` for other classes and for those with a constructor of their own. */
  fields(cls: Class): readonly { name: string; at: Node; value: Expression | null }[] | null;
  /** The `default_factory` expressions of a dataclass's fields. */
  fieldFactories(cls: Class): readonly { name: string; factory: Expression }[];
}

const MOST_SUBCLASSES = 40;

const PROTOCOLS = new Set(["typing.Protocol", "typing_extensions.Protocol"]);

/** Builds the answers; `values` says what the expressions of bases and decorators stand for. */
export function classesOf(
  values: (expression: Expression) => readonly Value[],
  modules: ReadonlyMap<string, Module>,
): Classes {
  const ancestries = new Map<Class, readonly Class[]>();
  const bases = new Map<Class, readonly string[]>();
  const conformers = new Map<Class, readonly Class[]>();
  let children: Map<Class, Class[]> | null = null;
  let owners: Map<string, Class[]> | null = null;

  const ancestry = (cls: Class): readonly Class[] => {
    const known = ancestries.get(cls);
    if (known) return known;
    const found = [cls];
    ancestries.set(cls, found);
    for (const base of cls.node.bases) {
      if (base.name !== null) continue;
      for (const value of values(base.value))
        if (value.kind === "class")
          for (const one of ancestry(value.cls)) if (!found.includes(one) && found.length < 50) found.push(one);
    }
    return found;
  };

  const libraryBases = (cls: Class): readonly string[] => {
    const known = bases.get(cls);
    if (known) return known;
    const found: string[] = [];
    for (const one of ancestry(cls))
      for (const base of one.node.bases)
        if (base.name === null)
          for (const value of values(base.value))
            if (value.kind === "library" && value.name !== "object" && !found.includes(value.name))
              found.push(value.name);
    bases.set(cls, found);
    return found;
  };

  /** The classes that derive from a class, directly or not. */
  const derivedFrom = (cls: Class): readonly Class[] => {
    if (!children) {
      children = new Map();
      for (const module of modules.values())
        for (const one of module.classes)
          for (const base of ancestry(one).slice(1)) {
            push(children, base, one);
          }
    }
    return children.get(cls) ?? [];
  };

  const subclasses = (cls: Class): readonly Class[] => {
    const found = derivedFrom(cls);
    const all = libraryBases(cls).some((base) => PROTOCOLS.has(base)) ? [...found, ...conforming(cls, found)] : found;
    return all.slice(0, MOST_SUBCLASSES);
  };

  /** The classes that have every method of a protocol without deriving from it. */
  const conforming = (protocol: Class, derived: readonly Class[]): readonly Class[] => {
    const known = conformers.get(protocol);
    if (known) return known;
    const [first, ...others] = [...protocol.methods.keys()].filter((name) => !name.startsWith("__"));
    const found: Class[] = [];
    conformers.set(protocol, found);
    if (first === undefined) return found;
    for (const cls of having(first))
      if (cls !== protocol && !derived.includes(cls) && others.every((name) => method(cls, name)) && !isProtocol(cls))
        found.push(cls);
    return found;
  };

  /** The classes that define a method or inherit it, in the order of the code. */
  const having = (name: string): readonly Class[] => {
    if (!owners) {
      owners = new Map();
      for (const module of modules.values())
        for (const cls of module.classes)
          for (const own of new Set(ancestry(cls).flatMap(({ methods }) => [...methods.keys()]))) {
            push(owners, own, cls);
          }
    }
    return owners.get(name) ?? [];
  };

  const isProtocol = (cls: Class): boolean =>
    cls.node.bases.some(({ value }) => values(value).some((one) => one.kind === "library" && PROTOCOLS.has(one.name)));

  const method = (cls: Class, name: string): Func | null => {
    for (const one of ancestry(cls)) {
      const found = one.methods.get(name);
      if (found) return found;
    }
    return null;
  };

  const fields = (cls: Class): readonly { name: string; at: Node; value: Expression | null }[] | null => {
    if (method(cls, "__init__")) return null;
    const decorators = cls.node.decorators.flatMap((one) => values(one.kind === "call" ? one.callee : one));
    const isData =
      decorators.some((value) => value.kind === "library" && DATACLASSES.has(value.name)) ||
      libraryBases(cls).some((base) => DATA_BASES.has(base));
    if (!isData) return null;
    return [...ancestry(cls)].reverse().flatMap((one) =>
      one.node.body.flatMap((statement) => {
        const [target] = statement.kind === "assign" ? statement.targets : [];
        return statement.kind === "assign" && statement.annotation && target?.kind === "name"
          ? [{ name: target.id, at: statement, value: statement.value }]
          : [];
      }),
    );
  };

  const fieldFactories = (cls: Class): readonly { name: string; factory: Expression }[] =>
    (fields(cls) ?? []).flatMap(({ name, value }) => {
      const factory =
        value?.kind === "call" ? (argument(value, "default_factory", -1) ?? argument(value, "factory", -1)) : null;
      return factory ? [{ name, factory }] : [];
    });

  return { ancestry, libraryBases, subclasses, method, fields, fieldFactories };
}

/** Decorators that write the constructor of a class from its annotated fields. */
const DATACLASSES = new Set([
  "dataclasses.dataclass",
  "attr.s",
  "attr.attrs",
  "attr.define",
  "attr.frozen",
  "attrs.define",
  "attrs.frozen",
  "attr.dataclass",
  "pydantic.dataclasses.dataclass",
]);
const DATA_BASES = new Set([
  "typing.NamedTuple",
  "pydantic.BaseModel",
  "pydantic_settings.BaseSettings",
  "pydantic.BaseSettings",
  "msgspec.Struct",
  "sqlmodel.SQLModel",
]);
