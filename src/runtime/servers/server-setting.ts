import type { Constant, Quantity } from "../../python/constant.ts";
import { number } from "../../python/constant.ts";
import type { Constants } from "../../python/constants.ts";
import { oneLine } from "../../python/evaluation.ts";
import type { Module } from "../../python/module.ts";
import { lineOf, sourceOf } from "../../python/module.ts";
import type { Call, Node } from "../../python/syntax.ts";
import type { CallGraph } from "../graph/callgraph.ts";
import type { Server } from "./server-options.ts";

/** A place that an amount comes from, with words for a message. */
export interface SettingPlace {
  path: string;
  line: number;
  words: string;
}

/** How many of something a server has. What is set but cannot be computed is 1 to infinity. `from` begins where the setting stands. */
export interface Amount extends Quantity {
  doubt: number;
  from: readonly SettingPlace[];
}

/**
 * How one server (or Celery's worker) is started. An amount that is `null` is not set: the server's default holds. For Celery `workers`
 * are processes, and `threads` are the threads or greenlets of a pool that has them.
 */
export interface ServerSetting {
  server: Server;
  path: string;
  line: number;
  workers: Amount | null;
  threads: Amount | null;
  /** Requests that a worker takes at once, where that is limited. */
  connections: Amount | null;
  /** Connections to the broker that Celery keeps. */
  brokerPool: Amount | null;
  /** Gunicorn's and Hypercorn's worker class, Celery's pool, Granian's interface. */
  workerClass: string | null;
  /** The application, as `module:attribute` where it is written so. */
  app: string | null;
  /** What a message calls it, such as "`gunicorn` in `Procfile`". */
  words: string;
}

/** The amount that a module gives a name; unknown if it is there but cannot be computed. */
export function namedAmount(module: Module, name: string, constants: Constants): Amount | null {
  const binding = module.scope.names.get(name)?.find(({ kind }) => kind !== "annotation");
  return binding ? amountFrom(constants.named(module, name), module, binding.at) : null;
}

/** The amount that a constant says, set at a node of the module; `null` for `None`, which sets nothing. */
export function amountFrom(constant: Constant | null, module: Module, at: Node): Amount | null {
  if (constant?.kind === "none") return null;
  const source = oneLine(sourceOf(module, at));
  const place: SettingPlace = { path: module.path, line: lineOf(module, at), words: `\`${source}\`` };
  const quantity = number(constant);
  if (!constant || !quantity)
    return {
      low: 1,
      high: Number.POSITIVE_INFINITY,
      exact: null,
      formula: source,
      doubt: 1,
      from: [place],
    };
  const others = constant.origin
    .filter((origin) => origin.by !== "literal" && origin.node !== at)
    .map((origin) => ({ path: origin.module.path, line: lineOf(origin.module, origin.node), words: origin.words }));
  return { ...quantity, doubt: constant.doubt, from: [place, ...others] };
}

/** The text that a constant is, if it is one. */
export function textOf(constant: Constant | null): string | null {
  return constant?.kind === "string" ? constant.value : null;
}

/** What a Python file sets for a server that something else starts. */
export interface Configured {
  setting: ServerSetting;
  /** Names by which a command may mean it. */
  names: readonly string[];
  /** Celery's concurrency before it is known which pool the command chooses. */
  concurrency: Amount | null;
}

/** The calls of a library function of one of the names, with the first of those. */
export function callsOf(
  graph: CallGraph,
  wanted: (name: string) => boolean,
): { call: Call; module: Module; name: string }[] {
  return graph
    .calling(({ name }) => wanted(name))
    .flatMap(({ node, func, library }) => {
      const name = library.find((callee) => wanted(callee.name))?.name;
      return node.kind === "call" && name !== undefined ? [{ call: node, module: func.module, name }] : [];
    });
}
