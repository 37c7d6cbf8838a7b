import type { Func } from "../python/module.ts";
import type { Cost } from "../runtime/effects/costs.ts";
import { PYTHON_LOOPS } from "../runtime/effects/cpu.ts";

/** Text in code quotes. */
export function quoted(text: string): string {
  return `\`${text.replaceAll("`", "'").replace(/\s+/g, " ")}\``;
}

/** The name of a library call that a reader knows it by: `Image.resize`, `requests.get`. */
export function callName(name: string): string {
  if (name === PYTHON_LOOPS) return "a nest of Python loops";
  const method = /\.__(iter|enter|aenter)__$/.exec(name)?.[1];
  if (method === "iter") return `the loop over ${quoted(shortened(name))}`;
  return method ? `entering ${quoted(shortened(name))}` : quoted(shortened(name));
}

function shortened(name: string): string {
  if (name.includes("(")) return outlined(name);
  const parts = name
    .replace(/\.__call__$/, "")
    .replace(/\.__(?:enter|iter|init|aenter)__$/, "")
    .split(".");
  const owner = parts.at(-2) ?? "";
  if (parts.length > 2 && /^[A-Z]/.test(owner)) return parts.slice(-2).join(".");
  return parts.length > 3 ? parts.slice(-2).join(".") : parts.join(".");
}

/** An expression as it is written, without what it is given. */
function outlined(expression: string): string {
  let depth = 0;
  let text = "";
  for (const char of expression) {
    if (char === ")") depth--;
    if (depth === 0) text += char;
    if (char === "(" && depth++ === 0) text += "…";
  }
  return text;
}

/** What a cost is, as a sentence without its full stop. */
export function costWords({ name, words }: Cost): string {
  return `${callName(name)} ${words}`;
}

/** A function's own name: the last part of the dotted one. */
export function ownName({ name }: Func): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

const MOST_NAME = 60;

/** `a`, `b` or `c`, from the `a / b / c` of the tables. */
export function choices(names: string): string {
  const all = names.split(" / ").map((name) => quoted(name.length > MOST_NAME ? shortened(name) : name));
  const last = all.pop() ?? "";
  return all.length === 0 ? last : `${all.join(", ")} or ${last}`;
}

/** Fills the `{names}` of a sentence; `null` if one has no value. */
export function filled(template: string, values: Readonly<Record<string, string | null>>): string | null {
  let isComplete = true;
  const text = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === null || value === undefined) isComplete = false;
    return value ?? "";
  });
  if (!isComplete) return null;
  return text.startsWith("asyncio ") ? text : text.charAt(0).toUpperCase() + text.slice(1);
}
