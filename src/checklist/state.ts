import type { Place } from "../finding.ts";
import { sourceOf } from "../python/module.ts";
import { poolsOf } from "../runtime/pools/pools.ts";
import { locksOf, lockWords } from "../runtime/state/locks.ts";
import { type Evidence, type Examination, isProgram, placeAt, quoted } from "./item.ts";

/** The locks that are taken, and the queues and shared objects through which threads, tasks and processes exchange things. */
export function stateEvidence({ runtime }: Examination): Evidence {
  const shows: Place[] = [];
  const locks = new Set<string>();
  for (const { func, lock, node } of locksOf(runtime).all()) {
    if (!isProgram(runtime, func.module) || lock.fact?.kind === "limiter" || lock.fact?.kind === "semaphore") continue;
    const words = lockWords(lock);
    const key = `${func.module.path} ${words}`;
    if (locks.has(key)) continue;
    locks.add(key);
    shows.push(placeAt(func.module, node, `${quoted(words)} guards what is shared`));
  }
  for (const { fact, func, made, name } of poolsOf(runtime).values())
    if (fact.kind === "queue" && fact.name !== "collections.deque" && isProgram(runtime, func.module))
      shows.push(placeAt(func.module, made, `${quoted(name)} hands things over`));
  for (const { func, node } of runtime.graph.calling(({ name }) => SHARED.test(name)))
    if (node.kind === "call" && isProgram(runtime, func.module))
      shows.push(
        placeAt(func.module, node, `${quoted(sourceOf(func.module, node.callee))} is shared between processes`),
      );
  return { shows, open: [] };
}

const SHARED =
  /^multiprocessing\.(?:Value|Array|Manager|shared_memory\.SharedMemory|managers\.SyncManager\.(?:dict|list|Namespace|Value|Array))$|^threading\.local$|^contextvars\.ContextVar$/;
