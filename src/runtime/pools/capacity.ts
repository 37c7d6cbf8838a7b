import { PROCESSORS, type Range } from "../../knowledge/pools.ts";

/** A place that a number comes from. */
export interface SizePlace {
  path: string;
  line: number;
}

/** How many there are of something, on any machine we speak of. */
export interface Capacity {
  /** The fewest and the most there are where there are so many processors. */
  at(processors: number): Range;
  /** The number or formula alone: `32`, `5 + 10`, `min(32, processors + 4)`. */
  formula: string;
  /** What sets it and where, to stand in brackets after the number. */
  words: string;
  /** Where the number is written. */
  places: readonly SizePlace[];
  /** Inferred steps: 1 where the environment or an unknown caller may say otherwise. */
  doubt: number;
}

/** The limits of a capacity over all machines; `exact` where it is one number everywhere. */
export interface Limits {
  low: number;
  high: number;
  exact: number | null;
}

/** More than anything counts. */
export const MANY: Capacity = {
  at: () => ({ least: Number.POSITIVE_INFINITY, most: Number.POSITIVE_INFINITY }),
  formula: "unlimited",
  words: "unlimited",
  places: [],
  doubt: 0,
};

/** A number that does not depend on the machine. */
export function fixed(value: number, words = "", places: readonly SizePlace[] = [], doubt = 0): Capacity {
  return { at: () => ({ least: value, most: value }), formula: String(value), words, places, doubt };
}

function machines(): number[] {
  return Array.from({ length: PROCESSORS.most - PROCESSORS.least + 1 }, (_, i) => PROCESSORS.least + i);
}

/** The limits over all machines. */
export function limitsOf(capacity: Capacity): Limits {
  const ranges = machines().map((processors) => capacity.at(processors));
  const low = Math.min(...ranges.map(({ least }) => least));
  const high = Math.max(...ranges.map(({ most }) => most));
  return { low, high, exact: low === high ? low : null };
}

/** Whether nothing bounds it. */
export function isUnlimited(capacity: Capacity): boolean {
  return limitsOf(capacity).low === Number.POSITIVE_INFINITY;
}

/** Whether there are more of the one than of the other, on every machine. */
export function exceeds(one: Capacity, other: Capacity): boolean {
  return machines().every((processors) => one.at(processors).least > other.at(processors).most);
}

/** Whether there are at most as many of the one as of the other, on every machine. */
export function fits(one: Capacity, other: Capacity): boolean {
  return machines().every((processors) => one.at(processors).most <= other.at(processors).least);
}

/** How many more there are of the one, at least. */
export function excess(one: Capacity, other: Capacity): number {
  return Math.min(...machines().map((processors) => one.at(processors).least - other.at(processors).most));
}

/** The smaller of two, with the words of the one that decides (the first, where that depends on the machine). */
export function lesser(one: Capacity, other: Capacity): Capacity {
  if (fits(one, other)) return one;
  if (fits(other, one)) return other;
  return {
    ...one,
    at: (processors) => {
      const [a, b] = [one.at(processors), other.at(processors)];
      return { least: Math.min(a.least, b.least), most: Math.min(a.most, b.most) };
    },
    doubt: Math.max(one.doubt, other.doubt),
  };
}

/** Both together. */
export function sum(one: Capacity, other: Capacity): Capacity {
  return combined(one, other, (a, b) => a + b, "+");
}

/** One for each of the other. */
export function product(one: Capacity, other: Capacity): Capacity {
  if (one.formula === "1") return other;
  if (other.formula === "1") return one;
  return combined(one, other, (a, b) => (a === 0 || b === 0 ? 0 : a * b), "×");
}

function combined(one: Capacity, other: Capacity, join: (a: number, b: number) => number, sign: string): Capacity {
  return {
    at: (processors) => {
      const [a, b] = [one.at(processors), other.at(processors)];
      return { least: join(a.least, b.least), most: join(a.most, b.most) };
    },
    formula: `${one.formula} ${sign} ${other.formula}`,
    words: [one.words, other.words].filter(Boolean).join(", "),
    places: [...one.places, ...other.places],
    doubt: Math.max(one.doubt, other.doubt),
  };
}

/** The number as it reads: `32`, `6 to 36`, `no limit`. */
export function numberWords(capacity: Capacity): string {
  const { low, high, exact } = limitsOf(capacity);
  if (exact !== null) return exact === Number.POSITIVE_INFINITY ? "any number of" : String(exact);
  return high === Number.POSITIVE_INFINITY ? `${Math.max(0, low)} or more` : `${Math.max(0, low)} to ${high}`;
}

/** The number with its noun: `1 connection`, `6 to 36 threads`. */
export function counted(capacity: Capacity, noun: string): string {
  return `${numberWords(capacity)} ${limitsOf(capacity).exact === 1 ? noun : plural(noun)}`;
}

function plural(noun: string): string {
  return noun.endsWith("s") ? `${noun}es` : `${noun}s`;
}
