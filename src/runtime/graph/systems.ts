import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import type { Expression, Node } from "../../python/syntax.ts";
import { type Condition, conditionsOf } from "./conditions.ts";

/** Whether the code at `node` is reached on other systems than Linux only: `if sys.platform == "win32"`. */
export function isForOtherSystem(inference: Inference, func: Func, node: Node): boolean {
  return conditionsOf(node, func).some((condition) => excludesLinux(inference, condition));
}

function excludesLinux(inference: Inference, { test, taken }: Condition): boolean {
  if (test.kind === "unary" && test.op === "not")
    return excludesLinux(inference, { test: test.operand, taken: !taken });
  if (test.kind === "call") {
    const { callee } = test;
    const [prefix] = test.args;
    if (callee.kind !== "attribute" || callee.attr !== "startswith" || !tellsSystem(inference, callee.value))
      return false;
    return prefix !== undefined && taken !== isLinux(prefix.value, true);
  }
  if (test.kind !== "compare" || test.operands.length !== 2) return false;
  const [left, right] = test.operands;
  if (!left || !right || !tellsSystem(inference, left)) return false;
  switch (test.ops[0]) {
    case "==":
    case "in":
      return taken !== isLinux(right, false);
    case "!=":
    case "not in":
      return taken === isLinux(right, false);
    default:
      return false;
  }
}

/** `sys.platform`, `os.name`, `platform.system()`. */
function tellsSystem(inference: Inference, node: Expression): boolean {
  const asked = node.kind === "call" ? node.callee : node;
  return inference.names(asked).some(({ name }) => /^(?:sys\.platform|os\.name|platform\.system)$/.test(name));
}

/** Whether one of the strings stands for Linux; what is no literal may do. */
function isLinux(node: Expression, isPrefix: boolean): boolean {
  if (node.kind === "tuple" || node.kind === "list" || node.kind === "set")
    return node.items.some((one) => isLinux(one, isPrefix));
  if (node.kind !== "string") return true;
  const name = node.value.toLowerCase();
  return name === "posix" || (isPrefix ? "linux".startsWith(name) || name === "linux2" : /^linux2?$/.test(name));
}
