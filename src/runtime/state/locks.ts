import { LOCKS, type LockFact } from "../../knowledge/locks.ts";
import type { Func } from "../../python/module.ts";
import { funcAt, nodesOf, sourceOf } from "../../python/module.ts";
import type { Call, Expression, Node, WithItem } from "../../python/syntax.ts";
import { argument, enclosing, isInside } from "../../python/syntax.ts";
import type { Value } from "../../python/value.ts";
import { answeredOnce } from "../answered.ts";
import { startsOf } from "../coroutines/starts.ts";
import { attributesNamed } from "../graph/mentions.ts";
import type { Holder } from "../graph/origins.ts";
import type { Runtime } from "../runtime.ts";

/** A lock as an expression names it. */
export interface Lock {
  /** What the tables know about its class; `null` for something that only its name calls a lock. */
  fact: LockFact | null;
  /** Two locks are the same where these overlap: the constructor calls it may come from, or the variable it is kept in. */
  ids: ReadonlySet<unknown>;
  expression: Expression;
  func: Func;
  /** Made by the very body that takes it and seen by nobody else: it keeps nobody out. */
  fresh: boolean;
  doubt: number;
}

/** One place that takes a lock, and the range of source in which it is held. */
export interface Acquisition {
  func: Func;
  lock: Lock;
  /** The `with` item or the call that takes it. */
  node: WithItem | Call;
  /** By `with`, by `acquire`, or by something that holds it in turn: a context manager of the project, an exit stack. */
  by: "with" | "acquire" | "manager";
  /** How long the caller waits for it. */
  waits: "for ever" | "limited" | "not at all";
  from: number;
  to: number;
}

/** Which locks there are, where they are taken, and which are held where. */
export interface Locks {
  of(expression: Expression): Lock | null;
  /** The places of a body that take a lock, in source order. */
  taken(func: Func): readonly Acquisition[];
  /** The locks that the body itself holds at a node. */
  heldAt(func: Func, node: Node): readonly Acquisition[];
  /** The locks that every caller of the function holds. */
  onEntry(func: Func): readonly Lock[];
  /** All locks certainly held at a node: the body's own and those of every caller. */
  around(func: Func, node: Node): readonly Lock[];
  /** Every place that takes a lock. */
  all(): readonly Acquisition[];
  /** The calls that give a lock back, in a body. */
  released(func: Func): readonly { lock: Lock; call: Call }[];
  /** All of them, in every body of code. */
  allReleased(): readonly { func: Func; lock: Lock; call: Call }[];
}

const DEEPEST_CALLERS = 8;

/** The locks of the program; computed on demand and remembered. */
export const locksOf: (runtime: Runtime) => Locks = answeredOnce(build);

/** Whether two locks may be the same object. */
export function sameLock(a: Lock, b: Lock): boolean {
  for (const id of a.ids) if (b.ids.has(id)) return true;
  return false;
}

function build(runtime: Runtime): Locks {
  const { graph, inference, origins } = runtime;
  const starts = startsOf(runtime);
  const locks = new Map<Expression, Lock | null>();
  const takenBy = new Map<Func, readonly Acquisition[]>();
  const releasedBy = new Map<Func, readonly { lock: Lock; call: Call }[]>();
  const entries = new Map<Func, readonly Lock[]>();
  let everything: readonly Acquisition[] | null = null;
  let releases: readonly { func: Func; lock: Lock; call: Call }[] | null = null;

  const of = (expression: Expression, func: Func): Lock | null => {
    const memo = locks.get(expression);
    if (memo !== undefined) return memo;
    const found = lockOf(expression, func);
    locks.set(expression, found);
    return found;
  };

  const lockOf = (expression: Expression, func: Func): Lock | null => {
    if (!mayBeLock(expression)) return null;
    const values = inference.values(expression).filter(({ kind }) => kind !== "none");
    const found = values.flatMap((value) =>
      typesOf(value).map((type) => ({ fact: LOCKS.get(type), doubt: value.doubt })),
    );
    // Where the class is not known, the constructor call may be.
    for (const origin of origins.of(expression))
      if (origin.expression.kind === "call")
        for (const { name, doubt } of inference.names(origin.expression.callee))
          found.push({ fact: LOCKS.get(name), doubt: doubt + origin.doubt });
    const facts = found.filter((one) => one.fact).sort((one, other) => one.doubt - other.doubt);
    // What may be a lock of tasks as well as one of threads is awaited where it matters: the code looks which it is.
    const best = facts.find((one) => one.fact?.family === "task") ?? facts[0];
    const fact = best?.fact ?? null;
    const doubt = best?.doubt ?? 0;
    if (!fact && (values.length > 0 || !looksLikeLock(expression))) return null;
    return { fact, ids: idsOf(expression), expression, func, fresh: fact !== null && isFresh(expression, func), doubt };
  };

  const typesOf = (value: Value): readonly string[] => {
    if (value.kind === "instance") return inference.library.ancestry(value.type);
    return value.kind === "object" ? inference.libraryBases(value.cls) : [];
  };

  /** Constructor calls it may come from; a condition is also the lock that it was given. Else the variable that keeps it. */
  const idsOf = (expression: Expression): Set<unknown> => {
    const ids = new Set<unknown>();
    const kept = memberOf(expression);
    if (kept !== null) return ids.add(kept);
    for (const origin of origins.of(expression)) {
      const made = origin.expression;
      const member = memberOf(made);
      if (member !== null) {
        ids.add(member);
        continue;
      }
      const given = made.kind === "call" ? argument(made, "lock", 0) : null;
      if (given && made.kind === "call" && isCondition(made)) for (const id of idsOf(given)) ids.add(id);
      // What a factory returns is another lock for each call.
      if (made.parent?.kind !== "return") ids.add(made);
    }
    const holder = origins.holder(expression);
    if (holder && (ids.size === 0 || holder.kind !== "local")) ids.add(holderId(holder));
    if (ids.size === 0) ids.add(expression);
    return ids;
  };

  /** Locks in a dict of locks count as one: `locks[key]`, `locks.get(key)`, `locks.setdefault(key, Lock())`. */
  const memberOf = (expression: Expression): string | null => {
    const base =
      expression.kind === "subscript"
        ? expression.value
        : expression.kind === "call" && expression.callee.kind === "attribute" && GETTERS.has(expression.callee.attr)
          ? expression.callee.value
          : null;
    const holder = base && origins.holder(base);
    return holder ? `${holderId(holder)}[]` : null;
  };

  const isCondition = (call: Call): boolean =>
    inference.names(call.callee).some(({ name }) => LOCKS.get(name)?.kind === "condition");

  const isFresh = (expression: Expression, func: Func): boolean => {
    if (expression.kind === "call") return inference.names(expression.callee).some(({ name }) => LOCKS.has(name));
    if (expression.kind !== "name") return false;
    const holder = origins.holder(expression);
    if (holder?.kind !== "local" || holder.func !== func || func.node.kind === "module") return false;
    const made = origins.of(expression);
    if (made.length === 0 || made.some((origin) => origin.func !== func || origin.expression.kind !== "call"))
      return false;
    return !escapes(expression.id, func);
  };

  const taken = (func: Func): readonly Acquisition[] => {
    const memo = takenBy.get(func);
    if (memo) return memo;
    takenBy.set(func, []);
    const found: Acquisition[] = [];
    const calls = nodesOf(func, "call").filter(({ callee }) => callee.kind === "attribute" && TAKING.has(callee.attr));
    for (const node of [...nodesOf(func, "withitem"), ...calls].sort((a, b) => a.start - b.start)) {
      if (node.kind === "withitem") found.push(...entered(func, node));
      else found.push(...called(func, node));
    }
    takenBy.set(func, found);
    return found;
  };

  const entered = (func: Func, item: WithItem): Acquisition[] => {
    const { context, parent } = item;
    if (parent?.kind !== "with") return [];
    const range = { from: item.end, to: parent.end };
    const lock = of(context, func);
    if (lock) {
      if (lock.fact && (lock.fact.family === "task") !== parent.isAsync) return [];
      return [{ func, lock, node: item, by: "with", waits: "for ever", ...range }];
    }
    return managed(func, context, parent.isAsync).map((held) => ({
      func,
      lock: held,
      node: item,
      by: "manager" as const,
      waits: "for ever" as const,
      ...range,
    }));
  };

  /** The locks that a context manager of the project holds while its block runs. */
  const managed = (func: Func, context: Expression, isAsync: boolean): Lock[] => {
    const found: Lock[] = [];
    for (const value of inference.values(context)) {
      if (value.kind === "manager" && value.func && value.func !== func) {
        const inner = value.func;
        for (const node of nodesOf(inner, "yield")) found.push(...heldAt(inner, node).map(({ lock }) => lock));
      } else if (value.kind === "object") {
        const enter = inference.method(value.cls, isAsync ? "__aenter__" : "__enter__");
        if (enter && enter !== func)
          found.push(...taken(enter).flatMap(({ lock, by }) => (by === "acquire" && !lock.fresh ? [lock] : [])));
      }
    }
    return found;
  };

  const called = (func: Func, call: Call): Acquisition[] => {
    const { callee } = call;
    if (callee.kind !== "attribute") return [];
    if (callee.attr === "enter_context" || callee.attr === "enter_async_context") {
      const given = argument(call, "cm", 0);
      const lock = given && of(given, func);
      if (!lock) return [];
      const block = enclosing(call, (one) => one.kind === "with");
      return [
        { func, lock, node: call, by: "manager", waits: "for ever", from: call.end, to: block?.end ?? func.node.end },
      ];
    }
    if (callee.attr !== "acquire") return [];
    const lock = of(callee.value, func);
    if (!lock) return [];
    // Without `await` nothing is taken.
    if (lock.fact?.family === "task" && !graph.siteOf(call)?.awaited) return [];
    const waits = patience(call, lock);
    return [{ func, lock, node: call, by: "acquire", waits, from: call.end, to: endOf(func, call, lock) }];
  };

  /** The last release before the lock is taken again; source order stands for the order of running. */
  const endOf = (func: Func, call: Call, lock: Lock): number => {
    const later = nodesOf(func, "call").filter((node) => node.start > call.start && node.callee.kind === "attribute");
    const isOn = (node: Call, attr: string): boolean => {
      if (node.callee.kind !== "attribute" || node.callee.attr !== attr) return false;
      const other = of(node.callee.value, func);
      return other !== null && sameLock(other, lock);
    };
    const again = later.find((node) => isOn(node, "acquire"));
    const releases = later.filter((node) => isOn(node, "release") && (!again || node.start < again.start));
    return releases.at(-1)?.start ?? func.node.end;
  };

  const heldAt = (func: Func, node: Node): readonly Acquisition[] =>
    taken(func).filter(({ from, to }) => from <= node.start && node.end <= to);

  const released = (func: Func): readonly { lock: Lock; call: Call }[] => {
    const memo = releasedBy.get(func);
    if (memo) return memo;
    const found: { lock: Lock; call: Call }[] = [];
    for (const node of nodesOf(func, "call")) {
      if (node.callee.kind !== "attribute" || node.callee.attr !== "release") continue;
      const lock = of(node.callee.value, func);
      if (lock) found.push({ lock, call: node });
    }
    releasedBy.set(func, found);
    return found;
  };

  const onEntry = (func: Func, depth = 0): readonly Lock[] => {
    const memo = entries.get(func);
    if (memo) return memo;
    if (depth > DEEPEST_CALLERS) return [];
    entries.set(func, []);
    const found = [...heldByCallers(func, depth), ...heldByDecorators(func)];
    entries.set(func, found);
    return found;
  };

  const heldByCallers = (func: Func, depth: number): readonly Lock[] => {
    // Tests call what they like without it.
    const isTest = runtime.target.isTest(func.module.path);
    const callers = graph
      .callers(func)
      .filter(({ site }) => site.func !== func && (isTest || !runtime.target.isTest(site.func.module.path)));
    if (callers.length === 0 || graph.handedOver(func).length > 0) return [];
    if (runtime.contexts.of(func).some(({ from, root }) => from === null && root.kind === "framework")) return [];
    let common: readonly Lock[] | null = null;
    for (const { site } of callers) {
      if (site.node.kind === "call" && starts.of(site.node)) return [];
      const here: Lock[] = [...heldAt(site.func, site.node).map(({ lock }) => lock), ...onEntry(site.func, depth + 1)];
      common = common ? common.filter((lock) => here.some((other) => sameLock(lock, other))) : here;
      if (common.length === 0) return [];
    }
    return common ?? [];
  };

  /** A decorator of the project that takes a lock takes it around the call. */
  const heldByDecorators = (func: Func): readonly Lock[] => {
    const { project } = inference.decoration(func);
    if (project.length === 0) return [];
    return func.module.functions
      .concat(project.flatMap((decorator) => decorator.module.functions))
      .filter((one) => project.some((decorator) => one === decorator || isInside(one.node, decorator.node)))
      .flatMap((one) => taken(one).map(({ lock }) => lock));
  };

  return {
    of: (expression) => of(expression, funcAt(inference.moduleOf(expression), expression)),
    taken,
    heldAt,
    onEntry: (func) => onEntry(func),
    around: (func, node) => [...heldAt(func, node).map(({ lock }) => lock), ...onEntry(func)],
    all: () => {
      everything ??= graph.funcs.flatMap(taken);
      return everything;
    },
    released,
    allReleased: () => {
      const funcs = new Set(attributesNamed(runtime, "release").map((node) => funcAt(inference.moduleOf(node), node)));
      releases ??= [...funcs].flatMap((func) => released(func).map((one) => ({ func, ...one })));
      return releases;
    },
  };
}

/** Methods that take a lock: its own, and those of exit stacks. */
const TAKING = new Set(["acquire", "enter_context", "enter_async_context"]);

const GETTERS = new Set(["get", "setdefault", "pop"]);

function mayBeLock({ kind }: Expression): boolean {
  return kind === "name" || kind === "attribute" || kind === "call" || kind === "subscript" || kind === "await";
}

const LOCK_WORD =
  /(?:^|_)(?:r?w?lock|mutex|sem|semaphore|limiter|throttle|guard|condition|cond|cv)s?$|(?:Lock|Mutex|Semaphore)$/i;

/** Something unknown that the author calls a lock: it may well be one, which is a reason to stay silent about what it guards. */
function looksLikeLock(expression: Expression): boolean {
  switch (expression.kind) {
    case "name":
      return LOCK_WORD.test(expression.id);
    case "attribute":
      return LOCK_WORD.test(expression.attr);
    case "call":
      return looksLikeLock(expression.callee);
    case "subscript":
    case "await":
      return looksLikeLock(expression.value);
    default:
      return false;
  }
}

function holderId(holder: Holder): string {
  switch (holder.kind) {
    case "global":
      return `global ${holder.module.path} ${holder.name}`;
    case "attribute":
      return `attribute ${holder.cls.name} ${holder.name}`;
    case "local":
      return `local ${holder.func.module.path} ${holder.func.node.start} ${holder.name}`;
  }
}

/** How long `acquire(…)` waits, by its arguments. */
function patience(call: Call, lock: Lock): Acquisition["waits"] {
  const counted = lock.fact?.kind === "semaphore" && lock.fact.family !== "task";
  const flag = argument(call, "blocking", 0) ?? argument(call, "block", -1);
  if ((flag?.kind === "constant" && flag.value === false) || (flag?.kind === "number" && flag.value === 0))
    return "not at all";
  const limit = argument(call, "timeout", 1);
  if (limit?.kind === "number" && limit.value === 0) return "not at all";
  if (limit && !(limit.kind === "constant" && limit.value === null) && limit.kind !== "unary") return "limited";
  // `acquire(flag)` with a flag that only running tells.
  if (flag && flag.kind !== "constant" && flag.kind !== "number" && !counted) return "limited";
  for (let at: Node | null = call.parent; at; at = at.parent) {
    if (at.kind === "call" && at.callee.kind === "attribute" && at.callee.attr === "wait_for") return "limited";
    if (at.kind !== "argument" && at.kind !== "await") break;
  }
  return "for ever";
}

/** Whether a local name is seen outside the body that binds it: captured, passed on, stored or returned. */
function escapes(id: string, func: Func): boolean {
  for (const inner of func.module.functions)
    if (inner !== func && isInside(inner.node, func.node))
      for (const node of inner.nodes) if (node.kind === "name" && node.id === id) return true;
  return func.nodes.some((node) => {
    if (node.kind !== "name" || node.id !== id) return false;
    const { parent } = node;
    if (parent?.kind === "assign") return !parent.targets.includes(node);
    return !(parent?.kind === "withitem" && parent.context === node) && parent?.kind !== "attribute";
  });
}

/** The author's words for a lock. */
export function lockWords(lock: Lock): string {
  return sourceOf(lock.func.module, lock.expression).replace(/\s+/g, " ");
}

/** The author's words for two locks, told apart where the words are the same. */
export function bothWords(a: Lock, b: Lock): [string, string] {
  const [one, other] = [lockWords(a), lockWords(b)];
  if (one !== other) return [one, other];
  const owner = ({ func }: Lock): string => (func.cls?.name ?? func.module.name).split(".").at(-1) ?? "";
  return [`${owner(a)}.${one.replace(/^(?:self|cls)\./, "")}`, `${owner(b)}.${other.replace(/^(?:self|cls)\./, "")}`];
}
