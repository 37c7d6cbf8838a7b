import type { Exhaustion } from "../knowledge/pools/row.ts";
import type { Func } from "../python/module.ts";
import { funcAt } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import { counted, excess, limitsOf, numberWords } from "../runtime/pools/capacity.ts";
import type { Crew } from "../runtime/pools/crews.ts";
import type { Pool } from "../runtime/pools/pools.ts";
import type { Shortage } from "../runtime/pools/shortages.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { shortName } from "./hops.ts";
import type { Detection, Related } from "./rule.ts";
import { code, quoted } from "./words.ts";

/** The sum as a message: who shares what, and what then happens. */
function shortageWords({ demand, pool, capacity, deadlocks }: Shortage): string {
  const { workers, each, share } = demand;
  const who = `${withSource(counted(workers, share.crew.kind), workers.words)}`;
  const after = afterwards(pool.fact.exhaustion);
  if (each.count > 1) {
    const take = `${who} take ${each.count} connections each from ${withSource(numberWords(capacity), capacity.words)}`;
    return deadlocks
      ? `${take}: when each holds one, none gets its next: they ${after}`
      : `${take}: the others ${after}`;
  }
  const missing = excess(workers, capacity);
  const isExact = limitsOf(workers).exact !== null && limitsOf(capacity).exact !== null;
  return `${who} share ${withSource(counted(capacity, "connection"), capacity.words)}: ${missing}${isExact ? "" : " or more"} ${after}`;
}

/** What happens to those who find the pool used up. */
function afterwards({ does, seconds, error, words }: Exhaustion): string {
  const name = error === null ? null : quoted(error.slice(error.lastIndexOf(".") + 1));
  if (does === "waits" && seconds !== null) return `wait, and after ${seconds} s fail${name ? ` with ${name}` : ""}`;
  if (does === "raises") return `fail at once with ${name}`;
  return words;
}

/** A number with what sets it in brackets. */
export function withSource(number: string, words: string): string {
  return words === "" ? number : `${number} (${words})`;
}

/** Where a shortage shows: who starts the workers, how they come to the pool, and where they take from it. */
function shortageTrace(runtime: Runtime, { demand }: Shortage): Related[] {
  const { share, use, each, workers } = demand;
  const trace: Related[] = [];
  const { crew } = share;
  if (crew.pool) trace.push(related(runtime, crew.pool.sizedAt, `${counted(workers, crew.kind)} work here`));
  trace.push({ module: use.work.at.module, at: shownNode(use.work.at.node), message: use.work.words });
  for (const { site, from } of use.path)
    if (site && from && !(each.second && site.node === each.second.node))
      trace.push({ module: from.func.module, at: site.node, message: hopWords(from.func, site.node) });
  const { draw } = use;
  if (each.first && each.second) {
    trace.push({ module: each.first.func.module, at: each.first.node, message: "takes a connection and keeps it" });
    trace.push({ module: each.second.func.module, at: each.second.node, message: "takes another meanwhile" });
  } else
    trace.push({
      module: draw.func.module,
      at: draw.site.node,
      message: `${code(draw.func.module, shownNode(draw.site.node))} takes a connection`,
    });
  return trace;
}

function hopWords(func: Func, node: Node): string {
  const shown = node.kind === "call" ? node.callee : shownNode(node);
  return `${quoted(shortName(func))} calls ${code(func.module, shown)}`;
}

/** What stands for a node in a message: a function's own line rather than all of it. */
function shownNode(node: Node): Node {
  if (node.kind === "function") return node.decorators[0] ?? node;
  return node.kind === "withitem" ? node.context : node;
}

/** A place of the program with words. */
export function related(runtime: Runtime, at: Node, message: string): Related {
  return { module: runtime.inference.moduleOf(at), at, message };
}

/** The body of code in which a pool gets its size. */
export function sizingFunc(runtime: Runtime, { sizedAt }: Pool): Func {
  return funcAt(runtime.inference.moduleOf(sizedAt), sizedAt);
}

/** What a finding about a shortage has in common. */
export function shortageDetection(runtime: Runtime, shortage: Shortage): Omit<Detection, "instead" | "severity"> {
  const { pool, demand } = shortage;
  return {
    func: sizingFunc(runtime, pool),
    at: pool.sizedAt,
    message: shortageWords(shortage),
    trace: shortageTrace(runtime, shortage),
    doubt: demand.doubt,
    shows: { func: demand.use.draw.func, at: demand.use.draw.site.node },
    subject: `${pool.fact.name}<${crewSubject(demand.share.crew)}`,
  };
}

function crewSubject({ pool, name }: Crew): string {
  return pool ? pool.fact.name : name;
}

/** The name of a pool in code quotes. */
export function poolWords({ name }: Pool): string {
  return quoted(name);
}
