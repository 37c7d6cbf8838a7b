import type { Func, Module } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import { argument, enclosing } from "../python/syntax.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Subject } from "./sites.ts";
import { isOf } from "./sizes.ts";

/** How the code of a function gets to run, as far as a command line can say it. */
export type Entry =
  /** `python RUN`: a module with a main part that leads to the function. */
  | { kind: "script"; run: string }
  /** A server or worker that calls the function; `match` finds its process, `url` asks it. */
  | { kind: "server"; start: string; match: string; url: string | null }
  /** Nothing in the project starts it. */
  | { kind: "call"; name: string };

const MOST_FUNCTIONS = 400;

/** The way into a function's code. */
export function entryOf(runtime: Runtime, subject: Subject): Entry {
  return served(runtime, subject) ?? started(runtime, subject.func) ?? { kind: "call", name: subject.func.name };
}

function started(runtime: Runtime, start: Func): Entry | null {
  const { graph, target } = runtime;
  const reached = new Set<Func>([start]);
  for (const func of reached) {
    if (reached.size > MOST_FUNCTIONS) break;
    if (func.node.kind === "module" && isRunnable(func.module)) return { kind: "script", run: runnable(func.module) };
    for (const { site } of graph.callers(func)) {
      const { func: caller } = site;
      if (target.isTest(caller.module.path)) continue;
      if (caller.node.kind !== "module" || isGuarded(site.node) || isScript(caller.module)) reached.add(caller);
    }
    for (const { site } of graph.handedOver(func)) if (!target.isTest(site.func.module.path)) reached.add(site.func);
  }
  return null;
}

function isRunnable(module: Module): boolean {
  return (
    isScript(module) ||
    module.tree.body.some((node) => node.kind === "if" && node.branches.some(({ test }) => isMainTest(test)))
  );
}

/** A file of its own, or the main file of a package. */
function isScript({ name }: Module): boolean {
  return !name.includes(".") || name.endsWith(".__main__");
}

function isGuarded(node: Node): boolean {
  for (let at = enclosing(node, isBranch); at; at = enclosing(at, isBranch)) if (isMainTest(at.test)) return true;
  return false;
}

function isBranch(node: Node): node is Node & { kind: "branch" } {
  return node.kind === "branch";
}

function isMainTest(test: Node): boolean {
  return test.kind === "compare" && test.operands.some((one) => one.kind === "name" && one.id === "__name__");
}

function runnable({ name, path }: Module): string {
  if (!name.includes(".") && !path.endsWith("__main__.py")) return path;
  return `-m ${name.replace(/\.__main__$/, "")}`;
}

function served(runtime: Runtime, { func, context }: Subject): Entry | null {
  const root = context?.root ?? runtime.contexts.serving(func);
  if (!root) return null;
  const { label } = root;
  const { name } = root.func.module;
  if (/^Celery/.test(label)) return server(`celery -A ${celeryApp(runtime, name) ?? name} worker`, null);
  if (/^Django|^Channels/.test(label)) return server("python manage.py runserver", null);
  const app =
    runtime.servers.find((one) => one.server !== "celery" && one.app !== null && isOf(name, one.app))?.app ??
    application(runtime, name);
  const url = `http://127.0.0.1:${/^Flask/.test(label) ? 5000 : 8000}${pathOf(runtime, root.func) ?? "/"}`;
  if (/^Flask/.test(label)) return app ? server(`python -m flask --app ${app} run`, url) : null;
  if (/^(?:FastAPI|Starlette|Quart|Litestar)/.test(label)) return app ? server(`uvicorn ${app}`, url) : null;
  return null;
}

function server(start: string, url: string | null): Entry {
  return { kind: "server", start, match: start.replace(/^python (?:-m )?/, ""), url };
}

const APPLICATIONS = new Set([
  "fastapi.FastAPI",
  "starlette.applications.Starlette",
  "flask.Flask",
  "quart.Quart",
  "litestar.Litestar",
]);

/** The application object, as `module:name`. */
function application(runtime: Runtime, near: string): string | null {
  return named(runtime, near, (name) => APPLICATIONS.has(name));
}

function celeryApp(runtime: Runtime, near: string): string | null {
  return named(runtime, near, (name) => name === "celery.Celery")?.split(":")[0] ?? null;
}

/** An object that a module of the same package makes at its top. */
function named(
  { modules, inference, target }: Runtime,
  near: string,
  isWanted: (name: string) => boolean,
): string | null {
  for (const module of modules) {
    if (target.isTest(module.path) || !isOf(near, module.name)) continue;
    for (const node of module.tree.body) {
      if (node.kind !== "assign" || node.value?.kind !== "call") continue;
      const [to] = node.targets;
      if (to?.kind === "name" && inference.names(node.value.callee).some(({ name }) => isWanted(name)))
        return `${module.name}:${to.id}`;
    }
  }
  return null;
}

/** The path of a route, with 1 for its parameters. */
function pathOf(runtime: Runtime, { node }: Func): string | null {
  if (node.kind !== "function") return null;
  for (const decorator of node.decorators) {
    if (decorator.kind !== "call" || decorator.callee.kind !== "attribute") continue;
    const path = argument(decorator, "path", 0);
    if (path?.kind !== "string" || !/^(?:\/|$)/.test(path.value)) continue;
    return `${prefixOf(runtime, decorator.callee.value)}${path.value}`.replace(/\{[^}]*\}|<[^>]*>/g, "1");
  }
  return null;
}

function prefixOf(runtime: Runtime, router: Node & { kind: string }): string {
  if (router.kind !== "name" && router.kind !== "attribute") return "";
  for (const { expression } of runtime.origins.of(router)) {
    if (expression.kind !== "call") continue;
    const prefix = argument(expression, "prefix", -1) ?? argument(expression, "url_prefix", -1);
    if (prefix?.kind === "string") return prefix.value;
  }
  return "";
}
