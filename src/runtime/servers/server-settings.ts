import { push } from "../../multimap.ts";
import { number } from "../../python/constant.ts";
import type { Constants } from "../../python/constants.ts";
import type { CallGraph } from "../graph/callgraph.ts";
import { celeryApps, pooled } from "./celery-settings.ts";
import type { Command } from "./command-files.ts";
import { commandFile, isCommandFile } from "./command-files.ts";
import { gunicornFiles, startedFromCode } from "./server-code.ts";
import type { Decides, GivenOption } from "./server-options.ts";
import { optionsOf, SERVERS, serverCommand } from "./server-options.ts";
import type { Amount, Configured, ServerSetting, SettingPlace } from "./server-setting.ts";
import type { Variable } from "./shell.ts";
import { shellCommands, shellNumber, shellText } from "./shell.ts";

/** Whether a file that is no Python says how servers are started, or sets variables for them. */
export function isSettingsFile(path: string): boolean {
  return isCommandFile(path);
}

/** Reads how the project starts its servers: from the texts for which `isSettingsFile` holds, and from its Python code. */
export function serverSettingsOf(
  texts: ReadonlyMap<string, string>,
  graph: CallGraph,
  constants: Constants,
): readonly ServerSetting[] {
  const configured = [...gunicornFiles(graph.inference, constants), ...celeryApps(graph, constants)];
  const used = new Set<Configured>();
  const found = commandSettings(texts).map((command): ServerSetting => {
    const own = configurationFor(command, configured);
    if (own) used.add(own);
    return finished(
      own ? completed(command.setting, own.setting) : command.setting,
      command.concurrency ?? own?.concurrency ?? null,
    );
  });
  for (const one of configured) if (!used.has(one)) found.push(finished(one.setting, one.concurrency));
  return [...found, ...startedFromCode(graph, constants)].sort((a, b) =>
    a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line,
  );
}

function finished(setting: ServerSetting, concurrency: Amount | null): ServerSetting {
  return setting.server === "celery" ? pooled(setting, concurrency) : setting;
}

// Commands

interface Started {
  setting: ServerSetting;
  /** The configuration file that the command names. */
  config: string | null;
  /** Celery's concurrency before it is known what its pool runs. */
  concurrency: Amount | null;
}

const commands = new WeakMap<ReadonlyMap<string, string>, readonly Started[]>();

/** What the command files start; they are the same for every program of a repository. */
function commandSettings(texts: ReadonlyMap<string, string>): readonly Started[] {
  const known = commands.get(texts) ?? readCommands(texts);
  commands.set(texts, known);
  return known;
}

function readCommands(texts: ReadonlyMap<string, string>): readonly Started[] {
  const files = [...texts].map(([path, text]) => ({ path, ...commandFile(path, text) }));
  const shared = new Map<string, Variable[]>();
  for (const { variables } of files) for (const [name, variable] of variables) push(shared, name, variable);
  return files.flatMap(({ path, commands }) =>
    commands.flatMap((command) =>
      started(
        command.words,
        path,
        command,
        (name) => command.variables.get(name) ?? nearest(path, shared.get(name) ?? [], (one) => one.path),
      ),
    ),
  );
}

type Lookup = (name: string) => Variable | undefined;

function started(words: readonly string[], path: string, command: Command, variables: Lookup, depth = 0): Started[] {
  const script = shellScript(words);
  if (script !== null)
    return depth > 2
      ? []
      : shellCommands(script).flatMap((inner) => started(inner.words, path, command, variables, depth + 1));
  const found = serverCommand(words);
  if (!found || (found.options.length === 0 && found.app === null)) return [];
  const { server } = found;
  const { line } = command;
  const own = (name: string): Variable | undefined => {
    const before = words.find((word) => word.startsWith(`${name}=`));
    return before === undefined ? variables(name) : { value: before.slice(name.length + 1), path, line };
  };
  const extra = SERVERS[server].extra === null ? undefined : own(SERVERS[server].extra);
  const more = extra
    ? optionsOf(
        server,
        shellCommands(extra.value).flatMap((one) => one.words),
      ).options
    : [];
  const option = (decides: Decides): { option: GivenOption; at: SettingPlace } | null => {
    const given = found.options.findLast((one) => one.decides === decides);
    if (given) return { option: given, at: { path, line, words: `\`${given.written}\`` } };
    const added = more.findLast((one) => one.decides === decides);
    return added && extra
      ? { option: added, at: { path: extra.path, line: extra.line, words: `\`${added.written}\`` } }
      : null;
  };
  const amount = (decides: Decides): Amount | null => {
    const given = option(decides);
    if (given) return amountOf(given.option.value, given.at, own);
    for (const [name, what] of Object.entries(SERVERS[server].variables)) {
      const set = what === decides ? own(name) : undefined;
      if (set) return amountOf(set.value, { path: set.path, line: set.line, words: `\`${name}=${set.value}\`` }, own);
    }
    return null;
  };
  const setting: ServerSetting = {
    server,
    path,
    line,
    workers: amount("workers"),
    threads: amount("threads"),
    connections: amount("connections"),
    brokerPool: null,
    workerClass: shellText(option("class")?.option.value, own),
    app: found.app,
    words: `\`${server}\` in \`${path}\``,
  };
  const config = option("config")?.option.value ?? null;
  const scale = option("autoscale");
  const concurrency =
    amount("concurrency") ?? (scale && amountOf(scale.option.value.split(",")[0] ?? "", scale.at, own));
  return [{ setting, config, concurrency }];
}

/** What lies nearest to a file: the first of those with which it shares most folders. */
function nearest<T>(path: string, all: readonly T[], pathOf: (one: T) => string): T | undefined {
  const folders = path.split("/").slice(0, -1);
  const shares = (one: T): number => {
    const others = pathOf(one).split("/").slice(0, -1);
    const end = folders.findIndex((folder, i) => folder !== others[i]);
    return end < 0 ? folders.length : end;
  };
  return all.reduce<T | undefined>((best, one) => (best && shares(best) >= shares(one) ? best : one), undefined);
}

/** The text that `sh -c` runs. */
function shellScript(words: readonly string[]): string | null {
  const at = words.findIndex((word) => /^-\w*c$/.test(word));
  const before = words[at - 1];
  return at > 0 && before !== undefined && /(?:^|\/)(?:ba|da|a|z)?sh$/.test(before) ? (words[at + 1] ?? null) : null;
}

function amountOf(value: string, at: SettingPlace, variables: Lookup): Amount {
  const found = shellNumber(value, variables);
  const quantity = number(found?.content ?? null);
  if (!found || !quantity)
    return { low: 1, high: Number.POSITIVE_INFINITY, exact: null, formula: value, doubt: 1, from: [at] };
  const through = found.through.map((one) => ({
    path: one.path,
    line: one.line,
    words: `\`${one.name}=${one.value}\``,
  }));
  return { ...quantity, doubt: found.open ? 1 : 0, from: [at, ...through] };
}

function configurationFor({ setting, config }: Started, all: readonly Configured[]): Configured | null {
  const same = all.filter((one) => one.setting.server === setting.server);
  if (setting.server === "gunicorn") {
    // `-c conf/gunicorn.py`, `-c file:conf/gunicorn.py` or `-c python:shop.gunicorn`; without it one file is found by its name.
    const wanted = config?.replace(/^(?:file|python):/, "") ?? "gunicorn.conf.py";
    const meant = same.filter(
      ({ setting: { path }, names }) => fileName(path) === fileName(wanted) || names.includes(wanted),
    );
    return nearest(setting.path, meant, (one) => one.setting.path) ?? null;
  }
  const wanted = setting.app?.split(":")[0];
  const named = same.filter(({ names }) => names.some((name) => name === wanted || name.startsWith(`${wanted}.`)));
  const [only, other] = named.length > 0 ? named : same;
  return only && !other ? only : null;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The command's own settings, with the configuration's where it gives none. */
function completed(setting: ServerSetting, configured: ServerSetting): ServerSetting {
  return {
    ...setting,
    workers: setting.workers ?? configured.workers,
    threads: setting.threads ?? configured.threads,
    connections: setting.connections ?? configured.connections,
    brokerPool: setting.brokerPool ?? configured.brokerPool,
    workerClass: setting.workerClass ?? configured.workerClass,
    app: setting.app ?? configured.app,
  };
}
