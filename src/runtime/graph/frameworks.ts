import {
  FRAMEWORK_DECORATORS,
  FRAMEWORK_HOOKS,
  FRAMEWORK_REGISTRATIONS,
  type FrameworkFact,
  type Place,
  REQUEST_TYPES,
} from "../../knowledge/frameworks.ts";
import type { Inference } from "../../python/infer.ts";
import type { Func } from "../../python/module.ts";
import type { Expression } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { CallGraph } from "./callgraph.ts";

/** A function that a framework or the runtime calls, and where. */
export interface FrameworkRoot {
  func: Func;
  place: Place;
  label: string;
  /** Whether it answers requests or messages. */
  serves: boolean;
  doubt: number;
}

/** Finds the functions that frameworks call: by their decorators, by calls that register them, by the classes they belong to. */
export function frameworkRoots(graph: CallGraph): FrameworkRoot[] {
  const { inference } = graph;
  const found: FrameworkRoot[] = [];
  const add = (func: Func, fact: FrameworkFact, plain: Place | null, doubt = 0): void => {
    const place: Place | null = func.isAsync ? { kind: "loop", pool: null } : plain;
    if (place) found.push({ func, place, label: fact.label, serves: fact.serves, doubt: fact.doubt + doubt });
  };
  for (const func of graph.funcs) {
    for (const [name, decorator] of decoratorNames(inference, func)) {
      const fact = FRAMEWORK_DECORATORS.get(name);
      if (fact) add(func, fact, placeFor(name, decorator, fact.plain));
    }
    if (func.cls && func.node.kind === "function")
      for (const base of libraryAncestry(inference, func)) {
        const hooks = FRAMEWORK_HOOKS.get(base);
        if (hooks?.methods.test(func.node.name)) add(func, hooks, hooks.plain);
      }
    const request = requestFact(inference, func);
    if (request) add(func, request, request.plain);
  }
  for (const { node, library } of graph.calling(({ name }) => FRAMEWORK_REGISTRATIONS.has(name))) {
    if (node.kind !== "call") continue;
    for (const { name, doubt } of library) {
      const fact = FRAMEWORK_REGISTRATIONS.get(name);
      const given = fact && argument(node, fact.keyword, fact.position);
      if (!fact || !given) continue;
      for (const one of graph.callables.of(given)) if (one.func) add(one.func, fact, fact.plain, one.doubt + doubt);
    }
  }
  return found;
}

function decoratorNames(inference: Inference, func: Func): [string, Expression][] {
  if (func.node.kind !== "function") return [];
  return func.node.decorators.flatMap((decorator) => {
    const target = decorator.kind === "call" ? decorator.callee : decorator;
    return inference.names(target).map(({ name }): [string, Expression] => [name, decorator]);
  });
}

/** Litestar asks the author: `sync_to_thread=True` is a thread. */
function placeFor(name: string, decorator: Expression, plain: Place | null): Place | null {
  if (!name.startsWith("litestar.") || decorator.kind !== "call") return plain;
  const flag = argument(decorator, "sync_to_thread", -1);
  return flag?.kind === "constant" && flag.value === true ? { kind: "thread", pool: "anyio-threads" } : plain;
}

function libraryAncestry(inference: Inference, func: Func): string[] {
  if (!func.cls) return [];
  return inference.libraryBases(func.cls).flatMap((base) => [...inference.library.ancestry(base)]);
}

/** Plain functions (methods of bots and views included) whose first parameter is a request. */
function requestFact(inference: Inference, func: Func): FrameworkFact | null {
  const first = func.params.find(({ name }) => name !== "self" && name !== "cls");
  if (!first?.annotation || func.node.kind !== "function") return null;
  for (const value of inference.annotated(first.annotation)) {
    if (value.kind !== "instance") continue;
    const fact = REQUEST_TYPES.get(value.type);
    if (fact) return fact;
  }
  return null;
}
