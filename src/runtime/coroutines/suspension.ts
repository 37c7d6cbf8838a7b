import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Node } from "../../python/syntax.ts";
import { answeredOnce } from "../answered.ts";
import type { Runtime } from "../runtime.ts";

/** Where a coroutine may hand the loop to other tasks. */
export interface Suspensions {
  /** The suspension points of a body, in source order. */
  of(func: Func): readonly Node[];
  /** The first suspension point in a range of the source. */
  between(func: Func, from: number, to: number): Node | null;
}

/** The suspension points of all bodies of code. Awaiting a coroutine of the project that never suspends itself is none. */
export const suspensionsOf: (runtime: Runtime) => Suspensions = answeredOnce(build);

function build({ graph }: Runtime): Suspensions {
  const points = new Map<Func, readonly Node[]>();
  const verdicts = new Map<Func, boolean>();

  const of = (func: Func): readonly Node[] => {
    const memo = points.get(func);
    if (memo) return memo;
    const found = func.isAsync ? mayWait(func).filter(suspends) : [];
    points.set(func, found);
    return found;
  };

  const mayWait = (func: Func): readonly Node[] => nodesOf(func, "await", "for", "with", "clause", "yield");

  const suspends = (node: Node): boolean => {
    switch (node.kind) {
      case "await":
        return node.value.kind !== "call" || mayPause(node.value);
      case "for":
      case "with":
      case "clause":
        return node.isAsync;
      // Whoever iterates an async generator may do anything between two items.
      case "yield":
        return true;
      default:
        return false;
    }
  };

  /** Whether a coroutine that the call makes may pause: not if all it can be are project functions that never do. */
  const mayPause = (call: Node): boolean => {
    const site = graph.siteOf(call);
    if (!site || site.library.length > 0 || site.handovers.length > 0 || site.targets.length === 0) return true;
    return site.targets.some(({ func }) => !func.isAsync || pauses(func));
  };

  const pauses = (func: Func): boolean => {
    const memo = verdicts.get(func);
    if (memo !== undefined) return memo;
    verdicts.set(func, false);
    const verdict = func.isGenerator || mayWait(func).some(suspends);
    verdicts.set(func, verdict);
    return verdict;
  };

  return {
    of,
    between: (func, from, to) => of(func).find((node) => placeOf(node) >= from && placeOf(node) < to) ?? null,
  };
}

/** Where in the source the task pauses: a `with` on entry, everything else when its operand is there. */
function placeOf(node: Node): number {
  return node.kind === "with" || node.kind === "for" ? node.start : node.end - 1;
}
