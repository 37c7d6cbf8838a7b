import { SERVERS } from "../../knowledge/pools/servers.ts";
import { sizeAt } from "../../knowledge/pools/size.ts";
import { POOLS } from "../../knowledge/pools.ts";
import { number } from "../../python/constant.ts";
import { lineOf, nodesOf, sourceOf } from "../../python/module.ts";
import { argument } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import { serves } from "../servers/served.ts";
import type { Amount, ServerSetting } from "../servers/server-setting.ts";
import { type Capacity, exceeds, fixed, type SizePlace } from "./capacity.ts";
import type { Crew } from "./crews.ts";
import { drawsOf } from "./draws.ts";
import { placeOf } from "./pool-size.ts";
import { poolsOf } from "./pools.ts";

/** A crew that no line of the program makes: a framework's, the event loop's, a server's. `first` is where its work is first met. */
export function namedCrew(runtime: Runtime, name: string, first: SizePlace): Crew | null {
  const base = { hidden: name, pool: null, works: [], place: first, doubt: 0, open: null, capacity: null };
  switch (name) {
    case "default-executor":
      return { ...base, kind: "thread", name: "the loop's default executor", ...defaultExecutor(runtime) };
    case "anyio-threads":
      return { ...base, kind: "thread", name: "the threads of plain endpoints", ...limited(runtime, name) };
    case "trio-threads":
      return { ...base, kind: "thread", name: "Trio's threads", ...limited(runtime, name) };
    case "server-threads":
      return {
        ...base,
        kind: "thread",
        name: "the web server's threads",
        open: "how the web server is started",
        ...webServer(runtime, first),
      };
    case "celery":
      return {
        ...base,
        kind: "process",
        name: "the Celery worker",
        open: "how the Celery worker is started",
        ...celeryWorker(runtime, first),
      };
    case "asgiref":
      return {
        ...base,
        kind: "thread",
        name: "the one thread of sync_to_async",
        capacity: fixed(1, "`thread_sensitive`"),
      };
    case "dramatiq": {
      const size = SERVERS.get("dramatiq")?.threads?.default;
      const value = size ? sizeAt(size, 1) : null;
      return {
        ...base,
        kind: "thread",
        name: "Dramatiq's threads",
        capacity: value === null ? null : fixed(value, "the default of `--threads`", [], 1),
        open: value === null ? "how Dramatiq is started" : null,
      };
    }
    default:
      return { ...base, kind: name === "rq" ? "process" : "thread", name, open: `how ${name} is started` };
  }
}

type Size = Partial<Pick<Crew, "capacity" | "open" | "place" | "kind" | "doubt" | "pool">>;

/** What a table says about a pool that nobody makes. */
function builtIn(name: string, words: string): Capacity | null {
  const size = POOLS.get(name)?.capacity[0]?.default;
  if (!size || sizeAt(size, 2) === null) return null;
  return {
    at: (processors) => {
      const value = sizeAt(size, processors) ?? 0;
      return { least: value, most: value };
    },
    formula: size.kind === "cpus" ? size.formula : String(sizeAt(size, 2)),
    words: size.kind === "cpus" ? `${words}, ${size.formula}` : words,
    places: [],
    doubt: 0,
  };
}

/** The executor that the program gives its loop, else Python's own. */
function defaultExecutor(runtime: Runtime): Size {
  const given = [...callsNamed(runtime, /^asyncio\.AbstractEventLoop\.set_default_executor$/)].flatMap(
    ({ call }) => argument(call, "executor", 0) ?? [],
  );
  const [only, ...others] = given;
  if (!only) return { capacity: builtIn("default-executor", "the event loop's default executor") };
  if (others.length > 0) return { open: "`set_default_executor`" };
  const [behind] = drawsOf(runtime).behind(only);
  return behind
    ? { capacity: behind.pool.capacity, open: behind.pool.open, doubt: behind.doubt, pool: behind.pool }
    : { open: sourceOf(runtime.inference.moduleOf(only), only) };
}

function* callsNamed(runtime: Runtime, wanted: RegExp) {
  for (const { func, node } of runtime.graph.calling(({ name }) => wanted.test(name)))
    if (node.kind === "call" && !runtime.target.isTest(func.module.path)) yield { call: node, func };
}

/** 40, unless `current_default_thread_limiter().total_tokens` is set somewhere. */
function limited(runtime: Runtime, name: string): Size {
  const framework = runtime.contexts.roots
    .find(({ pool, kind }) => pool === name && kind === "framework")
    ?.label.split(" ")[0];
  const limiter = new RegExp(`^${name.replace("-threads", "")}\\.to_thread\\.current_default_thread_limiter$`);
  for (const func of runtime.graph.funcs) {
    if (runtime.target.isTest(func.module.path)) continue;
    for (const node of nodesOf(func, "assign")) {
      if (!node.value) continue;
      for (const target of node.targets) {
        if (target.kind !== "attribute" || target.attr !== "total_tokens") continue;
        const isDefault = runtime.origins
          .of(target.value)
          .some(
            ({ expression }) =>
              expression.kind === "call" &&
              runtime.inference.names(expression.callee).some((one) => limiter.test(one.name)),
          );
        if (!isDefault) continue;
        const constant = runtime.constants.evaluate(node.value);
        const quantity = number(constant);
        const place = { path: func.module.path, line: lineOf(func.module, node) };
        if (!constant || !quantity) return { open: sourceOf(func.module, node), place };
        const from = node.value.kind === "call" ? placeOf(runtime, node.value, constant) : place;
        const value = (): { least: number; most: number } => ({ least: quantity.low, most: quantity.high });
        const words = `\`total_tokens\`, ${from.path}:${from.line}`;
        return {
          capacity: { at: value, formula: quantity.formula, words, places: [from], doubt: constant.doubt },
          place,
        };
      }
    }
  }
  return { capacity: builtIn(name, framework ? `${framework}'s default for plain endpoints` : "AnyIO's default") };
}

/** The servers that load the file in which the work was met. */
function serversOf(runtime: Runtime, { path }: SizePlace): readonly ServerSetting[] {
  const module = runtime.modules.find((one) => one.path === path);
  return module ? runtime.servers.filter((setting) => serves(runtime, setting, module)) : runtime.servers;
}

/** The threads in which a WSGI server runs views, as the project starts it. */
function webServer(runtime: Runtime, first: SizePlace): Size {
  let best: Size | null = null;
  const offer = (size: Size): void => {
    if (!best?.capacity || (size.capacity && exceeds(size.capacity, best.capacity))) best = size;
  };
  for (const setting of serversOf(runtime, first)) {
    const size = serverSize(setting);
    if (size) offer(size);
  }
  for (const pool of poolsOf(runtime).values())
    if (
      /^(?:waitress\.serve|cheroot\.wsgi\.Server)$/.test(pool.fact.name) &&
      !runtime.target.isTest(pool.func.module.path)
    ) {
      const place = pool.capacity?.places[0] ?? {
        path: pool.func.module.path,
        line: lineOf(pool.func.module, pool.made),
      };
      offer({ capacity: pool.capacity, open: pool.open, doubt: pool.doubt, place });
    }
  return best ?? {};
}

function serverSize({ server, workerClass, threads, connections, path, line, words }: ServerSetting): Size | null {
  const place = { path, line };
  if (server === "uvicorn" || server === "hypercorn" || server === "celery") return null;
  if (server === "granian" && workerClass !== "wsgi") return null;
  if (server === "gunicorn") {
    const kind = SERVERS.get("gunicorn")?.worker?.kinds[workerClass ?? "sync"];
    if (kind === "loop" || kind === undefined) return null;
    if (kind === "greenlets") {
      const capacity = connections
        ? amountCapacity(connections)
        : fixed(1000, `the default of \`worker_connections\`, ${words}`, [place]);
      return capacity
        ? { capacity: { ...capacity, doubt: capacity.doubt + 1 }, kind: "greenlet", place }
        : { open: words, place };
    }
  }
  if (server === "uwsgi" && connections) return { open: words, place };
  if (!threads) return { capacity: fixed(1, `${words}, one thread for each worker`, [place]), place };
  const capacity = amountCapacity(threads);
  return { capacity, open: capacity ? null : words, place: threads.from[0] ?? place };
}

/** What runs Celery's tasks: one process each, or the threads or greenlets of its pool. */
function celeryWorker(runtime: Runtime, first: SizePlace): Size {
  let best: Size | null = null;
  for (const setting of serversOf(runtime, first)) {
    if (setting.server !== "celery") continue;
    const { workerClass, threads, workers, path, line, words } = setting;
    const place = { path, line };
    const kind = SERVERS.get("celery")?.worker?.kinds[workerClass ?? "prefork"];
    if (kind === "threads" || kind === "greenlets") {
      const capacity = threads && amountCapacity(threads);
      const doubt = kind === "greenlets" ? 1 : 0;
      const size: Size = {
        kind: kind === "threads" ? "thread" : "greenlet",
        capacity: capacity && { ...capacity, doubt: capacity.doubt + doubt },
        open: capacity ? null : words,
        place: threads?.from[0] ?? place,
      };
      if (!best?.capacity || best.kind === "process" || (size.capacity && exceeds(size.capacity, best.capacity)))
        best = size;
    } else if (!best)
      best = { kind: "process", capacity: workers && amountCapacity(workers), open: workers ? null : words, place };
  }
  return best ?? {};
}

/** An amount of a server's settings as a capacity; `null` where nobody can compute it. */
export function amountCapacity({ low, high, exact, formula, doubt, from }: Amount): Capacity | null {
  if (exact === null && high === Number.POSITIVE_INFINITY) return null;
  const last = from.at(-1);
  const [first] = from;
  const words = [first?.words, last && `${last.path}:${last.line}`].filter(Boolean).join(", ");
  return {
    at: () => (exact === null ? { least: low, most: high } : { least: exact, most: exact }),
    formula,
    words,
    places: from.map(({ path, line }) => ({ path, line })),
    doubt,
  };
}
