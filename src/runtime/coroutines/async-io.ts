import { ASYNC_IO, type AsyncIoFact, CLIENT_LIMITS } from "../../knowledge/async-io.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf, sourceOf } from "../../python/module.ts";
import type { Call, Node } from "../../python/syntax.ts";
import { argument, passesMore } from "../../python/syntax.ts";
import type { Site } from "../graph/callgraph.ts";
import type { Runtime } from "../runtime.ts";
import { locksOf } from "../state/locks.ts";
import { stateOf } from "../state/state.ts";
import { startsOf } from "./starts.ts";

/** An awaited call of an async library that waits for the network, reached from a coroutine. */
export interface AsyncIo {
  fact: AsyncIoFact;
  site: Site;
  /** The awaited calls on the way, the first in the coroutine that was asked about. */
  path: readonly Site[];
  /** Whether the client's own limit was set on purpose, is the library's default, or is made anew for each call. */
  client: "set" | "default" | "own" | "unknown";
  doubt: number;
}

const DEEPEST = 6;
const MOST_VISITED = 80;

/** What a call waits for, if it is one of an async library; awaited or entered by `async with`. */
export function asyncIoAt(runtime: Runtime, site: Site): AsyncIo | null {
  if (site.kind !== "call" || !site.awaited || site.node.kind !== "call") return null;
  for (const { name, doubt } of site.library) {
    const fact = ASYNC_IO.get(name);
    if (fact) return { fact, site, path: [], client: clientOf(runtime, site.node, fact, site.func), doubt };
  }
  return null;
}

/** Network calls that a coroutine function comes to by `await`, leaving out those that a semaphore, lock or limiter lets through a few at a time. */
export function unguardedIo(runtime: Runtime, root: Func): AsyncIo | null {
  const visited = new Set<Func>();
  const search = (func: Func, path: readonly Site[], doubt: number): AsyncIo | null => {
    if (visited.has(func) || visited.size > MOST_VISITED || path.length > DEEPEST) return null;
    visited.add(func);
    for (const site of runtime.graph.sites(func)) {
      if (!site.awaited || isGuarded(runtime, func, site.node)) continue;
      const found = asyncIoAt(runtime, site);
      if (found) return { ...found, path, doubt: found.doubt + doubt };
      if (site.node.kind === "call" && startsOf(runtime).of(site.node)) continue;
      for (const target of site.targets) {
        if (!target.func.isAsync || doubt + target.doubt > 1) continue;
        const deeper = search(target.func, [...path, site], doubt + target.doubt);
        if (deeper) return deeper;
      }
    }
    return null;
  };
  return search(root, [], 0);
}

/** Whether something lets only a few tasks come here at a time: what is held around it, or what it waited for before. */
function isGuarded(runtime: Runtime, func: Func, node: Node): boolean {
  const held = locksOf(runtime).heldAt(func, node);
  if (held.some(({ lock }) => !lock.fresh && lock.fact?.family !== "thread")) return true;
  return nodesOf(func, "await").some(
    (one) => one.end <= node.start && PACES.test(sourceOf(func.module, one).slice(0, 200)),
  );
}

const PACES = /(?:limit|throttl|semaphore|rate_|slot|bucket)\w*(?:\.\w+)*\(/i;

/** Where the receiver's client is made, and whether its limit is set there. */
function clientOf(runtime: Runtime, call: Call, { client }: AsyncIoFact, func: Func): AsyncIo["client"] {
  if (!client || call.callee.kind !== "attribute") return "unknown";
  const wanted = CLIENT_LIMITS.get(client) ?? [];
  let found: AsyncIo["client"] = "unknown";
  for (const { expression, func: maker } of runtime.origins.of(call.callee.value)) {
    if (expression.kind !== "call") continue;
    if (!runtime.inference.names(expression.callee).some(({ name }) => name === client)) continue;
    if (passesMore(expression, 2) || wanted.some((name) => argument(expression, name, -1))) return "set";
    found = maker === func ? "own" : "default";
  }
  return found;
}

/** Whether a coroutine function only asks: all that it waits for are reads, and it changes nothing that others see. */
export function onlyReads(runtime: Runtime, root: Func): AsyncIo | null {
  const visited = new Set<Func>();
  let found: AsyncIo | null = null;
  const check = (func: Func, path: readonly Site[], doubt: number): boolean => {
    if (visited.has(func)) return true;
    visited.add(func);
    if (visited.size > MOST_VISITED || changesState(runtime, func)) return false;
    if (locksOf(runtime).taken(func).length > 0) return false;
    for (const site of runtime.graph.sites(func)) {
      if (!site.awaited) {
        // Plain helpers may change what the next round reads.
        if (site.targets.some((target) => !target.func.isAsync && changesState(runtime, target.func))) return false;
        continue;
      }
      const io = asyncIoAt(runtime, site);
      if (io) {
        if (!io.fact.reads) return false;
        found ??= { ...io, path, doubt: io.doubt + doubt };
        continue;
      }
      if (site.targets.length === 0 && !isHarmless(site)) return false;
      for (const target of site.targets)
        if (target.func.isAsync && !check(target.func, [...path, site], doubt + target.doubt)) return false;
    }
    return true;
  };
  return check(root, [], 0) ? found : null;
}

function changesState(runtime: Runtime, func: Func): boolean {
  const state = stateOf(runtime);
  return state.writes(func).length > 0 || state.touches(func).some(({ kind }) => kind !== "iterate");
}

/** Awaited calls of the libraries that belong to a read: its body, its context. */
function isHarmless({ library }: Site): boolean {
  return (
    library.length > 0 &&
    library.every(({ name }) =>
      /^(?:aiohttp\.ClientResponse\.|aiohttp\.StreamReader\.|httpx2?\.Response\.|asyncio\.(?:wait_for|timeout|StreamReader\.|StreamWriter\.)|aiohttp\.ClientSession\.__a|httpx2?\.AsyncClient\.__a)/.test(
        name,
      ),
    )
  );
}
