import { push } from "../../multimap.ts";
import type { Class, Func } from "../../python/module.ts";
import { sourceOf } from "../../python/module.ts";
import type { Expression, Node } from "../../python/syntax.ts";
import { isInside } from "../../python/syntax.ts";
import { suspensionsOf } from "../coroutines/suspension.ts";
import type { Runtime } from "../runtime.ts";
import { areAlternatives, leadsTo } from "./guards.ts";
import { type Lock, locksOf, sameLock } from "./locks.ts";
import { type Effect, stateOf, type Touch, type Update, type Variable, variableId } from "./state.ts";
import { type Strand, strandsOf } from "./strands.ts";

/** A write that another strand, or another run of the same one, can spoil. */
export interface Conflict {
  func: Func;
  /** The write. */
  at: Expression;
  variable: Variable;
  effect: Effect | "iterated" | "emptied";
  /** Whether a test decided to write, not only the old value. */
  checked: boolean;
  /** What the write relies on: the read or test before it, the loop over the container. */
  read: { func: Func; node: Node };
  /** Where the other task gets its turn; `null` between threads, which need no such place. */
  pause: Node | null;
  /** The strand that writes, and the one that comes in between (the same one where it runs many times at once). */
  strand: Strand;
  other: Strand;
  /** A lock that is held and does not help: made on the spot, or of a kind that keeps others apart. */
  useless: Lock | null;
  doubt: number;
}

/** A use of shared state within a strand. */
interface Seen<Use> {
  use: Use;
  strand: Strand;
  doubt: number;
}

const known = new WeakMap<Runtime, Map<Strand["kind"], readonly Conflict[]>>();

/** The conflicts between threads, or between tasks; one for each write. */
export function conflictsOf(runtime: Runtime, kind: Strand["kind"]): readonly Conflict[] {
  let memo = known.get(runtime);
  if (!memo) {
    memo = new Map();
    known.set(runtime, memo);
  }
  const found = memo.get(kind);
  if (found) return found;
  const made = build(runtime, kind);
  memo.set(kind, made);
  return made;
}

function build(runtime: Runtime, kind: Strand["kind"]): readonly Conflict[] {
  const state = stateOf(runtime);
  const updates = new Map<string, Seen<Update>[]>();
  const touches = new Map<string, Seen<Touch>[]>();
  for (const strand of strandsOf(runtime)) {
    if (strand.kind !== kind) continue;
    const fromTest = runtime.target.isTest(strand.func.module.path);
    for (const [func, { doubt }] of strand.reach) {
      // What tests do to the program says nothing about how it is used.
      if (fromTest && !runtime.target.isTest(func.module.path)) continue;
      for (const use of state.updates(func))
        if (strand.ownership.ofVariable(use.place.variable, func) === "shared" && !hasOwnKey(runtime, strand, use))
          push(updates, variableId(use.place.variable), { use, strand, doubt });
      for (const use of state.touches(func))
        if (strand.ownership.ofVariable(use.variable, func) === "shared")
          push(touches, variableId(use.variable), { use, strand, doubt });
    }
  }
  const best = new Map<Node, Conflict>();
  const offer = (conflict: Conflict): void => {
    const before = best.get(conflict.at);
    if (!before || before.doubt > conflict.doubt) best.set(conflict.at, conflict);
  };
  for (const list of updates.values())
    for (const seen of list) {
      const conflict = kind === "thread" ? betweenThreads(runtime, seen, list) : betweenTasks(runtime, seen, list);
      if (conflict) offer(conflict);
    }
  for (const list of touches.values()) {
    for (const conflict of iterated(runtime, kind, list)) offer(conflict);
    if (kind === "task") for (const conflict of emptied(runtime, list)) offer(conflict);
  }
  return [...best.values()];
}

/** `clients[self.id]` of an object that each run has for itself, `counts[get_ident()]`: nobody else writes there. */
function hasOwnKey(runtime: Runtime, { ownership }: Strand, { place: { key }, func }: Update): boolean {
  const isOwn = (part: Expression): boolean => {
    if (part.kind === "tuple") return part.items.some(isOwn);
    if (part.kind === "call")
      return runtime.inference.names(part.callee).some(({ name }) => OWN_NUMBERS.test(name)) && part.args.length === 0;
    if (part.kind !== "attribute" || part.value.kind !== "name" || part.value.id !== func.params[0]?.name) return false;
    return func.cls !== null && ownership.of(part.value, func) !== "shared";
  };
  return key !== null && isOwn(key);
}

const OWN_NUMBERS = /^(?:threading\.(?:get_ident|get_native_id|current_thread)|asyncio\.current_task)$/;

function betweenThreads(runtime: Runtime, seen: Seen<Update>, all: readonly Seen<Update>[]): Conflict | null {
  const { use } = seen;
  if (use.effect === "constant") return null;
  const { held, useless } = guardsAround(runtime, use, "thread");
  if (held) return null;
  const other = seen.strand.many ? seen.strand : (differentStrand(runtime, seen, all) ?? null);
  if (!other) return null;
  return conflictOf(runtime, seen, other, null, useless);
}

/** Another strand that also changes the variable, without a lock: both start once, and both go on. */
function differentStrand(runtime: Runtime, seen: Seen<Update>, all: readonly Seen<Update>[]): Strand | null {
  if (seen.use.effect !== "calculate" && seen.use.effect !== "remove") return null;
  for (const theirs of all) {
    const { strand, use } = theirs;
    if (
      strand === seen.strand ||
      strand.root === seen.strand.root ||
      areExclusive(strand, seen.strand) ||
      !sameObject(runtime, updated(seen), updated(theirs))
    )
      continue;
    if (use.effect === "constant" || guardsAround(runtime, use, "thread").held) continue;
    return strand;
  }
  return null;
}

/** Whether two strands see the same object: a variable of a module or function, or an attribute of an object that both name the same. */
function sameObject(
  runtime: Runtime,
  a: { variable: Variable; func: Func; strand: Strand },
  b: { variable: Variable; func: Func; strand: Strand },
): boolean {
  if (a.variable.kind !== "attribute" || b.variable.kind !== "attribute") return true;
  const mine = a.strand.ownership.nameOf(a.variable.owner, a.func);
  const theirs = b.strand.ownership.nameOf(b.variable.owner, b.func);
  if (!mine || !theirs || mine.path !== theirs.path) return false;
  return mine.self === null
    ? theirs.self === null
    : theirs.self !== null && areRelated(runtime, mine.self, theirs.self);
}

/** Whether an object can be of both classes: one derives from the other, or some class derives from both, as with mixins. */
function areRelated({ inference }: Runtime, a: Class, b: Class): boolean {
  if (inference.ancestry(a).includes(b) || inference.ancestry(b).includes(a)) return true;
  return inference.subclasses(a).some((one) => inference.ancestry(one).includes(b));
}

/**
 * Whether two strands never run at once: they share a pool of one thread, or only one of the two is started, in the branches of one choice,
 * or each starts the other as its last deed.
 */
function areExclusive(a: Strand, b: Strand): boolean {
  if ((a.lane !== null && a.lane === b.lane) || takesOver(a, b) || takesOver(b, a)) return true;
  return a.func === b.func && !a.many && !b.many && areAlternatives(a.at, b.at);
}

/** A reader that reconnects when its line breaks, and a reconnecting thread that starts the next reader: one goes when the other comes. */
function takesOver(a: Strand, b: Strand): boolean {
  if (a.many || b.many || a.root === b.root || a.func === b.func || !b.reach.has(a.func)) return false;
  return a.reach.has(b.root) || a.reach.has(b.func);
}

function updated({ use, strand }: Seen<Update>): { variable: Variable; func: Func; strand: Strand } {
  return { variable: use.place.variable, func: use.func, strand };
}

function touched({ use, strand }: Seen<Touch>): { variable: Variable; func: Func; strand: Strand } {
  return { variable: use.variable, func: use.func, strand };
}

function betweenTasks(runtime: Runtime, seen: Seen<Update>, all: readonly Seen<Update>[]): Conflict | null {
  const { use } = seen;
  if (use.effect === "constant") return null;
  const pause = pauseBetween(runtime, use.func, use.from, use.statement, use.read);
  if (!pause || (use.kind === "checked" && isClaimed(runtime, use, pause))) return null;
  const { held, useless } = guardsAround(runtime, use, "task");
  if (held) return null;
  if (seen.strand.many) return conflictOf(runtime, seen, seen.strand, pause, useless);
  if (use.kind !== "calculated") return null;
  const other = all.find(
    (theirs) =>
      theirs.strand.root !== seen.strand.root &&
      theirs.use.effect !== "constant" &&
      theirs.use !== use &&
      !areExclusive(theirs.strand, seen.strand) &&
      sameObject(runtime, updated(seen), updated(theirs)),
  );
  return other ? conflictOf(runtime, { ...seen, doubt: seen.doubt + 1 }, other.strand, pause, useless) : null;
}

function conflictOf(
  runtime: Runtime,
  { use, strand, doubt }: Seen<Update>,
  other: Strand,
  pause: Node | null,
  useless: Lock | null,
): Conflict {
  return {
    func: use.func,
    at: use.at,
    variable: use.place.variable,
    effect: use.effect,
    checked: use.kind === "checked",
    read: { func: use.func, node: use.read },
    pause,
    strand,
    other,
    useless,
    // What the test itself waits for may well say who takes the element out.
    doubt:
      doubt +
      doubtOf(runtime, use, pause !== null) +
      (pause && (pause === use.read || isInside(pause, use.read)) ? 2 : 0),
  };
}

/** Who fills a cache twice has done the work twice; that is seldom more than a pity, unless what is made must be closed. */
function doubtOf(runtime: Runtime, { effect, value }: Update, isAsync: boolean): number {
  // What is made anew because it is out of date may be made twice.
  if (effect === "replace") return 2;
  if (effect !== "fill" && effect !== "cache") return 0;
  const makes = value !== null && isResource(runtime, value);
  if (effect === "cache") return makes ? 1 : 2;
  return makes ? 0 : isAsync && value !== null && isMade(value) && !isAsked(runtime, value) ? 1 : 2;
}

/** Something that a call gives, not a number or text that is calculated. */
function isMade(value: Expression): boolean {
  return value.kind === "await" ? isMade(value.value) : value.kind === "call" || value.kind === "name";
}

/** `await Registry.get(name)`: whoever is asked twice gives the same object twice, or says itself when it makes a second one. */
function isAsked({ inference }: Runtime, value: Expression): boolean {
  const call = value.kind === "await" ? value.value : value;
  return (
    call.kind === "call" &&
    inference.values(call.callee).some((one) => one.kind === "function" && one.self !== null) &&
    inference.values(value).every((one) => one.kind === "object")
  );
}

/** Sessions, pools, connections, threads, executors: to make a second one and forget it is a leak. */
function isResource({ inference }: Runtime, value: Expression): boolean {
  return inference.values(value).some((one) => one.kind === "instance" && RESOURCE.test(one.type));
}

const RESOURCE =
  /^(?!builtins|datetime|typing|collections).*(?:Session|Client|Pool|Engine|Connection|Connector|Executor|Thread|Timer|Process|Popen|Producer|Consumer|Channel|Cluster|Redis|socket|Socket|Server|Task|Driver|Browser|StreamWriter|Transport|SMTP|FTP)$/;

/** The lock that is held from the read to the write, and one that is held in vain. */
function guardsAround(
  runtime: Runtime,
  use: Update,
  kind: Strand["kind"],
): { held: Lock | null; useless: Lock | null } {
  const locks = locksOf(runtime);
  const atRead = locks.around(use.func, use.read);
  let useless: Lock | null = null;
  for (const lock of locks.around(use.func, use.statement)) {
    if (isUseless(lock, kind)) useless = lock;
    else if (atRead.some((other) => other === lock || sameLock(other, lock))) return { held: lock, useless: null };
  }
  return { held: null, useless };
}

/** Locks made on the spot guard nothing, locks of tasks guard nothing between threads. */
function isUseless(lock: Lock, kind: Strand["kind"]): boolean {
  if (lock.fresh || lock.fact?.kind === "limiter") return true;
  return kind === "thread" && lock.fact?.family === "task";
}

/** Whether the body puts its own mark on the place before it pauses, so that whoever comes next sees it. */
function isClaimed(runtime: Runtime, { func, place, read, statement }: Update, pause: Node): boolean {
  const text = (expression: Expression | null): string | null => expression && sourceOf(func.module, expression);
  return stateOf(runtime)
    .writes(func)
    .some(
      (write) =>
        write.statement !== statement &&
        write.statement.start >= read.end &&
        write.statement.end <= pause.start &&
        text(write.place.base) === text(place.base) &&
        text(write.place.key) === text(place.key),
    );
}

/** Where the task pauses on a way from the read to the write. */
function pauseBetween(runtime: Runtime, func: Func, from: number, write: Node, read: Node): Node | null {
  const points = suspensionsOf(runtime).of(func);
  return (
    points.find((node) => {
      const place = node.kind === "with" || node.kind === "for" ? node.start : node.end - 1;
      if (place < from || place >= write.end || (isInside(read, node) && node.kind !== "await")) return false;
      return leadsTo(node, write) && !areAlternatives(read, node);
    }) ?? null
  );
}

/** Members come or go while a loop over the container has not ended: in another thread, or during an `await` in the loop. */
function iterated(runtime: Runtime, kind: Strand["kind"], list: readonly Seen<Touch>[]): Conflict[] {
  const loops = list.filter(({ use }) => use.kind === "iterate" && use.fragile && use.loop);
  const found: Conflict[] = [];
  for (const loop of loops) {
    const node = loop.use.loop;
    if (!node) continue;
    const pause = kind === "task" ? pauseInside(runtime, loop.use.func, node) : null;
    if (kind === "task" && !pause) continue;
    for (const change of list) {
      if (!sameObject(runtime, touched(loop), touched(change))) continue;
      if (change.use.kind === "iterate" || change.use.kind === "reset" || isInside(change.use.at, node)) continue;
      if (change.strand.root === loop.strand.root && !change.strand.many && !loop.strand.many) continue;
      if (areExclusive(change.strand, loop.strand)) continue;
      // It changes the container first, and then starts what loops over it.
      if (loop.strand.func === change.use.func && loop.strand.at.start > change.use.at.start) continue;
      if (haveCommonLock(runtime, loop.use, change.use, kind)) continue;
      found.push({
        func: change.use.func,
        at: change.use.at,
        variable: change.use.variable,
        effect: "iterated",
        checked: false,
        read: { func: loop.use.func, node: loop.use.at },
        pause,
        strand: change.strand,
        other: loop.strand,
        useless: null,
        // A comprehension is over soon; what ends the program goes over everything once.
        doubt:
          loop.doubt +
          change.doubt +
          (kind === "thread" && node.kind === "comprehension" ? 1 : 0) +
          (isEnding(loop.use.func) ? 1 : 0) +
          (isFar(loop) || isFar(change) ? 1 : 0),
      });
    }
  }
  return found;
}

function isEnding({ node }: Func): boolean {
  return node.kind === "function" && TEARDOWN.test(node.name);
}

/** So many calls from the start of the strand that conditions stand between which we do not see. */
function isFar({ strand, use }: Seen<Touch>): boolean {
  let hops = 0;
  for (let at = strand.reach.get(use.func) ?? null; at; at = at.from) hops++;
  return hops > FAR;
}

const FAR = 5;

function pauseInside(runtime: Runtime, func: Func, loop: Node): Node | null {
  return (
    suspensionsOf(runtime)
      .of(func)
      .find((node) => node !== loop && isInside(node, loop)) ?? null
  );
}

function haveCommonLock(runtime: Runtime, a: Touch, b: Touch, kind: Strand["kind"]): boolean {
  const locks = locksOf(runtime);
  const mine = locks.around(a.func, a.loop ?? a.at).concat(locks.around(a.func, a.at));
  return locks
    .around(b.func, b.at)
    .some((lock) => !isUseless(lock, kind) && mine.some((other) => sameLock(lock, other) || !lock.fact || !other.fact));
}

/** A container is sent and then emptied: what others put into it during the `await` is lost. */
function emptied(runtime: Runtime, list: readonly Seen<Touch>[]): Conflict[] {
  const found: Conflict[] = [];
  for (const clear of list) {
    if (clear.use.kind !== "empty" && clear.use.kind !== "reset") continue;
    const filler = list.find(
      (one) =>
        one.use.kind === "insert" &&
        (one.strand.root !== clear.strand.root || one.strand.many) &&
        sameObject(runtime, touched(one), touched(clear)),
    );
    if (!filler) continue;
    const { func, at } = clear.use;
    const text = baseText(func, at);
    const reads = func.nodes.filter(
      (node) =>
        node.end <= at.start &&
        (node.kind === "attribute" || node.kind === "name") &&
        !isEmptied(node) &&
        sourceOf(func.module, node) === text,
    );
    const read = reads.findLast((node) => pauseBetween(runtime, func, node.start, at, node) !== null);
    const last = reads.at(-1);
    // A copy taken and the original emptied without a pause between lose nothing.
    if (!read || read !== last) continue;
    const pause = pauseBetween(runtime, func, read.start, at, read);
    if (!pause || isTakenDown(func, pause)) continue;
    if (haveCommonLock(runtime, { ...clear.use, loop: read }, filler.use, "task")) continue;
    found.push({
      func,
      at,
      variable: clear.use.variable,
      effect: "emptied",
      checked: false,
      read: { func, node: read },
      pause,
      strand: clear.strand,
      other: filler.strand,
      useless: null,
      doubt: clear.doubt + filler.doubt,
    });
  }
  return found;
}

/** `x.clear()` and `x = []` read nothing of what is in it. */
function isEmptied(node: Node): boolean {
  const { parent } = node;
  return (
    (parent?.kind === "attribute" && parent.attr === "clear") ||
    (parent?.kind === "assign" && parent.targets.some((one) => one === node))
  );
}

/** Whether the code closes things down: what comes in meanwhile is not served any more. */
function isTakenDown({ node, module }: Func, pause: Node): boolean {
  if (node.kind === "function" && TEARDOWN.test(node.name)) return true;
  return (
    pause.kind === "await" &&
    pause.value.kind === "call" &&
    TEARDOWN.test(sourceOf(module, pause.value.callee).split(".").at(-1) ?? "")
  );
}

const TEARDOWN =
  /^_*(?:a?close|a?stop|shut_?down|disconnect|terminate|kill|cancel|cleanup|clean_up|tear_?down|detach|deregister|dispose|exit|unload|release|__aexit__|wait_closed)(?:$|_)/;

function baseText(func: Func, at: Expression): string {
  return sourceOf(func.module, at.kind === "attribute" && at.attr === "clear" ? at.value : at);
}
