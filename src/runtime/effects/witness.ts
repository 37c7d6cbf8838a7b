import type { Inference } from "../../python/infer.ts";
import { type Class, type Func, nodesOf } from "../../python/module.ts";
import type { Branch, For, Handler, Node } from "../../python/syntax.ts";
import { enclosing, within } from "../../python/syntax.ts";
import { isConditional, reaches } from "../graph/branches.ts";
import type { CallGraph, Receiver, Site, Target } from "../graph/callgraph.ts";
import { type Rarity, rarityOf } from "../graph/once.ts";
import { contradict, ownState } from "../graph/own-state.ts";

/** Where an effect starts: a site that calls a library, by canonical name, with the fact that the tables hold about it. */
export interface Source<Fact> {
  site: Site;
  name: string;
  doubt: number;
  fact: Fact;
}

/** Why a function has an effect: the site in it, and what that site leads to. A traceback in reverse: follow `next` down to the library call. */
export interface Witness<Fact> {
  func: Func;
  site: Site;
  next: Witness<Fact> | null;
  source: Source<Fact>;
  /** Hops down to the library call; 1 for a direct call. */
  length: number;
  doubt: number;
  /** It holds only if `self` is of this class, which overrides a method on the way; `null` if it holds anyway. */
  requires: Class | null;
  /** How seldom the effect is met on this way. */
  rarity: Rarity;
}

/** The doubt about an effect that is met only the first time. */
export type FirstTime = Readonly<Record<Rarity, number>>;

const ANY_TIME: FirstTime = { program: 0, object: 0, always: 0 };

/** The effects of functions, each with its best witness. */
export interface Effects<Fact> {
  firstTime: FirstTime;
  /** The best witness, whatever it requires of `self`. */
  get(func: Func): Witness<Fact> | undefined;
  /** One witness for each class that it may require, and for each place that some calls do not reach. */
  all(func: Func): readonly Witness<Fact>[];
}

/** A chain longer than this costs a step of confidence, and one longer than that a second: on so long a way, some branch is not taken. */
const LONG_CHAIN = 4;
const VERY_LONG_CHAIN = 7;

/** One step of doubt weighs as much as this many hops when the best chain is chosen. */
const DOUBT_COST = 6;
const MOST_COST = 60;
const MOST_WITNESSES = 6;

/**
 * Effects travel up ordinary call edges of plain functions, each with its best witness: fewest doubts, then fewest hops.
 * Coroutines keep their effects to themselves: what they do happens where they run, not where they are called.
 */
export function spread<Fact>(
  graph: CallGraph,
  direct: (func: Func) => readonly Source<Fact>[],
  firstTime: FirstTime = ANY_TIME,
): Effects<Fact> {
  const best = new Map<Func, Witness<Fact>[]>();
  const queue: Witness<Fact>[][] = Array.from({ length: MOST_COST + 1 }, () => []);
  const offer = (found: Witness<Fact>): void => {
    const witness = firstTime === ANY_TIME ? found : rarer(graph.inference, found, firstTime);
    const cost = witness.length + witness.doubt * DOUBT_COST;
    if (cost <= MOST_COST) queue[cost]?.push(witness);
  };
  for (const func of graph.funcs)
    for (const source of direct(func))
      offer({
        func,
        site: source.site,
        next: null,
        source,
        length: 1,
        doubt: source.doubt + (isBackOff(source) ? 1 : 0),
        requires: null,
        rarity: "always",
      });
  for (const bucket of queue)
    for (const witness of bucket) {
      if (!keep(graph.inference, best, witness) || witness.func.isAsync) continue;
      for (const { site, target } of graph.callers(witness.func)) {
        if (site.awaited && site.kind === "call") continue;
        const step = stepUp(graph.inference, witness.requires, target);
        const way = step && wayTo(graph.inference, site, target, witness);
        if (!step || way === null) continue;
        const { doubt, requires } = step;
        offer({
          func: site.func,
          site,
          next: witness,
          source: witness.source,
          length: witness.length + 1,
          doubt: witness.doubt + doubt + way,
          requires,
          rarity: witness.rarity,
        });
      }
    }
  return { firstTime, get: (func) => best.get(func)?.[0], all: (func) => best.get(func) ?? [] };
}

/** Waiting a moment after a failure before the next try: few calls come there, and what failed is the better witness. */
export function isBackOff<Fact>({ site, name }: Source<Fact>): boolean {
  if (!/(?:^|\.)sleep$/.test(name)) return false;
  return enclosing(site.node, isHandler) !== null || isBetweenTries(site.node);
}

/** `for attempt in range(5):` with a condition around it, in a loop that a success leaves. */
function isBetweenTries(node: Node): boolean {
  const branch = enclosing(node, isBranch);
  const loop = branch && enclosing(branch, isFor);
  if (loop?.iter.kind !== "call" || loop.iter.callee.kind !== "name" || loop.iter.callee.id !== "range") return false;
  return within(loop).some(({ kind }) => kind === "return" || kind === "break");
}

function isHandler(node: Node): node is Handler {
  return node.kind === "handler";
}

function isBranch(node: Node): node is Branch {
  return node.kind === "branch";
}

function isFor(node: Node): node is For {
  return node.kind === "for";
}

/** The same witness with the doubt that its own place is reached only the first time; counted once on a way. */
function rarer<Fact>(inference: Inference, witness: Witness<Fact>, firstTime: FirstTime): Witness<Fact> {
  const rarity = rarityOf(inference, witness.site);
  const more = firstTime[rarity] - firstTime[witness.rarity];
  return more > 0 ? { ...witness, rarity, doubt: witness.doubt + more } : witness;
}

/**
 * Witnesses come in the order of their cost: the first for a requirement stays, and none is needed after one without. Where the
 * arguments decide whether its place is reached, others are needed beside it.
 */
function keep<Fact>(inference: Inference, best: Map<Func, Witness<Fact>[]>, witness: Witness<Fact>): boolean {
  const known = best.get(witness.func);
  if (!known) best.set(witness.func, [witness]);
  else if (known.length >= MOST_WITNESSES || known.some((one) => covers(inference, one, witness))) return false;
  else known.push(witness);
  return true;
}

/** Whether `known` has the effect whenever `witness` has it. */
function covers<Fact>(inference: Inference, known: Witness<Fact>, witness: Witness<Fact>): boolean {
  if (known.requires !== null && known.requires !== witness.requires) return false;
  if (known.site.node === witness.site.node) return true;
  return !isConditional(inference, known.func, known.site.node) && ownState(known.func, known.site.node).size === 0;
}

/** How sure it is that the call gets to where the effect is: 0 nothing speaks against it, 1 it hardly does, `null` it does not. */
function wayTo<Fact>(inference: Inference, site: Site, target: Target, witness: Witness<Fact>): 0 | 1 | null {
  if (isLeftOpen(site) && comesAfterYield(target.func, witness.site.node)) return null;
  if (target.receiver?.isSelf) {
    const here = ownState(site.func, site.node);
    if (here.size > 0)
      for (let at: Witness<Fact> | null = witness; at; at = nextOfSelf(at))
        if (contradict(here, ownState(at.func, at.site.node))) return null;
  }
  return reaches(inference, site, target, witness.site.node);
}

/** `stack.enter_context(manager())` runs the manager up to its `yield`; the rest is the stack's business. */
function isLeftOpen({ kind, library }: Site): boolean {
  return kind === "call" && library.some(({ name }) => name.endsWith("Stack.enter_context"));
}

function comesAfterYield(func: Func, node: Node): boolean {
  const [first] = func.isGenerator ? nodesOf(func, "yield") : [];
  return first !== undefined && node.start > first.end;
}

/** The next step of a chain, if it is a method of the same object. */
function nextOfSelf<Fact>({ site, next }: Witness<Fact>): Witness<Fact> | null {
  return next && site.targets.some(({ func, receiver }) => func === next.func && receiver?.isSelf) ? next : null;
}

/** What a call adds: doubt, and what must hold for the caller's own `self`; `null` if the receiver rules the effect out. */
function stepUp(
  inference: Inference,
  requires: Class | null,
  target: Target,
): { doubt: number; requires: Class | null } | null {
  const { receiver, doubt } = target;
  if (!receiver) return { doubt: doubt + (requires ? 1 : 0), requires: null };
  const wanted = stricter(inference, requires, receiver.requires);
  if (wanted === undefined) return null;
  if (!wanted) return { doubt, requires: null };
  const fit = fits(inference, receiver, wanted);
  if (fit === null) return null;
  // For the caller's own object the question is passed on: who calls it may know.
  if (receiver.isSelf && fit > 0) return { doubt: doubt - receiver.guess, requires: wanted };
  return { doubt: receiver.requires ? doubt : doubt + fit, requires: null };
}

/** The one of two requirements that implies the other; `undefined` if no object meets both. */
function stricter(inference: Inference, a: Class | null, b: Class | null): Class | null | undefined {
  if (!a || !b) return a ?? b;
  if (inference.ancestry(a).includes(b)) return a;
  return inference.ancestry(b).includes(a) ? b : undefined;
}

/** Whether an object meets a requirement: 0 surely, 1 perhaps, `null` never. */
function fits(inference: Inference, { cls, exact }: Receiver, wanted: Class): 0 | 1 | null {
  if (inference.ancestry(cls).includes(wanted)) return 0;
  if (exact) return null;
  return inference.ancestry(wanted).includes(cls) || inference.subclasses(cls).includes(wanted) ? 1 : null;
}

/** The best witness among the functions that a site runs right there; `null` if none of them has the effect. */
export function through<Fact>(
  graph: CallGraph,
  site: Site,
  effects: Effects<Fact>,
): { witness: Witness<Fact>; doubt: number } | null {
  let found: { witness: Witness<Fact>; doubt: number } | null = null;
  for (const target of site.targets) {
    if (target.func.isAsync) continue;
    for (const witness of effects.all(target.func)) {
      const { firstTime } = effects;
      const rarity = firstTime === ANY_TIME ? "always" : rarityOf(graph.inference, site);
      const first = Math.max(0, firstTime[rarity] - firstTime[witness.rarity]);
      const step = stepUp(graph.inference, witness.requires, target);
      const way = step && wayTo(graph.inference, site, target, witness);
      if (!step || way === null) continue;
      const doubt =
        witness.doubt +
        way +
        step.doubt +
        first +
        (step.requires ? 1 : 0) +
        (witness.length > LONG_CHAIN ? 1 : 0) +
        (witness.length > VERY_LONG_CHAIN ? 1 : 0);
      if (!found || doubt < found.doubt || (doubt === found.doubt && witness.length < found.witness.length))
        found = { witness, doubt };
    }
  }
  return found;
}

/** The chain of a witness, outermost call first. */
export function chain<Fact>(witness: Witness<Fact>): Witness<Fact>[] {
  const found: Witness<Fact>[] = [];
  for (let at: Witness<Fact> | null = witness; at; at = at.next) found.push(at);
  return found;
}
