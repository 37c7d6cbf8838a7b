import type { Func } from "../../python/module.ts";
import { nodesOf } from "../../python/module.ts";
import type { Call, Expression, Node, While } from "../../python/syntax.ts";
import { argument, opensScope, walk, within } from "../../python/syntax.ts";
import type { Site } from "../graph/callgraph.ts";
import type { Runtime } from "../runtime.ts";

/** Why a plain function does not come back for minutes, or at all. */
export interface Endless {
  func: Func;
  /** The loop or call that takes so long. */
  at: Node;
  words: string;
  /** The calls from the function that was asked about. */
  path: readonly Site[];
  doubt: number;
}

/** A sleep this long keeps a thread busy for no good. */
const LONG_SLEEP = 60;
const DEEPEST = 5;

/** Library calls that serve, consume or wait until the program ends, by canonical name. */
export const NEVER_RETURN =
  /^(?:socketserver\.\w+\.serve_forever|http\.server\.\w+\.serve_forever|xmlrpc\.server\.\w+\.serve_forever|wsgiref\.simple_server\.\w+\.serve_forever|pika\.\w*(?:\.\w+)*\.start_consuming|(?:uvicorn|waitress|gunicorn|flask\.Flask|werkzeug\.serving)\.(?:run|serve|run_simple)|uvicorn\.Server\.run|schedule\.run_forever|kombu\.mixins\.ConsumerMixin\.run|paho\.mqtt\.client\.Client\.loop_forever|grpc\.Server\.wait_for_termination|redis\.client\.PubSub\.listen|watchfiles\.watch)$/;

/** Objects that block for the next item as long as the program lives. */
const STREAMS =
  /^(?:kafka\.(?:consumer\.\w+\.)?KafkaConsumer|redis\.client\.PubSub|confluent_kafka\.Consumer|pulsar\.Consumer|watchfiles\.watch)$/;

/** Why the function takes for ever, itself or by way of what it calls; `null` if nothing says so. */
export function endlessIn(runtime: Runtime, root: Func): Endless | null {
  const visited = new Set<Func>();
  const search = (func: Func, path: readonly Site[], doubt: number): Endless | null => {
    if (visited.has(func) || path.length > DEEPEST || func.isAsync) return null;
    visited.add(func);
    for (const node of nodesOf(func, "while", "for")) {
      const words = node.kind === "while" ? endlessLoop(runtime, func, node) : stream(runtime, node.iter, node);
      if (words)
        return {
          func,
          at: node.kind === "while" ? node.test : node,
          words: words.text,
          path,
          doubt: doubt + words.doubt,
        };
    }
    for (const site of runtime.graph.sites(func)) {
      const text = site.node.kind === "call" ? longCall(runtime, site, site.node) : null;
      if (text) return { func, at: site.node, words: text, path, doubt };
      if (site.kind !== "call") continue;
      for (const target of site.targets) {
        if (doubt + target.doubt > 1) continue;
        const found = search(target.func, [...path, site], doubt + target.doubt);
        if (found) return found;
      }
    }
    return null;
  };
  return search(root, [], 0);
}

function longCall(runtime: Runtime, { library }: Site, call: Call): string | null {
  for (const { name, doubt } of library) {
    if (doubt > 1) continue;
    if (NEVER_RETURN.test(name)) return "never returns";
    if (name !== "time.sleep") continue;
    const seconds = argument(call, null, 0);
    const value = seconds && runtime.constants.evaluate(seconds);
    if (value?.kind === "number" && value.value >= LONG_SLEEP) return `sleeps for ${Math.round(value.value)} seconds`;
  }
  return null;
}

/** `while True` that nothing leaves; loops that run until somebody else tells them to stop. */
function endlessLoop(runtime: Runtime, func: Func, loop: While): { text: string; doubt: number } | null {
  if (isLeft(loop)) return null;
  const { test } = loop;
  if ((test.kind === "constant" && test.value === true) || (test.kind === "number" && test.value !== 0))
    return { text: "loops for ever", doubt: 0 };
  return isStopFlag(runtime, func, test) ? { text: "loops until it is told to stop", doubt: 0 } : null;
}

/** Whether a `break` of its own, or a `return`, ends the loop. */
function isLeft(loop: While): boolean {
  let found = false;
  const visit = (root: Node, inner: boolean): void => {
    walk(root, (node) => {
      if (opensScope(node)) return false;
      if (node.kind === "return" || (node.kind === "break" && !inner)) found = true;
      if (node.kind === "for" || node.kind === "while") {
        visit(node, true);
        return false;
      }
      return !found;
    });
  };
  for (const statement of loop.body) {
    if (statement.kind === "return" || statement.kind === "break") return true;
    if (statement.kind === "for" || statement.kind === "while") visit(statement, true);
    else visit(statement, false);
  }
  return found;
}

/** `not stopped.is_set()`, `not stopped.wait(1)`, `self.running` that only others change. */
function isStopFlag({ inference }: Runtime, func: Func, test: Expression): boolean {
  const inner = test.kind === "unary" && test.op === "not" ? test.operand : test;
  if (inner.kind === "call")
    return inference
      .names(inner.callee)
      .some(({ name }) => /^(?:threading|multiprocessing)\.Event\.(?:is_set|wait)$/.test(name));
  if (inner.kind !== "attribute" || inner.value.kind !== "name") return false;
  const flag = inner.attr;
  if (
    !/^_*(?:is_)?(?:running|stop|stopped|stopping|alive|active|shutdown|closed|closing|exit|exiting|quit|done|should_\w+|keep_\w+)$/.test(
      flag,
    )
  )
    return false;
  return !nodesOf(func, "assign").some(
    (node) =>
      node.start > test.start && node.targets.some((target) => target.kind === "attribute" && target.attr === flag),
  );
}

/** `for message in consumer:` */
function stream({ inference }: Runtime, iter: Expression, loop: Node): { text: string; doubt: number } | null {
  const isLeaving = within(loop).some(({ kind }) => kind === "break" || kind === "return");
  if (isLeaving) return null;
  for (const value of inference.values(iter)) {
    if (value.kind !== "instance" && value.kind !== "object") continue;
    const types =
      value.kind === "instance" ? inference.library.ancestry(value.type) : inference.libraryBases(value.cls);
    if (types.some((type) => STREAMS.test(type)))
      return { text: "waits for messages as long as the program lives", doubt: value.doubt };
  }
  if (iter.kind === "call" && inference.names(iter.callee).some(({ name }) => NEVER_RETURN.test(name)))
    return { text: "waits for messages as long as the program lives", doubt: 0 };
  return null;
}
