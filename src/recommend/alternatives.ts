import { isAvailable } from "../knowledge/features.ts";
import type { Alternative } from "../report.ts";
import type { Target } from "../runtime/runtime.ts";
import type { Decision } from "./decide.ts";
import { driverFor } from "./drivers.ts";
import type { Subject } from "./sites.ts";
import type { AlternativeId } from "./table.ts";

/** What else would do, as far as the project's Python and libraries allow. */
export function alternativesFor(subject: Subject, decision: Decision, target: Target): Alternative[] {
  const driver = driverFor(decision.verdicts[0]?.part.costs ?? []);
  return (decision.row.alternatives ?? []).flatMap(
    (id) => ALTERNATIVES[id]({ subject, decision, target, driver }) ?? [],
  );
}

interface Asked {
  subject: Subject;
  decision: Decision;
  target: Target;
  driver: string | null;
}

const ALTERNATIVES: Record<AlternativeId, (asked: Asked) => Alternative | null> = {
  interpreters: ({ target, subject }) => {
    if (!isAvailable("concurrent.futures.InterpreterPoolExecutor", target.minor) || target.freeThreaded) return null;
    const usesExtensions = subject.costs.list.some(
      ({ does, name }) => does === "computes" && name.includes(".") && EXTENSIONS.test(name),
    );
    return {
      model: "interpreters",
      words: `\`InterpreterPoolExecutor\` (Python 3.14): threads with a GIL each, started faster than processes${usesExtensions ? "; extension modules may not load there yet" : ""}.`,
    };
  },

  "free-threaded": ({ target, subject }) => {
    if (target.freeThreaded || !isAvailable("free-threading-experimental", target.minor)) return null;
    const build = `3.${target.minor}t`;
    const state = isAvailable("free-threading", target.minor) ? "supported" : "experimental";
    return {
      model: subject.isAsync ? "asyncio+threads" : "threads",
      words: `The free-threaded build (${build}, ${state}) runs plain threads on every core; an extension that is not ready switches the GIL on again.`,
    };
  },

  "async-http": () => ({
    model: "asyncio",
    words: "asyncio with `aiohttp` or `httpx.AsyncClient`, for more than about 100 calls at once.",
  }),

  "async-driver": ({ driver }) => ({
    model: "asyncio",
    words: `asyncio with ${driver ?? "an async driver (`asyncpg`, `aiomysql`, `psycopg`'s async connection)"}: no threads, the same number of connections.`,
  }),

  "async-subprocess": () => ({
    model: "asyncio",
    words: "`asyncio.create_subprocess_exec` under a semaphore, in code that is async already.",
  }),

  "threads-measured": ({ subject }) => ({
    model: subject.isAsync ? "asyncio+threads" : "threads",
    words: "Threads, if a measurement shows that the GIL is free for most of the time.",
  }),

  "processes-measured": ({ subject, target }) =>
    target.freeThreaded
      ? null
      : {
          model: subject.isAsync ? "asyncio+processes" : "processes",
          words:
            "A `ProcessPoolExecutor`, if 4 threads are no faster than 2; give it paths or `shared_memory` names, not the data.",
        },

  split: ({ decision, subject }) =>
    decision.work.kind === "mixed" && !subject.isAsync
      ? {
          model: "asyncio+processes",
          words:
            "Both: threads (or asyncio) for the part that waits, a `ProcessPoolExecutor` for the part that computes.",
        }
      : null,

  "bounded-threads": () => ({
    model: "threads",
    words: "A `ThreadPoolExecutor(max_workers=32)` with one `requests.Session`, where 32 at once are enough.",
  }),

  queue: ({ subject }) =>
    subject.isAsync
      ? null
      : {
          model: "processes",
          words: "A task queue (Celery, RQ) whose workers are processes, if nobody waits for the result.",
        },
};

/** Work of compiled libraries. */
const EXTENSIONS =
  /^(?:numpy|scipy|pandas|PIL|cv2|lxml|cryptography|torch|sklearn|fitz|pypdfium2|orjson|ujson|msgpack)\./;
