import { type Submission, submissionsOf } from "../runtime/pools/submissions.ts";
import { type LostChange, lostChanges } from "../runtime/state/lost-changes.ts";
import type { Detection, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const stateLostInProcess: Rule = {
  id: "state-lost-in-process",
  title: "Change in a child process that the parent never sees",
  severity: "error",
  group: "Processes",
  why: "A child process works on its own copy of every variable. What it changes is gone when it ends; the parent keeps reading the old value.",
  instead: "Return the result, or send it through a `multiprocessing.Queue`; numbers can live in a `Value` or `Array`.",
  bad: `
from multiprocessing import Pool

found = []


def collect(number):
    if all(number % divisor for divisor in range(2, number)):
        found.append(number)


def primes(limit):
    with Pool(4) as pool:
        pool.map(collect, range(2, limit))
    return found
`,
  good: `
from multiprocessing import Pool


def is_prime(number):
    return all(number % divisor for divisor in range(2, number))


def primes(limit):
    with Pool(4) as pool:
        verdicts = pool.map(is_prime, range(2, limit))
    return [number for number, verdict in zip(range(2, limit), verdicts) if verdict]
`,
  *detect(runtime) {
    const reported = new Set<string>();
    for (const submission of submissionsOf(runtime)) {
      if (submission.to !== "process" || !OWN_MEMORY.test(submission.fact.name)) continue;
      for (const change of lostChanges(runtime, submission)) {
        const key = `${change.func.module.path}:${change.at.start}`;
        if (!reported.has(key)) yield detection(submission, change);
        reported.add(key);
      }
    }
  },
};

/** Calls whose work surely runs in another process: joblib and dask may as well use threads, or none. */
const OWN_MEMORY = /^(?:multiprocessing|concurrent\.futures|loky|pebble|asyncio|anyio\.to_process|tqdm\.contrib)\./;

function detection(submission: Submission, { func, at, name, read, subject, doubt }: LostChange): Detection {
  return {
    func,
    at,
    message: `the parent never sees this change of ${quoted(name)}: it is made in a child process`,
    trace: [
      {
        module: submission.func.module,
        at: submission.call,
        message: `${code(submission.func.module, submission.call.callee)} runs it in a child process`,
      },
      { module: read.func.module, at: read.at, message: `the parent reads ${code(read.func.module, read.at)} here` },
    ],
    doubt: submission.doubt + doubt,
    subject,
  };
}
