import { lifetimesOf } from "../runtime/lifetimes/lifetimes.ts";
import { rebuilt } from "./executor-per-call.ts";
import { openedWords, wayOut } from "./lifetime-words.ts";
import type { Rule } from "./rule.ts";
import { quoted } from "./words.ts";

export const executorNotShutDown: Rule = {
  id: "executor-not-shut-down",
  title: "Executor that is never shut down",
  severity: "notice",
  group: "Pools and capacity",
  why: "Its idle workers stay until the interpreter collects the executor or the process ends, and the work still queued then may be lost.",
  instead: "Use it in a `with` block, or call `shutdown()` (`close()` and `join()` on a `Pool`) in `finally`.",
  bad: `
from concurrent.futures import ThreadPoolExecutor


def lengths(words):
    pool = ThreadPoolExecutor(max_workers=4)
    return list(pool.map(len, words))
`,
  good: `
from concurrent.futures import ThreadPoolExecutor


def lengths(words):
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(len, words))
`,
  *detect(runtime) {
    for (const lifetime of lifetimesOf(runtime)) {
      const { opening, fate, kept } = lifetime;
      const { resource, func, call, name } = opening;
      if (resource.kind !== "executor" || runtime.target.isTest(func.module.path)) continue;
      const isForever = fate === "global" && lifetime.end === null && opening.via === null;
      if (fate !== "never" && !isForever) continue;
      const repetition = rebuilt(runtime, lifetime);
      // Built again and again is worse; it is one cause.
      if (repetition && repetition.doubt < 2) continue;
      const [method = "shutdown"] = resource.close;
      const trace = wayOut(lifetime);
      yield {
        func,
        at: call,
        message: `${openedWords(lifetime)} starts a ${resource.what} that nothing shuts down${kept ? `: ${quoted(kept.cls.node.name)} keeps it in ${quoted(kept.name)}` : ""}`,
        instead: kept
          ? `Give ${quoted(kept.cls.node.name)} a method that calls ${quoted(`${method}()`)} on it, and call that when the object is done with.`
          : `Use it in a ${quoted("with")} block, or call ${quoted(`${method}()`)} in ${quoted("finally")}.`,
        // A server's own pool may well live as long as the server.
        doubt: lifetime.doubt + (isForever ? 2 : 0),
        subject: name,
        ...(trace.length > 0 ? { trace } : {}),
      };
    }
  },
};
