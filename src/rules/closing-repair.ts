import { sourceOf } from "../python/module.ts";
import type { Opening } from "../runtime/lifetimes/lifetimes.ts";
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

/** How the file names `contextlib.closing`, if it imports it at its top. */
function closingName(names: Opening["func"]["scope"]["names"]): string | null {
  const imported = names.get("contextlib");
  if (imported?.length === 1 && imported[0]?.kind === "import" && imported[0].module === "contextlib")
    return "contextlib.closing";
  const direct = names.get("closing");
  const [only] = direct ?? [];
  return direct?.length === 1 && only?.kind === "from" && only.module === "contextlib" && only.name === "closing"
    ? "closing"
    : null;
}
