import { flag, list, number, orNull, type Read, table, text, word } from "./checked.ts";
import { InputError } from "./errors.ts";
import type { Edit, Finding, Fix, Place } from "./finding.ts";
import type { ChecklistAnswer, Recommendation, Report, Resource, Stats } from "./report.ts";

/** Reads a JSON report that an earlier run wrote. It is data from outside: every field is checked, unknown ones are dropped. */
export function readReport(json: string, name: string): Report {
  const value = parsed(json, name);
  const found = report(value, name);
  const more = origin(value, name);
  return {
    ...found,
    ...(more.shard === null ? {} : { shard: more.shard }),
    ...(more.pullRequest === null ? {} : { pullRequest: more.pullRequest }),
  };
}

/** Only what a report says about its origin: enough to compare with what GitHub says. */
export function readOrigin(json: string, name: string): Origin {
  return origin(parsed(json, name), name);
}

export type Origin = {
  shard: { index: number; count: number } | null;
  pullRequest: { number: number; head: string } | null;
};

function parsed(json: string, name: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new InputError(`${name} is not JSON; name a report that --format json or the input report-file wrote`);
  }
}

type Plain<T> = { [K in keyof T]: T[K] };

const MODELS = word(
  "sequential",
  "asyncio",
  "threads",
  "processes",
  "asyncio+threads",
  "asyncio+processes",
  "interpreters",
);
const confidence = word("high", "medium", "low");
const range = { startLine: number, startColumn: number, endLine: number, endColumn: number };
const place: Read<Place> = table<Plain<Place>>({ path: text, line: number, message: text });
const edit: Read<Edit> = table<Plain<Edit>>({ ...range, newText: text });
const fix: Read<Fix> = table<Plain<Fix>>({ title: text, edits: list(edit) });

const finding: Read<Finding> = table<Plain<Finding>>({
  ...range,
  rule: text,
  severity: word("error", "warning", "notice"),
  confidence,
  path: text,
  function: text,
  message: text,
  instead: text,
  trace: list(place),
  state: orNull(word("introduced", "existing", "fixed")),
  suppressed: flag,
  fingerprint: text,
  fix: orNull(fix),
  cause: orNull(text),
});

const stats: Read<Stats> = table<Plain<Stats>>({
  files: number,
  lines: number,
  skipped: list(table({ path: text, reason: text, whole: flag })),
  durationMs: number,
  introduced: number,
  fixed: number,
  existing: number,
  suppressed: number,
});

const answer: Read<ChecklistAnswer> = table<Plain<ChecklistAnswer>>({
  id: text,
  question: text,
  status: word("pass", "fail", "not-applicable", "unknown"),
  evidence: list(place),
  findings: list(text),
});

const recommendation: Read<Recommendation> = table<Plain<Recommendation>>({
  function: text,
  path: text,
  line: number,
  workload: word("io", "cpu", "mixed", "unknown"),
  gil: orNull(word("holds", "releases", "mixed")),
  current: MODELS,
  recommended: MODELS,
  fits: orNull(flag),
  confidence,
  reasons: list(text),
  evidence: list(place),
  change: orNull(table({ before: text, after: text })),
  sizes: list(table({ of: text, value: text, why: text })),
  alternatives: list(table({ model: MODELS, words: text })),
  verify: list(text),
});

const resource: Read<Resource> = table<Plain<Resource>>({
  kind: word(
    "thread-pool",
    "process-pool",
    "interpreter-pool",
    "db-pool",
    "http-pool",
    "semaphore",
    "queue",
    "server-workers",
  ),
  name: text,
  path: text,
  line: number,
  capacity: orNull(number),
  capacityFrom: text,
});

const version: Read<1> = (value, at) => {
  if (value === 1) return 1;
  throw new InputError(`${at} must be 1; use the same version of this tool for all runs`);
};

const report: Read<Report> = table<Plain<Omit<Report, "shard" | "pullRequest">>>({
  schemaVersion: version,
  tool: table<Plain<Report["tool"]>>({ name: word("python-concurrency-review"), version: text }),
  mode: word("review", "audit"),
  pythonVersion: text,
  verdict: word("pass", "fail", "error"),
  stats,
  findings: list(finding),
  checklist: list(answer),
  recommendations: list(recommendation),
  resources: list(resource),
  map: orNull(text),
  notes: list(text),
});

const origin: Read<Origin> = table<Origin>({
  shard: orNull(table({ index: number, count: number })),
  pullRequest: orNull(table({ number, head: text })),
});
