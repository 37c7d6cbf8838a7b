import type { Lifetime } from "../runtime/lifetimes/lifetimes.ts";
import { blockRepair } from "./block-repair.ts";
import { leftOpen, openedWords, wayOut } from "./lifetime-words.ts";
import type { Detection, Rule } from "./rule.ts";
import { quoted } from "./words.ts";

export const connectionNotReturned: Rule = {
  id: "connection-not-returned",
  title: "Pooled connection that is not given back",
  severity: "warning",
  group: "Resources",
  why: "A connection that is not given back is lost to the pool: when the last one is gone, every thread and task that needs one waits until it times out.",
  instead: "Take it in a `with` block, or give it back in `finally`.",
  bad: `
from psycopg2.pool import ThreadedConnectionPool

pool = ThreadedConnectionPool(1, 20, "postgresql://app@db/app?connect_timeout=5")


def count():
    connection = pool.getconn()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM users")
        return cursor.fetchone()[0]
`,
  good: `
from psycopg2.pool import ThreadedConnectionPool

pool = ThreadedConnectionPool(1, 20, "postgresql://app@db/app?connect_timeout=5")


def count():
    connection = pool.getconn()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM users")
            return cursor.fetchone()[0]
    finally:
        pool.putconn(connection)
`,
  *detect(runtime) {
    for (const lifetime of leftOpen(runtime, ["checkout"])) yield detection(lifetime);
  },
};

function detection(lifetime: Lifetime): Detection {
  const { opening, fate, kept } = lifetime;
  const { func, call, name } = opening;
  const trace = wayOut(lifetime);
  const repair = blockRepair(lifetime);
  return {
    func,
    at: call,
    message: `${openedWords(lifetime)} ${problem(lifetime)}`,
    instead: advice(lifetime),
    severity: fate === "happy" ? "notice" : "warning",
    doubt: lifetime.doubt + (kept ? 1 : 0),
    subject: name,
    ...(trace.length > 0 ? { trace } : {}),
    ...(repair ? { repair } : {}),
  };
}

function problem({ opening: { resource }, fate, kept }: Lifetime): string {
  const taken = resource.what === "session" ? "holds a pooled connection" : "takes a connection from the pool";
  if (fate === "early") return `${taken} that one way out of the function does not give back`;
  if (fate === "happy") return `${taken} that is not given back when something raises`;
  const keeper = kept ? `: ${quoted(kept.cls.node.name)} keeps it in ${quoted(kept.name)}` : "";
  return `${taken} that nothing gives back${keeper}`;
}

function advice({ opening: { resource, call } }: Lifetime): string {
  const [method] = resource.close;
  const [back] = resource.giveBack;
  const isAsync = resource.awaited || call.parent?.kind === "await";
  if (resource.with)
    return `Take it with ${quoted(isAsync ? "async with" : "with")}, which gives it back on every way out.`;
  return back
    ? `Give it back in ${quoted("finally")} with ${quoted(`${back}(…)`)}${method ? "" : `; ${quoted("close()")} alone leaves its place in the pool taken`}.`
    : `Close it in ${quoted("finally")}.`;
}
