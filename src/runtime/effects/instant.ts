import type { BlockingFact } from "../../knowledge/blocking.ts";
import { type Func, nodesOf, sourceOf } from "../../python/module.ts";
import type { Call, Expression, While } from "../../python/syntax.ts";
import { argument, enclosing, within } from "../../python/syntax.ts";
import type { CallGraph, Site } from "../graph/callgraph.ts";
import { conditionsOf } from "../graph/conditions.ts";
import type { Origins } from "../graph/origins.ts";

/**
 * Whether a call of a function that blocks has nothing to wait for here: a database in memory, a socket that only sends datagrams, a
 * lock that is only tried, a queue that was asked whether it holds something, a thread that has said that it is done.
 */
export function isInstant(graph: CallGraph, origins: Origins, func: Func, fact: BlockingFact, call: Call): boolean {
  const { name } = fact;
  if (name.startsWith("sqlite3.")) return isInMemory(graph, origins, call);
  if (/^socket\.socket\.(?:connect|connect_ex|send|sendmsg)$/.test(name)) return isDatagram(graph, origins, call);
  if (name.startsWith("fcntl.")) return call.args.some(({ value }) => mentions(value, "LOCK_NB"));
  if (name === "threading.Thread.join") return hasAnnouncedItsEnd(origins, func, call);
  if (name === "psutil.cpu_percent") return isAbsent(argument(call, "interval", 0));
  if (name === "os.read" || name === "os.write") {
    const descriptor = argument(call, "fd", 0);
    return isFileDescriptor(graph, descriptor) || isOfUnwaiting(origins, descriptor);
  }
  if (name.startsWith("filelock.")) return isOnlyTried(origins, receiverOf(call));
  return /^queue\.\w+\.get$/.test(name) && isFilled(func, call);
}

/** `with FileLock(path, timeout=0)`: taken or refused at once. */
export function isOnlyTried(origins: Origins, lock: Expression | null): boolean {
  return everyOrigin(origins, lock, (made) => {
    const waits = argument(made, "blocking", -1);
    return isZero(argument(made, "timeout", 1)) || (waits?.kind === "constant" && waits.value === false);
  });
}

/** Without an interval it compares with the last call. */
function isAbsent(interval: Expression | null): boolean {
  return interval === null || (interval.kind === "constant" && interval.value === null) || isZero(interval);
}

function isZero(node: Expression | null): boolean {
  return node?.kind === "number" && node.value === 0;
}

/** What `mkstemp` and `os.open` give reads and writes a file: nobody has to answer. */
function isFileDescriptor({ inference }: CallGraph, descriptor: Expression | null): boolean {
  if (descriptor?.kind !== "name") return false;
  const { bindings } = inference.bindings(descriptor);
  return (
    bindings.length > 0 &&
    bindings.every(
      (one) =>
        one.kind === "value" &&
        one.value.kind === "call" &&
        inference.names(one.value.callee).some(({ name }) => name === "tempfile.mkstemp" || name === "os.open"),
    )
  );
}

/** `Serial(port, timeout=0).fileno()`: who opens something that way gets what is there, and never waits. */
function isOfUnwaiting(origins: Origins, descriptor: Expression | null): boolean {
  return everyOrigin(
    origins,
    descriptor,
    (made) =>
      made.callee.kind === "attribute" &&
      made.callee.attr === "fileno" &&
      everyOrigin(origins, made.callee.value, (opened) => isZero(argument(opened, "timeout", -1))),
  );
}

function receiverOf({ callee }: Call): Expression | null {
  return callee.kind === "attribute" ? callee.value : null;
}

/** Whether the object comes from calls alone, and all of them are so. */
function everyOrigin(origins: Origins, node: Expression | null, holds: (made: Call) => boolean): boolean {
  if (!node) return false;
  const found = origins.of(node);
  return found.length > 0 && found.every(({ expression }) => expression.kind === "call" && holds(expression));
}

/** `await done` on what the thread was given to tell its end by: `thread.join()` only waits for its last step. */
function hasAnnouncedItsEnd(origins: Origins, func: Func, call: Call): boolean {
  return everyOrigin(origins, receiverOf(call), (made) => {
    const given = within(made).flatMap((node) => (node.kind === "name" ? [node.id] : []));
    return func.nodes.some(
      (node) =>
        node.kind === "await" &&
        node.start > made.end &&
        node.end <= call.start &&
        node.value.kind === "name" &&
        given.includes(node.value.id),
    );
  });
}

/** A SQLite database that no disk holds: opened as `:memory:`, or a connection or cursor of it. */
function isInMemory(graph: CallGraph, origins: Origins, call: Call): boolean {
  const opens = graph.inference.names(call.callee).some(({ name }) => name === "sqlite3.connect");
  if (!opens) return everyOrigin(origins, receiverOf(call), (made) => isInMemory(graph, origins, made));
  const address = argument(call, "database", 0);
  return address?.kind === "string" && /^(?::memory:|file::memory:)/.test(address.value);
}

/** `connect` on a socket for datagrams only sets where they go. */
function isDatagram({ inference }: CallGraph, origins: Origins, call: Call): boolean {
  const [address] = call.args;
  const host = address?.value.kind === "tuple" ? address.value.items[0] : undefined;
  // A name must be looked up first.
  if (host?.kind === "string" && /[a-z]/i.test(host.value) && !host.value.includes(":")) return false;
  return everyOrigin(
    origins,
    receiverOf(call),
    (made) =>
      inference.names(made.callee).some(({ name }) => name === "socket.socket") &&
      made.args.some(({ value }) => mentions(value, "SOCK_DGRAM")),
  );
}

function mentions(root: Expression, word: string): boolean {
  return [root, ...within(root)].some(
    (node) => (node.kind === "attribute" && node.attr === word) || (node.kind === "name" && node.id === word),
  );
}

/** `while not queue.empty(): queue.get()`, `if queue.qsize() > 10: queue.get()`. */
function isFilled(func: Func, call: Call): boolean {
  const receiver = receiverOf(call);
  if (receiver === null) return false;
  if (isAsked(func, call, receiver, "empty", false) || isAsked(func, call, receiver, "qsize", true)) return true;
  return conditionsOf(call, func).some(({ test, taken }) => {
    if (test.kind !== "compare" || !taken || !/^>=?$/.test(test.ops[0] ?? "")) return false;
    const [counted] = test.operands;
    return counted !== undefined && isCallOf(func, counted, receiver, "qsize");
  });
}

function isCallOf(func: Func, node: Expression, receiver: Expression, method: string): boolean {
  return (
    node.kind === "call" &&
    node.callee.kind === "attribute" &&
    node.callee.attr === method &&
    sourceOf(func.module, node.callee.value) === sourceOf(func.module, receiver)
  );
}

/** Whether the code at `node` is reached only where `receiver.method()` was true (or false). */
export function isAsked(func: Func, node: Expression, receiver: Expression, method: string, answer: boolean): boolean {
  return conditionsOf(node, func).some(({ test, taken }) => {
    let asked = test;
    let holds = taken;
    while (asked.kind === "unary" && asked.op === "not") {
      asked = asked.operand;
      holds = !holds;
    }
    return holds === answer && isCallOf(func, asked, receiver, method);
  });
}

export const CONDITION_WAIT = /^threading\.Condition\.wait(?:_for)?$/;

/**
 * Whether waiting for a condition is the inside of a lock: `while self.writer: condition.wait()` and then `self.writer = True`. It is
 * as long as whoever has the lock keeps it, which is a moment as a rule.
 */
export function isGate({ func, node }: Site): boolean {
  const loop = enclosing(node, (one): one is While => one.kind === "while");
  const { cls } = func;
  if (!loop || !cls) return false;
  const asked = new Set<string>();
  for (const method of cls.methods.values())
    for (const one of nodesOf(method, "while"))
      if (within(one).some((inner) => inner.kind === "attribute" && /^wait/.test(inner.attr)))
        for (const name of attributesIn(one.test)) asked.add(name);
  return nodesOf(func, "assign", "augassign").some(
    (one) =>
      one.start > loop.end &&
      (one.kind === "assign" ? one.targets : [one.target]).some((target) =>
        target.kind === "attribute" ? asked.has(target.attr) : false,
      ),
  );
}

function attributesIn(test: Expression): string[] {
  return [test, ...within(test)].flatMap((one) => (one.kind === "attribute" ? [one.attr] : []));
}
