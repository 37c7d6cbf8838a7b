import type { Value } from "./value.ts";
import { awaitable, instance, iterable, object, union } from "./value.ts";

/** What the knowledge tables say about the types of libraries, as plain data. */
export interface LibraryTables {
  /** Private or re-exported names → the public name that all other tables use. */
  aliases: ReadonlyMap<string, string>;
  /** Module prefixes that stand for another module, longest first. */
  moduleAliases: readonly (readonly [from: string, to: string])[];
  bases: ReadonlyMap<string, readonly string[]>;
  returns: ReadonlyMap<string, string>;
  /** `class.attribute` (or `module.name`, or `class.*`) → type. */
  attributes: ReadonlyMap<string, string>;
  /** What iterating over an object of the class gives. */
  elements: ReadonlyMap<string, string>;
  /** What subscripting an object of the class gives. */
  items: ReadonlyMap<string, string>;
  /** What an operator gives: `class.operator` → type. */
  operators: ReadonlyMap<string, string>;
  /** Whether any table speaks of this name. */
  isKnown(name: string): boolean;
  /** Whether a top-level name is a library that the tables know (the standard library included). */
  isLibrary(top: string): boolean;
}

/** The values of the positional arguments of a call. */
export type Given = (position: number) => readonly Value[];

type Maker = (receiver: Value | null, given: Given) => readonly Value[];

/** Answers questions about library names from the tables: canonical names, members through base classes, results of calls. */
export interface Library {
  tables: LibraryTables;
  canonical(name: string): string;
  /** The canonical name of `type.member`, looked up through the base classes. */
  member(type: string, name: string): string;
  /** The type of an attribute, or `null` if the tables do not know it. */
  attribute(type: string, name: string, receiver: Value | null): readonly Value[] | null;
  /** What calling `name` gives. */
  result(name: string, receiver: Value | null, doubt: number, given?: Given): readonly Value[];
  /** What the operator gives on an object of the class, or `null`. */
  operated(type: string, operator: string): readonly Value[] | null;
  /** The entry of a table of names: a method's own, or that of the nearest base class that has one. */
  inherited<T>(table: ReadonlyMap<string, T>, name: string): T | undefined;
  element(type: string): readonly Value[];
  item(type: string): readonly Value[];
  /** `type` and all its known base classes. */
  ancestry(type: string): readonly string[];
}

/** Builds the library's answers over the tables. */
export function libraryOf(tables: LibraryTables): Library {
  const canonicals = new Map<string, string>();
  const ancestries = new Map<string, readonly string[]>();
  const types = new Map<string, Maker>();

  /** The longest prefix with an alias is replaced, until none applies. */
  const canonical = (name: string): string => {
    const known = canonicals.get(name);
    if (known !== undefined) return known;
    let result = name;
    for (let round = 0; round < 5; round++) {
      const next = replaceModule(replacePrefix(result, tables.aliases), tables.moduleAliases);
      if (next === result) break;
      result = next;
    }
    canonicals.set(name, result);
    return result;
  };

  const ancestry = (type: string): readonly string[] => {
    const known = ancestries.get(type);
    if (known) return known;
    const found = [type];
    for (let i = 0; i < found.length && found.length < 30; i++)
      for (const base of tables.bases.get(found[i] ?? "") ?? []) if (!found.includes(base)) found.push(base);
    ancestries.set(type, found);
    return found;
  };

  const member = (type: string, name: string): string => {
    for (const one of ancestry(type)) {
      const candidate = canonical(`${one}.${name}`);
      if (tables.isKnown(candidate) || tables.returns.has(candidate) || tables.attributes.has(candidate))
        return candidate;
    }
    return canonical(`${type}.${name}`);
  };

  const parse = (text: string): Maker => {
    const known = types.get(text);
    if (known) return known;
    const made = build(text.trim());
    types.set(text, made);
    return made;
  };

  const build = (text: string): Maker => {
    const alternatives = text.split(/\s*\|\s*/);
    if (alternatives.length > 1) {
      const parts = alternatives.map(build);
      return (receiver, given) => union(...parts.map((part) => part(receiver, given)));
    }
    if (text === "self") return (receiver) => (receiver ? [receiver] : []);
    if (text === "None") return () => [{ kind: "none", doubt: 0 }];
    const argument = /^(arg|instance):(\d+)$/.exec(text);
    if (argument) {
      const position = Number(argument[2]);
      if (argument[1] === "arg") return (_, given) => given(position);
      return (_, given) =>
        given(position).flatMap((value): Value[] => {
          if (value.kind === "class") return [object(value.cls, true, value.doubt)];
          return value.kind === "library" ? [instance(value.name, value.doubt)] : [];
        });
    }
    if (text.startsWith("tuple ")) {
      const items = text
        .slice("tuple ".length)
        .split(",")
        .map((item) => build(item.trim()));
      return (receiver, given) => [{ kind: "tuple", items: items.map((item) => item(receiver, given)), doubt: 0 }];
    }
    const wrapper = /^(async with|await|with|async iter|iter) (.+)$/.exec(text);
    if (!wrapper) return () => [instance(canonical(text))];
    const inner = build(wrapper[2] ?? "");
    switch (wrapper[1]) {
      case "await":
        return (receiver, given) => [awaitable(inner(receiver, given))];
      case "with":
        return (receiver, given) => [
          { kind: "manager", of: inner(receiver, given), isAsync: false, func: null, doubt: 0 },
        ];
      case "async with":
        return (receiver, given) => [
          { kind: "manager", of: inner(receiver, given), isAsync: true, func: null, doubt: 0 },
        ];
      default:
        return (receiver, given) => [iterable(inner(receiver, given), "iterator")];
    }
  };

  const attribute = (type: string, name: string, receiver: Value | null): readonly Value[] | null => {
    for (const one of ancestry(type)) {
      const text = tables.attributes.get(`${one}.${name}`);
      if (text !== undefined) return parse(text)(receiver, nothing);
    }
    if (name.startsWith("_") || tables.isKnown(member(type, name)) || tables.returns.has(member(type, name)))
      return null;
    for (const one of ancestry(type)) {
      const text = tables.attributes.get(`${one}.*`);
      if (text !== undefined) return parse(text)(receiver, nothing);
    }
    return null;
  };

  const result = (name: string, receiver: Value | null, doubt: number, given: Given = nothing): readonly Value[] => {
    const text = inherited(tables.returns, name);
    if (text !== undefined)
      return parse(text)(receiver, given).map((value) => ({ ...value, doubt: value.doubt + doubt }));
    const last = name.slice(name.lastIndexOf(".") + 1);
    return /^[A-Z]/.test(last) && !/^[A-Z0-9_]+$/.test(last) ? [instance(name, doubt)] : [];
  };

  /** The entry of a method, of its own class or of the nearest base that has one. */
  const inherited = <T>(table: ReadonlyMap<string, T>, name: string): T | undefined => {
    const own = table.get(name);
    const dot = name.lastIndexOf(".");
    if (own !== undefined || dot < 0) return own;
    for (const base of ancestry(name.slice(0, dot))) {
      const found = table.get(`${base}${name.slice(dot)}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  const lookUp = (table: ReadonlyMap<string, string>, type: string): readonly Value[] => {
    for (const one of ancestry(type)) {
      const text = table.get(one);
      if (text !== undefined) return parse(text)(instance(type), nothing);
    }
    return [];
  };

  const operated = (type: string, operator: string): readonly Value[] | null => {
    for (const one of ancestry(type)) {
      const text = tables.operators.get(`${one}.${operator}`);
      if (text !== undefined) return parse(text)(instance(type), nothing);
    }
    return null;
  };

  return {
    tables,
    operated,
    canonical,
    member,
    attribute,
    result,
    element: (type) => lookUp(tables.elements, type),
    inherited,
    item: (type) => lookUp(tables.items, type),
    ancestry,
  };
}

const nothing: Given = () => [];

function replaceModule(name: string, aliases: readonly (readonly [string, string])[]): string {
  for (const [from, to] of aliases)
    if (name === from || name.startsWith(`${from}.`)) return to + name.slice(from.length);
  return name;
}

function replacePrefix(name: string, aliases: ReadonlyMap<string, string>): string {
  for (let end = name.length; end > 0; end = name.lastIndexOf(".", end - 1)) {
    const target = aliases.get(name.slice(0, end));
    if (target !== undefined) return target + name.slice(end);
  }
  return name;
}
