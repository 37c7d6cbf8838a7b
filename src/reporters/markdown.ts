import type { Report } from "../report.ts";
import { type Section, withinBudget } from "./budget.ts";
import { code, link, prose } from "./escape.ts";
import { capitalised, count, grouped, inState, reported, sentence, severityWords } from "./groups.ts";
import { type LinkBuilder, NO_LINKS } from "./links.ts";
import { brief, findingItem, fixedItem } from "./markdown-findings.ts";
import { checklistTable, folded, mapSection, modelList, recommendsChange, verification } from "./markdown-tables.ts";

export interface MarkdownOptions {
  links?: LinkBuilder;
  /** Characters at most. */
  most?: number;
  /** A comment on a pull request lists fewer findings than a page of its own. */
  for?: "pull-request" | "job";
}

/** GitHub takes 65,536 characters in a comment; some stay free for what is added around the summary. */
const MOST = 60_000;
const LISTED = { "pull-request": [20, 10, 5, 2, 0], job: [500, 200, 100, 50, 20, 10, 5, 2, 0] };
const MOST_FIXED = 10;
const MOST_NOTES = 20;
const MOST_SKIPPED = 10;

/** What goes first when a page is too long. What this change introduces goes last. */
const SHEDDING = [
  "how to verify",
  "checklist",
  "model list",
  "map",
  "files not analysed",
  "fixed",
  "notes",
  "findings",
];

/** The report as Markdown: summary comment, job summary, `--format markdown`. One line when there is nothing to say. */
export function markdown(report: Report, options: MarkdownOptions = {}): string {
  const { links = NO_LINKS, most = MOST } = options;
  const title = report.mode === "audit" ? "Concurrency audit" : "Concurrency review";
  if (isSilent(report)) return `**${title}:** ${silence(report)}`;
  // A change that is fine is not told about the rest of the program.
  const concerned = report.mode === "audit" || reported(report).length > 0 || recommendsChange(report.recommendations);
  const { recommendations, checklist, map } = concerned ? report : { recommendations: [], checklist: [], map: null };
  const sections: Section[] = [
    { name: "verdict", versions: [`### ${title}: ${report.verdict}\n\n${verdict(report)}`] },
    { name: "findings", versions: findingLists(report, links, LISTED[options.for ?? "job"]) },
    optional("fixed", fixedList(report, links)),
    optional("map", mapSection(map)),
    optional("model list", modelList(recommendations, links)),
    optional("checklist", checklistTable(checklist, links)),
    optional("how to verify", verification(recommendations, options.for ?? "job")),
    optional("notes", notes(report)),
    optional("files not analysed", skipped(report)),
    { name: "footer", versions: [footer(report)] },
  ];
  return withinBudget(sections, SHEDDING, most, (names) => shedNote(names, links));
}

function optional(name: string, text: string): Section {
  return { name, versions: [text, ""] };
}

function isSilent(report: Report): boolean {
  const { verdict, notes, stats, recommendations } = report;
  const hasMore = notes.length > 0 || stats.skipped.length > 0 || stats.fixed > 0 || recommendsChange(recommendations);
  return verdict === "pass" && reported(report).length === 0 && !hasMore;
}

function silence({ mode, stats }: Report): string {
  const files = count(stats.files, "file");
  if (mode === "audit") return `no problems in ${files}.`;
  return stats.files === 0 ? "no Python changed." : `this change introduces no problems (${files} analysed).`;
}

function verdict(report: Report): string {
  const { mode, stats } = report;
  if (report.verdict === "error")
    return "The review could not be made: changed files could not be analysed (see below).";
  const found = reported(report);
  const words = severityWords(found).replace(/, ([^,]*)$/, " and $1");
  if (mode === "audit") {
    if (found.length === 0) return `No problems in ${count(stats.files, "file")}.`;
    return `${words} in ${count(new Set(found.map(({ path }) => path)).size, "file")}.`;
  }
  const fixes = stats.fixed === 0 ? "" : `, and fixes ${stats.fixed}`;
  return `This change introduces ${found.length === 0 ? "no problems" : words}${fixes}.`;
}

/** Versions of the list, each shorter than the one before. */
function findingLists(report: Report, links: LinkBuilder, limits: readonly number[]): [string, ...string[]] {
  const groups = grouped(reported(report));
  const heading = report.mode === "audit" ? "#### Found" : "#### Introduced";
  const list = (limit: number): string => {
    const shown = groups.slice(0, limit);
    const left = groups.slice(limit).reduce((sum, { others }) => sum + 1 + others.length, 0);
    const more = left === 0 ? [] : [`${count(left, shown.length === 0 ? "finding" : "more finding")} not listed here.`];
    // Items with blank lines between them are set apart; without, they run into each other.
    return [heading, ...shown.map((group) => findingItem(group, links)), ...more].join("\n\n");
  };
  if (groups.length === 0) return [""];
  const [first = 0, ...rest] = limits;
  return [list(first), ...rest.filter((limit) => limit < groups.length).map(list)];
}

function fixedList(report: Report, links: LinkBuilder): string {
  const found = report.mode === "review" ? inState(report, "fixed") : [];
  if (found.length === 0) return "";
  const items = found.slice(0, MOST_FIXED).map((finding) => fixedItem(finding, links));
  if (found.length > MOST_FIXED) items.push(`- and ${found.length - MOST_FIXED} more`);
  return `#### Fixed\n\n${items.join("\n")}`;
}

function notes({ notes: all }: Report): string {
  if (all.length === 0) return "";
  const items = all.slice(0, MOST_NOTES).map((note) => `- ${capitalised(sentence(brief(note)))}`);
  if (all.length > MOST_NOTES) items.push(`- and ${all.length - MOST_NOTES} more`);
  return `#### Notes\n\n${items.join("\n")}`;
}

function skipped({ stats }: Report): string {
  if (stats.skipped.length === 0) return "";
  const items = stats.skipped
    .slice(0, MOST_SKIPPED)
    .map(({ path, reason, whole }) => `- ${code(path)}: ${prose(reason)}${whole ? "" : " (the rest was analysed)"}`);
  if (stats.skipped.length > MOST_SKIPPED) items.push(`- and ${stats.skipped.length - MOST_SKIPPED} more`);
  const title = `Not analysed: ${count(stats.skipped.length, "file")}, in whole or in part`;
  return stats.skipped.some(({ whole }) => whole)
    ? `#### Not analysed\n\n${items.join("\n")}`
    : folded(title, items.join("\n"));
}

function footer({ mode, stats, pythonVersion }: Report): string {
  const sentences = [`${count(stats.files, "file")}, ${count(stats.lines, "line")}, read as Python ${pythonVersion}.`];
  if (mode === "review" && stats.existing > 0) {
    sentences.push(
      `${count(stats.existing, "existing problem")} in what this change touches or reaches ${stats.existing === 1 ? "does" : "do"} not count.`,
    );
  }
  if (stats.suppressed > 0) sentences.push(`${stats.suppressed} suppressed by ignore comments.`);
  return `<sub>${sentences.join(" ")}</sub>`;
}

function shedNote(names: readonly string[], links: LinkBuilder): string {
  const where = links.run === null ? "" : ` ${link("The run", links.run)} has everything.`;
  return `*${count(names.length, "section")} shortened or left out for length: ${names.join(", ")}.*${where}`;
}
