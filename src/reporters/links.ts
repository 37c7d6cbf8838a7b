/** Addresses for what a report mentions; `null` where there is none, and then the text stands without a link. */
export interface LinkBuilder {
  lines(path: string, line: number): string | null;
  /** The page of a rule. */
  rule(id: string): string | null;
  /** The run that made the report. */
  run: string | null;
}

/** For reports that stand alone. */
export const NO_LINKS: LinkBuilder = { lines: () => null, rule: () => null, run: null };
