import { execFile, spawn } from "node:child_process";
import { InputError } from "../errors.ts";
import { blobReader, type ReadBlob } from "./blobs.ts";

/** The variables of the process, which only the entries read. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A git repository on disk. Whatever its configuration says, no program, hook, filter or network is used to read it. */
export interface Repository {
  /** Absolute path of the work tree, or of the repository itself when it is bare. */
  top: string;
  bare: boolean;
  /** Whether older commits are missing; `null` where this git does not say. */
  shallow: boolean | null;
  /** Runs git; throws `InputError` with git's own reason when it fails. */
  git(...args: string[]): Promise<string>;
  /** As `git`, but `null` when it fails. */
  ask(...args: string[]): Promise<string | null>;
  blob: ReadBlob;
}

const MOST_OUTPUT = 256 * 1024 * 1024;

// Each of these keys could otherwise start a program, wait for a daemon, or change the format of what git prints.
const FIXED: readonly (readonly [string, string])[] = [
  ["core.quotePath", "false"],
  ["core.fsmonitor", "false"],
  ["core.hooksPath", "/dev/null"],
  ["core.bigFileThreshold", "4m"],
  ["diff.suppressBlankEmpty", "false"],
];

const KEPT = /^GIT_(?:CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM))$/;

/**
 * The repository around a directory, or `null` if there is none (or no git on this machine). `trusted` reads it even when it
 * belongs to another user, as the workspace of a container job does.
 */
export async function findRepository(
  directory: string,
  environment: Environment,
  trusted = false,
): Promise<Repository | null> {
  const settings = trusted ? [...FIXED, ["safe.directory", "*"] as const] : FIXED;
  const first = safe(environment, settings);
  // Each question would cost a process. The last one fails where there is no work tree, after the others were answered.
  const questions = ["--is-bare-repository", "--is-shallow-repository", "--absolute-git-dir", "--show-toplevel"];
  const [found, filters] = await Promise.all([
    run(directory, first, ["rev-parse", ...questions]),
    run(directory, first, ["config", "-z", "--name-only", "--get-regexp", "^filter\\."]),
  ]);
  const [isBare, isShallow, gitDirectory, ...tree] = found.output.split(/\r?\n/).slice(0, -1);
  if (found.failure !== null && gitDirectory === undefined) {
    if (found.failure.includes("dubious ownership")) {
      throw new InputError(
        `the git repository around ${directory} belongs to another user; run \`git config --global --add safe.directory ${directory}\` if you trust it`,
      );
    }
    return null;
  }
  const hasTree = isBare !== "true" && found.failure === null;
  // A path with a line feed in it is asked for alone.
  const whole = tree.length === 1 ? tree[0] : hasTree ? await topOf(directory, first) : null;
  const top = (hasTree ? whole : gitDirectory) ?? directory;
  const environmentOfGit = safe(environment, [...settings, ...withoutFilters(filters.output)]);
  const shallow = isShallow === "true" || isShallow === "false" ? isShallow === "true" : null;
  return repository({ top, bare: !hasTree, shallow }, environmentOfGit);
}

async function topOf(directory: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const { output } = await run(directory, environment, ["rev-parse", "--show-toplevel"]);
  return output.replace(/\r?\n$/, "");
}

function repository(facts: Pick<Repository, "top" | "bare" | "shallow">, environment: NodeJS.ProcessEnv): Repository {
  const { top } = facts;
  const blob = blobReader(() =>
    spawn("git", ["cat-file", "--batch"], { cwd: top, env: environment, stdio: ["pipe", "pipe", "ignore"] }),
  );
  return {
    ...facts,
    blob,
    async git(...args) {
      const { output, failure } = await run(top, environment, args);
      if (failure !== null) throw new InputError(`git ${args[0]} failed in ${top}: ${failure}`);
      return output;
    },
    async ask(...args) {
      const { output, failure } = await run(top, environment, args);
      return failure === null ? output : null;
    },
  };
}

/** The environment for git: nothing of the caller's own git state (as inside a hook), no network, no locks, plain English. */
function safe(environment: Environment, settings: readonly (readonly [string, string])[]): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !/^GIT_/i.test(name) || KEPT.test(name));
  const pairs = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(pairs),
    GIT_CONFIG_COUNT: String(settings.length),
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: "none",
    GIT_TERMINAL_PROMPT: "0",
    GIT_PAGER: "cat",
    LC_ALL: "C",
  };
}

/** Comparing a work tree runs the `clean` filters that the configuration names; they are emptied one by one. */
function withoutFilters(names: string): [string, string][] {
  const drivers = new Set(
    names
      .split("\0")
      .filter((name) => name !== "")
      .map((name) => name.slice(0, name.lastIndexOf("."))),
  );
  return [...drivers].flatMap((driver): [string, string][] => [
    [`${driver}.clean`, ""],
    [`${driver}.smudge`, ""],
    [`${driver}.process`, ""],
    [`${driver}.required`, "false"],
  ]);
}

function run(
  directory: string,
  environment: NodeJS.ProcessEnv,
  args: readonly string[],
): Promise<{ output: string; failure: string | null }> {
  const options = { cwd: directory, env: environment, maxBuffer: MOST_OUTPUT, windowsHide: true };
  return new Promise((resolve) => {
    execFile("git", ["--no-pager", ...args], options, (error, stdout, stderr) => {
      const reason = stderr.split("\n").find((line) => line !== "") ?? error?.message ?? "";
      resolve({ output: stdout, failure: error === null ? null : reason.replace(/^fatal: /, "") });
    });
  });
}
