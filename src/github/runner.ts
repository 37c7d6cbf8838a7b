import { InputError } from "../errors.ts";

/** What the runner says about the run. */
export interface Runner {
  event: string;
  workspace: string;
  owner: string;
  repo: string;
  sha: string;
  actor: string;
  serverUrl: string;
  apiUrl: string;
  runId: number;
  /** Folder for files that the run leaves for later steps; empty when there is none. */
  temporary: string;
  actionRepository: string;
  actionRef: string;
  /** The step's id, to keep files of several steps apart. */
  step: string;
}

/** Reads the runner's variables. On GitHub Enterprise Server every address comes from there. */
export function readRunner(environment: Readonly<Record<string, string | undefined>>): Runner {
  const value = (name: string): string => environment[name] ?? "";
  const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(value("GITHUB_REPOSITORY")) ?? [];
  if (owner === undefined || repo === undefined) {
    throw new InputError("GITHUB_REPOSITORY is not set to owner/name; run this as a step of a GitHub workflow");
  }
  return {
    event: value("GITHUB_EVENT_NAME"),
    workspace: value("GITHUB_WORKSPACE"),
    owner,
    repo,
    sha: value("GITHUB_SHA"),
    actor: value("GITHUB_ACTOR"),
    serverUrl: value("GITHUB_SERVER_URL") || "https://github.com",
    apiUrl: (value("GITHUB_API_URL") || "https://api.github.com").replace(/\/+$/, ""),
    runId: Number(value("GITHUB_RUN_ID")) || 0,
    temporary: value("RUNNER_TEMP"),
    actionRepository: value("GITHUB_ACTION_REPOSITORY"),
    actionRef: value("GITHUB_ACTION_REF"),
    step: value("GITHUB_ACTION"),
  };
}
