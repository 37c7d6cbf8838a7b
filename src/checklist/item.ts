import type { Finding, Place } from "../finding.ts";
import { lineOf, type Module } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import type { Recommendation } from "../report.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** What the checklist is judged by: the program, what was found in it, and which rules looked. */
export interface Examination {
  runtime: Runtime;
  /** The findings of the report; suppressed and fixed ones fail nothing. */
  findings: readonly Finding[];
  recommendations: readonly Recommendation[];
  /** The rules that ran; an item whose rules did not run cannot pass. */
  ran: ReadonlySet<string>;
}

/** What there is to say about an item beside the findings: places that show it is in order, and places that leave it open. */
export interface Evidence {
  shows: readonly Place[];
  open: readonly Place[];
}

/** One question of the checklist. */
export interface Item {
  id: string;
  question: string;
  /** The rules whose findings make it fail. */
  rules: readonly string[];
  /** Of the findings of those rules, the ones that belong here; all if left out. */
  concerns?: (finding: Finding, examination: Examination) => boolean;
  evidence(examination: Examination): Evidence;
  /** Places that fail it though no rule reports them. */
  misfits?: (examination: Examination) => readonly Place[];
}

export const NO_EVIDENCE: Evidence = { shows: [], open: [] };

/** A place of the program with words. */
export function placeAt(module: Module, node: Node, message: string): Place {
  return { path: module.path, line: lineOf(module, node), message };
}

/** Names and code as a message quotes them, short and on one line. */
export function quoted(text: string): string {
  const line = text.replace(/\s+/g, " ").replaceAll("`", "'");
  return `\`${line.length > 50 ? `${line.slice(0, 49)}…` : line}\``;
}

/** Places without repetitions, in the order of the files. */
export function inOrder(places: readonly Place[]): Place[] {
  const seen = new Set<string>();
  return places
    .filter(({ path, line, message }) => {
      const key = `${path}:${line} ${message}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
}

/** Whether a module is no test. */
export function isProgram({ target }: Runtime, { path }: Module): boolean {
  return !target.isTest(path);
}
