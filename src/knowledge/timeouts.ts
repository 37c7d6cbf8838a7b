import { lastPart, uniqueMap } from "./names.ts";
import { AWAITS } from "./timeouts/awaits.ts";
import { CONNECTIONS } from "./timeouts/connections.ts";
import { LIMITS } from "./timeouts/limits.ts";
import { REQUESTS } from "./timeouts/requests.ts";
import type { TimeoutFact } from "./timeouts/row.ts";
import { SUBPROCESSES } from "./timeouts/subprocesses.ts";
import { WAIT_LIMITS } from "./timeouts/waits.ts";
import { BASES } from "./types.ts";
import { type AtLeast, asPinned, newest } from "./versions.ts";

export type { TimeoutFact } from "./timeouts/row.ts";
export { AWAITED_WORDS } from "./timeouts/row.ts";

/** How long calls wait and what limits them, by canonical name; `Class.*` speaks of every public method without an entry of its own. */
export const TIMEOUTS: ReadonlyMap<string, TimeoutFact> = uniqueMap(
  [...REQUESTS, ...WAIT_LIMITS, ...SUBPROCESSES, ...CONNECTIONS, ...AWAITS, ...LIMITS].map(
    (fact) => [fact.name, fact] as const,
  ),
);

/** A class that the gRPC compiler writes: its methods are remote calls, and take the deadline as second argument. */
const STUB = /(?:^|\.)\w+_pb2_grpc\.\w+Stub$/;
const STUB_CALL = "grpc.UnaryUnaryMultiCallable.__call__";

/**
 * The fact about a call by canonical name: its own, its class's, or the one of the nearest base class. `atLeast` tells the versions
 * that the project pins.
 */
export function timeoutFact(name: string, atLeast: AtLeast = newest): TimeoutFact | undefined {
  const fact = TIMEOUTS.get(name) ?? ofMethod(name);
  return fact === undefined ? undefined : asPinned(fact, atLeast);
}

/** Whether a class, by its canonical name or its importable path in the project, is a gRPC stub. */
export function isGrpcStub(className: string): boolean {
  return STUB.test(className);
}

function ofMethod(name: string): TimeoutFact | undefined {
  const dot = name.lastIndexOf(".");
  const method = lastPart(name);
  if (dot < 0 || (method.startsWith("_") && !method.startsWith("__"))) return undefined;
  const types = [name.slice(0, dot)];
  for (const type of types) {
    const found = TIMEOUTS.get(`${type}.${method}`) ?? ofClass(type, method);
    if (found !== undefined) return { ...found, name };
    for (const base of BASES.get(type) ?? []) if (!types.includes(base)) types.push(base);
  }
  return undefined;
}

function ofClass(type: string, method: string): TimeoutFact | undefined {
  if (method.startsWith("_")) return undefined;
  return TIMEOUTS.get(isGrpcStub(type) ? STUB_CALL : `${type}.*`);
}
