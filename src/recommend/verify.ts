import { isAvailable } from "../knowledge/features.ts";
import type { Func } from "../python/module.ts";
import type { Target } from "../runtime/runtime.ts";
import type { Decision } from "./decide.ts";
import type { Entry } from "./entry.ts";
import { TRIALS } from "./guide/trials.ts";
import type { Subject } from "./sites.ts";
import { ownName, quoted } from "./words.ts";

/** How to find out whether the recommendation holds: baseline, profile, trial, and what would refute it. Commands and sentences. */
export function verification(subject: Subject, decision: Decision, entry: Entry, target: Target): string[] {
  const profile = profileOf(subject, decision, entry, target);
  if (decision.fits === true) return [profile.line];
  return [
    ...baselineOf(subject, entry),
    ...profile.before,
    profile.line,
    ...profile.after,
    ...measurement(subject, decision),
    trialOf(subject, decision),
  ];
}

function baselineOf({ func }: Subject, entry: Entry): string[] {
  switch (entry.kind) {
    case "script":
      return [`time python ${entry.run}  # baseline: user + sys near real is computing, far below it is waiting`];
    case "server": {
      if (entry.url === null) return [`Baseline: start ${quoted(entry.start)} and time one task alone.`];
      const load = entry.method === "GET" ? "oha" : `oha -m ${entry.method}`;
      return [
        `${load} -n 200 -c 1 ${entry.url}  # baseline: one request at a time`,
        `${load} -n 200 -c 20 ${entry.url}  # trial: 20 at once`,
      ];
    }
    default:
      return [
        `Baseline: ${callWords(func)} once with real input in \`bench.py\`, and print \`time.process_time()\` and \`time.perf_counter()\` around it: a ratio near 1 is computing, below 0.2 waiting.`,
        "time python bench.py  # baseline: one run, one worker",
      ];
  }
}

/** `call \`Mirror.run\`` for a method, `make a \`Mirror\`` for a constructor. */
function callWords(func: Func): string {
  const name = ownName(func);
  if (func.cls === null) return `call ${quoted(name)}`;
  const cls = func.name.split(".").at(-2) ?? "";
  return name === "__init__" ? `make a ${quoted(cls)}` : `call ${quoted(`${cls}.${name}`)}`;
}

interface Profile {
  before: string[];
  line: string;
  after: string[];
}

function profileOf(subject: Subject, decision: Decision, entry: Entry, target: Target): Profile {
  const name = ownName(subject.func).replace(/\W+/g, "") || "profile";
  const isComputing =
    decision.work.kind === "cpu" || decision.work.kind === "mixed" || decision.work.kind === "unknown";
  const hasProcesses =
    /processes/.test(decision.current) || (decision.fits === false && /processes/.test(decision.recommended));
  const shows =
    isComputing && !target.freeThreaded
      ? "who computes, and who holds the GIL"
      : isComputing
        ? "which calls compute"
        : "where it waits";
  const before: string[] = [];
  const after: string[] = [];
  if (
    entry.kind === "server" &&
    subject.isAsync &&
    decision.current.startsWith("asyncio") &&
    /^(?:uvicorn|python)/.test(entry.start)
  )
    before.push(`PYTHONASYNCIODEBUG=1 ${entry.start}  # names what holds the loop for more than 100 ms`);
  if (
    subject.isAsync &&
    !isComputing &&
    entry.kind === "server" &&
    isAvailable("python-m-asyncio-pstree", target.minor)
  )
    after.push(`python -m asyncio pstree "$(${pid(entry.match)})"  # which task waits for which`);
  if (entry.kind !== "server" && decision.current === "sequential" && decision.work.kind === "cpu")
    before.push(
      `python -m ${isAvailable("profiling.tracing", target.minor) ? "profiling.tracing" : "cProfile"} -s cumulative ${runs(entry)}  # which calls take the time`,
    );
  return { before, line: sampler(name, isComputing, hasProcesses, shows, entry, target), after };
}

function sampler(
  name: string,
  isComputing: boolean,
  hasProcesses: boolean,
  shows: string,
  entry: Entry,
  target: Target,
): string {
  const isOwn = isAvailable("profiling.sampling", target.minor);
  if (isOwn) {
    const flags = [
      isComputing ? (target.freeThreaded ? "--mode cpu" : "--mode gil") : "--mode wall",
      ...(hasProcesses ? ["--subprocesses"] : []),
      "--flamegraph",
      `-o ${name}.html`,
    ].join(" ");
    const what = entry.kind === "server" ? `attach ${flags} "$(${pid(entry.match)})"` : `run ${flags} ${runs(entry)}`;
    return `python -m profiling.sampling ${what}  # ${shows}`;
  }
  const flags = [
    ...(isComputing && !target.freeThreaded ? ["--gil"] : []),
    ...(isComputing ? [] : ["--idle"]),
    ...(hasProcesses ? ["--subprocesses"] : []),
    `--output ${name}.svg`,
  ].join(" ");
  const what = entry.kind === "server" ? `--duration 30 --pid "$(${pid(entry.match)})"` : `-- python ${runs(entry)}`;
  const needs = isAvailable("free-threading", target.minor) ? "; py-spy 0.4.2 or newer" : "";
  return `py-spy record ${flags} ${what}  # ${shows}${entry.kind === "server" ? ", under that load" : ""}${needs}`;
}

function runs(entry: Entry): string {
  return entry.kind === "script" ? entry.run : "bench.py";
}

/** The pattern starts in brackets so that it does not find the shell that asks. */
function pid(match: string): string {
  return `pgrep -f '[${match.charAt(0)}]${match.slice(1)}' | head -n 1`;
}

/** Where nothing is known about the work, the measurement that tells. */
function measurement(subject: Subject, { work }: Decision): string[] {
  if (work.kind !== "unknown") return [];
  const names = subject.launches.flatMap(({ work: given }) =>
    given.flatMap(({ func, library }) => (func ? [ownName(func)] : library ? [library] : [])),
  );
  const what = names[0] === undefined ? "one task" : quoted(names[0]);
  return [
    `Time ${what} alone: \`time.process_time()\` over \`time.perf_counter()\` near 1 is computing, below 0.2 waiting; \`psutil.cpu_percent()\` near 100 says the same of the whole program.`,
  ];
}

function trialOf(subject: Subject, { row }: Decision): string {
  const { knob, watch, refuted } = TRIALS[row.trial];
  const tried =
    knob === null ? `Watch ${watch}.` : `Try ${knob}, until the throughput no longer grows; watch ${watch}.`;
  const against = refuted === null ? "" : ` Refuted if ${refuted}.`;
  const load =
    subject.role === "handler"
      ? " Before production, under load: open connections (`ss -tan`), child processes in state Z, threads that all wait."
      : "";
  return `${tried}${against}${load}`;
}
