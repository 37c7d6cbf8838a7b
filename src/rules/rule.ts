import type { Severity } from "../finding.ts";
import type { Func, Module } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A place that takes part, with its own few words. */
export interface Related {
  module: Module;
  at: Node;
  message: string;
}

/** A repair in terms of the tree: each edit replaces the text from `start` to `end` (offsets in the finding's file). */
export interface Repair {
  title: string;
  edits: { start: number; end: number; text: string }[];
}

/** What a rule found. Path, lines, fingerprint and state are added once, by `review.ts`. */
export interface Detection {
  /** The body of code the finding is in. */
  func: Func;
  at: Node;
  /** One line: what is wrong here, with the author's names in it. */
  message: string;
  /** What to do about it; the rule's own advice if left out. */
  instead?: string;
  /** Other places, in the order a traceback is read. */
  trace?: Related[];
  /** The rule's own severity if left out. */
  severity?: Severity;
  /** Inferred steps on the way: 0 high, 1 medium, 2 or more low confidence. */
  doubt: number;
  /** Where it shows at run time, if not at the place itself: start-up code, scripts and tests weigh less. `null` where that does not matter. */
  shows?: { func: Func; at: Node } | null;
  /** The canonical names reported: part of the fingerprint, so that changing an argument keeps the finding what it is. */
  subject: string;
  /** The root that it shares with other findings (a blocking helper's name). */
  cause?: string;
  repair?: Repair | undefined;
}

export interface Rule {
  id: string;
  title: string;
  severity: Severity;
  group: "Event loop" | "Threads" | "Processes" | "Pools and capacity" | "Timeouts" | "Resources" | "About ignores";
  /** What happens at run time. */
  why: string;
  /** What to do. */
  instead: string;
  bad: string;
  good: string;
  detect(runtime: Runtime): Iterable<Detection>;
}
