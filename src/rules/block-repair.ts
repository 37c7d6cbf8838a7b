import type { Func, Scope } from "../python/module.ts";
import { sourceOf } from "../python/module.ts";
import type { Assign, Expression, ExpressionStatement, Node, Statement } from "../python/syntax.ts";
import { enclosing, following, isInside, opensScope, within } from "../python/syntax.ts";
import { namesOf, nestedIn } from "../runtime/graph/mentions.ts";
import type { Lifetime } from "../runtime/lifetimes/lifetimes.ts";
import type { Repair } from "./rule.ts";
import { indentation, isAlone, lineEnd, lineStart } from "./source-lines.ts";

/**
 * `c = connect(…)` and the statements that use it become a block that closes it: `with`, `async with`, `with closing(…)`, or `try` with
 * `finally` where the library has no block. Only where the whole use stands in the statements behind it, and all of them can be indented.
 */
export function blockRepair(lifetime: Lifetime): Repair | null {
  const { opening, fate, place } = lifetime;
  const { func, resource } = opening;
  const statement = place.parent;
  if ((fate !== "never" && fate !== "happy") || statement?.kind !== "assign" || statement.annotation) return null;
  // Entering the block starts it; starting it once more raises.
  if (resource.awaited && resource.starts.length > 0) return null;
  const [target, ...others] = statement.targets;
  if (target?.kind !== "name" || others.length > 0 || !isPlain(place) || func.isGenerator) return null;
  if ((resource.awaited && !func.isAsync) || func.module.text.includes("\r")) return null;
  const user = usersOf(func, statement, target.id, lifetime);
  if (!user) return null;
  const opener = openerOf(lifetime, target.id);
  if (!opener) return null;
  return { title: opener.title, edits: editsOf(func, statement, user, opener) };
}

/** The call itself, awaited or not. */
function isPlain(place: Node): place is Expression {
  return place.kind === "call" || (place.kind === "await" && place.value.kind === "call");
}

interface Users {
  /** The statements that go into the block, in order. */
  body: readonly Statement[];
  /** The statement that closes it on the good way alone. */
  close: ExpressionStatement | null;
}

/** The statements that work with the object or with what came from it; `null` where some of it goes on elsewhere. */
function usersOf(func: Func, statement: Assign, id: string, lifetime: Lifetime): Users | null {
  const { module } = func;
  const { text } = module;
  const rest = following(statement.parent ?? statement, statement);
  const close = closing(lifetime, rest);
  if ((lifetime.fate === "happy" && !close) || nestedIn(module, func).some((inner) => namesOf(inner, id).length > 0))
    return null;
  // What the author did after closing it, it need not be open for.
  const reachable = close ? rest.slice(0, rest.indexOf(close)) : rest;
  const derived = new Set([id]);
  let last = -1;
  for (const [index, one] of reachable.entries()) {
    const nodes = [one, ...within(one)];
    if (!nodes.some((node) => node.kind === "name" && derived.has(node.id))) continue;
    if (nodes.some(opensScope)) return null;
    last = index;
    for (const name of boundIn(nodes)) derived.add(name);
  }
  const body = reachable.slice(0, last + 1);
  const all = close ? [...body, close] : body;
  if (body.length === 0 || !isAlone(text, statement) || !all.every((one) => isAlone(text, one))) return null;
  const isInBlock = (node: Node): boolean =>
    isInside(node, statement) || all.some((one) => one === node || isInside(node, one));
  const lasting = close ? [id] : [...derived];
  const isSettled = lasting.every((name) =>
    namesOf(func, name).every((node) => isInBlock(node) || (name !== id && node.start < statement.start)),
  );
  if (!isSettled || namesOf(func, id).filter(isBinding).length !== 1) return null;
  if (!body.every((one) => canBeIndented(text, one))) return null;
  return body.some((one) => [one, ...within(one)].some((node) => lends(node, derived, lifetime)))
    ? null
    : { body, close };
}

function boundIn(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => (node.kind === "name" && isBinding(node) ? [node.id] : []));
}

function isBinding({ parent, ...node }: Node & { kind: "name" }): boolean {
  for (let at: Node | null = parent, from = node.start; at; at = at.parent) {
    const holds = (one: Node | null): boolean => one !== null && one.start <= from && from < one.end;
    if (at.kind === "tuple" || at.kind === "list" || at.kind === "starred") continue;
    if (at.kind === "assign") return at.targets.some(holds);
    if (at.kind === "augassign") return holds(at.target);
    if (at.kind === "for" || at.kind === "clause" || at.kind === "withitem" || at.kind === "walrus")
      return holds(at.target);
    return at.kind === "delete";
  }
  return false;
}

/** The one statement that closes the object at the end of the good way. */
function closing({ opening: { resource }, holding }: Lifetime, rest: readonly Statement[]): ExpressionStatement | null {
  const [end, ...others] = holding.ends;
  if (!end || others.length > 0) return null;
  for (const one of rest) {
    if (one.kind !== "expression") continue;
    const call = one.value.kind === "await" ? one.value.value : one.value;
    if (call.kind !== "call" || call.args.length > 0 || call.callee !== end || end.kind !== "attribute") continue;
    return resource.close.includes(end.attr) ? one : null;
  }
  return null;
}

/** A string over several lines would change with its lines. */
function canBeIndented(text: string, statement: Statement): boolean {
  return [statement, ...within(statement)].every((node) => {
    if (node.kind !== "string" && node.kind !== "fstring") return true;
    const source = text.slice(node.start, node.end);
    return !source.includes("\n") || !/"""|'''|\\\n/.test(source);
  });
}

/** Whether the caller gets something that still needs the object: what a method gave back unread, an awaitable, a generator. */
function lends(node: Node, derived: ReadonlySet<string>, { opening: { func, resource } }: Lifetime): boolean {
  if (node.kind === "yield") return true;
  if (node.kind !== "return" || !node.value) return false;
  const { value } = node;
  // Clients may read the answer later.
  if (value.kind === "name") return func.isAsync && resource.kind === "client" && isAnswer(func, value.id);
  const found = [value, ...within(value)];
  const mentions = found.filter((one) => one.kind === "name" && derived.has(one.id));
  if (mentions.length === 0) return false;
  if (found.some((one) => one.kind === "comprehension" && one.flavour === "generator")) return true;
  const isAwaited = (one: Node): boolean =>
    enclosing(one, (at): at is Node => at.kind === "await" && isWithin(at, value)) !== null;
  if (func.isAsync) return value.kind === "call" && !mentions.every(isAwaited);
  const isDirect =
    value.kind === "call" && value.callee.kind === "attribute" && mentions.some((one) => one === rootOf(value.callee));
  return (
    isDirect &&
    !(resource.kind === "client" && READING.test(value.callee.kind === "attribute" ? value.callee.attr : ""))
  );
}

/** Whether the variable holds what an awaited method of something gave. */
function isAnswer(func: Func, id: string): boolean {
  return namesOf(func, id).some(({ parent }) => {
    if (parent?.kind === "withitem") return true;
    const value = parent?.kind === "assign" ? parent.value : null;
    return value?.kind === "await" && value.value.kind === "call" && rootOf(value.value.callee).kind === "name";
  });
}

/** Methods of clients that have read the whole answer when they return. */
const READING = /^(?:get|post|put|patch|delete|head|options|request)$/;

function rootOf(callee: Expression): Expression {
  return callee.kind === "attribute" ? callee.value : callee;
}

function isWithin(node: Node, ancestor: Node): boolean {
  return node === ancestor || isInside(node, ancestor);
}

interface Opener {
  title: string;
  /** What stands in the place of the assignment. */
  head: string;
  /** What follows the block. */
  tail: string | null;
}

function openerOf({ opening, place }: Lifetime, id: string): Opener | null {
  const { func, call, resource, via } = opening;
  const made = sourceOf(func.module, place);
  const isAsync = resource.awaited || place.kind === "await";
  if (resource.with) {
    const keyword = isAsync ? "async with" : "with";
    const entered = via || resource.entersAwaited ? made : sourceOf(func.module, call);
    return { title: `Open it in \`${keyword}\``, head: `${keyword} ${entered} as ${id}:`, tail: null };
  }
  const closing = isAsync ? null : closingName(func.module.scope.names);
  if (closing) return { title: `Open it in \`${closing}\``, head: `with ${closing}(${made}) as ${id}:`, tail: null };
  const [close] = resource.close;
  if (!close) return null;
  const awaiting = resource.awaited ? "await " : "";
  return { title: "Close it in `finally`", head: `${id} = ${made}`, tail: `${awaiting}${id}.${close}()` };
}

/** How the file names `contextlib.closing`, if it imports it at its top. */
export function closingName(names: Scope["names"]): string | null {
  const imported = names.get("contextlib");
  if (imported?.length === 1 && imported[0]?.kind === "import" && imported[0].module === "contextlib")
    return "contextlib.closing";
  const direct = names.get("closing");
  const [only] = direct ?? [];
  return direct?.length === 1 && only?.kind === "from" && only.module === "contextlib" && only.name === "closing"
    ? "closing"
    : null;
}

function editsOf(func: Func, statement: Assign, { body, close }: Users, { head, tail }: Opener): Repair["edits"] {
  const { text } = func.module;
  const outer = indentation(text, statement.start);
  const unit = unitOf(func, text);
  const from = lineEnd(text, statement.end);
  const edits: Repair["edits"] = [
    { start: statement.start, end: statement.end, text: head },
    ...(tail === null ? [] : [{ start: from, end: from, text: `\n${outer}try:` }]),
  ];
  const last = body.at(-1) ?? statement;
  for (let at = from + 1; at <= last.end && at < text.length; at = lineEnd(text, at) + 1)
    if (!/^[ \t]*$/.test(text.slice(at, lineEnd(text, at)))) edits.push({ start: at, end: at, text: unit });
  const end = tail === null ? "" : `\n${outer}finally:\n${outer}${unit}${tail}`;
  if (close) edits.push({ start: lineStart(text, close.start) - 1, end: lineEnd(text, close.end), text: end });
  else if (end) edits.push({ start: lineEnd(text, last.end), end: lineEnd(text, last.end), text: end });
  return edits;
}

/** One step of indentation, as the function itself is indented. */
function unitOf({ node }: Func, text: string): string {
  const first = node.kind === "function" ? node.body[0] : null;
  const step = first ? indentation(text, first.start).slice(indentation(text, node.start).length) : "";
  return step === "" ? "    " : step;
}
