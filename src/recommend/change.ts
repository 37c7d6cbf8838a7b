import { isAvailable } from "../knowledge/features.ts";
import { type Func, position, sourceOf } from "../python/module.ts";
import type { Call, Expression, Node, Statement } from "../python/syntax.ts";
import { opensScope, within } from "../python/syntax.ts";
import type { Change } from "../report.ts";
import { type Cost, costsOf } from "../runtime/costs.ts";
import { targetNames } from "../runtime/independence.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Candidate } from "./candidates.ts";
import { poolOf } from "./capacity.ts";
import type { Decision } from "./decide.ts";
import type { Launch, Subject } from "./sites.ts";
import { processors, sizeValue } from "./sizes.ts";

const MOST_LINES = 6;

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

/** A loop whose rounds are one call each becomes a map over a pool, or tasks in a group. */
function spread(runtime: Runtime, subject: Subject, { func, loop }: Candidate, goes: string): Change | null {
  const names = targetNames(loop.target);
  const [item] = names;
  if (loop.target.kind !== "name" || item === undefined) return null;
  const round = roundOf(func, loop);
  if (!round) return null;
  const items = text(func, loop.iter);
  if (goes === "asyncio") return tasks(runtime, subject, func, round, item, items);
  const { call } = round;
  if (call.callee.kind === "lambda" || mentions(call.callee, item)) return null;
  const isProcesses = goes === "processes";
  const size = value(runtime, subject);
  const callee = text(func, call.callee);
  const [only, ...others] = call.args;
  const isPlain =
    others.length === 0 &&
    only?.name === null &&
    only.stars === 0 &&
    only.value.kind === "name" &&
    only.value.id === item;
  const opened = isProcesses
    ? "with ProcessPoolExecutor() as pool:"
    : `with ThreadPoolExecutor(max_workers=${size}) as pool:`;
  const mapped = isPlain
    ? `pool.map(${callee}, ${items})`
    : call.args.some(({ stars }) => stars !== 0)
      ? null
      : `[pool.submit(${[callee, ...call.args.map((arg) => text(func, arg))].join(", ")}) for ${item} in ${items}]`;
  if (mapped === null) return null;
  const results = isPlain ? mapped : "[job.result() for job in jobs]";
  const lines = [opened, ...(isPlain ? [] : [`    jobs = ${mapped}`]), `    ${round.taken(results, isPlain)}`];
  return change(func, round.statement, lines);
}

/** As many threads as the guide's line asks for. */
function value(runtime: Runtime, subject: Subject): string {
  const group = subject.parts[0]?.group;
  return sizeValue(
    runtime,
    subject,
    group === "database"
      ? "connections"
      : group === "child"
        ? "children"
        : subject.parts[0]?.does === "computes"
          ? "processes"
          : "threads",
  );
}

/** One round of a loop: the call that is the work, and what becomes of its results. */
interface Round {
  statement: Statement;
  call: Call;
  awaited: boolean;
  /** The statement that takes all results; `lazy` where they still have to be collected. */
  taken(results: string, lazy: boolean): string;
}

function roundOf(func: Func, loop: Candidate["loop"]): Round | null {
  if (loop.kind === "clause") return comprehensionRound(func, loop);
  const [only, ...others] = loop.body;
  if (!only || others.length > 0) return null;
  if (only.kind === "expression") {
    const outer = only.value;
    if (
      outer.kind === "call" &&
      outer.callee.kind === "attribute" &&
      outer.callee.attr === "append" &&
      outer.args.length === 1
    ) {
      const inner = workIn(outer.args[0]?.value);
      const list = text(func, outer.callee.value);
      if (inner) return { ...inner, statement: loop, taken: (results) => `${list}.extend(${results})` };
    }
    const inner = workIn(outer);
    if (inner)
      return {
        ...inner,
        statement: loop,
        taken: (results, lazy) =>
          lazy ? `list(${results})  # raises what went wrong` : `${results}  # raises what went wrong`,
      };
  }
  if (only.kind === "assign" && only.targets.length === 1 && only.targets[0]?.kind === "subscript" && only.value) {
    const inner = workIn(only.value);
    const [target] = only.targets;
    const [key, ...more] = target.indices;
    if (
      !inner ||
      !key ||
      more.length > 0 ||
      loop.target.kind !== "name" ||
      key.kind !== "name" ||
      key.id !== loop.target.id
    )
      return null;
    const dict = text(func, target.value);
    const items = text(func, loop.iter);
    return { ...inner, statement: loop, taken: (results) => `${dict}.update(zip(${items}, ${results}))` };
  }
  return null;
}

function comprehensionRound(func: Func, clause: Candidate["loop"] & { kind: "clause" }): Round | null {
  const around = clause.parent;
  if (around?.kind !== "comprehension" || around.clauses.length !== 1 || clause.conditions.length > 0) return null;
  const inner = workIn(around.value ?? around.element);
  const statement = statementOf(around);
  if (!inner || !statement || isCompound(statement)) return null;
  const items = text(func, clause.iter);
  if (around.flavour === "dict") {
    if (around.element.kind !== "name" || clause.target.kind !== "name" || around.element.id !== clause.target.id)
      return null;
    return {
      ...inner,
      statement,
      taken: (results) => replaced(func, statement, around, `dict(zip(${items}, ${results}))`),
    };
  }
  const isWhole = around.flavour === "list";
  return {
    ...inner,
    statement,
    taken: (results, lazy) =>
      replaced(
        func,
        statement,
        around,
        isWhole && lazy ? `list(${results})` : around.flavour === "set" ? `set(${results})` : results,
      ),
  };
}

function workIn(expression: Expression | undefined): { call: Call; awaited: boolean } | null {
  if (expression?.kind === "await")
    return expression.value.kind === "call" ? { call: expression.value, awaited: true } : null;
  return expression?.kind === "call" ? { call: expression, awaited: false } : null;
}

/** Tasks that a semaphore bounds, in the newest form that the project's Python has. */
function tasks(
  runtime: Runtime,
  subject: Subject,
  func: Func,
  round: Round,
  item: string,
  items: string,
): Change | null {
  if (!round.awaited) return null;
  const limit = sizeValue(runtime, subject, "semaphore");
  const lines = [
    `limit = asyncio.Semaphore(${limit})`,
    `async def bounded(${item}):`,
    "    async with limit:",
    `        return await ${text(func, round.call)}`,
  ];
  if (isAvailable("asyncio.TaskGroup", runtime.target.minor))
    lines.push(
      "async with asyncio.TaskGroup() as group:",
      `    tasks = [group.create_task(bounded(${item})) for ${item} in ${items}]`,
      withoutComment(round.taken("[task.result() for task in tasks]", false)),
    );
  else
    lines.push(withoutComment(round.taken(`await asyncio.gather(*[bounded(${item}) for ${item} in ${items}])`, false)));
  // Results that nobody takes need no line.
  return change(
    func,
    round.statement,
    lines.filter((line) => line !== "[task.result() for task in tasks]"),
  );
}

function withoutComment(line: string): string {
  return line.replace(/ {2}# .*$/, "");
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
  const size =
    goes === "processes"
      ? processors(runtime.target.minor)
      : sizeValue(
          runtime,
          subject,
          subject.parts[0]?.group === "database"
            ? "connections"
            : subject.parts[0]?.group === "child"
              ? "children"
              : "threads",
        );
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
  const replacement = `${prefix}${wanted}(${[...(goes === "processes" ? [] : [`max_workers=${size}`]), ...others].join(", ")})`;
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

function change(func: Func, statement: Statement, lines: readonly string[]): Change | null {
  const before = dedented(func, statement);
  const after = lines.join("\n");
  if (before.split("\n").length > MOST_LINES || after.split("\n").length > MOST_LINES + 4) return null;
  return { before, after };
}

/** The statement's text with one expression in it replaced. */
function replaced(func: Func, statement: Statement, node: Node, by: string): string {
  const { text: source } = func.module;
  return shifted(
    func,
    statement,
    source.slice(statement.start, node.start) + by + source.slice(node.end, statement.end),
  );
}

function dedented(func: Func, statement: Statement): string {
  return shifted(func, statement, sourceOf(func.module, statement));
}

/** Without the indentation that the statement has in its file. */
function shifted(func: Func, statement: Statement, source: string): string {
  const indent = position(func.module, statement.start).column - 1;
  return source.replaceAll(`\n${" ".repeat(indent)}`, "\n");
}

function text(func: Func, node: Node): string {
  return sourceOf(func.module, node).replace(/\s*\n\s*/g, " ");
}

function statementOf(node: Node): Statement | null {
  for (let at: Node | null = node.parent; at; at = at.parent) if (isStatement(at)) return at;
  return null;
}

const STATEMENTS: ReadonlySet<string> = new Set([
  "return",
  "assign",
  "augassign",
  "for",
  "while",
  "if",
  "with",
  "try",
  "raise",
  "expression",
  "assert",
  "delete",
  "match",
  "function",
  "class",
]);

function isStatement(node: Node): node is Statement {
  return STATEMENTS.has(node.kind);
}

function isCompound({ kind }: Statement): boolean {
  return (
    kind === "for" ||
    kind === "while" ||
    kind === "if" ||
    kind === "with" ||
    kind === "try" ||
    kind === "match" ||
    kind === "function" ||
    kind === "class"
  );
}

function isInComprehension(node: Node): boolean {
  for (let at = node.parent; at && !isStatement(at); at = at.parent)
    if (at.kind === "comprehension" || opensScope(at)) return true;
  return false;
}

function mentions(expression: Expression, name: string): boolean {
  return [expression, ...within(expression)].some((node) => node.kind === "name" && node.id === name);
}
