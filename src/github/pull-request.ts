import { InputError } from "../errors.ts";
import type { GitHub } from "./client.ts";
import { type PullRequest, pullRequestFrom } from "./event.ts";
import { refusalOf } from "./refusal.ts";

/** A pull request as it stands now. */
export async function getPullRequest(github: GitHub, number: number): Promise<PullRequest> {
  const { owner, repo } = github;
  try {
    const { data } = await github.octokit.rest.pulls.get({ owner, repo, pull_number: number });
    return pullRequestFrom(data);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `pull request ${number} of ${owner}/${repo} cannot be read (${refusalOf(error).message}); check pull-number and give the job \`permissions: pull-requests: read\``,
    );
  }
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
  const found = await github.octokit.paginate(github.octokit.rest.pulls.list, {
    owner: github.owner,
    repo: github.repo,
    state: "open",
    head: `${owner}:${branch}`,
    per_page: 100,
  });
  const match = found.map((data) => pullRequestFrom(data)).find((each) => each.head === head);
  return match ?? null;
}

/** Name of the default branch. */
export async function defaultBranch(github: GitHub, payload: string): Promise<string> {
  if (payload !== "") return payload;
  const { owner, repo } = github;
  const { data } = await github.octokit.rest.repos.get({ owner, repo });
  return data.default_branch;
}
