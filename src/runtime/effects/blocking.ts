import type { BlockingFact, Category, Cost } from "../../knowledge/blocking.ts";
import { push } from "../../multimap.ts";
import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { argument, enclosing, within } from "../../python/syntax.ts";
import type { CallGraph, Site } from "../graph/callgraph.ts";
import type { Origins } from "../graph/origins.ts";
import { isForOtherSystem } from "../graph/systems.ts";
import { isFinished } from "./futures.ts";
import { CONDITION_WAIT, isGate, isInstant, isOnlyTried } from "./instant.ts";
import { type Readiness, readinessOf } from "./readiness.ts";
import { type Effects, type Source, spread } from "./witness.ts";

/** Looks up what a call of a canonical name does to the thread that makes it. */
export type BlockingFacts = (name: string, receiver: string | null) => BlockingFact | undefined;

/** What blocks, function by function. */
export interface Blocking {
  /** Calls of the function's own body that block, in source order. */
  direct(func: Func): readonly Source<BlockingFact>[];
  /** Functions that block on the network, a child process, another thread, or a person. */
  waits: Effects<BlockingFact>;
  /** Functions that block on local files. */
  files: Effects<BlockingFact>;
  /** Whether the loop calls the function because there is something to read, or room to write. */
  isReady(func: Func): boolean;
}

/** Categories that rules of their own speak of. */
const ELSEWHERE: ReadonlySet<Category> = new Set<Category>(["lock", "loop"]);

const FILE_COSTS: ReadonlySet<Cost> = new Set<Cost>(["ssd", "us"]);

/** Finds what blocks, from the tables up through the call graph. */
export function blockingOf(graph: CallGraph, origins: Origins, facts: BlockingFacts): Blocking {
  const readiness = readinessOf(graph, origins);
  const direct = new Map<Func, Source<BlockingFact>[]>();
  for (const site of graph.calling(({ name, receiver }) => facts(name, receiver) !== undefined)) {
    const source = directly(graph, origins, readiness, site, facts);
    if (source) push(direct, site.func, source);
  }
  const of = (wanted: (fact: BlockingFact) => boolean) => (func: Func) =>
    (direct.get(func) ?? []).filter((source) => !ELSEWHERE.has(source.fact.category) && wanted(source.fact));
  return {
    direct: (func) => direct.get(func) ?? [],
    waits: spread(
      graph,
      of((fact) => !isFile(fact)),
      { program: 1, object: 0, always: 0 },
    ),
    files: spread(graph, of(isFile), { program: 2, object: 1, always: 0 }),
    isReady: readiness.isReady,
  };
}

/** Whether a fact is about the local disk: it ends by itself, and soon. */
export function isFile(fact: BlockingFact): boolean {
  return FILE_COSTS.has(fact.cost);
}

function directly(
  graph: CallGraph,
  origins: Origins,
  readiness: Readiness,
  site: Site,
  facts: BlockingFacts,
): Source<BlockingFact> | null {
  if (site.awaited || site.kind === "property" || neverRuns(site.node)) return null;
  let best: Source<BlockingFact> | null = null;
  let innocent = 0;
  for (const { name, doubt, receiver } of site.library) {
    const fact = facts(name, receiver);
    if (!fact || !applies(graph, origins, readiness, fact, site)) innocent++;
    else if (!best || doubt < best.doubt || (doubt === best.doubt && isForTests(best.name)))
      best = { site, name, doubt, fact };
  }
  // Where the receiver may also be something harmless, the call only may block.
  return (
    best && {
      ...best,
      doubt: best.doubt + (innocent > 0 ? (isResult(best.fact) ? 2 : 1) : 0) + circumstance(graph, origins, best),
    }
  );
}

/** Stands in for the real client in tests. */
function isForTests(name: string): boolean {
  return /\.(?:TestClient|testclient)\./.test(name);
}

/** The doubt that lies in the circumstances of a call: whether there is anything to wait for. */
function circumstance(graph: CallGraph, origins: Origins, { fact, site }: Source<BlockingFact>): number {
  if (CONDITION_WAIT.test(fact.name) && isGate(site)) return 2;
  if (isForOtherSystem(graph.inference, site.func, site.node)) return 2;
  if (isHandedOn(graph.inference, fact, site.node)) return 2;
  if (/^io\.\w+\./.test(fact.name) && site.node.kind === "call" && !isOpened(graph, origins, site.node)) return 2;
  switch (fact.when) {
    case "streamed":
      return 2;
    case "full":
      return site.node.kind === "call" && isBounded(origins, site.node) ? 0 : 2;
    case "large":
      return fact.cost === "wait" ? 1 : 0;
    default:
      return 0;
  }
}

/** An iterator reads when somebody goes through it, and that is whoever it is returned to, or the object that it is given to. */
function isHandedOn({ library }: Inference, { name }: BlockingFact, node: Node): boolean {
  if (node.kind !== "call" || !library.tables.returns.get(name)?.startsWith("iter ")) return false;
  const { parent } = node;
  const call = parent?.kind === "argument" ? parent.parent : null;
  return parent?.kind === "return" || (call?.kind === "call" && /^[A-Z]/.test(lastName(call.callee)));
}

/** Whether the file object whose method is called is opened in the program; a parameter that is declared as one may be a buffer in memory. */
function isOpened({ inference }: CallGraph, origins: Origins, { callee }: Call): boolean {
  if (callee.kind !== "attribute") return true;
  const made = origins.of(callee.value);
  if (made.length === 0) return !isDeclared(inference, callee.value);
  return made.some(({ expression }) => !isMemory(inference, expression) && !opensKernel(origins, expression));
}

/** A parameter of which only the annotation tells something, and that is the type of everything that can be read: `typing.BinaryIO`. */
function isDeclared(inference: Inference, receiver: Expression): boolean {
  if (receiver.kind !== "name") return false;
  const { bindings } = inference.bindings(receiver);
  return bindings.some(
    (one) =>
      one.kind === "parameter" &&
      one.node.annotation !== null &&
      [one.node.annotation, ...within(one.node.annotation)].some((part) =>
        /^(?:(?:Binary|Text)?IO|(?:Buffered|Raw|Text)?IOBase)$/.test(lastName(part)),
      ),
  );
}

function lastName(node: Node): string {
  return node.kind === "attribute" ? node.attr : node.kind === "name" ? node.id : "";
}

/** Whether the queue whose method is called was made with a bound. */
function isBounded(origins: Origins, { callee }: Call): boolean {
  if (callee.kind !== "attribute") return false;
  return origins.of(callee.value).some(({ expression }) => {
    const bound = expression.kind === "call" ? argument(expression, "maxsize", 0) : null;
    return bound !== null && !(bound.kind === "number" && bound.value <= 0);
  });
}

function applies(graph: CallGraph, origins: Origins, readiness: Readiness, fact: BlockingFact, site: Site): boolean {
  if (fact.when === "never") return false;
  if (fact.when === "loop" && !repeats(site.node)) return false;
  if (site.node.kind === "withitem" && fact.name.startsWith("filelock."))
    return !isOnlyTried(origins, site.node.context);
  if (site.node.kind !== "call") return true;
  if (isInstant(graph, origins, site.func, fact, site.node)) return false;
  if (isFile(fact) && isInMemory(graph, origins, site.node, fact.name === "open")) return false;
  if (returnsAtOnce(site.node) || isFinished(graph.inference, site.func, site.node)) return false;
  if (isResult(fact) && readiness.isDoneCallback(site.func) && isParameter(graph, site.node)) return false;
  return !(fact.category === "socket" || READS.has(fact.name)) || !readiness.isNonBlocking(site.func, site.node);
}

function opensKernel(origins: Origins, made: Expression): boolean {
  const path = made.kind === "call" ? argument(made, "file", 0) : null;
  return path !== null && isOfKernel(origins, path);
}

/** `open("/proc/meminfo")`: the kernel makes it up. */
function isOfKernel(origins: Origins, path: Expression): boolean {
  const found = origins.of(path);
  return (
    found.length > 0 &&
    found.every(({ expression }) => expression.kind === "string" && /^\/(?:proc|sys)\//.test(expression.value))
  );
}

/** `Image.open(BytesIO(…))` and its kin read no disk. */
function isInMemory({ inference }: CallGraph, origins: Origins, call: Call, isPath: boolean): boolean {
  const given = [argument(call, null, 0), argument(call, "fileobj", -1)];
  return given.some((one) => one !== null && (isOfKernel(origins, one) || (!isPath && isMemory(inference, one))));
}

function isMemory(inference: Inference, given: Expression): boolean {
  return inference.values(given).some((value) => value.kind === "instance" && MEMORY.has(value.type));
}

const MEMORY = new Set(["io.BytesIO", "io.StringIO"]);

function isResult({ name }: BlockingFact): boolean {
  return /\.(?:result|exception)$/.test(name);
}

/** Whether the receiver is what the function is called with. */
function isParameter({ inference }: CallGraph, { callee }: Call): boolean {
  if (callee.kind !== "attribute" || callee.value.kind !== "name") return false;
  return inference.bindings(callee.value).bindings.every(({ kind }) => kind === "parameter");
}

const READS = new Set(["os.read", "os.write", "os.sendfile"]);

/** Calls told not to wait: `acquire(blocking=False)`, `get(False)`, `join(timeout=0)`, `shutdown(wait=False)`. */
function returnsAtOnce(call: Call): boolean {
  const method = call.callee.kind === "attribute" ? call.callee.attr : "";
  const flag = argument(call, "blocking", -1) ?? argument(call, "block", -1) ?? argument(call, "wait", -1);
  if (isFalse(flag)) return true;
  if ((method === "acquire" || method === "get" || method === "shutdown") && isFalse(argument(call, null, 0)))
    return true;
  if (method === "put" && isFalse(argument(call, null, 1))) return true;
  if (method === "sleep" || (call.callee.kind === "name" && call.args.length === 1)) {
    const [first] = call.args;
    if (first?.value.kind === "number" && first.value.value === 0) return true;
  }
  const limit =
    argument(call, "timeout", -1) ??
    (/^(?:join|wait|result|poll|select|exception)$/.test(method)
      ? argument(call, null, method === "select" ? 3 : 0)
      : null);
  return limit?.kind === "number" && limit.value === 0;
}

function isFalse(expression: Expression | null): boolean {
  return (
    (expression?.kind === "constant" && expression.value === false) ||
    (expression?.kind === "number" && expression.value === 0)
  );
}

/** Whether the node runs again and again within its function. */
export function repeats(node: Node): boolean {
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class" || at.kind === "module") return false;
    if (at.kind === "while") return true;
    if (at.kind === "for" && from !== at.iter) return true;
    if (at.kind === "comprehension" && !(from.kind === "clause" && from === at.clauses[0])) return true;
  }
  return false;
}

/** Code under `if TYPE_CHECKING` is for type checkers only. */
export function neverRuns(node: Node): boolean {
  const branch = enclosing(node, (one) => one.kind === "branch");
  if (branch?.kind !== "branch") return false;
  const { test } = branch;
  if (
    (test.kind === "name" && test.id === "TYPE_CHECKING") ||
    (test.kind === "attribute" && test.attr === "TYPE_CHECKING")
  )
    return true;
  return neverRuns(branch);
}
