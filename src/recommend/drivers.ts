import type { Cost } from "../runtime/effects/costs.ts";

/** Blocking drivers by the first part of their name, and what can be awaited in their place. */
const DRIVERS: readonly (readonly [driver: RegExp, instead: string])[] = [
  [/^psycopg2\b/, "`asyncpg` or `psycopg`'s async connection"],
  [/^psycopg\b/, "`psycopg.AsyncConnection` or `asyncpg`"],
  [/^psycopg_pool\b/, "`psycopg_pool.AsyncConnectionPool`"],
  [/^pg8000\b/, "`asyncpg`"],
  [/^(?:pymysql|MySQLdb|mysql)\b/, "`aiomysql` or `asyncmy`"],
  [/^sqlite3\b/, "`aiosqlite`"],
  [/^(?:sqlalchemy|sqlmodel)\b/, "SQLAlchemy's `AsyncSession` on `asyncpg`, `aiomysql` or `psycopg`"],
  [/^django\b/, "the async methods of Django's querysets (`aget`, `acreate`, …)"],
  [/^pymongo\b/, "`pymongo.AsyncMongoClient`"],
  [/^(?:redis|valkey)\b/, "`redis.asyncio.Redis`"],
  [/^elasticsearch\b/, "`elasticsearch.AsyncElasticsearch`"],
  [/^oracledb\b/, "`oracledb.connect_async`"],
  [/^neo4j\b/, "`neo4j.AsyncGraphDatabase`"],
];

/** What can be awaited instead of the blocking database driver that the work uses most; `null` without one. */
export function driverFor(costs: readonly Cost[]): string | null {
  for (const { group, name, blocks } of costs) {
    if ((group !== "database" && group !== "cache") || !blocks) continue;
    const found = DRIVERS.find(([driver]) => driver.test(name));
    if (found) return found[1];
  }
  return null;
}
