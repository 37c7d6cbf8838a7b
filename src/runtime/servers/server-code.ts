import type { Constants } from "../../python/constants.ts";
import type { Inference } from "../../python/infer.ts";
import { lineOf } from "../../python/module.ts";
import type { Expression } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { CallGraph } from "../graph/callgraph.ts";
import type { Server } from "./server-options.ts";
import type { Amount, Configured, ServerSetting } from "./server-setting.ts";
import { amountFrom, callsOf, namedAmount, textOf } from "./server-setting.ts";

/** What the files that configure Gunicorn set: they are Python modules. */
export function gunicornFiles(inference: Inference, constants: Constants): Configured[] {
  return [...inference.modules.values()].flatMap((module): Configured[] => {
    if (!/(?:^|\/)gunicorn(?:[._-]?(?:conf|config|cfg|settings))?\.py$/.test(module.path)) return [];
    const amount = (name: string): Amount | null => namedAmount(module, name, constants);
    const text = (name: string): string | null => textOf(constants.named(module, name));
    const setting: ServerSetting = {
      server: "gunicorn",
      path: module.path,
      line: 1,
      workers: amount("workers"),
      threads: amount("threads"),
      connections: amount("worker_connections"),
      brokerPool: null,
      workerClass: text("worker_class"),
      app: text("wsgi_app"),
      words: `\`gunicorn\` in \`${module.path}\``,
    };
    const { workers, threads, connections, workerClass, app } = setting;
    const line = [workers, threads, connections].find((one) => one !== null)?.from[0]?.line ?? 1;
    if (!workers && !threads && !connections && workerClass === null && app === null) return [];
    return [{ setting: { ...setting, line }, names: [module.name], concurrency: null }];
  });
}

const STARTERS: ReadonlyMap<string, Server> = new Map([
  ["uvicorn.run", "uvicorn"],
  ["uvicorn.main.run", "uvicorn"],
  ["uvicorn.Config", "uvicorn"],
  ["granian.Granian", "granian"],
]);

/** Servers that Python code starts itself. */
export function startedFromCode(graph: CallGraph, constants: Constants): ServerSetting[] {
  const found: ServerSetting[] = [];
  for (const { call, module, name } of callsOf(graph, (one) => STARTERS.has(one))) {
    const server = STARTERS.get(name);
    if (server === undefined) continue;
    const amount = (...keywords: string[]): Amount | null => {
      const given = call.args.find((arg) => arg.name !== null && keywords.includes(arg.name));
      return given ? amountFrom(constants.evaluate(given.value), module, given) : null;
    };
    const app = argument(call, server === "uvicorn" ? "app" : "target", 0);
    found.push({
      server,
      path: module.path,
      line: lineOf(module, call),
      workers: amount("workers"),
      threads: amount("threads", "blocking_threads"),
      connections: amount("limit_concurrency", "backpressure"),
      brokerPool: null,
      workerClass: null,
      app: app && applicationName(app, graph.inference, constants),
      words: `\`${name}\` in \`${module.path}\``,
    });
  }
  return found;
}

function applicationName(app: Expression, inference: Inference, constants: Constants): string | null {
  const text = textOf(constants.evaluate(app));
  if (text !== null || app.kind !== "name") return text;
  const [binding] = inference.bindings(app).bindings;
  if (binding?.kind === "from") {
    const target = inference.exported(binding);
    return target && `${target.module.name}:${binding.name}`;
  }
  return binding ? `${inference.moduleOf(app).name}:${app.id}` : null;
}
