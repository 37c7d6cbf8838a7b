import { InputError } from "../errors.ts";
import type { GitHub } from "./client.ts";
import { type PullRequest, pullRequestFrom } from "./event.ts";
import { refusalOf } from "./refusal.ts";

/** A pull request as it stands now. */
export function getPullRequest(github: GitHub, number: number): Promise<PullRequest> {
  const { owner, repo } = github;
  return answered(`pull request ${number}`, async () =>
    pullRequestFrom((await github.octokit.rest.pulls.get({ owner, repo, pull_number: number })).data),
  );
}

/**
 * The open pull request whose head is exactly this commit. The list of pull requests in a `workflow_run` event is empty for forks,
 * and a number in an artifact could be anyone's, so neither is asked.
 */
export async function findByHead(
  github: GitHub,
  owner: string,
  branch: string,
  head: string,
): Promise<PullRequest | null> {
  const list = github.octokit.rest.pulls.list;
  const query = {
    owner: github.owner,
    repo: github.repo,
    state: "open",
    head: `${owner}:${branch}`,
    per_page: 100,
  } as const;
  const found = await answered("the open pull requests", () => github.octokit.paginate(list, query));
  return found.map((data) => pullRequestFrom(data)).find((each) => each.head === head) ?? null;
}

/** Name of the default branch; the event usually knows it. */
export async function defaultBranch(github: GitHub, known: string): Promise<string> {
  if (known !== "") return known;
  const { owner, repo } = github;
  return answered(
    "the repository",
    async () => (await github.octokit.rest.repos.get({ owner, repo })).data.default_branch,
  );
}

async function answered<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${what} cannot be read (${refusalOf(error).message}); check the inputs and give the job \`permissions: pull-requests: read\``,
    );
  }
}
