import stringWidth from "string-width";
import { byPlace, type Finding, type Place } from "../finding.ts";
import type { ChecklistAnswer, Recommendation, Report } from "../report.ts";
import { noCommands, plain, sourceLine } from "./escape.ts";
import { excerpt, plainExcerpt } from "./excerpt.ts";
import { count, type Group, grouped, inState, reported, sentence, severityWords } from "./groups.ts";
import { type Paint, paintOf, severe } from "./paint.ts";
import type { Sources } from "./sources.ts";
import { difference, modelWords, statusWords, workloadWords } from "./words.ts";

export interface TextOptions {
  color: boolean;
  /** Columns of the terminal. */
  width?: number;
}

interface Page {
  sources: Sources;
  paint: Paint;
  width: number;
}

const WIDTH = 100;
const NARROWEST = 40;
const MOST_CALLERS = 10;
const MOST_FIXED = 20;
const INDENT = "  ";

/** The report for a terminal: findings by file with their source, then the rest, then one line that sums it up. */
export function text(report: Report, sources: Sources, options: TextOptions): string {
  const page: Page = { sources, paint: paintOf(options.color), width: Math.max(NARROWEST, options.width ?? WIDTH) };
  const sections = [
    ...files(report, page),
    fixed(report, page),
    ...(report.mode === "audit" ? [checklist(report.checklist, page)] : []),
    recommendations(report.recommendations, page),
    skipped(report, page),
    report.notes.flatMap((note) => hanging(sentence(plain(note)), "note: ", "", page.width)),
    summary(report, page),
  ];
  const whole = sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
  return `${noCommands(whole)}\n`;
}

function files(report: Report, page: Page): string[][] {
  const byFile = new Map<string, Group[]>();
  const groups = grouped(reported(report)).sort((a, b) => byPlace(a.lead, b.lead));
  for (const group of groups) byFile.set(group.lead.path, [...(byFile.get(group.lead.path) ?? []), group]);
  return [...byFile].map(([path, members]) => [
    page.paint.bold(plain(path)),
    ...members.flatMap((group) => ["", ...findingLines(group, page)]),
  ]);
}

function findingLines({ lead, others }: Group, page: Page): string[] {
  const { paint, width } = page;
  const head = `${lead.startLine}:${lead.startColumn}`;
  const title = `${INDENT}${paint.bold(head)}  ${severe(paint, lead.severity, lead.severity)}  ${paint.dim(lead.rule)}`;
  const sure = lead.confidence === "high" ? "" : paint.dim(`  (${lead.confidence} confidence)`);
  return [
    `${title}${sure}`,
    ...hanging(sentence(plain(lead.message)), INDENT, INDENT, width),
    "",
    ...sourceLines(lead, page),
    ...lead.trace.flatMap((place) => placeLines(place, page)),
    ...(lead.instead === ""
      ? []
      : ["", ...hanging(sentence(plain(lead.instead)), `${INDENT}instead: `, INDENT.repeat(2), width)]),
    ...callers(others, page),
  ];
}

/** The primary line with the mark under it. */
function sourceLines(finding: Finding, { sources, paint, width }: Page): string[] {
  const line = sources.line(finding.path, finding.startLine);
  if (line === undefined) return [];
  const gutter = gutterOf(finding.startLine);
  const end = finding.endLine > finding.startLine ? line.length + 1 : finding.endColumn;
  const { text: shown, before, marked } = excerpt(line, finding.startColumn, end, width - gutter.length);
  const mark = `${" ".repeat(before)}${severe(paint, finding.severity, "^".repeat(marked))}`;
  return [`${paint.dim(gutter)}${shown}`, `${paint.dim(`${" ".repeat(gutter.length - 2)}│ `)}${mark}`];
}

/** A step of the trace: where, what, and its line. */
function placeLines({ path, line, message }: Place, { sources, paint, width }: Page): string[] {
  const where = `${INDENT.repeat(2)}${plain(path)}:${line}`;
  const source = sources.line(path, line);
  const gutter = gutterOf(line);
  return [
    ...hanging(plain(message), `${paint.dim(where)}  `, INDENT.repeat(3), width, stringWidth(where) + 2),
    ...(source === undefined ? [] : [`${paint.dim(gutter)}${plainExcerpt(source, width - gutter.length)}`]),
  ];
}

function gutterOf(line: number): string {
  return `${String(line).padStart(8)} │ `;
}

function callers(others: readonly Finding[], { paint }: Page): string[] {
  if (others.length === 0) return [];
  const lines = others
    .slice(0, MOST_CALLERS)
    .map(
      ({ path, startLine, function: name }) =>
        `${INDENT.repeat(2)}${plain(path)}:${startLine} ${paint.dim(`in ${plain(name)}`)}`,
    );
  if (others.length > MOST_CALLERS) lines.push(`${INDENT.repeat(2)}and ${others.length - MOST_CALLERS} more`);
  return ["", `${INDENT}the same cause also reaches ${count(others.length, "caller")}:`, ...lines];
}

function fixed(report: Report, { paint, width }: Page): string[] {
  const found = report.mode === "review" ? inState(report, "fixed") : [];
  if (found.length === 0) return [];
  const lines = found
    .slice(0, MOST_FIXED)
    .flatMap(({ path, startLine, message, rule }) =>
      hanging(`${plain(path)}:${startLine}  ${plain(message)} (${rule})`, INDENT, INDENT.repeat(2), width),
    );
  if (found.length > MOST_FIXED) lines.push(`${INDENT}and ${found.length - MOST_FIXED} more`);
  return [paint.green("Fixed"), ...lines];
}

/** Items that need a look, one line each; the others are counted. */
function checklist(answers: readonly ChecklistAnswer[], { paint, width }: Page): string[] {
  if (answers.length === 0) return [];
  const lines = answers
    .filter(({ status }) => status === "fail" || status === "unknown")
    .flatMap(({ id, status, question, evidence }) => {
      const [first] = evidence;
      const why = first === undefined ? "" : ` ${plain(first.path)}:${first.line} ${sentence(plain(first.message))}`;
      const word = `${status === "fail" ? paint.red("fail") : paint.yellow("?   ")}  `;
      return hanging(`${id}: ${question}${why}`, `${INDENT}${word}`, INDENT.repeat(4), width, 8);
    });
  return [`${paint.bold("Checklist")}  ${paint.dim(statusWords(answers))}`, ...lines];
}

/** Places where another model fits better, or where something must be measured first; the others are counted. */
function recommendations(all: readonly Recommendation[], page: Page): string[] {
  if (all.length === 0) return [];
  const shown = all.filter(({ fits }) => fits !== true);
  const good = all.length - shown.length;
  const lines = shown.flatMap((given) => {
    const where = `${plain(given.path)}:${given.line} ${plain(given.function)}`;
    const what = `${workloadWords(given)}; ${modelWords(given)}. ${given.reasons.map((reason) => sentence(plain(reason))).join(" ")}`;
    const change =
      given.change === null
        ? []
        : difference(given.change)
            .split("\n")
            .map((line) => `${INDENT.repeat(2)}${sourceLine(line)}`);
    const verify = given.verify.slice(0, 1).map((command) => `${INDENT.repeat(2)}verify: ${plain(command)}`);
    return [
      `${INDENT}${where}`,
      ...hanging(what.trim(), INDENT.repeat(2), INDENT.repeat(2), page.width),
      ...change,
      ...verify,
    ];
  });
  if (good > 0)
    lines.push(`${INDENT}${count(good, "place")} already ${good === 1 ? "uses" : "use"} the model that fits.`);
  return [page.paint.bold("Models"), ...lines];
}

function skipped({ stats }: Report, { paint, width }: Page): string[] {
  if (stats.skipped.length === 0) return [];
  const lines = stats.skipped.flatMap(({ path, reason, whole }) =>
    hanging(
      `${plain(path)}: ${plain(reason)}${whole ? "" : " (the rest was analysed)"}`,
      INDENT,
      INDENT.repeat(2),
      width,
    ),
  );
  return [paint.bold("Not analysed"), ...lines];
}

function summary(report: Report, { paint }: Page): string[] {
  const { stats, mode, verdict } = report;
  const found = reported(report);
  const words = severityWords(found);
  const details = words === "" ? "" : ` (${words})`;
  const parts =
    mode === "review"
      ? [`${stats.introduced} introduced${details}`, `${stats.fixed} fixed`, `${stats.existing} existing`]
      : [`${count(stats.existing, "finding")}${details}`];
  if (stats.suppressed > 0) parts.push(`${stats.suppressed} suppressed`);
  const shown = { pass: paint.green, fail: paint.red, error: paint.red }[verdict](verdict);
  const seconds = (stats.durationMs / 1000).toFixed(1);
  const work = `${count(stats.files, "file")}, ${count(stats.lines, "line")}, ${seconds} s`;
  return [`${paint.bold(shown)}: ${parts.join(", ")}; ${paint.dim(work)}`];
}

/** Words filled into lines; `first` begins the first line, `rest` every further one. `taken` is how wide `first` looks. */
function hanging(words: string, first: string, rest: string, width: number, taken = stringWidth(first)): string[] {
  const lines: string[] = [];
  let line = first;
  let column = taken;
  let isEmpty = true;
  for (const word of words.split(" ")) {
    const size = stringWidth(word);
    if (!isEmpty && column + 1 + size > width) {
      lines.push(line);
      line = rest;
      column = rest.length;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    column += size + (isEmpty ? 0 : 1);
    isEmpty = false;
  }
  return [...lines, line.trimEnd()];
}
