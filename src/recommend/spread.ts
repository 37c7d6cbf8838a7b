import { isAvailable } from "../knowledge/features.ts";
import type { Func } from "../python/module.ts";
import type { Call, Expression, Statement } from "../python/syntax.ts";
import type { Change } from "../report.ts";
import { targetNames } from "../runtime/effects/independence.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Candidate } from "./candidates.ts";
import type { Subject } from "./sites.ts";
import { sizeValue } from "./sizes.ts";
import { change, isCompound, mentions, replaced, statementOf, text } from "./source.ts";

/** A loop whose rounds are one call each becomes a map over a pool, or tasks in a group. */
export function spread(runtime: Runtime, subject: Subject, { func, loop }: Candidate, goes: string): Change | null {
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
  const size = threadsFor(runtime, subject);
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
  const lines = [opened, ...(isPlain ? [] : [`    jobs = ${mapped}`]), indented(round.taken(results, isPlain))];
  return change(func, round.statement, lines);
}

function indented(statement: string): string {
  return statement
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}

/** As many threads as the guide's line asks for. */
export function threadsFor(runtime: Runtime, subject: Subject): string {
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
