import type { Resource } from "../../knowledge/resources.ts";
import type { Binding, Func } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { children, opensScope } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import type { Holding } from "./holding.ts";

/** Settings of an HTTP client that every single request can carry as well, so that they need no client of their own. */
const PER_REQUEST = new Set([
  "headers",
  "timeout",
  "params",
  "base_url",
  "follow_redirects",
  "limits",
  "http1",
  "http2",
  "raise_for_status",
  "json_serialize",
  "read_timeout",
  "conn_timeout",
  "trust_env",
  "connector",
  "event_hooks",
]);

/** Whether what a client is made of depends on the single call (a user's credentials, a tenant's address), so that one cannot serve all. */
export function variesBy(runtime: Runtime, func: Func, call: Call, resource: Resource): boolean {
  const isHttp = /^(?:session|client)$/.test(resource.what) && resource.mustClose;
  return call.args.some(
    ({ name, value, stars }) =>
      !(isHttp && name !== null && PER_REQUEST.has(name)) &&
      // What `**options` holds is not known.
      (stars === 2 || depends(runtime, func, value, 0)),
  );
}

/** Whether it is set up after it was made in a way that is one caller's own: `session.auth = …`. */
export function isAdjusted({ mentions }: Holding): boolean {
  for (const { parent } of mentions)
    if (
      parent?.kind === "attribute" &&
      /^(?:auth|cookies|verify|cert|proxies)$/.test(parent.attr) &&
      parent.parent?.kind === "assign" &&
      parent.parent.targets.includes(parent)
    )
      return true;
  return false;
}

const DEEPEST = 4;

/** Whether the value comes from the function's parameters or from what it computed. */
function depends(runtime: Runtime, func: Func, node: Node, depth: number): boolean {
  if (opensScope(node)) return false;
  if (node.kind === "name") {
    const { bindings, scope } = runtime.inference.bindings(node);
    if (!scope || scope.node.kind === "module") return false;
    return bindings.some((binding) => variable(runtime, func, binding, depth));
  }
  // What is kept on an object or in a module is a setting.
  if (node.kind === "attribute" && isSetting(node)) return false;
  return children(node).some((child) => depends(runtime, func, child, depth));
}

function isSetting(node: Expression & { kind: "attribute" }): boolean {
  let at: Expression = node;
  while (at.kind === "attribute") at = at.value;
  return at.kind === "name" && /^(?:self|cls|settings|config|conf|cfg)$/.test(at.id);
}

function variable(runtime: Runtime, func: Func, binding: Binding, depth: number): boolean {
  if (binding.kind === "value") return depth < DEEPEST && depends(runtime, func, binding.value, depth + 1);
  return binding.kind === "parameter" || binding.kind === "iteration" || binding.kind === "entered";
}
