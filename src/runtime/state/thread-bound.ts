import { SESSION_MAKERS, SESSION_STATE, THREAD_BOUND, type ThreadBound } from "../../knowledge/sharing.ts";
import type { Func } from "../../python/module.ts";
import type { Attribute, Call, Expression, Name, Node } from "../../python/syntax.ts";
import { argument, isInside } from "../../python/syntax.ts";
import { loopsAround } from "../effects/boundedness.ts";
import type { Origin } from "../graph/origins.ts";
import { isCut, type Running, runningFrom, runningIn } from "../graph/running.ts";
import { type Submission, submissionsOf } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";

/** Code that runs in a thread, or in many, with what its first function is given. */
export interface Region {
  running: ReadonlyMap<Func, Running>;
  /** Whether several threads run it at once. */
  several: boolean;
  submission: Submission | null;
  /** The framework's words, where it starts the threads. */
  label: string;
  doubt: number;
}

/** One use, in a thread, of an object that belongs to the thread that made it. */
export interface ForeignUse {
  func: Func;
  at: Node;
  /** The object as written there. */
  object: Expression;
  bound: ThreadBound;
  origin: Origin;
  region: Region;
  /** The attribute of a `requests.Session` that is changed. */
  changed: string | null;
  doubt: number;
}

/** The regions of the program: what is handed to threads, and what frameworks run in them. */
function threadRegions(runtime: Runtime): Region[] {
  const found: Region[] = [];
  for (const submission of submissionsOf(runtime)) {
    if (submission.to !== "thread") continue;
    const several =
      submission.fact.pool === "own" ? loopsAround(submission.call).length > 0 : !isSingle(runtime, submission);
    found.push({ running: runningIn(runtime, submission), several, submission, label: "", doubt: submission.doubt });
  }
  for (const root of runtime.contexts.roots) {
    if (root.kind !== "framework" || !root.serves) continue;
    const context = runtime.contexts.of(root.func).find((one) => one.kind === "thread" && one.root === root);
    if (context)
      found.push({
        running: runningFrom(runtime, root.func),
        several: true,
        submission: null,
        label: root.label,
        doubt: context.doubt,
      });
  }
  return found;
}

/** `ThreadPoolExecutor(1)`. */
function isSingle(runtime: Runtime, { pool }: Submission): boolean {
  if (!pool) return false;
  return runtime.origins.of(pool).some(({ expression }) => {
    const size = expression.kind === "call" ? argument(expression, "max_workers", 0) : null;
    return size?.kind === "number" && size.value === 1;
  });
}

/** The uses of thread-bound objects outside the thread that made them; the first of each function and object. */
export function foreignUses(runtime: Runtime): ForeignUse[] {
  const found: ForeignUse[] = [];
  const known = new Map<Func, Set<Expression>>();
  const regions = threadRegions(runtime);
  for (const region of regions)
    for (const [func, running] of isCut(region.running) ? [] : region.running) {
      if (func.node.kind === "module") continue;
      for (const use of usesIn(runtime, func)) {
        const origins = originsOf(runtime, region, func, use.object);
        const origin = origins.find((one) => boundOf(runtime, one, use) !== null);
        const bound = origin ? boundOf(runtime, origin, use) : null;
        if (!origin || !bound || origins.some((one) => region.running.has(one.func))) continue;
        const seen = known.get(func) ?? new Set();
        known.set(func, seen);
        if (seen.has(origin.expression) || !isShared(runtime, region, origin, bound)) continue;
        if (bound.outcome === "corrupts" && isLocked(runtime, running, use.at)) continue;
        seen.add(origin.expression);
        found.push({
          func,
          at: use.at,
          object: use.object,
          bound,
          origin,
          region,
          changed: use.changed,
          doubt: region.doubt + running.doubt + origin.doubt + (isSameObject(runtime, region, origin) ? 0 : 1),
        });
      }
    }
  return found;
}

interface ObjectUse {
  at: Node;
  object: Expression;
  changed: string | null;
}

const useLists = new WeakMap<Func, readonly ObjectUse[]>();

/** Method calls on objects, and changes of a session's state, by the expression of the object. */
function usesIn(runtime: Runtime, func: Func): readonly ObjectUse[] {
  const known = useLists.get(func);
  if (known) return known;
  const found: ObjectUse[] = [];
  for (const node of func.nodes) {
    if (node.kind === "call" && node.callee.kind === "attribute") {
      const { value } = node.callee;
      if ((value.kind === "name" || value.kind === "attribute") && mayBeBound(runtime, value))
        found.push({ at: node, object: value, changed: null });
      if (
        value.kind === "attribute" &&
        SESSION_STATE.has(value.attr) &&
        /^(?:update|set|clear|pop|setdefault|set_cookie)$/.test(node.callee.attr)
      )
        found.push({ at: node, object: value.value, changed: value.attr });
    }
    if (node.kind === "assign")
      for (const target of node.targets) {
        const changed = target.kind === "subscript" ? target.value : target;
        if (changed.kind === "attribute" && SESSION_STATE.has(changed.attr))
          found.push({ at: node, object: changed.value, changed: changed.attr });
      }
  }
  useLists.set(func, found);
  return found;
}

/** Whether the object may be of a class that threads must not share: most are not, and need no look at where they come from. */
function mayBeBound(runtime: Runtime, object: Name | Attribute): boolean {
  const values = runtime.inference.values(object);
  return values.length === 0
    ? object.kind === "name"
    : values.some((value) => value.kind === "instance" && BOUND_TYPES.test(value.type));
}

const BOUND_TYPES =
  /^(?:sqlite3|psycopg2|psycopg|pymysql|MySQLdb|mysql\.connector|mariadb|pymssql|pyodbc|oracledb|cx_Oracle|snowflake|sqlalchemy\.orm|sqlmodel)\b/;

/** Where the object comes from; what the work is given comes from the submission. */
function originsOf(
  runtime: Runtime,
  { submission, running }: Region,
  func: Func,
  object: Expression,
): readonly Origin[] {
  if (object.kind === "name" && submission && running.get(func)?.from === null) {
    const [only, ...others] = runtime.inference.bindings(object).bindings;
    if (only?.kind === "parameter" && others.length === 0) {
      const position = func.params.indexOf(only.node) - (func.cls && func.params[0]?.name === "self" ? 1 : 0);
      const given = submission.payload.find(
        ({ as, role }) => role === "argument" && (as === only.node.name || as === position),
      );
      return given ? runtime.origins.of(given.expression) : [];
    }
  }
  return runtime.origins.of(object);
}

const SESSION: ThreadBound = {
  label: "`requests.Session`",
  outcome: "corrupts",
  check: null,
  instead: "pass `headers=`, `auth=` or `cookies=` to the request, or make a session in each thread",
};

function boundOf(runtime: Runtime, { expression }: Origin, { changed }: ObjectUse): ThreadBound | null {
  if (expression.kind !== "call") return null;
  const names = runtime.inference.names(expression.callee).map(({ name }) => name);
  if (changed !== null) return names.some((name) => SESSION_MAKERS.has(name)) ? SESSION : null;
  for (const name of names) {
    const bound = THREAD_BOUND.get(name);
    if (bound) return bound.check && isUnchecked(expression, bound.check) ? null : bound;
  }
  return null;
}

/** `check_same_thread=False`, or a value that nobody can tell. */
function isUnchecked(call: Call, keyword: string): boolean {
  const given = argument(call, keyword, -1);
  if (given) return !(given.kind === "constant" && given.value === true);
  return call.args.some(({ stars }) => stars === 2);
}

/** Whether more than one thread uses the object. A refused use needs only one; the others need company. */
function isShared(runtime: Runtime, region: Region, origin: Origin, bound: ThreadBound): boolean {
  if ((origin.holder === null || origin.holder.kind === "local") && !comesAlong(runtime, region, origin)) return false;
  if (bound.outcome === "raises" || region.several) return true;
  // One thread: somebody else must use it too.
  return runtime.graph.funcs.some(
    (func) =>
      !region.running.has(func) &&
      usesIn(runtime, func).some(
        ({ object, at }) =>
          !(at.kind === "call" && at.callee.kind === "attribute" && at.callee.attr === "close") &&
          runtime.origins.of(object).some((one) => one.expression === origin.expression),
      ),
  );
}

/** Whether it is the same object for sure: a class whose methods the thread does not start with may have several, each in its own thread. */
function isSameObject(runtime: Runtime, { several, submission }: Region, { holder }: Origin): boolean {
  if (several || holder?.kind !== "attribute") return true;
  return (
    submission?.work.some(({ func }) => func?.cls && runtime.inference.ancestry(func.cls).includes(holder.cls)) ?? false
  );
}

/** A local of some function is in the thread when the start hands it over, or when the thread's code is part of that function. */
function comesAlong(runtime: Runtime, region: Region, origin: Origin): boolean {
  const { running } = region;
  if (origin.holder?.kind === "local" && running.has(origin.holder.func)) return false;
  if (isGiven(runtime, region, origin)) return true;
  return origin.holder?.kind === "local" && [...running.keys()].some((func) => isInside(func.node, origin.func.node));
}

function isGiven(runtime: Runtime, { submission }: Region, origin: Origin): boolean {
  return (
    submission?.payload.some(({ expression }) =>
      runtime.origins.of(expression).some((one) => one.expression === origin.expression),
    ) ?? false
  );
}

/** The use, or a call on the way to it, stands in a block that holds a lock. */
function isLocked(runtime: Runtime, running: Running, at: Node): boolean {
  if (holdsLock(runtime, at)) return true;
  for (let step: Running | null = running; step; step = step.from)
    if (step.site && holdsLock(runtime, step.site.node)) return true;
  return false;
}

function holdsLock(runtime: Runtime, node: Node): boolean {
  for (let at = node.parent; at; at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda") return false;
    if (at.kind === "with" && at.items.some(({ context }) => isLock(runtime, context))) return true;
  }
  return false;
}

function isLock(runtime: Runtime, context: Expression): boolean {
  const values = runtime.inference.values(context);
  if (
    values.some(
      (value) =>
        value.kind === "instance" &&
        /^(?:threading\.|multiprocessing\.(?:R?Lock|Condition|Semaphore))/.test(value.type),
    )
  )
    return true;
  // A lock that cannot be seen may still be one.
  return values.length === 0;
}
