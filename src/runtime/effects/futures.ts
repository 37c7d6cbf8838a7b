import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import type { Call, Expression } from "../../python/syntax.ts";
import { isAsked } from "./instant.ts";

/**
 * Whether the future whose method is called is finished already: it comes from `as_completed` or from the done set of `wait`, or the
 * code only gets here when `.done()` was true.
 */
export function isFinished(inference: Inference, func: Func, call: Call): boolean {
  const { callee } = call;
  if (callee.kind !== "attribute") return false;
  const receiver = callee.value;
  if (isAsked(func, call, receiver, "done", true)) return true;
  return (
    receiver.kind === "name" &&
    inference
      .bindings(receiver)
      .bindings.some((binding) => binding.kind === "iteration" && givesFinished(inference, binding.iter, 0))
  );
}

function givesFinished(inference: Inference, iter: Expression, depth: number): boolean {
  if (depth > 3) return false;
  if (iter.kind === "call") {
    const names = inference.names(iter.callee).map(({ name }) => name);
    if (names.some((name) => FINISHED.has(name))) return true;
    const [first] = iter.args;
    return (
      names.some((name) => PASSES_THROUGH.has(name)) &&
      first !== undefined &&
      givesFinished(inference, first.value, depth + 1)
    );
  }
  if (iter.kind !== "name") return false;
  return inference.bindings(iter).bindings.some((binding) => {
    if (binding.kind !== "value") return false;
    const [step] = binding.path;
    const value = binding.value.kind === "await" ? binding.value.value : binding.value;
    if (step === undefined) return givesFinished(inference, value, depth + 1);
    return step === 0 && value.kind === "call" && inference.names(value.callee).some(({ name }) => WAITS.has(name));
  });
}

const FINISHED = new Set(["concurrent.futures.as_completed", "asyncio.as_completed"]);
const WAITS = new Set(["concurrent.futures.wait", "asyncio.wait"]);
const PASSES_THROUGH = new Set(["list", "tuple", "sorted", "enumerate", "tqdm.tqdm"]);
