import type { Finding, Place, Range } from "../finding.ts";
import { html, htmlProse, plain, sourceLine } from "./escape.ts";
import { capitalised, count, type Group, sentence } from "./groups.ts";
import type { LinkBuilder } from "./links.ts";
import type { Sources } from "./sources.ts";

/** Lines around the one that is meant. */
const AROUND = 2;
const MOST_LINE = 400;
const MOST_LINES = 12;

/** A group of findings as an article; the filters read its data. */
export function article({ lead, others }: Group, sources: Sources, links: LinkBuilder): string {
  const all = [lead, ...others];
  const packages = [...new Set(all.map(({ path }) => packageOf(path)))].join("\n");
  const sure = lead.confidence === "high" ? "" : ` · ${lead.confidence} confidence`;
  const change = lead.state === null ? "" : ` · ${lead.state}`;
  const facts = `${placeLink({ path: lead.path, line: lead.startLine }, links)} in <code>${html(plain(lead.function))}</code> · ${ruleLink(lead.rule, links)}${sure}${change}`;
  return [
    `<article id="f-${html(lead.fingerprint)}" class="${lead.severity}" data-rule="${html(lead.rule)}" data-severity="${lead.severity}" data-package="${html(packages)}" data-count="${all.length}">`,
    `<h3><span class="badge ${lead.severity}">${lead.severity}</span>${htmlProse(capitalised(sentence(lead.message)))}</h3>`,
    `<p class="quiet">${facts}</p>`,
    source(lead.path, lead, sources),
    trace(lead.trace, sources, links),
    lead.instead === "" ? "" : `<p><strong>Instead:</strong> ${htmlProse(sentence(lead.instead))}</p>`,
    callers(others, links),
    "</article>",
  ]
    .filter(Boolean)
    .join("\n");
}

/** The folder that a file is in, as the package filter names it. */
export function packageOf(path: string): string {
  return plain(path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".");
}

/** A place as code, linked where there is an address for it. */
export function placeLink({ path, line }: { path: string; line: number }, links: LinkBuilder): string {
  return anchor(`<code>${html(plain(path))}:${line}</code>`, links.lines(path, line));
}

function ruleLink(rule: string, links: LinkBuilder): string {
  return anchor(`<code>${html(rule)}</code>`, links.rule(rule));
}

function anchor(content: string, address: string | null): string {
  return address === null || !/^https?:\/\//.test(address) ? content : `<a href="${html(address)}">${content}</a>`;
}

function trace(places: readonly Place[], sources: Sources, links: LinkBuilder): string {
  if (places.length === 0) return "";
  const steps = places.map((place) => {
    const message = place.message === "" ? "" : ` ${htmlProse(place.message)}`;
    return `<li>${placeLink(place, links)}${message}${source(place.path, { startLine: place.line }, sources)}</li>`;
  });
  return `<ol class="trace" aria-label="Trace, outermost call first">${steps.join("\n")}</ol>`;
}

function callers(others: readonly Finding[], links: LinkBuilder): string {
  if (others.length === 0) return "";
  const items = others.map(
    (finding) =>
      `<li>${placeLink({ path: finding.path, line: finding.startLine }, links)} in <code>${html(plain(finding.function))}</code></li>`,
  );
  return `<details><summary>The same cause also reaches ${count(others.length, "caller")}</summary><ul>${items.join("")}</ul></details>`;
}

/** The lines around a place; of a range the first line is marked where it begins. */
function source(path: string, range: { startLine: number } & Partial<Range>, sources: Sources): string {
  const { startLine } = range;
  const last = Math.min(range.endLine ?? startLine, startLine + MOST_LINES);
  const numbers: number[] = [];
  for (let number = Math.max(1, startLine - AROUND); number <= last + AROUND; number++) numbers.push(number);
  const isBlank = (number: number): boolean => (sources.line(path, number) ?? "").trim() === "";
  while (numbers.length > 0 && (numbers[0] ?? 0) < startLine && isBlank(numbers[0] ?? 0)) numbers.shift();
  while (numbers.length > 0 && (numbers.at(-1) ?? 0) > last && isBlank(numbers.at(-1) ?? 0)) numbers.pop();
  const rows = numbers.flatMap((number) => {
    const line = sources.line(path, number);
    if (line === undefined) return [];
    const isMeant = number >= startLine && number <= last;
    const content = isMeant ? marked(line, columnsIn(line, number, range)) : shown(line);
    return `<span class="row${isMeant ? " here" : ""}"><span class="number">${number}</span>${content}</span>`;
  });
  // A block that scrolls must be reachable by the keyboard.
  return rows.length === 0
    ? ""
    : `<pre tabindex="0" aria-label="Source of ${html(plain(path))}">${rows.join("")}</pre>`;
}

function columnsIn(
  line: string,
  number: number,
  range: { startLine: number } & Partial<Range>,
): [number, number] | null {
  const { startLine, startColumn, endLine, endColumn } = range;
  if (startColumn === undefined || endColumn === undefined || endLine === undefined) return null;
  const first = line.search(/\S|$/);
  return [number === startLine ? startColumn - 1 : first, number === endLine ? endColumn - 1 : line.length];
}

function marked(line: string, columns: [number, number] | null): string {
  if (columns === null || columns[0] >= line.length || columns[1] <= columns[0]) return shown(line);
  const [start, end] = columns;
  const from = start > MOST_LINE ? start - MOST_LINE / 2 : 0;
  const before = `${from > 0 ? "…" : ""}${html(sourceLine(line.slice(from, start)))}`;
  const inside = html(sourceLine(line.slice(start, Math.min(end, start + MOST_LINE))));
  return `${before}<mark>${inside}</mark>${shown(line.slice(Math.min(end, start + MOST_LINE)))}`;
}

function shown(line: string): string {
  return html(sourceLine(line.length > MOST_LINE ? `${line.slice(0, MOST_LINE)}…` : line));
}
