import type { Func } from "../python/module.ts";
import { chain, type Source, through, type Witness } from "../runtime/effects/witness.ts";
import type { Site } from "../runtime/graph/callgraph.ts";
import { isConditional } from "../runtime/graph/order.ts";
import { isFedAtImport, type Launch, launchesOf } from "../runtime/processes/launches.ts";
import { isGuarded } from "../runtime/processes/main-guard.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { hops } from "./hops.ts";
import type { Detection, Rule } from "./rule.ts";
import { code } from "./words.ts";

export const missingMainGuard: Rule = {
  id: "missing-main-guard",
  title: "Processes started while the file is imported",
  severity: "warning",
  group: "Processes",
  why: "A spawned child imports the file it came from. Where that starts processes again, Python stops with an error (or starts ever more of them). It works only while children are forked, which is no longer the default from Python 3.14 on.",
  instead: 'Start processes in a function, and call it under `if __name__ == "__main__":`.',
  bad: `
import multiprocessing


def collatz(start):
    steps = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        steps += 1
    return steps


with multiprocessing.Pool(4) as pool:
    print(max(pool.map(collatz, range(1, 10_000))))
`,
  good: `
import multiprocessing


def collatz(start):
    steps = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        steps += 1
    return steps


if __name__ == "__main__":
    with multiprocessing.Pool(4) as pool:
        print(max(pool.map(collatz, range(1, 10_000))))
`,
  *detect(runtime) {
    for (const { top, path } of runtime.modules) {
      // A child never imports a package's `__main__` again.
      if (path.endsWith("__main__.py")) continue;
      const open = runtime.graph.sites(top).filter(({ node }) => !isGuarded(node));
      const direct = launchesOf(runtime).direct(top);
      for (const source of direct)
        if (open.includes(source.site) && startsNow(runtime, top, source.fact)) yield atImport(top, source);
      const calls = open.filter((site) => site.kind === "call" && !direct.some((source) => source.site === site));
      const reached = calls.flatMap((site) => throughCall(runtime, top, site) ?? []);
      // One guard around all of them is what is missing.
      const [first] = reached.sort((a, b) => a.doubt - b.doubt || a.at.start - b.at.start);
      if (first) yield first;
    }
  },
};

/** A call at import that ends in the start of processes. */
function throughCall(runtime: Runtime, top: Func, site: Site): Detection | null {
  const found = through(runtime.graph, site, launchesOf(runtime).processes);
  if (!found || site.node.kind !== "call" || isForked(found.witness.source.fact)) return null;
  const { witness } = found;
  return {
    func: top,
    at: site.node,
    message: `${code(top.module, site.node.callee)} starts processes while this file is imported: a spawned child imports it too`,
    // The import is the mistake here, not a milder circumstance.
    shows: null,
    trace: hops(witness),
    doubt: found.doubt + conditions(top, witness),
    subject: `${witness.func.name}>${witness.source.name}`,
  };
}

/** A start under a condition may not happen here; nobody can tell for a condition in another file. */
function conditions(top: Func, witness: Witness<Launch>): number {
  const conditional = chain(witness).filter(({ site }) => isConditional(site.node));
  return conditional.length === 0 ? 0 : conditional.every(({ func }) => func.module === top.module) ? 1 : 2;
}

function startsNow(runtime: Runtime, top: Func, launch: Launch): boolean {
  if (launch.kind !== "process" || isForked(launch)) return false;
  return !launch.waits || (launch.made !== null && isFedAtImport(runtime, top, launch.made));
}

/** The code itself asks for fork, which imports nothing. */
function isForked({ choice }: Launch): boolean {
  return choice?.method === "fork" && choice.from !== "default";
}

function atImport(top: Func, { site, name, fact, doubt }: Source<Launch>): Detection {
  return {
    func: top,
    at: site.node,
    message: `${fact.label} starts while this file is imported: a spawned child imports it too`,
    // The import is the mistake here, not a milder circumstance.
    shows: null,
    doubt,
    subject: name,
  };
}
