import { expect, test } from "vitest";
import { isCounted } from "../../src/finding.ts";
import type { Run } from "./run-action.ts";
import { makeWorld, type Options, type Setup, type World } from "./scenario.ts";
import { commentsIn, type ReviewComment, type Store, TOKEN } from "./store.ts";

/** A run of which everything that holds for every run has been checked. */
export interface Actor extends World {
  run(options?: Options): Promise<Run>;
}

/** One scenario: a world, and what happens in it. What every run has to keep is checked after each. */
export function scenario(
  name: string,
  setup: Setup,
  story: (world: Actor) => Promise<void>,
  { everyLineInSummary = true } = {},
): void {
  test.concurrent(name, async () => {
    const world = await makeWorld(setup);
    const actor: Actor = {
      ...world,
      async run(options = {}) {
        const run = await world.run(options);
        checkRun(run, world, { post: options.event === "workflow_run", everyLineInSummary });
        return run;
      },
    };
    try {
      await story(actor);
    } catch (error) {
      await world.close().catch(() => {});
      throw error;
    }
    await world.close();
  });
}

/** Everything we may ask GitHub to change: no replies, no check runs, no statuses, no labels, nothing of the code. */
const WRITES = [
  "pulls/create-review",
  "pulls/create-review-comment",
  "pulls/update-review-comment",
  "pulls/delete-pending-review",
  "pulls/delete-review-comment",
  "issues/create-comment",
  "issues/update-comment",
  "issues/delete-comment",
  "issues/create",
  "issues/update",
  "graphql:resolveReviewThread",
  "graphql:unresolveReviewThread",
  "graphql:minimizeComment",
  "graphql:unminimizeComment",
];

/** What holds for every run, whatever happened in it. */
function checkRun(
  run: Run,
  { store }: World,
  { post, everyLineInSummary }: { post: boolean; everyLineInSummary: boolean },
): void {
  const said = run.stdout.replace(/^::add-mask::.*$/gm, "");
  for (const place of [said, run.stderr, run.summary, JSON.stringify(run.outputs)]) expect(place).not.toContain(TOKEN);
  expect(run.stderr).toBe("");
  const { verdict = "", introduced, existing, fixed, delivery = "" } = run.outputs;
  expect(verdict).toMatch(/^(?:pass|fail|error)$/);
  expect(delivery).toMatch(/^(?:review|summary-only|annotations|log|none)$/);
  if (!post) expect(run.code).toBe(verdict === "pass" ? 0 : 1);
  if (verdict === "fail" && !post) expect(run.errors.length).toBeGreaterThan(0);
  expect(run.errors.length).toBeLessThanOrEqual(10);
  expect(run.warnings.length).toBeLessThanOrEqual(10);
  expect(run.notices.length).toBeLessThanOrEqual(10);
  for (const { name } of run.commands) {
    expect(["add-mask", "debug", "error", "warning", "notice", "group", "endgroup"]).toContain(name);
  }
  expect(run.writes.length).toBeLessThanOrEqual(60);
  for (const { operation } of run.writes) expect(WRITES).toContain(operation);
  if (run.report !== null) {
    const { stats, findings } = run.report;
    expect([introduced, existing, fixed]).toEqual([stats.introduced, stats.existing, stats.fixed].map(String));
    const count = (state: string): number => findings.filter((each) => each.state === state && !each.suppressed).length;
    if (run.report.mode === "review") {
      expect(stats.introduced).toBe(count("introduced"));
      expect(stats.fixed).toBe(count("fixed"));
    }
    const seen = run.summary === "" ? run.stdout : run.summary;
    if (everyLineInSummary) {
      for (const { path, startLine } of findings.filter(isCounted)) expect(seen).toContain(`${path}:${startLine}`);
    }
  }
  for (const { state, user } of store.reviews) if (user.bot) expect(["PENDING", "COMMENTED"]).toContain(state);
  checkComments(store);
}

/** What holds for all that we wrote on the pull request. */
function checkComments(store: Store): void {
  const ours = [...store.issueComments, ...store.reviewComments].filter(({ user }) => user.bot);
  for (const { body } of ours) {
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect(mentions(body)).toEqual([]);
  }
  const open = openThreads(store).map((comment) => markerOf(comment.body));
  expect(new Set(open).size).toBe(open.length);
}

/** Text that would ping somebody or link to an issue: what is not in code or an address. */
export function mentions(body: string): string[] {
  const prose = body
    .replace(/^(`{3,}|~{3,}).*?^\1`*$/gms, "")
    .replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/gs, "")
    .replace(/\]\([^)]*\)/g, "]")
    .replace(/<!--.*?-->/gs, "");
  return prose.match(/(?<![\w`])[@#]\w+/g) ?? [];
}

/** First comments of our open threads on lines or files. */
export function openThreads(store: Store): ReviewComment[] {
  return store.threads
    .filter(({ resolved }) => !resolved)
    .flatMap((thread) => commentsIn(store, thread).slice(0, 1))
    .filter(({ user, body }) => user.bot && body.includes("<!-- pcr:v1 fp=") && !body.includes("state=fixed"));
}

/** The summary comments that we keep on the pull request. */
export function summaries(store: Store): string[] {
  return store.issueComments
    .filter(({ user, body }) => user.bot && body.includes("<!-- pcr:v1 summary"))
    .map(({ body }) => body);
}

/** `path:line` of our open threads, in order. */
export function places(store: Store): string[] {
  return openThreads(store)
    .map(({ path, line, file }) => (file ? `${path}:file` : `${path}:${line}`))
    .sort();
}

/** Operations of requests, in order. */
export function operations(requests: Run["requests"]): string[] {
  return requests.map(({ operation }) => operation);
}

function markerOf(body: string): string {
  return /<!-- pcr:v1 [^\n]*-->\s*$/.exec(body)?.[0] ?? "none";
}

/** A module of coroutines that each block the event loop, and lines in front of them. */
export function naps(names: readonly string[], before = 0): string {
  const filler = Array.from({ length: before }, (_, index) => `FILLER_${index} = ${index}\n`).join("");
  return `import time\n${filler}${names.map((name) => `\n\nasync def ${name}():\n    time.sleep(1)\n`).join("")}`;
}

/** A module without problems. */
export const FINE = "import asyncio\n\n\nasync def rest():\n    await asyncio.sleep(1)\n";
