import { isAvailable } from "../knowledge/features.ts";
import type { Func } from "../python/module.ts";
import type { Call, Expression, Statement } from "../python/syntax.ts";
import { within } from "../python/syntax.ts";
import type { Change } from "../report.ts";
import { type Cost, costsOf } from "../runtime/effects/costs.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { poolOf } from "./capacity.ts";
import type { Decision } from "./decide.ts";
import type { Launch } from "./launches.ts";
import type { Subject } from "./sites.ts";
import { change, isCompound, isInComprehension, replaced, statementOf, text } from "./source.ts";
import { spread, threadsFor } from "./spread.ts";

/** The smallest change that gets from the code as it is to what is recommended; `null` where the place is not simple enough to show. */
export function changeFor(runtime: Runtime, subject: Subject, decision: Decision): Change | null {
  const [first] = decision.verdicts;
  if (!first) return null;
  const { part, row } = first;
  const [cost] = part.costs;
  if (subject.candidate && (part.runs === "one by one" || part.runs === "awaited one by one"))
    return row.goes === "asyncio" && part.runs === "one by one"
      ? null
      : spread(runtime, subject, subject.candidate, row.goes);
  if (part.runs === "on the loop" && cost) {
    const { coroutine } = cost;
    if (coroutine === null) return offLoop(runtime, subject.func, cost, row.goes);
    const own = costsOf(runtime, coroutine).list.find((one) => one.site === cost.site && one.coroutine === null);
    return own ? offLoop(runtime, coroutine, own, row.goes) : null;
  }
  const launch =
    subject.launches.find(({ costs }) => cost && costs.list.some(({ site }) => site === cost.site)) ?? null;
  return launch ? otherPool(runtime, subject, launch, row.goes) : null;
}
/** A call that stops the loop goes to a thread or to a process. */
function offLoop(runtime: Runtime, func: Func, cost: Cost, goes: string): Change | null {
  const call = cost.at.node;
  const statement = statementOf(call);
  if (
    cost.at.func !== func ||
    !func.isAsync ||
    call.kind !== "call" ||
    !statement ||
    isCompound(statement) ||
    isInComprehension(call)
  )
    return null;
  const site = runtime.graph.siteOf(call);
  // What holds the GIL must be exchanged as well as moved.
  if (cost.does === "computes" && cost.instead !== null && goes === "threads") return null;
  // A session belongs to one thread: the whole unit of work moves, not one call of it.
  if (cost.group === "database" && cost.hops === 0 && call.callee.kind === "attribute") return null;
  if (site?.awaited || site?.targets.some((target) => target.func.isAsync)) return null;
  const callee = text(func, call.callee);
  const args = call.args.map((arg) => text(func, arg));
  if (goes === "asyncio")
    return cost.group === "sleep" && cost.hops === 0
      ? change(func, statement, [replaced(func, statement, call, `await asyncio.sleep(${args.join(", ")})`)])
      : null;
  if (within(call.callee).some(({ kind }) => kind === "call")) return null;
  const isOuter = call.parent?.kind === "attribute" || call.parent?.kind === "subscript";
  const wrap = (awaited: string): string => replaced(func, statement, call, isOuter ? `(${awaited})` : awaited);
  if (goes === "threads") {
    if (isAvailable("asyncio.to_thread", runtime.target.minor))
      return change(func, statement, [wrap(`await asyncio.to_thread(${[callee, ...args].join(", ")})`)]);
    return change(func, statement, [
      wrap(`await asyncio.get_running_loop().run_in_executor(None, ${withPartial(call, callee, args)})`),
    ]);
  }
  if (goes !== "processes" || !isImportable(runtime, call.callee)) return null;
  return change(func, statement, [
    "# processes = ProcessPoolExecutor(), made once: in the lifespan or in main()",
    wrap(`await asyncio.get_running_loop().run_in_executor(processes, ${withPartial(call, callee, args)})`),
  ]);
}

/** `run_in_executor` takes no keywords. */
function withPartial(call: Call, callee: string, args: readonly string[]): string {
  return call.args.some(({ name, stars }) => name !== null || stars !== 0)
    ? `functools.partial(${[callee, ...args].join(", ")})`
    : [callee, ...args].join(", ");
}

/** A process can only be given what it can import by name. */
function isImportable({ inference }: Runtime, callee: Expression): boolean {
  return inference
    .values(callee)
    .some(
      (value) =>
        (value.kind === "function" && value.func.parent?.node.kind === "module" && value.self === null) ||
        (value.kind === "library" && value.receiver === null),
    );
}

const KINDS: Readonly<Record<string, string>> = { threads: "ThreadPoolExecutor", processes: "ProcessPoolExecutor" };

/** The same code with a pool of the other kind; or work that `to_thread` moved goes to processes. */
function otherPool(runtime: Runtime, subject: Subject, { submission }: Launch, goes: string): Change | null {
  const wanted = KINDS[goes];
  if (!submission || !wanted) return null;
  if (goes === "processes" && submission.callable && !isImportable(runtime, submission.callable)) return null;
  const pool = poolOf(runtime, submission);
  if (!pool)
    return goes === "processes" && submission.fact.pool === "default-executor"
      ? toProcesses(runtime, submission.func, submission.call)
      : null;
  const { made } = pool;
  const statement = statementOf(made);
  if (made.kind !== "call" || !statement) return null;
  const name = made.callee;
  if (!/^(?:ThreadPoolExecutor|ProcessPoolExecutor)$/.test(lastName(name))) return null;
  const prefix = name.kind === "attribute" ? `${text(pool.func, name.value)}.` : "";
  const others = made.args
    .filter(
      (arg) =>
        arg.name !== null &&
        arg.name !== "max_workers" &&
        arg.name !== "thread_name_prefix" &&
        arg.name !== "mp_context" &&
        arg.name !== "max_tasks_per_child",
    )
    .map((arg) => text(pool.func, arg));
  // A pool of processes has one for each processor by itself.
  const size = goes === "processes" ? [] : [`max_workers=${threadsFor(runtime, subject)}`];
  const replacement = `${prefix}${wanted}(${[...size, ...others].join(", ")})`;
  if (statement.kind === "with") {
    const head = headOf(pool.func, statement);
    return head === null ? null : { before: head, after: head.replace(text(pool.func, made), replacement) };
  }
  return isCompound(statement)
    ? null
    : change(pool.func, statement, [replaced(pool.func, statement, made, replacement)]);
}

function toProcesses(runtime: Runtime, func: Func, call: Call): Change | null {
  const statement = statementOf(call);
  const [work, ...args] = call.args;
  if (!statement || isCompound(statement) || !work || lastName(call.callee) !== "to_thread") return null;
  const given = args.map((arg) => text(func, arg));
  const passed = args.some(({ name, stars }) => name !== null || stars !== 0)
    ? `functools.partial(${[text(func, work), ...given].join(", ")})`
    : [text(func, work), ...given].join(", ");
  if (!isImportable(runtime, work.value)) return null;
  return change(func, statement, [
    "# processes = ProcessPoolExecutor(), made once: in the lifespan or in main()",
    replaced(func, statement, call, `asyncio.get_running_loop().run_in_executor(processes, ${passed})`),
  ]);
}

function lastName(callee: Expression): string {
  return callee.kind === "attribute" ? callee.attr : callee.kind === "name" ? callee.id : "";
}

/** The first line of a `with`. */
function headOf(func: Func, statement: Statement & { kind: "with" }): string | null {
  const last = statement.items.at(-1);
  if (!last) return null;
  const head = func.module.text.slice(statement.start, last.end);
  return head.includes("\n") ? null : `${head}:`;
}
