import type { Func } from "../python/module.ts";
import type { Source } from "../runtime/effects/witness.ts";
import { type Alive, threadAliveAt } from "../runtime/processes/alive.ts";
import { type Launch, launchesOf, targetOf } from "../runtime/processes/launches.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { hops } from "./hops.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { code } from "./words.ts";

export const forkWithThreads: Rule = {
  id: "fork-with-threads",
  title: "Child forked while threads run",
  severity: "warning",
  group: "Processes",
  why: "A forked child gets one thread and a copy of every lock as it is at that moment. A lock that another thread holds (of logging, of a queue, of malloc) is never released in the child: it hangs.",
  instead: 'Start children before any thread, or with `multiprocessing.get_context("spawn")` or `"forkserver"`.',
  bad: `
import multiprocessing
import threading
import time


def heartbeat():
    while True:
        print("alive")
        time.sleep(1)


def is_prime(number):
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def search(limit):
    threading.Thread(target=heartbeat, daemon=True).start()
    with multiprocessing.Pool(4) as pool:
        return pool.map(is_prime, range(limit))
`,
  good: `
import multiprocessing
import threading
import time


def heartbeat():
    while True:
        print("alive")
        time.sleep(1)


def is_prime(number):
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def search(limit):
    threading.Thread(target=heartbeat, daemon=True).start()
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        return pool.map(is_prime, range(limit))
`,
  *detect(runtime) {
    const launches = launchesOf(runtime);
    for (const func of runtime.graph.funcs)
      for (const source of launches.direct(func)) {
        if (source.fact.kind !== "process" || source.fact.choice?.method !== "fork") continue;
        const alive = threadAliveAt(runtime, func, source.site.node);
        if (alive) yield detection(runtime, func, source, alive);
      }
  },
};

function detection(runtime: Runtime, func: Func, { site, fact, name, doubt }: Source<Launch>, alive: Alive): Detection {
  const byDefault =
    fact.choice?.from === "default" ? `, as Python 3.${runtime.target.minor} does by default on Linux` : "";
  const message = alive.itself
    ? `${fact.label} is forked from a thread (${alive.itself})${byDefault}: locks that other threads hold stay locked in the child`
    : `${fact.label} is forked while a thread runs${byDefault}: locks that it holds stay locked in the child`;
  return {
    func,
    at: site.node,
    message,
    trace: traceOf(runtime, alive),
    doubt: doubt + alive.doubt,
    subject: `${name}>${fact.label}`,
  };
}

function traceOf(runtime: Runtime, { func, at, witness, caller, itself }: Alive): Related[] {
  if (itself) return [{ module: func.module, at, message: `runs in a thread: ${itself}` }];
  const direct = launchesOf(runtime)
    .direct(func)
    .find(({ site }) => site.node === at);
  const target = direct && targetOf(direct.fact);
  const started: Related[] = [
    {
      module: func.module,
      at,
      message: target
        ? `the thread for ${code(runtime.inference.moduleOf(target), target)} starts here`
        : "the thread starts here",
    },
  ];
  const way = witness ? hops(witness) : [];
  const called: Related[] = caller
    ? [{ module: caller.func.module, at: caller.at, message: "the child is started in here" }]
    : [];
  return [...started, ...way, ...called];
}
