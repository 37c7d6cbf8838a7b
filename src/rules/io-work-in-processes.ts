import type { Call } from "../python/syntax.ts";
import { argument } from "../python/syntax.ts";
import { workloadOf } from "../runtime/effects/workloads.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import { type Submission, submissionsOf } from "../runtime/pools/submissions.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { hops, shortName } from "./hops.ts";
import type { Rule } from "./rule.ts";
import { quoted } from "./words.ts";

export const ioWorkInProcesses: Rule = {
  id: "io-work-in-processes",
  title: "Process pool whose work only waits",
  severity: "warning",
  group: "Processes",
  why: "A process takes tens of milliseconds to start and tens of megabytes to keep, and every argument and result is pickled. Waiting needs none of that.",
  instead: "Use a `ThreadPoolExecutor`, or asyncio for very many calls at once.",
  bad: `
from concurrent.futures import ProcessPoolExecutor

import requests


def fetch(url: str) -> int:
    return requests.get(url, timeout=5).status_code


def main(urls: list[str]) -> list[int]:
    with ProcessPoolExecutor(max_workers=8) as pool:
        return list(pool.map(fetch, urls))
`,
  good: `
from concurrent.futures import ThreadPoolExecutor

import requests


def fetch(url: str) -> int:
    return requests.get(url, timeout=5).status_code


def main(urls: list[str]) -> list[int]:
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(fetch, urls))
`,
  *detect(runtime) {
    for (const submission of submissionsOf(runtime)) {
      const { site, to, pool, work, doubt } = submission;
      if (to !== "process" || pool === null || wantsIsolation(runtime, submission)) continue;
      for (const { func, doubt: guess } of work) {
        const load = func && workloadOf(runtime, func);
        const witness = load?.kind === "io" ? (load.waits ?? load.files) : null;
        if (!witness || !func) continue;
        yield {
          func: site.func,
          at: placeOf(site),
          message: `${quoted(shortName(func))} only waits (${quoted(witness.source.name)}): a process pool pays for processes and pickling without using the processors`,
          doubt: doubt + guess + (load?.waits ? 0 : 1),
          subject: `${func.name}>${witness.source.name}`,
          trace: hops(witness),
        };
        break;
      }
    }
  },
};

/** Workers that are replaced after some tasks are there for what they leave behind, not for speed. */
function wantsIsolation({ origins }: Runtime, { pool }: Submission): boolean {
  if (!pool) return false;
  return origins.of(pool).some(({ expression }) => expression.kind === "call" && replacesWorkers(expression));
}

function replacesWorkers(call: Call): boolean {
  return argument(call, "max_tasks_per_child", -1) !== null || argument(call, "maxtasksperchild", -1) !== null;
}
