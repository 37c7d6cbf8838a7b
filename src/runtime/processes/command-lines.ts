import type { Func } from "../../python/module.ts";
import { funcAt } from "../../python/module.ts";
import type { Expression } from "../../python/syntax.ts";
import { attributesNamed } from "../graph/mentions.ts";
import type { Runtime } from "../runtime.ts";

/** Files of development and of commands: people start them and see what they do. */
const DEVELOPMENT =
  /(?:^|\/)(?:setup|tasks|fabfile|noxfile|conftest|build|make|cli|__main__)\.py$|(?:^|\/)(?:scripts?|tools?|bin|ci|dev|examples?|benchmarks?|docs?|commands?|cmd|cli|\w+_cli)\//;

const DECORATORS = /^(?:click|typer|cyclopts|invoke|nox|fire)\.|(?:^|\.)(?:command|group|session|task)$/;
const PARSERS =
  /^(?:argparse\.ArgumentParser|optparse\.OptionParser|click\.|typer\.|docopt\.docopt|fire\.Fire|getopt\.getopt)/;
const COMMANDS = "django.core.management.base.BaseCommand";

const reached = new WeakMap<Runtime, ReadonlySet<Func>>();

/** Whether a function runs because somebody typed a command: that person sees it wait, and can end it. */
export function isTyped(runtime: Runtime, func: Func): boolean {
  if (DEVELOPMENT.test(func.module.path) || runtime.contexts.in(func, "main") !== null) return true;
  const known = reached.get(runtime) ?? reach(runtime);
  reached.set(runtime, known);
  return known.has(func);
}

function reach(runtime: Runtime): ReadonlySet<Func> {
  const parsing = runtime.graph.calling(({ name }) => PARSERS.test(name)).map(({ func }) => func);
  const reading = attributesNamed(runtime, "argv")
    .filter((node) => isNamed(runtime, node, "sys.argv"))
    .map((node) => funcAt(runtime.inference.moduleOf(node), node));
  const found = new Set([...runtime.graph.funcs.filter((func) => isEntry(runtime, func)), ...parsing, ...reading]);
  for (const func of found)
    for (const { targets } of runtime.graph.sites(func))
      for (const target of targets) if (target.doubt < 2) found.add(target.func);
  return found;
}

function isEntry(runtime: Runtime, func: Func): boolean {
  const { node, cls } = func;
  if (node.kind !== "function") return false;
  const { inference } = runtime;
  if (/^(?:main|cli|_main|run_from_command_line)$/.test(node.name)) return true;
  if (cls && node.name === "handle" && inference.libraryBases(cls).some((base) => base.endsWith(COMMANDS))) return true;
  return node.decorators.some((one) => {
    const target = one.kind === "call" ? one.callee : one;
    const names = inference.names(target).map(({ name }) => name);
    if (target.kind === "attribute") names.push(target.attr);
    return names.some((name) => DECORATORS.test(name) && !/celery|huey|dramatiq|faust/i.test(name));
  });
}

function isNamed(runtime: Runtime, expression: Expression, name: string): boolean {
  return runtime.inference.names(expression).some((one) => one.name === name);
}
