import type { Func } from "../python/module.ts";
import { type Endless, endlessIn, NEVER_RETURN } from "../runtime/effects/endless.ts";
import { type Handover, placeOf, type Site } from "../runtime/graph/callgraph.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { shortName } from "./hops.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const defaultExecutorStarvation: Rule = {
  id: "default-executor-starvation",
  title: "Work without end in the default executor",
  severity: "warning",
  group: "Event loop",
  why: "The default executor has a few threads, five on a machine with one CPU, and everything short shares them: `to_thread`, file access, DNS look-ups. Work that never ends takes one of them for good, and at exit the program waits for it.",
  instead: "Give the work a thread or an executor of its own.",
  bad: `
import asyncio
import time


def watch(directory):
    while True:
        print(directory.stat())
        time.sleep(1)


async def main(directory):
    await asyncio.to_thread(watch, directory)
`,
  good: `
import threading
import time


def watch(directory):
    while True:
        print(directory.stat())
        time.sleep(1)


async def main(directory):
    threading.Thread(target=watch, args=(directory,), daemon=True).start()
`,
  *detect(runtime) {
    for (const func of runtime.graph.funcs)
      for (const site of runtime.graph.sites(func))
        for (const handover of site.handovers) {
          const { to, pool, executor } = handover.destination;
          if (to !== "thread" || pool !== "default-executor" || executor !== null) continue;
          const found = detection(runtime, func, site, handover);
          if (!found) continue;
          yield found;
          break;
        }
  },
};

function detection(
  runtime: Runtime,
  func: Func,
  site: Site,
  { func: work, library, destination, doubt }: Handover,
): Detection | null {
  const at = placeOf(site);
  const base = { func, at, instead: adviceFor(runtime), doubt };
  if (library !== null && NEVER_RETURN.test(library))
    return {
      ...base,
      message: `${quoted(library)} never returns and takes a thread of the default executor for good`,
      subject: `${destination.by}>${library}`,
    };
  const endless = work && endlessIn(runtime, work);
  if (!work || !endless) return null;
  return {
    ...base,
    doubt: doubt + endless.doubt,
    message: `${quoted(shortName(work))} ${endless.path.length === 0 ? endless.words : `ends in code that ${endless.words}`} and takes a thread of the default executor, which everything short shares`,
    trace: traceOf(endless),
    subject: `${destination.by}>${work.name}`,
  };
}

function traceOf({ func, at, words, path }: Endless): Related[] {
  return [
    ...path.map((site): Related => {
      const node = placeOf(site);
      return {
        module: site.func.module,
        at: node,
        message: `calls ${code(site.func.module, node.kind === "call" ? node.callee : node)}`,
      };
    }),
    { module: func.module, at, message: `${quoted(shortName(func))} ${words}` },
  ];
}

function adviceFor({ target }: Runtime): string {
  const own = "`threading.Thread(target=…, daemon=True)`";
  return target.minor >= 9
    ? `Give it a thread of its own, ${own}, or its own \`ThreadPoolExecutor(max_workers=1)\` by \`loop.run_in_executor\`.`
    : `Give it a thread of its own, ${own}, or an executor of its own.`;
}
