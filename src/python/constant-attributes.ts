import type { Constant } from "./constant.ts";
import { agreed, itemAt, through } from "./constant.ts";
import { definition } from "./definition.ts";
import type { Evaluation } from "./evaluation.ts";
import { doubted, isCertain, literal, place } from "./evaluation.ts";
import type { AttributeBinding, Class, Module } from "./module.ts";
import type { Attribute, Call, Expression } from "./syntax.ts";
import { argument, passesMore } from "./syntax.ts";
import type { Value } from "./value.ts";

/** How a class takes its fields: by keyword, by position too, or also from the environment. */
type RecordKind = "settings" | "keywords" | "positions";

const MOST_CALLERS = 40;

/** Evaluates attributes: of modules, classes, objects, enumerations, settings classes, and Django's settings. */
export interface Attributes {
  attribute(node: Attribute): Constant | null;
  /** What a call of `getattr` gives. */
  dynamic(call: Call): Constant | null;
  /** The value if what the project writes to the attribute from elsewhere is the same. */
  withWrites(constant: Constant | null, attr: string, concerns: (owner: Value) => boolean): Constant | null;
}

/** Builds the answers about attributes. */
export function attributesOf(evaluation: Evaluation): Attributes {
  const { inference, uses, evaluate, named } = evaluation;

  const attribute = (node: Attribute): Constant | null => {
    if (node.attr === "value" || node.attr === "_value_") {
      const member = enumMember(node.value);
      if (member) return member;
    }
    return attributeOf(node.value, node.attr);
  };

  const attributeOf = (of: Expression, attr: string): Constant | null => {
    const owners = inference.values(of).filter((owner) => owner.kind !== "none");
    return agreed(owners.map((owner) => ownedConstant(owner, of, attr)));
  };

  /** `getattr(settings, "NAME", 20)`: a setting of Django's that the project does not set has the value given here. */
  const dynamic = (call: Call): Constant | null => {
    const [of, name, fallback] = [0, 1, 2].map((position) => argument(call, null, position));
    if (!of || name?.kind !== "string") return null;
    const isUnset = inference.values(of).some(isDjango) && settingsWith(name.value).length === 0;
    if (isUnset) return doubted(fallback ? evaluate(fallback) : null);
    return attributeOf(of, name.value);
  };

  const ownedConstant = (owner: Value, of: Expression, attr: string): Constant | null => {
    const found = ownConstant(owner, of, attr);
    return found && owner.doubt > found.doubt ? { ...found, doubt: owner.doubt } : found;
  };

  const ownConstant = (owner: Value, of: Expression, attr: string): Constant | null => {
    switch (owner.kind) {
      case "module":
        return named(owner.module, attr);
      case "class":
        return classConstant(owner.cls, attr);
      case "object":
        return objectConstant(owner.cls, attr, of);
      case "library":
        if (isDjango(owner)) return agreed(settingsWith(attr).map((module) => named(module, attr)));
        if (owner.name === "math" && attr === "inf")
          return literal(inference, of, { kind: "number", value: Number.POSITIVE_INFINITY });
        return null;
      default:
        return null;
    }
  };

  const enumMember = (member: Expression): Constant | null => {
    if (member.kind !== "attribute") return null;
    for (const owner of inference.values(member.value))
      if (owner.kind === "class" && isEnum(owner.cls)) return classField(owner.cls, member.attr);
    return null;
  };

  const isEnum = (cls: Class): boolean => inference.libraryBases(cls).some((base) => base.startsWith("enum."));

  const classConstant = (cls: Class, attr: string): Constant | null => {
    // A member of a plain enumeration is an object of its own, not its value.
    if (isEnum(cls) && !inference.libraryBases(cls).some((base) => MIXED_ENUMS.has(base))) return null;
    return withWrites(classField(cls, attr), attr, (owner) => isRelated(owner, cls));
  };

  /** What the class body (or a base's) gives a name. */
  const classField = (cls: Class, attr: string): Constant | null => {
    for (const one of inference.ancestry(cls)) {
      const bindings = one.scope.names.get(attr);
      if (!bindings || bindings.every(({ kind }) => kind === "annotation")) continue;
      return evaluation.settled(bindings, one.scope, attr);
    }
    return null;
  };

  const objectConstant = (cls: Class, attr: string, owner: Expression): Constant | null => {
    const method = inference.method(cls, attr);
    if (method) return inference.decoration(method).property ? evaluation.returned(method) : null;
    const found = [ofObject(cls, attr, owner)];
    if (isParameter(owner))
      for (const sub of inference.subclasses(cls))
        if (sub.scope.names.has(attr) || sub.attributes.has(attr)) found.push(ofObject(sub, attr, null));
    return withWrites(agreed(found), attr, (other) => isRelated(other, cls));
  };

  const ofObject = (cls: Class, attr: string, owner: Expression | null): Constant | null => {
    const record = recordKind(cls);
    for (const one of inference.ancestry(cls)) {
      const written = (one.attributes.get(attr) ?? []).filter(
        ({ at, value }) => at.parent !== one.node && value !== null,
      );
      const inBody = one.scope.names.has(attr);
      if (written.length > 0) {
        const first = written.some((binding) => isInitial(binding));
        const found = written.map((binding) => selfBinding(binding, attr));
        return agreed(inBody && !first ? [...found, classField(one, attr)] : found);
      }
      if (inBody) return record ? recordField(cls, attr, record, owner) : classField(one, attr);
    }
    return null;
  };

  const selfBinding = (binding: AttributeBinding, attr: string): Constant | null => {
    if (binding.via !== "value" || !binding.value) return null;
    const found = itemAt(evaluate(binding.value), binding.path);
    return found && evaluation.unlessChanged(through(found, place(inference, binding.at, "constant")), attr);
  };

  /** Whether the class takes its fields as arguments, and whether the environment may set them too. */
  const recordKind = (cls: Class): RecordKind | null => {
    for (const base of inference.libraryBases(cls)) {
      if (base.endsWith(".BaseSettings")) return "settings";
      if (/^(?:pydantic|sqlmodel)\./.test(base)) return "keywords";
      if (base === "typing.NamedTuple" || base === "msgspec.Struct") return "positions";
    }
    const decorated = inference
      .ancestry(cls)
      .some(({ node }) =>
        node.decorators.some((one) =>
          inference.names(one.kind === "call" ? one.callee : one).some(({ name }) => RECORD_DECORATORS.test(name)),
        ),
      );
    return decorated ? "positions" : null;
  };

  const recordField = (cls: Class, attr: string, record: RecordKind, owner: Expression | null): Constant | null => {
    const made = owner && definition(inference, owner);
    const direct =
      made?.kind === "call" &&
      inference.values(made.callee).some((value) => value.kind === "class" && value.cls === cls);
    const calls = direct ? [made] : uses.calls(cls).map(({ call }) => call);
    const position = record === "positions" ? fieldNames(cls).indexOf(attr) : -1;
    const fallback = (): Constant | null => {
      const found = classField(cls, attr);
      if (!found) return null;
      const [outer] = found.origin;
      const words = `the default of \`${cls.node.name}.${attr}\``;
      return through(
        found,
        outer ? { ...outer, by: "field", words } : place(inference, cls.node, "field", words),
        record === "settings" ? 1 : 0,
      );
    };
    const found = agreed(
      calls.length === 0
        ? [fallback()]
        : calls.slice(0, MOST_CALLERS).map((call) => {
            const passed = argument(call, attr, position);
            if (passed) {
              const value = evaluate(passed);
              return value && through(value, place(inference, call, "argument"));
            }
            const mayPass = passesMore(call, 2) || (position >= 0 && passesMore(call, 1));
            // What is passed to settings in bulk is mostly about where they are read.
            return !mayPass ? fallback() : record === "settings" ? doubted(fallback()) : null;
          }),
    );
    return direct || record === "settings" ? found : doubted(found);
  };

  const fieldNames = (cls: Class): readonly string[] => {
    const names = new Set<string>();
    for (const one of [...inference.ancestry(cls)].reverse())
      for (const statement of one.node.body) {
        const [target] = statement.kind === "assign" ? statement.targets : [];
        if (statement.kind === "assign" && statement.annotation && target?.kind === "name") names.add(target.id);
      }
    return [...names];
  };

  const isRelated = (owner: Value, cls: Class): boolean =>
    (owner.kind === "object" || owner.kind === "class") &&
    (inference.ancestry(owner.cls).includes(cls) || inference.ancestry(cls).includes(owner.cls));

  const isParameter = (expression: Expression): boolean =>
    expression.kind === "name" && inference.bindings(expression).bindings.some(({ kind }) => kind === "parameter");

  const isDjango = (owner: Value): boolean => owner.kind === "library" && owner.name === "django.conf.settings";

  const settingsWith = (name: string): Module[] =>
    [...inference.modules.values()].filter(
      ({ path, scope }) => SETTINGS.test(path) && evaluation.counts(path) && scope.names.has(name),
    );

  const withWrites = (
    constant: Constant | null,
    attr: string,
    concerns: (owner: Value) => boolean,
  ): Constant | null => {
    const writes = uses.writes(attr).filter(({ owner }) => inference.values(owner).some(concerns));
    if (writes.length === 0) return constant;
    return agreed([constant, ...writes.map(({ value }) => value && evaluate(value))]);
  };

  return { attribute, dynamic, withWrites };
}

function isInitial({ in: method, at }: AttributeBinding): boolean {
  return method.node.kind === "function" && /^__(?:post_)?init__$/.test(method.node.name) && isCertain(at);
}

/** Django's settings, as projects call the files. */
const SETTINGS = /(?:^|\/)settings(?:\/[^/]+)?\.py$/;

const RECORD_DECORATORS =
  /^(?:pydantic\.)?dataclasses\.dataclass$|^attrs?\.(?:s|attrs|define|frozen|mutable|dataclass)$/;

const MIXED_ENUMS = new Set(["enum.IntEnum", "enum.StrEnum", "enum.IntFlag", "int", "str", "float"]);
