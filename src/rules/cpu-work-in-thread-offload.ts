import type { CpuFact } from "../knowledge/cpu.ts";
import type { Func } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import { PYTHON_LOOPS } from "../runtime/effects/cpu.ts";
import { through, type Witness } from "../runtime/effects/witness.ts";
import { workloadOf } from "../runtime/effects/workloads.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import { submissionsOf } from "../runtime/pools/submissions.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { headOf, sourceWords } from "./cpu-work-on-event-loop.ts";
import { hops } from "./hops.ts";
import type { Detection, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const cpuWorkInThreadOffload: Rule = {
  id: "cpu-work-in-thread-offload",
  title: "CPU work moved to a thread that shares the GIL with the event loop",
  severity: "warning",
  group: "Event loop",
  why: "The work holds the GIL, so the loop and the thread take turns: the loop runs on, but everything slows down, and more cores do not help.",
  instead: "Run it in a `ProcessPoolExecutor` that is made once: `await loop.run_in_executor(process_pool, work, …)`.",
  bad: `
import asyncio


def primes(limit: int) -> list[int]:
    found = []
    for number in range(2, limit):
        for divisor in range(2, int(number**0.5) + 1):
            if number % divisor == 0:
                break
        else:
            found.append(number)
    return found


async def handler(limit: int) -> list[int]:
    return await asyncio.to_thread(primes, limit)
`,
  good: `
import asyncio
from concurrent.futures import ProcessPoolExecutor


def primes(limit: int) -> list[int]:
    found = []
    for number in range(2, limit):
        for divisor in range(2, int(number**0.5) + 1):
            if number % divisor == 0:
                break
        else:
            found.append(number)
    return found


async def handler(processes: ProcessPoolExecutor, limit: int) -> list[int]:
    return await asyncio.get_running_loop().run_in_executor(processes, primes, limit)
`,
  *detect(runtime) {
    if (runtime.target.freeThreaded) return;
    for (const { site, fact, to, work, call, doubt } of submissionsOf(runtime)) {
      if (fact.result !== "awaitable" || to !== "thread") continue;
      for (const { func, library, doubt: guess } of work) {
        const witness = func && holdingOnly(runtime, func);
        if (witness) {
          yield offloaded(site.func, call, witness, doubt + guess, witness.length === 1 ? "is" : "ends in");
          break;
        }
        const own = library === null ? undefined : runtime.cpuFact(library);
        if (own?.weight === "heavy" && own.gil === "holds") {
          yield {
            func: site.func,
            at: call,
            message: `${quoted(own.name)} holds the GIL: a thread keeps the loop running, but slows it`,
            doubt: doubt + guess,
            subject: own.name,
          };
          break;
        }
      }
    }
    yield* routes(runtime);
  },
};

/** Plain routes and dependencies run in threads of the server. */
function* routes(runtime: Runtime): Generator<Detection> {
  for (const { func, kind, label, pool } of runtime.contexts.roots) {
    if (kind !== "framework" || pool !== "anyio-threads" || func.isAsync || !holdingOnly(runtime, func)) continue;
    for (const source of runtime.cpu.direct(func))
      if (source.fact.weight === "heavy" && source.fact.gil === "holds") {
        const at: Node = source.name === PYTHON_LOOPS ? headOf(source.site.node) : placeOf(source.site);
        yield {
          func,
          at,
          message: `${sourceWords(source)} in a ${label} holds the GIL: the event loop slows down`,
          doubt: source.doubt,
          subject: source.name,
        };
      }
    for (const site of runtime.graph.sites(func)) {
      const found = through(runtime.graph, site, runtime.cpu.holding);
      if (found)
        yield offloaded(func, placeOf(site), found.witness, found.doubt, found.witness.length === 1 ? "is" : "ends in");
    }
  }
}

/** The witness of GIL-holding work, where nothing of the function's work waits or lets go of the lock. */
function holdingOnly(runtime: Runtime, func: Func): Witness<CpuFact> | null {
  const { kind, holding, releasing } = workloadOf(runtime, func);
  return kind === "cpu" && !releasing ? holding : null;
}

function offloaded(func: Func, at: Node, witness: Witness<CpuFact>, doubt: number, how: string): Detection {
  const shown = at.kind === "call" ? at.callee : at;
  return {
    func,
    at,
    message: `${quoted(witness.func.name.slice(witness.func.name.lastIndexOf(".") + 1))} ${how} ${sourceWords(witness.source)}, which holds the GIL: in a thread (${code(func.module, shown)}) it still slows the event loop`,
    doubt,
    subject: `${witness.func.name}>${witness.source.name}`,
    cause: `${witness.source.site.func.name}>${witness.source.name}`,
    trace: hops(witness),
  };
}
