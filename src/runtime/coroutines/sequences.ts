import type { Func } from "../../python/module.ts";
import { nodesOf, sourceOf } from "../../python/module.ts";
import type { Clause, Comprehension, Expression, For, Node, Statement } from "../../python/syntax.ts";
import { isInside, within } from "../../python/syntax.ts";
import { sizeOf } from "../effects/sizes.ts";
import type { Site } from "../graph/callgraph.ts";
import type { Runtime } from "../runtime.ts";
import { locksOf } from "../state/locks.ts";
import { stateOf } from "../state/state.ts";
import { type AsyncIo, asyncIoAt, onlyReads } from "./async-io.ts";

/** A loop that waits for one network call after the other, although no round needs what the one before it brought. */
export interface Sequence {
  func: Func;
  loop: For | Comprehension;
  /** The awaited call in the loop, and what it comes to. */
  site: Site;
  io: AsyncIo;
  items: Expression;
  doubt: number;
}

/** The sequences of a coroutine, one for each loop. */
export function sequencesIn(runtime: Runtime, func: Func): Sequence[] {
  if (!func.isAsync) return [];
  return nodesOf(func, "for", "comprehension").flatMap(
    (node) =>
      (node.kind === "for" ? loopSequence(runtime, func, node) : comprehensionSequence(runtime, func, node)) ?? [],
  );
}

function loopSequence(runtime: Runtime, func: Func, loop: For): Sequence | null {
  if (loop.isAsync || loop.orelse.length > 0 || isInTransaction(loop, func)) return null;
  const body = loop.body.flatMap((statement): Node[] => [statement, ...within(statement)]);
  if (body.some((node) => LEAVES.has(node.kind)) || hasInnerLoop(body)) return null;
  const waits = awaitsOf(runtime, body);
  if (waits === null) return null;
  const first = waits.find(({ io }) => io.fact.reads);
  if (!first || waits.some(({ io }) => !io.fact.reads)) return null;
  const own = namesIn(loop.target);
  if (
    !dependsOn(first.site.node, own, body) ||
    carries(
      loop.body,
      own,
      waits.map(({ site }) => site.node),
    )
  )
    return null;
  if (
    locksOf(runtime)
      .taken(func)
      .some(({ node }) => isInside(node, loop))
  )
    return null;
  if (changesWhatItReads(runtime, func, loop)) return null;
  return sequence(runtime, func, loop, loop.iter, first);
}

function comprehensionSequence(runtime: Runtime, func: Func, node: Comprehension): Sequence | null {
  if (node.clauses.some(({ isAsync }) => isAsync) || node.clauses.length > 1 || node.flavour === "generator")
    return null;
  const [clause] = node.clauses;
  if (!clause || isInTransaction(node, func)) return null;
  const parts = [node.element, ...(node.value ? [node.value] : [])].flatMap((part): Node[] => [part, ...within(part)]);
  const waits = awaitsOf(runtime, parts);
  const first = waits?.find(({ io }) => io.fact.reads);
  if (!waits || !first || waits.some(({ io }) => !io.fact.reads)) return null;
  if (!dependsOn(first.site.node, namesIn(clause.target), parts) || hasAwaitedCondition(clause)) return null;
  return sequence(runtime, func, node, clause.iter, first);
}

function hasAwaitedCondition({ conditions }: Clause): boolean {
  return conditions.some((one) => one.kind === "await" || within(one).some(({ kind }) => kind === "await"));
}

function sequence(
  runtime: Runtime,
  func: Func,
  loop: For | Comprehension,
  items: Expression,
  { site, io }: { site: Site; io: AsyncIo },
): Sequence | null {
  const size = sizeOf(runtime, items);
  // Two or three calls are hardly worth the trouble; pages and tries are counted, not listed.
  if (size.kind === "few" && (isCounting(items) || (size.count !== null && size.count <= 3))) return null;
  return { func, loop, site, io, items, doubt: io.doubt };
}

function isCounting(items: Expression): boolean {
  return items.kind === "call" && items.callee.kind === "name" && items.callee.id === "range";
}

/** What the nodes wait for; `null` if that is something else than independent calls: a pause, a lock, a queue, a connection of its own. */
function awaitsOf(runtime: Runtime, nodes: readonly Node[]): { site: Site; io: AsyncIo }[] | null {
  const found: { site: Site; io: AsyncIo }[] = [];
  for (const node of nodes) {
    const awaited =
      node.kind === "await" ? node.value : node.kind === "withitem" && isAsyncWith(node) ? node.context : null;
    if (!awaited) {
      if (node.kind === "with" && !node.isAsync) return null;
      continue;
    }
    const site = runtime.graph.siteOf(awaited);
    if (!site) return null;
    const direct = asyncIoAt(runtime, site);
    if (direct) {
      found.push({ site, io: direct });
      continue;
    }
    if (isReading(site)) continue;
    const [target, ...others] = site.targets.filter(({ func }) => func.isAsync);
    if (!target || others.length > 0 || target.doubt > 0) return null;
    const io = onlyReads(runtime, target.func);
    if (!io) return null;
    found.push({ site, io });
  }
  return found;
}

function isAsyncWith({ parent }: Node): boolean {
  return parent?.kind === "with" && parent.isAsync;
}

/** Reads the body of a reply that is there. */
function isReading({ library }: Site): boolean {
  return (
    library.length > 0 && library.every(({ name }) => /^(?:aiohttp\.ClientResponse|httpx2?\.Response)\./.test(name))
  );
}

/** A loop in the loop, where the outer one is the one to change, or neither. */
function hasInnerLoop(body: readonly Node[]): boolean {
  return body.some(
    (node) => (node.kind === "for" || node.kind === "while") && within(node).some(({ kind }) => kind === "await"),
  );
}

/** In a transaction, a cursor, or a block that holds one connection, one call must follow the other. */
function isInTransaction(loop: Node, func: Func): boolean {
  for (let at: Node | null = loop.parent; at && at !== func.node; at = at.parent) {
    if (at.kind === "while" || (at.kind === "for" && at.isAsync)) return true;
    if (at.kind === "with" && at.items.some(({ context }) => ORDERED.test(sourceOf(func.module, context)))) return true;
  }
  return false;
}

const ORDERED = /transaction|begin\(|cursor|acquire|connect\(|atomic|lock|limit|throttl|semaphore|pipeline/i;

const LEAVES = new Set<Node["kind"]>(["return", "break", "yield", "raise", "while"]);

function namesIn(target: Expression): Set<string> {
  const found = new Set<string>();
  for (const node of [target, ...within(target)]) if (node.kind === "name") found.add(node.id);
  return found;
}

/** Whether the call is about the item: by name, or by way of names made of it in the body. */
function dependsOn(call: Node, own: ReadonlySet<string>, body: readonly Node[]): boolean {
  const known = new Set(own);
  for (const node of body)
    if (node.kind === "assign" && node.value && node.end <= call.start && mentions(node.value, known))
      for (const target of node.targets) for (const id of namesIn(target)) known.add(id);
  return mentions(call, known);
}

function mentions(node: Node, names: ReadonlySet<string>): boolean {
  return [node, ...within(node)].some((one) => one.kind === "name" && names.has(one.id));
}

/** Whether a call uses what an earlier round has made: a name that the body binds or changes, read before it is bound in this round. */
function carries(body: readonly Statement[], own: ReadonlySet<string>, calls: readonly Node[]): boolean {
  const nodes = body.flatMap((statement): Node[] => [statement, ...within(statement)]);
  const bound = new Map<string, number>();
  const note = (id: string, at: number): void => {
    if (!own.has(id) && (bound.get(id) ?? Number.POSITIVE_INFINITY) > at) bound.set(id, at);
  };
  const changed = new Set<string>();
  for (const node of nodes) {
    if (node.kind === "assign") for (const target of node.targets) noteTarget(target, node.end, note, changed);
    else if (node.kind === "augassign") noteTarget(node.target, Number.MAX_SAFE_INTEGER, note, changed);
    else if (node.kind === "walrus") note(node.target.id, node.end);
    else if (node.kind === "withitem" && node.target) for (const id of namesIn(node.target)) note(id, node.end);
    else if (
      node.kind === "call" &&
      node.callee.kind === "attribute" &&
      node.callee.value.kind === "name" &&
      CHANGING.test(node.callee.attr)
    )
      changed.add(node.callee.value.id);
  }
  // What decides whether a round does its call at all, or what the call is given.
  const read = [...calls, ...nodes.flatMap((node) => (node.kind === "branch" ? [node.test] : []))];
  return read.some((part) =>
    [part, ...within(part)].some(
      (node) =>
        node.kind === "name" && (changed.has(node.id) || (bound.get(node.id) ?? Number.NEGATIVE_INFINITY) > node.start),
    ),
  );
}

function noteTarget(
  target: Expression,
  at: number,
  note: (id: string, at: number) => void,
  changed: Set<string>,
): void {
  if (target.kind === "name") note(target.id, at);
  else if (target.kind === "tuple" || target.kind === "list")
    for (const item of target.items) noteTarget(item, at, note, changed);
  else if (target.kind === "subscript" && target.value.kind === "name") changed.add(target.value.id);
  else if (target.kind === "attribute") for (const id of namesIn(target)) changed.add(`${id}.`);
}

const CHANGING =
  /^(?:append|extend|add|update|insert|remove|discard|pop|clear|setdefault|popleft|appendleft|write|put|put_nowait)$/;

/** Whether the body writes attributes or globals that a later round may read. */
function changesWhatItReads(runtime: Runtime, func: Func, loop: For): boolean {
  const state = stateOf(runtime);
  return (
    state.writes(func).some(({ statement }) => isInside(statement, loop)) ||
    runtime.graph
      .sites(func)
      .some(
        (site) =>
          isInside(site.node, loop) &&
          site.targets.some((target) => !target.func.isAsync && state.writes(target.func).length > 0),
      )
  );
}
