import type { TimeoutFact } from "../../knowledge/timeouts.ts";
import { isGrpcStub, timeoutFact } from "../../knowledge/timeouts.ts";
import { isNone, number, truthiness } from "../../python/constant.ts";
import type { Func } from "../../python/module.ts";
import type { Branch, Call, Expression, Node } from "../../python/syntax.ts";
import { enclosing, within } from "../../python/syntax.ts";
import { isCancelledInTime } from "../coroutines/cancel-scopes.ts";
import type { LibraryCallee, Site } from "../graph/callgraph.ts";
import { usesOf } from "../lifetimes/usage.ts";
import { type Submission, submissionsOf } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";
import { type Given, givenBy, givenTo } from "./given.ts";
import { limitElsewhere, receiverOf } from "./limit-sources.ts";
import { type Limit, limitOf } from "./limits.ts";
import { isTimed } from "./waiters.ts";

/** A call that waits for something, with what limits the wait. */
export interface Wait {
  site: Site;
  func: Func;
  /** The call that waits, or the submission of a library function that does (`pool.submit(requests.get, url)`). */
  call: Call;
  /** The function that waits, as written. */
  callee: Expression;
  fact: TimeoutFact;
  limit: Limit["is"];
  /** The argument that switches the limit off. */
  off: Expression | null;
  given: Given;
  submission: Submission | null;
  doubt: number;
}

const known = new WeakMap<Runtime, readonly Wait[]>();

/** Every call of which the tables know that it waits, except those that are made to wait for ever. */
export function waitsOf(runtime: Runtime): readonly Wait[] {
  const found = known.get(runtime);
  if (found) return found;
  const calls = runtime.graph.calling((callee) => factOf(runtime, callee) !== null);
  const made = [
    ...chosen(calls.flatMap((site) => called(runtime, site) ?? [])),
    ...submissionsOf(runtime).flatMap((submission) => submitted(runtime, submission) ?? []),
  ];
  known.set(runtime, made);
  return made;
}

/** `if timeout: wait(timeout)`, else `wait()`: who wrote both leaves the choice to the caller. */
function chosen(waits: readonly Wait[]): Wait[] {
  return waits.map((wait) => {
    const hasOther =
      wait.limit === "missing" &&
      waits.some(
        (other) =>
          other.func === wait.func &&
          other.limit !== "missing" &&
          other.fact.name === wait.fact.name &&
          isConditional(other.call),
      );
    return hasOther ? { ...wait, doubt: wait.doubt + 2 } : wait;
  });
}

function isConditional(call: Call): boolean {
  const branch = enclosing(call, (node): node is Branch => node.kind === "branch");
  const names = branch ? [branch.test, ...within(branch.test)] : [];
  return names.some((node) => {
    const name = node.kind === "name" ? node.id : node.kind === "attribute" ? node.attr : "";
    return /timeout|deadline|limit/i.test(name);
  });
}

function called(runtime: Runtime, site: Site): Wait | null {
  const { node, func, library, targets } = site;
  if (node.kind !== "call" || site.kind !== "call") return null;
  // A callable that is passed on and called there has other arguments.
  const own = namesOf(runtime, node.callee);
  const facts = library.map((one) => (own.has(one.name) ? factOf(runtime, one) : null));
  if (facts.every((fact) => fact === null)) return null;
  const given = givenBy(runtime, node);
  const waits = facts.flatMap((fact, i): Wait[] => {
    if (!fact) return [];
    const doubt = stubDoubt(runtime, node.callee) ?? library[i]?.doubt ?? 0;
    const wait = judged(runtime, { site, func, call: node, callee: node.callee, fact, given, submission: null, doubt });
    return wait ? [wait] : [];
  });
  const others = library.some((one, i) => facts[i] === null && own.has(one.name)) || targets.length > 0;
  return worst(waits, others);
}

/** How sure it is that a method is one of a gRPC stub that the project has the code of; `null` if it is none. */
function stubDoubt(runtime: Runtime, callee: Expression): number | null {
  if (callee.kind !== "attribute") return null;
  for (const value of runtime.inference.values(callee.value))
    if (value.kind === "object" && isGrpcStub(value.cls.name)) return value.doubt;
  return null;
}

/** What a callee itself may be in the libraries: a function, an object that is called, a class or the bases of the project's. */
function namesOf({ inference }: Runtime, callee: Expression): ReadonlySet<string> {
  const found = new Set(inference.names(callee).map(({ name }) => name));
  for (const value of inference.values(callee)) {
    const [wrapped] = value.kind === "partial" ? value.call.args : [];
    if (value.kind === "class") for (const base of inference.libraryBases(value.cls)) found.add(base);
    else if (wrapped) for (const { name } of inference.names(wrapped.value)) found.add(name);
  }
  return found;
}

/** Where the object may be of several classes, a call that waits for ever with one of them is less sure. */
function worst(waits: readonly Wait[], others: boolean): Wait | null {
  const [first, ...more] = [...waits].sort((a, b) => a.doubt - b.doubt);
  if (!first) return null;
  const unlimited = [first, ...more].find(({ limit }) => limit !== "limited");
  if (!unlimited) return first;
  const isMixed = others || waits.some(({ limit }) => limit === "limited");
  return isMixed ? { ...unlimited, doubt: unlimited.doubt + 1 } : unlimited;
}

function submitted(runtime: Runtime, submission: Submission): Wait | null {
  const { site, func, call, callable } = submission;
  if (!callable) return null;
  for (const work of submission.work) {
    const fact = work.library === null ? null : factOf(runtime, { name: work.library, doubt: 0, receiver: null });
    if (!fact) continue;
    const given = givenTo(runtime, submission);
    const doubt = submission.doubt + work.doubt;
    return judged(runtime, { site, func, call, callee: callable, fact, given, submission, doubt });
  }
  return null;
}

function factOf(runtime: Runtime, { name }: LibraryCallee): TimeoutFact | null {
  const fact = timeoutFact(name, runtime.requirements.atLeast);
  return fact && !fact.byDesign ? fact : null;
}

function judged(runtime: Runtime, wait: Omit<Wait, "limit" | "off">): Wait | null {
  const asks = waitsAtAll(runtime, wait);
  if (asks === null) return null;
  const { func, call, callee, fact, given } = wait;
  const limit = limitOf(runtime, fact, given);
  const limited: Wait = { ...wait, limit: "limited", off: null };
  // What is only the default of a parameter is for the caller to change.
  const byDefault = enclosing(call, (node): node is Node => node.kind === "parameter") !== null ? 2 : 0;
  if (limit.is === "limited" || isTimed(runtime, func)) return limited;
  if (fact.awaited && isCancelledInTime(runtime, func, call)) return limited;
  if (fact.carriers.some((carrier) => given.of(carrier).some((one) => !isNone(runtime.constants.evaluate(one)))))
    return limited;
  const address = addressLimit(runtime, fact, given);
  if (address === "limited") return limited;
  const elsewhere = limit.is === "missing" ? limitElsewhere(runtime, call, callee, fact) : { limited: false, doubt: 0 };
  if (elsewhere.limited) return limited;
  return {
    ...wait,
    limit: limit.is,
    off: limit.off,
    doubt: wait.doubt + limit.doubt + byDefault + asks + elsewhere.doubt + (limit.is === "missing" ? address : 0),
  };
}

/** How unsure it is that the call waits: `null` when it does not, because it is told so or its queue has no end. */
function waitsAtAll(runtime: Runtime, wait: Omit<Wait, "limit" | "off">): number | null {
  const { fact, given, call, callee } = wait;
  const { constants } = runtime;
  let doubt = 0;
  for (const flag of fact.flag ? given.of(fact.flag) : []) {
    const constant = constants.evaluate(flag);
    const truth = constant && truthiness(constant);
    if (truth === false) return null;
    if (truth === null) doubt = 2;
  }
  if (fact.needs && given.of(fact.needs).every((one) => isNone(constants.evaluate(one)))) {
    if (!given.mayHide(fact.needs)) return null;
    doubt = 2;
  }
  for (const { argument, values } of fact.unless)
    for (const one of given.of(argument)) {
      const names = runtime.inference.names(one).map(({ name }) => name);
      if (values.some((value) => names.includes(value))) return null;
      if (names.length === 0 && looksUp(runtime, wait.func, values)) return null;
      if (names.length === 0) doubt = Math.max(doubt, 1);
    }
  if (fact.ifBounded) {
    const size = sizeOf(runtime, callee);
    if (size === 0) return null;
    if (size === null) doubt = 2;
  }
  if (connectsItself(runtime, callee)) return null;
  if (fact.group === "connection" && fact.waitsIn.length > 0 && !isUsedToWait(runtime, call, fact)) return null;
  return doubt;
}

/** `getaddrinfo(host, port, type=SOCK_DGRAM)`: the function's addresses are of that kind. */
function looksUp({ inference }: Runtime, func: Func, values: readonly string[]): boolean {
  return func.nodes.some(
    (node) =>
      node.kind === "call" &&
      inference.names(node.callee).some(({ name }) => /(?:^|\.)getaddrinfo$/.test(name)) &&
      node.args.some(({ value }) => inference.names(value).some(({ name }) => values.includes(name))),
  );
}

/** Whether a class of the project makes the connection in a way of its own. */
function connectsItself({ inference }: Runtime, callee: Expression): boolean {
  return inference.values(callee).some((value) => value.kind === "class" && inference.method(value.cls, "connect"));
}

/** The size of the queue whose method is called: 0 for one without end, `null` if unknown. */
function sizeOf(runtime: Runtime, callee: Expression): number | null {
  const queue = receiverOf(runtime, callee);
  const [origin] = queue ? runtime.origins.of(queue) : [];
  if (origin?.expression.kind !== "call") return null;
  const [size] = givenBy(runtime, origin.expression).of({ name: "maxsize", position: 0 });
  if (!size) return 0;
  return number(runtime.constants.evaluate(size))?.exact ?? null;
}

/** Whether the object that a call makes is asked for something that waits. */
function isUsedToWait(runtime: Runtime, call: Call, { waitsIn }: TimeoutFact): boolean {
  const methods = new Set(waitsIn.map((name) => name.slice(name.lastIndexOf(".") + 1)));
  return usesOf(runtime, call).some((use) => use.kind === "method" && methods.has(use.name));
}

/** Whether the address sets a limit: one that is not written here may. */
function addressLimit(runtime: Runtime, { url }: TimeoutFact, given: Given): "limited" | number {
  if (!url) return 0;
  const addresses = given.of(url.at);
  if (addresses.length === 0) return given.mayHide(url.at) ? 2 : 0;
  let doubt = 0;
  for (const address of addresses) {
    const constant = runtime.constants.evaluate(address);
    const pieces = runtime.constants.pieces(address);
    if (pieces?.some((piece) => url.keys.some((key) => new RegExp(`${key}=(?!0+\\b)`).test(piece)))) return "limited";
    if (isNone(constant)) continue;
    doubt = Math.max(doubt, pieces === null ? 2 : constant ? constant.doubt : 1);
  }
  return doubt;
}
