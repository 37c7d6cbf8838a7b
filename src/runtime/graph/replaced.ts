import type { Module } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call } from "../../python/syntax.ts";

const replaced = new WeakMap<Module, ReadonlySet<string>>();

/** Names of functions and methods that a test puts something else in place of: `patch("shop.save")`, `setattr(shop, "save", …)`, `shop.save = Mock()`. */
export function replacedNames(module: Module): ReadonlySet<string> {
  const known = replaced.get(module);
  if (known) return known;
  const found = new Set<string>();
  for (const func of module.functions)
    for (const node of nodesOf(func, "call", "assign")) {
      if (node.kind === "call" && replaces(node))
        for (const { value } of node.args)
          if (value.kind === "string") found.add(value.value.slice(value.value.lastIndexOf(".") + 1));
      if (node.kind === "assign")
        for (const target of node.targets) if (target.kind === "attribute") found.add(target.attr);
    }
  replaced.set(module, found);
  return found;
}

function replaces({ callee }: Call): boolean {
  const name = callee.kind === "attribute" ? callee.attr : callee.kind === "name" ? callee.id : "";
  if (/patch|setattr|stub|mock|spy|replace/i.test(name)) return true;
  // `patch.object(…)`, `mocker.patch.object(…)`
  return callee.kind === "attribute" && callee.value.kind !== "call" && /patch|mock/i.test(lastName(callee.value));
}

function lastName(node: Call["callee"]): string {
  return node.kind === "attribute" ? node.attr : node.kind === "name" ? node.id : "";
}
