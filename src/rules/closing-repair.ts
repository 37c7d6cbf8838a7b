import { sourceOf } from "../python/module.ts";
import type { Opening } from "../runtime/lifetimes/lifetimes.ts";
import { closingName } from "./block-repair.ts";
import type { Repair } from "./rule.ts";

/** `with connect(…) as c` becomes `with closing(connect(…)) as c, c`: the same transaction, and the end of the connection. */
export function closingRepair({ call, func, resource }: Opening): Repair | null {
  const { module } = func;
  const item = call.parent;
  if (resource.with || resource.awaited || item?.kind !== "withitem" || item.target?.kind !== "name") return null;
  const closing = closingName(module.scope.names);
  if (!closing) return null;
  const name = sourceOf(module, item.target);
  return {
    title: "Close the connection at the end of the block",
    edits: [{ start: item.start, end: item.end, text: `${closing}(${sourceOf(module, call)}) as ${name}, ${name}` }],
  };
}
