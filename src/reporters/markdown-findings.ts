import type { Finding, Place } from "../finding.ts";
import { code, link, prose, shortened } from "./escape.ts";
import { capitalised, type Group, sentence } from "./groups.ts";
import type { LinkBuilder } from "./links.ts";

const MOST_STEPS = 8;
const MOST_CALLERS = 5;
const MOST_MESSAGE = 600;
const MOST_PATH = 160;

/** One line of a list for each group: what, where, what to do, the way there. */
export function findingItem({ lead, others }: Group, links: LinkBuilder): string {
  const { rule, severity, confidence, message, instead, trace } = lead;
  const name = link(code(rule), links.rule(rule));
  const sure = confidence === "high" ? "" : ` (${confidence} confidence)`;
  const parts = [
    `**${capitalised(severity)}** at ${placeLink(placeOf(lead), links)}: ${sentence(brief(message))}${sure}`,
    instead === "" ? "" : `*Instead:* ${sentence(brief(instead))}`,
    `<sub>${[`${name}${steps(trace, links)}`, callers(others, links)].filter(Boolean).join(" · ")}</sub>`,
  ];
  // A line break of HTML means the same in comments, where a line feed breaks the line, and in files, where it does not.
  return `- ${parts.filter(Boolean).join("<br>")}`;
}

/** One line for a finding that is gone. */
export function fixedItem({ rule, path, startLine, message }: Finding, links: LinkBuilder): string {
  return `- ${sentence(brief(message))} (${link(code(rule), links.rule(rule))}, was at ${code(where({ path, line: startLine }))})`;
}

/** A place as code, linked where there is an address for it. */
export function placeLink({ path, line }: { path: string; line: number }, links: LinkBuilder): string {
  return link(code(where({ path, line })), links.lines(path, line));
}

/** A sentence of the report as Markdown, cut where it would be a page. */
export function brief(text: string): string {
  return prose(shortened(text, MOST_MESSAGE));
}

function steps(trace: readonly Place[], links: LinkBuilder): string {
  if (trace.length === 0) return "";
  const shown = trace.slice(0, MOST_STEPS).map((place) => placeLink(place, links));
  if (trace.length > MOST_STEPS) shown.push(`${trace.length - MOST_STEPS} more`);
  return shown.map((place) => ` → ${place}`).join("");
}

function callers(others: readonly Finding[], links: LinkBuilder): string {
  if (others.length === 0) return "";
  const shown = others.slice(0, MOST_CALLERS).map((finding) => placeLink(placeOf(finding), links));
  if (others.length > MOST_CALLERS) shown.push(`${others.length - MOST_CALLERS} more`);
  return `same cause at ${shown.join(", ")}`;
}

function placeOf({ path, startLine }: Finding): { path: string; line: number } {
  return { path, line: startLine };
}

/** The end of a path says more than its beginning. */
function where({ path, line }: { path: string; line: number }): string {
  const shown = path.length <= MOST_PATH ? path : `…${path.slice(-MOST_PATH).replace(/^[\uDC00-\uDFFF]/, "")}`;
  return `${shown}:${line}`;
}
