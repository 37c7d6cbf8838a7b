import { counted, limitsOf, numberWords } from "../runtime/pools/capacity.ts";
import { type DatabaseLoad, databaseLoadsOf, isRefused } from "../runtime/pools/database-load.ts";
import { poolWords, sizingFunc, withSource } from "./capacity-words.ts";
import type { Rule } from "./rule.ts";

export const connectionsExceedServer: Rule = {
  id: "connections-exceed-server",
  title: "All processes together open more connections than the database accepts",
  severity: "warning",
  group: "Pools and capacity",
  why: "Every process has a pool of its own. Once all of them are busy, the database refuses the next connection, and whoever asks for it fails.",
  instead: "Make the pools smaller, or put a pooler such as PgBouncer before the database.",
  bad: `
import uvicorn
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://app@db/app", pool_size=20, max_overflow=20)

if __name__ == "__main__":
    uvicorn.run("shop:app", workers=8)
`,
  good: `
import uvicorn
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://app@db/app", pool_size=5, max_overflow=5)

if __name__ == "__main__":
    uvicorn.run("shop:app", workers=8)
`,
  *detect(runtime) {
    for (const load of databaseLoadsOf(runtime)) {
      if (!isRefused(load)) continue;
      const { pool, doubt } = load;
      yield {
        func: sizingFunc(runtime, pool),
        at: pool.sizedAt,
        message: loadWords(load),
        instead: advice(load),
        severity: load.isConfigured ? "warning" : "notice",
        doubt,
        shows: null,
        subject: `${pool.fact.name}<server`,
      };
    }
  },
};

function loadWords({ processes, each, total, limit, isConfigured, server }: DatabaseLoad): string {
  const accepts = isConfigured
    ? `the database accepts ${limit} (\`database-max-connections\`)`
    : `${server?.name} accepts ${limit} unless its configuration says otherwise`;
  const connections = withSource(counted(each, "connection"), each.words);
  if (limitsOf(processes).exact === 1) return `one process opens up to ${connections}: ${accepts}`;
  return `${withSource(counted(processes, "process"), processes.words)} with up to ${connections} each open up to ${numberWords(total)}: ${accepts}`;
}

function advice({ pool, processes, limit }: DatabaseLoad): string {
  const fitting = Math.max(1, Math.floor((limit ?? 0) / limitsOf(processes).high));
  const told = "say with `database-max-connections` in `[tool.pcr]` what it accepts";
  return `Let ${poolWords(pool)} have at most ${fitting} connections in each process, or put a pooler such as PgBouncer in between; if the database accepts more, ${told}.`;
}
