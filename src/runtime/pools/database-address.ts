import { type DatabaseUrl, databaseUrl } from "../../knowledge/pools/database-servers.ts";
import type { Call, Expression } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";

/** Stands for the parts of an address that only the environment knows. */
const UNKNOWN_PART = "_";

/** What the address of a database says, as far as the program text knows it; `null` if not even the kind of database is known. */
export function addressOf(runtime: Runtime, expression: Expression): DatabaseUrl | null {
  const text = runtime.constants.pieces(expression)?.join(UNKNOWN_PART) ?? builtAddress(runtime, expression);
  return text === null ? null : databaseUrl(text);
}

/** `URL.create("postgresql+psycopg", …)`, `MultiHostUrl.build(scheme="postgresql", …)`, `make_url(text)` and `str(…)` of them. */
function builtAddress(runtime: Runtime, expression: Expression): string | null {
  for (const { expression: origin } of runtime.origins.of(expression)) {
    if (origin.kind !== "call") continue;
    const scheme = schemeOf(runtime, origin);
    if (scheme !== null) return `${scheme}://${hostOf(runtime, origin)}/${UNKNOWN_PART}`;
    const [first] = origin.args;
    if (!first || first.value === expression || !isPassing(runtime, origin)) continue;
    const text = runtime.constants.pieces(first.value)?.join(UNKNOWN_PART) ?? builtAddress(runtime, first.value);
    if (text !== null) return text;
  }
  return null;
}

function schemeOf(runtime: Runtime, call: Call): string | null {
  const isUrl = runtime.inference
    .names(call.callee)
    .some(({ name }) => /(?:URL|Url|Dsn)(?:\.(?:create|build))?$/.test(name));
  const given =
    argument(call, "drivername", -1) ?? argument(call, "scheme", -1) ?? (isUrl ? argument(call, null, 0) : null);
  const scheme = given && runtime.constants.evaluate(given);
  return scheme?.kind === "string" && /^\w+(?:\+\w+)?$/.test(scheme.value) ? scheme.value : null;
}

function hostOf(runtime: Runtime, call: Call): string {
  const given = argument(call, "host", -1);
  const host = given && runtime.constants.evaluate(given);
  const port = argument(call, "port", -1);
  const number = port && runtime.constants.evaluate(port);
  return `${host?.kind === "string" ? host.value : UNKNOWN_PART}${number?.kind === "number" ? `:${number.value}` : ""}`;
}

function isPassing({ inference }: Runtime, call: Call): boolean {
  return inference.names(call.callee).some(({ name }) => name === "str" || name.endsWith(".make_url"));
}
