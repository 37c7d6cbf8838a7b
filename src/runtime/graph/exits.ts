import type { Expression, Statement } from "../../python/syntax.ts";

/** How control leaves a block: at its end, or by a statement. */
export type Exit = "end" | "raise" | "return" | "break" | "continue";

/** Every way out of a block that its own statements show; what a call in it raises is left out. */
export function exitsOf(block: readonly Statement[]): ReadonlySet<Exit> {
  const found = new Set<Exit>();
  for (const statement of block) {
    const ways = exitsOfStatement(statement);
    for (const way of ways) if (way !== "end") found.add(way);
    if (!ways.has("end")) return found;
  }
  found.add("end");
  return found;
}

function exitsOfStatement(statement: Statement): ReadonlySet<Exit> {
  switch (statement.kind) {
    case "raise":
    case "return":
    case "break":
    case "continue":
      return new Set<Exit>([statement.kind]);
    case "expression":
      return new Set<Exit>([isExit(statement.value) ? "raise" : "end"]);
    case "if":
      return join([...statement.branches.map(({ body }) => exitsOf(body)), exitsOf(statement.orelse)]);
    case "with":
      return exitsOf(statement.body);
    case "for":
    case "while":
      return loopExits(statement);
    case "match": {
      const cases = statement.cases.map(({ body }) => exitsOf(body));
      const isComplete = statement.cases.some(({ wildcard, guard }) => wildcard && !guard);
      return join(isComplete ? cases : [...cases, new Set<Exit>(["end"])]);
    }
    case "try": {
      const body = exitsOf([...statement.body, ...statement.orelse]);
      const all = join([body, ...statement.handlers.map((handler) => exitsOf(handler.body))]);
      if (statement.final.length === 0) return all;
      const last = exitsOf(statement.final);
      return last.has("end") ? join([all, without(last, "end")]) : last;
    }
    default:
      return new Set<Exit>(["end"]);
  }
}

function loopExits(loop: Statement & { kind: "for" | "while" }): ReadonlySet<Exit> {
  const body = exitsOf(loop.body);
  const found = new Set<Exit>();
  for (const way of body) if (way === "return" || way === "raise") found.add(way);
  if (body.has("break")) found.add("end");
  if (!isEndless(loop)) for (const way of exitsOf(loop.orelse)) found.add(way);
  return found;
}

/** `while True`: only a statement in its body ends it. */
export function isEndless(loop: Statement & { kind: "for" | "while" }): boolean {
  if (loop.kind !== "while") return false;
  const { test } = loop;
  return (test.kind === "constant" && test.value === true) || (test.kind === "number" && test.value !== 0);
}

function isExit(expression: Expression): boolean {
  if (expression.kind !== "call") return false;
  const { callee } = expression;
  if (callee.kind === "name") return callee.id === "exit" || callee.id === "quit";
  if (callee.kind !== "attribute" || callee.value.kind !== "name") return false;
  return /^(?:sys\.exit|os\._exit|os\.abort|pytest\.(?:fail|skip|exit))$/.test(`${callee.value.id}.${callee.attr}`);
}

function join(all: readonly ReadonlySet<Exit>[]): ReadonlySet<Exit> {
  return new Set(all.flatMap((one) => [...one]));
}

function without(ways: ReadonlySet<Exit>, way: Exit): ReadonlySet<Exit> {
  return new Set([...ways].filter((one) => one !== way));
}
