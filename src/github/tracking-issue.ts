import { createHash } from "node:crypto";
import type { GitHub } from "./client.ts";
import { readSummaryMarker, summaryMarker } from "./marker.ts";

const TITLE = "Concurrency audit";
/** Issues of ours that are looked through for the one we keep. */
const MOST_PAGES = 5;

/**
 * Keeps one issue up to date with an audit: opened when there is something to say, edited in place, closed when all is well and
 * opened again later. `null` as text means that all is well.
 */
export async function keepTrackingIssue(
  github: GitHub,
  key: string,
  found: string | null,
  about: { commit: string; run: number },
): Promise<void> {
  const { owner, repo, octokit } = github;
  const name = `issue:${key}`;
  const existing = await findIssue(github, name);
  if (existing === null && found === null) return;
  const text = found ?? "The last audit found no concurrency problems.";
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const body = `${text}\n\n${summaryMarker({ key: name, head: about.commit, hash, run: about.run, refused: [] })}`;
  if (existing === null) {
    await octokit.rest.issues.create({ owner, repo, title: key === "" ? TITLE : `${TITLE}: ${key}`, body });
    return;
  }
  const state = found === null ? "closed" : "open";
  if (existing.hash === hash && existing.state === state) return;
  await octokit.rest.issues.update({ owner, repo, issue_number: existing.number, body, state });
}

/** Our oldest issue with this name. Only what we wrote ourselves counts, whatever its text claims. */
async function findIssue(
  github: GitHub,
  name: string,
): Promise<{ number: number; state: string; hash: string } | null> {
  const { owner, repo, octokit } = github;
  const { viewer } = await octokit.graphql<{ viewer: { login: string } }>("query Viewer { viewer { login } }");
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { data } = await octokit.rest.issues.listForRepo({
      owner,
      repo,
      state: "all",
      creator: viewer.login,
      sort: "created",
      direction: "asc",
      per_page: 100,
      page,
    });
    for (const { number, state, body, user, pull_request: pullRequest } of data) {
      const marker = readSummaryMarker(body ?? "");
      if (pullRequest === undefined && user?.login === viewer.login && marker?.key === name) {
        return { number, state, hash: marker.hash };
      }
    }
    if (data.length < 100) return null;
  }
  return null;
}
