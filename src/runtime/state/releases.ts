import type { Func } from "../../python/module.ts";
import { sourceOf } from "../../python/module.ts";
import type { Call, Expression, Node, Statement, Try } from "../../python/syntax.ts";
import { argument, blocksOf, isInside, within } from "../../python/syntax.ts";
import { attributesNamed } from "../graph/mentions.ts";
import type { Runtime } from "../runtime.ts";
import { type Acquisition, type Lock, locksOf, sameLock } from "./locks.ts";

/** How a lock that was taken by `acquire` can stay locked. */
export interface Leak {
  acquisition: Acquisition;
  /** It is never given back here; one way out passes the release by; or an exception does. */
  how: "never" | "exit" | "exception";
  /** The `return` or `raise`, or what may raise. */
  at: Node | null;
  doubt: number;
}

/** What is known on the way through a body with the lock held. */
interface Way {
  exit: Node | null;
  risk: Node | null;
  /** The risk is a mere formality: a built-in operation. */
  slight: Node | null;
}

/** State after a statement: still held, given back, on some ways only, or the code after it is not reached. */
type After = "held" | "free" | "either" | "gone";

/** How the lock of an `acquire()` can stay locked; `null` where it is given back on every way, or by somebody else on purpose. */
export function leakOf(runtime: Runtime, acquisition: Acquisition): Leak | null {
  const { func, lock, node, by, waits } = acquisition;
  if (by !== "acquire" || waits === "not at all" || !lock.fact || lock.fact.kind === "limiter") return null;
  // Tornado's `with await lock.acquire():` gives it back at the end of the block.
  if ((node.parent?.kind === "await" ? node.parent : node).parent?.kind === "withitem") return null;
  // A lock that nobody else can have keeps nobody waiting.
  if (node.kind !== "call" || lock.fresh || isHandedOn(runtime, acquisition)) return null;
  if (isRetaken(runtime, acquisition) || isDraining(runtime, acquisition) || isSignal(runtime, lock)) return null;
  const releases = (one: Node): boolean => isRelease(runtime, func, one, lock);
  for (let at: Node | null = node; at && at !== func.node; at = at.parent)
    if (at.parent?.kind === "try" && at.parent.body.some((one) => one === at) && hasRelease(at.parent.final, releases))
      return null;
  const way: Way = { exit: null, risk: null, slight: null };
  const steps = followers(node, func);
  const walk = walker(runtime, node, resultName(node), releases, way);
  const end = walk.inOrder(steps);
  const leak = (how: Leak["how"], at: Node | null, doubt: number): Leak => ({ acquisition, how, at, doubt });
  if (way.exit) return leak("exit", way.exit, 0);
  if (end === "held") return leak("never", null, 0);
  if (end === "either") return leak("never", null, 1);
  if (way.risk) return leak("exception", way.risk, 0);
  return way.slight ? leak("exception", way.slight, 2) : null;
}

/** Somebody else gives it back: a function that has not taken it, a reference to its `release`, whoever gets the lock itself. */
function isHandedOn(runtime: Runtime, { func, lock, node }: Acquisition): boolean {
  const locks = locksOf(runtime);
  if (func.node.kind === "module") return true;
  const own = locks.released(func).filter((one) => sameLock(one.lock, lock));
  // Taken back for the caller, who had it before; or taken for good while the program ends.
  if (own.some(({ call }) => call.start < node.start) && !own.some(({ call }) => call.start > node.start)) return true;
  if (own.length === 0 && isInCleanUp(node)) return true;
  const text = sourceOf(func.module, lock.expression);
  if (func.nodes.some((one) => one.kind === "argument" && sourceOf(func.module, one.value) === text)) return true;
  if (lock.expression.kind === "name" && lock.expression.id !== func.params[0]?.name) {
    const { id } = lock.expression;
    for (const one of func.nodes)
      if (one.kind === "name" && one.id === id && one.start > node.end && isPassedOn(one)) return true;
  }
  const isElsewhere = locks
    .allReleased()
    .some(
      ({ func: other, lock: theirs, call }) =>
        other !== func &&
        sameLock(theirs, lock) &&
        !locks
          .taken(other)
          .some((one) => one.by === "acquire" && one.node.start < call.start && sameLock(one.lock, lock)),
    );
  return (
    isElsewhere ||
    attributesNamed(runtime, "release").some((one) => {
      const theirs = one.parent?.kind === "call" ? null : locks.of(one.value);
      return theirs !== null && sameLock(theirs, lock);
    })
  );
}

/** `with lock:` around it gives back what is let go for a while inside. */
function isRetaken(runtime: Runtime, { func, lock, node }: Acquisition): boolean {
  return locksOf(runtime)
    .taken(func)
    .some((one) => one.by === "with" && one.from <= node.start && node.end <= one.to && sameLock(one.lock, lock));
}

/** `Semaphore(0)` is no lock: somebody else lets the waiting code go. */
function isSignal({ origins }: Runtime, { fact, expression }: Lock): boolean {
  if (fact?.kind !== "semaphore") return false;
  return origins.of(expression).some((origin) => {
    const value = origin.expression.kind === "call" ? argument(origin.expression, "value", 0) : null;
    return value?.kind === "number" && value.value === 0;
  });
}

/** `for _ in range(limit): semaphore.acquire()`: all places are taken for good, so that nobody comes in any more. */
function isDraining(runtime: Runtime, { func, lock, node }: Acquisition): boolean {
  if (lock.fact?.kind !== "semaphore") return false;
  for (let at: Node | null = node.parent; at && at !== func.node; at = at.parent)
    if (at.kind === "for" || at.kind === "while") return !within(at).some((one) => isRelease(runtime, func, one, lock));
  return false;
}

/** In `finally` or `except`. */
function isInCleanUp(node: Node): boolean {
  for (let at: Node | null = node; at; at = at.parent) {
    if (at.kind === "handler") return true;
    if (at.parent?.kind === "try" && at.parent.final.some((one) => one === at)) return true;
    if (at.kind === "function" || at.kind === "lambda") return false;
  }
  return false;
}

function isPassedOn(name: Node): boolean {
  const { parent } = name;
  switch (parent?.kind) {
    case "return":
    case "yield":
    case "argument":
    case "dict":
    case "list":
    case "tuple":
      return true;
    case "assign":
      return parent.value === name;
    default:
      return false;
  }
}

function isRelease(runtime: Runtime, func: Func, node: Node, lock: Lock): boolean {
  if (node.kind !== "call" || node.callee.kind !== "attribute" || node.callee.attr !== "release") return false;
  return locksOf(runtime)
    .released(func)
    .some((one) => one.call === node && sameLock(one.lock, lock));
}

function hasRelease(block: readonly Statement[], releases: (node: Node) => boolean): boolean {
  return block.some((statement) => [statement, ...within(statement)].some(releases));
}

/** The statements that run after the one with the `acquire`, up to the end of the function, each with its block's rest. */
function followers(acquire: Node, func: Func): Statement[] {
  const found: Statement[] = [];
  for (let at: Node | null = acquire; at && at !== func.node; at = at.parent) {
    const parent: Node | null = at.parent;
    if (!parent) break;
    if (parent.kind === "branch" && parent.test === at) {
      // `if lock.acquire(timeout=1): …` holds it in the block, `if not lock.acquire(timeout=1): …` after it.
      if (!isNegated(acquire, parent.test)) found.push(...parent.body);
      continue;
    }
    for (const block of blocksOf(parent)) {
      const i = block.findIndex(({ start, end }) => start === at?.start && end === at?.end);
      if (i >= 0) found.push(...block.slice(i + 1));
    }
    // What a loop does in its next round, is another `acquire`.
    if (parent.kind === "for" || (parent.kind === "while" && parent.test !== at)) break;
  }
  return found;
}

function isNegated(node: Node, test: Expression): boolean {
  for (let at: Node | null = node; at && at !== test.parent; at = at.parent)
    if (at.kind === "unary" && at.op === "not") return true;
  return false;
}

/** The local name of `taken = lock.acquire(…)`. */
function resultName(acquire: Call): string | null {
  const at = acquire.parent?.kind === "await" ? acquire.parent : acquire;
  const { parent } = at;
  if (parent?.kind !== "assign") return parent?.kind === "walrus" ? parent.target.id : null;
  const [target] = parent.targets;
  return target?.kind === "name" ? target.id : null;
}

function walker(
  runtime: Runtime,
  acquire: Node,
  result: string | null,
  releases: (node: Node) => boolean,
  way: Way,
): { inOrder(block: readonly Statement[]): After } {
  const inOrder = (block: readonly Statement[]): After => {
    let state: After = "held";
    for (const statement of block) {
      if (state === "free" || state === "gone") return state;
      const next = after(statement);
      state = state === "either" && next === "held" ? "either" : next;
    }
    return state;
  };

  const after = (statement: Statement): After => {
    switch (statement.kind) {
      case "return":
      case "raise":
        if (statement.value && within(statement).some(releases)) return "free";
        way.exit ??= statement;
        return "gone";
      case "try":
        return afterTry(statement);
      case "if":
        return afterChoice(
          statement.branches.map(({ test, body }) => ({ test, body })),
          statement.orelse,
        );
      case "match":
        return afterChoice(
          statement.cases.map(({ body }) => ({ test: statement.subject, body })),
          [],
        );
      case "with":
        for (const { context } of statement.items) risky(context);
        return inOrder(statement.body);
      case "for":
      case "while":
        if (hasRelease([statement], releases)) return "free";
        risky(statement.kind === "for" ? statement.iter : statement.test);
        inOrder(statement.body);
        return "held";
      case "function":
      case "class":
        return "held";
      default: {
        const nodes = [statement, ...within(statement)];
        if (nodes.some(releases)) return "free";
        risky(statement);
        return "held";
      }
    }
  };

  const afterTry = (statement: Try): After => {
    if (hasRelease(statement.final, releases)) {
      // What stands between the two is there on purpose, and short.
      way.slight ??= way.risk;
      way.risk = null;
      return "free";
    }
    const inner: Way = { exit: null, risk: null, slight: null };
    const body = walker(runtime, acquire, result, releases, inner).inOrder([...statement.body, ...statement.orelse]);
    way.exit ??= inner.exit;
    const releasing = statement.handlers.filter((handler) => hasRelease(handler.body, releases));
    // A handler for everything that gives the lock back does what `finally` would do; one for what is expected does most of it.
    if (releasing.length > 0) {
      if (!releasing.some(({ type }) => catchesAll(type))) way.slight ??= inner.risk ?? inner.slight;
    } else {
      way.risk ??= inner.risk;
      way.slight ??= inner.slight;
    }
    const states: After[] = [body];
    for (const handler of statement.handlers) {
      if (releasing.includes(handler)) {
        states.push("free");
        continue;
      }
      // Where the body has given it back, a handler may come before or after that.
      if (body === "free" && !inner.risk) continue;
      states.push(inOrder(handler.body));
    }
    return joined(states);
  };

  const afterChoice = (
    branches: readonly { test: Expression; body: readonly Statement[] }[],
    orelse: readonly Statement[],
  ): After => {
    const states: After[] = [];
    for (const { test, body } of branches) {
      if (asksResult(test)) {
        // `if not taken: return` and `if taken: … release()` are about this very acquire.
        if (test.kind === "unary") continue;
        states.push(inOrder(body));
        return joined(states);
      }
      risky(test);
      states.push(inOrder(body));
    }
    states.push(inOrder(orelse));
    return joined(states);
  };

  const asksResult = (test: Expression): boolean =>
    result !== null && [test, ...within(test)].some((node) => node.kind === "name" && node.id === result);

  const risky = (node: Node): void => {
    for (const one of [node, ...within(node)]) {
      if (isInside(one, acquire)) continue;
      if (one.kind === "call" || one.kind === "await" || one.kind === "yield") {
        if (one.kind === "call" && isHarmless(runtime, one)) way.slight ??= one;
        else way.risk ??= one;
      } else if (one.kind === "subscript") way.slight ??= one;
    }
  };

  return { inOrder };
}

function joined(states: readonly After[]): After {
  const reached = states.filter((state) => state !== "gone");
  const [first] = reached;
  if (first === undefined) return "gone";
  return reached.every((state) => state === first) ? first : "either";
}

function catchesAll(type: Expression | null): boolean {
  return type === null || (type.kind === "name" && (type.id === "BaseException" || type.id === "Exception"));
}

/** Built-in operations that hardly ever raise, logging, and what conditions offer. */
function isHarmless(runtime: Runtime, call: Call): boolean {
  const names = runtime.inference.names(call.callee);
  // `int((now - then) / 60)`: a number is given, no text that may not be one.
  if (names.some(({ name }) => name === "int" || name === "float" || name === "round"))
    return names.length === 1 && call.args.every(({ value }) => value.kind === "binary" || value.kind === "number");
  return names.length > 0 && names.every(({ name }) => HARMLESS.test(name));
}

const HARMLESS =
  /^(?:len|print|str|repr|isinstance|id|bool|list|dict|set|tuple|bytes|bytearray|memoryview|range|enumerate|min|max|abs|(?:list|dict|set|str|bytes|bytearray|iterator|collections\.\w+)\.\w+|logging\.(?:Logger\.)?\w+|time\.(?:time|monotonic|perf_counter)|threading\.\w+\.(?:notify|notify_all|notifyAll|wait|wait_for|set|is_set|clear|locked|get_ident|current_thread)|threading\.(?:get_ident|current_thread))$/;
