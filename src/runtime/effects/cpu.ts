import type { CpuFact } from "../../knowledge/cpu.ts";
import { push } from "../../multimap.ts";
import type { Func } from "../../python/module.ts";
import type { Node } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { CallGraph, Site } from "../graph/callgraph.ts";
import { neverRuns } from "./blocking.ts";
import { loopWorkOf } from "./loops.ts";
import { type Effects, type FirstTime, type Source, spread } from "./witness.ts";

/** Work for the processor, function by function. */
export interface Cpu {
  /** Calls and loops of the function's own body that are work, heavy ones and those as heavy as their input, in source order. */
  direct(func: Func): readonly Source<CpuFact>[];
  /** Heavy work of any kind. */
  heavy: Effects<CpuFact>;
  /** Heavy work that keeps the GIL. */
  holding: Effects<CpuFact>;
  /** Heavy work that lets go of the GIL, at least in part. */
  releasing: Effects<CpuFact>;
  /** Work that is as heavy as its input, and keeps the GIL. */
  input: Effects<CpuFact>;
}

/** The name under which loops of plain Python appear among canonical names. */
export const PYTHON_LOOPS = "python-loops";

/** What is made once and kept costs the loop its time only once. */
const FIRST_TIME: FirstTime = { program: 1, object: 0, always: 0 };

const LOOPS: CpuFact = {
  name: PYTHON_LOOPS,
  gil: "holds",
  weight: "heavy",
  freezes: false,
  instead: "concurrent.futures.ProcessPoolExecutor",
  note: null,
  source: "loops of Python bytecode hold the GIL",
};

const DATA_LOOPS: CpuFact = { ...LOOPS, weight: "input" };

/** Finds CPU work from the tables and from the shape of loops, and carries it up the call graph. */
export function cpuOf(
  graph: CallGraph,
  facts: (name: string, receiver: string | null) => CpuFact | undefined,
  waits: (func: Func) => boolean,
): Cpu {
  const loops = loopWorkOf(graph, waits);
  const direct = new Map<Func, Source<CpuFact>[]>();
  for (const site of graph.calling(({ name, receiver }) => facts(name, receiver) !== undefined)) {
    const source = callWork(site, facts);
    if (source) push(direct, site.func, source);
  }
  for (const [func, { at, counted }] of loops) {
    const place = { func, node: at, kind: "iterate" as const, awaited: false };
    const site: Site = { ...place, library: [], targets: [], handovers: [] };
    push(direct, func, { site, name: PYTHON_LOOPS, doubt: 0, fact: counted ? LOOPS : DATA_LOOPS });
  }
  const of = (wanted: (fact: CpuFact) => boolean) => (func: Func) =>
    (direct.get(func) ?? []).filter(({ fact }) => wanted(fact));
  const isHeavy = ({ weight }: CpuFact): boolean => weight === "heavy";
  return {
    direct: (func) => direct.get(func) ?? [],
    heavy: spread(graph, of(isHeavy), FIRST_TIME),
    holding: spread(
      graph,
      of((fact) => isHeavy(fact) && fact.gil === "holds"),
      FIRST_TIME,
    ),
    releasing: spread(
      graph,
      of((fact) => isHeavy(fact) && fact.gil !== "holds"),
      FIRST_TIME,
    ),
    input: spread(
      graph,
      of((fact) => fact.weight === "input" && fact.gil === "holds"),
    ),
  };
}

/** So few rounds take a millisecond or two. */
const FEW_ROUNDS = 10_000;

/** A key that is derived in few rounds, as formats of old prescribe. */
function isShort(node: Node, name: string): boolean {
  if (name !== "hashlib.pbkdf2_hmac" || node.kind !== "call") return false;
  const rounds = argument(node, "iterations", 3);
  return rounds?.kind === "number" && rounds.value < FEW_ROUNDS;
}

/** The work of a call, if any of what it may call is some; it is less sure where it may call something light. */
function callWork(
  site: Site,
  facts: (name: string, receiver: string | null) => CpuFact | undefined,
): Source<CpuFact> | null {
  if (site.kind === "property" || (site.awaited && site.kind === "call") || neverRuns(site.node)) return null;
  let best: Source<CpuFact> | null = null;
  let innocent = 0;
  for (const { name, doubt, receiver } of site.library) {
    const fact = facts(name, receiver);
    if (!fact || fact.weight === "light" || isShort(site.node, name)) innocent++;
    else if (!best || doubt < best.doubt) best = { site, name, doubt, fact };
  }
  return best && innocent > 0 ? { ...best, doubt: best.doubt + 1 } : best;
}
