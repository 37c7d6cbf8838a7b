import { expandAll, uniqueMap } from "./names.ts";
import { ALIAS_ROWS, PREFIX_ALIASES } from "./types/aliases.ts";
import { BASE_ROWS } from "./types/bases.ts";
import { COMPUTING_TYPES } from "./types/computing.ts";
import { DATABASE_TYPES } from "./types/databases.ts";
import type { TypeRows } from "./types/rows.ts";
import { SERVICE_TYPES } from "./types/services.ts";
import { STANDARD_TYPES } from "./types/standard.ts";
import { WEB_TYPES } from "./types/web.ts";

/**
 * A type in the tables' small language: a class's canonical name (an instance of it), `class T` (the class itself), `await T`
 * (awaitable of T), `with T` and `async with T` (context manager entering to T), `iter T` (iterable of T), `tuple T, U` (for
 * unpacking), `T | U`, `None`, `self` (the receiver's own class), `arg:0` (the type of the first argument) and `instance:0` (an
 * instance of the class that the first argument names). Prefixes bind tighter than `,`, and `,` tighter than `|`.
 */
export type TypeText = string;

const TABLES: readonly TypeRows[] = [STANDARD_TYPES, WEB_TYPES, DATABASE_TYPES, SERVICE_TYPES, COMPUTING_TYPES];

function collect(part: keyof TypeRows): ReadonlyMap<string, TypeText> {
  return uniqueMap(
    TABLES.flatMap((table) => table[part]).flatMap(([names, type]) =>
      expandAll(names).map((name) => [name, type] as const),
    ),
  );
}

/** Private or re-exported path of one name → the public canonical name the other tables use. */
export const ALIASES: ReadonlyMap<string, string> = uniqueMap(
  ALIAS_ROWS.flatMap(([to, from]) => expandAll(from).map((name) => [name, to] as const)),
);

/** Module prefixes that stand for another module: `redis.client.Redis` needs no line of its own if `redis.client` is one. Longest first. */
export const MODULE_ALIASES: readonly (readonly [from: string, to: string])[] = PREFIX_ALIASES.toSorted(
  (one, other) => other[0].length - one[0].length,
);

/** Base classes of library classes, for method look-up. */
export const BASES: ReadonlyMap<string, readonly string[]> = uniqueMap(
  BASE_ROWS.flatMap(([names, bases]) => expandAll(names).map((name) => [name, bases.split(" ")] as const)),
);

/** What calling a name returns, where that is not an instance of the name itself. */
export const RETURNS: ReadonlyMap<string, TypeText> = collect("returns");

/** Types of attributes and properties; `Class.*` stands for any attribute without a line of its own. */
export const ATTRIBUTES: ReadonlyMap<string, TypeText> = collect("attributes");

/** What iterating an instance yields (also `async for`). */
export const ELEMENTS: ReadonlyMap<string, TypeText> = collect("elements");

/** What subscripting an instance yields. */
export const ITEMS: ReadonlyMap<string, TypeText> = collect("items");

/** What the operator `/`, `+` and the like yield on an instance, where that is an instance of interest. */
export const OPERATORS: ReadonlyMap<string, TypeText> = uniqueMap([
  ["pathlib.Path./", "pathlib.Path"],
  ["pathlib.PurePath./", "pathlib.PurePath"],
  ["anyio.Path./", "anyio.Path"],
]);
