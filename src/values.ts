import type { Settings } from "./config.ts";
import type { InputError } from "./errors.ts";
import type { Confidence, Severity } from "./finding.ts";
import { nearest } from "./nearest.ts";

/** One value that somebody wrote (in a TOML file, as an input, on the command line), and how to complain about it. */
export interface Given {
  value: unknown;
  /** The ids that rules may be named by. */
  rules: readonly string[];
  /** An error at this value, or at a key (and perhaps an item) inside it. The problem completes a sentence that begins with the name. */
  fault(problem: string, inside?: { key?: string; item?: string }): InputError;
}

/** Settings that one value decides. */
export type Layer = Partial<Settings>;

export const FAIL_ON: readonly (Severity | "never")[] = ["error", "warning", "notice", "never"];
export const CONFIDENCES: readonly Confidence[] = ["high", "medium", "low"];
const SEVERITIES: readonly Severity[] = ["error", "warning", "notice"];

/** One of a few words. */
export function choice<T extends string>(given: Given, words: readonly T[], key?: string): T {
  const found = words.find((word) => word === given.value);
  if (found !== undefined) return found;
  const near = typeof given.value === "string" ? nearest(given.value, words) : null;
  const hint = near === null ? "" : `; did you mean ${show(near)}?`;
  const inside = key === undefined ? {} : { key };
  throw given.fault(
    `must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}, not ${show(given.value)}${hint}`,
    inside,
  );
}

/** A list of texts. */
export function list(given: Given): string[] {
  if (!Array.isArray(given.value)) throw given.fault(`must be a list of texts, not ${show(given.value)}`);
  return given.value.map((item: unknown) => {
    if (typeof item === "string" && item !== "") return item;
    throw given.fault(`must hold texts only, not ${show(item)}`);
  });
}

/** A list of rule ids. */
export function ruleList(given: Given): string[] {
  const ids = list(given);
  for (const id of ids) known(given, id, { item: id });
  return ids;
}

/** A whole number of at least one, or none. */
export function count(given: Given): number {
  const { value } = given;
  const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 1) return number;
  throw given.fault(`must be a whole number of 1 or more, not ${show(value)}`);
}

/** A Python version such as `3.12` or, free-threaded, `3.14t`. */
export function pythonVersion(given: Given): string {
  const { value } = given;
  if (typeof value === "number") throw given.fault(`must be text: write "${value}" in quotes`);
  const parts = typeof value === "string" ? /^(3\.(\d{1,2}))(?:\.\d+)?(t?)$/.exec(value) : null;
  if (parts === null) throw given.fault(`must be a version of Python 3 such as 3.12 or 3.14t, not ${show(value)}`);
  const [, version = "", minor, threads = ""] = parts;
  if (threads !== "" && Number(minor) < 13)
    throw given.fault(`must be 3.13t or later for free-threaded Python, not ${show(value)}`);
  return version + threads;
}

/** A table of severities by rule. */
export function severities(given: Given): Record<string, Severity> {
  return Object.fromEntries(
    entries(given).map(([rule, value]) => {
      known(given, rule, { key: rule });
      return [rule, choice({ ...given, value, fault: at(given, rule) }, SEVERITIES)];
    }),
  );
}

/** A table of texts. */
export function texts(given: Given): Record<string, string> {
  return Object.fromEntries(
    entries(given).map(([key, value]) => {
      if (typeof value === "string") return [key, value];
      throw given.fault(`must hold texts only, not ${show(value)} for ${show(key)}`, { key });
    }),
  );
}

/** A table of tables by rule. */
export function ruleTables(given: Given): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    entries(given).map(([rule, value]) => {
      known(given, rule, { key: rule });
      return [rule, Object.fromEntries(entries({ ...given, value, fault: at(given, rule) }))];
    }),
  );
}

function entries(given: Given): [string, unknown][] {
  const { value } = given;
  if (isTable(value)) return Object.entries(value);
  throw given.fault(`must be a table, not ${show(value)}`);
}

/** Whether a value of a TOML file is a table. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function known(given: Given, rule: string, inside: { key?: string; item?: string }): void {
  if (given.rules.includes(rule)) return;
  const near = nearest(rule, given.rules);
  const hint = near === null ? "`pcr rules` lists all" : `did you mean ${near}?`;
  throw given.fault(`names the unknown rule ${show(rule)}; ${hint}`, inside);
}

function at(given: Given, key: string): Given["fault"] {
  return (problem) => given.fault(`(${key}) ${problem}`, { key });
}

function show(value: unknown): string {
  if (isTable(value)) return "a table";
  if (value instanceof Date) return "a date";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
