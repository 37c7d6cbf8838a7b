import { repeats } from "../runtime/effects/blocking.ts";
import { workloadOf } from "../runtime/effects/workloads.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import { submissionsOf } from "../runtime/pools/submissions.ts";
import { sourceWords } from "./cpu-work-on-event-loop.ts";
import { hops, shortName } from "./hops.ts";
import type { Rule } from "./rule.ts";
import { quoted } from "./words.ts";

export const cpuWorkInThreads: Rule = {
  id: "cpu-work-in-threads",
  title: "CPU work spread over threads",
  severity: "warning",
  group: "Threads",
  why: "Python bytecode holds the GIL: threads that compute take turns on one core, and switching between them only adds time.",
  instead: "Use a `ProcessPoolExecutor` (about as many workers as cores), or a library that releases the GIL.",
  bad: `
from concurrent.futures import ThreadPoolExecutor


def is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def count(limit: int) -> int:
    return sum(1 for number in range(limit) if is_prime(number))


def main(limits: list[int]) -> list[int]:
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(count, limits))
`,
  good: `
from concurrent.futures import ProcessPoolExecutor


def is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def count(limit: int) -> int:
    return sum(1 for number in range(limit) if is_prime(number))


def main(limits: list[int]) -> list[int]:
    with ProcessPoolExecutor() as pool:
        return list(pool.map(count, limits))


if __name__ == "__main__":
    print(main([1_000, 2_000, 3_000]))
`,
  *detect(runtime) {
    if (runtime.target.freeThreaded) return;
    for (const { site, fact, to, work, call, doubt } of submissionsOf(runtime)) {
      if (to !== "thread" || fact.result === "awaitable") continue;
      // One thread beside the main one has another reason than speed.
      const isMany = fact.argsForm === "map" || repeats(call);
      if (!isMany) continue;
      for (const { func, library, doubt: guess } of work) {
        const load = func && workloadOf(runtime, func);
        const witness = load?.kind === "cpu" && !load.releasing ? (load.holding ?? load.input) : null;
        const own = library === null ? undefined : runtime.cpuFact(library);
        if (witness && func)
          yield {
            func: site.func,
            at: placeOf(site),
            message: `${quoted(shortName(func))} computes in many threads at once, but holds the GIL (${sourceWords(witness.source)}): the threads take turns`,
            doubt: doubt + guess + (load?.holding ? 0 : 1),
            subject: `${func.name}>${witness.source.name}`,
            trace: hops(witness),
          };
        else if (own && own.weight !== "light" && own.gil === "holds")
          yield {
            func: site.func,
            at: placeOf(site),
            message: `${quoted(own.name)} holds the GIL: many threads of it take turns`,
            doubt: doubt + guess + (own.weight === "heavy" ? 0 : 1),
            subject: own.name,
          };
        else continue;
        break;
      }
    }
  },
};
