import type { Confidence, Finding, Place } from "./finding.ts";

/** The outcome of one run, exactly as `--format json` prints it. Fields may be added within schema version 1; none is renamed. */
export interface Report {
  schemaVersion: 1;
  tool: { name: "python-concurrency-review"; version: string };
  mode: "review" | "audit";
  pythonVersion: string;
  verdict: "pass" | "fail" | "error";
  stats: Stats;
  findings: Finding[];
  checklist: ChecklistAnswer[];
  recommendations: Recommendation[];
  resources: Resource[];
  /** Mermaid source of the program's concurrency map; `null` when there is nothing to draw. */
  map: string | null;
  /** Sentences the reader should see beside the findings: configuration changed by the pull request, ignores it adds, limits hit. */
  notes: string[];
  /** Which part of an audit this is, when it was split. */
  shard?: { index: number; count: number };
  /** The pull request and its head, when the action reviewed one. */
  pullRequest?: { number: number; head: string };
}

export interface Stats {
  files: number;
  lines: number;
  /** Files that were not analysed, or only in part. `whole` says that nothing of the file could be analysed. */
  skipped: { path: string; reason: string; whole: boolean }[];
  durationMs: number;
  introduced: number;
  fixed: number;
  existing: number;
  suppressed: number;
}

export interface ChecklistAnswer {
  id: string;
  question: string;
  status: "pass" | "fail" | "not-applicable" | "unknown";
  evidence: Place[];
  /** Fingerprints of the findings that make the item fail. */
  findings: string[];
}

export type Workload = "io" | "cpu" | "mixed" | "unknown";
export type Model =
  | "sequential"
  | "asyncio"
  | "threads"
  | "processes"
  | "asyncio+threads"
  | "asyncio+processes"
  | "interpreters";

export interface Recommendation {
  function: string;
  path: string;
  line: number;
  workload: Workload;
  gil: "holds" | "releases" | "mixed" | null;
  current: Model;
  recommended: Model;
  fits: boolean | null;
  confidence: Confidence;
  reasons: string[];
  evidence: Place[];
  /** The smallest change that gets there, in the project's own names; `null` where the place is not simple enough to show. */
  change: Change | null;
  /** The numbers that the change needs. */
  sizes: Size[];
  alternatives: Alternative[];
  verify: string[];
}

/** A few lines as they are, and as they would be. */
export interface Change {
  before: string;
  after: string;
}

/** A number (or the expression that gives it), and where it comes from. */
export interface Size {
  of: string;
  value: string;
  why: string;
}

/** Another model that would do, and under which condition. */
export interface Alternative {
  model: Model;
  words: string;
}

export type ResourceKind =
  | "thread-pool"
  | "process-pool"
  | "interpreter-pool"
  | "db-pool"
  | "http-pool"
  | "semaphore"
  | "queue"
  | "server-workers";

export interface Resource {
  kind: ResourceKind;
  name: string;
  path: string;
  line: number;
  /** `null` when unknown or symbolic; `capacityFrom` then carries the formula. */
  capacity: number | null;
  capacityFrom: string;
}
