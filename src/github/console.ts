import type { Annotation } from "../reporters/annotations.ts";

/** The run's page, log and outputs, as far as an action can write them. Only the entry binds it to the toolkit. */
export interface Console {
  info(line: string): void;
  notice(text: string): void;
  warning(text: string): void;
  annotate(annotation: Annotation): void;
  output(name: string, value: string): void;
  /** Writes the job summary; `false` when there is none on this runner. */
  summary(markdown: string): Promise<boolean>;
  group(title: string, lines: readonly string[]): void;
  /** Fails the step with a reason. */
  fail(reason: string): void;
}

/** A line for the log that no runner takes for a command, whatever text from a repository is in it. */
export function harmless(line: string): string {
  return line
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replaceAll("##[", "# #[")
    .replace(/^(\s*):(?=:)/, "$1: ");
}
