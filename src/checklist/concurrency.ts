import type { Place } from "../finding.ts";
import { sourceOf } from "../python/module.ts";
import type { Recommendation } from "../report.ts";
import { startsOf } from "../runtime/coroutines/starts.ts";
import { workloadOf } from "../runtime/effects/workloads.ts";
import { counted } from "../runtime/pools/capacity.ts";
import { crewsOf } from "../runtime/pools/crews.ts";
import { poolsOf } from "../runtime/pools/pools.ts";
import { type Submission, submissionsOf } from "../runtime/pools/submissions.ts";
import { type Evidence, type Examination, isProgram, placeAt, quoted } from "./item.ts";

/** What the recommendations say about code that runs concurrently today. */
function concurrent({ recommendations }: Examination): readonly Recommendation[] {
  return recommendations.filter(({ current }) => current !== "sequential");
}

const WORKLOADS = { io: "waits", cpu: "computes", mixed: "waits and computes", unknown: "" };

/** Whether it is clear what each piece of concurrent work does. */
export function workloadEvidence(examination: Examination): Evidence {
  const shows: Place[] = [];
  const open: Place[] = [];
  for (const { function: name, path, line, workload, verify } of concurrent(examination)) {
    if (workload !== "unknown") shows.push({ path, line, message: `${shortName(name)} ${WORKLOADS[workload]}` });
    else
      open.push({
        path,
        line,
        message: `what ${shortName(name)} spends its time on is not known here${howToMeasure(verify)}`,
      });
  }
  return { shows, open };
}

/** The first thing to do, as a sentence or as a command without its comment. */
function howToMeasure([first]: readonly string[]): string {
  if (first === undefined) return "";
  const sentence = /^Baseline: (.*?)\.?$/.exec(first)?.[1];
  return sentence === undefined ? `: measure it with ${quoted(first.replace(/ {2}# .*$/, ""))}` : `: ${sentence}`;
}

/** Whether the model in use is the one that fits. */
export function modelEvidence(examination: Examination): Evidence {
  const shows: Place[] = [];
  const open: Place[] = [];
  for (const { function: name, path, line, fits, current } of concurrent(examination)) {
    const place = { path, line, message: `${shortName(name)} uses ${current.replace("+", " with ")}` };
    if (fits === true) shows.push(place);
    else if (fits === null) open.push({ ...place, message: `${place.message}: measure before deciding` });
  }
  return { shows, open };
}

/** Recommendations that say that another model fits. */
export function modelMisfits(examination: Examination): readonly Place[] {
  return concurrent(examination)
    .filter(({ fits }) => fits === false)
    .map(({ function: name, path, line, current, recommended, reasons }) => {
      const today = `${shortName(name)} uses ${current.replace("+", " with ")}`;
      const better =
        recommended === current ? (reasons[0] ?? "it does not fit") : `${recommended.replace("+", " with ")} would fit`;
      return { path, line, message: `${today}: ${better}` };
    });
}

function shortName(name: string): string {
  return quoted(name.split(".").slice(-2).join("."));
}

/** The coroutines that no rule found blocking, one place for each file. */
export function loopEvidence({ runtime }: Examination): Evidence {
  const shows: Place[] = [];
  for (const module of runtime.modules) {
    if (!isProgram(runtime, module)) continue;
    const coroutines = module.functions.filter(({ isAsync }) => isAsync);
    const [first, ...others] = coroutines;
    if (first?.node.kind !== "function") continue;
    const words =
      others.length === 0
        ? `${quoted(first.node.name)} blocks nothing`
        : `none of ${coroutines.length} coroutines blocks`;
    shows.push(placeAt(module, first.node, words));
  }
  return { shows, open: [] };
}

/** Work that holds the GIL and runs in processes, and work that lets go of it in threads. */
export function cpuEvidence({ runtime }: Examination): Evidence {
  const shows: Place[] = [];
  for (const submission of submissionsOf(runtime)) {
    if (!isProgram(runtime, submission.func.module)) continue;
    for (const { func } of submission.work) {
      if (!func) continue;
      const { kind, gil } = workloadOf(runtime, func);
      if (kind !== "cpu" && kind !== "mixed") continue;
      const what = submissionWords(submission);
      if (submission.to === "process" || submission.to === "interpreter")
        shows.push(
          placeAt(
            submission.func.module,
            submission.call,
            `${what} computes in ${submission.to === "process" ? "processes" : "interpreters"}`,
          ),
        );
      else if (gil === "releases" && submission.to === "thread")
        shows.push(placeAt(submission.func.module, submission.call, `${what} lets go of the GIL while it computes`));
    }
  }
  return { shows, open: [] };
}

function submissionWords({ func, callable, call }: Submission): string {
  return quoted(sourceOf(func.module, callable ?? call.callee));
}

/** The executors that the program makes, with their sizes. */
export function executorEvidence({ runtime }: Examination): Evidence {
  const shows: Place[] = [];
  for (const { fact, func, made, name, capacity, open } of poolsOf(runtime).values()) {
    if (!/^(?:thread|process|interpreter)-pool$/.test(fact.kind) || !isProgram(runtime, func.module)) continue;
    const size = capacity
      ? `${counted(capacity, "worker")} (${capacity.words})`
      : `as many workers as ${quoted(open ?? fact.name)} says`;
    shows.push(placeAt(func.module, made, `${quoted(name)} is made once, with ${size}`));
  }
  return { shows, open: [] };
}

/** Work that is handed over, and tasks that are started: somebody looks at what comes of them. */
export function resultEvidence({ runtime }: Examination): Evidence {
  const shows: Place[] = [];
  for (const submission of submissionsOf(runtime)) {
    const { func, call, fact } = submission;
    if (fact.result === "none" || !isProgram(runtime, func.module)) continue;
    shows.push(placeAt(func.module, call, `the result of ${submissionWords(submission)} is looked at`));
  }
  const starts = startsOf(runtime);
  for (const func of runtime.graph.funcs) {
    if (!isProgram(runtime, func.module)) continue;
    for (const { call, awaitedAtOnce } of starts.in(func))
      if (!awaitedAtOnce)
        shows.push(
          placeAt(func.module, call, `the tasks of ${quoted(sourceOf(func.module, call.callee))} are waited for`),
        );
  }
  return { shows, open: [] };
}

/** Whether anything in the program runs side by side. */
export function isConcurrent({ runtime }: Examination): boolean {
  return (
    crewsOf(runtime).some(({ works }) => works.length > 0) ||
    runtime.modules.some((module) => isProgram(runtime, module) && module.functions.some(({ isAsync }) => isAsync))
  );
}
