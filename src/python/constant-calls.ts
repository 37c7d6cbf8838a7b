import type { Constant, Content } from "./constant.ts";
import { apply, CPUS, computed, converted, extreme, isNone, isSequence, keyed, roundHalfEven } from "./constant.ts";
import { definition } from "./definition.ts";
import type { Evaluation } from "./evaluation.ts";
import { doubted, literal, oneLine, place, quoted } from "./evaluation.ts";
import type { Func } from "./module.ts";
import { sourceOf } from "./module.ts";
import type { Call, Expression } from "./syntax.ts";
import { argument } from "./syntax.ts";
import { given } from "./uses.ts";

/** Evaluates calls of library functions. */
export interface LibraryCalls {
  /** What the library function gives, called so. */
  result(name: string, call: Call): Constant | null;
  /** What the call gives if the project's function reads an environment variable; `null` if it does not. */
  ownReader(func: Func, call: Call): Constant | null;
  /** Whether the expression reads an environment variable, converted or not. */
  readsVariable(expression: Expression): boolean;
  /** What a message calls the value that stands in for an unset variable. */
  variableWords(read: Expression): string;
}

/** Builds the answers: built-ins, `math`, CPU counts, environment variables, durations, and fields with defaults. */
export function libraryCallsOf({ inference, evaluate, returned }: Evaluation): LibraryCalls {
  const computedAt = (call: Call, content: Content | null, parts: readonly Constant[]): Constant | null =>
    content && computed(content, parts, place(inference, call, "literal"));

  const libraryConstant = (name: string, call: Call): Constant | null => {
    const [first, second] = [argument(call, null, 0), argument(call, null, 1)];
    const reader = readerOf(name);
    if (reader) return environmentConstant(call, reader);
    if (CPU_COUNTS.has(name)) return machine(call);
    const change = NUMERIC.get(name);
    switch (name) {
      case "int":
      case "float":
      case "str":
      case "bool":
        return first && call.args.length === 1 ? changed(call, first, (value) => converted(name, value)) : null;
      case "min":
      case "max":
        return extremeConstant(name, call);
      case "len":
        return first && lengthConstant(call, first);
      case "typing.cast":
        return second && evaluate(second);
      case "tuple":
      case "list":
      case "set":
      case "frozenset":
        return first ? evaluate(first) : null;
      case "dict":
        return call.args.every((arg) => arg.name !== null)
          ? literal(inference, call, {
              kind: "dict",
              value: new Map(call.args.map((arg) => [arg.name ?? "", evaluate(arg.value)])),
            })
          : null;
      case "dict.get": {
        const key = first && evaluate(first);
        const of = call.callee.kind === "attribute" ? evaluate(call.callee.value) : null;
        if (!key || of?.kind !== "dict") return null;
        const missing = (key.kind === "string" || key.kind === "number") && !of.value.has(key.value);
        return missing ? second && evaluate(second) : keyed(of, key);
      }
      case "datetime.timedelta":
        return durationConstant(call);
      default:
        if (FIELDS.test(name)) return fieldDefault(call);
        return change && first && call.args.length === 1
          ? changed(call, first, (value) => apply(name.replace("math.", ""), change, value))
          : null;
    }
  };

  const changed = (call: Call, of: Expression, change: (value: Content) => Content | null): Constant | null => {
    const inner = evaluate(of);
    return inner && computedAt(call, change(inner), [inner]);
  };

  const machine = (call: Call): Constant => ({ ...CPUS, origin: [place(inference, call, "machine")], doubt: 0 });

  const extremeConstant = (name: "min" | "max", call: Call): Constant | null => {
    if (call.args.some((arg) => arg.name !== null || arg.stars !== 0)) return null;
    let parts = call.args.map((arg) => evaluate(arg.value));
    const [only] = parts;
    if (parts.length === 1) {
      if (!only || !isSequence(only)) return null;
      parts = [...only.value];
    }
    const known = parts.flatMap((part) => part ?? []);
    const content = extreme(name, parts, oneLine(sourceOf(inference.moduleOf(call), call)));
    const found = computedAt(call, content, known);
    return found && known.length < parts.length ? doubted(found) : found;
  };

  const lengthConstant = (call: Call, of: Expression): Constant | null => {
    if (of.kind === "call" && inference.names(of.callee).some(({ name }) => name === "os.sched_getaffinity"))
      return machine(call);
    const inner = evaluate(of);
    if (!inner) return null;
    const length = isSequence(inner) || inner.kind === "string" ? inner.value.length : null;
    // Equal items of a set count once, which only matters if they can be told apart.
    return length === null || inner.kind === "set"
      ? null
      : computedAt(call, { kind: "number", value: length }, [inner]);
  };

  const durationConstant = (call: Call): Constant | null => {
    let total = 0;
    const parts: Constant[] = [];
    for (const [position, arg] of call.args.entries()) {
      const factor = SECONDS.get(arg.name ?? POSITIONS[position] ?? "");
      const value = evaluate(arg.value);
      if (factor === undefined || arg.stars !== 0 || value?.kind !== "number") return null;
      total += factor * value.value;
      parts.push(value);
    }
    return computedAt(call, { kind: "duration", value: total }, parts);
  };

  const fieldDefault = (call: Call): Constant | null => {
    const factory = argument(call, "default_factory", -1) ?? argument(call, "factory", -1);
    if (factory) {
      const functions = inference.values(factory).filter((value) => value.kind === "function");
      return functions.length === 1 && functions[0] ? returned(functions[0].func) : null;
    }
    const value = argument(call, "default", 0);
    return value && evaluate(value);
  };

  const environmentConstant = (call: Call, reader: Reader): Constant | null => {
    const value = argument(call, "default", 1);
    if (!value) return schemeDefault(call);
    const type = reader.type ?? castOf(call);
    return unlessSet(call, value, type);
  };

  /** The default of a variable that `call` reads; `type` is what it is converted to, the empty text for what is no plain type. */
  const unlessSet = (call: Call, value: Expression, type: string | null): Constant | null => {
    const found = evaluate(value);
    // Without a default the value is the environment's alone.
    if (!found || isNone(found)) return null;
    const content = type === null ? found : type === "" ? null : converted(type, found);
    if (!content) return null;
    const origin = place(inference, call, "environment", variableWords(call));
    return {
      ...content,
      origin: [origin, ...found.origin.filter(({ by }) => by !== "literal")],
      doubt: found.doubt + 1,
    };
  };

  /** `env("POOL")` where `env = environ.Env(POOL=(int, 20))`. */
  const schemeDefault = (call: Call): Constant | null => {
    const name = argument(call, null, 0);
    const reader = call.callee.kind === "attribute" ? call.callee.value : call.callee;
    const made = definition(inference, reader);
    if (name?.kind !== "string" || made.kind !== "call") return null;
    if (!inference.names(made.callee).some((one) => /^environ\.(?:FileAware)?Env$/.test(one.name))) return null;
    const scheme = argument(made, name.value, -1);
    const [, value] = scheme?.kind === "tuple" && scheme.items.length === 2 ? scheme.items : [];
    return value ? unlessSet(call, value, null) : null;
  };

  /** What a function of the project gives that reads an environment variable and has a parameter for its default. */
  const ownReader = (func: Func, call: Call): Constant | null => {
    const param = func.params.find(
      ({ name, stars }) => stars === 0 && /^(?:default|fallback|default_value)$/.test(name),
    );
    if (!param || func.cls || func.isAsync || !readsEnvironment(func)) return null;
    const passed = given({ call, bound: false }, func.params, param);
    const value = passed === "default" ? param.default : passed === "unknown" ? null : passed;
    return value && unlessSet(call, value, null);
  };

  const readsEnvironment = (func: Func): boolean =>
    func.nodes.some(
      (node) =>
        (node.kind === "attribute" || node.kind === "name") &&
        inference.values(node).some((value) => value.kind === "library" && /^os\.(?:environ|getenv)$/.test(value.name)),
    );

  /** The type that `cast=` names; `null` without one, the empty text for what is no plain type. */
  const castOf = (call: Call): string | null => {
    const cast = argument(call, "cast", -1) ?? argument(call, "subcast", -1);
    if (!cast) return null;
    return inference.names(cast).find(({ name }) => CONVERSIONS.has(name))?.name ?? "";
  };

  const variableWords = (read: Expression): string => {
    let at = read;
    while (at.kind === "call" && at.args[0]?.value.kind === "call") at = at.args[0].value;
    const name = at.kind === "call" ? at.args[0]?.value : null;
    return name?.kind === "string"
      ? `the default of the environment variable \`${name.value}\``
      : quoted(sourceOf(inference.moduleOf(read), read));
  };

  const readsVariable = (expression: Expression): boolean => {
    if (expression.kind !== "call") return false;
    const [inner] = expression.args;
    return inference.names(expression.callee).some(({ name }) => {
      if (CONVERSIONS.has(name)) return inner !== undefined && readsVariable(inner.value);
      return readerOf(name) !== null;
    });
  };

  return { result: libraryConstant, ownReader, readsVariable, variableWords };
}

/** A call that reads an environment variable; `type` is what it converts the value to. */
interface Reader {
  type: string | null;
}

function readerOf(name: string): Reader | null {
  if (READERS.has(name)) return { type: null };
  const method = /^(?:environs\.Env|environ\.(?:FileAware)?Env)\.(\w+)$/.exec(name)?.[1];
  return method !== undefined && CONVERSIONS.has(method) ? { type: method } : null;
}

const CONVERSIONS = new Set(["int", "float", "str", "bool"]);

const READERS = new Set([
  "os.getenv",
  "os.environ.get",
  "os.environ.setdefault",
  "decouple.config",
  "decouple.AutoConfig.__call__",
  "decouple.Config.__call__",
  "starlette.config.Config.__call__",
  "environs.Env.__call__",
  "environ.Env.__call__",
  "environ.FileAwareEnv.__call__",
]);

const CPU_COUNTS = new Set([
  "os.cpu_count",
  "os.process_cpu_count",
  "multiprocessing.cpu_count",
  "psutil.cpu_count",
  "joblib.cpu_count",
  "loky.cpu_count",
]);

const NUMERIC: ReadonlyMap<string, (value: number) => number> = new Map([
  ["abs", Math.abs],
  ["round", roundHalfEven],
  ["math.ceil", Math.ceil],
  ["math.floor", Math.floor],
  ["math.trunc", Math.trunc],
]);

/** Calls in a class body that describe a field and hold its default. */
const FIELDS =
  /^(?:pydantic|sqlmodel)(?:\.\w+)*\.Field$|^dataclasses\.field$|^attrs?\.(?:field|ib|attrib)$|^msgspec\.field$/;

const POSITIONS = ["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"];

const SECONDS: ReadonlyMap<string, number> = new Map([
  ["days", 86_400],
  ["seconds", 1],
  ["microseconds", 1e-6],
  ["milliseconds", 1e-3],
  ["minutes", 60],
  ["hours", 3_600],
  ["weeks", 604_800],
]);
