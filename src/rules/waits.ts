import type { Func } from "../python/module.ts";
import type { Argument, Node } from "../python/syntax.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Wait } from "../runtime/waits/timeouts.ts";
import { type Waiter, waiterOf } from "../runtime/waits/waiters.ts";
import { loopReason } from "./blocking-call-in-async.ts";
import { insertArgument } from "./insert-argument.ts";
import type { Detection } from "./rule.ts";
import { calleeWords, code, quoted } from "./words.ts";

/** Whether the call blocks the event loop in an async function's own body: that is one finding already. */
export function blocksLoop(runtime: Runtime, { func, site, submission }: Wait): boolean {
  if (submission || loopReason(runtime, func) === null) return false;
  return runtime.blocking.direct(func).some((source) => source.site === site);
}

/** The function that waits, in the author's words and by its canonical name. */
export function waitWords({ func, callee, fact }: Wait): string {
  return calleeWords(func.module, callee, fact.name);
}

/** The part of a message that says whose place is kept meanwhile. */
export function keeping(waiter: Waiter | null): string {
  if (waiter === null) return "";
  if (waiter.kind === "handler") return `, and keeps the worker of the ${waiter.label} meanwhile`;
  return `, and keeps ${poolWords(waiter)} meanwhile`;
}

const POOLS: Readonly<Record<string, string>> = {
  "default-executor": "a worker of the default executor",
  "anyio-threads": "one of anyio's 40 threads",
  asgiref: "the thread of `sync_to_async`",
};

function poolWords({ pool, executor, module }: Waiter & { kind: "worker" }): string {
  if (executor && module) return `a worker of ${code(module, executor)}`;
  return POOLS[pool] ?? "a worker of its pool";
}

/** Who is kept waiting by a call: the worker that a submission hands it to, or the one that runs the function around it. */
export function waiterAt(runtime: Runtime, { func, submission }: Wait): Waiter | null {
  return submission ? null : waiterOf(runtime, func);
}

/** Advice to give the call a limit, as far as it takes one. */
export function limitAdvice({ fact }: Wait, how: string): string {
  const [parameter] = fact.parameters;
  if (fact.fix !== null) return `Pass ${quoted(fact.fix)}, or what the caller can wait for: ${how}.`;
  if (parameter?.name) return `Pass ${quoted(`${parameter.name}=…`)}: ${how}.`;
  if (fact.globalDefault !== null)
    return `Set a limit for all sockets with ${quoted(`${fact.globalDefault}(…)`)}, or use a call that takes one.`;
  return fact.note === null ? `Use a call that takes a timeout: ${how}.` : `It ${fact.note}.`;
}

/** The repair that adds the limit, where the call is plain enough and everything about it is certain. */
export function limitRepair(wait: Wait): Pick<Detection, "repair"> {
  const { fact, given, call, func, submission, doubt } = wait;
  if (fact.fix === null || doubt > 0 || !given.isPlain) return {};
  if (submission && !TAKES_KEYWORDS.test(submission.fact.name)) return {};
  const missing = fact.fix.split(", ").filter((one) => {
    const name = one.slice(0, one.indexOf("="));
    return given.of({ name, position: null }).length === 0;
  });
  return missing.length === 0 ? {} : { repair: insertArgument(func.module, call, missing.join(", ")) };
}

/** Submissions that pass keyword arguments on to the work. */
const TAKES_KEYWORDS =
  /^(?:asyncio\.to_thread|(?:concurrent\.futures|loky)\.\w+\.submit|starlette\.concurrency\.run_in_threadpool)$/;

/** The argument as a whole (`timeout=None`) around a value. */
export function argumentOf(value: Node): Argument | Node {
  for (let at: Node | null = value; at; at = at.parent) {
    if (at.kind === "argument") return at;
    if (at.kind === "function" || at.kind === "lambda" || at.kind === "module") break;
  }
  return value;
}

/** Nobody but the developers waits for test code. */
export function isTest(runtime: Runtime, { module }: Func): boolean {
  return runtime.target.isTest(module.path);
}
