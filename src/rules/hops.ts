import type { Func } from "../python/module.ts";
import { PYTHON_LOOPS } from "../runtime/effects/cpu.ts";
import { chain, type Witness } from "../runtime/effects/witness.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import type { Related } from "./rule.ts";
import { calleeWords, code, quoted } from "./words.ts";

/** One place for each hop of a witness, down to the library call, in the order of a traceback. */
export function hops<Fact>(witness: Witness<Fact>): Related[] {
  return chain(witness).map(({ func, site, next, source }): Related => {
    if (!next && source.name === PYTHON_LOOPS)
      return { module: func.module, at: site.node, message: `${quoted(shortName(func))} loops within a loop` };
    const at = placeOf(site);
    const callee = at.kind === "call" ? at.callee : at;
    const called = next ? code(func.module, callee) : calleeWords(func.module, callee, source.name);
    return { module: func.module, at, message: `${quoted(shortName(func))} calls ${called}` };
  });
}

/** A function's name without its module; a module's top level by the module's name. */
export function shortName(func: Func): string {
  const { module, name, node } = func;
  return node.kind !== "module" && name.startsWith(`${module.name}.`) ? name.slice(module.name.length + 1) : name;
}
