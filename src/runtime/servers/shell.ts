import type { Content } from "../../python/constant.ts";
import { CPUS, operate } from "../../python/constant.ts";

/** One command of a shell text: its words without quotes (substitutions as written), and the line of the text (from 0) it starts on. */
export interface ShellCommand {
  words: readonly string[];
  line: number;
}

/** The value of a variable as written, and where. */
export interface Variable {
  value: string;
  path: string;
  line: number;
}

/** What a word of a command is worth as a number, and the variables that it came through. */
export interface ShellNumber {
  content: Content;
  through: readonly (Variable & { name: string })[];
  /** Whether the environment of the run may say otherwise. */
  open: boolean;
}

/** Splits a shell text into commands at newlines, `;`, `&`, `|`, `&&` and `||`; joins continued lines; leaves comments out, and what follows a quote that never closes. */
export function shellCommands(text: string): ShellCommand[] {
  const found: ShellCommand[] = [];
  let words: string[] = [];
  let word: string | null = null;
  let line = 0;
  let start = 0;
  const endWord = (): void => {
    if (word !== null) words.push(word);
    word = null;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) found.push({ words, line: start });
    words = [];
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? "";
    if (word === null && words.length === 0) start = line;
    if (char === "\\") {
      const next = text[i + 1] ?? "";
      if (next === "\r" && text[i + 2] === "\n") i++;
      if (next === "\n" || next === "\r") line++;
      else word = (word ?? "") + next;
      i++;
    } else if (char === "\n" || char === ";" || char === "|" || (char === "&" && !/[<>]$/.test(word ?? ""))) {
      endCommand();
      if (char === "\n") line++;
    } else if (/\s/.test(char)) endWord();
    else if (char === "#" && word === null) {
      while (i + 1 < text.length && text[i + 1] !== "\n") i++;
    } else if (char === "'" || char === '"') {
      const end = quoteEnd(text, i);
      if (end === text.length) return found;
      const inside = text.slice(i + 1, end);
      word = (word ?? "") + (char === '"' ? inside.replace(/\\(["\\$`]|\r?\n)/g, unescaped) : inside);
      line += count(inside);
      i = end;
    } else if (char === "$" && (text[i + 1] === "(" || text[i + 1] === "{")) {
      const end = substitutionEnd(text, i + 1);
      word = (word ?? "") + text.slice(i, end + 1);
      line += count(text.slice(i, end + 1));
      i = end;
    } else word = (word ?? "") + char;
  }
  endCommand();
  return found;
}

function unescaped(whole: string, char: string): string {
  return char === '"' || char === "\\" ? char : char === "$" || char === "`" ? whole : "";
}

function count(text: string): number {
  return text.split("\n").length - 1;
}

/** The closing quote; after the text if there is none. */
function quoteEnd(text: string, open: number): number {
  const quote = text[open];
  for (let i = open + 1; i < text.length; i++) {
    if (text[i] === "\\" && quote === '"') i++;
    else if (text[i] === quote) return i;
  }
  return text.length;
}

function substitutionEnd(text: string, open: number): number {
  const [left, right] = text[open] === "(" ? ["(", ")"] : ["{", "}"];
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === left) depth++;
    else if (text[i] === right && --depth === 0) return i;
  }
  return text.length;
}

const MOST_STEPS = 6;

/** The number that a word stands for; `null` if the files do not say. */
export function shellNumber(
  word: string,
  variables: (name: string) => Variable | undefined,
  depth = 0,
): ShellNumber | null {
  const plain = word.trim();
  if (/^\d{1,9}$/.test(plain)) return { content: { kind: "number", value: Number(plain) }, through: [], open: false };
  if (depth > MOST_STEPS) return null;
  // uWSGI's own word for the number of CPUs.
  if (plain === "%k" || COUNTS_CPUS.test(plain)) return { content: CPUS, through: [], open: false };
  const reference = referenceOf(plain);
  if (reference) {
    const { name: variable, fallback } = reference;
    const known = variables(variable);
    const inner = known ? shellNumber(known.value, variables, depth + 1) : null;
    if (known && inner) return { ...inner, through: [{ ...known, name: variable }, ...inner.through], open: true };
    const other = fallback === undefined ? null : shellNumber(fallback, variables, depth + 1);
    return other && { ...other, open: true };
  }
  const sum = /^\$\(\((.*)\)\)$/s.exec(plain)?.[1];
  return sum === undefined ? null : arithmetic(sum, variables, depth + 1);
}

/** The text that a word stands for; `null` if the files do not say. */
export function shellText(
  word: string | undefined,
  variables: (name: string) => Variable | undefined,
  depth = 0,
): string | null {
  if (word === undefined || depth > MOST_STEPS) return null;
  if (!/[$`]/.test(word)) return word;
  const reference = referenceOf(word.trim());
  return reference && shellText(variables(reference.name)?.value ?? reference.fallback, variables, depth + 1);
}

/** `$NAME`, `${NAME}` or `${NAME:-default}`. */
function referenceOf(word: string): { name: string; fallback: string | undefined } | null {
  const [, name, fallback] = /^\$\{(\w+)(?::?[-=](.*))?\}$/s.exec(word) ?? /^\$(\w+)$/.exec(word) ?? [];
  return name === undefined ? null : { name, fallback };
}

const COUNTS_CPUS =
  /^(?:\$\(|`)\s*(?:nproc(?:\s+--all)?|getconf\s+_NPROCESSORS_(?:ONLN|CONF)|grep\s+-c\s+\S*processor\S*\s+\/proc\/cpuinfo)\s*(?:\)|`)$/;

/** The inside of `$(( … ))`. */
function arithmetic(
  text: string,
  variables: (name: string) => Variable | undefined,
  depth: number,
): ShellNumber | null {
  const tokens = tokensOf(text);
  const through: (Variable & { name: string })[] = [];
  let open = false;
  let at = 0;
  const operand = (): Content | null => {
    const token = tokens[at++];
    if (token === undefined) return null;
    if (token === "(") {
      const inner = sum();
      return tokens[at++] === ")" ? inner : null;
    }
    const found = shellNumber(/^[A-Za-z_]\w*$/.test(token) ? `$${token}` : token, variables, depth);
    if (!found) return null;
    through.push(...found.through);
    open ||= found.open;
    return found.content;
  };
  const chain = (next: () => Content | null, operators: RegExp): Content | null => {
    let left = next();
    while (left && operators.test(tokens[at] ?? "")) {
      const op = tokens[at++] ?? "";
      const right = next();
      left = right && operate(op === "/" ? "//" : op, left, right);
    }
    return left;
  };
  const product = (): Content | null => chain(operand, /^[*/%]$/);
  const sum = (): Content | null => (at > MOST_TOKENS ? null : chain(product, /^[+-]$/));
  const content = tokens.length > MOST_TOKENS ? null : sum();
  return content && at === tokens.length ? { content, through, open } : null;
}

const MOST_TOKENS = 60;

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let i = 0; i < text.length; i++) {
    const rest = text.slice(i, i + 200);
    if (/^\s/.test(rest)) continue;
    const end = rest.startsWith("$(") || rest.startsWith("${") ? substitutionEnd(text, i + 1) + 1 : 0;
    const token = end > 0 ? text.slice(i, end) : (/^\$?\w+|^`[^`]*`/.exec(rest)?.[0] ?? rest[0] ?? "");
    tokens.push(token);
    i += token.length - 1;
  }
  return tokens;
}
