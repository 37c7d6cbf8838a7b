import type { TimeoutFact } from "../knowledge/timeouts.ts";
import { isSequence } from "../python/constant.ts";
import { usesOf } from "../runtime/lifetimes/usage.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Wait, waitsOf } from "../runtime/waits/timeouts.ts";
import type { Detection, Rule } from "./rule.ts";
import { blocksLoop, isTest, limitAdvice, limitRepair, waitWords } from "./waits.ts";

export const connectionWithoutTimeout: Rule = {
  id: "connection-without-timeout",
  title: "Connection that may be waited for without a limit",
  severity: "notice",
  group: "Timeouts",
  why: "When the machine on the other side is gone without a word, the program waits for as long as the system tries, or for ever.",
  instead: "Give the connection a timeout where it is made.",
  bad: `
import psycopg2


def orders(customer):
    connection = psycopg2.connect(host="db.example.com", dbname="shop")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM orders WHERE customer = %s", (customer,))
            return cursor.fetchall()
    finally:
        connection.close()
`,
  good: `
import psycopg2


def orders(customer):
    connection = psycopg2.connect(host="db.example.com", dbname="shop", connect_timeout=10)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM orders WHERE customer = %s", (customer,))
            return cursor.fetchall()
    finally:
        connection.close()
`,
  *detect(runtime) {
    for (const wait of waitsOf(runtime)) {
      if (wait.fact.group !== "connection" || wait.limit !== "missing" || blocksLoop(runtime, wait)) continue;
      yield detection(runtime, wait);
    }
  },
};

function detection(runtime: Runtime, wait: Wait): Detection {
  const { func, call, fact, doubt } = wait;
  return {
    func,
    at: call,
    message: `${waitWords(wait)} has no timeout: ${consequence(fact)}`,
    instead: limitAdvice(wait, "it raises when the time is over"),
    doubt: doubt + (isTest(runtime, func) || isLocal(runtime, wait) ? 2 : 0),
    subject: fact.name,
    ...limitRepair(wait),
  };
}

function consequence({ awaits, name }: TimeoutFact): string {
  if (awaits === "device") return "reading waits for ever when the device is silent";
  if (awaits === "answer") return "every command waits for ever when the server stops answering";
  if (/^socket\./.test(name)) return "the system gives up connecting after minutes, and reading never";
  return "connecting waits for ever when the server falls silent";
}

/** Whether the other side is on the same machine, which cannot be unplugged. */
function isLocal(runtime: Runtime, { fact, given, call }: Wait): boolean {
  const hosts = [...given.of({ name: "host", position: null }), ...(fact.url ? given.of(fact.url.at) : [])];
  const connects = usesOf(runtime, call).flatMap((use) =>
    use.kind === "method" && use.name === "connect" ? use.call.args : [],
  );
  for (const first of [call.args[0], connects[0]]) if (first?.name === null) hosts.push(first.value);
  return hosts.some((host) => {
    const constant = runtime.constants.evaluate(host);
    if (!constant || constant.doubt > 0 || constant.origin.some(({ by }) => by === "environment" || by === "default"))
      return false;
    const address = isSequence(constant) ? (constant.value[0] ?? null) : constant;
    return address?.kind === "string" && LOCAL.test(address.value);
  });
}

const LOCAL = /^(?:localhost|127\.[\d.]+|::1|\/.*)?$|(?:\/\/|@|host=)(?:localhost|127\.[\d.]+)/;
