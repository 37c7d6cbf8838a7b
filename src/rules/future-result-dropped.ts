import { argument } from "../python/syntax.ts";
import { handling, isIterated, isLookedAt } from "../runtime/lifetimes/results.ts";
import { type Submission, submissionsOf } from "../runtime/pools/submissions.ts";
import type { Detection, Rule } from "./rule.ts";
import { calleeWords, code } from "./words.ts";

export const futureResultDropped: Rule = {
  id: "future-result-dropped",
  title: "Nobody looks at the result of submitted work",
  severity: "warning",
  group: "Threads",
  why: "An exception in the work is kept in the future for whoever asks. When nobody asks, it vanishes without a line in any log.",
  instead: "Keep the future and call `result()`, or add a done-callback that logs `future.exception()`.",
  bad: `
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=4)


def save(path, text):
    with open(path, "w") as file:
        file.write(text)


def later(path, text):
    pool.submit(save, path, text)


def close():
    pool.shutdown()
`,
  good: `
import logging
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=4)


def save(path, text):
    with open(path, "w") as file:
        file.write(text)


def check(future):
    if error := future.exception():
        logging.error("not saved", exc_info=error)


def later(path, text):
    pool.submit(save, path, text).add_done_callback(check)


def close():
    pool.shutdown()
`,
  *detect(runtime) {
    for (const submission of submissionsOf(runtime)) {
      const method = keepsResult(submission);
      if (!method || reportsErrors(submission)) continue;
      if (method === "future" ? isLookedAt(runtime, submission.call) : isIterated(runtime, submission.call)) continue;
      const failures = handling(runtime, submission);
      if (failures !== "kept") yield detection(submission, method, failures === "unknown" ? 2 : 0);
    }
  },
};

/** The method whose result holds the failures; `null` for calls that raise them, log them, or have none. */
function keepsResult({ fact, to }: Submission): "future" | "results" | null {
  if (to === "interpreter" && fact.result === "wait") return null;
  if (/^(?:concurrent\.futures|multiprocessing\.pool|pebble|loky)\./.test(fact.name) === false) return null;
  if (fact.result === "future") return "future";
  return /^(?:concurrent\.futures|loky)\.\w+\.map$|\.imap(?:_unordered)?$/.test(fact.name) ? "results" : null;
}

function reportsErrors({ call, fact }: Submission): boolean {
  return fact.name.startsWith("multiprocessing.") && argument(call, "error_callback", -1) !== null;
}

function detection(submission: Submission, kept: "future" | "results", doubt: number): Detection {
  const { func, call, fact, work } = submission;
  const what = calleeWords(func.module, call.callee, fact.name);
  const whose = submission.callable ? code(func.module, submission.callable) : "the work";
  const [only] = work;
  return {
    func,
    at: call,
    message:
      kept === "future"
        ? `nobody looks at the result of ${what}: an exception in ${whose} vanishes`
        : `nobody iterates over the results of ${what}: an exception in ${whose} vanishes`,
    ...instead(fact.name, kept),
    doubt: submission.doubt + doubt,
    subject: `${fact.name}>${only?.func?.name ?? only?.library ?? ""}`,
  };
}

function instead(name: string, kept: "future" | "results"): Pick<Detection, "instead"> {
  if (kept === "results")
    return { instead: "Iterate over the results (`for result in …`, or `list(…)`): that raises the first exception." };
  if (name.startsWith("multiprocessing."))
    return { instead: "Keep the `AsyncResult` and call `get()`, or pass an `error_callback=` that logs." };
  return {};
}
