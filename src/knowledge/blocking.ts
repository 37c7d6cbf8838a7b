import { CHEAP } from "./blocking/cheap.ts";
import { CLIENT_CLASSES } from "./blocking/classes.ts";
import { DATABASES } from "./blocking/databases.ts";
import { FILES } from "./blocking/files.ts";
import { NETWORK } from "./blocking/network.ts";
import type { BlockingClass, BlockingFact } from "./blocking/row.ts";
import { SERVICES } from "./blocking/services.ts";
import { WAITS } from "./blocking/waits.ts";
import { lastPart, uniqueMap } from "./names.ts";

export type { BlockingClass, BlockingFact, Category, Cost } from "./blocking/row.ts";

/** What a call to each canonical name does to the thread that makes it. Names that never matter are listed too, so that nothing guesses them. */
export const BLOCKING: ReadonlyMap<string, BlockingFact> = uniqueMap(
  [...NETWORK, ...WAITS, ...FILES, ...DATABASES, ...SERVICES, ...CHEAP].map((fact) => [fact.name, fact] as const),
);

/** Classes whose public methods all block except the listed ones; `BLOCKING` entries of single methods come first. */
export const BLOCKING_CLASSES: ReadonlyMap<string, BlockingClass> = uniqueMap(
  CLIENT_CLASSES.map((entry) => [entry.fact.name.slice(0, -2), entry] as const),
);

/** The fact about `className.method`, from its own entry or from its class; base classes are the caller's to try. */
export function blockingMethod(className: string, method: string): BlockingFact | undefined {
  const name = `${className}.${method}`;
  const own = BLOCKING.get(name);
  if (own !== undefined) return own;
  const group = BLOCKING_CLASSES.get(className);
  if (group === undefined || method.startsWith("_") || group.except.includes(method)) return undefined;
  return { ...group.fact, name, instead: group.fact.instead?.replaceAll("*", lastPart(method)) ?? null };
}
