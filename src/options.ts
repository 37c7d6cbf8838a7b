import {
  CONFIDENCES,
  choice,
  count,
  FAIL_ON,
  type Given,
  type Layer,
  list,
  pythonVersion,
  ruleList,
  ruleTables,
  severities,
  texts,
} from "./values.ts";

export type Command = "review" | "audit" | "rules" | "explain";

/** One thing that can be chosen: on the command line, as an input of the action, in the configuration, or in several of them. */
export interface Option {
  /** Its name everywhere: `--name`, input `name`, key `name`. */
  name: string;
  help: string;
  /** What counts when nobody chooses, in words; empty when nothing does. */
  default: string;
  /** The words to choose from, if there are only these. */
  choices?: readonly string[];
  /** Commands that take it as `--name`, and what its value is called in the help (`null`: it has none). */
  terminal?: { commands: readonly Command[]; value: string | null };
  /** The action takes it as an input, with this default in `action.yml`. */
  input?: { default: string };
  /** Written as several texts: separated by commas or line ends in an option or input, as a list in TOML. */
  many?: true;
  /** The configuration takes it as a key. */
  key?: true;
  /** Turns a value into settings, or throws the value's fault. */
  setting?: (given: Given) => Layer;
}

const REVIEWS: readonly Command[] = ["review", "audit"];
const EVERYWHERE: readonly Command[] = ["review", "audit", "rules", "explain"];
const FORMATS: readonly string[] = ["text", "json", "sarif", "markdown", "github", "html"];

/** Every option there is. `--help`, `action.yml` and the configuration's keys are held to this table by tests. */
export const OPTIONS: readonly Option[] = [
  {
    name: "base",
    help: "Revision to compare with: the review starts at its merge base with the head.",
    default: "the default branch (origin/HEAD, main or master)",
    terminal: { commands: ["review"], value: "REV" },
    input: { default: "" },
  },
  {
    name: "head",
    help: "Revision to review.",
    default: "the work tree with its new files",
    terminal: { commands: ["review"], value: "REV" },
  },
  {
    name: "repo",
    help: "Folder to start in; paths are relative to it.",
    default: "the working directory",
    terminal: { commands: REVIEWS, value: "DIR" },
  },
  {
    name: "format",
    help: "Form of the report.",
    default: "text",
    choices: FORMATS,
    terminal: { commands: REVIEWS, value: "FORMAT" },
  },
  {
    name: "output",
    help: "File to write the report to.",
    default: "standard output",
    terminal: { commands: REVIEWS, value: "FILE" },
  },
  {
    name: "select",
    help: "Rules to run, by id.",
    default: "all",
    terminal: { commands: REVIEWS, value: "IDS" },
    many: true,
    key: true,
    setting: (given) => ({ select: ruleList(given) }),
  },
  {
    name: "ignore",
    help: "Rules not to run, by id.",
    default: "",
    terminal: { commands: REVIEWS, value: "IDS" },
    many: true,
    key: true,
    setting: (given) => ({ ignore: ruleList(given) }),
  },
  {
    name: "severity",
    help: "Severity of single rules, replacing their own: a table of rule and severity.",
    default: "",
    key: true,
    setting: (given) => ({ severity: severities(given) }),
  },
  {
    name: "fail-on",
    help: "Least severity that fails the run.",
    default: "error",
    choices: FAIL_ON,
    terminal: { commands: REVIEWS, value: "LEVEL" },
    input: { default: "" },
    key: true,
    setting: (given) => ({ failOn: choice(given, FAIL_ON) }),
  },
  {
    name: "min-confidence",
    help: "Least confidence of a finding that is reported.",
    default: "medium",
    choices: CONFIDENCES,
    terminal: { commands: REVIEWS, value: "LEVEL" },
    input: { default: "" },
    key: true,
    setting: (given) => ({ minConfidence: choice(given, CONFIDENCES) }),
  },
  {
    name: "config",
    help: "Configuration file to use instead of pcr.toml or pyproject.toml.",
    default: "",
    terminal: { commands: REVIEWS, value: "FILE" },
    input: { default: "" },
  },
  {
    name: "python-version",
    help: "Python that the code runs on, such as 3.12 or (free-threaded) 3.14t.",
    default: "the lower bound of requires-python, else 3.12",
    terminal: { commands: REVIEWS, value: "X.Y" },
    input: { default: "" },
    key: true,
    setting: (given) => ({ pythonVersion: pythonVersion(given) }),
  },
  {
    name: "exclude",
    help: "Globs of files that are never analysed.",
    default: "",
    many: true,
    key: true,
    setting: (given) => ({ exclude: list(given) }),
  },
  {
    name: "tests",
    help: "Globs of files that are test code, where findings weigh less.",
    default: "files and folders named as pytest and unittest do",
    many: true,
    key: true,
    setting: (given) => ({ tests: list(given) }),
  },
  {
    name: "blocking",
    help: "More callables that block: a table of dotted name and async alternative (which may be empty).",
    default: "",
    key: true,
    setting: (given) => ({ blocking: texts(given) }),
  },
  {
    name: "offload",
    help: "Functions or decorators of the project that move work off the event loop, by dotted name.",
    default: "",
    many: true,
    key: true,
    setting: (given) => ({ offload: list(given) }),
  },
  {
    name: "database-max-connections",
    help: "Connections that the database server accepts.",
    default: "",
    key: true,
    setting: (given) => ({ databaseMaxConnections: count(given) }),
  },
  {
    name: "workers",
    help: "Server processes that run the program at the same time.",
    default: "",
    key: true,
    setting: (given) => ({ workers: count(given) }),
  },
  {
    name: "rules",
    help: "Tables of single rules.",
    default: "",
    key: true,
    setting: (given) => ({ rules: ruleTables(given) }),
  },
  {
    name: "jobs",
    help: "Files to parse at the same time.",
    default: "chosen by the amount of work",
    terminal: { commands: REVIEWS, value: "N" },
    setting: (given) => ({ jobs: count(given) }),
  },
  {
    name: "no-color",
    help: "Print no colours; the variable NO_COLOR does the same.",
    default: "",
    terminal: { commands: EVERYWHERE, value: null },
  },
  {
    name: "github-token",
    help: "Token to read the pull request and to write comments with.",
    default: "the workflow's own token",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub's, not of ours
    input: { default: "${{ github.token }}" },
  },
  {
    name: "mode",
    help: "What to do; auto decides by the event.",
    default: "auto",
    choices: ["auto", "review", "audit", "post", "merge"],
    input: { default: "auto" },
  },
  {
    name: "paths",
    help: "Globs of the files to report on, one a line or separated by commas.",
    default: "all files",
    many: true,
    input: { default: "" },
  },
  {
    name: "working-directory",
    help: "Folder of the project inside the repository: its configuration counts, and only its files are reviewed.",
    default: "the repository",
    input: { default: "" },
  },
  {
    name: "comments",
    help: "Where findings are written: inline (on the lines, and a summary), summary (only), none.",
    default: "inline",
    choices: ["inline", "summary", "none"],
    input: { default: "inline" },
  },
  {
    name: "max-comments",
    help: "Most open inline comments on one pull request.",
    default: "25",
    input: { default: "25" },
  },
  {
    name: "comment-key",
    help: "Name that keeps the comments of several runs on one pull request apart, for example in a matrix.",
    default: "",
    input: { default: "" },
  },
  {
    name: "pull-number",
    help: "Pull request to review when the event names none.",
    default: "",
    input: { default: "" },
  },
  {
    name: "sarif-file",
    help: "File to write a SARIF report to.",
    default: "",
    input: { default: "" },
  },
  {
    name: "report-file",
    help: "File to write the report to: JSON, or a page for readers when it ends in .html or .md. In mode post, the first stage's JSON report.",
    default: "",
    input: { default: "" },
  },
  {
    name: "report-files",
    help: "Globs of the shards' reports that mode merge joins.",
    default: "",
    many: true,
    input: { default: "" },
  },
  {
    name: "baseline",
    help: "File with the findings that an audit accepts; only others fail it.",
    default: "",
    terminal: { commands: ["audit"], value: "FILE" },
    input: { default: "" },
  },
  {
    name: "write-baseline",
    help: "File to write what an audit finds to, as a baseline for later ones.",
    default: "",
    terminal: { commands: ["audit"], value: "FILE" },
  },
  {
    name: "tracking-issue",
    help: "Whether an audit keeps one issue up to date with what it finds: true or false.",
    default: "false",
    choices: ["true", "false"],
    input: { default: "false" },
  },
  {
    name: "shard",
    help: "Part of an audit to do, as i/n.",
    default: "",
    terminal: { commands: ["audit"], value: "I/N" },
    input: { default: "" },
  },
];

/** The texts that an option or input holds: separated by commas or line ends. */
export function split(text: string): string[] {
  return text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
