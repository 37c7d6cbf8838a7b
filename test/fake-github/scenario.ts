import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyRepository, GIT_ENVIRONMENT } from "../repositories.ts";
import { pullJson, repositoryJson, userJson } from "./answers.ts";
import type { Files } from "./origin.ts";
import { type Run, runAction } from "./run-action.ts";
import { type FakeGitHub, startFakeGitHub } from "./server.ts";
import { HUMAN, makeStore, type ProfileName, type Pull, push, type Store, type User } from "./store.ts";

/** How a repository and its pull request come about. */
export interface Setup {
  /** Files of the base branch when the pull request branched off. */
  base?: Files;
  /** What the pull request changes. */
  head: Files;
  /** What was merged into the base branch since then. */
  since?: Files;
  profile?: ProfileName;
  fork?: boolean;
  draft?: boolean;
  open?: boolean;
  author?: User;
  /** GitHub Enterprise Server. */
  enterprise?: boolean;
}

/** What is checked out: GitHub's default (the merge commit, alone), everything, or nothing. */
export type Checkout = "merge" | "full" | "none";

/** How the action is run. */
export interface Options {
  event?: string;
  /** Fields laid over the event's payload. */
  payload?: Record<string, unknown>;
  checkout?: Checkout;
  inputs?: Record<string, string>;
  environment?: Record<string, string> | ((workspace: string) => Record<string, string>);
  /** Changes the checkout before the action runs. */
  prepare?(workspace: string): void;
  node?: string;
}

/** A repository with a pull request on a fake GitHub, and a runner. */
export interface World {
  github: FakeGitHub;
  store: Store;
  pull: Pull;
  base: string;
  /** Runs the action on an event about the pull request. */
  run(options?: Options): Promise<Run>;
  /** Pushes a commit on top of the head, or with `force` one that replaces the branch. */
  push(files: Files, force?: boolean): string;
  /** Commits to the base branch. */
  advance(files: Files): string;
  checkout(kind: Checkout): string;
  close(): Promise<void>;
}

/** Builds a world. It complains when it is closed if the client did what no client may do. */
export async function makeWorld(setup: Setup): Promise<World> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "pcr-world-")));
  const store = makeStore(setup.profile ?? "pr-write", join(folder, "origin.git"));
  const github = await startFakeGitHub(store, setup.enterprise ? "/api/v3" : "");
  const { origin } = store;
  const base = origin.commit([], setup.base ?? { "README.md": "A shop.\n" });
  const head = origin.commit([base], setup.head);
  const tip = setup.since === undefined ? base : origin.commit([base], setup.since);
  origin.ref("refs/heads/main", tip);
  const home = `${store.owner}/${store.name}`;
  const pull: Pull = {
    number: 1,
    head,
    headRef: "topic",
    headRepo: setup.fork ? `stranger/${store.name}` : home,
    baseRef: "main",
    baseSha: tip,
    open: setup.open ?? true,
    draft: setup.draft ?? false,
    author: setup.author ?? HUMAN,
  };
  store.pulls.push(pull);
  origin.ref("refs/heads/topic", head);
  origin.ref("refs/pull/1/head", head);
  let changes = setup.head;
  /** What the branches and the changes were when the pull request was last merged: GitHub makes no second commit of the same. */
  let merged = "";
  const mergeRef = (): void => {
    const main = origin.resolve("main") ?? base;
    const state = `${main} ${pull.head}`;
    if (state === merged) return;
    merged = state;
    origin.ref("refs/pull/1/merge", origin.commit([main, pull.head], changes, "Merge"));
  };
  const checkouts = new Map<string, string>();
  const world: World = {
    github,
    store,
    pull,
    base,
    run(options = {}) {
      const event = options.event ?? "pull_request";
      const workspace = world.checkout(options.checkout ?? "merge");
      options.prepare?.(workspace);
      const { environment } =
        typeof options.environment === "function" ? { environment: options.environment(workspace) } : options;
      const payload = { ...payloadOf(event, world), ...options.payload };
      const sha = event.startsWith("pull_request")
        ? (origin.resolve("refs/pull/1/merge") ?? "")
        : (origin.resolve("main") ?? "");
      return runAction({
        github,
        folder,
        workspace,
        event,
        payload,
        inputs: options.inputs ?? {},
        environment: { GITHUB_SHA: sha, ...environment },
        ...(options.node === undefined ? {} : { node: options.node }),
      });
    },
    push(files, force = false) {
      const commit = origin.commit([force ? base : pull.head], force ? { ...files } : files);
      changes = force ? files : { ...changes, ...files };
      push(store, pull, commit);
      return commit;
    },
    advance(files) {
      const commit = origin.commit([origin.resolve("main") ?? base], files);
      origin.ref("refs/heads/main", commit);
      return commit;
    },
    checkout(kind) {
      const workspace = mkdtempSync(join(folder, "work-"));
      if (kind === "none") return workspace;
      mergeRef();
      const key = `${kind} ${merged}`;
      const done = checkouts.get(key) ?? checkOut(kind, mkdtempSync(join(folder, "checkout-")), origin.folder);
      checkouts.set(key, done);
      cpSync(done, workspace, { recursive: true, verbatimSymlinks: true });
      return workspace;
    },
    async close() {
      await github.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      if (github.complaints.length > 0) throw new Error(`the client misbehaved:\n${github.complaints.join("\n")}`);
    },
  };
  return world;
}

/** What `actions/checkout` does, and where. */
function checkOut(kind: Checkout, workspace: string, origin: string): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: workspace, env: GIT_ENVIRONMENT, stdio: "pipe" });
  const remote = `[remote "origin"]\n\turl = file://${origin}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
  emptyRepository(workspace, false, `${remote}[maintenance]\n\tauto = false\n`);
  const depth = kind === "merge" ? ["--depth=1"] : [];
  const refs = ["+refs/pull/1/merge:refs/remotes/pull/1/merge"];
  if (kind === "full") refs.push("+refs/heads/*:refs/remotes/origin/*");
  git("fetch", "-q", "--no-tags", ...depth, "origin", ...refs);
  git("-c", "advice.detachedHead=false", "checkout", "-q", "refs/remotes/pull/1/merge");
  return workspace;
}

function payloadOf(event: string, { store, pull, base }: World): Record<string, unknown> {
  const repository = repositoryJson(store);
  const sender = userJson(pull.author);
  const main = store.origin.resolve("main") ?? base;
  switch (event) {
    case "pull_request":
    case "pull_request_target":
      return { action: "synchronize", number: pull.number, pull_request: pullJson(store, pull), repository, sender };
    case "merge_group": {
      const merged = store.origin.resolve("refs/pull/1/merge") ?? pull.head;
      const group = {
        head_sha: merged,
        base_sha: main,
        base_ref: "refs/heads/main",
        head_ref: "refs/heads/gh-readonly-queue/main/pr-1-x",
      };
      return { action: "checks_requested", merge_group: group, repository, sender };
    }
    case "push":
      return { ref: "refs/heads/main", before: base, after: main, deleted: false, forced: false, repository, sender };
    case "workflow_run":
      return {
        action: "completed",
        workflow_run: {
          event: "pull_request",
          head_sha: pull.head,
          head_branch: pull.headRef,
          head_repository: { owner: { login: pull.headRepo.split("/", 1)[0] }, full_name: pull.headRepo },
          pull_requests: [],
          conclusion: "success",
        },
        repository,
        sender,
      };
    default:
      return { repository, sender };
  }
}
