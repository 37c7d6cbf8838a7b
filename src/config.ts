import type { Confidence, Severity } from "./finding.ts";

/** What the configuration, the action's inputs and the command line decide together (precedence: option or input > configuration > default). */
export interface Settings {
  /** Rule ids to run; `null` means all. */
  select: readonly string[] | null;
  ignore: readonly string[];
  /** Severity of single rules, replacing the rule's own. */
  severity: Readonly<Record<string, Severity>>;
  /** Globs of files that are never analysed. */
  exclude: readonly string[];
  /** Globs of test code. */
  tests: readonly string[];
  failOn: Severity | "never";
  minConfidence: Confidence;
  /** `3.12` or, free-threaded, `3.14t`; `null` means: read `requires-python`. */
  pythonVersion: string | null;
  /** Extra blocking callables (canonical names) and their async alternative (may be empty). */
  blocking: Readonly<Record<string, string>>;
  /** Project functions or decorators that move work off the event loop (canonical names). */
  offload: readonly string[];
  databaseMaxConnections: number | null;
  workers: number | null;
  /** Threads that parse; `null` chooses by the machine and the amount of work. */
  jobs: number | null;
  /** Tables `[tool.pcr.rules.<rule>]`. */
  rules: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export const DEFAULTS: Settings = {
  select: null,
  ignore: [],
  severity: {},
  exclude: [],
  tests: ["**/test_*.py", "**/*_test.py", "**/conftest.py", "**/tests/**", "**/test/**", "**/testing/**"],
  failOn: "error",
  minConfidence: "medium",
  pythonVersion: null,
  blocking: {},
  offload: [],
  databaseMaxConnections: null,
  workers: null,
  jobs: null,
  rules: {},
};
