import { wrapped } from "./explain.ts";
import { COMMANDS, terminalOptions } from "./invocation.ts";
import type { Option } from "./options.ts";

const WIDTH = 100;

/** The text of `--help`: of the whole program, or of one command. */
export function helpText(command: string | null): string {
  const commands = Object.entries(COMMANDS).filter(([name]) => command === null || name === command);
  const options = terminalOptions().filter(
    ({ terminal }) => command === null || terminal?.commands.some((name) => name === command),
  );
  const general: [string, string][] = [["-h, --help", "Show this help, or a command's."]];
  if (command === null) general.push(["-V, --version", "Show the version."]);
  const usages = commands.map(([, { usage, help }]): [string, string] => [`pcr ${usage}`, help]);
  return [
    "Reviews Python code for one thing: does it use the right concurrency model, and use it safely?",
    "",
    "Usage:",
    ...table(usages),
    "",
    "Options:",
    ...table([...options.map(optionRow), ...general]),
    "",
    "Exit code: 0 nothing at or above --fail-on, 1 findings, 2 no review could be made.",
    "",
  ].join("\n");
}

function optionRow(option: Option): [string, string] {
  const { name, terminal, help, choices, default: fallback, many } = option;
  const value = terminal?.value === null ? "" : ` ${terminal?.value}`;
  const words = choices === undefined ? "" : ` One of ${choices.join(", ")}.`;
  const several = many === true ? " Separated by commas." : "";
  const otherwise = fallback === "" ? "" : ` Default: ${fallback}.`;
  return [`--${name}${value}`, `${help}${words}${several}${otherwise}`];
}

function table(rows: readonly [string, string][]): string[] {
  const left = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.flatMap(([name, text]) => {
    const [first = "", ...others] = wrapped(text, WIDTH - left);
    return [`  ${name}`.padEnd(left) + first, ...others.map((line) => " ".repeat(left) + line)];
  });
}
