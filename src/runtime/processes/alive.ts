import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Node } from "../../python/syntax.ts";
import { isInside } from "../../python/syntax.ts";
import { type Effects, type Source, spread, through, type Witness } from "../effects/witness.ts";
import { placeOf, type Site } from "../graph/callgraph.ts";
import { areExclusive } from "../graph/conditions.ts";
import { isConditional, mayPrecede } from "../graph/order.ts";
import { submissionsOf } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import { type Launch, launchesOf } from "./launches.ts";

/** Why a thread is known to run beside some code. */
export interface Alive {
  /** The body of code and the place in it where the thread starts, or where a call leads to that. */
  func: Func;
  at: Node;
  witness: Witness<Launch> | null;
  /** The place in the way between, where the code asked about is called: by `caller`. */
  caller: { func: Func; at: Node } | null;
  /** The code itself runs in a thread; its words. */
  itself: string | null;
  doubt: number;
}

const DEEPEST = 3;

/** A thread that has been started when `node` runs, and that nothing has ended; `null` if none is seen. */
export function threadAliveAt(runtime: Runtime, func: Func, node: Node): Alive | null {
  return (
    inThread(runtime, func) ??
    startedBefore(runtime, func, node) ??
    startedByConstructor(runtime, func) ??
    startedByCaller(runtime, func, DEEPEST, new Set()) ??
    startedAtImport(runtime, func)
  );
}

/** The code runs in a thread of its own: besides it there is at least the main thread. */
function inThread(runtime: Runtime, func: Func): Alive | null {
  const context = runtime.contexts.in(func, "thread");
  if (context && context.doubt < 2) {
    let root = context;
    while (root.from) root = root.from;
    const { target } = runtime;
    if (root.site && target.isTest(root.site.func.module.path) && !target.isTest(func.module.path)) return null;
    return {
      func: root.site?.func ?? root.func,
      at: root.site?.node ?? root.func.node,
      witness: null,
      caller: null,
      itself: context.root.label,
      doubt: context.doubt,
    };
  }
  return null;
}

function startedBefore(runtime: Runtime, func: Func, node: Node): Alive | null {
  for (const site of runtime.graph.sites(func)) {
    const at = placeOf(site);
    if (at === node || isInside(node, at) || !mayPrecede(at, node)) continue;
    if (areExclusive(at, node, func) || isSameChoice(site, node) || hasFailed(at, node)) continue;
    const found = startAt(runtime, func, site);
    if (found && !endsBetween(func, at, node))
      return { func, at, witness: found.witness, caller: null, itself: null, doubt: found.doubt };
  }
  return null;
}

/** `node` runs because what the `try` ends with has raised: what it starts last has not been started. */
function hasFailed(at: Node, node: Node): boolean {
  for (let one: Node | null = node; one; one = one.parent)
    if (one.kind === "handler" && one.parent?.kind === "try") {
      const last = one.parent.body.at(-1);
      if (last && isInside(at, last)) return true;
    }
  return false;
}

/** `run = run_in_thread if debug else run_in_process`: a program that calls `run(…)` twice does the same both times. */
function isSameChoice({ node, targets }: Site, other: Node): boolean {
  if (targets.length < 2 || node.kind !== "call" || other.kind !== "call") return false;
  const [a, b] = [node.callee, other.callee];
  return a.kind === "name" && b.kind === "name" && a.id === b.id;
}

function startAt(runtime: Runtime, func: Func, site: Site): { witness: Witness<Launch> | null; doubt: number } | null {
  const own = launchesOf(runtime)
    .direct(func)
    .find((source) => source.site === site && source.fact.kind === "thread");
  if (own) return { witness: null, doubt: own.doubt };
  const found = through(runtime.graph, site, lastingThreads(runtime));
  return found && { witness: found.witness, doubt: found.doubt + far(found.witness) };
}

/** Many calls away there are many conditions on the way. */
function far({ length }: Witness<Launch>): number {
  return length > NEAR ? 2 : 0;
}

const NEAR = 3;

/** Between both, something waits for threads or shuts a pool down; or the `with` around the pool ends. */
function endsBetween(func: Func, first: Node, then: Node): boolean {
  for (let at: Node | null = first.parent; at && at !== func.node; at = at.parent)
    if (at.kind === "with" && !isInside(then, at) && opensPool(at, first)) return true;
  return nodesOf(func, "call").some((node) => node.start > first.start && node.start < then.start && endsThread(node));
}

function endsThread(node: Node): boolean {
  if (node.kind !== "call" || node.callee.kind !== "attribute") return false;
  const { attr, value } = node.callee;
  if (attr === "shutdown" || attr === "stop" || attr === "close" || attr === "terminate") return true;
  return (
    attr === "join" &&
    value.kind !== "string" &&
    node.args.every(({ name, value: given }) => name === "timeout" || given.kind === "number")
  );
}

function opensPool(statement: Node & { kind: "with" }, use: Node): boolean {
  const receiver = use.kind === "call" && use.callee.kind === "attribute" ? use.callee.value : null;
  return statement.items.some(
    ({ target }) => target?.kind === "name" && receiver?.kind === "name" && target.id === receiver.id,
  );
}

/** The constructor of the object whose method this is starts a thread. */
function startedByConstructor(runtime: Runtime, func: Func): Alive | null {
  let method: Func | null = func;
  while (method && !method.cls) method = method.parent;
  if (!method?.cls || method.node.kind !== "function" || method.node.name === "__init__") return null;
  // A `Process` leaves the threads of its constructor behind.
  const bases = runtime.inference.libraryBases(method.cls);
  if (bases.some((base) => runtime.inference.library.ancestry(base).includes("multiprocessing.Process"))) return null;
  const init = runtime.inference.method(method.cls, "__init__");
  const witness = init && lastingThreads(runtime).get(init);
  if (!init || !witness || runtime.inference.decoration(method).static) return null;
  return {
    func: init,
    at: placeOf(witness.site),
    witness,
    caller: null,
    itself: null,
    doubt: witness.doubt + far(witness),
  };
}

function startedByCaller(runtime: Runtime, func: Func, depth: number, seen: Set<Func>): Alive | null {
  if (depth === 0 || seen.has(func)) return null;
  seen.add(func);
  const { target: project } = runtime;
  // The threads of a test are not there when the program runs.
  const isTest = project.isTest(func.module.path);
  for (const { site, target } of runtime.graph.callers(func)) {
    if (!isTest && project.isTest(site.func.module.path)) continue;
    const at = placeOf(site);
    const found =
      startedBefore(runtime, site.func, at) ??
      startedByConstructor(runtime, site.func) ??
      startedByCaller(runtime, site.func, depth - 1, seen);
    if (found)
      return {
        ...found,
        caller: found.caller ?? { func: site.func, at },
        doubt: found.doubt + target.doubt + (depth < DEEPEST ? 1 : 0),
      };
  }
  return null;
}

/** The top level of the same file starts a thread, also when it is only imported. */
function startedAtImport(runtime: Runtime, func: Func): Alive | null {
  const { top } = func.module;
  if (func === top) return null;
  for (const { fact, site, doubt } of launchesOf(runtime).direct(top))
    if (fact.kind === "thread" && lasts(runtime, top, { fact, site, doubt, name: "" }) && !isConditional(site.node))
      return { func: top, at: site.node, witness: null, caller: null, itself: null, doubt };
  return null;
}

const known = new WeakMap<Runtime, Effects<Launch>>();

/** Threads that are still there when the function that starts them has returned. */
function lastingThreads(runtime: Runtime): Effects<Launch> {
  const found = known.get(runtime);
  if (found) return found;
  const made = spread(runtime.graph, (func) =>
    launchesOf(runtime)
      .direct(func)
      .filter((source) => source.fact.kind === "thread" && lasts(runtime, func, source)),
  );
  known.set(runtime, made);
  return made;
}

function lasts(runtime: Runtime, func: Func, { fact, site }: Source<Launch>): boolean {
  const { node } = site;
  if (func.nodes.some((other) => other.start > node.start && endsThread(other))) return false;
  for (let at: Node | null = node.parent; at && at !== func.node; at = at.parent)
    if (at.kind === "with" && opensPool(at, node)) return false;
  // A pool that is made, used and forgotten in one function may be collected with it.
  if (fact.label !== "thread pool") return true;
  return submissionsOf(runtime).some(
    ({ call, pool }) => call === node && pool !== null && runtime.origins.holder(pool)?.kind !== "local",
  );
}
