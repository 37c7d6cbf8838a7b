import { argument } from "../../python/syntax.ts";
import { attributesNamed } from "../graph/mentions.ts";
import type { Runtime } from "../runtime.ts";
import { lifetimesOf, type Opening } from "./lifetimes.ts";

/** Whether the call creates the block, so that somebody must unlink it; attaching to one by its name does not. */
export function createsBlock({ call, name, via }: Opening): boolean {
  const made = via ? via.call : call;
  if (name.endsWith(".ShareableList")) return argument(made, "sequence", 0) !== null;
  const create = argument(made, "create", 1);
  return create?.kind === "constant" && create.value === true;
}

const known = new WeakMap<Runtime, boolean>();

/** Whether the project unlinks a block that it is only attached to: then those who create blocks may leave that to others. */
export function unlinksAttached(runtime: Runtime): boolean {
  const remembered = known.get(runtime);
  if (remembered !== undefined) return remembered;
  const attached = new Set(
    lifetimesOf(runtime)
      .filter(({ opening }) => opening.resource.kind === "shared-memory" && !createsBlock(opening))
      .map(({ opening }) => opening.call),
  );
  const found = attributesNamed(runtime, "unlink").some((node) =>
    runtime.origins.of(node.value).some(({ expression }) => expression.kind === "call" && attached.has(expression)),
  );
  known.set(runtime, found);
  return found;
}
