import { expand, expandAll, lastPart } from "../names.ts";

/** Whether the work keeps the interpreter's lock: threads help with `releases`, partly with `mixed`, not with `holds`. */
export type Gil = "holds" | "releases" | "mixed";

/**
 * How much work a call is. `heavy`: tens of milliseconds or more on any input worth calling it for; `input`: as much as its input
 * is large; `light`: next to nothing on the calling thread, listed so that nothing guesses.
 */
export type Weight = "heavy" | "input" | "light";

export interface CpuFact {
  name: string;
  gil: Gil;
  weight: Weight;
  /** One C call that keeps the lock from beginning to end: handed to a thread, it stops the event loop all the same. */
  freezes: boolean;
  /** What to do on an event loop, by canonical name, separated by ` / `; `null` where nothing needs to be done. */
  instead: string | null;
  note: string | null;
  source: string;
}

export interface CpuClass {
  /** `name` ends in `.*`. */
  fact: CpuFact;
  except: readonly string[];
}

/** `freezes` is `holds` in one C call, without a chance for others in between. */
type Hold = Gil | "freezes";

/** Names (braces allowed), lock, weight, note, and advice where it is not the usual one (`*` stands for the last part of the name). */
export type CpuRow = readonly [names: string, hold: Hold, weight: Weight, note?: string | null, instead?: string];

/** Writes out rows that share a source. */
export function cpu(source: string, list: readonly CpuRow[]): CpuFact[] {
  return list.flatMap(([names, hold, weight, note, instead]) =>
    expandAll(names).map((name) => fact(name, hold, weight, source, note ?? null, instead ?? null)),
  );
}

/** Classes or modules (braces allowed), lock, weight, names that do no work, note. */
export type CpuClassRow = readonly [classes: string, hold: Hold, weight: Weight, except: string, note?: string];

/** Writes out rows about all that a class or a module has, sharing a source. */
export function cpuClasses(source: string, list: readonly CpuClassRow[]): CpuClass[] {
  return list.flatMap(([names, hold, weight, except, note]) =>
    expandAll(names).map((name) => ({
      fact: fact(`${name}.*`, hold, weight, source, note ?? null, null),
      except: except === "" ? [] : except.trim().split(/\s+/).flatMap(expand),
    })),
  );
}

function fact(
  name: string,
  hold: Hold,
  weight: Weight,
  source: string,
  note: string | null,
  instead: string | null,
): CpuFact {
  return {
    name,
    gil: hold === "freezes" ? "holds" : hold,
    weight,
    freezes: hold === "freezes",
    instead: instead?.replaceAll("*", lastPart(name)) ?? (weight === "light" ? null : usual(hold)),
    note,
    source,
  };
}

/** A thread is cheapest where the lock is let go; where it is kept, only another process leaves the loop alone. */
function usual(hold: Hold): string {
  if (hold === "releases") return "asyncio.to_thread";
  if (hold === "mixed") return "asyncio.to_thread / concurrent.futures.ProcessPoolExecutor";
  return "concurrent.futures.ProcessPoolExecutor";
}
