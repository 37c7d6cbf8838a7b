import type { Constant } from "../../python/constant.ts";
import type { Constants } from "../../python/constants.ts";
import { definition } from "../../python/definition.ts";
import type { Inference } from "../../python/infer.ts";
import type { Module } from "../../python/module.ts";
import { lineOf, nodesOf } from "../../python/module.ts";
import type { Call, Expression, Node } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import type { CallGraph } from "../graph/callgraph.ts";
import type { Amount, Configured, ServerSetting } from "./server-setting.ts";
import { amountFrom, callsOf, textOf } from "./server-setting.ts";

const CELERY_SETTINGS: Readonly<Record<"concurrency" | "pool" | "broker", readonly string[]>> = {
  concurrency: ["worker_concurrency", "CELERYD_CONCURRENCY", "CELERY_WORKER_CONCURRENCY"],
  pool: ["worker_pool", "CELERYD_POOL", "CELERY_WORKER_POOL"],
  broker: ["broker_pool_limit", "BROKER_POOL_LIMIT", "CELERY_BROKER_POOL_LIMIT"],
};

/** One line of configuration: a setting's name with its value, in a module. */
interface CeleryLine {
  name: string;
  value: Constant | null;
  module: Module;
  at: Node;
}

/** The project's Celery applications, as their configuration in Python sets them. */
export function celeryApps(graph: CallGraph, constants: Constants): Configured[] {
  const { inference } = graph;
  const apps = callsOf(graph, (name) => name === "celery.Celery");
  return apps.map(({ call, module }): Configured => {
    const lines = celeryLines(call, apps.length === 1, inference, constants);
    const last = (what: keyof typeof CELERY_SETTINGS): CeleryLine | null =>
      lines.findLast(({ name }) => CELERY_SETTINGS[what].includes(name)) ?? null;
    const amount = (what: "concurrency" | "broker"): Amount | null => {
      const found = last(what);
      return found && amountFrom(found.value, found.module, found.at);
    };
    const target = call.parent?.kind === "assign" ? call.parent.targets[0] : null;
    const setting: ServerSetting = {
      server: "celery",
      path: module.path,
      line: lineOf(module, call),
      workers: null,
      threads: null,
      connections: null,
      brokerPool: amount("broker"),
      workerClass: textOf(last("pool")?.value ?? null),
      app: target?.kind === "name" ? `${module.name}:${target.id}` : module.name,
      words: `\`Celery\` in \`${module.path}\``,
    };
    return { setting, names: [module.name], concurrency: amount("concurrency") };
  });
}

/** Everything that configures the application which the call makes; `only` says that there is no other. */
function celeryLines(app: Call, only: boolean, inference: Inference, constants: Constants): CeleryLine[] {
  const lines: CeleryLine[] = [];
  const isApp = (expression: Expression): boolean =>
    definition(inference, expression) === app ||
    (only && inference.values(expression).some((value) => value.kind === "instance" && value.type === "celery.Celery"));
  const isConf = (expression: Expression): boolean =>
    expression.kind === "attribute" && expression.attr === "conf" && isApp(expression.value);
  const wholeModule = (module: Module): void => {
    for (const name of Object.values(CELERY_SETTINGS).flat()) {
      const binding = module.scope.names.get(name)?.find(({ kind }) => kind !== "annotation");
      if (binding) lines.push({ name, value: constants.named(module, name), module, at: binding.at });
    }
  };
  const written = (target: Expression): string | null => {
    if (target.kind === "attribute") return isConf(target.value) ? target.attr : null;
    const [key] = target.kind === "subscript" && isConf(target.value) ? target.indices : [];
    return key ? textOf(constants.evaluate(key)) : null;
  };
  for (const module of inference.modules.values()) {
    if (/(?:^|\/)celery_?config\.py$/.test(module.path)) wholeModule(module);
    for (const func of module.functions)
      for (const node of nodesOf(func, "assign", "call")) {
        if (node.kind === "assign") {
          for (const target of node.targets) {
            const name = written(target);
            if (name !== null && node.value)
              lines.push({ name, value: constants.evaluate(node.value), module, at: node });
          }
        } else if (node.callee.kind === "attribute") {
          if (node.callee.attr === "update" && isConf(node.callee.value))
            lines.push(...updateLines(node, module, constants));
          else if (node.callee.attr === "config_from_object" && isApp(node.callee.value))
            for (const source of configurationModules(node, inference, constants)) wholeModule(source);
        }
      }
  }
  return lines;
}

function updateLines(call: Call, module: Module, constants: Constants): CeleryLine[] {
  return call.args.flatMap((arg): CeleryLine[] => {
    if (arg.name !== null) return [{ name: arg.name, value: constants.evaluate(arg.value), module, at: arg }];
    const given = constants.evaluate(arg.value);
    if (given?.kind !== "dict") return [];
    return [...given.value].map(([name, value]) => ({ name: String(name), value, module, at: arg }));
  });
}

/** The modules that `config_from_object` names: by text, as a module, or Django's settings. */
function configurationModules(call: Call, inference: Inference, constants: Constants): Module[] {
  const given = argument(call, "obj", 0);
  if (!given) return [];
  const text = textOf(constants.evaluate(given));
  const all = [...inference.modules.values()];
  if (text === null) return inference.values(given).flatMap((value) => (value.kind === "module" ? [value.module] : []));
  if (text.startsWith("django.conf")) return all.filter(({ path }) => /(?:^|\/)settings(?:\/[^/]+)?\.py$/.test(path));
  const name = text.replace(":", ".");
  return all.filter((module) => module.name === name || module.name.endsWith(`.${name}`));
}

/** Celery's concurrency means processes or threads, as the pool says. */
export function pooled(setting: ServerSetting, concurrency: Amount | null): ServerSetting {
  const pool = setting.workerClass ?? "prefork";
  if (pool === "prefork" || pool === "processes") return { ...setting, workers: concurrency };
  const place = { path: setting.path, line: setting.line, words: `the pool \`${pool}\`` };
  const one: Amount = { low: 1, high: 1, exact: 1, formula: "1", doubt: 0, from: [place] };
  return { ...setting, workers: one, threads: pool === "solo" ? one : concurrency };
}
