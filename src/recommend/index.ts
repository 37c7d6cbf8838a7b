import type { Place } from "../finding.ts";
import { isAvailable } from "../knowledge/features.ts";
import { type Func, lineOf } from "../python/module.ts";
import { children } from "../python/syntax.ts";
import type { Recommendation } from "../report.ts";
import type { Cost } from "../runtime/effects/costs.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { alternativesFor } from "./alternatives.ts";
import { changeFor } from "./change.ts";
import { type Decision, decide, type Verdict } from "./decide.ts";
import { driverFor } from "./drivers.ts";
import { entryOf } from "./entry.ts";
import { notesFor } from "./notes.ts";
import { type Subject, subjectsOf } from "./sites.ts";
import { sizesFor, sizeValue } from "./sizes.ts";
import { verification } from "./verify.ts";
import { callName, choices, costWords, filled, ownName, quoted } from "./words.ts";

/** Which model fits each function that creates concurrency, answers requests, or could do its work at once; in files that `concerns` names. */
export function recommendationsOf(runtime: Runtime, concerns: (path: string) => boolean): Recommendation[] {
  return subjectsOf(runtime)
    .filter(({ func }) => concerns(func.module.path))
    .flatMap((subject) => {
      const decision = decide(subject, runtime.target);
      return decision ? [recommendation(runtime, subject, decision)] : [];
    })
    .sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}

function recommendation(runtime: Runtime, subject: Subject, decision: Decision): Recommendation {
  const { func } = subject;
  const { work, current, recommended, fits, confidence, row } = decision;
  const isChange = fits === false;
  return {
    function: func.name,
    path: func.module.path,
    line: lineFor(subject),
    workload: work.kind === "small" ? "cpu" : work.kind,
    gil: work.kind === "small" ? "holds" : work.gil,
    current,
    recommended,
    fits,
    confidence,
    reasons: reasonsFor(runtime, subject, decision),
    evidence: evidenceFor(decision),
    change: isChange ? changeFor(runtime, subject, decision) : null,
    sizes: isChange ? sizesFor(runtime, subject, row.sizes ?? []) : [],
    alternatives: isChange ? alternativesFor(subject, decision, runtime.target) : [],
    verify: verification(subject, decision, entryOf(runtime, subject), runtime.target),
  };
}

/** The line of the definition; of the first place that starts something, where that stands at the top of a module. */
function lineFor({ func, launches, candidate }: Subject): number {
  const [launch] = launches;
  if (func.node.kind !== "module")
    return lineOf(func.module, func.node.kind === "function" ? nameNode(func) : func.node);
  const at = launch ? launch.site.node : candidate?.loop;
  return at ? lineOf(func.module, at) : 1;
}

/** A function's own line comes after its decorators. */
function nameNode({ node }: Func) {
  if (node.kind !== "function" || node.decorators.length === 0) return node;
  const last = node.decorators.at(-1);
  return [...node.params, ...children(node).filter(({ start }) => last && start > last.end)][0] ?? node;
}

function reasonsFor(runtime: Runtime, subject: Subject, decision: Decision): string[] {
  const { fits, verdicts, row, work } = decision;
  const sentences = (verdict: Verdict | null, why: readonly string[]): string[] =>
    why.flatMap((template) => filled(template, values(runtime, subject, verdict, work.stranger)) ?? []);
  const [first] = verdicts;
  if (!first) return sentences(null, row.why);
  const deciding = fits === false ? first : (verdicts.find((one) => one.row === row) ?? first);
  const notes = notesFor(runtime, subject, decision);
  if (fits === true) return [[...sentences(deciding, deciding.row.why.slice(0, 1)), ...notes].join(" ")];
  const reasons = [...sentences(deciding, deciding.row.why)];
  for (const other of verdicts) {
    if (other === deciding || other.row.id === deciding.row.id) continue;
    if (other.row.goes === "measure") continue;
    if (other.row.goes !== "stays" && fits === false && movesAlong(other, first)) continue;
    if (other.row.goes === "stays") reasons.push(...staying(other, verdicts));
    else reasons.push(...sentences(other, other.row.why.slice(0, 1)));
  }
  return [...new Set([...reasons.slice(0, MOST_REASONS), ...notes])];
}

const MOST_REASONS = 4;

/** Everything in the part lies behind the very call that is moved. */
function movesAlong({ part }: Verdict, moved: Verdict): boolean {
  const at = moved.part.costs[0]?.at;
  return part.costs.every((cost) => cost.at === at && cost.hops > 0);
}

/** Which part of mixed work stays where it is. */
function staying({ part }: Verdict, all: readonly Verdict[]): string[] {
  const call = part.costs[0];
  if (!call || part.does === all[0]?.part.does) return [];
  const where =
    part.runs === "awaited"
      ? "stays awaited on the loop"
      : part.runs === "in server threads"
        ? "stays in the server's threads"
        : part.runs === "in threads"
          ? "may stay in threads"
          : null;
  return where === null
    ? []
    : [`The part that ${part.does === "waits" ? "waits" : "computes"} (${callName(call.name)}) ${where}.`];
}

function values(
  runtime: Runtime,
  subject: Subject,
  verdict: Verdict | null,
  stranger: string | null,
): Record<string, string | null> {
  const { target } = runtime;
  const cost = verdict?.part.costs[0] ?? null;
  const instead = awaitable(cost?.instead ?? null);
  return {
    call: cost && callName(cost.name),
    work: workName(subject),
    to_thread: isAvailable("asyncio.to_thread", target.minor)
      ? "`await asyncio.to_thread(…)`"
      : "`await loop.run_in_executor(None, …)`",
    tasks: isAvailable("asyncio.TaskGroup", target.minor) ? "`asyncio.TaskGroup`" : "`asyncio.gather`",
    limit: sizeValue(runtime, subject, "semaphore"),
    instead: instead && choices(instead),
    driver: driverFor(verdict?.part.costs ?? []),
    many: manyWords(subject),
    stranger: stranger === null ? "" : ` (no table knows ${quoted(stranger)})`,
  };
}

/** Alternatives that are awaited themselves; moving the call to a thread is said anyway. */
function awaitable(instead: string | null): string | null {
  const names = (instead ?? "")
    .split(" / ")
    .filter((name) => name !== "" && !/to_thread|run_in_executor|Executor/.test(name));
  return names.length === 0 ? null : names.join(" / ");
}

/** What is handed over, or the function itself. */
function workName({ launches, func }: Subject): string {
  for (const { work } of launches)
    for (const one of work) {
      if (one.func) return one.func.node.kind === "lambda" ? "the work" : quoted(ownName(one.func));
      if (one.library) return callName(one.library);
    }
  return launches.length > 0 ? "the work" : quoted(ownName(func));
}

function manyWords({ launches }: Subject): string | null {
  const most = launches.filter(({ kind }) => kind === "thread").reduce((sum, { atOnce }) => Math.max(sum, atOnce), 0);
  if (most === Number.POSITIVE_INFINITY)
    return launches.some(({ perItem }) => perItem)
      ? "Threads without a bound, one for every element,"
      : "Threads without a bound";
  return `${most} threads`;
}

const MOST_EVIDENCE = 4;

/** The lines that prove what the work is: those of the part that decides, then the dearest. */
function evidenceFor({ work, fits, verdicts }: Decision): Place[] {
  const found: Place[] = [];
  const deciding = fits === false ? (verdicts[0]?.part.costs ?? []) : [];
  for (const cost of [...deciding, ...work.costs]) {
    const place = evidence(cost);
    if (
      !found.some(({ path, line, message }) => path === place.path && line === place.line && message === place.message)
    )
      found.push(place);
    if (found.length === MOST_EVIDENCE) break;
  }
  return found;
}

function evidence(cost: Cost): Place {
  const { module } = cost.site.func;
  const node = cost.site.kind === "iterate" && cost.site.library.length === 0 ? cost.site.node : placeOf(cost.site);
  return { path: module.path, line: lineOf(module, node), message: costWords(cost) };
}
