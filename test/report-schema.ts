const text = { type: "string" };
const line = { type: "integer", minimum: 1 };
const count = { type: "integer", minimum: 0 };
const choice = (...values: string[]) => ({ enum: values });
const list = (items: object) => ({ type: "array", items });

/** An object with these fields, all of them, and no others. */
function object(properties: Record<string, object>) {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

const range = { startLine: line, startColumn: line, endLine: line, endColumn: line };
const place = object({ path: text, line, message: text });
const confidence = choice("high", "medium", "low");
const model = choice(
  "sequential",
  "asyncio",
  "threads",
  "processes",
  "asyncio+threads",
  "asyncio+processes",
  "interpreters",
);

const finding = object({
  rule: text,
  severity: choice("error", "warning", "notice"),
  confidence,
  path: text,
  ...range,
  function: text,
  message: text,
  instead: text,
  trace: list(place),
  state: { enum: ["introduced", "existing", "fixed", null] },
  suppressed: { type: "boolean" },
  fingerprint: { type: "string", minLength: 8 },
  fix: { oneOf: [{ type: "null" }, object({ title: text, edits: list(object({ ...range, newText: text })) })] },
  cause: { type: ["string", "null"] },
});

const recommendation = object({
  function: text,
  path: text,
  line,
  workload: choice("io", "cpu", "mixed", "unknown"),
  gil: { enum: ["holds", "releases", "mixed", null] },
  current: model,
  recommended: model,
  fits: { type: ["boolean", "null"] },
  confidence,
  reasons: list(text),
  evidence: list(place),
  change: { oneOf: [{ type: "null" }, object({ before: text, after: text })] },
  sizes: list(object({ of: text, value: text, why: text })),
  alternatives: list(object({ model, words: text })),
  verify: list(text),
});

/** The contract of `--format json`, schema version 1. */
export const reportSchema = object({
  schemaVersion: { const: 1 },
  tool: object({
    name: { const: "python-concurrency-review" },
    version: { type: "string", pattern: "^\\d+\\.\\d+\\.\\d+" },
  }),
  mode: choice("review", "audit"),
  pythonVersion: { type: "string", pattern: "^3\\.\\d+t?$" },
  verdict: choice("pass", "fail", "error"),
  stats: object({
    files: count,
    lines: count,
    skipped: list(object({ path: text, reason: text, whole: { type: "boolean" } })),
    durationMs: { type: "number", minimum: 0 },
    introduced: count,
    fixed: count,
    existing: count,
    suppressed: count,
  }),
  findings: list(finding),
  checklist: list(
    object({
      id: text,
      question: text,
      status: choice("pass", "fail", "not-applicable", "unknown"),
      evidence: list(place),
      findings: list(text),
    }),
  ),
  recommendations: list(recommendation),
  resources: list(
    object({
      kind: choice(
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
      line,
      capacity: { type: ["number", "null"] },
      capacityFrom: text,
    }),
  ),
  map: { type: ["string", "null"] },
  notes: list(text),
});
