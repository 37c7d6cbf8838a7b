import { InputError } from "../errors.ts";

/** A pull request as an event or the API describes it. */
export interface PullRequest {
  number: number;
  head: string;
  /** Branch of the base, and its commit when the event was made (it may be outdated). */
  baseBranch: string;
  baseCommit: string;
  draft: boolean;
  open: boolean;
  /** Whether the head lies in another repository: then the token is usually read-only. */
  fork: boolean;
}

/** What started the run, as far as it decides what is done. */
export type Trigger =
  | { kind: "pull-request"; pullRequest: PullRequest }
  /** A range of commits without a pull request; `base` is `null` when the event names no usable commit. */
  | { kind: "range"; name: "merge group" | "push"; base: string | null; head: string }
  /** A branch or tag was deleted: there is nothing to look at. */
  | { kind: "nothing"; reason: string }
  /** The first stage of a two-stage review has ended. */
  | { kind: "workflow-run"; head: string; branch: string; owner: string; ofPullRequest: boolean }
  | { kind: "manual" }
  /** An event we know nothing of. */
  | { kind: "other" };

/** Reads the event that started the run. Whatever it says is data from outside: it is checked, never trusted. */
export function readTrigger(name: string, payload: unknown): Trigger {
  switch (name) {
    case "pull_request":
    case "pull_request_target":
    case "pull_request_review":
    case "pull_request_review_comment":
      return { kind: "pull-request", pullRequest: pullRequestFrom(at(payload, "pull_request")) };
    case "merge_group": {
      const group = at(payload, "merge_group");
      return {
        kind: "range",
        name: "merge group",
        base: commit(at(group, "base_sha")),
        head: needCommit(group, "head_sha"),
      };
    }
    case "push": {
      if (at(payload, "deleted") === true)
        return { kind: "nothing", reason: "The push deleted its branch; there is nothing to review." };
      const before = commit(at(payload, "before"));
      return { kind: "range", name: "push", base: before, head: needCommit(payload, "after") };
    }
    case "workflow_run": {
      const run = at(payload, "workflow_run");
      return {
        kind: "workflow-run",
        head: needCommit(run, "head_sha"),
        branch: text(at(run, "head_branch")),
        owner: text(at(run, "head_repository", "owner", "login")),
        ofPullRequest: text(at(run, "event")).startsWith("pull_request"),
      };
    }
    case "workflow_dispatch":
    case "schedule":
    case "repository_dispatch":
    case "workflow_call":
      return { kind: "manual" };
    default:
      return { kind: "other" };
  }
}

/** Reads the description of a pull request, as events and the API give it. */
export function pullRequestFrom(data: unknown): PullRequest {
  const number = at(data, "number");
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 1) {
    throw new InputError("the event describes no pull request; run on pull_request or pull_request_target");
  }
  return {
    number,
    head: needCommit(at(data, "head"), "sha"),
    baseBranch: text(at(data, "base", "ref")),
    baseCommit: needCommit(at(data, "base"), "sha"),
    draft: at(data, "draft") === true,
    open: at(data, "state") !== "closed",
    fork: at(data, "head", "repo", "full_name") !== at(data, "base", "repo", "full_name"),
  };
}

/** The value at a path of keys in data from outside, or `undefined`. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = Object.entries(found).find(([name]) => name === key)?.[1];
  }
  return found;
}

/** The value if it is text, else the empty text. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The value if it is the full id of a commit; all zeros (GitHub's "none") and everything else are `null`. */
function commit(value: unknown): string | null {
  return typeof value === "string" && /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(value) && !/^0+$/.test(value)
    ? value
    : null;
}

function needCommit(value: unknown, key: string): string {
  const found = commit(at(value, key));
  if (found === null) throw new InputError(`the event has no commit in ${key}; re-run the workflow`);
  return found;
}
