import { expandAll } from "../names.ts";
import type { Argument } from "../timeouts/row.ts";
import type { Before } from "../versions.ts";
import { exactly, type Range, type Size, sizeRange, UNKNOWN, UNLIMITED } from "./size.ts";

export type PoolKind =
  | "thread-pool"
  | "process-pool"
  | "interpreter-pool"
  | "db-pool"
  | "http-pool"
  | "semaphore"
  | "queue"
  | "server-workers";

/** One summand of a capacity. */
export interface CapacityPart {
  /** The parameter that sets it, or `null` where nothing in the call does. */
  parameter: string | null;
  position: number | null;
  default: Size;
  /** Values below this one mean that there is no limit; `null` where every value is one. */
  unlimitedBelow: number | null;
  /** What an explicit `None` means. */
  noneMeans: "default" | "unlimited";
  /** The parameter is not of the call itself, but of an object of this type that is given to it. */
  through: { argument: Argument; type: string } | null;
}

/** What happens to whoever finds the pool used up. */
export interface Exhaustion {
  does: "raises" | "waits" | "discards" | "queues" | "none";
  /** Seconds waited before an exception, `null` for ever (or where nothing is waited for). */
  seconds: number | null;
  /** The exception that ends the wait, or comes at once. */
  error: string | null;
  /** The parameter that sets the seconds. */
  parameter: (Argument & { unit: "s" | "ms" }) | null;
  /** For a message, to follow "the others": "wait 30 s, then fail with TimeoutError". */
  words: string;
}

/** A call that passes the pool on: what it makes (or, with `receiver`, what it is called on) then takes from the pool. */
export interface HandOver {
  call: string;
  /** The argument the pool goes in by; `null` when the pool, or what draws from it, is the receiver. */
  argument: Argument | null;
  onto: "result" | "receiver";
}

/** A way to set the size after or outside the constructor: an argument of another call, or an attribute of what a call returns. */
export type SizedBy =
  | { kind: "argument"; call: string; argument: Argument }
  | { kind: "attribute"; of: string; attribute: string };

export interface PoolFact {
  name: string;
  kind: PoolKind;
  /** Canonical name of the type that the constructor makes, for pools that are only seen as a parameter. */
  type: string;
  /** Summed: SQLAlchemy's `pool_size` and `max_overflow`. Empty where the pool has no limit of its own. */
  capacity: readonly CapacityPart[];
  exhaustion: Exhaustion;
  /** An argument that changes what happens when the pool is used up, the value that does, and what then happens. */
  variant: { argument: Argument; value: "True" | "given"; exhaustion: Exhaustion } | null;
  /** Calls by which a worker takes something from the pool; `Class.*` is every public method. */
  acquire: readonly string[];
  /** Calls that give it back. */
  release: readonly string[];
  /** Whether a worker keeps what it took until it gives it back, or only for the length of the call. */
  held: "until released" | "call";
  gives: readonly HandOver[];
  sizedBy: readonly SizedBy[];
  /** An argument that names another pool class, whose fact then counts. */
  classArgument: Argument | null;
  /** The call makes a pool only if one of these arguments is given. */
  onlyWith: readonly string[];
  /** `worker`: every thread or task opens its own, so that there are as many as workers; `use`: one for each use; `shared`: one for all. */
  opens: "up to capacity" | "worker" | "use" | "shared";
  async: boolean;
  before: readonly Before<PoolFact>[];
  note: string | null;
  source: string;
}

/**
 * The rest of a row in short. A part of a capacity is written `name@position=default`, with `<1` for "below 1 is unlimited", `?` for
 * "None is unlimited" and `name=default in argument@position:type` for a parameter of an object that is passed.
 */
export interface PoolRest {
  type?: string;
  /** What happens to others; `queues` if left out. */
  full?: Exhaustion;
  variant?: readonly [argument: string, value: "True" | "given", full: Exhaustion];
  acquire?: string;
  release?: string;
  held?: "until released" | "call";
  /** `call argument@position`, `call` for the receiver; `call argument@position receiver` when the call changes its own object. */
  gives?: readonly string[];
  /** `call argument@position` or `call.attribute =`. */
  sizedBy?: readonly string[];
  classArgument?: string;
  onlyWith?: string;
  opens?: PoolFact["opens"];
  async?: boolean;
  before?: readonly (readonly [library: string, version: string, capacity: string])[];
  note?: string;
}

/** Names (braces allowed), capacity, the rest. Sizes other than numbers are named in the capacity and given by `sizes`. */
export type PoolRow = readonly [names: string, capacity: string, rest?: PoolRest];

/** Writes out rows that share a kind and a source. `sizes` are the sizes a capacity may name. */
export function pools(
  kind: PoolKind,
  source: string,
  shared: PoolRest,
  list: readonly PoolRow[],
  sizes: Readonly<Record<string, Size>> = {},
): PoolFact[] {
  return list.flatMap(([names, capacity, own]) => {
    const rest = { ...shared, ...own };
    return expandAll(names).map((name) => ({
      name,
      kind,
      type: rest.type ?? name,
      capacity: capacityOf(capacity, sizes),
      exhaustion: rest.full ?? queues(),
      variant:
        rest.variant === undefined
          ? null
          : { argument: argumentOf(rest.variant[0]), value: rest.variant[1], exhaustion: rest.variant[2] },
      acquire: namesOf(rest.acquire),
      release: namesOf(rest.release),
      held: rest.held ?? "until released",
      gives: (rest.gives ?? []).flatMap(handOvers),
      sizedBy: (rest.sizedBy ?? []).map(sizedBy),
      classArgument: rest.classArgument === undefined ? null : argumentOf(rest.classArgument),
      onlyWith: namesOf(rest.onlyWith),
      opens: rest.opens ?? "up to capacity",
      async: rest.async ?? false,
      before: (rest.before ?? []).map(([library, version, then]) => ({
        library,
        version,
        facts: { capacity: capacityOf(then, sizes) },
      })),
      note: rest.note ?? null,
      source,
    }));
  });
}

/**
 * What the code says about an argument: a range of numbers, `null` for a value nobody can know, `undefined` for no such argument.
 * With `through` the argument is one of an object that is given; if that object lacks it, the default of its own type holds.
 */
export type Given = (argument: Argument, through: CapacityPart["through"]) => Range | null | undefined;

/**
 * The capacity of a pool as it is built: what is given, else the library's defaults on any machine. `null` when a part cannot be known.
 * A `None` in the code counts as not given, unless `noneMeans` says otherwise.
 */
export function capacityRange(fact: PoolFact, given: Given, processors?: Range): Range | null {
  if (fact.capacity.length === 0) return { least: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY };
  const sum = { least: 0, most: 0 };
  for (const part of fact.capacity) {
    const range = partRange(part, given, processors);
    if (range === null) return null;
    sum.least += range.least;
    sum.most += range.most;
  }
  return sum;
}

function partRange(part: CapacityPart, given: Given, processors: Range | undefined): Range | null {
  const own =
    part.parameter === null ? undefined : given({ name: part.parameter, position: part.position }, part.through);
  if (own === null) return null;
  if (own !== undefined) return withoutLimit(own, part.unlimitedBelow);
  if (part.default.kind !== "same") return sizeRange(part.default, processors);
  const other = given({ name: part.default.parameter, position: part.default.position }, null);
  return other === undefined ? sizeRange(part.default, processors) : other;
}

function withoutLimit(range: Range, below: number | null): Range | null {
  if (below === null || range.least >= below) return range;
  return range.most < below ? { least: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY } : null;
}

/** Work that finds no free worker lies in a queue without end. */
export function queues(words = "wait in a queue without a limit"): Exhaustion {
  return { does: "queues", seconds: null, error: null, parameter: null, words };
}

/** Waits `seconds` (`null`: for ever), then raises `error`. */
export function waits(
  seconds: number | null,
  error: string | null = null,
  parameter: string | null = null,
): Exhaustion {
  const [name = "", unit] = parameter?.split("/") ?? [];
  return {
    does: "waits",
    seconds,
    error,
    parameter: parameter === null ? null : { ...argumentOf(name), unit: unit === "ms" ? "ms" : "s" },
    words:
      seconds === null
        ? "wait for ever"
        : `wait ${seconds} s${error === null ? "" : `, then fail with ${error.slice(error.lastIndexOf(".") + 1)}`}`,
  };
}

/** Raises `error` at once. */
export function raises(error: string): Exhaustion {
  return {
    does: "raises",
    seconds: null,
    error,
    parameter: null,
    words: `fail at once with ${error.slice(error.lastIndexOf(".") + 1)}`,
  };
}

/** Opens one more connection and closes it after its use. */
export const DISCARDS: Exhaustion = {
  does: "discards",
  seconds: null,
  error: null,
  parameter: null,
  words: "open connections of their own, which are thrown away after one use",
};

/** Never used up. */
export const NEVER: Exhaustion = { does: "none", seconds: null, error: null, parameter: null, words: "never wait" };

const PART = /^(?:(\w+)(?:@(\d+))?)?=([\w.-]+?)(?:<(-?\d+))?(\?)?(?: in (\w+)(?:@(\d+))?:([\w.]+))?$/;

function capacityOf(text: string, sizes: Readonly<Record<string, Size>>): CapacityPart[] {
  if (text === "") return [];
  return text.split(" + ").map((one) => {
    const found = PART.exec(one);
    if (found === null) throw new Error(`Pool table: ${one} is no part of a capacity.`);
    const [, parameter, position, size = "", below, none, argument, at, type] = found;
    return {
      parameter: parameter ?? null,
      position: position === undefined ? null : Number(position),
      default: sizeOf(size, sizes),
      unlimitedBelow: below === undefined ? null : Number(below),
      noneMeans: none === undefined ? ("default" as const) : ("unlimited" as const),
      through:
        argument === undefined || type === undefined
          ? null
          : { argument: { name: argument, position: at === undefined ? null : Number(at) }, type },
    };
  });
}

function sizeOf(text: string, sizes: Readonly<Record<string, Size>>): Size {
  const named = sizes[text];
  if (named !== undefined) return named;
  if (text === "unlimited") return UNLIMITED;
  if (text === "unknown") return UNKNOWN;
  const value = Number(text);
  if (Number.isNaN(value)) throw new Error(`Pool table: ${text} is no size.`);
  return exactly(value);
}

function argumentOf(text: string): Argument {
  const [name = "", position] = text.split("@");
  return { name, position: position === undefined ? null : Number(position) };
}

function namesOf(text: string | undefined): string[] {
  return text === undefined ? [] : expandAll(text);
}

function handOvers(text: string): HandOver[] {
  const [calls = "", argument, receiver] = text.split(" ");
  return expandAll(calls).map((call) => ({
    call,
    argument: argument === undefined ? null : argumentOf(argument),
    onto: receiver === "receiver" ? ("receiver" as const) : ("result" as const),
  }));
}

function sizedBy(text: string): SizedBy {
  const [call = "", argument = ""] = text.split(" ");
  if (argument !== "=") return { kind: "argument", call, argument: argumentOf(argument) };
  const dot = call.lastIndexOf(".");
  return { kind: "attribute", of: call.slice(0, dot), attribute: call.slice(dot + 1) };
}
