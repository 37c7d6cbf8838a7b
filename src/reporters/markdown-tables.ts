import type { ChecklistAnswer, Recommendation } from "../report.ts";
import { cell, code, fenced, link, prose } from "./escape.ts";
import { count, sentence } from "./groups.ts";
import type { LinkBuilder } from "./links.ts";
import { brief, placeLink } from "./markdown-findings.ts";
import { difference, isCommand, MODELS, statusWord, statusWords, workloadWords } from "./words.ts";

const MOST_ROWS = 10;
/** Rows that only say that something must be measured. */
const MOST_OPEN = 3;
const MOST_EVIDENCE = 3;
/** A comment shows one way in full: the others are in the job's summary. */
const MOST_VERIFIED = { "pull-request": 1, job: 3 };

/** The models, as a list because a table of them is wider than a phone: misfits first, then what must be measured; code that fits is one line. */
export function modelList(recommendations: readonly Recommendation[], links: LinkBuilder): string {
  const all = needingThought(recommendations);
  const wrong = all.filter(({ fits }) => fits === false);
  const shown = all.slice(0, wrong.length + MOST_OPEN).slice(0, MOST_ROWS);
  const good = recommendations.filter(({ fits }) => fits === true).length;
  const fitting =
    good === 0 ? "" : `${count(good, "place")} already ${good === 1 ? "uses" : "use"} the model that fits.`;
  if (shown.length === 0) return fitting;
  const more = all.length > shown.length ? `${count(all.length - shown.length, "more function")} left out here.` : "";
  return [
    "#### Which model fits",
    shown.map((given) => modelItem(given, links)).join("\n"),
    [more, fitting].filter(Boolean).join(" "),
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** Whether anything is recommended that the code does not do yet. */
export function recommendsChange(recommendations: readonly Recommendation[]): boolean {
  return recommendations.some(({ fits }) => fits === false);
}

/** The checklist, folded: a headline with counts, then every item with its evidence. */
export function checklistTable(answers: readonly ChecklistAnswer[], links: LinkBuilder): string {
  if (answers.length === 0) return "";
  const order = ["fail", "unknown", "pass", "not-applicable"];
  const sorted = [...answers].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  const rows = sorted.map(({ id, question, status, evidence }) => [
    status === "fail" ? `**${statusWord(status)}**` : statusWord(status),
    `${code(id)} ${brief(question)}`,
    evidenceCell(evidence, links),
  ]);
  return folded(`Checklist: ${statusWords(answers)}`, table(["", "Question", "Evidence"], rows));
}

/** For each recommendation the smallest change with its numbers, what else would do, and the commands that verify it; folded. */
export function verification(recommendations: readonly Recommendation[], where: keyof typeof MOST_VERIFIED): string {
  const most = MOST_VERIFIED[where];
  const shown = needingThought(recommendations).filter(({ verify }) => verify.length > 0);
  if (shown.length === 0) return "";
  const parts = shown
    .slice(0, most)
    .map((given) => [`**${code(given.function)}**`, ...wayThere(given), ...steps(given.verify)].join("\n\n"));
  if (shown.length > most) parts.push(`${count(shown.length - most, "more function")} left out here.`);
  const isChange = shown.some(({ fits }) => fits === false);
  return folded(isChange ? "How to get there, and how to verify" : "How to verify", parts.join("\n\n"));
}

function wayThere({ change, sizes, alternatives }: Recommendation): string[] {
  const lines = [
    ...sizes.map(({ of, value, why }) => `- ${prose(of)}: ${code(value)}; ${prose(sentence(why))}`),
    ...alternatives.map(({ words }) => `- Or: ${prose(sentence(words))}`),
  ];
  return [...(change ? [fenced("diff", difference(change))] : []), ...(lines.length > 0 ? [lines.join("\n")] : [])];
}

/** The program's map as Mermaid, which GitHub draws. */
export function mapSection(map: string | null): string {
  return map === null ? "" : `#### How it runs\n\n${fenced("mermaid", map)}`;
}

/** A part that opens with a click; the blank lines let Markdown begin again inside. */
export function folded(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

function needingThought(recommendations: readonly Recommendation[]): Recommendation[] {
  return [
    ...recommendations.filter(({ fits }) => fits === false),
    ...recommendations.filter(({ fits }) => fits === null),
  ];
}

function modelItem(given: Recommendation, links: LinkBuilder): string {
  const { path, line, reasons, evidence } = given;
  const name = link(code(shortName(given.function)), links.lines(path, line));
  const proofs = evidence.slice(0, MOST_EVIDENCE).map((place, index) => {
    const address = links.lines(place.path, place.line);
    return address === null ? placeLink(place, links) : link(`\\[${index + 1}\\]`, address);
  });
  const why = reasons.map((reason) => sentence(brief(reason))).join(" ");
  return `- ${name}: ${[workloadWords(given), ...proofs].join(" ")}; ${advice(given)}${why === "" ? "" : `<br>${why}`}`;
}

function advice({ current, recommended, fits }: Recommendation): string {
  if (fits === null) return `today ${MODELS[current]}, measure first`;
  if (current === recommended) return `**${MODELS[current]}** is right, this use of it is not`;
  return `today ${MODELS[current]}, better **${MODELS[recommended]}**`;
}

/** The last two parts of a dotted name: the link says the rest. */
function shortName(name: string): string {
  return name.split(".").slice(-2).join(".");
}

function evidenceCell(evidence: ChecklistAnswer["evidence"], links: LinkBuilder): string {
  const shown = evidence
    .slice(0, MOST_EVIDENCE)
    .map((place) => `${placeLink(place, links)} ${brief(place.message)}`.trim());
  if (evidence.length > MOST_EVIDENCE) shown.push(`and ${evidence.length - MOST_EVIDENCE} more`);
  return shown.join("<br>");
}

/** Commands that follow each other share a block; sentences stay sentences. */
function steps(verify: readonly string[]): string[] {
  const blocks: string[] = [];
  let commands: string[] = [];
  const flush = (): void => {
    if (commands.length > 0) blocks.push(fenced("sh", commands.join("\n")));
    commands = [];
  };
  for (const step of verify) {
    if (isCommand(step)) {
      commands.push(step);
      continue;
    }
    flush();
    blocks.push(prose(step));
  }
  flush();
  return blocks;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}
