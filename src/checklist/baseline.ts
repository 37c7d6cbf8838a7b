import type { Place } from "../finding.ts";
import type { Module } from "../python/module.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { isConcurrent } from "./concurrency.ts";
import { type Evidence, type Examination, isProgram, NO_EVIDENCE, placeAt } from "./item.ts";

const MOST_ENTRIES = 4;

/** Nothing in the text of a program says how fast it is: the commands that do. */
export function baselineEvidence(examination: Examination): Evidence {
  const { runtime } = examination;
  if (!isConcurrent(examination)) return NO_EVIDENCE;
  const scripts = runtime.modules.flatMap((module) => (isProgram(runtime, module) ? (scriptPlace(module) ?? []) : []));
  const open = [...scripts.slice(0, MOST_ENTRIES), ...servedPlaces(runtime)];
  const [first] = runtime.modules.filter((module) => isProgram(runtime, module));
  if (open.length === 0 && first)
    open.push({
      path: first.path,
      line: 1,
      message: "time the work alone, one call after the other: `python -m cProfile -s cumulative FILE`",
    });
  return { shows: [], open };
}

/** The program's own start: `if __name__ == "__main__"`. */
function scriptPlace(module: Module): Place | null {
  for (const statement of module.tree.body) {
    if (statement.kind !== "if") continue;
    const [branch] = statement.branches;
    const { test } = branch ?? {};
    if (test?.kind !== "compare" || !test.operands.some((one) => one.kind === "name" && one.id === "__name__"))
      continue;
    const name = module.name.replace(/\.__main__$/, "");
    const run = /^[\w.]+$/.test(name) && module.path.includes("/") ? `-m ${name}` : module.path;
    return placeAt(
      module,
      statement,
      `measure one worker alone, then profile: \`python -m cProfile -s cumulative ${run}\`, \`py-spy record --output profile.svg -- python ${run}\``,
    );
  }
  return null;
}

/** What answers requests that can be sent from a command line. */
const HTTP = /route|view|endpoint|dependency|middleware|request hook|aiohttp|Tornado|Sanic|Quart|Litestar/;

/** Applications that a server runs: measured under load. */
function servedPlaces({ contexts, target, servers }: Runtime): Place[] {
  const root = contexts.roots.find(({ serves, func }) => serves && !target.isTest(func.module.path));
  if (!root) return [];
  const [server] = servers;
  const { module, node } = root.func;
  const place = placeAt(module, node, "");
  const load = "`hey -z 30s -c 1 URL`, then with `-c 50`";
  const profile = "`py-spy record --output profile.svg --duration 30 --pid PID`";
  const message = /task|actor|job/i.test(root.label)
    ? `time one task alone, then profile the worker: ${profile}`
    : HTTP.test(root.label)
      ? `measure one request at a time, then under load: ${load}; profile meanwhile: ${profile}`
      : `profile the program while it is used: ${profile}`;
  return [server ? { path: server.path, line: server.line, message } : { ...place, message }];
}
