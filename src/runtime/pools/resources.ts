import { lineOf } from "../../python/module.ts";
import type { Resource } from "../../report.ts";
import type { Runtime } from "../runtime.ts";
import type { ServerSetting } from "../servers/server-setting.ts";
import { type Capacity, limitsOf, numberWords, product } from "./capacity.ts";
import { type Crew, crewsOf } from "./crews.ts";
import { drawsOf } from "./draws.ts";
import { amountCapacity } from "./named-crews.ts";
import { type Pool, poolsOf } from "./pools.ts";

/** Everything of which the program has a limited number, in the order of the files: pools, permits, places in queues, workers of servers. */
export function resourcesOf(runtime: Runtime): Resource[] {
  const found = [
    ...[...poolsOf(runtime).values()].flatMap((pool) => (isListed(runtime, pool) ? [pooled(runtime, pool)] : [])),
    ...crewsOf(runtime).flatMap((crew) => (crew.pool || isListedServer(runtime, crew) ? [] : unpooled(crew))),
    ...runtime.servers.map(served),
  ];
  return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
}

/** What only sizes another pool is that pool's number, and a session that has adapters has theirs. */
function isListed(runtime: Runtime, pool: Pool): boolean {
  const { fact, func, made } = pool;
  if (runtime.target.isTest(func.module.path) || fact.name === "collections.deque") return false;
  if (/^(?:botocore\.config\.Config|httpx2?\.Limits)$/.test(fact.name)) return false;
  if ([...poolsOf(runtime).values()].some((other) => other !== pool && other.sizedAt === made)) return false;
  const behind = drawsOf(runtime).behind(made);
  return behind.length === 0 || behind.some((one) => one.pool.made === made);
}

function pooled(runtime: Runtime, { fact, name, made, capacity, open }: Pool): Resource {
  const module = runtime.inference.moduleOf(made);
  return {
    kind: fact.kind,
    name,
    path: module.path,
    line: lineOf(module, made),
    capacity: capacity && finite(capacity),
    capacityFrom: capacity ? sourceWords(capacity) : `unknown: ${open ?? fact.name}`,
  };
}

/** A server's workers are told where the server is started. */
function isListedServer({ servers }: Runtime, { place }: Crew): boolean {
  return servers.some(({ path, line }) => path === place.path && line === place.line);
}

/** Threads that no call of the program makes, or single ones that a loop starts. */
function unpooled({ kind, name, capacity, open, place, works }: Crew): Resource[] {
  if (works.length === 0) return [];
  const isServer = /server|Celery|Dramatiq/.test(name);
  return [
    {
      kind: isServer ? "server-workers" : kind === "greenlet" ? "thread-pool" : `${kind}-pool`,
      name,
      path: place.path,
      line: place.line,
      capacity: capacity && finite(capacity),
      capacityFrom: capacity ? sourceWords(capacity) : `unknown: ${plain(open ?? name)}`,
    },
  ];
}

function served({ server, path, line, workers, threads, app }: ServerSetting): Resource {
  const sizes = [workers, threads].flatMap((amount) => (amount ? [amountCapacity(amount)] : []));
  const known = sizes.flatMap((size) => size ?? []);
  const total = known.length === sizes.length && known.length > 0 ? known.reduce(product) : null;
  const words = [workers, threads].flatMap((amount) => (amount?.from[0] ? [plain(amount.from[0].words)] : []));
  return {
    kind: "server-workers",
    name: app === null ? server : `${server} ${app}`,
    path,
    line,
    capacity: total && finite(total),
    capacityFrom: words.length === 0 ? `${server}'s defaults` : words.join(" × "),
  };
}

function finite(capacity: Capacity): number | null {
  const { exact } = limitsOf(capacity);
  return exact === null || exact === Number.POSITIVE_INFINITY ? null : exact;
}

/** `max_workers=32, app/jobs.py:12`, `pool_size 5 + max_overflow 10, defaults`. */
function sourceWords(capacity: Capacity): string {
  const { words, formula } = capacity;
  const [whole, name] = /^`([^`]+)`(?=,|$)/.exec(words) ?? [];
  if (whole !== undefined && /^\w+$/.test(name ?? "")) return plain(`${name}=${formula}${words.slice(whole.length)}`);
  return plain(words === "" ? numberWords(capacity) : words);
}

function plain(words: string): string {
  return words.replaceAll("`", "");
}
