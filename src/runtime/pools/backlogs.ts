import type { Func } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { isInside, within } from "../../python/syntax.ts";
import { startsOf } from "../coroutines/starts.ts";
import { type LoopAround, loopsAround } from "../effects/boundedness.ts";
import type { Site } from "../graph/callgraph.ts";
import { runningFrom } from "../graph/running.ts";
import { usesOf } from "../lifetimes/usage.ts";
import type { Runtime } from "../runtime.ts";
import { isUnlimited, limitsOf } from "./capacity.ts";
import { drawsOf } from "./draws.ts";
import { type Pool, poolsOf } from "./pools.ts";
import { submissionsOf } from "./submissions.ts";
import { lengthOf } from "./times.ts";

/** A place that puts into a queue or takes from it. */
interface End {
  func: Func;
  site: Site;
  call: Call;
  loop: LoopAround;
  doubt: number;
}

/** A queue without a limit whose producer never waits, while its consumers do for every item. */
export interface Backlog {
  queue: Pool;
  put: End;
  get: End;
  /** What the consumer waits for or computes. */
  slow: { func: Func; node: Node };
  doubt: number;
}

/** Fewer items than this are no backlog. */
const FEW = 1000;

const PUTS = /(?:^|\.)\w*Queue\.(?:put|put_nowait)$/;
const GETS = /(?:^|\.)\w*Queue\.(?:get|get_nowait)$/;

/** The backlogs of the program that is no test. */
export function backlogsOf(runtime: Runtime): readonly Backlog[] {
  const queues = [...poolsOf(runtime).values()].filter(
    ({ fact, capacity, func }) =>
      fact.kind === "queue" &&
      /Queue$/.test(fact.name) &&
      capacity !== null &&
      isUnlimited(capacity) &&
      !runtime.target.isTest(func.module.path),
  );
  if (queues.length === 0) return [];
  const ends = endsOf(runtime);
  return queues.flatMap((queue) => {
    const here = ends.get(queue.made);
    return here && !isGuarded(runtime, queue) ? (backlogOf(runtime, queue, here) ?? []) : [];
  });
}

interface Ends {
  puts: End[];
  gets: End[];
}

function endsOf(runtime: Runtime): Map<Expression, Ends> {
  const found = new Map<Expression, Ends>();
  for (const site of runtime.graph.calling(({ name }) => PUTS.test(name) || GETS.test(name))) {
    const { func, node, library } = site;
    if (node.kind !== "call" || node.callee.kind !== "attribute") continue;
    const isPut = library.some(({ name }) => PUTS.test(name));
    // A `while` takes or gives again and again in its condition, too.
    const [loop] = [...loopsAround(node)];
    if (!loop) continue;
    for (const { pool, doubt } of drawsOf(runtime).behind(node.callee.value)) {
      const ends = found.get(pool.made) ?? { puts: [], gets: [] };
      found.set(pool.made, ends);
      ends[isPut ? "puts" : "gets"].push({ func, site, call: node, loop, doubt });
    }
  }
  return found;
}

/** Logging's queue must not hold the program up, and who asks how full a queue is has thought of it. */
function isGuarded(runtime: Runtime, { made }: Pool): boolean {
  return usesOf(runtime, made).some(
    (use) =>
      (use.kind === "method" && /^(?:qsize|full)$/.test(use.name)) ||
      (use.kind === "passed" &&
        runtime.inference.names(use.call.callee).some(({ name }) => name.startsWith("logging."))),
  );
}

function backlogOf(runtime: Runtime, queue: Pool, { puts, gets }: Ends): Backlog | null {
  for (const put of puts) {
    if (put.loop.kind === "while" || !isLong(runtime, put.loop) || waitsIn(runtime, put)) continue;
    for (const get of gets) {
      if (get.func === put.func || get.loop.kind !== "while") continue;
      const slow = slowIn(runtime, get);
      if (slow && runsBeside(runtime, get.func, put))
        return { queue, put, get, slow, doubt: put.doubt + get.doubt + queue.doubt };
    }
  }
  return null;
}

function isLong(runtime: Runtime, loop: LoopAround): boolean {
  return loop.kind !== "while" && !loop.isAsync && limitsOf(lengthOf(runtime, loop.iter)).low > FEW;
}

function bodyOf(loop: LoopAround): readonly Node[] {
  if (loop.kind === "clause") return loop.parent ? within(loop.parent) : [];
  return within(loop);
}

function sitesIn(runtime: Runtime, { func, loop }: End): Site[] {
  const nodes = new Set(bodyOf(loop));
  return runtime.graph.sites(func).filter(({ node }) => nodes.has(node) || node === loop);
}

/** Whether the producer itself waits for something slow in each round: then it cannot run ahead. */
function waitsIn(runtime: Runtime, put: End): boolean {
  const slow = new Set(
    runtime.blocking
      .direct(put.func)
      .filter(({ fact, site }) => /^(?:net|wait|proc|user)$/.test(fact.cost) && site !== put.site)
      .map(({ site }) => site),
  );
  return sitesIn(runtime, put).some(
    (site) =>
      site !== put.site &&
      !site.library.some(({ name }) => PUTS.test(name)) &&
      (slow.has(site) ||
        site.awaited ||
        site.targets.some(({ func }) => func.isAsync || runtime.blocking.waits.get(func) !== undefined)),
  );
}

const NETWORK =
  /^(?:aiohttp|httpx2?|asyncpg|aiomysql|aiopg|psycopg|redis\.asyncio|aioredis|motor|aiobotocore|aioboto3|aiosmtplib|asyncio\.(?:open_connection|StreamWriter\.drain|StreamReader\.\w+)|websockets|aio_pika|openai|anthropic)\b/;

/** What a consumer does with each item that takes long. */
function slowIn(runtime: Runtime, get: End): Backlog["slow"] | null {
  const blocking = new Map(runtime.blocking.direct(get.func).map((source) => [source.site, source]));
  for (const site of sitesIn(runtime, get)) {
    if (site === get.site) continue;
    const direct = blocking.get(site);
    if (direct && /^(?:net|proc)$/.test(direct.fact.cost)) return { func: get.func, node: site.node };
    if (site.awaited && site.library.some(({ name }) => NETWORK.test(name))) return { func: get.func, node: site.node };
    for (const { func, doubt } of site.targets) {
      if (doubt > 0) continue;
      const waits = func.isAsync ? null : runtime.blocking.waits.get(func);
      if (waits && /^(?:net|proc)$/.test(waits.source.fact.cost)) return { func: get.func, node: site.node };
      if (runtime.cpu.heavy.get(func)) return { func: get.func, node: site.node };
      if (func.isAsync && site.awaited && awaitsNetwork(runtime, func)) return { func: get.func, node: site.node };
    }
  }
  return null;
}

function awaitsNetwork(runtime: Runtime, func: Func): boolean {
  for (const running of runningFrom(runtime, func).values())
    if (
      runtime.graph
        .sites(running.func)
        .some(({ awaited, library }) => awaited && library.some(({ name }) => NETWORK.test(name)))
    )
      return true;
  return false;
}

/** Whether the consumer is started as a thread or task of its own, and not only after the queue has been filled. */
function runsBeside(runtime: Runtime, consumer: Func, put: End): boolean {
  const starts: { func: Func; node: Node }[] = [];
  // What also does the producing decides inside when it starts its consumers.
  const consumes = (root: Func): boolean => {
    const reached = runningFrom(runtime, root);
    return reached.has(consumer) && !reached.has(put.func);
  };
  for (const { work, func, call } of submissionsOf(runtime))
    if (work.some((one) => one.func && consumes(one.func))) starts.push({ func, node: call });
  for (const func of runtime.graph.funcs)
    for (const { roots, call } of startsOf(runtime).in(func))
      if (roots.some((one) => consumes(one.func))) starts.push({ func, node: call });
  return starts.some(({ func, node }) => !isFilledBefore(runtime, func, node, put));
}

/** The body that starts the consumer has put everything in by then, itself or by a plain call. */
function isFilledBefore(runtime: Runtime, func: Func, start: Node, put: End): boolean {
  if (put.func === func) return put.loop.end <= start.start && !isInside(start, put.loop);
  const calls = runtime.graph
    .sites(func)
    .filter(
      ({ targets, node }) =>
        node.kind === "call" &&
        targets.some((one) => runningFrom(runtime, one.func).has(put.func)) &&
        !isStarted(runtime, node),
    );
  return calls.length > 0 && calls.every(({ node }) => node.start < start.start);
}

function isStarted(runtime: Runtime, call: Call): boolean {
  return startsOf(runtime).of(call) !== null;
}
