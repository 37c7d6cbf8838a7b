import type { Severity } from "../finding.ts";

/** Colours of a terminal; without colour every one of them leaves the text as it is. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  green(text: string): string;
}

/** Colours, or none. */
export function paintOf(color: boolean): Paint {
  const paint =
    (on: number, off: number) =>
    (text: string): string =>
      color && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    green: paint(32, 39),
  };
}

/** Text in the colour of a severity. */
export function severe(paint: Paint, severity: Severity, text: string): string {
  return { error: paint.red, warning: paint.yellow, notice: paint.blue }[severity](text);
}
