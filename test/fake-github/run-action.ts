import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Report } from "../../src/report.ts";
import { ROOT, text } from "../sources.ts";
import type { FakeGitHub, Logged } from "./server.ts";
import { TOKEN } from "./store.ts";

/** The bundle under test; another one can be named while the real one is not built. */
const ENTRY = process.env.PCR_ACTION_ENTRY ?? join(ROOT, "dist/index.js");

/** A workflow command on standard output. */
export interface Command {
  name: string;
  properties: Record<string, string>;
  message: string;
}

/** All that a run of the action left behind. */
export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
  commands: Command[];
  /** Messages of annotations by kind. */
  errors: string[];
  warnings: string[];
  notices: string[];
  outputs: Record<string, string>;
  summary: string;
  /** The JSON report, if there is one. */
  report: Report | null;
  /** The requests of this run. */
  requests: Logged[];
  /** Those that ask for a change. */
  writes: Logged[];
  temporary: string;
}

/** How the runner is set up. */
export interface RunOptions {
  github: FakeGitHub;
  /** A folder that the test removes. */
  folder: string;
  workspace: string;
  event: string;
  payload: unknown;
  inputs?: Record<string, string>;
  environment?: Record<string, string>;
  /** Another node than the one that runs the tests. */
  node?: string;
}

interface ActionYaml {
  inputs: Record<string, { default?: string }>;
}

const action: ActionYaml = parse(text("action.yml"));
let runs = 0;

/** Runs the built action as a runner does. */
export async function runAction(options: RunOptions): Promise<Run> {
  const { github, folder, workspace, event, payload, inputs = {} } = options;
  runs += 1;
  const temporary = mkdtempSync(join(folder, "temp-"));
  const file = (name: string, content = ""): string => {
    const path = join(temporary, name);
    writeFileSync(path, content);
    return path;
  };
  mkdirSync(join(temporary, "runner"));
  const output = file("output");
  const summary = file("summary.md");
  const before = github.requests.length;
  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? "",
    HOME: temporary,
    ...(process.env.NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
    GITHUB_ACTIONS: "true",
    CI: "true",
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_EVENT_NAME: event,
    GITHUB_EVENT_PATH: file("event.json", typeof payload === "string" ? payload : JSON.stringify(payload)),
    GITHUB_REPOSITORY: `${github.store.owner}/${github.store.name}`,
    GITHUB_WORKSPACE: workspace,
    GITHUB_API_URL: github.url,
    GITHUB_GRAPHQL_URL: github.url.endsWith("/api/v3")
      ? github.url.replace(/\/v3$/, "/graphql")
      : `${github.url}/graphql`,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_RUN_ID: String(7_000_000 + runs),
    GITHUB_RUN_NUMBER: String(runs),
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_ACTOR: "octocat",
    GITHUB_ACTION: "concurrency",
    GITHUB_ACTION_REPOSITORY: "example/python-concurrency-review",
    GITHUB_ACTION_REF: "v1",
    RUNNER_TEMP: join(temporary, "runner"),
    PCR_WRITE_INTERVAL_MS: "0",
    PCR_SECOND_MS: "2",
    ...inputsOf(inputs),
    ...options.environment,
  };
  const result = await execute(options.node ?? process.execPath, environment, workspace);
  const outputs = readOutputs(readFileSync(output, "utf8"));
  const commands = readCommands(result.stdout);
  const messages = (name: string): string[] =>
    commands.filter((each) => each.name === name).map(({ message }) => message);
  const requests = github.requests.slice(before);
  return {
    ...result,
    commands,
    errors: messages("error"),
    warnings: messages("warning"),
    notices: messages("notice"),
    outputs,
    summary: existsSync(summary) ? readFileSync(summary, "utf8") : "",
    report: readReport(outputs["report-file"] ?? "", workspace),
    requests,
    writes: requests.filter(({ writes }) => writes),
    temporary,
  };
}

/** Inputs as the runner passes them: every one that `action.yml` declares, with its default. */
function inputsOf(given: Record<string, string>): Record<string, string> {
  const values = Object.entries(action.inputs).map(([name, { default: value = "" }]): [string, string] => [
    name,
    value.replace(/^\$\{\{ github\.token \}\}$/, TOKEN),
  ]);
  const all = { ...Object.fromEntries(values), ...given };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`, value]),
  );
}

function execute(
  node: string,
  environment: Record<string, string>,
  workspace: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [ENTRY], { env: environment, cwd: existsSync(workspace) ? workspace : ROOT });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

function readOutputs(content: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const match of content.matchAll(/^([^\n<]+)<<(ghadelimiter_\S+)\r?\n([\s\S]*?)\r?\n\2$/gm)) {
    found[match[1] ?? ""] = match[3] ?? "";
  }
  return found;
}

/** The lines that a runner takes for commands, in either of the two forms it knows. */
function readCommands(stdout: string): Command[] {
  return stdout.split(/\r\n|\r|\n/).flatMap((line): Command[] => {
    const match = /^\s*::([\w-]+)(?: (.*?))?::(.*)$/.exec(line) ?? /##\[([\w-]+)(?: (.*?))?\](.*)$/.exec(line);
    if (match === null) return [];
    const [, name = "", properties = "", message = ""] = match;
    const pairs = properties.split(",").flatMap((pair): [string, string][] => {
      const equals = pair.indexOf("=");
      return equals < 0 ? [] : [[pair.slice(0, equals).trim(), unescaped(pair.slice(equals + 1))]];
    });
    return [{ name, properties: Object.fromEntries(pairs), message: unescaped(message) }];
  });
}

function unescaped(value: string): string {
  return value
    .replaceAll("%3A", ":")
    .replaceAll("%2C", ",")
    .replaceAll("%0D", "\r")
    .replaceAll("%0A", "\n")
    .replaceAll("%25", "%");
}

function readReport(path: string, workspace: string): Report | null {
  const whole = path.startsWith("/") ? path : join(workspace, path);
  return path.endsWith(".json") && existsSync(whole) ? JSON.parse(readFileSync(whole, "utf8")) : null;
}
