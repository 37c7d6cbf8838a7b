import type { Func, Module } from "../../python/module.ts";
import { funcAt, nodesOf } from "../../python/module.ts";
import type { Attribute, Call, Expression, Name, Node } from "../../python/syntax.ts";
import { isInside } from "../../python/syntax.ts";
import { placeOf } from "../graph/callgraph.ts";
import { attributesNamed } from "../graph/mentions.ts";
import { isCut, type Running, runningFrom, runningIn } from "../graph/running.ts";
import type { Submission } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import { sameVariable, stateOf, type Variable, variableId } from "./state.ts";

/** A change that a child process makes to its own copy, and the parent's read that will not see it. */
export interface LostChange {
  func: Func;
  /** The written place, as it stands in the child's code. */
  at: Expression;
  /** The variable as written there. */
  name: string;
  read: { func: Func; at: Node };
  /** The variable, for the fingerprint. */
  subject: string;
  doubt: number;
}

/** The places where the parent's code goes on after a submission: a body of code from an offset on, or all of it. */
type After = Map<Func, number>;

const MOST_CALLERS = 4;

/** The changes of a submission's work that the parent expects to see. */
export function lostChanges(runtime: Runtime, submission: Submission): LostChange[] {
  const running = runningIn(runtime, submission);
  if (running.size === 0 || isCut(running)) return [];
  const after = goesOn(runtime, submission, running);
  return [...changedVariables(runtime, submission, running, after), ...changedArguments(runtime, submission)];
}

function goesOn(runtime: Runtime, { func, call }: Submission, running: ReadonlyMap<Func, Running>): After {
  const after: After = new Map();
  const from = (start: Func, offset: number, depth: number): void => {
    const known = after.get(start);
    if (known !== undefined && known <= offset) return;
    after.set(start, offset);
    for (const site of runtime.graph.sites(start)) {
      if (placeOf(site).end <= offset) continue;
      for (const target of site.targets)
        if (target.doubt < 2)
          for (const reached of runningFrom(runtime, target.func).keys())
            if (!running.has(reached) && !after.has(reached)) after.set(reached, 0);
    }
    if (depth < MOST_CALLERS && !running.has(start))
      for (const { site, target } of runtime.graph.callers(start))
        if (target.doubt < 2 && !running.has(site.func)) from(site.func, site.node.end, depth + 1);
  };
  from(func, loopStart(call) ?? call.end, 0);
  return after;
}

/** In a loop the code before the submission also runs after it. */
function loopStart(call: Call): number | null {
  let found: number | null = null;
  for (let at: Node | null = call.parent; at; at = at.parent) {
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "class") break;
    if (at.kind === "while") found = at.test.start;
    else if (at.kind === "for") found = at.body[0]?.start ?? found;
  }
  return found;
}

function changedVariables(
  runtime: Runtime,
  submission: Submission,
  running: ReadonlyMap<Func, Running>,
  after: After,
): LostChange[] {
  const found: LostChange[] = [];
  for (const [func, one] of running) {
    if (one.doubt > 1 || isConstructor(func)) continue;
    const also = runsInParent(runtime, func, running, submission);
    for (const write of changesIn(runtime, func)) {
      const { variable } = write;
      if (!travels(runtime, submission, one, variable, func) || isChannel(runtime, write) || isRead(found, variable))
        continue;
      if (parentWrites(runtime, variable, running)) continue;
      // What the parent gave, or what the child reads itself, the child has set up for itself.
      if (write.value && (isGiven(runtime, write.value) || readsIn(runtime, running, variable, write))) continue;
      const read = readIn(runtime, after, running, variable);
      if (read)
        found.push({
          func,
          at: write.at,
          name: textOf(write),
          read,
          subject: subjectOf(variable),
          doubt: one.doubt + (also ? 2 : 0),
        });
    }
  }
  return found;
}

/** An assignment to a variable, or a change of the container that it holds. */
interface Change {
  at: Expression;
  statement: Node;
  base: Expression;
  variable: Variable;
  /** The new value of the variable itself; `null` where its members change. */
  value: Expression | null;
}

function changesIn(runtime: Runtime, func: Func): Change[] {
  const state = stateOf(runtime);
  const found = state.writes(func).map(
    ({ at, place, statement, value, how }): Change => ({
      at,
      statement,
      base: place.base,
      variable: place.variable,
      value: how === "assign" ? value : null,
    }),
  );
  for (const node of nodesOf(func, "call")) {
    if (node.callee.kind !== "attribute" || !GROWS.test(node.callee.attr)) continue;
    const base = node.callee.value;
    const isContainer = runtime.inference.values(base).some(({ kind }) => kind === "iterable" || kind === "mapping");
    const variable = isContainer ? state.variableOf(base, func) : null;
    if (variable && !found.some(({ at }) => at === node.callee))
      found.push({ at: node.callee, statement: node, base, variable, value: null });
  }
  return found;
}

const GROWS = /^(?:append|appendleft|extend|insert|add|update|setdefault)$/;

function isRead(found: readonly LostChange[], variable: Variable): boolean {
  const subject = subjectOf(variable);
  return found.some((one) => one.subject === subject);
}

/** Whether the writing function is also called in the parent, so that its change may be there anyway. */
function runsInParent(
  runtime: Runtime,
  func: Func,
  running: ReadonlyMap<Func, Running>,
  submission: Submission,
): boolean {
  if (submission.work.some((one) => one.func === func) && submission.cls) return false;
  return runtime.graph.callers(func).some(({ site, target }) => target.doubt < 2 && !running.has(site.func));
}

/** Whether the variable is one that the parent has too: a global, a class's, or one of the object that goes along. */
function travels(
  runtime: Runtime,
  submission: Submission,
  running: Running,
  variable: Variable,
  writer: Func,
): boolean {
  if (variable.kind === "global") return true;
  if (variable.kind === "closure")
    return submission.work.some(({ func }) => func !== null && encloses(variable.func, func));
  const { owner } = variable;
  if (runtime.inference.values(owner).some(({ kind }) => kind === "class")) return true;
  if (owner.kind !== "name") return false;
  if (writer.cls && owner.id === writer.params[0]?.name) return isOwnObject(submission, running);
  return isGivenObject(runtime, submission, owner, writer);
}

function encloses(outer: Func, inner: Func): boolean {
  for (let at = inner.parent; at; at = at.parent) if (at === outer) return true;
  return false;
}

/** The method runs on the object whose bound method (or `run`) is the work: every call on the way is `self.…()`. */
function isOwnObject(submission: Submission, running: Running): boolean {
  const root = submission.work.find(({ func }) => func?.cls);
  if (!root?.func) return false;
  let at: Running = running;
  for (; at.from; at = at.from) {
    const target = at.site?.targets.find(({ func }) => func === at.func);
    if (!target?.receiver?.isSelf) return false;
  }
  if (at.func !== root.func) return false;
  // `Process(target=Worker().run)`: nobody in the parent holds the object.
  return submission.callable?.kind !== "attribute" || submission.callable.value.kind !== "call";
}

/** A parameter of the work that stands for an object of the parent. */
function isGivenObject(runtime: Runtime, submission: Submission, owner: Name, writer: Func): boolean {
  if (!submission.work.some(({ func }) => func === writer)) return false;
  const param = parameterNamed(runtime, owner);
  const given = param === null ? null : argumentFor(submission, writer, param);
  return given?.kind === "name" || given?.kind === "attribute";
}

function parameterNamed(runtime: Runtime, name: Name): string | null {
  const [only, ...others] = runtime.inference.bindings(name).bindings;
  return only?.kind === "parameter" && others.length === 0 ? only.node.name : null;
}

/** What the submission gives the parameter of its work. */
function argumentFor(submission: Submission, work: Func, param: string): Expression | null {
  const bound = work.cls !== null && (work.params[0]?.name === "self" || submission.cls !== null);
  const position = work.params.findIndex(({ name }) => name === param) - (bound ? 1 : 0);
  const found = submission.payload.find(({ as, role }) => role === "argument" && (as === param || as === position));
  return found?.expression ?? null;
}

/** Managers' lists, values in shared memory, queues: what is put there comes back. */
function isChannel(runtime: Runtime, { base, value }: Change): boolean {
  return runtime.inference.values(value ?? base).some(isShared);
}

function isShared(value: { kind: string; type?: unknown }): boolean {
  return (
    value.kind === "instance" &&
    typeof value.type === "string" &&
    /^(?:multiprocessing|ctypes|torch|mmap|threading)\b/.test(value.type)
  );
}

/** The parent keeps the variable itself: what it reads is its own. Starting values do not count. */
function parentWrites(runtime: Runtime, variable: Variable, running: ReadonlyMap<Func, Running>): boolean {
  const id = variableId(variable);
  return mentioning(runtime, variable).some(
    (func) =>
      !running.has(func) &&
      func.node.kind !== "module" &&
      !isConstructor(func) &&
      changesIn(runtime, func).some((change) => variableId(change.variable) === id),
  );
}

/** The functions that may change a variable: where it is at home, and where an attribute is called so. */
function mentioning(runtime: Runtime, variable: Variable): readonly Func[] {
  const found = new Set(
    attributesNamed(runtime, variable.name).map((node) => funcAt(runtime.inference.moduleOf(node), node)),
  );
  const isImported = ({ scope }: Module): boolean =>
    scope.names.get(variable.name)?.some(({ kind }) => kind === "from") ?? false;
  const homes =
    variable.kind === "global"
      ? [variable.module, ...runtime.modules.filter(isImported)]
      : variable.kind === "closure"
        ? [variable.func.module]
        : [];
  for (const { functions } of homes) for (const func of functions) found.add(func);
  return [...found];
}

function isConstructor({ node }: Func): boolean {
  return node.kind === "function" && node.name === "__init__";
}

function readIn(
  runtime: Runtime,
  after: After,
  running: ReadonlyMap<Func, Running>,
  variable: Variable,
): { func: Func; at: Node } | null {
  for (const [func, offset] of after) {
    if (running.has(func)) continue;
    for (const node of func.nodes)
      if (
        node.start >= offset &&
        (node.kind === "name" || node.kind === "attribute") &&
        nameOf(node) === variable.name &&
        isReadOf(runtime, func, node, variable)
      )
        return { func, at: node };
  }
  return null;
}

function isGiven(runtime: Runtime, value: Expression): boolean {
  return value.kind === "name" && parameterNamed(runtime, value) !== null;
}

function readsIn(runtime: Runtime, running: ReadonlyMap<Func, Running>, variable: Variable, change: Change): boolean {
  for (const func of running.keys())
    for (const node of func.nodes)
      if (
        (node.kind === "name" || node.kind === "attribute") &&
        nameOf(node) === variable.name &&
        node !== change.at &&
        !isInside(node, change.statement) &&
        isReadOf(runtime, func, node, variable)
      )
        return true;
  return false;
}

function isReadOf(runtime: Runtime, func: Func, node: Name | Attribute, variable: Variable): boolean {
  if (isWritten(node)) return false;
  const read = stateOf(runtime).variableOf(node, func) ?? ownVariable(runtime, func, node);
  return read !== null && sameVariable(read, variable);
}

/** A local of the function that a nested function changes. */
function ownVariable(runtime: Runtime, func: Func, node: Name | Attribute): Variable | null {
  if (node.kind !== "name") return null;
  const holder = runtime.origins.holder(node);
  return holder?.kind === "local" && holder.func === func ? { kind: "closure", func, name: holder.name } : null;
}

function isWritten(node: Node): boolean {
  const { parent } = node;
  switch (parent?.kind) {
    case "assign":
      return parent.targets.some((target) => isInside(node, target));
    case "augassign":
      return isInside(node, parent.target);
    case "delete":
      return true;
    case "subscript":
      return parent.value === node && isWritten(parent);
    case "attribute":
      // `found.append(x)` in the parent adds to what it has.
      return (
        parent.parent?.kind === "call" &&
        parent.parent.callee === parent &&
        /^(?:append|add|extend|update|clear|insert|remove|discard)$/.test(parent.attr)
      );
    default:
      return false;
  }
}

function nameOf(node: Name | Attribute): string {
  return node.kind === "name" ? node.id : node.attr;
}

/** Containers and objects given as arguments, changed by the work and read afterwards where they were made. */
function changedArguments(runtime: Runtime, submission: Submission): LostChange[] {
  const found: LostChange[] = [];
  for (const { func: work, doubt } of submission.work) {
    if (!work || submission.cls) continue;
    for (const node of work.nodes) {
      const changed = changedName(node);
      const param = changed && parameterNamed(runtime, changed.base);
      const given = param === null ? null : argumentFor(submission, work, param);
      if (!changed || given?.kind !== "name" || found.some(({ name }) => name === changed.name)) continue;
      const attribute = changed.attribute;
      if (attribute === null ? !isPlainContainer(runtime, given) : !isPlainObject(runtime, given)) continue;
      const read = submission.func.nodes.find(
        (one) => one.start > submission.call.end && isReadOfGiven(one, given.id, attribute),
      );
      if (!read) continue;
      const { name } = changed;
      const at = { func: submission.func, at: read };
      found.push({ func: work, at: changed.at, name, read: at, subject: `argument ${work.name} ${name}`, doubt });
    }
  }
  return found;
}

function isReadOfGiven(node: Node, id: string, attribute: string | null): boolean {
  if (attribute === null) return node.kind === "name" && node.id === id && isUse(node);
  return (
    node.kind === "attribute" &&
    node.attr === attribute &&
    node.value.kind === "name" &&
    node.value.id === id &&
    !isWritten(node)
  );
}

/** An object of a class of the project, which keeps its attributes to itself. */
function isPlainObject(runtime: Runtime, given: Name): boolean {
  const values = runtime.inference.values(given);
  return (
    values.length > 0 &&
    values.every((value) => value.kind === "object" && runtime.inference.libraryBases(value.cls).length === 0)
  );
}

interface ChangedName {
  at: Expression;
  base: Name;
  /** The attribute that gets a new value; `null` where members of a container change. */
  attribute: string | null;
  name: string;
}

/** The name whose members or attribute a statement changes. */
function changedName(node: Node): ChangedName | null {
  const members = (base: Expression, at: Expression): ChangedName | null =>
    base.kind === "name" ? { at, base, attribute: null, name: base.id } : null;
  if (node.kind === "call" && node.callee.kind === "attribute" && GROWS.test(node.callee.attr))
    return members(node.callee.value, node.callee);
  const targets = node.kind === "assign" ? node.targets : node.kind === "augassign" ? [node.target] : [];
  for (const target of targets) {
    if (target.kind === "subscript") return members(target.value, target);
    if (target.kind === "attribute" && target.value.kind === "name")
      return {
        at: target,
        base: target.value,
        attribute: target.attr,
        name: `${target.value.id}.${target.attr}`,
      };
  }
  return null;
}

/** A list, dict or set written out here, not a manager's. */
function isPlainContainer(runtime: Runtime, given: Name): boolean {
  const origins = runtime.origins.of(given);
  return (
    origins.length > 0 &&
    origins.every(({ expression }) => {
      if (
        expression.kind === "list" ||
        expression.kind === "dict" ||
        expression.kind === "set" ||
        expression.kind === "comprehension"
      )
        return true;
      return (
        expression.kind === "call" &&
        runtime.inference
          .names(expression.callee)
          .some(({ name }) => /^(?:list|dict|set|collections\.(?:defaultdict|OrderedDict|Counter|deque))$/.test(name))
      );
    })
  );
}

/** Not handed to yet another child, and not changed. */
function isUse(node: Node): boolean {
  if (isWritten(node)) return false;
  for (let at = node.parent, from: Node = node; at; from = at, at = at.parent) {
    if (at.kind === "argument") return at.name !== "args" && at.name !== "kwargs";
    if (at.kind !== "tuple" && at.kind !== "list") return from !== null;
  }
  return true;
}

function textOf({ base, variable }: Change): string {
  if (base.kind === "name") return base.id;
  return base.kind === "attribute" && base.value.kind === "name" ? `${base.value.id}.${base.attr}` : variable.name;
}

function subjectOf(variable: Variable): string {
  switch (variable.kind) {
    case "global":
      return `${variable.module.name}.${variable.name}`;
    case "attribute":
      return `${variable.cls.name}.${variable.name}`;
    case "closure":
      return `${variable.func.name}.${variable.name}`;
  }
}
