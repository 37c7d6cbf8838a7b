import type { BlockingFact } from "../../knowledge/blocking.ts";
import { MINOR_SHARE } from "../../knowledge/costs.ts";
import type { CpuFact } from "../../knowledge/cpu.ts";
import { STANDARD_LIBRARY } from "../../knowledge/library.ts";
import { BUILTINS } from "../../python/builtins.ts";
import type { Func } from "../../python/module.ts";
import type { Workload as WorkloadName } from "../../report.ts";
import type { Runtime } from "../runtime.ts";
import type { Cost, Costs } from "./costs.ts";
import type { Witness } from "./witness.ts";

/** What a function spends its time on, with the calls that prove it. */
export interface Workload {
  kind: WorkloadName;
  /** Whether its CPU work keeps the GIL; `null` without CPU work. */
  gil: "holds" | "releases" | "mixed" | null;
  waits: Witness<BlockingFact> | null;
  files: Witness<BlockingFact> | null;
  holding: Witness<CpuFact> | null;
  releasing: Witness<CpuFact> | null;
  /** Work as heavy as its input. */
  input: Witness<CpuFact> | null;
  /** A call to a library that nothing is known about. */
  stranger: string | null;
}

/** Classifies a plain function by the effects it reaches. A coroutine is asked about through its awaits by `recommend`. */
export function workloadOf(runtime: Runtime, func: Func): Workload {
  const { blocking, cpu } = runtime;
  const waits = blocking.waits.get(func) ?? null;
  const files = blocking.files.get(func) ?? null;
  const holding = cpu.holding.get(func) ?? null;
  const releasing = cpu.releasing.get(func) ?? null;
  const input = cpu.input.get(func) ?? null;
  const stranger = strangerIn(runtime, func);
  const computes = holding ?? releasing;
  const gil =
    holding && releasing
      ? "mixed"
      : holding
        ? "holds"
        : releasing
          ? releasing.source.fact.gil === "mixed"
            ? "mixed"
            : "releases"
          : input
            ? "holds"
            : null;
  return {
    kind: kindOf(
      waits,
      files,
      computes,
      input,
      stranger === null || topOf(stranger) === topOf(input?.source.name) ? null : stranger,
    ),
    gil,
    waits,
    files,
    holding,
    releasing,
    input,
    stranger,
  };
}

function kindOf(
  waits: unknown,
  files: unknown,
  computes: unknown,
  input: unknown,
  stranger: string | null,
): WorkloadName {
  if (waits && (computes || input)) return "mixed";
  if (computes) return "cpu";
  if (stranger !== null) return "unknown";
  if (waits) return "io";
  if (input) return "cpu";
  return files ? "io" : "unknown";
}

const DEEPEST = 6;

/** The first call, within a few hops, of a library that no table knows. */
function strangerIn(runtime: Runtime, func: Func): string | null {
  const { graph } = runtime;
  const seen = new Set([func]);
  let ring = [func];
  for (let depth = 0; depth < DEEPEST && ring.length > 0; depth++) {
    const next: Func[] = [];
    for (const one of ring)
      for (const site of graph.sites(one)) {
        for (const { name, receiver } of site.library) if (isStranger(runtime, name, receiver)) return name;
        for (const { func: target } of site.targets) {
          if (seen.has(target)) continue;
          seen.add(target);
          next.push(target);
        }
      }
    ring = next;
  }
  return null;
}

/** A function outside Python's own library that no table says anything about. */
function isStranger({ inference, cpuFact, blockingFact }: Runtime, name: string, receiver: string | null): boolean {
  const top = name.split(".")[0] ?? name;
  if (!name.includes(".") || BUILTINS.has(top) || top === "iterator" || STANDARD_LIBRARY.has(top)) return false;
  return (
    cpuFact(name) === undefined &&
    blockingFact(name, receiver) === undefined &&
    !inference.library.tables.returns.has(name)
  );
}

/** The library of a canonical name. */
function topOf(name: string | undefined): string | undefined {
  return name?.split(".")[0];
}

/** What a piece of work is, by the weight of its parts. `small` is proven to be next to nothing. */
export interface Work {
  kind: WorkloadName | "small";
  gil: Workload["gil"];
  /** The parts that count, dearest first. */
  costs: readonly Cost[];
  /** A call to a library that nothing is known about, where it is near. */
  stranger: string | null;
  /** Whether there may be more work than is seen. */
  partial: boolean;
  /** Of the parts that decide. */
  doubt: number;
}

/** Says what costs amount to: a part below a fifth of the whole does not change what the work is. */
export function workOf({ list, stranger, open, loops }: Costs): Work {
  const sure = list.filter(({ doubt }) => doubt < 2);
  const total = weightOf(sure);
  const computing = sure.filter(({ does }) => does === "computes");
  const waiting = sure.filter(({ does }) => does === "waits");
  const partial = stranger !== null || open;
  const name = stranger && stranger.hops <= NEAR ? stranger.name : null;
  const known = { stranger: name, partial, gil: null, costs: sure, doubt: 1 };
  const isTelling = sure.some(({ byInput, group }) => !byInput && group !== "thread" && group !== "files");
  if (!isTelling && (partial || (loops && sure.length === 0))) return { ...known, kind: "unknown" };
  if (total < LEAST_MS) return { ...known, kind: "small", costs: [] };
  const share = weightOf(computing) / total;
  const kind = share >= 1 - MINOR_SHARE ? "cpu" : share <= MINOR_SHARE ? "io" : "mixed";
  const deciding = kind === "cpu" ? computing : kind === "io" ? waiting : sure;
  return {
    kind,
    gil: kind === "io" ? null : gilOf(computing),
    costs: sure.filter(({ weight }) => weight >= total * NEGLIGIBLE_SHARE),
    stranger: name,
    partial,
    doubt: Math.min(
      ...deciding.filter(({ weight }) => weight >= weightOf(deciding) * MINOR_SHARE).map(({ doubt }) => doubt),
      1,
    ),
  };
}

/** A library that is called from farther away does not speak for the work. */
const NEAR = 2;

/** Below this a run of the work is not worth a thread. */
const LEAST_MS = 0.4;
const NEGLIGIBLE_SHARE = 0.02;

function gilOf(computing: readonly Cost[]): Workload["gil"] {
  const total = weightOf(computing);
  const parts = computing.filter(({ weight }) => weight >= total * MINOR_SHARE);
  const kinds = new Set(parts.map(({ gil }) => gil));
  const [only, ...others] = kinds;
  return only === undefined || others.length > 0 ? "mixed" : only;
}

/** Typical milliseconds of some costs together. */
export function weightOf(costs: readonly Cost[]): number {
  return costs.reduce((sum, { weight }) => sum + weight, 0);
}
