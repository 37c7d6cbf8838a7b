import type { WaitGroup } from "../knowledge/costs.ts";
import type { Func } from "../python/module.ts";
import type { Cost } from "../runtime/effects/costs.ts";
import { workOf } from "../runtime/effects/workloads.ts";
import { leniency } from "../runtime/graph/leniency.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Launch } from "./launches.ts";
import type { Subject } from "./sites.ts";

/** How a part of the work runs today. */
export type Runs =
  | "awaited"
  | "awaited one by one"
  | "on the loop"
  | "alone on the loop"
  | "in threads"
  | "in one thread"
  | "in server threads"
  | "in processes"
  | "in one process"
  | "in server processes"
  | "in interpreters"
  | "one by one";

/** The costs of one kind that run in one way. */
export interface Part {
  runs: Runs;
  does: "waits" | "computes";
  group: WaitGroup | null;
  gil: Cost["gil"];
  costs: readonly Cost[];
  /** More threads than waiting needs, or any number of them. */
  many: boolean;
  /** Another function sends it where it runs: it is that one's to change. */
  elsewhere: boolean;
}

/** The parts that count, the heaviest first. */
export function partsOf(runtime: Runtime, subject: Omit<Subject, "parts">): Part[] {
  const parts = new Map<string, Part & { costs: Cost[] }>();
  for (const cost of workOf(subject.costs).costs) {
    const runs = runsOf(runtime, subject, cost);
    if (runs === null) continue;
    const elsewhere = cost.ground !== "here" && launchOf(subject, cost) === null;
    const key = [runs, cost.does, cost.group, cost.gil, elsewhere].join();
    const part = parts.get(key);
    if (part) part.costs.push(cost);
    else
      parts.set(key, {
        runs,
        does: cost.does,
        group: cost.group,
        gil: cost.gil,
        costs: [cost],
        many: isMany(subject, runs),
        elsewhere,
      });
  }
  return [...parts.values()];
}

/** The place in the function itself that sends a cost away. */
function launchOf({ launches }: Pick<Subject, "launches">, cost: Cost): Launch | null {
  return (
    launches.find(({ costs }) => costs.list.includes(cost)) ?? launches.find(({ site }) => site === cost.at) ?? null
  );
}

/** How a cost runs; `null` where that is another function's to say. */
function runsOf(
  runtime: Runtime,
  { isAsync, func, launches, candidate, context }: Omit<Subject, "parts">,
  cost: Cost,
): Runs | null {
  const launch = launchOf({ launches }, cost);
  switch (cost.ground) {
    case "thread":
      return launch?.alone && launch.kind === "thread" ? "in one thread" : "in threads";
    case "process":
      return launch?.alone && launch.kind === "process" ? "in one process" : "in processes";
    case "interpreter":
      return "in interpreters";
    default:
  }
  // Nobody sits at a server's terminal: its questions are for other ways to run the code.
  if (cost.group === "person" && context) return null;
  const inLoop = candidate?.hot.some(({ site, ground }) => site === cost.site && ground === cost.ground) ?? false;
  if (!cost.blocks) return inLoop ? "awaited one by one" : "awaited";
  if (inLoop && !func.isAsync) return "one by one";
  if (cost.coroutine !== null && !isGathered(launches, cost.coroutine)) return null;
  if (func.isAsync || (isAsync && !context))
    return leniency(runtime, cost.coroutine ?? func, cost.coroutine ? cost.site.node : cost.at.node) === null
      ? "on the loop"
      : "alone on the loop";
  if (context?.kind === "thread") return "in server threads";
  if (context?.kind === "process") return "in server processes";
  return context?.kind === "loop" ? "on the loop" : "one by one";
}

/** Several tasks of a coroutine that stops the loop run one after the other. */
export function isGathered(launches: readonly Launch[], coroutine: Func): boolean {
  return launches.some(
    ({ kind, alone, work }) => kind === "tasks" && !alone && work.some(({ func }) => func === coroutine),
  );
}

/** Beyond this many waiting threads a loop is the better place to wait. */
const MANY_THREADS = 100;

function isMany({ launches, candidate }: Omit<Subject, "parts">, runs: Runs): boolean {
  if (runs === "in threads") return launches.some(({ kind, atOnce }) => kind === "thread" && atOnce > MANY_THREADS);
  if (runs === "one by one")
    return candidate !== null && (candidate.count === null ? candidate.isMany : candidate.count >= MANY_THREADS);
  return false;
}
