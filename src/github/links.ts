/** Addresses for what a comment mentions, on this GitHub whatever its name. */
export interface Links {
  /** Lines of a file in the head's version. */
  lines(path: string, startLine: number, endLine?: number): string;
  /** A rule's page; `null` when nobody knows where the action comes from. */
  rule(id: string): string | null;
  /** A section of the action's README, under the same condition. */
  readme(section: string): string | null;
  run: string;
}

export interface LinkParts {
  serverUrl: string;
  owner: string;
  repo: string;
  head: string;
  runId: number;
  /** `owner/name` of the action and the revision in use; empty when it is run from a local folder. */
  actionRepository: string;
  actionRef: string;
}

/** Makes the addresses of one run. */
export function linksOf(parts: LinkParts): Links {
  const server = parts.serverUrl.replace(/\/+$/, "");
  const home = `${server}/${parts.owner}/${parts.repo}`;
  const page = (path: string): string | null =>
    /^[\w.-]+\/[\w.-]+$/.test(parts.actionRepository)
      ? `${server}/${parts.actionRepository}/blob/${encodePath(parts.actionRef || "HEAD")}/${path}`
      : null;
  return {
    lines: (path, startLine, endLine = startLine) =>
      `${home}/blob/${parts.head}/${encodePath(path)}#L${startLine}${endLine > startLine ? `-L${endLine}` : ""}`,
    rule: (id) => page(`src/rules/README.md#${id}`),
    readme: (section) => page(`README.md#${section}`),
    run: `${home}/actions/runs/${parts.runId}`,
  };
}

/** A path inside an address; parentheses would end a Markdown link. */
function encodePath(path: string): string {
  const encode = (part: string): string =>
    encodeURIComponent(part).replace(/[()!'*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  return path.split("/").map(encode).join("/");
}
