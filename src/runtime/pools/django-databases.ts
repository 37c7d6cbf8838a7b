import type { DatabaseUrl } from "../../knowledge/pools/database-servers.ts";
import { waits } from "../../knowledge/pools/row.ts";
import { POOLS, type PoolFact } from "../../knowledge/pools.ts";
import type { Constant } from "../../python/constant.ts";
import { number } from "../../python/constant.ts";
import { lineOf, type Module } from "../../python/module.ts";
import type { Expression } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import { type Capacity, fixed } from "./capacity.ts";
import type { Pool } from "./pools.ts";

/** One database of Django's settings. */
export interface DjangoDatabase {
  alias: string;
  module: Module;
  /** The value of `DATABASES`. */
  at: Expression;
  address: DatabaseUrl | null;
  /** `OPTIONS["pool"]`; `null` where each thread has a connection of its own. */
  pool: Pool | null;
}

/** psycopg_pool's number where the settings give none. */
const DEFAULT_POOL = 4;

const known = new WeakMap<Runtime, readonly DjangoDatabase[]>();

/** The databases that the project's settings name, as far as they are written out. */
export function djangoDatabasesOf(runtime: Runtime): readonly DjangoDatabase[] {
  const remembered = known.get(runtime);
  if (remembered) return remembered;
  const found = runtime.modules.flatMap((module): DjangoDatabase[] => {
    if (
      !/(?:^|\/)settings(?:\/[^/]+)?\.py$|(?:^|\/)settings_\w+\.py$/.test(module.path) ||
      runtime.target.isTest(module.path)
    )
      return [];
    const binding = module.scope.names.get("DATABASES")?.findLast(({ kind }) => kind === "value");
    const constant = binding && runtime.constants.named(module, "DATABASES");
    if (binding?.kind !== "value" || constant?.kind !== "dict") return [];
    return [...constant.value].flatMap(([alias, value]) =>
      value?.kind === "dict" ? [databaseOf(module, binding.value, String(alias), value)] : [],
    );
  });
  known.set(runtime, found);
  return found;
}

function databaseOf(module: Module, at: Expression, alias: string, value: Constant & { kind: "dict" }): DjangoDatabase {
  const options = value.value.get("OPTIONS");
  const pooled = options?.kind === "dict" ? options.value.get("pool") : undefined;
  const address = addressOf(value);
  return { alias, module, at, address, pool: pooled ? poolOf(module, at, alias, pooled, address) : null };
}

function poolOf(
  module: Module,
  at: Expression,
  alias: string,
  value: Constant,
  address: DatabaseUrl | null,
): Pool | null {
  const fact = POOLS.get("django.db.connection");
  if (!fact || (value.kind === "boolean" && !value.value)) return null;
  const capacity = sizeOf(module, at, value);
  return {
    fact: pooledFact(fact, value),
    name: alias === "default" ? "DATABASES" : `DATABASES["${alias}"]`,
    func: module.top,
    made: at,
    sizedAt: at,
    capacity,
    open: capacity ? null : 'OPTIONS["pool"]',
    address,
    doubt: 0,
  };
}

function pooledFact(fact: PoolFact, value: Constant): PoolFact {
  const limit = value.kind === "dict" ? number(value.value.get("timeout") ?? null) : null;
  return { ...fact, opens: "up to capacity", exhaustion: waits(limit?.exact ?? 30, "psycopg_pool.PoolTimeout") };
}

function sizeOf(module: Module, at: Expression, value: Constant): Capacity | null {
  const place = { path: module.path, line: lineOf(module, at) };
  if (value.kind === "boolean") return fixed(DEFAULT_POOL, 'the default of `OPTIONS["pool"]`');
  if (value.kind !== "dict") return null;
  for (const name of ["max_size", "min_size"]) {
    if (!value.value.has(name)) continue;
    const given = value.value.get(name) ?? null;
    const quantity = number(given);
    if (given?.kind === "none") continue;
    if (!given || quantity === null || quantity.exact === null) return null;
    const last = given.origin.at(-1);
    const from = last ? { path: last.module.path, line: lineOf(last.module, last.node) } : place;
    return fixed(quantity.exact, `\`${name}\`, ${from.path}:${from.line}`, [from], given.doubt);
  }
  return fixed(DEFAULT_POOL, 'the default of `OPTIONS["pool"]`');
}

const ENGINES: readonly (readonly [part: string, dialect: string])[] = [
  ["postgresql", "postgresql"],
  ["postgis", "postgresql"],
  ["mysql", "mysql"],
  ["sqlite", "sqlite"],
  ["spatialite", "sqlite"],
];

function addressOf({ value }: Constant & { kind: "dict" }): DatabaseUrl | null {
  const [engine, host, port] = ["ENGINE", "HOST", "PORT"].map((name) => value.get(name) ?? null);
  if (engine?.kind !== "string") return null;
  const dialect = ENGINES.find(([part]) => engine.value.includes(part))?.[1];
  if (dialect === undefined) return null;
  const at = port?.kind === "number" ? port.value : port?.kind === "string" ? Number(port.value) : Number.NaN;
  return {
    dialect,
    driver: null,
    host: host?.kind === "string" && host.value !== "" ? host.value : null,
    port: Number.isNaN(at) ? null : at,
    database: "",
    options: new Map(),
  };
}
