import { InputError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { OPTIONS, split } from "../options.ts";
import { parseShard, type Shard } from "../shards.ts";
import { choice, count } from "../values.ts";

/** What the workflow asks for. Inputs that are settings stay as written, for `configuration.ts` to read. */
export interface Inputs {
  values: ReadonlyMap<string, string>;
  token: string;
  mode: Mode;
  paths: string[];
  /** Folder of the project inside the repository, `""` for the repository itself. */
  directory: string;
  config: string;
  base: string;
  comments: Comments;
  mostComments: number;
  key: string;
  pullNumber: number | null;
  sarifFile: string;
  reportFile: string;
  reportFiles: string[];
  baseline: string;
  trackingIssue: boolean;
  shard: Shard | null;
}

export type Mode = "auto" | "review" | "audit" | "post" | "merge";
export type Comments = "inline" | "summary" | "none";

const MODES: readonly Mode[] = ["auto", "review", "audit", "post", "merge"];
const COMMENTS: readonly Comments[] = ["inline", "summary", "none"];

/** How a message names an input. */
export function label(name: string): string {
  return `input ${name}`;
}

/** Reads the inputs; whatever is wrong with one is an `InputError` that says which and how to write it. */
export function readInputs(get: (name: string) => string): Inputs {
  const options = OPTIONS.filter(({ input }) => input !== undefined);
  const values = new Map(options.map(({ name }): [string, string] => [name, get(name).trim()]));
  const value = (name: string): string => values.get(name) ?? "";
  const given = (name: string) => ({
    value: value(name),
    rules: [],
    fault: (problem: string) => new InputError(`${label(name)} ${problem}`),
  });
  const word = <T extends string>(name: string, words: readonly T[], otherwise: T): T =>
    value(name) === "" ? otherwise : choice(given(name), words);
  return {
    values,
    token: value("github-token"),
    mode: word("mode", MODES, "auto"),
    paths: split(value("paths")),
    directory: directoryOf(value("working-directory")),
    config: value("config"),
    base: value("base"),
    comments: word("comments", COMMENTS, "inline"),
    mostComments: value("max-comments") === "0" ? 0 : value("max-comments") === "" ? 25 : count(given("max-comments")),
    key: value("comment-key"),
    pullNumber: value("pull-number") === "" ? null : count(given("pull-number")),
    sarifFile: value("sarif-file"),
    reportFile: value("report-file"),
    reportFiles: split(value("report-files")),
    baseline: value("baseline"),
    trackingIssue: word("tracking-issue", ["true", "false"], "false") === "true",
    shard: shardOf(value("shard")),
  };
}

/** Names of inputs that the workflow gave and that do not exist: the runner only warns about them. */
export function unknownInputs(environment: Readonly<Record<string, string | undefined>>): string[] {
  const names = OPTIONS.flatMap(({ name, input }) => (input === undefined ? [] : [name]));
  return Object.keys(environment)
    .flatMap((variable) => (variable.startsWith("INPUT_") ? [variable.slice(6).toLowerCase()] : []))
    .filter((name) => !names.includes(name))
    .map((name) => {
      const near = nearest(name, names);
      return `There is no input ${name}${near === null ? "" : `; did you mean ${near}?`}`;
    });
}

function directoryOf(text: string): string {
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (!text.startsWith("/") && !text.includes("\\") && !parts.includes("..")) return parts.join("/");
  throw new InputError(`${label("working-directory")} must be a folder inside the repository, such as services/api`);
}

function shardOf(text: string): Shard | null {
  const shard = parseShard(text);
  if (text === "" || shard !== null) return shard;
  throw new InputError(`${label("shard")} must be written i/n with i from 1 to n, such as 2/8`);
}
