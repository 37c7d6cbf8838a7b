import type { Func } from "../python/module.ts";
import { isFedAtImport, type Launch, launchesOf } from "../runtime/launches.ts";
import { isGuarded } from "../runtime/main-guard.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Source } from "../runtime/witness.ts";
import { through } from "../runtime/witness.ts";
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
      const direct = new Map(
        launchesOf(runtime)
          .direct(top)
          .map((source) => [source.site, source]),
      );
      for (const site of runtime.graph.sites(top)) {
        if (isGuarded(site.node)) continue;
        const source = direct.get(site);
        if (source) {
          if (startsNow(runtime, top, source.fact)) yield atImport(top, source);
          continue;
        }
        const found = through(runtime.graph, site, launchesOf(runtime).processes);
        if (!found || site.node.kind !== "call" || isForked(found.witness.source.fact)) continue;
        yield {
          func: top,
          at: site.node,
          message: `${code(top.module, site.node.callee)} starts processes while this file is imported: a spawned child imports it too`,
          severity: WARNING_AT_IMPORT,
          trace: hops(found.witness),
          doubt: found.doubt,
          subject: `${found.witness.func.name}>${found.witness.source.name}`,
        };
      }
    }
  },
};

/** What runs at import is judged one step milder, as start-up; here the import is the mistake. */
const WARNING_AT_IMPORT = "error";

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
    severity: WARNING_AT_IMPORT,
    doubt,
    subject: name,
  };
}
