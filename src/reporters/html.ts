import type { ChecklistAnswer, Recommendation, Report, Resource } from "../report.ts";
import { html as escaped, htmlProse, plain } from "./escape.ts";
import { capitalised, count, grouped, inState, reported, sentence, severityWords } from "./groups.ts";
import { article, packageOf, placeLink } from "./html-findings.ts";
import { mapFigure } from "./html-map.ts";
import { page } from "./html-page.ts";
import { type LinkBuilder, NO_LINKS } from "./links.ts";
import type { Sources } from "./sources.ts";
import { difference, MODELS, statusWord, statusWords, workloadWords } from "./words.ts";

/** More articles make browsers slow; the JSON report has all. */
const MOST_GROUPS = 5000;

/** The report as one page of HTML that needs nothing else: search, filters, source excerpts, map, checklist, models. */
export function html(report: Report, sources: Sources, links: LinkBuilder = NO_LINKS): string {
  const title = report.mode === "audit" ? "Concurrency audit" : "Concurrency review";
  const sections = [
    findings(report, sources, links),
    section("fixed", "Fixed", fixed(report, links)),
    section("map", "How it runs", report.map === null ? "" : mapFigure(report.map)),
    section("resources", "Pools and limits", resources(report.resources, links)),
    section("models", "Which model fits", models(report.recommendations, links)),
    section("checklist", "Checklist", checklist(report.checklist, links)),
    section("notes", "Notes", list(report.notes.map((note) => htmlProse(sentence(note))))),
    section("skipped", "Not analysed", skipped(report)),
  ].filter(({ body }) => body !== "");
  const contents = sections.map(({ id, name }) => `<li><a href="#${id}">${name}</a></li>`).join("");
  const body = [
    '<a class="skip" href="#findings">Skip to the findings</a>',
    `<header><h1>${title}: <span class="${report.verdict === "pass" ? "pass" : "fail"}">${report.verdict}</span></h1>`,
    `<p class="facts">${escaped(verdict(report))}</p>`,
    `<p class="facts quiet">${escaped(facts(report))}</p>`,
    `<nav aria-label="Sections"><ul>${contents}</ul></nav></header>`,
    `<main>${sections.map(({ id, name, body: content }) => `<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>${content}</section>`).join("\n")}</main>`,
  ];
  return page(`${title}: ${report.verdict}`, body.join("\n"));
}

interface Part {
  id: string;
  name: string;
  body: string;
}

function section(id: string, name: string, body: string): Part {
  return { id, name, body };
}

function verdict(report: Report): string {
  const { mode, stats } = report;
  const words = severityWords(reported(report)) || "no problems";
  if (report.verdict === "error") return "The review could not be made: changed files could not be analysed.";
  return mode === "audit"
    ? `Found ${words}.`
    : `Introduces ${words}; fixes ${stats.fixed}; ${stats.existing} existed before.`;
}

function facts({ stats, pythonVersion, tool }: Report): string {
  const suppressed = stats.suppressed === 0 ? "" : `, ${stats.suppressed} suppressed`;
  return `${count(stats.files, "file")}, ${count(stats.lines, "line")}, read as Python ${pythonVersion}${suppressed} · ${tool.name} ${tool.version}`;
}

function findings(report: Report, sources: Sources, links: LinkBuilder): Part {
  const groups = grouped(reported(report));
  if (groups.length === 0) return section("findings", "Findings", "<p>None.</p>");
  const shown = groups.slice(0, MOST_GROUPS);
  const all = shown.flatMap(({ lead, others }) => [lead, ...others]);
  const options = (values: readonly string[]): string =>
    [...new Set(values)]
      .sort()
      .map((value) => `<option>${escaped(value)}</option>`)
      .join("");
  const choice = (name: string, label: string, values: string): string =>
    `<label>${label}<select name="${name}"><option value="">all</option>${values}</select></label>`;
  const severities = (["error", "warning", "notice"] as const).filter((severity) =>
    all.some((finding) => finding.severity === severity),
  );
  const form = [
    '<form hidden role="search" aria-label="Filter findings">',
    '<label class="wide">Search (press / to get here)<input type="search" name="search" autocomplete="off" spellcheck="false"></label>',
    choice("severity", "Severity", severities.map((severity) => `<option>${severity}</option>`).join("")),
    choice("rule", "Rule", options(all.map(({ rule }) => rule))),
    choice("package", "Package", options(all.map(({ path }) => packageOf(path)))),
    '<button type="reset">Clear</button></form>',
  ].join("\n");
  const left = groups.length - shown.length;
  const more = left > 0 ? `<p>${count(left, "less important group")} left out; the JSON report has all.</p>` : "";
  const total = `<p id="shown" role="status" class="quiet">${count(all.length, "finding")}</p>`;
  return section(
    "findings",
    "Findings",
    [form, total, ...shown.map((group) => article(group, sources, links)), more].join("\n"),
  );
}

function fixed(report: Report, links: LinkBuilder): string {
  const found = report.mode === "review" ? inState(report, "fixed") : [];
  return list(
    found.map(({ path, startLine, message, rule }) => {
      // It was in the base, which the links do not lead to.
      const where = placeLink({ path, line: startLine }, { ...links, lines: () => null });
      return `${htmlProse(capitalised(sentence(message)))} <span class="quiet">${escaped(rule)}, was at ${where}</span>`;
    }),
  );
}

function resources(all: readonly Resource[], links: LinkBuilder): string {
  const rows = all.map(({ kind, name, path, line, capacity, capacityFrom }) => [
    escaped(kind.replaceAll("-", " ")),
    `<code>${escaped(plain(name))}</code>`,
    capacity === null ? "unknown" : String(capacity),
    htmlProse(capacityFrom),
    placeLink({ path, line }, links),
  ]);
  return table(["Kind", "Name", "Size", "Where the size comes from", "Place"], rows);
}

function models(all: readonly Recommendation[], links: LinkBuilder): string {
  const order = (fits: boolean | null): number => (fits === false ? 0 : fits === null ? 1 : 2);
  const rows = [...all]
    .sort((a, b) => order(a.fits) - order(b.fits))
    .map((given) => [
      `<code>${escaped(plain(given.function))}</code><br>${placeLink(given, links)}`,
      `${escaped(workloadWords(given))}${evidence(given.evidence, links)}`,
      escaped(MODELS[given.current]),
      given.fits === null
        ? "measure first"
        : `<strong>${escaped(MODELS[given.recommended])}</strong>${given.fits ? " (fits)" : ""}`,
      `${given.reasons.map((reason) => htmlProse(sentence(reason))).join(" ")}${wayThere(given)}${verification(given.verify)}`,
    ]);
  return table(["Function", "Workload", "Today", "Recommended", "Why, and how to verify"], rows);
}

/** The change, its numbers, and what else would do. */
function wayThere({ change, sizes, alternatives }: Recommendation): string {
  const lines = [
    ...sizes.map(
      ({ of, value, why }) => `${htmlProse(of)}: <code>${escaped(plain(value))}</code>; ${htmlProse(sentence(why))}`,
    ),
    ...alternatives.map(({ words }) => `Or: ${htmlProse(sentence(words))}`),
  ];
  if (change === null && lines.length === 0) return "";
  const shown = change === null ? "" : `<pre class="commands" tabindex="0">${escaped(difference(change))}</pre>`;
  return `<details><summary>How to get there</summary>${shown}${list(lines)}</details>`;
}

function verification(steps: readonly string[]): string {
  if (steps.length === 0) return "";
  const commands = steps.map(escaped).join("\n");
  return `<details><summary>How to verify</summary><pre class="commands" tabindex="0">${commands}</pre></details>`;
}

function checklist(answers: readonly ChecklistAnswer[], links: LinkBuilder): string {
  if (answers.length === 0) return "";
  const order = ["fail", "unknown", "pass", "not-applicable"];
  const rows = [...answers]
    .sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
    .map(({ id, question, status, evidence: places }) => [
      `<span class="${status}">${statusWord(status)}</span>`,
      `<code>${escaped(id)}</code><br>${htmlProse(question)}`,
      evidence(places, links),
    ]);
  return `<p>${statusWords(answers)}</p>${table(["Answer", "Question", "Evidence"], rows)}`;
}

function evidence(places: Recommendation["evidence"], links: LinkBuilder): string {
  return list(places.map((place) => `${placeLink(place, links)} ${htmlProse(place.message)}`));
}

function skipped({ stats }: Report): string {
  return list(
    stats.skipped.map(
      ({ path, reason, whole }) =>
        `<code>${escaped(plain(path))}</code>: ${htmlProse(reason)}${whole ? "" : " (the rest was analysed)"}`,
    ),
  );
}

function list(items: readonly string[]): string {
  return items.length === 0 ? "" : `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const headings = head.map((name) => `<th scope="col">${name}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("\n");
  return `<div class="scroll" tabindex="0"><table><thead><tr>${headings}</tr></thead><tbody>${body}</tbody></table></div>`;
}
