import type { Variable } from "./shell.ts";
import { shellCommands } from "./shell.ts";

/** A command that a file has the system run: its words, its line (1-based), and the variables set for it. */
export interface Command {
  words: readonly string[];
  line: number;
  variables: ReadonlyMap<string, Variable>;
}

/** What a file that is no Python says about running the program. */
export interface CommandFile {
  commands: Command[];
  /** Variables that hold beyond the file: of images, and of `.env` files. */
  variables: Map<string, Variable>;
}

type Read = (text: string, path: string) => CommandFile;

const MOST_CHARACTERS = 256 * 1024;

/** Whether a file says how the program's servers are started. */
export function isCommandFile(path: string): boolean {
  return readerOf(path) !== null;
}

/** Reads the commands of one file; files that are too long, or of another kind, have none. */
export function commandFile(path: string, text: string): CommandFile {
  const read = text.length > MOST_CHARACTERS ? null : readerOf(path);
  return read ? read(text, path) : { commands: [], variables: new Map() };
}

function readerOf(path: string): Read | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/^Procfile(?:\..+)?$/.test(name)) return readProcfile;
  if (/^(?:Dockerfile|Containerfile)(?:[._-].+)?$|\.(?:dockerfile|containerfile)$/i.test(name)) return readDockerfile;
  if (/^(?:docker-)?compose[^/]*\.ya?ml$/.test(name)) return readCompose;
  if (/\.service$/.test(name)) return readUnit;
  if (/uwsgi[^/]*\.ini$/.test(name)) return readUwsgi;
  const isSupervisor = /supervisor|worker|celery|gunicorn|uvicorn|program/;
  if (/\.(?:conf|ini)$/.test(name)) return isSupervisor.test(path) ? readSupervisor : null;
  // Images keep their start scripts without an ending too.
  if (/^(?:docker-)?entrypoint$|^start$/.test(name)) return readScript;
  if (/(?:start|entrypoint|run|serve|worker|web|boot|launch|gunicorn|uvicorn|celery)[^/]*\.sh$/.test(name))
    return readScript;
  return /^\.env(?:\.[\w-]+)*$/.test(name) ? readEnv : null;
}

function commandsOf(text: string, line: number, variables: ReadonlyMap<string, Variable>): Command[] {
  return shellCommands(text).map((command) => ({ words: command.words, line: line + command.line, variables }));
}

function readProcfile(text: string): CommandFile {
  const commands = text.split("\n").flatMap((row, index) => {
    const command = /^[\w-]+:\s*(.+)$/.exec(row.trim())?.[1];
    return command === undefined ? [] : commandsOf(command, index + 1, new Map());
  });
  return { commands, variables: new Map() };
}

function readScript(text: string, path: string): CommandFile {
  const variables = new Map<string, Variable>();
  const commands: Command[] = [];
  for (const { words, line } of shellCommands(text)) {
    const sets = words.filter((word) => word !== "export" && word !== "local" && word !== "readonly");
    const isSetting = sets.length > 0 && sets.every((word) => ASSIGNMENT.test(word));
    // `: "${WORKERS:=4}"` sets a default.
    const [, preset, fallback] = words[0] === ":" ? (/^\$\{(\w+):?=(.*)\}$/s.exec(words[1] ?? "") ?? []) : [];
    if (preset !== undefined) variables.set(preset, { value: fallback ?? "", path, line: line + 1 });
    else if (isSetting) for (const word of sets) setFrom(word, variables, path, line + 1);
    else commands.push({ words, line: line + 1, variables: new Map(variables) });
  }
  return { commands, variables: new Map() };
}

const ASSIGNMENT = /^(\w+)=(.*)$/s;

function setFrom(word: string, variables: Map<string, Variable>, path: string, line: number): void {
  const [, name, value] = ASSIGNMENT.exec(word) ?? [];
  // `X="${X:-4}"` keeps what the environment says, so its own name must not lead back to it.
  if (name !== undefined && value !== undefined) {
    const own = new RegExp(`^\\$\\{${name}:?[-=](.*)\\}$`, "s").exec(value)?.[1];
    variables.set(name, { value: own ?? value, path, line });
  }
}

function readEnv(text: string, path: string): CommandFile {
  const variables = new Map<string, Variable>();
  for (const [index, row] of text.split(/\r?\n/).entries()) {
    const [, name, value] = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$/.exec(row) ?? [];
    if (name !== undefined && value !== undefined)
      variables.set(name, { value: unquoted(value.replace(/\s+#.*$/, "")), path, line: index + 1 });
  }
  return { commands: [], variables };
}

/** Lines with their continuations; comment lines between them are left out. */
function logicalLines(text: string): { row: string; line: number }[] {
  const found: { row: string; line: number }[] = [];
  let open: { row: string; line: number } | null = null;
  for (const [index, row] of text.split(/\r?\n/).entries()) {
    if (/^\s*#/.test(row)) continue;
    const joined: { row: string; line: number } = open
      ? { ...open, row: `${open.row} ${row}` }
      : { row, line: index + 1 };
    open = /\\\s*$/.test(row) ? { ...joined, row: joined.row.replace(/\\\s*$/, "") } : null;
    if (!open) found.push(joined);
  }
  if (open) found.push(open);
  return found;
}

interface Instruction {
  words: readonly string[] | null;
  shell: string;
  line: number;
}

function readDockerfile(text: string, path: string): CommandFile {
  const commands: Command[] = [];
  const variables = new Map<string, Variable>();
  let entrypoint: Instruction | null = null;
  let cmd: Instruction | null = null;
  const endStage = (): void => {
    const arguments_ = entrypoint?.words && cmd?.words;
    if (entrypoint?.words && arguments_)
      commands.push({ words: [...entrypoint.words, ...arguments_], line: cmd?.line ?? 0, variables });
    else {
      const run = entrypoint ?? cmd;
      if (run?.words) commands.push({ words: run.words, line: run.line, variables });
      else if (run)
        commands.push(...shellCommands(run.shell).map(({ words }) => ({ words, line: run.line, variables })));
    }
    entrypoint = null;
    cmd = null;
  };
  for (const { row, line } of logicalLines(text)) {
    const [, keyword = "", rest = ""] = /^\s*(FROM|ENV|ARG|CMD|ENTRYPOINT)\s+(.*)$/is.exec(row) ?? [];
    const instruction = { words: jsonWords(rest), shell: rest, line };
    switch (keyword.toUpperCase()) {
      case "FROM":
        endStage();
        break;
      case "CMD":
        cmd = instruction;
        break;
      case "ENTRYPOINT":
        entrypoint = instruction;
        break;
      case "ENV":
      case "ARG": {
        const words = shellCommands(rest).flatMap((command) => command.words);
        const [name, ...value] = words;
        if (name !== undefined && !name.includes("=") && keyword.toUpperCase() === "ENV")
          variables.set(name, { value: value.join(" "), path, line });
        else for (const word of words) setFrom(word, variables, path, line);
      }
    }
  }
  endStage();
  return { commands, variables };
}

function jsonWords(text: string): readonly string[] | null {
  if (!text.trimStart().startsWith("[")) return null;
  try {
    const items: unknown = JSON.parse(text);
    return Array.isArray(items) && items.every((item) => typeof item === "string") ? items : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function readUnit(text: string, path: string): CommandFile {
  const variables = new Map<string, Variable>();
  const commands: Command[] = [];
  for (const { row, line } of logicalLines(text)) {
    const [, key, value = ""] = /^\s*(ExecStart|Environment)\s*=\s*(.*)$/.exec(row) ?? [];
    if (key === "ExecStart") commands.push(...commandsOf(value.replace(/^[-@:+!|]+/, ""), line, variables));
    else if (key === "Environment")
      for (const { words } of shellCommands(value)) for (const word of words) setFrom(word, variables, path, line);
  }
  return { commands, variables: new Map() };
}

function readSupervisor(text: string, path: string): CommandFile {
  const commands: Command[] = [];
  let variables = new Map<string, Variable>();
  let inProgram = false;
  for (const { key, value, line, section } of iniEntries(text)) {
    if (section) {
      variables = new Map();
      inProgram = key.startsWith("[program:");
    } else if (!inProgram) continue;
    else if (key === "command")
      commands.push(
        ...commandsOf(
          value.replace(/%\(ENV_(\w+)\)s/g, (_, name) => `\${${name}}`),
          line,
          variables,
        ),
      );
    else if (key === "environment")
      for (const { words } of shellCommands(value.replace(/,(?=\s*\w+=)/g, " ")))
        for (const word of words) setFrom(word, variables, path, line);
  }
  return { commands, variables: new Map() };
}

/** The settings of a uWSGI file, as the options they are. */
function readUwsgi(text: string): CommandFile {
  const words = ["uwsgi"];
  let line = 1;
  for (const entry of iniEntries(text)) {
    if (entry.section) continue;
    if (words.length === 1) line = entry.line;
    words.push(`--${entry.key}=${entry.value}`);
  }
  return { commands: words.length > 1 ? [{ words, line, variables: new Map() }] : [], variables: new Map() };
}

/** Settings of an INI file in order, continued lines joined; a `section` is a header. */
function iniEntries(text: string): { key: string; value: string; line: number; section: boolean }[] {
  const found: { key: string; value: string; line: number; section: boolean }[] = [];
  for (const [index, row] of text.split(/\r?\n/).entries()) {
    const plain = row.replace(/(?:^|\s)[;#].*$/, "").trimEnd();
    const last = found.at(-1);
    if (/^\s+\S/.test(plain) && last && !last.section) last.value += ` ${plain.trim()}`;
    else if (/^\[.+\]$/.test(plain)) found.push({ key: plain, value: "", line: index + 1, section: true });
    else {
      const [, key, value] = /^\s*([\w-]+)\s*=\s*(.*)$/.exec(plain) ?? [];
      if (key !== undefined && value !== undefined)
        found.push({ key, value: value.replace(/\\$/, ""), line: index + 1, section: false });
    }
  }
  return found;
}

/** Reads `command`, `entrypoint` and `environment` below any service: by indentation alone, since we need nothing else of YAML. */
function readCompose(text: string, path: string): CommandFile {
  const rows = text.split(/\r?\n/);
  const services = new Map<string, Map<string, ComposeValue>>();
  const stack: { indent: number; key: string }[] = [];
  for (let index = 0; index < rows.length; index++) {
    const [, spaces, key, rest] = /^(\s*)([\w.-]+)\s*:(?:\s+(.*))?$/.exec(rows[index] ?? "") ?? [];
    if (spaces === undefined || key === undefined) continue;
    while ((stack.at(-1)?.indent ?? -1) >= spaces.length) stack.pop();
    const owner = stack.map((one) => one.key).join("/");
    stack.push({ indent: spaces.length, key });
    if (!/^(?:command|entrypoint|environment)$/.test(key) || stack.length < 2) continue;
    const value = composeValue(rows, index, spaces.length, rest ?? "");
    const known = services.get(owner);
    if (known) known.set(key, value);
    else services.set(owner, new Map([[key, value]]));
    index = value.last;
  }
  const commands: Command[] = [];
  for (const service of services.values()) {
    const variables = new Map<string, Variable>();
    for (const item of service.get("environment")?.items ?? []) {
      const [, name, value] = /^(\w+)\s*[:=]\s*(.*)$/s.exec(item.text) ?? [];
      if (name !== undefined && value !== undefined)
        variables.set(name, { value: unquoted(value), path, line: item.line });
    }
    const [entrypoint, command] = [service.get("entrypoint"), service.get("command")].map(composeWords);
    const line = (service.get("command") ?? service.get("entrypoint"))?.line ?? 1;
    const [first] = entrypoint ?? [];
    if (entrypoint?.length === 1 && first && command?.length === 1)
      commands.push({ words: [...first, ...(command[0] ?? [])], line, variables });
    else for (const words of [...(entrypoint ?? []), ...(command ?? [])]) commands.push({ words, line, variables });
  }
  return { commands, variables: new Map() };
}

interface ComposeValue {
  /** The text of a scalar, else the items of a list or mapping. */
  text: string | null;
  items: { text: string; line: number }[];
  line: number;
  /** Index of the last row that belongs to it. */
  last: number;
}

function composeValue(rows: readonly string[], index: number, indent: number, rest: string): ComposeValue {
  const plain = rest
    .replace(/^&\S+\s*/, "")
    .replace(/\s+#.*$/, "")
    .trim();
  const block: { text: string; line: number }[] = [];
  let last = index;
  for (let at = index + 1; at < rows.length; at++) {
    const row = rows[at] ?? "";
    const depth = row.length - row.trimStart().length;
    // Items of a list may stand in the column of their key.
    if (row.trim() !== "" && depth <= indent && !(plain === "" && depth === indent && /^\s*-\s/.test(row))) break;
    if (row.trim() !== "" && !/^\s*#/.test(row)) block.push({ text: row.trim(), line: at + 1 });
    last = at;
  }
  const line = index + 1;
  const whole = [plain, ...block.map((one) => one.text)].join(" ").trim();
  if (/^[|>][-+\d]*$/.test(plain))
    return { text: block.map((one) => one.text).join(plain.startsWith("|") ? "\n" : " "), items: [], line, last };
  if (plain.startsWith("[") || (plain === "" && whole.startsWith("[")))
    return { text: null, items: flowItems(whole, line), line, last };
  if (plain !== "") return { text: unquoted(whole), items: [], line, last };
  return {
    text: null,
    items: block.map(({ text, line: at }) => ({
      text: unquoted(text.replace(/^-\s+/, "").replace(/\s+#.*$/, "")),
      line: at,
    })),
    line,
    last,
  };
}

function flowItems(text: string, line: number): { text: string; line: number }[] {
  const inside = text.replace(/^\[/, "").replace(/\]\s*(?:#.*)?$/, "");
  return [...inside.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,][^,]*)/g)].map(([, double, single, bare]) => ({
    text: double?.replace(/\\(.)/g, "$1") ?? single ?? bare?.trim() ?? "",
    line,
  }));
}

/** The commands of a value; compose writes `$$` for a dollar that the shell shall see. */
function composeWords(value: ComposeValue | undefined): readonly (readonly string[])[] | undefined {
  if (!value) return undefined;
  if (value.text !== null) return shellCommands(value.text.replaceAll("$$", "$")).map(({ words }) => words);
  return [value.items.map(({ text }) => text.replaceAll("$$", "$"))];
}

function unquoted(text: string): string {
  const trimmed = text.trim();
  return /^"(?:[^"\\]|\\.)*"$|^'[^']*'$/.test(trimmed) ? trimmed.slice(1, -1).replaceAll('\\"', '"') : trimmed;
}
