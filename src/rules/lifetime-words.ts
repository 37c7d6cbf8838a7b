import type { Lifetime } from "../runtime/lifetimes.ts";
import type { Repetition } from "../runtime/repetition.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Related } from "./rule.ts";
import { calleeWords, code } from "./words.ts";

/** Whether some way leaves it open. A test that fails half-way may leave things open: the process ends soon. */
export function leavesOpen(runtime: Runtime, { opening, fate }: Lifetime): boolean {
  if (fate === "happy") return !runtime.target.isTest(opening.func.module.path);
  return fate === "never" || fate === "early";
}

/** The call that opens it, as written. */
export function openedWords({ opening: { func, call, name, via } }: Lifetime): string {
  return via ? code(func.module, call.callee) : calleeWords(func.module, call.callee, name);
}

/** The way that leaves it open, where it is closed, and the constructor behind a function that made it. */
export function wayOut({ opening, fate, out, end }: Lifetime): Related[] {
  const { module } = opening.func;
  const trace: Related[] = [];
  if (opening.via) {
    const { func, call, name } = opening.via;
    trace.push({
      module: func.module,
      at: call,
      message: `made here by ${calleeWords(func.module, call.callee, name)}`,
    });
  }
  if (out)
    trace.push({
      module,
      at: out,
      message: fate === "happy" ? "if this raises, it stays open" : "this way leaves it open",
    });
  if (end) trace.push({ module, at: end, message: "closed only here" });
  return trace;
}

/** Why the code runs again and again, from the request or loop down. */
export function repetitionTrace(repetition: Repetition): Related[] {
  return repetition.trace.map(({ module, at, message }) => ({ module, at, message }));
}

/** How often it is made. */
export function oftenWords({ kind, label }: Repetition): string {
  if (kind === "item") return "for every item of a loop";
  return /task|actor|job/i.test(label) ? `every time the ${label} runs` : `for every request (${label})`;
}
