import type { Confidence } from "../finding.ts";
import type { Model } from "../report.ts";
import { loopsAround } from "../runtime/effects/boundedness.ts";
import type { Cost } from "../runtime/effects/costs.ts";
import { type Work, weightOf, workOf } from "../runtime/effects/workloads.ts";
import type { Target } from "../runtime/runtime.ts";
import type { Launch } from "./launches.ts";
import type { Part, Runs } from "./parts.ts";
import type { Subject } from "./sites.ts";
import { type Goes, GUIDE, type Row, SMALL, UNKNOWN } from "./table.ts";

/** What the guide says about one part of the work. */
export interface Verdict {
  part: Part;
  row: Row;
}

/** What fits a function, and why. */
export interface Decision {
  work: Work;
  current: Model;
  recommended: Model;
  fits: boolean | null;
  confidence: Confidence;
  /** The part that decides comes first. */
  verdicts: readonly Verdict[];
  /** The line that speaks for the whole. */
  row: Pick<Row, "why" | "sure" | "trial"> & Partial<Row>;
}

/** Weighs every part of a function's work against the guide; `null` where there is nothing to say. */
export function decide(subject: Subject, target: Target): Decision | null {
  const work = workOf(subject.costs);
  if (work.kind === "small") return small(subject, work);
  if (work.kind === "unknown") return unknown(subject, work);
  // Processes may be there for what nobody sees: only work that is known from end to end leaves them.
  if (work.kind === "io" && work.partial && subject.parts.some(({ runs }) => runs === "in processes"))
    return unknown(subject, { ...work, kind: "unknown", costs: work.costs });
  const verdicts = subject.parts.flatMap((part): Verdict[] => {
    const row = rowFor(subject, part, work, target);
    return row ? [{ part, row }] : [];
  });
  const wrong = verdicts.filter(
    (one) => one.row.goes !== "stays" && one.row.goes !== "measure" && !one.part.elsewhere && counts(one, work),
  );
  const open = verdicts.filter(({ row }) => row.goes === "measure");
  const deciding =
    wrong[0] ??
    (isLargest(open[0], verdicts) ? open[0] : undefined) ??
    heaviest(verdicts.filter(({ row }) => row.goes === "stays"));
  if (!deciding) return null;
  // What a handler does with its input is small unless it says otherwise.
  if (deciding.row.goes === "measure" && !isPool(subject)) return null;
  const fits = wrong.length > 0 ? false : deciding.row.goes === "measure" ? null : true;
  const current = currentModel(subject, wrong);
  const ordered = [...wrong, ...verdicts.filter((one) => !wrong.includes(one))];
  return {
    work,
    current,
    recommended: fits === false ? modelAfter(subject, work, verdicts, wrong) : current,
    fits,
    confidence: lowest(deciding.row.sure, confidenceOf(subject, work, deciding)),
    verdicts: ordered,
    row: deciding.row,
  };
}

/** The smaller part of the work decides only where it stops the loop. */
function counts({ part }: Verdict, { kind }: Work): boolean {
  if (part.runs === "on the loop" || kind === "mixed") return true;
  return (kind === "io") === (part.does === "waits");
}

function heaviest(verdicts: readonly Verdict[]): Verdict | undefined {
  return [...verdicts].sort((a, b) => weightOf(b.part.costs) - weightOf(a.part.costs))[0];
}

function isLargest(verdict: Verdict | undefined, all: readonly Verdict[]): boolean {
  return verdict !== undefined && all.every((one) => weightOf(one.part.costs) <= weightOf(verdict.part.costs));
}

function rowFor({ isAsync }: Subject, part: Part, work: Work, { freeThreaded }: Target): Row | undefined {
  return GUIDE.find(
    (row) =>
      row.runs.includes(part.runs) &&
      (row.does === "either" || row.does === part.does) &&
      (!row.group || (part.group !== null && row.group.includes(part.group))) &&
      (!row.gil || (part.gil !== null && row.gil.includes(part.gil))) &&
      (!row.byInput || part.costs.every(isByInput)) &&
      (!row.work || row.work.some((kind) => kind === work.kind)) &&
      (!row.swap || part.costs.every(({ instead, byInput }) => instead !== null || byInput)) &&
      (!row.code || isAsync) &&
      (!row.many || part.many) &&
      (!row.build || (row.build === "free-threaded") === freeThreaded),
  );
}

function isByInput({ byInput }: Cost): boolean {
  return byInput;
}

function small(subject: Subject, work: Work): Decision | null {
  // One submission alone is there for another reason than speed.
  if (subject.role !== "starter" || !subject.launches.some(isSpread)) return null;
  // What others pass in is theirs to judge.
  if (subject.launches.some(({ costs }) => costs.chosen)) return null;
  const current = currentModel(subject, []);
  return {
    work,
    current,
    recommended: subject.isAsync ? "asyncio" : "sequential",
    fits: false,
    confidence: SMALL.sure,
    verdicts: [],
    row: SMALL,
  };
}

function unknown(subject: Subject, work: Work): Decision | null {
  // What callers or subclasses choose is theirs to measure.
  if (!isPool(subject) || (work.stranger === null && (subject.costs.chosen || subject.launches.some(isLambda))))
    return null;
  const current = currentModel(subject, []);
  return { work, current, recommended: current, fits: null, confidence: "low", verdicts: [], row: UNKNOWN };
}

function isLambda({ work }: Launch): boolean {
  return work.some(({ func }) => func?.node.kind === "lambda");
}

function isSpread({ kind, alone, site, submission }: Launch): boolean {
  if (kind === "tasks" || alone) return false;
  return submission?.fact.argsForm === "map" || loopsAround(site.node).length > 0;
}

/** Work that is spread over threads or processes. */
function isPool({ role, launches }: Subject): boolean {
  return (
    role === "starter" &&
    launches.some(
      ({ kind, alone, submission }) => kind !== "tasks" && !alone && submission?.fact.result !== "awaitable",
    )
  );
}

type Place = "loop" | "threads" | "processes" | "interpreters" | "one by one";

const PLACES: Record<Runs, Place> = {
  awaited: "loop",
  "awaited one by one": "one by one",
  "on the loop": "loop",
  "alone on the loop": "loop",
  "in threads": "threads",
  "in one thread": "threads",
  "in server threads": "threads",
  "in processes": "processes",
  "in one process": "processes",
  "in server processes": "processes",
  "in interpreters": "interpreters",
  "one by one": "one by one",
};

const AFTER: Record<Goes, Place | null> = {
  stays: null,
  measure: null,
  "one by one": "one by one",
  asyncio: "loop",
  threads: "threads",
  processes: "processes",
};

function currentModel(subject: Subject, wrong: readonly Verdict[]): Model {
  const [first] = wrong;
  if (first && PLACES[first.part.runs] === "one by one") return "sequential";
  const places = new Set<Place>(subject.parts.map(({ runs }) => PLACES[runs]));
  for (const { kind } of subject.launches) places.add(placeOf(kind));
  const { context } = subject;
  if (context?.kind === "thread") places.add("threads");
  if (context?.kind === "process") places.add("processes");
  return named(places, subject.isAsync);
}

function placeOf(kind: Launch["kind"]): Place {
  switch (kind) {
    case "thread":
      return "threads";
    case "process":
      return "processes";
    case "interpreter":
      return "interpreters";
    default:
      return "loop";
  }
}

function modelAfter(subject: Subject, work: Work, verdicts: readonly Verdict[], wrong: readonly Verdict[]): Model {
  const places = new Set<Place>();
  let isAsync = subject.isAsync;
  for (const verdict of verdicts) {
    const { part, row } = verdict;
    const isMoved = wrong.includes(verdict);
    if (!isMoved && wrong.length > 0 && !counts(verdict, work)) continue;
    if (isMoved && row.goes === "asyncio") isAsync = true;
    places.add((isMoved && AFTER[row.goes]) || PLACES[part.runs]);
  }
  if (subject.context?.kind === "thread") places.add("threads");
  if (subject.context?.kind === "process") places.add("processes");
  return named(places, isAsync);
}

function named(places: ReadonlySet<Place>, isAsync: boolean): Model {
  if (places.has("processes")) return isAsync ? "asyncio+processes" : "processes";
  if (places.has("interpreters")) return "interpreters";
  if (places.has("threads")) return isAsync ? "asyncio+threads" : "threads";
  return isAsync ? "asyncio" : "sequential";
}

const LEVELS: readonly Confidence[] = ["low", "medium", "high"];

function lowest(...all: readonly Confidence[]): Confidence {
  return LEVELS[Math.min(...all.map((one) => LEVELS.indexOf(one)))] ?? "low";
}

function confidenceOf(subject: Subject, work: Work, { part }: Verdict): Confidence {
  const doubt =
    Math.min(...part.costs.map((cost) => cost.doubt)) +
    (subject.candidate && PLACES[part.runs] === "one by one" ? subject.candidate.doubt : 0);
  const own = doubt <= 0 ? "high" : doubt === 1 ? "medium" : "low";
  return lowest(own, work.stranger === null ? "high" : "medium");
}
