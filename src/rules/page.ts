import type { Severity } from "../finding.ts";

/** The words of a rule: what its page is made of. */
export interface RuleText {
  id: string;
  title: string;
  severity: Severity;
  group: string;
  why: string;
  instead: string;
  bad: string;
  good: string;
}

const INTRODUCTION = `# Rules

Each rule names one mistake. **error** goes wrong as soon as the line runs concurrently, **warning** under load or on a bad day,
**notice** is advice. Start-up code, scripts that run a single task, and tests are judged one step milder.

Silence one line with \`# pcr: ignore[rule-id] reason\`, a file with \`# pcr: ignore-file[rule-id]\` in its first ten lines.
`;

/** One section of the rules page; its heading is the anchor that comments link to. */
function rulePage(rule: RuleText): string {
  return `## \`${rule.id}\`

${sentence(rule.title)} Severity **${rule.severity}**.

${rule.why}

Flagged:

${python(rule.bad)}

${rule.instead} Not flagged:

${python(rule.good)}

[Source](${rule.id}.ts) · [cases](../../fixtures/${rule.id}.py) · silence one line with \`# pcr: ignore[${rule.id}]\`
`;
}

/** The whole page: a table of contents by group, then every rule in the order given. */
export function rulesPage(rules: readonly RuleText[]): string {
  const groups = new Map<string, RuleText[]>();
  for (const rule of rules) groups.set(rule.group, [...(groups.get(rule.group) ?? []), rule]);
  const contents = [...groups].map(([group, members]) => `**${group}**\n\n${members.map(contentsLine).join("\n")}\n`);
  const notice = "<!-- Generated from the rules by `npm run build`; edit the rules. -->";
  const sections = [...groups.values()].flat().map(rulePage);
  return [notice, INTRODUCTION, ...contents, ...sections].join("\n");
}

function contentsLine({ id, title, severity }: RuleText): string {
  return `- [\`${id}\`](#${id}) (${severity}): ${title}`;
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

function python(source: string): string {
  return `\`\`\`python\n${source.trim()}\n\`\`\``;
}
