import { type Submission, submissionsOf } from "../runtime/pools/submissions.ts";
import { type Multiplier, multiplierOf } from "../runtime/processes/multipliers.ts";
import type { Detection, Rule } from "./rule.ts";
import { code } from "./words.ts";

export const threadPerItem: Rule = {
  id: "thread-per-item",
  title: "A thread for every element, connection or request",
  severity: "warning",
  group: "Threads",
  why: "Nothing bounds the number of threads: each takes memory and a place in the scheduler, and all of them hit the other side at once. Some thousands later no thread can be started any more.",
  instead: "Give the work to a `ThreadPoolExecutor(max_workers=…)`.",
  bad: `
import threading

import requests


def fetch(url):
    return requests.get(url, timeout=5).status_code


def fetch_all(urls):
    for url in urls:
        threading.Thread(target=fetch, args=(url,)).start()
`,
  good: `
from concurrent.futures import ThreadPoolExecutor

import requests


def fetch(url):
    return requests.get(url, timeout=5).status_code


def fetch_all(urls):
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(fetch, urls))
`,
  *detect(runtime) {
    for (const submission of submissionsOf(runtime)) {
      if (submission.to !== "thread" || !STARTS_THREAD.has(submission.fact.name) || isConstructor(submission)) continue;
      const multiplier = multiplierOf(runtime, submission);
      if (multiplier) yield detection(submission, multiplier);
    }
  },
};

const STARTS_THREAD = new Set([
  "threading.Thread",
  "threading.Timer",
  "multiprocessing.dummy.Process",
  "_thread.start_new_thread",
]);

/** `super().__init__(target=…)` in a thread's own class. */
function isConstructor({ call }: Submission): boolean {
  return call.callee.kind === "attribute" && call.callee.attr === "__init__";
}

function detection({ func, call, fact, work }: Submission, multiplier: Multiplier): Detection {
  const thread = code(func.module, call.callee);
  return {
    func,
    at: call,
    message: `${thread} starts a thread for each ${whatFor(func.module, multiplier)}, without a bound`,
    ...(multiplier.kind === "request" && multiplier.root !== func
      ? {
          trace: [
            {
              module: multiplier.root.module,
              at: multiplier.root.node,
              message: `${multiplier.label} starts the work`,
            },
          ],
        }
      : {}),
    doubt: multiplier.doubt,
    subject: `${fact.name}>${work[0]?.func?.name ?? ""}`,
  };
}

function whatFor(module: Submission["func"]["module"], multiplier: Multiplier): string {
  switch (multiplier.kind) {
    case "item":
      return `element of ${code(module, multiplier.source)}`;
    case "arrival":
      return `result of ${code(module, multiplier.source.callee)}`;
    case "request":
      return `request (${multiplier.label})`;
  }
}
