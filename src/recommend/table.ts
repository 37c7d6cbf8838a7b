import type { Confidence } from "../finding.ts";
import type { WaitGroup } from "../knowledge/costs.ts";
import { EVENT_LOOP } from "./guide/event-loop.ts";
import { ONE_AFTER_THE_OTHER } from "./guide/one-by-one.ts";
import { IN_PROCESSES } from "./guide/processes.ts";
import { IN_THREADS } from "./guide/threads.ts";
import type { TRIALS } from "./guide/trials.ts";
import type { Runs } from "./parts.ts";

/** What to do with a part of the work: leave it where it is, or run it elsewhere. `measure` leaves it until a measurement speaks. */
export type Goes = "stays" | "one by one" | "asyncio" | "threads" | "processes" | "measure";

/** Numbers that a change needs, each explained by `sizes.ts`. */
export type SizeId = "semaphore" | "default-executor" | "threads" | "connections" | "children" | "processes" | "server";

/** Other ways, each with the Python it needs, in `alternatives.ts`. */
export type AlternativeId =
  | "interpreters"
  | "free-threaded"
  | "async-http"
  | "async-driver"
  | "async-subprocess"
  | "threads-measured"
  | "processes-measured"
  | "split"
  | "bounded-threads"
  | "queue";

/** One line of the guide: work that runs in one of these ways, and what fits it. A condition that is left out is no condition. */
export interface Row {
  id: string;
  /** In the words of the guide. */
  scenario: string;
  runs: readonly Runs[];
  does: "waits" | "computes" | "either";
  group?: readonly WaitGroup[];
  gil?: readonly ("holds" | "releases" | "mixed")[];
  /** Only where all of it is as heavy as its input. */
  byInput?: true;
  /** Only where a call that releases the GIL does the same. */
  swap?: true;
  /** Only in code under an event loop. */
  code?: "async";
  /** Only where the work as a whole is of this kind. */
  work?: readonly ("io" | "cpu" | "mixed")[];
  /** Only where more wait at once than threads are good for. */
  many?: true;
  /** Only on builds without the GIL, or only on builds with it. */
  build?: "gil" | "free-threaded";
  goes: Goes;
  sure: Confidence;
  /** The first sentence stands alone where the code fits. A sentence with a `{name}` that has no value is left out. */
  why: readonly string[];
  sizes?: readonly SizeId[];
  alternatives?: readonly AlternativeId[];
  /** Which values to try, and what result speaks against the advice. */
  trial: keyof typeof TRIALS;
}

/** The decision table: the first line that is met decides. */
export const GUIDE: readonly Row[] = [...EVENT_LOOP, ...IN_THREADS, ...IN_PROCESSES, ...ONE_AFTER_THE_OTHER];

/** Work that is next to nothing, wherever it was sent. */
export const SMALL: Pick<Row, "why" | "sure" | "trial"> = {
  sure: "medium",
  why: [
    "{work} takes microseconds: handing it over costs more than it does (a thread 0.1 ms, a process 0.3 ms and the pickling).",
  ],
  trial: "small",
};

/** Work that nothing is known about. */
export const UNKNOWN: Pick<Row, "why" | "sure" | "trial"> = {
  sure: "low",
  why: [
    "What {work} spends its time on cannot be told from the code{stranger}: measure it before the model is changed.",
  ],
  trial: "unknown",
};
