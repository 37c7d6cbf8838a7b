import { expandAll } from "../names.ts";

/** What is opened. */
export type ResourceKind = "client" | "connection" | "checkout" | "executor" | "shared-memory";

/** Something that a call opens and that must be closed again. */
export interface Resource {
  kind: ResourceKind;
  /** What to call it: `session`, `connection pool`. */
  what: string;
  /** Methods of the object that close it, the one to recommend first; none if only its pool can take it back. */
  close: readonly string[];
  /** Whether the recommended method must be awaited. */
  awaited: boolean;
  /** Whether `with` (or `async with`) closes it at the end of the block. */
  with: boolean;
  /** Whether the call is a plain coroutine, and `async with` takes what it gives when awaited; elsewhere it takes the call itself. */
  entersAwaited: boolean;
  /** Methods of the pool that take the object back. */
  giveBack: readonly string[];
  /** Methods without which nothing is open yet; none if the constructor opens. */
  starts: readonly string[];
  /** Argument with which the constructor opens at once although `starts` names a method. */
  startsBy: { keyword: string; position: number } | null;
  /** Methods whose result works through the object, so that keeping the result keeps the object: `cursor`, `channel`. */
  derives: readonly string[];
  /** Methods that return the object itself. */
  same: readonly string[];
  /** Attributes through which the object itself is reached or closed. */
  inner: readonly string[];
  /** Keywords that make it borrow what is open already. */
  borrows: readonly string[];
  /** Whether leaving it open does harm; false for what is only dear to make. */
  mustClose: boolean;
  /** Whether it is made to be shared: dear to open, or the owner of a connection pool. */
  shared: boolean;
  /** Whether iterating over it never ends. */
  endless: boolean;
  /** Whether the interpreter itself closes it as soon as nothing refers to it. */
  local: boolean;
}

/** One line of a table: the names of what opens it, and what differs from the usual. */
export type ResourceRow = readonly [names: string, what: string, close: string, rest?: Partial<Resource>];

/** Writes out the lines of a table; `common` holds for each of them. */
export function resources(
  kind: ResourceKind,
  rows: readonly ResourceRow[],
  common: Partial<Resource> = {},
): [string, Resource][] {
  return rows.flatMap(([names, what, close, rest]) => {
    const resource: Resource = {
      kind,
      what,
      close: close.split(" ").filter((method) => method !== ""),
      awaited: false,
      with: true,
      entersAwaited: false,
      giveBack: [],
      starts: [],
      startsBy: null,
      derives: [],
      same: [],
      inner: [],
      borrows: [],
      mustClose: true,
      shared: false,
      endless: false,
      local: false,
      ...common,
      ...rest,
    };
    return expandAll(names).map((name): [string, Resource] => [name, resource]);
  });
}
