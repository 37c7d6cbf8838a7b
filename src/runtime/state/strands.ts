import { push } from "../../multimap.ts";
import { truthiness } from "../../python/constant.ts";
import type { Func } from "../../python/module.ts";
import { sourceOf } from "../../python/module.ts";
import type { Call, Expression, Node, Parameter } from "../../python/syntax.ts";
import { argument, within } from "../../python/syntax.ts";
import { answeredOnce } from "../answered.ts";
import { startsOf, type TaskStart } from "../coroutines/starts.ts";
import { repeats } from "../effects/blocking.ts";
import { matchArguments } from "../graph/callables.ts";
import type { CallGraph, Site } from "../graph/callgraph.ts";
import { conditionsOf } from "../graph/conditions.ts";
import type { Root } from "../graph/contexts.ts";
import { type Submission, submissionsOf } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import { areAlternatives } from "./guards.ts";
import { type Given, type Ownership, ownershipOf, type Start } from "./sharing.ts";
import { stateOf, variableId } from "./state.ts";

/** Code that runs beside other code: in a thread, or as a task of the loop; `many` where several runs of it go on at once. */
export interface Strand extends Start {
  kind: "thread" | "task";
  root: Func;
  /** Where it is started; the function itself where a framework starts it. */
  at: Node;
  many: boolean;
  /** Why it runs beside others, for the reader. */
  words: string;
  doubt: number;
  /** The strand whose code starts it, if that runs many times at once. */
  parent: Strand | null;
  /** The pool of one thread that runs it, if it has one: what shares that runs one after the other. */
  lane: Node | null;
  /** What the runs get as arguments and as `self`. */
  ownership: Ownership;
  /** The functions that it reaches by ordinary calls (and, for tasks, by `await`), the root first. */
  reach: ReadonlyMap<Func, Reached>;
}

/** How a strand comes to a function. */
export interface Reached {
  func: Func;
  from: Reached | null;
  site: Site | null;
  doubt: number;
}

const MOST_STRANDS = 4000;
const MOST_REACHED = 400;
const DEEPEST_STARTS = 3;

/** The strands of the program that come to code which changes shared state; computed once. */
export const strandsOf: (runtime: Runtime) => readonly Strand[] = answeredOnce(build);

/** What is known about a strand before it is followed. */
interface Seed extends Start {
  kind: Strand["kind"];
  root: Func;
  at: Node;
  many: boolean;
  words: string;
  doubt: number;
  parent: Strand | null;
  lane: Node | null;
  /** The parameters of the root with what the starter passes. */
  given: readonly { param: Parameter; expression: Given }[];
}

function build(runtime: Runtime): readonly Strand[] {
  const { graph, contexts } = runtime;
  const starts = startsOf(runtime);
  const found: Strand[] = [];
  const seen = new Set<string>();
  const submissions = new Map<Func, Submission[]>();
  for (const one of submissionsOf(runtime)) {
    if (one.to !== "thread") continue;
    push(submissions, one.func, one);
  }
  const patched = isPatched(runtime);
  const matters = leadingToState(runtime, submissionsOf(runtime));

  const open = (seed: Seed): void => {
    if (found.length >= MOST_STRANDS || !matters.has(seed.root) || (patched && seed.kind === "thread")) return;
    const id = [
      seed.kind,
      seed.root.module.path,
      seed.root.node.start,
      seed.func.module.path,
      seed.at.start,
      seed.many,
      seed.parent !== null,
    ].join(" ");
    if (seen.has(id)) return;
    seen.add(id);
    found.push(follow(runtime, seed, matters));
  };

  for (const root of contexts.roots)
    if (root.kind === "framework" && root.serves) {
      const seed = servedSeed(runtime, root);
      if (seed) open(seed);
    }
  for (const func of graph.funcs) {
    for (const seed of threadSeeds(runtime, func, submissions.get(func) ?? [], null)) open(seed);
    for (const seed of taskSeeds(runtime, func, starts.in(func), null)) open(seed);
  }
  // What a strand that runs many times starts, runs many times.
  const followed = new Set<Func>();
  for (const strand of found) {
    if (!strand.many || depthOf(strand) >= DEEPEST_STARTS) continue;
    for (const func of strand.reach.keys()) {
      if (followed.has(func) || (!submissions.has(func) && starts.in(func).length === 0)) continue;
      followed.add(func);
      for (const seed of threadSeeds(runtime, func, submissions.get(func) ?? [], strand)) open(seed);
      for (const seed of taskSeeds(runtime, func, starts.in(func), strand)) open(seed);
    }
  }
  return found;
}

/** Where gevent or eventlet replaces the threads, they take turns only where they wait. */
function isPatched({ graph }: Runtime): boolean {
  return graph.calling(({ name }) => /^(?:gevent\.monkey\.patch_|eventlet\.monkey_patch)/.test(name)).length > 0;
}

function depthOf(strand: Strand): number {
  return strand.parent ? depthOf(strand.parent) + 1 : 0;
}

/** Functions from which code is reached that changes shared state, by calls and by starts. */
function leadingToState(runtime: Runtime, submissions: readonly Submission[]): Set<Func> {
  const { graph } = runtime;
  const starts = startsOf(runtime);
  const starters = new Map<Func, Func[]>();
  const note = (root: Func, func: Func): void => {
    push(starters, root, func);
  };
  for (const func of graph.funcs)
    for (const { roots } of starts.in(func)) for (const one of roots) note(one.func, func);
  for (const { work, func } of submissions) for (const one of work) if (one.func) note(one.func, func);
  const found = new Set<Func>();
  const served = runtime.contexts.roots.flatMap(({ func, kind, serves }) =>
    kind === "framework" && serves ? [func] : [],
  );
  const run = reachable(graph, [...served, ...starters.keys()]);
  const queue = run.filter(mayConflict(runtime, run));
  for (const func of queue) {
    if (found.has(func)) continue;
    found.add(func);
    for (const { site } of graph.callers(func)) queue.push(site.func);
    queue.push(...(starters.get(func) ?? []));
  }
  return found;
}

/** The functions that run in one of the roots, or are called there. */
function reachable(graph: CallGraph, roots: readonly Func[]): Func[] {
  const found = new Set(roots);
  for (const func of found)
    for (const { targets } of graph.sites(func)) for (const target of targets) found.add(target.func);
  return [...found];
}

/**
 * Whether a function does something that a conflict is made of: a write that relies on a read, a loop over what others change, that change.
 * `run` are the functions that strands come to.
 */
function mayConflict(runtime: Runtime, run: readonly Func[]): (func: Func) => boolean {
  const state = stateOf(runtime);
  const looped = new Set<string>();
  for (const func of run)
    for (const { variable, kind, fragile } of state.touches(func))
      if ((kind === "iterate" && fragile) || kind === "empty" || kind === "reset") looped.add(variableId(variable));
  return (func) =>
    state.updates(func).some(({ effect }) => effect !== "constant") ||
    state.touches(func).some(({ variable }) => looped.has(variableId(variable)));
}

/** A function that a framework runs for every request or message. */
function servedSeed(runtime: Runtime, root: Root): Seed | null {
  const { func } = root;
  const context = runtime.contexts.of(func).find((one) => one.root === root);
  if (!context || (context.kind !== "thread" && context.kind !== "loop")) return null;
  const kind = context.kind === "thread" ? "thread" : "task";
  // These run one call after the other: Django's thread for sync code, the message pumps of Textual and python-telegram-bot.
  if (root.pool === "asgiref" || ONE_AT_A_TIME.test(root.label)) return null;
  const [self] = func.params;
  const given: Seed["given"][number][] = func.params.map((param) => ({ param, expression: "own" }));
  if (func.cls && self && given[0] && !isMadePerRequest(runtime, func))
    given[0] = { param: self, expression: "shared" };
  return {
    kind,
    root: func,
    func,
    at: func.node,
    many: true,
    words:
      kind === "thread"
        ? `${root.label}: many threads run it at once`
        : `${root.label}: each call is a task of its own`,
    doubt: context.doubt,
    parent: null,
    lane: null,
    loop: func.node,
    calledAgain: false,
    given,
  };
}

const ONE_AT_A_TIME = /^(?:Textual|Telegram|Channels)/;

/** Handlers of which the framework makes an object for each request or connection. */
function isMadePerRequest({ inference }: Runtime, { cls }: Func): boolean {
  if (!cls) return false;
  return inference
    .libraryBases(cls)
    .flatMap((base) => inference.library.ancestry(base))
    .some((base) => PER_REQUEST.test(base));
}

const PER_REQUEST =
  /^(?:aiohttp\.web\.View|tornado\.(?:web|websocket)\.|django\.views\.|rest_framework\.|starlette\.endpoints\.|flask\.views\.|flask_rest|socketserver\.|http\.server\.|asyncio\.(?:Base|Datagram|Subprocess|Buffered)?Protocol|channels\.|scrapy\.)/;

function threadSeeds(runtime: Runtime, func: Func, list: readonly Submission[], parent: Strand | null): Seed[] {
  return list.flatMap((submission): Seed[] => {
    const { call, fact, payload, callable } = submission;
    const several =
      fact.argsForm === "map" || (repeats(call) && !endsInLoop(func, call)) || startsTwice(list, submission);
    const waited = call.parent?.kind === "await" || isResultTaken(call);
    const alone = isSingle(runtime, submission) || (waited && fact.argsForm !== "map");
    // Without a parent a start says what happens within one run of its function, with one what happens across many.
    if (parent && isSingle(runtime, submission)) return [];
    const again = !parent && !several && !alone && isSubmittedAgain(runtime, submission);
    const many = parent !== null || again || (several && !alone);
    return submission.work.flatMap((one): Seed[] => {
      const root = one.func;
      if (!root || root.isAsync) return [];
      const given: Seed["given"][number][] = [];
      const bound = submission.cls !== null || isBound(runtime, callable, root);
      const [self] = root.params;
      if (bound && self)
        given.push({ param: self, expression: submission.cls ? "own" : (receiverOf(callable) ?? "unknown") });
      for (const item of payload) {
        const param =
          typeof item.as === "number"
            ? root.params[item.as + (bound ? 1 : 0)]
            : root.params.find(({ name }) => name === item.as);
        if (!param || submission.cls) continue;
        given.push({ param, expression: item.role === "items" ? "own" : item.expression });
      }
      return [
        {
          kind: "thread",
          root,
          func,
          at: call,
          many,
          words: threadWords(func, submission, many, parent),
          doubt: submission.doubt + one.doubt + (again ? 1 : 0) + (parent?.doubt ?? 0),
          parent,
          lane: laneOf(runtime, submission),
          loop: several && fact.argsForm !== "map" ? (loopOf(call, func) ?? call) : call,
          calledAgain: again,
          given,
        },
      ];
    });
  });
}

function threadWords(func: Func, { call, callable }: Submission, many: boolean, parent: Strand | null): string {
  const by = shortened(sourceOf(func.module, call.callee));
  const what = callable ? shortened(sourceOf(func.module, callable)) : null;
  if (parent)
    return what ? `\`${by}\` runs \`${what}\` in a thread for each call` : `\`${by}\` starts a thread for each call`;
  if (!many) return what ? `\`${by}\` runs \`${what}\` in a thread` : `\`${by}\` starts a thread`;
  return what ? `\`${by}\` runs \`${what}\` in several threads` : `\`${by}\` starts several threads`;
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ").replaceAll("`", "'");
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

/** Two places of one body start the same function, and both may run. */
function startsTwice(list: readonly Submission[], one: Submission): boolean {
  return list.some(
    (other) =>
      other !== one &&
      other.call !== one.call &&
      other.work.some(({ func }) => func !== null && one.work.some((mine) => mine.func === func)) &&
      !areAlternatives(other.call, one.call),
  );
}

/** A pool with one thread, or Django's one thread for sync code. */
function isSingle({ origins }: Runtime, { pool, fact }: Submission): boolean {
  if (fact.pool === "asgiref") return true;
  if (!pool) return false;
  const made = origins.of(pool);
  return (
    made.length > 0 &&
    made.every(({ expression }) => {
      if (expression.kind !== "call") return false;
      const size = argument(expression, "max_workers", 0) ?? argument(expression, "processes", 0);
      return size?.kind === "number" && size.value === 1;
    })
  );
}

/** A pool that outlives the function which hands it work: every call of that hands it more. */
function isSubmittedAgain({ origins }: Runtime, { pool, fact }: Submission): boolean {
  if (!pool || fact.argsForm !== "inline") return false;
  const holder = origins.holder(pool);
  return holder !== null && holder.kind !== "local" && origins.of(pool).length > 0;
}

/** The constructor call of a pool with one thread. */
function laneOf(runtime: Runtime, submission: Submission): Node | null {
  if (!submission.pool || !isSingle(runtime, submission)) return null;
  const [made, ...others] = runtime.origins.of(submission.pool);
  return made && others.length === 0 ? made.expression : null;
}

/** `submit(…).result()` on the spot. */
function isResultTaken(call: Call): boolean {
  return call.parent?.kind === "attribute" && /^(?:result|join|get|exception)$/.test(call.parent.attr);
}

/** Whether the loop waits for each thread before it starts the next. */
function endsInLoop(func: Func, call: Call): boolean {
  if (isResultTaken(call) || call.parent?.kind === "await") return true;
  const loop = loopOf(call, func);
  if (!loop) return false;
  const { parent } = call;
  const name = parent?.kind === "assign" && parent.targets.length === 1 ? parent.targets[0] : null;
  if (!name) return false;
  const text = sourceOf(func.module, name);
  return within(loop).some(
    (node) =>
      node.kind === "call" &&
      node.callee.kind === "attribute" &&
      /^(?:result|join|get)$/.test(node.callee.attr) &&
      sourceOf(func.module, node.callee.value) === text,
  );
}

/** The innermost loop or comprehension around a node, within its body of code. */
function loopOf(node: Node, func: Func): Node | null {
  for (let at = node.parent, from: Node = node; at && at !== func.node; from = at, at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class") return null;
    if (at.kind === "while" || at.kind === "comprehension") return at;
    if (at.kind === "for" && from !== at.iter) return at;
  }
  return null;
}

function isBound(runtime: Runtime, callable: Expression | null, root: Func): boolean {
  if (!callable || !root.cls || runtime.inference.decoration(root).static) return false;
  const target = callable.kind === "call" ? (callable.args[0]?.value ?? callable) : callable;
  return (
    target.kind === "attribute" ||
    runtime.inference.values(target).some((value) => value.kind === "function" && value.self !== null)
  );
}

function receiverOf(callable: Expression | null): Expression | null {
  if (callable?.kind === "attribute") return callable.value;
  const first = callable?.kind === "call" ? callable.args[0]?.value : null;
  return first?.kind === "attribute" ? first.value : null;
}

function taskSeeds(runtime: Runtime, func: Func, list: readonly TaskStart[], parent: Strand | null): Seed[] {
  return list.flatMap((start): Seed[] => {
    if (start.awaitedAtOnce) return [];
    const twin = list.some(
      (other) =>
        other !== start &&
        other.roots.some((one) => start.roots.some((mine) => mine.func === one.func)) &&
        !areAlternatives(other.work, start.work),
    );
    const many = parent !== null || start.over.length > 0 || twin;
    // Two tasks that two statements start may well come one after the other.
    const unsure =
      twin && start.over.length === 0 && !list.some((other) => other !== start && other.call === start.call);
    const inherited = (parent?.doubt ?? 0) + (unsure ? 1 : 0);
    return start.roots.map(({ func: root, doubt }): Seed => {
      const { work } = start;
      const call = work.kind === "call" ? work : null;
      const callee = call ? call.callee : work;
      const bound = isBound(runtime, callee, root);
      const given: Seed["given"][number][] = [];
      const [self] = root.params;
      const receiver = receiverOf(callee);
      if (bound && self) given.push({ param: self, expression: receiver ?? "unknown" });
      const outer = start.call.args.slice(1);
      if (call && call !== start.call)
        for (const [param, expression] of matchArguments(call, root, bound)) given.push({ param, expression });
      else
        for (const [i, { value, name }] of outer.entries()) {
          const param = name === null ? root.params[i + (bound ? 1 : 0)] : undefined;
          if (param) given.push({ param, expression: value });
        }
      const by = shortened(sourceOf(func.module, start.call.callee));
      const what = shortened(sourceOf(func.module, callee));
      return {
        kind: "task",
        root,
        func,
        at: start.call,
        many,
        words: parent
          ? `\`${by}\` makes a task of \`${what}\` for each call`
          : many
            ? `\`${by}\` runs several \`${what}\` at once`
            : `\`${by}\` makes a task of \`${what}\``,
        doubt: doubt + inherited,
        parent,
        lane: null,
        loop: parent ? start.call : (loopOf(work, func) ?? start.call),
        calledAgain: false,
        given,
      };
    });
  });
}

function follow(runtime: Runtime, seed: Seed, matters: ReadonlySet<Func>): Strand {
  const { graph } = runtime;
  const starts = startsOf(runtime);
  const reach = new Map<Func, Reached>();
  const ownership = ownershipOf(runtime, seed, reach);
  const queue: Reached[] = [];
  const add = (func: Func, from: Reached | null, site: Site | null, doubt: number): void => {
    const before = reach.get(func);
    if (before || reach.size >= MOST_REACHED || !matters.has(func)) return;
    const one = { func, from, site, doubt };
    reach.set(func, one);
    queue.push(one);
  };
  add(seed.root, null, null, seed.doubt);
  for (const { param, expression } of seed.given) ownership.give(param, expression);
  for (const at of queue)
    for (const site of graph.sites(at.func)) {
      const started = site.node.kind === "call" ? starts.of(site.node) : null;
      if (started && !started.awaitedAtOnce) continue;
      if (site.targets.length > 0 && isSwitchedOff(runtime, at.func, site.node)) continue;
      for (const target of site.targets) {
        if (target.doubt > 1 || at.doubt + target.doubt > 1) continue;
        if (target.func.isAsync && (seed.kind === "thread" || !site.awaited)) continue;
        add(target.func, at, site, at.doubt + target.doubt);
      }
    }
  return { ...seed, ownership, reach };
}

/** Whether the call stands behind a switch that the program sets once, the other way: `if not QUEUED: handle(item)`. */
function isSwitchedOff({ constants }: Runtime, func: Func, node: Node): boolean {
  return conditionsOf(node, func).some(({ test, taken }) => {
    const { switched, wanted } = switchOf(test, taken);
    if (switched.kind !== "name" && switched.kind !== "attribute") return false;
    const value = constants.evaluate(switched);
    const truth = value === null ? null : truthiness(value);
    return truth !== null && truth !== wanted;
  });
}

function switchOf(test: Expression, wanted: boolean): { switched: Expression; wanted: boolean } {
  return test.kind === "unary" && test.op === "not" ? switchOf(test.operand, !wanted) : { switched: test, wanted };
}
