import type { Func } from "../../python/module.ts";
import type { Case, Expression, Node, Statement, Try } from "../../python/syntax.ts";
import { children, eachChild, opensScope } from "../../python/syntax.ts";

/** What opens and closes something within one body of code, by node. */
export interface Marks {
  /** The expression after which it is open. */
  begins: Node;
  /** Expressions at which it is closed. */
  ends: ReadonlySet<Node>;
  /** Whether evaluating the expression may raise. */
  raises(node: Expression): boolean;
  /** Whether the expression ends the program. */
  stops(node: Expression): boolean;
  /** What a condition says about it when it holds: that it is there, or that it is not. */
  says(test: Expression): "there" | "not there" | null;
  /** Whether the iteration never ends by itself. */
  endless(iter: Expression): boolean;
  /** Whether `with` on the expression swallows exceptions. */
  suppresses(context: Expression): boolean;
}

/** How the body can be left with the thing still open. */
export interface WaysOut {
  /** The `return` (or the last statement) by which it is left without an exception; `null` if there is no such way. */
  plain: Node | null;
  /** The expression that may raise and leave it open. */
  failing: Node | null;
}

/** What can be true at a place: nothing is open; it is open (since which statement we came the plain way); it is open because something raised. */
interface State {
  idle: boolean;
  open: boolean;
  failed: Node | null;
}

interface Outcome {
  next: State;
  returns: { at: Node; state: State }[];
  raised: State;
  broken: State;
  continued: State;
}

const NOWHERE: State = { idle: false, open: false, failed: null };

/** Follows every way through the body: branches, loops, `try`, early returns and exceptions. */
export function waysOut(func: Func, marks: Marks): WaysOut {
  const { node } = func;
  const body: readonly Statement[] = node.kind === "lambda" ? [] : node.body;
  const { next, returns, raised } = block(body, { ...NOWHERE, idle: true }, marks);
  const last = body.at(-1);
  const left = returns.find(({ state }) => state.open);
  const failed = returns.find(({ state }) => state.failed);
  return {
    plain: left?.at ?? (next.open ? (last ?? node) : null),
    failing: raised.failed ?? next.failed ?? failed?.state.failed ?? null,
  };
}

function outcome(next: State): Outcome {
  return { next, returns: [], raised: NOWHERE, broken: NOWHERE, continued: NOWHERE };
}

function either(a: State, b: State): State {
  if (a === NOWHERE) return b;
  if (b === NOWHERE) return a;
  return { idle: a.idle || b.idle, open: a.open || b.open, failed: a.failed ?? b.failed };
}

/** Takes over every way out of `from` but the one onwards. */
function collect(into: Outcome, from: Outcome): void {
  into.returns.push(...from.returns);
  into.raised = either(into.raised, from.raised);
  into.broken = either(into.broken, from.broken);
  into.continued = either(into.continued, from.continued);
}

function isNowhere(state: State): boolean {
  return !state.idle && !state.open && !state.failed;
}

function block(statements: readonly Statement[], from: State, marks: Marks): Outcome {
  const result = outcome(from);
  for (const statement of statements) {
    if (isNowhere(result.next)) break;
    const one = step(statement, result.next, marks);
    collect(result, one);
    result.next = one.next;
  }
  return result;
}

function step(statement: Statement, from: State, marks: Marks): Outcome {
  switch (statement.kind) {
    case "return": {
      const result = evaluate(statement.value, from, marks);
      if (!isNowhere(result.next)) result.returns.push({ at: statement, state: result.next });
      return { ...result, next: NOWHERE };
    }
    case "raise": {
      const result = evaluate(statement.value, from, marks);
      result.raised = either(result.raised, afterRaise(result.next, statement));
      return { ...result, next: NOWHERE };
    }
    case "break":
      return { ...outcome(NOWHERE), broken: from };
    case "continue":
      return { ...outcome(NOWHERE), continued: from };
    case "if":
      return branches(statement.branches, statement.orelse, from, marks);
    case "match":
      return cases(evaluate(statement.subject, from, marks), statement.cases, marks);
    case "for":
    case "while":
      return loop(statement, from, marks);
    case "with": {
      const result = outcome(from);
      let isSuppressing = false;
      for (const { context } of statement.items) {
        const entered = evaluate(context, result.next, marks);
        collect(result, entered);
        result.next = entered.next;
        if (marks.suppresses(context)) isSuppressing = true;
      }
      const body = block(statement.body, result.next, marks);
      if (isSuppressing) {
        body.next = either(body.next, body.raised);
        body.raised = NOWHERE;
      }
      collect(result, body);
      result.next = body.next;
      return result;
    }
    case "try":
      return attempt(statement, from, marks);
    case "function":
    case "class":
      return outcome(from);
    default: {
      const result = outcome(from);
      for (const child of children(statement)) {
        const one = evaluate(child, result.next, marks);
        collect(result, one);
        result.next = one.next;
      }
      return result;
    }
  }
}

/** The state after an exception: what was open still is. */
function afterRaise(state: State, at: Node): State {
  return { idle: true, open: false, failed: state.open ? at : state.failed };
}

/** Evaluates an expression from the inside out. */
function evaluate(root: Node | null, from: State, marks: Marks): Outcome {
  const result = outcome(from);
  const visit = (node: Node): void => {
    if (!opensScope(node)) eachChild(node, visit);
    if (isNowhere(result.next)) return;
    if (marks.ends.has(node)) {
      result.next = { idle: true, open: false, failed: null };
    } else if (node === marks.begins) {
      result.next = { idle: false, open: true, failed: null };
    } else if (isExpression(node)) {
      if (marks.stops(node)) result.next = NOWHERE;
      else if ((result.next.open || result.next.failed) && marks.raises(node))
        result.raised = either(result.raised, afterRaise(result.next, node));
    }
  };
  if (root) visit(root);
  return result;
}

function isExpression(node: Node): node is Expression & { kind: "call" | "await" | "yield" } {
  return node.kind === "call" || node.kind === "await" || node.kind === "yield";
}

function branches(
  list: readonly { test: Expression; body: Statement[] }[],
  orelse: readonly Statement[],
  from: State,
  marks: Marks,
): Outcome {
  const result = outcome(NOWHERE);
  let onwards = from;
  for (const { test, body } of list) {
    const tested = evaluate(test, onwards, marks);
    collect(result, tested);
    const says = marks.says(test);
    const inside = block(body, says === "not there" ? closed(tested.next) : tested.next, marks);
    collect(result, inside);
    result.next = either(result.next, inside.next);
    // `if owner: x.close()`: whoever wrote that knows when it is theirs to close.
    const isOwnerCheck = !isNowhere(inside.next) && closes(body, marks);
    onwards = says === "there" || isOwnerCheck ? closed(tested.next) : tested.next;
  }
  const rest = block(orelse, onwards, marks);
  collect(result, rest);
  result.next = either(result.next, rest.next);
  return result;
}

function closed(state: State): State {
  return isNowhere(state) ? state : { idle: true, open: false, failed: null };
}

function closes(body: readonly Statement[], marks: Marks): boolean {
  const found = (node: Node): boolean =>
    marks.ends.has(node) || (!opensScope(node) && children(node).some((child) => found(child)));
  return body.some(found);
}

function cases(subject: Outcome, list: readonly Case[], marks: Marks): Outcome {
  const result = outcome(NOWHERE);
  collect(result, subject);
  for (const one of list) {
    const inside = block(one.body, subject.next, marks);
    collect(result, inside);
    result.next = either(result.next, inside.next);
  }
  if (!list.some((one) => one.wildcard && !one.guard)) result.next = either(result.next, subject.next);
  return result;
}

function loop(statement: Statement & { kind: "for" | "while" }, from: State, marks: Marks): Outcome {
  const head = statement.kind === "for" ? statement.iter : statement.test;
  const isEndless = statement.kind === "for" ? marks.endless(statement.iter) : isTrue(statement.test);
  const result = outcome(NOWHERE);
  const entered = evaluate(head, from, marks);
  collect(result, entered);
  let around = entered.next;
  let left = NOWHERE;
  // Twice, so that what one round leaves open reaches the next.
  for (let round = 0; round < 2; round++) {
    const body = block(statement.body, around, marks);
    result.returns.push(...body.returns);
    result.raised = either(result.raised, body.raised);
    left = either(left, body.broken);
    around = either(around, either(body.next, body.continued));
    // A loop that closes it is taken to run at least once.
    if (round === 0 && closes(statement.body, marks) && !isNowhere(either(body.next, body.continued)))
      around = either(body.next, body.continued);
  }
  if (!isEndless) {
    const rest = block(statement.orelse, around, marks);
    collect(result, rest);
    left = either(left, rest.next);
  }
  result.next = left;
  return result;
}

function isTrue(test: Expression): boolean {
  return (test.kind === "constant" && test.value === true) || (test.kind === "number" && test.value !== 0);
}

function attempt({ body, handlers, orelse, final }: Try, from: State, marks: Marks): Outcome {
  const tried = block(body, from, marks);
  const result = outcome(NOWHERE);
  result.returns.push(...tried.returns);
  result.broken = tried.broken;
  result.continued = tried.continued;
  const caught: State = { idle: true, open: false, failed: tried.raised.failed };
  for (const handler of handlers) {
    const inside = block(handler.body, caught, marks);
    collect(result, inside);
    result.next = either(result.next, inside.next);
  }
  if (!handlers.some(({ type }) => catchesAll(type))) result.raised = either(result.raised, tried.raised);
  const rest = block(orelse, tried.next, marks);
  collect(result, rest);
  result.next = either(result.next, rest.next);
  return final.length === 0 ? result : finish(result, final, marks);
}

function catchesAll(type: Expression | null): boolean {
  if (type === null) return true;
  if (type.kind === "name") return type.id === "Exception" || type.id === "BaseException";
  return type.kind === "tuple" && type.items.some(catchesAll);
}

/** Every way out of the `try` leads through its `finally`. */
function finish(tried: Outcome, final: readonly Statement[], marks: Marks): Outcome {
  const result = outcome(NOWHERE);
  const through = (state: State): State => {
    if (isNowhere(state)) return state;
    const finished = block(final, state, marks);
    result.returns.push(...finished.returns);
    result.raised = either(result.raised, finished.raised);
    return finished.next;
  };
  result.next = through(tried.next);
  for (const { at, state } of tried.returns) {
    const after = through(state);
    if (!isNowhere(after)) result.returns.push({ at, state: after });
  }
  result.raised = either(result.raised, through(tried.raised));
  result.broken = either(result.broken, through(tried.broken));
  result.continued = either(result.continued, through(tried.continued));
  return result;
}
