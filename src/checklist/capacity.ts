import type { Finding, Place } from "../finding.ts";
import { lineOf } from "../python/module.ts";
import { counted, fits, fixed, isUnlimited, limitsOf, numberWords, product } from "../runtime/pools/capacity.ts";
import type { Crew } from "../runtime/pools/crews.ts";
import { databaseLoadsOf } from "../runtime/pools/database-load.ts";
import { drawsOf } from "../runtime/pools/draws.ts";
import { type Pool, poolsOf } from "../runtime/pools/pools.ts";
import { demandOf, type Share, sharesOf } from "../runtime/pools/pools-in-use.ts";
import { isOwnPool, taskDemandsOf } from "../runtime/pools/task-limits.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Evidence, type Examination, isProgram, quoted } from "./item.ts";

type Kind = "db-pool" | "http-pool";

/** Pools that threads or tasks share: those that are large enough, and those of which a number is not known. */
export function poolEvidence({ runtime }: Examination, kind: Kind): Evidence {
  const shows: Place[] = [];
  const open: Place[] = [];
  for (const share of sharesOf(runtime)) {
    if (share.pool.fact.kind !== kind || share.pool.fact.async || !isProgram(runtime, share.pool.func.module)) continue;
    const { place, isOpen } = judged(runtime, share);
    (isOpen ? open : shows).push(place);
  }
  const { shows: ofTasks, open: openToTasks } = taskEvidence(runtime, kind);
  shows.push(...ofTasks);
  open.push(...openToTasks);
  if (kind === "db-pool") {
    const { shows: accepted, open: unsure } = serverEvidence(runtime);
    shows.push(...accepted);
    open.push(...unsure);
  }
  return { shows, open };
}

function judged(runtime: Runtime, share: Share): { place: Place; isOpen: boolean } {
  const { crew, pool } = share;
  const { fact, capacity } = pool;
  const at = (message: string): Place => ({ ...sizePlace(runtime, pool), message });
  const who = crewWords(crew);
  if (crew.kind === "process" || crew.kind === "interpreter")
    return { place: at(`each of ${who} has its own ${quoted(pool.name)}`), isOpen: false };
  if (fact.exhaustion.does === "none" || fact.opens !== "up to capacity")
    return { place: at(`${quoted(pool.name)} opens connections as they are needed`), isOpen: false };
  if (!capacity)
    return {
      place: at(`${quoted(pool.name)}: its size is not known here; look at ${openWords(pool.open)}`),
      isOpen: true,
    };
  if (isUnlimited(capacity)) return { place: at(`${quoted(pool.name)} has no limit`), isOpen: false };
  const demand = demandOf(runtime, share, (workers, each) => !fits(product(workers, fixed(each.count)), capacity));
  const size = counted(capacity, "connection");
  if (!demand) {
    const message = crew.capacity
      ? `${who} share ${size} of ${quoted(pool.name)}, and a limit of unknown size stands before them`
      : `${size} of ${quoted(pool.name)} for ${who}: how many those are is not known here; look at ${openWords(crew.open)}`;
    return { place: crew.capacity ? at(message) : { ...crew.place, message }, isOpen: true };
  }
  const { workers, each } = demand;
  const holds = each.count > 1 ? `, ${each.count} each` : "";
  const together = counted(workers, crew.kind);
  const words = `${together} ${/^1 /.test(together) ? "takes from" : "share"} ${size} of ${quoted(pool.name)}${holds}`;
  if (fits(product(workers, fixed(each.count)), capacity)) return { place: at(words), isOpen: false };
  return {
    place: at(`${words}: whether that is enough depends on the machine or on what is guessed here`),
    isOpen: true,
  };
}

function crewWords({ name }: Crew): string {
  return /^the /.test(name) ? name : `the workers of ${quoted(name)}`;
}

function openWords(open: string | null): string {
  return open === null ? "how it is started" : /^(?:how|`)/.test(open) ? open : quoted(open);
}

function taskEvidence(runtime: Runtime, kind: Kind): Evidence {
  const shows: Place[] = [];
  const open: Place[] = [];
  const limited = new Set<Pool["made"]>();
  for (const { pool, tasks, limit } of taskDemandsOf(runtime)) {
    if (pool.fact.kind !== kind) continue;
    limited.add(pool.made);
    const place = sizePlace(runtime, pool);
    const by = limit ? "let in by a semaphore" : "started at once";
    if (!pool.capacity)
      open.push({
        ...place,
        message: `${quoted(pool.name)}: its size is not known here; look at ${openWords(pool.open)}`,
      });
    else if (fits(tasks, pool.capacity))
      shows.push({
        ...place,
        message: `${numberWords(tasks)} tasks, ${by}, share ${counted(pool.capacity, "connection")} of ${quoted(pool.name)}`,
      });
    else
      open.push({
        ...place,
        message: `${numberWords(tasks)} tasks, ${by}, share ${counted(pool.capacity, "connection")} of ${quoted(pool.name)}: look at what they wait for`,
      });
  }
  const draws = drawsOf(runtime);
  for (const func of runtime.graph.funcs) {
    if (!func.isAsync || !isProgram(runtime, func.module)) continue;
    for (const { pool } of draws.in(func)) {
      if (!pool.fact.async || pool.fact.kind !== kind || limited.has(pool.made) || isOwnPool(runtime, func, pool))
        continue;
      limited.add(pool.made);
      const size = pool.capacity ? counted(pool.capacity, "connection") : "connections";
      shows.push({ ...sizePlace(runtime, pool), message: `${quoted(pool.name)} holds tasks back beyond its ${size}` });
    }
  }
  return { shows, open };
}

function serverEvidence(runtime: Runtime): Evidence {
  const shows: Place[] = [];
  const open: Place[] = [];
  for (const { pool, processes, total, setting, limit, server, isConfigured } of databaseLoadsOf(runtime)) {
    if (!setting || limit === null) continue;
    const { high } = limitsOf(total);
    const place = sizePlace(runtime, pool);
    const accepts = isConfigured
      ? `${limit} that the database accepts`
      : `${limit} that ${server?.name ?? "the database"} accepts by default`;
    const words = `${counted(processes, "process")} of ${setting.server} open up to ${numberWords(total)} of the ${accepts}`;
    (high <= limit ? shows : open).push({ ...place, message: words });
  }
  return { shows, open };
}

function sizePlace(runtime: Runtime, { sizedAt }: Pool): { path: string; line: number } {
  const module = runtime.inference.moduleOf(sizedAt);
  return { path: module.path, line: lineOf(module, sizedAt) };
}

/** Whether a finding about a pool is about one of this kind. */
export function isAboutPool(kind: Kind): (finding: Finding, examination: Examination) => boolean {
  return ({ path, startLine, rule }, { runtime }) => {
    if (rule !== "async-pool-smaller-than-tasks") return true;
    for (const pool of poolsOf(runtime).values()) {
      const place = sizePlace(runtime, pool);
      if (place.path === path && place.line === startLine && pool.fact.kind === kind) return true;
    }
    return false;
  };
}
