import type { Func } from "../../python/module.ts";
import { nodesOf, sourceOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { enclosing } from "../../python/syntax.ts";
import { matchArguments } from "../graph/callables.ts";
import type { Site } from "../graph/callgraph.ts";
import type { Runtime } from "../runtime.ts";
import { type Draw, drawsOf } from "./draws.ts";
import type { Pool } from "./pools.ts";

/** How many of a pool one run of a function holds at the same time, and the two places that show it. */
export interface AtATime {
  count: number;
  /** The first that it takes, and keeps. */
  first: { func: Func; node: Node } | null;
  /** What takes the next while the first is held: the call in the same body, and the place behind it. */
  second: { func: Func; node: Node } | null;
  doubt: number;
}

const NONE: AtATime = { count: 0, first: null, second: null, doubt: 0 };
const DEEPEST = 6;

/** One stretch of a body in which something taken from the pool is kept. */
interface Hold {
  draw: Draw;
  from: number;
  to: number;
  /** Taken anew here; a session that was given may be the caller's own, which holds one already. */
  own: boolean;
  /** The author's words for what holds it: two of the same session are one. */
  holder: string;
}

const memos = new WeakMap<Pool, Map<Func, AtATime>>();

/** How many of `pool` a run of `func` holds at once, calls into plain functions included. */
export function atATime(runtime: Runtime, pool: Pool, func: Func): AtATime {
  const memo = memos.get(pool) ?? new Map<Func, AtATime>();
  memos.set(pool, memo);
  return held(runtime, pool, func, memo, DEEPEST);
}

function held(runtime: Runtime, pool: Pool, func: Func, memo: Map<Func, AtATime>, depth: number): AtATime {
  const before = memo.get(func);
  if (before) return before;
  memo.set(func, NONE);
  const found = depth === 0 ? NONE : compute(runtime, pool, func, memo, depth);
  memo.set(func, found);
  return found;
}

function compute(runtime: Runtime, pool: Pool, func: Func, memo: Map<Func, AtATime>, depth: number): AtATime {
  const holds = holdsIn(runtime, pool, func);
  const sites = runtime.graph.sites(func).filter(({ targets }) => targets.length > 0);
  let best: AtATime = NONE;
  const offer = (one: AtATime): void => {
    if (one.count > best.count || (one.count === best.count && one.doubt < best.doubt)) best = one;
  };
  for (const hold of holds) offer({ count: 1, first: place(hold), second: null, doubt: hold.draw.doubt });
  for (const site of sites)
    for (const { func: target, doubt } of site.targets) {
      if (target === func || target.isAsync !== (site.awaited && target.isAsync)) continue;
      const inner = held(runtime, pool, target, memo, depth - 1);
      if (inner.count === 0) continue;
      offer({ ...inner, doubt: inner.doubt + doubt });
      const around = holds.find((hold) => isDuring(hold, site.node) && !passesOn(runtime, site, hold));
      if (around && takesOwn(runtime, pool, target, memo, depth - 1))
        offer({
          count: inner.count + 1,
          first: place(around),
          second: { func, node: site.node },
          doubt: inner.doubt + doubt + around.draw.doubt,
        });
    }
  for (const hold of holds) {
    const during = holds.filter(
      (other) => other !== hold && other.own && other.holder !== hold.holder && isDuring(hold, other.draw.site.node),
    );
    const [second] = during;
    if (!second) continue;
    const count = 1 + new Set(during.map(({ holder }) => holder)).size;
    offer({ count, first: place(hold), second: place(second), doubt: Math.max(hold.draw.doubt, second.draw.doubt) });
  }
  return best;
}

function place({ draw: { func, site } }: Hold): { func: Func; node: Node } {
  return { func, node: site.node };
}

function isDuring({ from, to }: Hold, node: Node): boolean {
  return from <= node.start && node.end <= to;
}

/** The call gives the session on, so that what is called uses the same one. */
function passesOn(runtime: Runtime, { node, func }: Site, { holder }: Hold): boolean {
  return (
    node.kind === "call" &&
    node.args.some(
      ({ value }) =>
        sourceOf(func.module, value) === holder ||
        runtime.origins.of(value).some(({ expression }) => sourceOf(func.module, expression) === holder),
    )
  );
}

/** Whether a function (or one that it calls) takes one by itself, not from a session that it was given. */
function takesOwn(runtime: Runtime, pool: Pool, func: Func, memo: Map<Func, AtATime>, depth: number): boolean {
  if (holdsIn(runtime, pool, func).some(({ own }) => own)) return true;
  if (depth <= 0) return false;
  return runtime.graph
    .sites(func)
    .some(({ targets }) =>
      targets.some(
        ({ func: target, doubt }) =>
          target !== func &&
          doubt === 0 &&
          (memo.get(target)?.count ?? 0) > 0 &&
          takesOwn(runtime, pool, target, memo, depth - 1),
      ),
    );
}

const holdMemo = new WeakMap<Pool, Map<Func, readonly Hold[]>>();

/** What a body holds of the pool, and from where to where. */
function holdsIn(runtime: Runtime, pool: Pool, func: Func): readonly Hold[] {
  const memo = holdMemo.get(pool) ?? new Map<Func, readonly Hold[]>();
  holdMemo.set(pool, memo);
  const before = memo.get(func);
  if (before) return before;
  const found: Hold[] = [];
  for (const draw of drawsOf(runtime).in(func)) {
    if (draw.pool.made !== pool.made) continue;
    const hold = holdOf(runtime, func, draw);
    if (hold && !found.some(({ holder, to }) => holder === hold.holder && to >= hold.from)) found.push(hold);
  }
  found.push(...lentIn(runtime, pool, func, found));
  memo.set(func, found);
  return found;
}

/** Sessions with which a function that is called does something: the connection stays with the session when the function is done. */
function lentIn(runtime: Runtime, pool: Pool, func: Func, own: readonly Hold[]): Hold[] {
  const found: Hold[] = [];
  for (const site of runtime.graph.sites(func)) {
    const { node } = site;
    if (node.kind !== "call") continue;
    for (const { func: target, doubt } of site.targets) {
      if (target === func || target.isAsync !== site.awaited) continue;
      const draws = drawsOf(runtime)
        .in(target)
        .filter((draw) => draw.pool.made === pool.made && SESSION.test(draw.name) && !SESSION_ENDING.test(draw.name));
      if (draws.length === 0) continue;
      const bound = target.cls !== null && !runtime.inference.decoration(target).static;
      for (const [param, expression] of matchArguments(node, target, bound)) {
        const draw = draws.find(({ on }) => on?.kind === "name" && on.id === param.name);
        if (!draw || endsSession(target, param.name)) continue;
        const holder = sourceOf(func.module, expression);
        if ([...own, ...found].some((hold) => hold.holder === holder && isDuring(hold, node))) continue;
        const to = endOfSession(func, node, holder);
        const lent: Draw = { ...draw, func, site, on: expression, doubt: draw.doubt + doubt };
        found.push({ draw: lent, from: node.end, to, own: false, holder });
      }
    }
  }
  return found;
}

/** The function itself ends what it did with the session. */
function endsSession(func: Func, name: string): boolean {
  return nodesOf(func, "call").some(
    (node) =>
      node.callee.kind === "attribute" &&
      SESSION_ENDS.test(node.callee.attr) &&
      sourceOf(func.module, node.callee.value) === name,
  );
}

function holdOf(runtime: Runtime, func: Func, draw: Draw): Hold | null {
  const { site, on, pool } = draw;
  const { node } = site;
  if (pool.fact.held === "call" || pool.fact.opens !== "up to capacity" || node.kind !== "call") return null;
  const text = on ? sourceOf(func.module, on) : "";
  if (SESSION.test(draw.name)) {
    if (!on || SESSION_ENDING.test(draw.name)) return null;
    const session = sessionOf(runtime, on);
    const words = sourceOf(func.module, session);
    const to = endOfSession(func, node, words);
    return { draw, from: node.end, to, own: isMadeIn(runtime, func, session), holder: words };
  }
  const item = withItemOf(node);
  // A name of its own, so that two connections of one pool are two.
  const holder = `${text} ${node.start}`;
  if (item?.parent?.kind === "with") return { draw, from: item.end, to: item.parent.end, own: true, holder };
  const name = assignedName(node);
  if (name === null) return null;
  return { draw, from: node.end, to: givenBack(func, node, sourceOf(func.module, name)), own: true, holder };
}

/** Sessions take a connection at their first statement and keep it until the end of the transaction. */
const SESSION = /(?:^|\.)(?:Async)?Session\.\w+$|\.Query\.\w+$|\.execute$/;

/** Statements after which the connection goes back. */
const SESSION_ENDING = /\.(?:commit|rollback|close)$/;

const SESSION_ENDS = /^(?:commit|rollback|close|aclose|remove|end)$/;

function endOfSession(func: Func, node: Call, text: string): number {
  const block = enclosingWith(node, text, func);
  const limit = block?.end ?? func.node.end;
  const ends = func.nodes.filter(
    (one) =>
      one.kind === "call" &&
      one.start > node.start &&
      one.end <= limit &&
      one.callee.kind === "attribute" &&
      SESSION_ENDS.test(one.callee.attr) &&
      sourceOf(func.module, one.callee.value) === text,
  );
  return ends[0]?.start ?? limit;
}

function enclosingWith(node: Node, text: string, func: Func): Node | null {
  for (let at = node.parent; at && at !== func.node; at = at.parent)
    if (at.kind === "with" && at.items.some(({ target }) => target && sourceOf(func.module, target) === text))
      return at;
  return null;
}

/** The session behind a query: `q.filter(…).first()` where `q = session.query(…)`. */
function sessionOf(runtime: Runtime, on: Expression, depth = 8): Expression {
  if (depth === 0) return on;
  if (on.kind === "call" && on.callee.kind === "attribute") return sessionOf(runtime, on.callee.value, depth - 1);
  if (on.kind !== "name") return on;
  const [only] = runtime.inference.bindings(on).bindings;
  const isQuery =
    only?.kind === "value" &&
    only.path.length === 0 &&
    only.value.kind === "call" &&
    runtime.inference
      .values(on)
      .some((value) => value.kind === "instance" && /\.(?:Query|ScalarResult|Result)$/.test(value.type));
  return isQuery ? sessionOf(runtime, only.value, depth - 1) : on;
}

/** Whether the session is made in this very body. */
function isMadeIn(runtime: Runtime, func: Func, on: Expression): boolean {
  const isSession = runtime.inference
    .values(on)
    .some((value) => value.kind === "instance" && /(?:Session|session)$/.test(value.type));
  if (on.kind !== "name" || !isSession) return false;
  const { bindings } = runtime.inference.bindings(on);
  return (
    bindings.length > 0 &&
    bindings.every(
      (binding) =>
        (binding.kind === "entered" && isCall(binding.context)) || (binding.kind === "value" && isCall(binding.value)),
    ) &&
    runtime.origins.holder(on)?.kind === "local" &&
    func.node.kind !== "module"
  );
}

function isCall({ kind }: Expression): boolean {
  return kind === "call" || kind === "await";
}

function withItemOf(call: Call): (Node & { kind: "withitem" }) | null {
  const item = enclosing(call, (node) => node.kind === "withitem");
  return item?.kind === "withitem" ? item : null;
}

function assignedName(call: Call): Expression | null {
  let at: Node = call;
  while (at.parent?.kind === "await" || at.parent?.kind === "conditional") at = at.parent;
  const { parent } = at;
  if (parent?.kind === "walrus") return parent.target;
  return parent?.kind === "assign" && parent.targets.length === 1 ? (parent.targets[0] ?? null) : null;
}

/** Where the connection goes back: the last call that has it as an argument or closes it; the end of the body if none does. */
function givenBack(func: Func, taken: Call, name: string): number {
  const later = func.nodes.filter((node): node is Call => node.kind === "call" && node.start > taken.end);
  const ends = later.filter(
    ({ callee, args }) =>
      callee.kind === "attribute" &&
      ((/^(?:putconn|release|free|put)$/.test(callee.attr) &&
        args.some(({ value }) => sourceOf(func.module, value) === name)) ||
        (/^(?:close|aclose)$/.test(callee.attr) && sourceOf(func.module, callee.value) === name)),
  );
  return ends.at(-1)?.start ?? func.node.end;
}
