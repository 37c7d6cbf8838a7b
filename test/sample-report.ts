import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding, Place } from "../src/finding.ts";
import type { Report } from "../src/report.ts";
import type { Sources } from "../src/reporters/sources.ts";
import { ROOT } from "./sources.ts";

const FOLDER = "test/sample";

/** The sample's files: `shop/api.py` and so on. */
export const sampleSources: Sources = {
  line: (path, line) => linesOf(path)[line - 1],
};

/** A pull request that brings two errors with one cause, a capacity mismatch and a lost task, and mends one problem. */
export function sampleReview(): Report {
  return {
    schemaVersion: 1,
    tool: { name: "python-concurrency-review", version: "1.0.0" },
    mode: "review",
    pythonVersion: "3.12",
    verdict: "fail",
    stats: { files: 7, lines: 134, skipped: [], durationMs: 64, introduced: 5, fixed: 1, existing: 1, suppressed: 1 },
    findings: [blocking(), alsoBlocking(), pool(), taskNotKept(), perCall(), existing(), fixed(), suppressed()],
    checklist: checklist(),
    recommendations: recommendations(),
    resources: [
      {
        kind: "thread-pool",
        name: "pool",
        ...at("shop/reports.py", "ThreadPoolExecutor(max"),
        capacity: 32,
        capacityFrom: "max_workers=THREADS (32, shop/reports.py:7)",
      },
      {
        kind: "db-pool",
        name: "engine",
        ...at("shop/reports.py", "create_engine("),
        capacity: 15,
        capacityFrom: "pool_size 5 + max_overflow 10 (defaults)",
      },
      {
        kind: "process-pool",
        name: "pool",
        ...at("shop/thumbnails.py", "ProcessPoolExecutor(max"),
        capacity: 2,
        capacityFrom: "max_workers=2",
      },
      {
        kind: "thread-pool",
        name: "default executor",
        ...at("shop/api.py", "asyncio.to_thread"),
        capacity: null,
        capacityFrom: "min(32, cpus + 4)",
      },
    ],
    map: [
      "flowchart LR",
      '  loop(["event loop"])',
      '  threads["threads: 32<br>shop/reports.py:13"]',
      '  processes["processes: 2<br>shop/thumbnails.py:11"]',
      '  db[("connections: 15<br>shop/reports.py:9")]',
      "  loop -->|run_in_executor| processes",
      "  threads ==>|17 wait| db",
      "  classDef mismatch stroke:#cf222e,stroke-width:3px",
      "  class db mismatch",
    ].join("\n"),
    notes: [
      "The pull request changes `pyproject.toml` `[tool.pcr]`; the base's configuration counts until it is merged.",
    ],
  };
}

/** The same program as an audit sees it. */
export function sampleAudit(): Report {
  const report = sampleReview();
  const findings = report.findings
    .filter(({ state }) => state !== "fixed")
    .map((finding): Finding => ({ ...finding, state: null }));
  return {
    ...report,
    mode: "audit",
    stats: {
      ...report.stats,
      introduced: 0,
      fixed: 0,
      existing: 6,
      skipped: [{ path: "shop/legacy.py", reason: "2 lines could not be parsed", whole: false }],
    },
    findings,
    notes: [],
  };
}

/** A report without anything in it. */
export function emptyReport(mode: Report["mode"]): Report {
  const stats = {
    files: 3,
    lines: 210,
    skipped: [],
    durationMs: 12,
    introduced: 0,
    fixed: 0,
    existing: 0,
    suppressed: 0,
  };
  return {
    ...sampleReview(),
    mode,
    verdict: "pass",
    stats,
    findings: [],
    checklist: [],
    recommendations: [],
    resources: [],
    map: null,
    notes: [],
  };
}

/** A finding of one's own making, at the place of the first one of the sample. */
export function sampleFinding(changes: Partial<Finding>): Finding {
  return { ...blocking(), cause: null, trace: [], ...changes };
}

function blocking(): Finding {
  return {
    rule: "blocking-call-reached-from-async",
    severity: "error",
    confidence: "high",
    ...rangeOf("shop/api.py", "price_of(sku)}", "price_of"),
    function: "shop.api.price",
    message: "`price_of` blocks the event loop: it ends in `requests.get`",
    instead: "Call it with `await asyncio.to_thread(…)`, or make it async with `httpx.AsyncClient.get`.",
    trace: [
      placeOf("shop/prices.py", "_entry(sku)[", "`price_of` calls `_entry`"),
      placeOf("shop/prices.py", "requests.get(", "`_entry` calls `requests.get`"),
    ],
    state: "introduced",
    suppressed: false,
    fingerprint: "5ad1f0a2c9e34b7796aa",
    fix: null,
    cause: "shop.prices._entry>requests.get",
  };
}

function alsoBlocking(): Finding {
  return {
    ...blocking(),
    ...rangeOf("shop/api.py", "await levels()", "levels"),
    function: "shop.api.stock",
    message: "`levels` blocks the event loop: it ends in `requests.get`",
    fingerprint: "61b7c0d2aa5f4c0b8d10",
  };
}

function pool(): Finding {
  return {
    rule: "db-pool-smaller-than-threads",
    severity: "warning",
    confidence: "high",
    ...rangeOf("shop/reports.py", "create_engine(", 'create_engine("postgresql+psycopg://shop@db/shop")'),
    function: "shop.reports",
    message:
      "32 threads (`max_workers`, shop/reports.py:7) share 15 connections (`pool_size` 5 + `max_overflow` 10, defaults): 17 wait, and after 30 s fail with `TimeoutError`",
    instead: "Give the engine `pool_size=32`, or the pool at most 15 threads.",
    trace: [
      placeOf("shop/reports.py", "ThreadPoolExecutor(max", "32 threads start here"),
      placeOf("shop/reports.py", "engine.connect()", "each takes a connection"),
    ],
    state: "introduced",
    suppressed: false,
    fingerprint: "0c3f1b8e77d94a219b55",
    fix: null,
    cause: null,
  };
}

function taskNotKept(): Finding {
  return {
    ...blocking(),
    rule: "task-not-kept",
    severity: "warning",
    ...rangeOf("shop/api.py", "asyncio.create_task(", "asyncio.create_task(notify(order_id))"),
    function: "shop.api.order",
    message:
      "the task of `notify(order_id)` is not kept: it may be collected before it is done, and its exception is lost",
    instead: "Keep it in a set until it is done, or use `asyncio.TaskGroup`.",
    trace: [],
    fingerprint: "b0d8e1b6d7f84d5e9a43",
    cause: null,
    fix: {
      title: "Await it",
      edits: [
        {
          ...span("shop/api.py", "asyncio.create_task(", "asyncio.create_task(notify(order_id))"),
          newText: "await notify(order_id)",
        },
      ],
    },
  };
}

function perCall(): Finding {
  return {
    ...taskNotKept(),
    rule: "executor-per-call",
    severity: "notice",
    confidence: "medium",
    ...rangeOf("shop/thumbnails.py", "ProcessPoolExecutor(max", "ProcessPoolExecutor(max_workers=2)"),
    function: "shop.thumbnails.thumbnail",
    message: "a process pool is started for every call of `thumbnail`",
    instead: "Make it once, in the lifespan of the application.",
    fingerprint: "3e5d0c1b2a994f7d8c66",
    fix: null,
  };
}

function existing(): Finding {
  return {
    ...taskNotKept(),
    rule: "blocking-call-in-async",
    severity: "error",
    ...rangeOf("shop/api.py", "time.sleep(0.5)", "time.sleep"),
    function: "shop.api.ready",
    message: "`time.sleep` blocks the event loop",
    instead: "Await `asyncio.sleep`.",
    state: "existing",
    fingerprint: "77aa0b1c2d3e4f506172",
    fix: null,
  };
}

function fixed(): Finding {
  return {
    ...existing(),
    rule: "session-not-closed",
    severity: "warning",
    ...rangeOf("shop/stock.py", "aiohttp.ClientSession()", "aiohttp.ClientSession()"),
    function: "shop.stock.levels",
    message: "`session` is never closed",
    instead: "Use `async with`.",
    state: "fixed",
    fingerprint: "90817263544536271819",
  };
}

function suppressed(): Finding {
  return {
    ...taskNotKept(),
    rule: "request-without-timeout",
    ...rangeOf("shop/prices.py", "requests.get(", "requests.get"),
    function: "shop.prices._entry",
    message: "`requests.get` can wait for ever",
    instead: "Give it `timeout=10`.",
    suppressed: true,
    fingerprint: "acbd18db4cc2f85cedef",
    fix: null,
  };
}

function checklist(): Report["checklist"] {
  return [
    {
      id: "loop-never-blocked",
      question: "Does nothing on the event loop block, at any depth?",
      status: "fail",
      evidence: [placeOf("shop/api.py", "price_of(sku)}", "`price_of` ends in `requests.get`")],
      findings: [blocking().fingerprint, alsoBlocking().fingerprint],
    },
    {
      id: "db-pool-fits-threads",
      question:
        "Are there at least as many database connections as threads (or tasks) that use them, and does the server allow their sum?",
      status: "fail",
      evidence: [placeOf("shop/reports.py", "create_engine(", "15 connections for 32 threads")],
      findings: [pool().fingerprint],
    },
    {
      id: "cpu-work-in-processes",
      question: "Does GIL-holding CPU work leave the loop and the threads?",
      status: "pass",
      evidence: [placeOf("shop/thumbnails.py", "run_in_executor", "`shrink` runs in processes")],
      findings: [],
    },
    {
      id: "shared-state-guarded",
      question: "Threads: lock; processes: Manager/Value/Array; tasks: asyncio.Lock across awaits?",
      status: "not-applicable",
      evidence: [],
      findings: [],
    },
    {
      id: "baseline-measured",
      question: "Is there a single-threaded baseline and a profile?",
      status: "unknown",
      evidence: [
        placeOf("shop/reports.py", "print(sum", "measure with `python -m cProfile -s cumulative -m shop.reports`"),
      ],
      findings: [],
    },
  ];
}

function recommendations(): Report["recommendations"] {
  return [
    {
      function: "shop.reports.totals",
      ...at("shop/reports.py", "def totals"),
      workload: "io",
      gil: "releases",
      current: "threads",
      recommended: "threads",
      fits: true,
      confidence: "high",
      reasons: ["Each call waits for the database; threads fit once they are no more than the connections."],
      evidence: [placeOf("shop/reports.py", "connection.execute", "`Connection.execute` waits for the database")],
      change: null,
      sizes: [],
      alternatives: [],
      verify: ["py-spy record --output totals.svg -- python -m shop.reports"],
    },
    {
      function: "shop.api.price",
      ...at("shop/api.py", "async def price"),
      workload: "io",
      gil: "releases",
      current: "asyncio",
      recommended: "asyncio+threads",
      fits: false,
      confidence: "high",
      reasons: [
        "`requests` blocks the loop; a thread waits in its place.",
        "Below about 32 at once threads do as well as `httpx`.",
      ],
      evidence: [placeOf("shop/prices.py", "requests.get(", "`requests.get` waits for the network")],
      change: {
        before: 'return {"price": price_of(sku)}',
        after: 'return {"price": await asyncio.to_thread(price_of, sku)}',
      },
      sizes: [
        {
          of: "threads of the loop's default executor",
          value: "min(32, processors + 4)",
          why: "`asyncio.to_thread` shares them with every other call that does so",
        },
      ],
      alternatives: [
        { model: "asyncio", words: "asyncio with `httpx.AsyncClient`, for more than about 100 calls at once." },
      ],
      verify: [
        "PYTHONASYNCIODEBUG=1 uvicorn shop.api:app   # names what holds the loop for more than 100 ms",
        "py-spy record --output price.svg --pid $(pgrep -f shop.api)",
      ],
    },
    {
      function: "shop.thumbnails.shrink",
      ...at("shop/thumbnails.py", "def shrink"),
      workload: "cpu",
      gil: "mixed",
      current: "asyncio+processes",
      recommended: "asyncio+processes",
      fits: null,
      confidence: "low",
      reasons: ["Pillow releases the GIL while it resizes: threads may do, measure."],
      evidence: [placeOf("shop/thumbnails.py", ".resize(", "`Image.resize` is CPU work that releases the GIL")],
      change: null,
      sizes: [],
      alternatives: [],
      verify: ["py-spy record --gil --output shrink.svg -- python -m shop.thumbnails"],
    },
  ];
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(join(ROOT, FOLDER, path), "utf8").split(/\r?\n/);
  } catch {
    return [];
  }
}

function lineOf(path: string, text: string): number {
  const line = linesOf(path).findIndex((content) => content.includes(text)) + 1;
  if (line === 0) throw new Error(`The sample's ${path} has no line with ${text}.`);
  return line;
}

function at(path: string, text: string): { path: string; line: number } {
  return { path, line: lineOf(path, text) };
}

function placeOf(path: string, text: string, message: string): Place {
  return { ...at(path, text), message };
}

function span(path: string, text: string, part: string) {
  const line = lineOf(path, text);
  const startColumn = (linesOf(path)[line - 1] ?? "").indexOf(part) + 1;
  return { startLine: line, startColumn, endLine: line, endColumn: startColumn + part.length };
}

function rangeOf(path: string, text: string, part: string) {
  return { path, ...span(path, text, part) };
}
