import type { Report } from "../report.ts";
import type { RuleText } from "../rules/page.ts";
import { workflowCommands } from "./annotations.ts";
import { noCommands } from "./escape.ts";
import { json } from "./json.ts";
import { type LinkBuilder, NO_LINKS } from "./links.ts";
import { markdown } from "./markdown.ts";
import { sarif } from "./sarif.ts";
import type { Sources } from "./sources.ts";

/** What the forms of a report need beside the report. */
export interface Context {
  sources: Sources;
  rules: readonly RuleText[];
  links?: LinkBuilder;
  color: boolean;
  /** Columns of the terminal. */
  width?: number;
}

/** A file has room for what a comment has not. */
const MOST_MARKDOWN = 1_000_000;

/** Texts and pages measure letters. What does that takes as long to load as a small review, and most runs need neither. */
const RENDERERS = {
  async text(report: Report, { sources, color, width }: Context) {
    const { text } = await import(/* webpackMode: "eager" */ "./text.ts");
    return text(report, sources, width === undefined ? { color } : { color, width });
  },
  json: (report: Report) => json(report),
  sarif: (report: Report, { sources, rules, links = NO_LINKS }: Context) => sarif(report, sources, { rules, links }),
  markdown: (report: Report, { links = NO_LINKS }: Context) =>
    noCommands(`${markdown(report, { links, most: MOST_MARKDOWN })}\n`),
  github: (report: Report) => workflowCommands(report),
  async html(report: Report, { sources, links = NO_LINKS }: Context) {
    const { html } = await import(/* webpackMode: "eager" */ "./html.ts");
    return html(report, sources, links);
  },
};

export type Format = keyof typeof RENDERERS;

/** Whether there is a form of this name. */
export function isFormat(name: string): name is Format {
  return Object.hasOwn(RENDERERS, name);
}

/** The report in a form of `--format`. */
export async function render(format: Format, report: Report, context: Context): Promise<string> {
  return RENDERERS[format](report, context);
}
