import type { Finding } from "../../finding.ts";
import { type Func, lineOf } from "../../python/module.ts";
import type { Context } from "../graph/contexts.ts";
import type { Runtime } from "../runtime.ts";
import type { ServerSetting } from "../servers/server-setting.ts";
import { type Capacity, counted, exceeds, excess, fixed, numberWords, product } from "./capacity.ts";
import { type Crew, crewsOf } from "./crews.ts";
import { drawsOf } from "./draws.ts";
import { amountCapacity } from "./named-crews.ts";
import { nestedWaitsOf } from "./nested-waits.ts";
import type { Pool } from "./pools.ts";
import { demandOf, sharesOf } from "./pools-in-use.ts";
import { isOwnPool, taskDemandsOf } from "./task-limits.ts";

interface Box {
  id: string;
  shape: readonly [open: string, close: string];
  lines: readonly string[];
  /** Where it is in the program; `null` for what is everywhere. */
  place: { path: string; line: number } | null;
  isMarked: boolean;
}

interface Arrow {
  from: string;
  to: string;
  label: string;
  isMarked: boolean;
}

/** More boxes than this nobody reads. */
const MOST_BOXES = 20;
const MOST_LETTERS = 52;

const ROUND = ["([", "])"] as const;
const PLAIN = ["[", "]"] as const;
const DOUBLE = ["[[", "]]"] as const;
const CYLINDER = ["[(", ")]"] as const;

/**
 * The program's concurrency as a Mermaid flowchart: servers, the event loop, threads and processes, the connections they share, and who
 * hands work to whom. What does not fit together is marked. `null` when nothing runs side by side. Where there is too much for one
 * picture, what the findings and the files that `concerns` names are about comes first.
 */
export function mapOf(
  runtime: Runtime,
  findings: readonly Finding[],
  concerns: (path: string) => boolean,
): string | null {
  const chart = draw(runtime, findings);
  const { boxes, arrows } = withoutLoners(chart);
  if (arrows.length === 0) return null;
  return source(cut(boxes, arrows, concerns));
}

interface Chart {
  boxes: Map<string, Box>;
  arrows: Map<string, Arrow>;
}

const CAPACITY_RULES = /^(?:(?:db|http|async)-pool-smaller-than-\w+|connections-exceed-server|oversized-pool)$/;

function draw(runtime: Runtime, findings: readonly Finding[]): Chart {
  const chart: Chart = { boxes: new Map(), arrows: new Map() };
  const marks = new Set(
    findings
      .filter(({ rule, state, suppressed }) => CAPACITY_RULES.test(rule) && state !== "fixed" && !suppressed)
      .map(({ path, startLine }) => `${path}:${startLine}`),
  );
  const crews = crewsOf(runtime).filter(({ works }) => works.length > 0);
  const ids = new Map<Crew, string>(crews.map((crew, i) => [crew, `crew${i + 1}`]));
  const pools = new Map<Pool["made"], string>();
  const box = (id: string, make: () => Omit<Box, "id">): string => {
    if (!chart.boxes.has(id)) chart.boxes.set(id, { id, ...make() });
    return id;
  };
  const arrow = (from: string, to: string, label: string, isMarked = false): void => {
    const key = `${from} ${to}`;
    const known = chart.arrows.get(key);
    if (!known) chart.arrows.set(key, { from, to, label, isMarked });
    else if (isMarked && !known.isMarked) chart.arrows.set(key, { from, to, label, isMarked });
  };
  const loop = (): string => box("loop", () => ({ shape: ROUND, lines: ["event loop"], place: null, isMarked: false }));
  const crewBox = (crew: Crew): string => {
    const id = ids.get(crew) ?? "crew";
    const place = crew.pool ? poolPlace(runtime, crew.pool) : crew.place;
    return box(id, () => ({
      shape: PLAIN,
      lines: crewLines(crew, place),
      place,
      isMarked: crew.pool !== null && marks.has(`${place.path}:${place.line}`),
    }));
  };
  const poolBox = (pool: Pool): string => {
    const known = pools.get(pool.made) ?? `pool${pools.size + 1}`;
    pools.set(pool.made, known);
    const place = poolPlace(runtime, pool);
    return box(known, () => ({
      shape: pool.fact.kind === "db-pool" ? CYLINDER : ROUND,
      lines: [
        `${pool.name}: ${pool.capacity ? connections(pool.capacity) : "size not known"}`,
        `${place.path}:${place.line}`,
      ],
      place,
      isMarked: marks.has(`${place.path}:${place.line}`),
    }));
  };
  const starter = (func: Func): string[] => {
    const found = new Set<string>();
    for (const context of runtime.contexts.of(func)) {
      if (context.doubt > 1) continue;
      const id = contextId(context, crews, ids);
      if (id === "loop") loop();
      if (id === "main") box("main", () => ({ shape: ROUND, lines: ["main program"], place: null, isMarked: false }));
      const crew = crews.find((one) => ids.get(one) === id);
      if (crew) crewBox(crew);
      if (id) found.add(id);
    }
    if (found.size > 0) return [...found];
    return [box("main", () => ({ shape: ROUND, lines: ["main program"], place: null, isMarked: false }))];
  };

  for (const crew of crews) {
    for (const { submission } of crew.works) {
      if (!submission) continue;
      const to = crewBox(crew);
      const label = submission.fact.name.slice(submission.fact.name.lastIndexOf(".") + 1);
      for (const from of starter(submission.func)) if (from !== to) arrow(from, to, label);
    }
    if (crew.works.some(({ root }) => root !== null)) serve(runtime, crew, crewBox, arrow, box);
  }
  for (const share of sharesOf(runtime)) {
    const { crew, pool } = share;
    const from = crewBox(crew);
    const to = poolBox(pool);
    const { capacity } = pool;
    const isShort = (workers: Capacity, count: number): boolean =>
      capacity !== null &&
      pool.fact.exhaustion.does !== "none" &&
      crew.kind !== "process" &&
      exceeds(product(workers, fixed(count)), capacity);
    const demand = demandOf(runtime, share, (workers, each) => isShort(workers, each.count));
    const isMarked =
      (chart.boxes.get(to)?.isMarked ?? false) && demand !== null && isShort(demand.workers, demand.each.count);
    arrow(
      from,
      to,
      isMarked && demand && capacity ? missing(demand.workers, capacity, demand.each.count, pool) : "",
      isMarked,
    );
  }
  tasks(runtime, loop, poolBox, arrow, (id) => chart.boxes.get(id)?.isMarked ?? false);
  const deadlocks = new Set(
    findings
      .filter(({ rule, state, suppressed }) => rule === "nested-executor-deadlock" && state !== "fixed" && !suppressed)
      .map(({ path, startLine }) => `${path}:${startLine}`),
  );
  for (const { crew, func, at } of nestedWaitsOf(runtime)) {
    if (!deadlocks.has(`${func.module.path}:${lineOf(func.module, at)}`)) continue;
    const id = crewBox(crew);
    const known = chart.boxes.get(id);
    if (known) chart.boxes.set(id, { ...known, isMarked: true });
    arrow(id, id, "waits for itself", true);
  }
  servers(runtime, loop, arrow, box);
  return chart;
}

type MakeBox = (id: string, make: () => Omit<Box, "id">) => string;
type MakeArrow = (from: string, to: string, label: string, isMarked?: boolean) => void;

/** Work that a framework or server gives to a crew comes from the server, or from the loop that takes the requests. */
function serve(runtime: Runtime, crew: Crew, crewBox: (crew: Crew) => string, arrow: MakeArrow, box: MakeBox): void {
  const to = crewBox(crew);
  const [work] = crew.works.filter(({ root }) => root !== null);
  const label = work?.root?.label ?? "";
  if (crew.hidden === "anyio-threads" || crew.hidden === "default-executor") {
    arrow(
      box("loop", () => ({ shape: ROUND, lines: ["event loop"], place: null, isMarked: false })),
      to,
      plural(label),
    );
    return;
  }
  const isKnown = runtime.servers.some(({ path, line }) => path === crew.place.path && line === crew.place.line);
  if (!isKnown)
    arrow(
      box("clients", () => ({ shape: ROUND, lines: ["requests"], place: null, isMarked: false })),
      to,
      plural(label),
    );
}

function plural(label: string): string {
  return label === "" ? "" : `${label}s`;
}

/** Servers with their processes, and what they run: the loop, or threads. */
function servers(runtime: Runtime, loop: () => string, arrow: MakeArrow, box: MakeBox): void {
  runtime.servers.forEach((setting, i) => {
    const crew = crewsOf(runtime).findIndex(({ place, works }) => works.length > 0 && isAt(place, setting));
    const isAsync =
      setting.server === "uvicorn" ||
      setting.server === "hypercorn" ||
      /uvicorn|asgi|tornado/i.test(setting.workerClass ?? "");
    if (crew < 0 && !isAsync) return;
    const id = box(`server${i + 1}`, () => ({
      shape: DOUBLE,
      lines: [`${setting.server}: ${processWords(setting)}`, `${setting.path}:${setting.line}`],
      place: { path: setting.path, line: setting.line },
      isMarked: false,
    }));
    if (isAsync) arrow(id, loop(), "");
    else arrow(id, `crew${crewIndex(runtime, crew)}`, "");
  });
}

function crewIndex(runtime: Runtime, index: number): number {
  return crewsOf(runtime).filter(({ works }, place) => works.length > 0 && place <= index).length;
}

function isAt(place: { path: string; line: number }, { path, line, threads, workers }: ServerSetting): boolean {
  return [{ path, line }, ...(threads?.from ?? []), ...(workers?.from ?? [])].some(
    (one) => one.path === place.path && one.line === place.line,
  );
}

function processWords({ workers }: ServerSetting): string {
  const capacity = workers && amountCapacity(workers);
  return capacity ? counted(capacity, "process") : workers ? "processes" : "1 process";
}

/** Tasks on the loop that take from async pools. */
function tasks(
  runtime: Runtime,
  loop: () => string,
  poolBox: (pool: Pool) => string,
  arrow: MakeArrow,
  isMarked: (id: string) => boolean,
): void {
  for (const { pool, tasks: atOnce } of taskDemandsOf(runtime)) {
    const to = poolBox(pool);
    const isShort = isMarked(to) && pool.capacity !== null && exceeds(atOnce, pool.capacity);
    arrow(loop(), to, `${numberWords(atOnce)} tasks`, isShort);
  }
  const draws = drawsOf(runtime);
  for (const func of runtime.graph.funcs) {
    if (!func.isAsync || runtime.target.isTest(func.module.path)) continue;
    for (const { pool, doubt } of draws.in(func))
      if (pool.fact.async && doubt < 2 && !isOwnPool(runtime, func, pool) && /^(?:db|http)-pool$/.test(pool.fact.kind))
        arrow(loop(), poolBox(pool), "");
  }
}

function contextId({ kind, root }: Context, crews: readonly Crew[], ids: ReadonlyMap<Crew, string>): string | null {
  if (kind === "loop") return "loop";
  if (kind === "main") return "main";
  const crew = crews.find(({ works }) =>
    works.some((work) => work.func === root.func && (root.handover === null) === (work.root !== null)),
  );
  return (crew && ids.get(crew)) ?? null;
}

function missing(workers: Capacity, capacity: Capacity, each: number, { fact }: Pool): string {
  if (each > 1) return `${each} each: deadlock`;
  const words = { raises: "fail", waits: "wait", discards: "open their own", queues: "wait", none: "" }[
    fact.exhaustion.does
  ];
  return `${excess(workers, capacity)} ${words}`;
}

function crewLines({ kind, name, capacity, open }: Crew, { path, line }: { path: string; line: number }): string[] {
  const size = capacity ? counted(capacity, kind) : open === null ? "" : "number not known";
  return [`${name}: ${size || kind}`, `${path}:${line}`];
}

function connections(capacity: Capacity): string {
  return counted(capacity, "connection").replace(/^any number of /, "unlimited ");
}

function poolPlace(runtime: Runtime, { sizedAt }: Pool): { path: string; line: number } {
  const module = runtime.inference.moduleOf(sizedAt);
  return { path: module.path, line: lineOf(module, sizedAt) };
}

function withoutLoners({ boxes, arrows }: Chart): { boxes: Box[]; arrows: Arrow[] } {
  const joined = new Set([...arrows.values()].flatMap(({ from, to }) => [from, to]));
  return { boxes: [...boxes.values()].filter(({ id }) => joined.has(id)), arrows: [...arrows.values()] };
}

/** Keeps the most telling boxes: marked ones and their neighbours, then those in files that matter, then those with many arrows. */
function cut(
  boxes: readonly Box[],
  arrows: readonly Arrow[],
  concerns: (path: string) => boolean,
): { boxes: Box[]; arrows: Arrow[] } {
  const weight = new Map<string, number>();
  const add = (id: string, more: number): void => void weight.set(id, (weight.get(id) ?? 0) + more);
  for (const { id, isMarked, place } of boxes) add(id, (isMarked ? 100 : 0) + (place && concerns(place.path) ? 10 : 0));
  for (const { from, to, isMarked } of arrows) for (const id of [from, to]) add(id, isMarked ? 50 : 1);
  const kept = [...boxes].sort((a, b) => (weight.get(b.id) ?? 0) - (weight.get(a.id) ?? 0)).slice(0, MOST_BOXES);
  const ids = new Set(kept.map(({ id }) => id));
  const left = arrows.filter(({ from, to }) => ids.has(from) && ids.has(to));
  const joined = new Set(left.flatMap(({ from, to }) => [from, to]));
  // The order of the drawing stays that of the program.
  return { boxes: boxes.filter(({ id }) => ids.has(id) && joined.has(id)), arrows: left };
}

function source({ boxes, arrows }: { boxes: readonly Box[]; arrows: readonly Arrow[] }): string {
  const lines = ["flowchart LR"];
  for (const { id, shape, lines: words } of boxes)
    lines.push(`  ${id}${shape[0]}"${words.map(text).join("<br>")}"${shape[1]}`);
  for (const { from, to, label, isMarked } of arrows) {
    const line = isMarked ? "==>" : "-->";
    lines.push(`  ${from} ${line}${label === "" ? "" : `|"${text(label)}"|`} ${to}`);
  }
  const marked = boxes.filter(({ isMarked }) => isMarked).map(({ id }) => id);
  if (marked.length > 0)
    lines.push("  classDef mismatch stroke:#cf222e,stroke-width:3px", `  class ${marked.join(",")} mismatch`);
  return lines.join("\n");
}

/** A text for a label: short, and without what Mermaid reads as its own. */
function text(words: string): string {
  const plain = words.replaceAll("`", "").replace(/\s+/g, " ");
  const short = plain.length > MOST_LETTERS ? `…${plain.slice(plain.length - MOST_LETTERS + 1)}` : plain;
  return short.replace(/[^\p{L}\p{N} .,:;_/()+\-…×=@']/gu, (letter) => `#${letter.codePointAt(0)};`);
}
