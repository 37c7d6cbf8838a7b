import { type DatabaseUrl, databaseUrl, enginePoolClass } from "../../knowledge/pools/database-servers.ts";
import type { CapacityPart, Exhaustion } from "../../knowledge/pools/row.ts";
import { waits } from "../../knowledge/pools/row.ts";
import { capacityRange, POOLS, type PoolFact, poolFact, type Range } from "../../knowledge/pools.ts";
import type { Argument } from "../../knowledge/timeouts/row.ts";
import { type Constant, number, seconds } from "../../python/constant.ts";
import { lineOf, sourceOf } from "../../python/module.ts";
import type { Call, Expression } from "../../python/syntax.ts";
import { argument, passesMore } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import type { Capacity, SizePlace } from "./capacity.ts";
import { addressOf } from "./database-address.ts";

/** How large a pool is as the code makes it, and what then happens to whoever finds it used up. */
export interface Sizing {
  /** What holds for it here: with its pool class, its options, and the library's version. */
  fact: PoolFact;
  /** `null` where nobody can know it. */
  capacity: Capacity | null;
  /** What decides the capacity where it is not known, as the author wrote it. */
  open: string | null;
  /** The call that gives it its size: its own, or that of the limits, connector or configuration given to it. */
  at: Call;
  /** The address of its database, as far as the code says it. */
  address: DatabaseUrl | null;
  doubt: number;
}

/** What an argument of a constructor is worth. */
type Given = { kind: "constant"; constant: Constant } | { kind: "default" } | { kind: "unknown"; words: string };

/**
 * The size of the pool that `call` makes. `base` is the call of the base class's constructor, where the project derives a class from
 * the pool's and passes the arguments on itself.
 */
export function sizingOf(runtime: Runtime, call: Call, known: PoolFact, base: Call | null): Sizing {
  const given = givenIn(runtime, call, base);
  const { fact, address, doubt, open } = asBuilt(runtime, call, known, given);
  if (open !== null) return { fact, capacity: null, open, at: call, address, doubt };
  const through = fact.capacity.map((part) => part.through).find((one) => one !== null);
  const expression = through && argument(call, through.argument.name, through.argument.position ?? -1);
  if (through && expression && !isNone(runtime, expression)) {
    const inner = innerSizing(runtime, expression, through.type);
    return inner
      ? { ...inner, fact, address, doubt: doubt + inner.doubt }
      : {
          fact,
          capacity: null,
          open: sourceOf(runtime.inference.moduleOf(call), expression),
          at: call,
          address,
          doubt,
        };
  }
  return { fact, at: call, address, doubt, ...capacityOf(runtime, call, fact, given) };
}

/** The size of the object that is given to the pool to size it. */
function innerSizing(runtime: Runtime, expression: Expression, type: string): Sizing | null {
  const calls = runtime.origins
    .of(expression)
    .flatMap(({ expression: origin }) => (origin.kind === "call" ? [origin] : []));
  const [only, ...others] = calls;
  const fact = versioned(runtime, type);
  if (!only || others.length > 0 || !fact) return null;
  const isOfType = runtime.inference.names(only.callee).some(({ name }) => name === type);
  return isOfType ? sizingOf(runtime, only, fact, null) : null;
}

/** The tables' fact about a constructor, in the version that the project uses. */
export function versioned({ requirements }: Runtime, name: string): PoolFact | undefined {
  return poolFact(name, (library, version) => requirements.atLeast(library, version));
}

/** Reads arguments of the constructor, through the call of its base class and through `**options` that are written out. */
function givenIn(runtime: Runtime, call: Call, base: Call | null): (wanted: Argument) => Given {
  const inCall = (one: Call, { name, position }: Argument, byKeyword: boolean): Given => {
    const expression = argument(one, name, byKeyword ? -1 : (position ?? -1));
    if (expression) return worth(runtime, expression);
    for (const { value, stars } of one.args) {
      if (stars === 1 && position !== null && !byKeyword) return { kind: "unknown", words: textOf(runtime, value) };
      if (stars !== 2) continue;
      const options = runtime.constants.evaluate(value);
      if (options?.kind !== "dict") return { kind: "unknown", words: textOf(runtime, value) };
      if (name === null || !options.value.has(name)) continue;
      const option = options.value.get(name) ?? null;
      return option
        ? { kind: "constant", constant: option }
        : { kind: "unknown", words: `${textOf(runtime, value)}["${name}"]` };
    }
    return { kind: "default" };
  };
  if (!base) return (wanted) => inCall(call, wanted, false);
  return (wanted) => {
    const own = argument(base, wanted.name, wanted.position ?? -1);
    if (own) return worth(runtime, own);
    return passesMore(base, 2) ? inCall(call, wanted, true) : { kind: "default" };
  };
}

function worth(runtime: Runtime, expression: Expression): Given {
  const constant = runtime.constants.evaluate(expression);
  return constant ? { kind: "constant", constant } : { kind: "unknown", words: textOf(runtime, expression) };
}

function textOf(runtime: Runtime, expression: Expression): string {
  return sourceOf(runtime.inference.moduleOf(expression), expression).replace(/\s+/g, " ");
}

interface Built {
  fact: PoolFact;
  address: DatabaseUrl | null;
  /** What leaves the kind of pool open. */
  open: string | null;
  doubt: number;
}

/** The fact with what the arguments choose: another pool class, another way to deal with being used up, another time limit. */
function asBuilt(runtime: Runtime, call: Call, known: PoolFact, given: (wanted: Argument) => Given): Built {
  const built = known.classArgument
    ? withClass(runtime, call, known)
    : { fact: known, address: null, open: null, doubt: 0 };
  const { fact } = built;
  return { ...built, fact: { ...fact, exhaustion: exhaustionOf(fact, given) } };
}

function exhaustionOf({ exhaustion, variant }: PoolFact, given: (wanted: Argument) => Given): Exhaustion {
  const chosen = variant && given(variant.argument);
  const applies =
    chosen?.kind === "constant" &&
    (variant?.value === "given"
      ? chosen.constant.kind !== "none"
      : chosen.constant.kind === "boolean" && chosen.constant.value);
  const found = variant && applies ? variant.exhaustion : exhaustion;
  if (found.parameter === null) return found;
  const limit = given(found.parameter);
  if (limit.kind !== "constant") return found;
  if (limit.constant.kind === "none") return { ...waits(null), parameter: found.parameter };
  const value = seconds(limit.constant);
  if (value === null) return found;
  return { ...waits(found.parameter.unit === "ms" ? value / 1000 : value, found.error), parameter: found.parameter };
}

/** SQLAlchemy's engines: the class of their pool is given, or follows from the address. */
function withClass(runtime: Runtime, call: Call, known: PoolFact): Built {
  const first = argument(call, "url", 0);
  const address = first && addressOf(runtime, first);
  const own = argument(call, "pool", -1);
  if (own && !isNone(runtime, own)) return { fact: known, address, open: textOf(runtime, own), doubt: 0 };
  const named = known.classArgument && argument(call, known.classArgument.name, -1);
  if (named && !isNone(runtime, named)) {
    const [fact] = runtime.inference.names(named).flatMap(({ name }) => POOLS.get(name) ?? []);
    return { fact: fact ? ofClass(known, fact) : known, address, open: fact ? null : textOf(runtime, named), doubt: 0 };
  }
  const spread = call.args.find(({ stars }) => stars === 2);
  const options = spread && runtime.constants.evaluate(spread.value);
  if (spread && options?.kind !== "dict")
    return { fact: known, address, open: textOf(runtime, spread.value), doubt: 0 };
  if (options?.kind === "dict" && options.value.has("poolclass"))
    return { fact: known, address, open: `${spread ? textOf(runtime, spread.value) : ""}["poolclass"]`, doubt: 0 };
  const url = address ?? (isSqlite(runtime, call) ? databaseUrl("sqlite:///_") : null);
  // An address that only the environment knows may be SQLite's, which has other pools that take no such arguments.
  if (!url) {
    const isQueue = QUEUE_ARGUMENTS.some(
      (name) => argument(call, name, -1) || (options?.kind === "dict" && options.value.has(name)),
    );
    return { fact: known, address, open: null, doubt: isQueue ? 0 : 1 };
  }
  const two = runtime.requirements.atLeast("sqlalchemy", "2.0") !== false;
  const byUrl = POOLS.get(enginePoolClass(url, known.async, two));
  return { fact: byUrl ? ofClass(known, byUrl) : known, address: url, open: null, doubt: address ? 0 : 1 };
}

const QUEUE_ARGUMENTS = ["pool_size", "max_overflow", "pool_timeout", "pool_use_lifo"];

/** The engine's own arguments size the pool of another class, as far as that class has a size. */
function ofClass(engine: PoolFact, { capacity, exhaustion, opens, note, name }: PoolFact): PoolFact {
  if (/\.(?:AsyncAdapted)?QueuePool$/.test(name)) return engine;
  return { ...engine, capacity, exhaustion, opens, note };
}

/** Connection arguments that only SQLite takes. */
function isSqlite(runtime: Runtime, call: Call): boolean {
  const given = argument(call, "connect_args", -1);
  const options = given && runtime.constants.evaluate(given);
  return options?.kind === "dict" && options.value.has("check_same_thread");
}

interface Part {
  value: (processors: number) => Range | undefined;
  /** The parameter with its value, as the author or the library has it. */
  words: string;
  formula: string;
  place: SizePlace | null;
  isDefault: boolean;
  doubt: number;
}

function capacityOf(
  runtime: Runtime,
  call: Call,
  fact: PoolFact,
  given: (wanted: Argument) => Given,
): { capacity: Capacity | null; open: string | null } {
  const parts: Part[] = [];
  const values = new Map<string | null, (processors: number) => Range | undefined>();
  for (const part of fact.capacity) {
    const found = partOf(runtime, call, part, given);
    if (typeof found === "string") return { capacity: null, open: found };
    parts.push(found);
    if (part.parameter !== null) values.set(part.parameter, found.value);
    const { default: size } = part;
    if (!found.isDefault || size.kind !== "same") continue;
    const other = given({ name: size.parameter, position: size.position });
    if (other.kind === "unknown") return { capacity: null, open: other.words };
    const quantity = other.kind === "constant" ? number(other.constant) : null;
    if (quantity) values.set(size.parameter, () => ({ least: quantity.low, most: quantity.high }));
  }
  const at = (processors: number): Range | null =>
    capacityRange(fact, ({ name }) => values.get(name)?.(processors), { least: processors, most: processors });
  if (at(2) === null) return { capacity: null, open: fact.name };
  return {
    capacity: {
      at: (processors) => at(processors) ?? { least: 0, most: Number.POSITIVE_INFINITY },
      formula: parts.length === 0 ? "unlimited" : parts.map(({ formula }) => formula).join(" + "),
      words: sizeWords(parts),
      places: parts.flatMap(({ place }) => place ?? []),
      doubt: Math.max(0, ...parts.map(({ doubt }) => doubt)),
    },
    open: null,
  };
}

/** One summand; the author's words where its value is not known. */
function partOf(runtime: Runtime, call: Call, part: CapacityPart, given: (wanted: Argument) => Given): Part | string {
  const { parameter, position } = part;
  const found = parameter === null || part.through ? null : given({ name: parameter, position });
  if (found?.kind === "unknown") return found.words;
  const constant = found?.kind === "constant" ? found.constant : null;
  if (parameter === null || !constant || (constant.kind === "none" && part.noneMeans === "default")) {
    const formula = sizeText(part);
    return {
      value: () => undefined,
      words: parameter === null ? "" : `\`${parameter}\` ${formula}`,
      formula,
      place: null,
      isDefault: true,
      doubt: 0,
    };
  }
  if (constant.kind === "none") {
    const most = Number.POSITIVE_INFINITY;
    const value = (): Range => ({ least: most, most });
    return { value, words: `\`${parameter}\` None`, formula: "None", place: null, isDefault: false, doubt: 0 };
  }
  const quantity = number(constant);
  if (!quantity) return parameter;
  const value = (processors: number): Range => {
    if (constant.kind !== "cpus") return { least: quantity.low, most: quantity.high };
    const exact = constant.value.at(processors);
    return { least: exact, most: exact };
  };
  const place = placeOf(runtime, call, constant);
  return {
    value,
    words: `\`${parameter}\` ${quantity.formula}`,
    formula: quantity.formula,
    place,
    isDefault: false,
    doubt: constant.doubt,
  };
}

/** Where the number is written: where its last name gets it, else at the call. */
export function placeOf(runtime: Runtime, call: Call, constant: Constant): SizePlace {
  const last = constant.origin.filter(({ by }) => by !== "literal").at(-1) ?? constant.origin.at(-1);
  const module = last?.module ?? runtime.inference.moduleOf(call);
  return { path: module.path, line: lineOf(module, last?.node ?? call) };
}

function sizeText({ default: size }: CapacityPart): string {
  switch (size.kind) {
    case "number":
      return String(size.value);
    case "cpus":
      return size.formula;
    case "same":
      return String(size.default);
    case "unlimited":
      return "unlimited";
    case "unknown":
      return "unknown";
  }
}

/** What stands in brackets after the number: "`pool_size` 5 + `max_overflow` 10, defaults", "`max_workers`, app/jobs.py:12". */
function sizeWords(parts: readonly Part[]): string {
  const [only, ...others] = parts;
  if (!only) return "no limit";
  const places = [...new Set(parts.flatMap(({ place }) => (place ? [`${place.path}:${place.line}`] : [])))];
  if (others.length === 0) {
    const name = only.words.split(" ")[0] ?? "";
    if (only.isDefault) {
      const formula = /^\d+$/.test(only.formula) ? "" : ` ${only.formula}`;
      return name === ""
        ? `the library's default${formula && `,${formula}`}`
        : `the default of ${name}${formula && `,${formula}`}`;
    }
    return [/^\d+$/.test(only.formula) || only.formula === "None" ? name : only.words, ...places].join(", ");
  }
  if (parts.every(({ isDefault }) => isDefault)) return `${parts.map(({ words }) => words).join(" + ")}, defaults`;
  return [parts.map(({ words, isDefault }) => (isDefault ? `${words} by default` : words)).join(" + "), ...places].join(
    ", ",
  );
}

function isNone(runtime: Runtime, expression: Expression): boolean {
  const found = runtime.inference.values(expression);
  return found.length > 0 && found.every(({ kind }) => kind === "none");
}
