import { InputError } from "./errors.ts";

/** Reads a value that came from outside, at a place that a message can name. */
export type Read<T> = (value: unknown, place: string) => T;

/** What is not as it must be. */
function fault(place: string, expected: string): InputError {
  return new InputError(
    `${place} must be ${expected}; the file was not written by this tool, or by a newer version of it`,
  );
}

/** A text, at most a mebibyte of it. */
export const text: Read<string> = (value, place) => {
  if (typeof value === "string" && value.length <= 1024 * 1024) return value;
  throw fault(place, "text");
};

/** A whole number, not negative. */
export const number: Read<number> = (value, place) => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw fault(place, "a whole number");
};

export const flag: Read<boolean> = (value, place) => {
  if (typeof value === "boolean") return value;
  throw fault(place, "true or false");
};

/** One of a few words. */
export function word<T extends string>(...words: readonly T[]): Read<T> {
  return (value, place) => {
    const found = words.find((each) => each === value);
    if (found !== undefined) return found;
    throw fault(place, `one of ${words.join(", ")}`);
  };
}

/** The same, or nothing. */
export function orNull<T>(read: Read<T>): Read<T | null> {
  return (value, place) => (value === null || value === undefined ? null : read(value, place));
}

export function list<T>(read: Read<T>): Read<T[]> {
  return (value, place) => {
    if (Array.isArray(value)) return value.map((item: unknown, index) => read(item, `${place}[${index}]`));
    throw fault(place, "a list");
  };
}

/** A table with these fields; others are dropped. */
export function table<T extends Record<string, unknown>>(fields: { [K in keyof T]: Read<T[K]> }): Read<T> {
  return (value, place) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw fault(place, "a table");
    const given = new Map(Object.entries(value));
    const result: Partial<T> = {};
    for (const key in fields) result[key] = fields[key](given.get(key), `${place}.${key}`);
    if (isWhole(result, fields)) return result;
    throw fault(place, "a table");
  };
}

function isWhole<T extends Record<string, unknown>>(
  result: Partial<T>,
  fields: { [K in keyof T]: Read<T[K]> },
): result is T {
  return Object.keys(fields).every((key) => Object.hasOwn(result, key));
}
