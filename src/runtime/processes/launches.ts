import { push } from "../../multimap.ts";
import type { Func } from "../../python/module.ts";
import type { Call, Expression } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import { type Effects, type Source, spread } from "../effects/witness.ts";
import type { LibraryCallee, Site } from "../graph/callgraph.ts";
import { submissionsOf } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import { type StartChoice, startMethod } from "./start-method.ts";

/** One place that starts child processes, or threads. */
export interface Launch {
  kind: "process" | "thread";
  /** What is started, in words: "`Pool`", "`Process`", "thread". */
  label: string;
  /** How the children start; `null` for threads. */
  choice: StartChoice | null;
  /** The call that makes the thread, process or pool, if it is known. */
  made: Call | null;
  /** Names the executor that is made but starts nothing before it gets work. */
  waits: boolean;
}

/** What starts children and threads, directly and through calls. */
export interface Launches {
  direct(func: Func): readonly Source<Launch>[];
  processes: Effects<Launch>;
  threads: Effects<Launch>;
}

const known = new WeakMap<Runtime, Launches>();

/** The launches of the program; computed once. */
export function launchesOf(runtime: Runtime): Launches {
  const found = known.get(runtime);
  if (found) return found;
  const launches = new Map<Func, Source<Launch>[]>();
  const direct = (func: Func): readonly Source<Launch>[] => launches.get(func) ?? [];
  for (const site of runtime.graph.calling(mayLaunch)) {
    const launch = launchAt(runtime, site);
    if (launch) push(launches, site.func, launch);
  }
  const only = (kind: Launch["kind"]) => (func: Func) => direct(func).filter(({ fact }) => fact.kind === kind);
  const made: Launches = {
    direct,
    processes: spread(runtime.graph, only("process")),
    threads: spread(runtime.graph, only("thread")),
  };
  known.set(runtime, made);
  return made;
}

function mayLaunch({ name }: LibraryCallee): boolean {
  return (
    /^multiprocessing\.(?:(?:pool\.)?Pool|Process\.start)$/.test(name) ||
    name === "threading.Thread.start" ||
    name === "concurrent.futures.ProcessPoolExecutor" ||
    (name.startsWith("concurrent.futures.") && /\.(?:submit|map)$/.test(name))
  );
}

function launchAt(runtime: Runtime, site: Site): Source<Launch> | null {
  const { node } = site;
  if (site.kind !== "call" || node.kind !== "call") return null;
  for (const callee of site.library) {
    const fact = launchOf(runtime, node, callee);
    if (fact) return { site, name: callee.name, doubt: callee.doubt, fact };
  }
  return null;
}

function launchOf(runtime: Runtime, call: Call, { name, receiver }: LibraryCallee): Launch | null {
  switch (name) {
    case "multiprocessing.Pool":
    case "multiprocessing.pool.Pool":
      return { kind: "process", label: "`Pool`", choice: startMethod(runtime, call), made: call, waits: false };
    case "concurrent.futures.ProcessPoolExecutor":
      return {
        kind: "process",
        label: "`ProcessPoolExecutor`",
        choice: startMethod(runtime, call),
        made: call,
        waits: true,
      };
    case "multiprocessing.Process.start": {
      const made = makerOf(runtime, call, "multiprocessing.Process");
      return {
        kind: "process",
        label: "`Process`",
        choice: made ? startMethod(runtime, made) : null,
        made,
        waits: false,
      };
    }
    case "threading.Thread.start":
      return {
        kind: "thread",
        label: "thread",
        choice: null,
        made: makerOf(runtime, call, "threading.Thread"),
        waits: false,
      };
  }
  if (!receiver || !name.startsWith("concurrent.futures.") || !/\.(?:submit|map)$/.test(name)) return null;
  const types = runtime.inference.library.ancestry(receiver);
  if (!types.includes("concurrent.futures.ThreadPoolExecutor")) return null;
  const pool = call.callee.kind === "attribute" ? call.callee.value : null;
  return { kind: "thread", label: "thread pool", choice: null, made: pool && callOf(runtime, pool), waits: false };
}

/** The constructor call behind `x.start()`. */
function makerOf(runtime: Runtime, call: Call, base: string): Call | null {
  if (call.callee.kind !== "attribute") return null;
  for (const { expression } of runtime.origins.of(call.callee.value))
    if (expression.kind === "call" && makes(runtime, expression, base)) return expression;
  return null;
}

function makes(runtime: Runtime, call: Call, base: string): boolean {
  return runtime.inference.values(call.callee).some((value) => {
    if (value.kind === "class")
      return runtime.inference
        .libraryBases(value.cls)
        .some((name) => runtime.inference.library.ancestry(name).includes(base));
    return value.kind === "library" && runtime.inference.library.ancestry(value.name).includes(base);
  });
}

function callOf(runtime: Runtime, expression: Expression): Call | null {
  for (const { expression: origin } of runtime.origins.of(expression)) if (origin.kind === "call") return origin;
  return null;
}

/** Whether the module's top level gives work to the executor that it makes at `made`. */
export function isFedAtImport(runtime: Runtime, top: Func, made: Call): boolean {
  return submissionsOf(runtime).some(
    ({ func, pool }) =>
      func === top && pool !== null && runtime.origins.of(pool).some(({ expression }) => expression === made),
  );
}

/** What runs in a thread or process that a launch makes: the callable given as `target`, for the reader. */
export function targetOf({ made }: Launch): Expression | null {
  return made && argument(made, "target", -1);
}
