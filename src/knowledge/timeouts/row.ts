import { expand, expandAll } from "../names.ts";
import type { Before } from "../versions.ts";

/**
 * Which kind of waiting a call does: asking a server over the network, waiting in a thread, for a child program, making or keeping a
 * connection, awaiting inside the event loop (where a cancel scope bounds it as well), or none: an object that carries limits.
 */
export type TimeoutGroup = "request" | "wait" | "subprocess" | "connection" | "await" | "limit";

/** What ends the wait. `work` is everything the caller handed in itself, so that it usually ends; `message` comes when somebody sends one. */
export type Awaited =
  | "answer"
  | "connection"
  | "child"
  | "thread"
  | "process"
  | "result"
  | "work"
  | "item"
  | "space"
  | "event"
  | "condition"
  | "lock"
  | "barrier"
  | "message"
  | "pool"
  | "device"
  | "stop";

/** The same in words, to follow "waits for". */
export const AWAITED_WORDS: Readonly<Record<Awaited, string>> = {
  answer: "the answer",
  connection: "the connection",
  child: "the child program",
  thread: "the thread",
  process: "the process",
  result: "the result",
  work: "the work to be done",
  item: "an item",
  space: "a free place in the queue",
  event: "the event",
  condition: "a notification",
  lock: "the lock",
  barrier: "the other parties",
  message: "a message",
  pool: "a free connection",
  device: "the device",
  stop: "the end of the program",
};

/** What happens with a value or without one: no limit, the library's own limit, no waiting at all, an exception. */
export type Meaning = "forever" | "default" | "at once" | "error";

/** An argument of a call. */
export interface Argument {
  /** Keyword, or `null` where it has none. */
  name: string | null;
  /** Position among the arguments of the call (the receiver not counted), or `null` when it goes by keyword only. */
  position: number | null;
}

/** An argument that sets a limit. */
export interface TimeoutParameter extends Argument {
  /** Minor version of Python 3 from which the position is gone and only the keyword is left. */
  keywordOnlyFrom: number | null;
  /** What it limits: everything, or one part of the exchange. Only `all` and `read` end the wait for a peer that falls silent. */
  limits: "all" | "connect" | "read" | "write" | "pool";
  unit: "s" | "ms";
}

export interface TimeoutFact {
  name: string;
  group: TimeoutGroup;
  awaits: Awaited;
  /** Any of them bounds the call; none means that the call cannot be told. */
  parameters: readonly TimeoutParameter[];
  /** What the call does when no limit is given: `required` calls always get one. */
  withoutIt: "forever" | "bounded" | "required";
  /** The same for people: "waits for ever", "300 s in total". */
  defaultText: string;
  noneMeans: Meaning;
  /** `null` where no source says. */
  zeroMeans: Meaning | null;
  negativeMeans: Meaning | null;
  /** True when a pair (connect, read) may be given in place of a number. */
  pair: boolean;
  /** Where an address or connection string comes in, and the keys in it that set a limit. */
  url: { at: Argument; keys: readonly string[] } | null;
  /** The limit may also be set where the receiver was made: class (or factory) and its parameters. */
  onConstructor: readonly { type: string; parameters: readonly TimeoutParameter[] }[];
  /** Arguments that bring a limit of their own, so that nothing is known about the call: `connection_pool`, `http_client`, `config`. */
  carriers: readonly Argument[];
  /** Calls on the receiver (or assignments to its methods) that set a limit, or make sure beforehand that nothing has to be waited for. */
  setBy: readonly string[];
  /** A call that sets the process-wide default this call obeys. */
  globalDefault: string | null;
  /** The argument that makes the call return at once when it is false. */
  flag: Argument | null;
  /** The call only waits when this argument is given: `smtplib.SMTP()` connects later. */
  needs: Argument | null;
  /** The call does not wait (or not for another machine) when an argument has one of these canonical values. */
  unless: readonly { argument: Argument; values: readonly string[] }[];
  /** Where a constructor only prepares: the calls on its object that then wait. */
  waitsIn: readonly string[];
  /** True when the call waits only on a queue with a size. */
  ifBounded: boolean;
  /** True when waiting without end is what the call is for: serving, listening, consuming. */
  byDesign: boolean;
  /** True for coroutines and async context managers. */
  awaited: boolean;
  /** Text of an argument that mends the call by itself, or `null` where somebody has to choose. */
  fix: string | null;
  before: readonly Before<TimeoutFact>[];
  note: string | null;
  source: string;
}

/**
 * The rest of a row in short. Arguments are written `name@position`; `@4<12` is positional before Python 3.12 only, `:connect` says
 * what is limited, `/ms` that it counts milliseconds.
 */
interface Rest {
  awaits?: Awaited;
  /** What the call does without a limit, where that needs other words. */
  text?: string;
  none?: Meaning;
  zero?: Meaning;
  negative?: Meaning;
  pair?: boolean;
  /** Argument with the address, then keys in it. */
  url?: string;
  /** Type, then its parameters; several are separated with `|`. */
  on?: string;
  carriers?: string;
  setBy?: string;
  global?: string;
  flag?: string;
  needs?: string;
  /** Argument, then its values; several are separated with `|`. */
  unless?: string;
  waitsIn?: string;
  ifBounded?: boolean;
  byDesign?: boolean;
  awaited?: boolean;
  fix?: string | null;
  before?: readonly (readonly [library: string, version: string, withoutIt: string])[];
  note?: string;
}

/** Names (braces allowed), parameters, then `forever`, `required` or the words of the library's own limit. */
type TimeoutRow = readonly [names: string, parameters: string, withoutIt: string, rest?: Rest];

/** Writes out rows that share a group, a source, and most of the rest. */
export function timeouts(
  group: TimeoutGroup,
  awaits: Awaited,
  source: string,
  shared: Rest,
  list: readonly TimeoutRow[],
): TimeoutFact[] {
  return list.flatMap(([names, parameters, withoutIt, own]) => {
    const rest = { ...shared, ...own };
    const fact: Omit<TimeoutFact, "name"> = {
      group,
      awaits: rest.awaits ?? awaits,
      parameters: parametersOf(parameters),
      ...without(withoutIt, rest.text),
      noneMeans: rest.none ?? "forever",
      zeroMeans: rest.zero ?? null,
      negativeMeans: rest.negative ?? null,
      pair: rest.pair ?? false,
      url: urlOf(rest.url),
      onConstructor: constructorsOf(rest.on),
      carriers: argumentsOf(rest.carriers),
      setBy: expandAll(rest.setBy ?? "").filter(Boolean),
      globalDefault: rest.global ?? null,
      flag: argumentOf(rest.flag),
      needs: argumentOf(rest.needs),
      unless: unlessOf(rest.unless),
      waitsIn: expandAll(rest.waitsIn ?? "").filter(Boolean),
      ifBounded: rest.ifBounded ?? false,
      byDesign: rest.byDesign ?? false,
      awaited: rest.awaited ?? group === "await",
      fix: rest.fix ?? null,
      before: (rest.before ?? []).map(([library, version, then]) => ({
        library,
        version,
        facts: without(then, undefined),
      })),
      note: rest.note ?? null,
      source,
    };
    return expandAll(names).map((name) => ({ name, ...fact }));
  });
}

function without(text: string, words: string | undefined): Pick<TimeoutFact, "withoutIt" | "defaultText"> {
  if (text === "forever") return { withoutIt: "forever", defaultText: words ?? "waits for ever" };
  if (text === "required") return { withoutIt: "required", defaultText: words ?? "has to be told" };
  return { withoutIt: "bounded", defaultText: text };
}

const PARAMETER = /^(\w+)(?:@(\d+)(?:<(\d+))?)?(?::(connect|read|write|pool))?(\/ms)?$/;

function parametersOf(text: string): TimeoutParameter[] {
  return words(text).map((word) => {
    const found = PARAMETER.exec(word);
    if (found === null) throw new Error(`Timeout table: ${word} is no parameter.`);
    return {
      name: found[1] ?? null,
      position: found[2] === undefined ? null : Number(found[2]),
      keywordOnlyFrom: found[3] === undefined ? null : Number(found[3]),
      limits: part(found[4]),
      unit: found[5] === undefined ? ("s" as const) : ("ms" as const),
    };
  });
}

function part(text: string | undefined): TimeoutParameter["limits"] {
  return text === "connect" || text === "read" || text === "write" || text === "pool" ? text : "all";
}

function argumentsOf(text: string | undefined): Argument[] {
  return parametersOf(text ?? "").map(({ name, position }) => ({ name, position }));
}

function argumentOf(text: string | undefined): Argument | null {
  return argumentsOf(text)[0] ?? null;
}

function urlOf(text: string | undefined): TimeoutFact["url"] {
  const [where, ...keys] = words(text ?? "");
  const at = argumentOf(where);
  return at === null ? null : { at, keys };
}

function unlessOf(text: string | undefined): TimeoutFact["unless"] {
  return (text ?? "").split("|").flatMap((part) => {
    const [where, ...values] = words(part);
    const at = argumentOf(where);
    return at === null ? [] : [{ argument: at, values: values.flatMap(expand) }];
  });
}

function constructorsOf(text: string | undefined): TimeoutFact["onConstructor"] {
  return (text ?? "")
    .split("|")
    .map(words)
    .flatMap(([type, ...parameters]) =>
      type === undefined ? [] : [{ type, parameters: parametersOf(parameters.join(" ")) }],
    );
}

function words(text: string): string[] {
  return text.trim() === "" ? [] : text.trim().split(/\s+/);
}
