import type { RuleText } from "./rules/page.ts";

const WIDTH = 100;

/** The list of all rules by group, for the terminal. */
export function ruleList(rules: readonly RuleText[], color: boolean): string {
  const width = Math.max(0, ...rules.map(({ id }) => id.length)) + 2;
  const groups = new Set(rules.map(({ group }) => group));
  const sections = [...groups].map((group) => {
    const members = rules.filter((rule) => rule.group === group);
    const lines = members.map(({ id, severity, title }) => `  ${id.padEnd(width)}${severity.padEnd(9)}${title}`);
    return [bold(group, color), ...lines].join("\n");
  });
  return `${sections.join("\n\n")}\n\npcr explain RULE shows a rule's page.\n`;
}

/** A rule's page, for the terminal. */
export function rulePage(rule: RuleText, color: boolean): string {
  const heading = (text: string) => bold(text, color);
  return [
    `${heading(rule.id)} (${rule.severity}, ${rule.group})`,
    "",
    ...wrapped(rule.title),
    "",
    ...wrapped(rule.why),
    "",
    heading("Flagged"),
    "",
    indented(rule.bad),
    "",
    heading("Instead"),
    "",
    ...wrapped(rule.instead),
    "",
    indented(rule.good),
    "",
    `Silence one line with: # pcr: ignore[${rule.id}] reason`,
    "",
  ].join("\n");
}

/** Words put into lines that a terminal holds. */
export function wrapped(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function indented(code: string): string {
  return code
    .trim()
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${line}`))
    .join("\n");
}

function bold(text: string, color: boolean): string {
  return color ? `\x1b[1m${text}\x1b[22m` : text;
}
