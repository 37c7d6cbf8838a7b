import { type Repetition, repetitionOf } from "../runtime/effects/repetition.ts";
import type { Lifetime } from "../runtime/lifetimes/lifetimes.ts";
import { lifetimesOf } from "../runtime/lifetimes/lifetimes.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { oftenWords, openedWords, repetitionTrace, wayOut } from "./lifetime-words.ts";
import type { Rule } from "./rule.ts";

export const executorPerCall: Rule = {
  id: "executor-per-call",
  title: "Executor built again for every call",
  severity: "warning",
  group: "Pools and capacity",
  why: "Starting threads costs time, starting processes costs much more, and nothing bounds the sum: a hundred requests at once start a hundred pools.",
  instead: "Build one executor when the program starts, share it, and shut it down at the end.",
  bad: `
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

app = Flask(__name__)


@app.route("/sum")
def total():
    with ThreadPoolExecutor(max_workers=2) as pool:
        return str(sum(pool.map(len, ("one", "three"))))
`,
  good: `
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

app = Flask(__name__)
pool = ThreadPoolExecutor(max_workers=8)


@app.route("/sum")
def total():
    return str(sum(pool.map(len, ("one", "three"))))
`,
  *detect(runtime) {
    for (const lifetime of lifetimesOf(runtime)) {
      const repetition = rebuilt(runtime, lifetime);
      if (!repetition) continue;
      const { call, func, name, resource } = lifetime.opening;
      const open = lifetime.fate === "never" ? ", and shut it down at the end" : "";
      yield {
        func,
        at: call,
        message: `${openedWords(lifetime)} builds a new ${resource.what} ${oftenWords(repetition)}`,
        instead:
          repetition.kind === "item"
            ? `Build the ${resource.what} once, before the loop, and give it all the work${open}.`
            : `Build one ${resource.what} when the program starts and share it${open}.`,
        trace: [...wayOut({ ...lifetime, out: null, end: null }), ...repetitionTrace(repetition)],
        doubt: lifetime.opening.doubt + repetition.doubt,
        subject: name,
      };
    }
  },
};

/** Why an executor that lives no longer than the code around it is built again and again; `null` if it is not. */
export function rebuilt(runtime: Runtime, { opening, fate, kept, holding }: Lifetime): Repetition | null {
  const { resource, call, func } = opening;
  if (resource.kind !== "executor" || kept || holding.kept.length > 0 || fate === "global" || fate === "leaves")
    return null;
  // Workers that are set up for one piece of work cannot do another.
  if (call.args.some(({ name }) => name === "initializer" || name === "initargs")) return null;
  return repetitionOf(runtime, func, call);
}
