import type { Finding, Place } from "../finding.ts";
import { code, prose } from "../reporters/escape.ts";
import type { Links } from "./links.ts";
import { remarkMarker, withoutMarker } from "./marker.ts";
import type { Remark } from "./remarks.ts";

export interface CommentContext {
  links: Links;
  /** Why a rule matters, in a sentence or two. */
  why(rule: string): string;
  key: string;
}

const MOST_CALLERS = 10;
const MOST_STEPS = 12;
const MOST_BODY = 60_000;

/** How a comment stands: `away` from its finding (on a line that takes part in it, or on the file), with a suggestion or not. */
export interface Standing {
  away: boolean;
  suggestion: string | null;
}

/** The text of a comment on a line: what is wrong, why it matters, what to do, the way there, and how to silence it. */
export function commentBody(remark: Remark, { away, suggestion }: Standing, context: CommentContext): string {
  const { findings, rule } = remark;
  const [first, ...others] = findings;
  const page = context.links.rule(rule);
  const name = page === null ? code(rule) : `[${code(rule)}](${page})`;
  const why = context.why(rule);
  const parts = [
    `**${capitalised(first.severity)}** ${name}: ${sentence(prose(first.message))}`,
    away ? `Found in ${caller(first, context.links)}.` : "",
    why === "" ? "" : prose(why),
    first.instead === "" ? "" : `**Instead:** ${sentence(prose(first.instead))}`,
    suggestion ?? "",
    trace(first, context.links),
    callers(others, context.links),
    `<sub>Wrong or on purpose? ${code(`# pcr: ignore[${rule}] reason`)} on the line silences it.</sub>`,
  ];
  const marker = remarkMarker({
    fingerprints: findings.map(({ fingerprint }) => fingerprint),
    rule,
    key: context.key,
    fixed: false,
  });
  return withMarker(parts, marker);
}

/** Whether a comment stands away from its finding. */
export function isAway(body: string): boolean {
  return /^Found in `/m.test(body);
}

/** Sheds whole parts from the end until the comment fits; the marker always stays. */
function withMarker(parts: readonly string[], marker: string): string {
  const kept = parts.filter((part) => part !== "");
  while (kept.length > 1 && kept.join("\n\n").length + marker.length > MOST_BODY) kept.pop();
  return `${kept.join("\n\n").slice(0, MOST_BODY)}\n\n${marker}`;
}

/** The same comment once its findings are gone and its thread cannot be resolved. */
export function fixedBody(
  body: string,
  head: string,
  key: string,
  fingerprints: readonly string[],
  rule: string,
): string {
  const marker = remarkMarker({ fingerprints: [...fingerprints], rule, key, fixed: true });
  return `**Resolved**, fixed in ${code(head.slice(0, 7))}.\n\n${withoutMarker(body)}\n\n${marker}`;
}

/** Whether two versions of a comment differ in more than commits and line numbers, so that an edit is worth it. */
export function differs(a: string, b: string): boolean {
  return comparable(a) !== comparable(b);
}

function comparable(body: string): string {
  return body
    .replaceAll("\r\n", "\n")
    .replace(/:\d+(`+\]\()/g, "$1")
    .replace(/\/blob\/[0-9a-f]{40,64}\/([^)\s#]*)#L\d+(?:-L\d+)?/g, "/$1")
    .trim();
}

function trace({ trace: places }: Finding, links: Links): string {
  if (places.length === 0) return "";
  const steps = places.slice(0, MOST_STEPS).map((place, index) => `${index + 1}. ${step(place, links)}`);
  if (places.length > MOST_STEPS) steps.push(`\nand ${places.length - MOST_STEPS} more steps`);
  return `How it gets there:\n\n${steps.join("\n")}`;
}

function callers(others: readonly Finding[], links: Links): string {
  if (others.length === 0) return "";
  const lines = others.slice(0, MOST_CALLERS).map((finding) => `- ${caller(finding, links)}`);
  if (others.length > MOST_CALLERS) lines.push(`- and ${others.length - MOST_CALLERS} more`);
  return `The same cause also reaches:\n\n${lines.join("\n")}`;
}

function caller({ function: name, path, startLine }: Finding, links: Links): string {
  return `${code(name)} at ${placeLink({ path, line: startLine, message: "" }, links)}`;
}

function step(place: Place, links: Links): string {
  return `${placeLink(place, links)}: ${prose(place.message)}`;
}

function placeLink({ path, line }: Place, links: Links): string {
  return `[${code(`${path}:${line}`)}](${links.lines(path, line)})`;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function sentence(text: string): string {
  return /[.?!)]$/.test(text) ? text : `${text}.`;
}
