import type { BlockingFact, Category } from "../../knowledge/blocking.ts";
import {
  ARRANGING,
  awaitedCategory,
  COMPUTING_MS,
  typicalCost,
  UNKNOWN_ROUNDS,
  type WaitGroup,
} from "../../knowledge/costs.ts";
import type { CpuFact } from "../../knowledge/cpu.ts";
import { STANDARD_LIBRARY } from "../../knowledge/library.ts";
import { OFFLOAD } from "../../knowledge/offload.ts";
import { BUILTINS } from "../../python/builtins.ts";
import type { Func } from "../../python/module.ts";
import { nodesOf, sourceOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { argument, enclosing } from "../../python/syntax.ts";
import { reaches } from "../graph/branches.ts";
import type { Handover, Site } from "../graph/callgraph.ts";
import { type Submission, submissionsOf } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import { neverRuns } from "./blocking.ts";
import { type LoopAround, loopsAround } from "./boundedness.ts";
import { PYTHON_LOOPS } from "./cpu.ts";
import { isMemoized } from "./memoized.ts";

/** Where a part of the work runs: in the thread that runs the function, or where the function sends it. */
export type Ground = "here" | "thread" | "process" | "interpreter";

/** One thing that a function spends its time on: a library call or a nest of loops, wherever the function leads to it. */
export interface Cost {
  /** The library call (or loop) itself. */
  site: Site;
  /** The place in the function that leads to it. */
  at: Site;
  /** Canonical name; for an awaited expression that nobody knows, as written. */
  name: string;
  does: "waits" | "computes";
  /** What it waits for; `null` where it computes. */
  group: WaitGroup | null;
  /** Follows the name in a sentence. */
  words: string;
  gil: CpuFact["gil"] | null;
  /** As heavy as its input: next to nothing, or a lot. */
  byInput: boolean;
  /** The thread that runs it stands still; an awaited call lets the loop go on. */
  blocks: boolean;
  /** Async alternatives of a blocking call, as the table writes them; of a computing one that holds the GIL, what does the same without it. */
  instead: string | null;
  ground: Ground;
  /** The coroutine that stands still with it, where that is another one than the function; `null` for the function's own. */
  coroutine: Func | null;
  /** Typical milliseconds in one run of the function, loops multiplied. */
  weight: number;
  /** Calls on the way from the function; 0 for its own. */
  hops: number;
  doubt: number;
}

/** Everything that is known to cost time when a function runs. */
export interface Costs {
  /** Dearest first. */
  list: readonly Cost[];
  /** A call to a library that nothing is known about, with the calls on the way to it. */
  stranger: { name: string; hops: number } | null;
  /** Calls that nobody can follow: there may be more. */
  open: boolean;
  /** Loops as long as their data: it cannot be said to be small. */
  loops: boolean;
  /** Its callers or subclasses choose what it does: it calls what it is given, or others replace it. */
  chosen: boolean;
}

export const NO_COSTS: Costs = { list: [], stranger: null, open: false, loops: false, chosen: false };
const MOST_COSTS = 24;
const MOST_HOPS = 7;
const LONG_WAY = 4;
const MOST_WEIGHT = 1e7;

/** What a rarely run place weighs: an `except` block. */
const RARELY = 0.05;
/** An awaited call that nobody knows: something waits. */
const UNKNOWN_AWAIT_MS = 10;

/** Chains of calls are followed so far; people write none that are longer, generators and attackers do. */
const DEEPEST = 150;

const known = new WeakMap<Runtime, { memo: Map<Func, Costs>; depth: number }>();

/** The costs of a function: its own calls and those of all that it leads to, with where they run. */
export function costsOf(runtime: Runtime, func: Func): Costs {
  const state = known.get(runtime) ?? { memo: new Map<Func, Costs>(), depth: 0 };
  known.set(runtime, state);
  const { memo } = state;
  const found = memo.get(func);
  if (found) return found;
  if (state.depth >= DEEPEST) return { ...NO_COSTS, open: true };
  // A function that leads back to itself adds nothing the second time.
  memo.set(func, NO_COSTS);
  state.depth++;
  const made = build(runtime, func);
  state.depth--;
  memo.set(func, made);
  return made;
}

/** The costs of something handed over: a function of the project or of a library. */
export function costsOfCallable(
  runtime: Runtime,
  site: Site,
  { func, library }: { func: Func | null; library: string | null },
): Costs {
  if (func)
    return isOverridden(runtime, func)
      ? { ...costsOf(runtime, func), open: true, chosen: true }
      : costsOf(runtime, func);
  if (library === null) return { ...NO_COSTS, open: true };
  const own = libraryCost(runtime, site, library, null, 0);
  if (own) return { ...NO_COSTS, list: [own] };
  if (ARRANGING.has(library)) return runHere(runtime, site);
  const isKnown =
    runtime.cpuFact(library) !== undefined ||
    runtime.blockingFact(library, null) !== undefined ||
    BUILTINS.has(library);
  const stranger = isStranger(runtime, library, null) ? { name: library, hops: 0 } : null;
  return { ...NO_COSTS, stranger, open: !isKnown };
}

/** `submit(asyncio.run, work(…))`: the coroutine is what runs there. */
function runHere(runtime: Runtime, site: Site): Costs {
  const passed = submissionAt(runtime, site)?.payload ?? [];
  const coroutines = passed.flatMap(
    ({ expression }) => runtime.graph.siteOf(expression)?.targets.filter(({ func }) => func.isAsync) ?? [],
  );
  if (coroutines.length === 0) return { ...NO_COSTS, open: true, chosen: true };
  return joined(coroutines.map(({ func, doubt }) => moved(costsOf(runtime, func), site, null, "here", 1, doubt)));
}

/** A method that subclasses replace stands for theirs, too. */
function isOverridden({ inference }: Runtime, { cls, node }: Func): boolean {
  return (
    cls !== null && node.kind === "function" && inference.subclasses(cls).some(({ methods }) => methods.has(node.name))
  );
}

/** The same costs on other ground, repeated, one step further away. */
export function moved(costs: Costs, at: Site, func: Func | null, ground: Ground, rounds: number, doubt: number): Costs {
  const list = costs.list.filter(({ hops }) => hops < MOST_HOPS);
  const { stranger } = costs;
  return {
    ...costs,
    stranger: stranger && { ...stranger, hops: stranger.hops + 1 },
    list: list.map((cost) => ({
      ...cost,
      at,
      ground: cost.ground === "here" ? ground : cost.ground,
      coroutine: cost.coroutine ?? (func?.isAsync ? func : null),
      // What is as heavy as its input mostly has little of it: repetition makes it no more than that.
      weight: cost.byInput ? cost.weight : Math.min(cost.weight * rounds, MOST_WEIGHT),
      // Far away, loops may well be short.
      doubt: cost.doubt + doubt + (cost.hops === LONG_WAY || (cost.name === PYTHON_LOOPS && cost.hops > 0) ? 1 : 0),
      hops: cost.hops + 1,
    })),
  };
}

/** All costs together, equal ones added up. */
export function joined(all: readonly Costs[]): Costs {
  const [only, ...others] = all;
  if (only && others.length === 0) return only;
  const byPlace = new Map<string, Map<Node, Cost>>();
  for (const { list } of all)
    for (const cost of list) {
      const key = `${cost.ground} ${cost.name}`;
      const places = byPlace.get(key) ?? new Map<Node, Cost>();
      byPlace.set(key, places);
      const before = places.get(cost.site.node);
      places.set(
        cost.site.node,
        before
          ? {
              ...before,
              // Many ways to what is as heavy as its input make the input no larger.
              weight: cost.byInput
                ? Math.max(before.weight, cost.weight)
                : Math.min(before.weight + cost.weight, MOST_WEIGHT),
              doubt: Math.min(before.doubt, cost.doubt),
              hops: Math.min(before.hops, cost.hops),
            }
          : cost,
      );
    }
  const list = [...byPlace.values()].flatMap((places) => [...places.values()]);
  list.sort((a, b) => b.weight - a.weight);
  return {
    list: list.slice(0, MOST_COSTS),
    stranger: nearest(all),
    loops: all.some(({ loops }) => loops),
    open: all.some(({ open }) => open),
    chosen: all.some(({ chosen }) => chosen),
  };
}

function nearest(all: readonly Costs[]): Costs["stranger"] {
  let best: Costs["stranger"] = null;
  for (const { stranger } of all) if (stranger && (best === null || stranger.hops < best.hops)) best = stranger;
  return best;
}

function build(runtime: Runtime, func: Func): Costs {
  const { graph } = runtime;
  const parts: Costs[] = [
    {
      ...NO_COSTS,
      list: ownCosts(runtime, func),
      open: hasOpenCalls(runtime, func),
      loops: hasLongLoops(func),
      chosen:
        isAbstract(runtime, func) ||
        nodesOf(func, "call").some((node) => graph.callables.parameterOf(node.callee) !== null),
    },
  ];
  for (const site of graph.sites(func)) {
    if (neverRuns(site.node)) continue;
    const rounds = roundsAt(site.node);
    for (const target of site.targets) {
      if (target.doubt >= 2 || target.func === func || isTestOf(runtime, target.func, func)) continue;
      if (isAskedOnce(runtime, target.func)) continue;
      const costs = costsOf(runtime, target.func);
      const list = costs.list.filter(({ at }) => reaches(graph.inference, site, target, at.node) !== null);
      parts.push(moved({ ...costs, list }, site, target.func, "here", rounds, target.doubt));
    }
    for (const handover of site.handovers)
      if (!handover.func || !isTestOf(runtime, handover.func, func))
        parts.push(handedOver(runtime, site, handover, rounds));
    // A foreign function may do anything.
    if (site.library.some(({ name }) => name.startsWith("ctypes."))) parts.push({ ...NO_COSTS, open: true });
    const stranger = site.library.find(({ name, receiver }) => isStranger(runtime, name, receiver));
    if (stranger && !site.awaited)
      // Making an object of an unknown class may be work, but does not speak for it.
      parts.push(
        isClass(stranger.name)
          ? { ...NO_COSTS, open: true }
          : { ...NO_COSTS, stranger: { name: stranger.name, hops: 0 } },
      );
  }
  return joined(parts);
}

/** It takes nothing and keeps what it found: from the second time on it costs nothing. */
function isAskedOnce(runtime: Runtime, func: Func): boolean {
  return func.params.length <= (func.cls ? 1 : 0) && isMemoized(runtime, func);
}

/** What tests pass in or put in its place says nothing about the program. */
function isTestOf({ target }: Runtime, one: Func, func: Func): boolean {
  return one.module !== func.module && target.isTest(one.module.path) && !target.isTest(func.module.path);
}

function handedOver(runtime: Runtime, site: Site, handover: Handover, rounds: number): Costs {
  const ground = groundOf(runtime, site, handover);
  const repeats = OFFLOAD.get(handover.destination.by)?.argsForm === "map" ? UNKNOWN_ROUNDS : 1;
  return moved(costsOfCallable(runtime, site, handover), site, handover.func, ground, rounds * repeats, handover.doubt);
}

/** Where a handed-over function runs, as the submission knows it better than the call alone. */
export function groundOf(runtime: Runtime, site: Site, { destination }: Pick<Handover, "destination">): Ground {
  const to = submissionAt(runtime, site)?.to ?? destination.to;
  return to === "process" || to === "interpreter" ? to : to === "loop" ? "here" : "thread";
}

const bySite = new WeakMap<Runtime, ReadonlyMap<Site, Submission>>();

/** The submission that a site is, if it is one. */
export function submissionAt(runtime: Runtime, site: Site): Submission | null {
  const known = bySite.get(runtime) ?? new Map(submissionsOf(runtime).map((one) => [one.site, one]));
  bySite.set(runtime, known);
  return known.get(site) ?? null;
}

function ownCosts(runtime: Runtime, func: Func): Cost[] {
  const found: Cost[] = [];
  for (const { site, name, fact, doubt } of runtime.blocking.direct(func)) {
    const cost = waitCost(
      site,
      name,
      fact.category,
      fact,
      doubt + (fact.when === "large" && fact.cost !== "ssd" ? 1 : 0),
    );
    if (cost) found.push(cost);
  }
  for (const { site, name, fact, doubt } of runtime.cpu.direct(func))
    if (!LOADS_CODE.test(name)) found.push(computeCost(site, name, fact, doubt));
  for (const site of runtime.graph.sites(func)) {
    const cost = site.awaited && !neverRuns(site.node) ? awaitedCost(runtime, site) : null;
    if (cost) found.push(cost);
  }
  if (func.isAsync) found.push(...unknownAwaits(runtime, func));
  return found;
}

/** Code is loaded once, whoever is the first to need it. */
const LOADS_CODE = /^(?:importlib|runpy)\./;

/** `await` of something that no table and no function of the project stands behind. */
function unknownAwaits({ graph }: Runtime, func: Func): Cost[] {
  return nodesOf(func, "await").flatMap((node): Cost[] => {
    if (node.value.kind === "call" && graph.siteOf(node.value)) return [];
    const shown = node.value.kind === "call" ? node.value.callee : node.value;
    const site: Site = { func, node: node.value, kind: "call", awaited: true, library: [], targets: [], handovers: [] };
    const name = sourceOf(func.module, shown).replace(/\s+/g, " ");
    return [unknownAwait(site, name, 1)];
  });
}

function unknownAwait(site: Site, name: string, doubt: number): Cost {
  const weight = UNKNOWN_AWAIT_MS * roundsAt(site.node);
  return {
    ...BASE,
    site,
    at: site,
    name,
    does: "waits",
    group: "other",
    words: "is awaited",
    blocks: false,
    weight,
    doubt,
  };
}

const BASE = {
  gil: null,
  byInput: false,
  instead: null,
  ground: "here",
  coroutine: null,
  hops: 0,
} as const satisfies Partial<Cost>;

/** What a call waits for where its own category says what it works on: `DataFrame.to_sql`, `pdf2image`. */
function categoryOf(name: string, category: Category, fact: BlockingFact | null): Category {
  if (isStarting(name)) return "file";
  if (fact?.cost === "proc") return "process";
  return fact?.cost === "net" && (category === "data" || category === "file" || category === "image") ? "db" : category;
}

/** They start a child and do not wait for its end. */
const STARTING = new Set(["subprocess.Popen", "os.fork", "os.spawnl", "os.posix_spawn", "os.startfile"]);

function isStarting(name: string): boolean {
  return STARTING.has(name) || /^multiprocessing\..*\.start$/.test(name);
}

function waitCost(site: Site, name: string, category: Category, fact: BlockingFact | null, doubt: number): Cost | null {
  const { group, ms, words } = typicalCost(categoryOf(name, category, fact));
  if (fact?.cost === "cpu" && category !== "image" && category !== "data") return null;
  // What is fetched by the first use is there for all others.
  const typical =
    fact?.cost === "us" || fact?.note?.includes("first use downloads")
      ? 0
      : fact?.cost === "ssd"
        ? Math.min(ms, 1)
        : ms;
  const weight = typical * roundsAt(site.node);
  if (weight <= 0) return null;
  // SQLite is a file too, but one that is waited for like a database.
  const isLocalFile = fact?.cost === "ssd" && category !== "db";
  return {
    ...BASE,
    site,
    at: site,
    name,
    does: "waits",
    group: isStarting(name) || isLocalFile ? "files" : group,
    words: isStarting(name) ? "starts a child process" : isLocalFile ? typicalCost("file").words : words,
    blocks: fact !== null,
    instead: fact?.instead ?? null,
    weight,
    doubt,
  };
}

function computeCost(site: Site, name: string, fact: CpuFact, doubt: number): Cost {
  const heavy = fact.weight === "heavy";
  const ms =
    name === PYTHON_LOOPS
      ? heavy
        ? COMPUTING_MS.loops
        : COMPUTING_MS.dataLoops
      : heavy
        ? COMPUTING_MS.heavy
        : COMPUTING_MS.input;
  const how =
    fact.gil === "releases"
      ? " that releases the GIL"
      : fact.gil === "mixed"
        ? " that holds the GIL in part"
        : " that holds the GIL";
  return {
    ...BASE,
    site,
    at: site,
    name,
    does: "computes",
    group: null,
    words: `is CPU work${how}`,
    gil: fact.gil,
    byInput: !heavy,
    instead: swapOf(fact),
    blocks: true,
    weight: ms * (heavy ? roundsAt(site.node) : 1),
    doubt,
  };
}

/** `hashlib.pbkdf2_hmac` for a key derivation that holds the GIL: the alternative that is no executor. */
function swapOf({ gil, instead }: CpuFact): string | null {
  const [first = ""] = gil === "holds" && instead !== null ? instead.split(" / ") : [];
  // Work on whole columns is other code, not another call.
  return first === "" || /Executor|to_thread|\*|^(?:numpy|pandas)\./.test(first) ? null : first;
}

function awaitedCost(runtime: Runtime, site: Site): Cost | null {
  // A context manager's own call says what it is.
  if (
    site.kind !== "call" &&
    !(site.kind === "enter" && site.node.kind === "withitem" && site.node.context.kind !== "call")
  )
    return null;
  for (const { name, doubt } of site.library) {
    if (ARRANGING.has(name) || (site.node.kind === "call" && isPause(name, site.node))) return null;
    // Making a client waits for nothing.
    if (isClass(name) || (runtime.inference.library.tables.returns.has(name) && awaitedCategory(name) === null))
      continue;
    const category = awaitedCategory(name);
    if (category === null) return unknownAwait(site, name, doubt + 1);
    const cost = waitCost(site, name, category, null, doubt);
    if (cost) return cost;
  }
  return null;
}

function isClass(name: string): boolean {
  return /^[A-Z]|^__call__$/.test(name.slice(name.lastIndexOf(".") + 1)) || /sessionmaker$/.test(name);
}

/** `asyncio.sleep(0)` gives others a turn and waits for nothing. */
function isPause(name: string, call: Call): boolean {
  const [first] = call.args;
  return name.endsWith(".sleep") && first?.value.kind === "number" && first.value.value === 0;
}

/** What one call of a library function by canonical name costs. */
function libraryCost(runtime: Runtime, site: Site, name: string, receiver: string | null, doubt: number): Cost | null {
  const cpu = runtime.cpuFact(name);
  if (cpu && cpu.weight !== "light") return computeCost(site, name, cpu, doubt);
  const fact = runtime.blockingFact(name, receiver);
  return fact ? waitCost(site, name, fact.category, fact, doubt) : null;
}

/** How many times the place runs in one run of its function. */
export function roundsAt(node: Node): number {
  let rounds = 1;
  for (const loop of loopsAround(node)) rounds *= roundsOf(loop);
  return enclosing(node, (one): one is Node => one.kind === "handler") ? rounds * RARELY : rounds;
}

/** Retries and small literals are not worth a factor. */
const FEW = 5;

function roundsOf(loop: LoopAround): number {
  if (loop.kind === "while") return UNKNOWN_ROUNDS;
  const { iter } = loop;
  const count = countOf(iter);
  if (count === null) return UNKNOWN_ROUNDS;
  return count <= FEW ? 1 : Math.min(count, 10 * UNKNOWN_ROUNDS);
}

/** The number of elements of a literal or a `range` with a number. */
export function countOf(iter: Expression): number | null {
  if (iter.kind === "list" || iter.kind === "tuple" || iter.kind === "set")
    return iter.items.some(({ kind }) => kind === "starred") ? null : iter.items.length;
  if (iter.kind !== "call" || iter.callee.kind !== "name") return null;
  if (iter.callee.id === "enumerate" || iter.callee.id === "list") {
    const inner = argument(iter, null, 0);
    return inner && countOf(inner);
  }
  if (iter.callee.id !== "range" || !iter.args.every(({ value }) => value.kind === "number")) return null;
  const [start, stop, step] = iter.args.map(({ value }) => (value.kind === "number" ? value.value : 0));
  return stop === undefined ? (start ?? 0) : Math.max(0, Math.ceil((stop - (start ?? 0)) / (step ?? 1)));
}

/** Calls that nobody can follow, and those that run whatever iterator they are given. */
function hasOpenCalls({ graph, inference }: Runtime, func: Func): boolean {
  return nodesOf(func, "call").some((node) =>
    node.callee.kind === "name" && RUNS_ITERATORS.has(node.callee.id)
      ? node.args.some(({ value }) => value.kind === "name" || value.kind === "attribute")
      : !graph.siteOf(node) && !inference.values(node.callee).some(({ kind }) => kind === "class"),
  );
}

const RUNS_ITERATORS = new Set(["next", "iter", "getattr", "eval", "exec", "map", "filter", "deque"]);

function hasLongLoops(func: Func): boolean {
  return func.nodes.some(
    (node) =>
      node.kind === "while" ||
      node.kind === "yield" ||
      ((node.kind === "for" || node.kind === "clause") && (countOf(node.iter) ?? Number.POSITIVE_INFINITY) > 100),
  );
}

/** A body that only says that others must fill it. */
function isAbstract({ inference }: Runtime, func: Func): boolean {
  if (func.node.kind !== "function") return false;
  return inference.decoration(func).abstract || nodesOf(func, "raise").some((node) => isNotImplemented(node.value));
}

function isNotImplemented(raised: Expression | null): boolean {
  const name = raised?.kind === "call" ? raised.callee : raised;
  return name?.kind === "name" && name.id === "NotImplementedError";
}

/** A function outside Python's own library that no table says anything about; exceptions and other plain classes do no work. */
function isStranger({ inference, cpuFact, blockingFact }: Runtime, name: string, receiver: string | null): boolean {
  const top = name.split(".")[0] ?? name;
  if (/\.__(?:enter|exit|iter|next|aenter|aexit|getitem|len)__$/.test(name)) return false;
  if (!name.includes(".") || BUILTINS.has(top) || top === "iterator" || STANDARD_LIBRARY.has(top)) return false;
  return (
    cpuFact(name) === undefined &&
    blockingFact(name, receiver) === undefined &&
    awaitedCategory(name) === null &&
    !ARRANGING.has(name) &&
    !inference.library.tables.returns.has(name)
  );
}
