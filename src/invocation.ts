import { parseArgs } from "node:util";
import { InputError } from "./errors.ts";
import { nearest } from "./nearest.ts";
import { type Command, OPTIONS, type Option } from "./options.ts";
import { choice } from "./values.ts";

/** What the command line asks for. */
export interface Invocation {
  command: Command | "help" | "version";
  /** Paths of an audit, the rule to explain, the command whose help is wanted. */
  names: string[];
  /** Options by name, as written; one that has no value is `""`. */
  values: ReadonlyMap<string, string>;
}

/** Every command, how it is called and what it does. */
export const COMMANDS: Readonly<Record<Command, { usage: string; help: string }>> = {
  review: {
    usage: "review [options]",
    help: "findings that a git range introduces; by default those of your branch and work tree",
  },
  audit: { usage: "audit [options] [PATH ...]", help: "findings in files and folders as they stand (default: .)" },
  rules: { usage: "rules", help: "list every rule" },
  explain: { usage: "explain RULE", help: "show a rule's page" },
};

/** The options that commands take on the terminal. */
export function terminalOptions(): Option[] {
  return OPTIONS.filter(({ terminal }) => terminal !== undefined);
}

/** Reads the arguments. Whatever is wrong with them is an `InputError` that names the nearest right word. */
export function readArguments(args: readonly string[], rules: readonly string[]): Invocation {
  const options: Record<string, { type: "boolean" | "string"; short?: string }> = {
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "V" },
  };
  for (const { name, terminal } of terminalOptions()) {
    options[name] = { type: terminal?.value === null ? "boolean" : "string" };
  }
  // Not strict: our own messages say what to type instead.
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string>();
  let wanted: "help" | "version" | null = null;
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    if (token.name === "help" || token.name === "version") wanted ??= token.name;
    else {
      const option = knownOption(token.name, token.rawName);
      const text = checkedValue(option, token.value, token.inlineValue === true, rules);
      const earlier = option.many === true ? values.get(option.name) : undefined;
      values.set(option.name, earlier === undefined ? text : `${earlier},${text}`);
    }
  }
  const [word, ...names] = positionals;
  if (wanted !== null) return { command: wanted, names: word === undefined ? [] : [commandOf(word)], values };
  const command = commandOf(word);
  for (const name of values.keys()) belongs(name, command);
  checkNames(command, names, rules);
  return { command, names, values };
}

function commandOf(word: string | undefined): Command {
  const commands = keysOf(COMMANDS);
  if (word === undefined) throw new InputError(`name a command (${commands.join(", ")}); pcr --help says more`);
  const found = commands.find((command) => command === word);
  if (found !== undefined) return found;
  const near = nearest(word, commands);
  const hint = near === null ? `the commands are ${commands.join(", ")}` : `did you mean ${near}?`;
  throw new InputError(`unknown command ${JSON.stringify(word)}; ${hint}`);
}

function knownOption(name: string, written: string): Option {
  const options = terminalOptions();
  const found = written.startsWith("--") ? options.find((option) => option.name === name) : undefined;
  if (found !== undefined) return found;
  const near = nearest(name, [...options.map((option) => option.name), "help", "version"]);
  const hint = near === null ? "pcr --help lists all" : `did you mean --${near}?`;
  throw new InputError(`unknown option ${written}; ${hint}`);
}

function checkedValue(option: Option, value: string | undefined, isInline: boolean, rules: readonly string[]): string {
  const flag = `--${option.name}`;
  const meta = option.terminal?.value ?? null;
  if (meta === null) {
    if (value !== undefined) throw new InputError(`${flag} takes no value; leave out ${JSON.stringify(value)}`);
    return "";
  }
  if (value === undefined || value === "") throw new InputError(`${flag} needs a value: ${flag} ${meta}`);
  if (!isInline && /^-./.test(value)) {
    throw new InputError(`${flag} needs a value before ${value}: ${flag} ${meta}`);
  }
  const fault = (problem: string) => new InputError(`${flag} ${problem}`);
  if (option.choices !== undefined) choice({ value, rules, fault }, option.choices);
  return value;
}

function belongs(name: string, command: Command): void {
  const commands = OPTIONS.find((option) => option.name === name)?.terminal?.commands ?? [];
  if (commands.includes(command)) return;
  throw new InputError(
    `pcr ${command} does not take --${name}, only ${commands.map((each) => `pcr ${each}`).join(" and ")} does`,
  );
}

function checkNames(command: Command, names: readonly string[], rules: readonly string[]): void {
  const most = command === "audit" ? Number.POSITIVE_INFINITY : command === "explain" ? 1 : 0;
  const extra = names[most];
  if (extra !== undefined) {
    const hint = command === "review" ? "; use --base and --head for a range, --repo for a folder" : "";
    throw new InputError(`pcr ${command} does not take ${JSON.stringify(extra)}${hint}`);
  }
  if (command !== "explain") return;
  const [rule] = names;
  if (rule === undefined) throw new InputError("pcr explain needs the name of a rule; pcr rules lists all");
  if (rules.includes(rule)) return;
  const near = nearest(rule, rules);
  const hint = near === null ? "pcr rules lists all" : `did you mean ${near}?`;
  throw new InputError(`unknown rule ${JSON.stringify(rule)}; ${hint}`);
}

function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): K[] {
  const keys: K[] = [];
  for (const key in record) keys.push(key);
  return keys;
}
