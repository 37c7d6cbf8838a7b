import type { Func, Module } from "../python/module.ts";
import type { Assign, Expression, ExpressionStatement, Node } from "../python/syntax.ts";
import { argument } from "../python/syntax.ts";
import type { LostTask } from "../runtime/coroutines/lost-tasks.ts";
import { namesOf, nestedIn } from "../runtime/graph/mentions.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Repair } from "./rule.ts";
import { indentation, isAlone, lineEnd, lineStart } from "./source-lines.ts";

/**
 * `create_task(work())` as a statement becomes a task that a set holds until it is done: the set that the class or the file keeps its
 * tasks in already, or a new one in front of the function.
 */
export function keepTaskRepair(runtime: Runtime, lost: LostTask): Repair | null {
  const { func, at, isTask, name } = lost;
  const { module } = func;
  const { text } = module;
  const statement = at.parent;
  if (!isTask || name === "asyncio.gather" || func.node.kind !== "function" || text.includes("\r")) return null;
  // Another thread must not touch the task at all.
  if (runtime.contexts.in(func, "thread") !== null) return null;
  if (statement?.kind !== "expression" && statement?.kind !== "assign") return null;
  if (!isAlone(text, statement)) return null;
  const variable = variableOf(func, statement);
  const holder = setOf(func) ?? newSet(runtime, func);
  if (!variable || !holder) return null;
  const margin = indentation(text, statement.start);
  const end = lineEnd(text, statement.end);
  const keeping = [
    `${holder.name}.add(${variable.name})`,
    `${variable.name}.add_done_callback(${holder.name}.discard)`,
  ];
  return {
    title: "Keep the task until it is done",
    edits: [
      ...(holder.made ? [holder.made] : []),
      ...(variable.edit ? [variable.edit] : []),
      { start: end, end, text: keeping.map((line) => `\n${margin}${line}`).join("") },
    ],
  };
}

type Edit = Repair["edits"][number];

/** The variable that holds the task, and the edit that makes it. */
function variableOf(func: Func, statement: Assign | ExpressionStatement): { name: string; edit: Edit | null } | null {
  if (statement.kind === "assign") {
    const [target, ...others] = statement.targets;
    if (target?.kind !== "name" || others.length > 0) return null;
    if (target.id !== "_") return { name: target.id, edit: null };
    const name = freeName(func, ["task", "background_task"]);
    return name === null ? null : { name, edit: { start: target.start, end: target.end, text: name } };
  }
  const name = freeName(func, ["task", "background_task"]);
  return name === null ? null : { name, edit: { start: statement.start, end: statement.start, text: `${name} = ` } };
}

/** The first of some names that means nothing here yet. */
function freeName(func: Func, names: readonly string[]): string | null {
  const { module } = func;
  const around: Func[] = [];
  for (let at: Func | null = func; at; at = at.parent) around.push(at);
  return (
    names.find(
      (name) =>
        !module.scope.names.has(name) &&
        [...around, ...nestedIn(module, func)].every(
          (one) => namesOf(one, name).length === 0 && one.params.every((param) => param.name !== name),
        ),
    ) ?? null
  );
}

interface Holder {
  name: string;
  /** The edit that makes the set; `null` if it is there. */
  made: Edit | null;
}

/** The set that the class or the file keeps tasks in already: `tasks.add(task)` with `task.add_done_callback(tasks.discard)`. */
function setOf(func: Func): Holder | null {
  const self = func.cls && func.params[0]?.name;
  for (const other of func.module.functions)
    for (const node of other.nodes) {
      const discard = node.kind === "call" && isAddDoneCallback(node.callee) ? argument(node, "fn", 0) : null;
      if (discard?.kind !== "attribute" || discard.attr !== "discard") continue;
      const { value } = discard;
      if (value.kind === "name" && isGlobal(func, value.id) && isGlobal(other, value.id) && adds(other, value))
        return { name: value.id, made: null };
      if (value.kind !== "attribute" || value.value.kind !== "name" || !self || other.cls !== func.cls) continue;
      if (value.value.id === other.params[0]?.name && value.value.id === self && adds(other, value))
        return { name: `${self}.${value.attr}`, made: null };
    }
  return null;
}

function isAddDoneCallback(callee: Expression): boolean {
  return callee.kind === "attribute" && callee.attr === "add_done_callback";
}

/** Whether the name means the variable of the file here. */
function isGlobal(func: Func, id: string): boolean {
  if (!func.module.scope.names.has(id)) return false;
  for (let at: Func | null = func; at && at.node.kind !== "module"; at = at.parent)
    if (at.scope.names.has(id) && at.scope.outer.get(id) !== "global") return false;
  return true;
}

/** Whether the function puts something into the set. */
function adds(func: Func, set: Expression): boolean {
  const text = func.module.text.slice(set.start, set.end);
  return func.nodes.some(
    (node) =>
      node.kind === "call" &&
      node.callee.kind === "attribute" &&
      node.callee.attr === "add" &&
      func.module.text.slice(node.callee.value.start, node.callee.value.end) === text,
  );
}

const TYPED_SINCE = 9;

/** A set of the file's own, in front of the function or class that needs it. */
function newSet({ target }: Runtime, func: Func): Holder | null {
  const { module } = func;
  const name = freeName(func, ["background_tasks", "_background_tasks"]);
  const top = topOf(func.node);
  if (name === null || !top) return null;
  const start = before(module, top);
  const type = target.minor >= TYPED_SINCE && importsAsyncio(module) ? ": set[asyncio.Task]" : "";
  return { name, made: { start, end: start, text: `${name}${type} = set()\n\n\n` } };
}

/** The definition at the file's top level that the node is part of. */
function topOf(node: Node): Node | null {
  for (let at: Node = node; at.parent; at = at.parent)
    if (at.parent.kind === "module") return at.kind === "function" || at.kind === "class" ? at : null;
  return null;
}

/** The start of the definition, its decorators and the comments right above it. */
function before({ text }: Module, node: Node): number {
  const decorators = node.kind === "function" || node.kind === "class" ? node.decorators : [];
  let start = lineStart(text, Math.min(node.start, ...decorators.map((one) => one.start)));
  while (start > 0) {
    const above = lineStart(text, start - 1);
    if (!text.startsWith("#", above)) break;
    start = above;
  }
  return start;
}

function importsAsyncio({ scope }: Module): boolean {
  const bindings = scope.names.get("asyncio");
  return bindings?.length === 1 && bindings[0]?.kind === "import" && bindings[0].module === "asyncio";
}
