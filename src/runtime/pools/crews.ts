import { POOLS } from "../../knowledge/pools.ts";
import type { Func, Module } from "../../python/module.ts";
import { lineOf, sourceOf } from "../../python/module.ts";
import type { Node } from "../../python/syntax.ts";
import { answeredOnce } from "../answered.ts";
import type { Root } from "../graph/contexts.ts";
import type { Runtime } from "../runtime.ts";
import { type Capacity, fixed, isUnlimited, type SizePlace } from "./capacity.ts";
import { drawsOf } from "./draws.ts";
import { namedCrew } from "./named-crews.ts";
import type { Pool } from "./pools.ts";
import { type Submission, submissionsOf } from "./submissions.ts";
import { type Times, timesOf } from "./times.ts";

/** A piece of work that a crew does: the function it begins with, and where it is handed over. */
export interface Work {
  /** `null` for work that is a library's function. */
  func: Func | null;
  library: string | null;
  /** How often it may be under way at once, as far as those who hand it over go. */
  times: Times;
  /** The place that hands it over; the definition for what a framework calls. */
  at: { module: Module; node: Node };
  /** What a message says about that place. */
  words: string;
  submission: Submission | null;
  root: Root | null;
  doubt: number;
}

/** Workers that do the program's work side by side: the threads or processes of a pool, of a server, or single ones that a loop starts. */
export interface Crew {
  kind: "thread" | "process" | "interpreter" | "greenlet";
  /** In the reader's terms: `pool`, "the threads of plain endpoints". */
  name: string;
  /** The tables' name of a pool that is there unseen: `anyio-threads`, `server-threads`. */
  hidden: string | null;
  /** How many there are; `null` where nobody can know it. */
  capacity: Capacity | null;
  /** What decides how many, where that is not known. */
  open: string | null;
  /** The pool that the program makes; `null` for those that are there unseen. */
  pool: Pool | null;
  /** Where its size comes from, or where it is first used. */
  place: SizePlace;
  works: Work[];
  doubt: number;
}

/** Every crew of the program that is no test, in the order of the code. */
export const crewsOf: (runtime: Runtime) => readonly Crew[] = answeredOnce(build);

function build(runtime: Runtime): readonly Crew[] {
  const crews = new Map<unknown, Crew>();
  const crewFor = (key: unknown, make: () => Crew | null): Crew | null => {
    const before = crews.get(key);
    if (before) return before;
    const made = make();
    if (made) crews.set(key, made);
    return made;
  };
  for (const submission of submissionsOf(runtime)) {
    if (runtime.target.isTest(submission.func.module.path)) continue;
    const times = timesOf(runtime, submission);
    const place = { module: submission.func.module, node: submission.call };
    // A coroutine runs on the loop, whoever is given it.
    const own = submission.work.filter(({ func }) => !func?.isAsync);
    if (own.length === 0) continue;
    const works = own.map(
      ({ func, library, doubt }): Work => ({
        func,
        library,
        times,
        at: place,
        words: submissionWords(submission),
        submission,
        root: null,
        doubt: doubt + submission.doubt,
      }),
    );
    for (const { key, make, doubt } of crewsFor(runtime, submission, times)) {
      const crew = crewFor(key, make);
      crew?.works.push(...(doubt === 0 ? works : works.map((work) => ({ ...work, doubt: work.doubt + doubt }))));
    }
  }
  for (const root of runtime.contexts.roots) {
    if (
      root.kind !== "framework" ||
      root.pool === null ||
      root.pool === "own" ||
      runtime.target.isTest(root.func.module.path)
    )
      continue;
    const context = runtime.contexts.of(root.func).find((one) => one.root === root);
    if (!context || (context.kind !== "thread" && context.kind !== "process")) continue;
    const { module, node } = root.func;
    const at = { module, node };
    const { pool } = root;
    const crew = crewFor(pool, () => namedCrew(runtime, pool, { path: module.path, line: lineOf(module, node) }));
    crew?.works.push({
      func: root.func,
      library: null,
      times: { count: { ...fixed(Number.POSITIVE_INFINITY) }, doubt: 0 },
      at,
      words: root.label,
      submission: null,
      root,
      doubt: context.doubt,
    });
  }
  return [...crews.values()];
}

interface Place {
  key: unknown;
  make: () => Crew | null;
  doubt: number;
}

/** The crews that may do the work of a submission: usually one, none where its executor is not known. */
function crewsFor(runtime: Runtime, submission: Submission, times: Times): Place[] {
  const { pool, fact, to, func, call } = submission;
  const here = { path: func.module.path, line: lineOf(func.module, call) };
  if (pool) {
    const behind = drawsOf(runtime)
      .behind(pool)
      .filter((one) => /^(?:thread|process|interpreter)-pool$/.test(one.pool.fact.kind));
    if (behind.length > 0)
      return behind.map((one) => ({
        key: one.pool.made,
        make: () => pooledCrew(runtime, one.pool),
        doubt: one.doubt - one.pool.doubt + (behind.length > 1 ? 1 : 0),
      }));
    const text = sourceOf(func.module, pool);
    return [{ key: `${func.module.path} ${text}`, make: () => unknownCrew(to ?? "thread", text, here), doubt: 0 }];
  }
  if (fact.pool === "own") return [{ key: call, make: () => ownCrew(submission, times, here), doubt: 0 }];
  const name = fact.pool.startsWith("argument:") ? "default-executor" : fact.pool;
  return POOLS.has(name) ? [{ key: name, make: () => namedCrew(runtime, name, here), doubt: 0 }] : [];
}

function pooledCrew(runtime: Runtime, pool: Pool): Crew {
  const kind = /^(\w+)-pool$/.exec(pool.fact.kind)?.[1];
  const module = runtime.inference.moduleOf(pool.sizedAt);
  return {
    kind: kind === "process" || kind === "interpreter" ? kind : "thread",
    name: pool.name,
    hidden: null,
    capacity: pool.capacity,
    open: pool.open,
    pool,
    place: pool.capacity?.places[0] ?? { path: module.path, line: lineOf(module, pool.sizedAt) },
    works: [],
    doubt: pool.doubt,
  };
}

function unknownCrew(kind: Crew["kind"], name: string, place: SizePlace): Crew {
  return { kind, name, hidden: null, capacity: null, open: name, pool: null, place, works: [], doubt: 0 };
}

/** Threads or processes that the program starts one by one. */
function ownCrew({ to, func, call }: Submission, { count, doubt }: Times, place: SizePlace): Crew {
  const name = sourceOf(func.module, call.callee);
  const isOpen = isUnlimited(count);
  return {
    kind: to ?? "thread",
    name,
    hidden: null,
    capacity: isOpen ? null : { ...count, words: count.words || `started at ${place.path}:${place.line}` },
    open: isOpen ? name : null,
    pool: null,
    place,
    works: [],
    doubt,
  };
}

function submissionWords({ func, call, callable }: Submission): string {
  const by = short(sourceOf(func.module, call.callee));
  return callable ? `\`${by}\` hands over \`${short(sourceOf(func.module, callable))}\`` : `\`${by}\` starts it`;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, " ").replaceAll("`", "'");
  return line.length > 50 ? `${line.slice(0, 49)}…` : line;
}
