/** A number that a library chooses when nobody tells it one. */
export type Size =
  | { kind: "number"; value: number }
  | { kind: "unlimited" }
  /** `factor` × processors + `plus`, kept between `least` and `most`. */
  | { kind: "cpus"; formula: string; factor: number; plus: number; least: number; most: number }
  /** The value of another parameter, or that one's own default. */
  | { kind: "same"; parameter: string; position: number | null; default: number }
  /** A constructor that has no default, or a setting elsewhere. */
  | { kind: "unknown" };

/** The smallest and the largest value that a number can have; `Infinity` where nothing bounds it. */
export interface Range {
  least: number;
  most: number;
}

/** Processors of the machines we speak of. A finding has to hold for all of them. */
export const PROCESSORS: Range = { least: 2, most: 64 };

export const UNLIMITED: Size = { kind: "unlimited" };
export const UNKNOWN: Size = { kind: "unknown" };

export function exactly(value: number): Size {
  return { kind: "number", value };
}

/** A size that depends on the machine; `formula` is what the library's documentation writes. */
export function ofProcessors(
  formula: string,
  { factor = 1, plus = 0, least = 1, most = Number.POSITIVE_INFINITY } = {},
): Size {
  return { kind: "cpus", formula, factor, plus, least, most };
}

/** A size with a given number of processors; `null` when the code or a setting decides. */
export function sizeAt(size: Size, processors: number): number | null {
  switch (size.kind) {
    case "number":
      return size.value;
    case "unlimited":
      return Number.POSITIVE_INFINITY;
    case "cpus":
      return Math.min(size.most, Math.max(size.least, size.factor * processors + size.plus));
    case "same":
      return size.default;
    case "unknown":
      return null;
  }
}

/** A size on all machines we speak of. Every formula grows with the processors, so that the ends of the range are enough. */
export function sizeRange(size: Size, processors: Range = PROCESSORS): Range | null {
  const least = sizeAt(size, processors.least);
  const most = sizeAt(size, processors.most);
  return least === null || most === null ? null : { least, most };
}
