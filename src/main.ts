import * as core from "@actions/core";
import { InputError } from "./errors.ts";
import { runAction } from "./github/action.ts";
import { connect } from "./github/client.ts";
import { type Console, harmless } from "./github/console.ts";
import { readInputs, unknownInputs } from "./github/inputs.ts";
import { readRunner } from "./github/runner.ts";
import { markdown } from "./reporters/markdown.ts";
import { render } from "./reporters/render.ts";
import { sarif } from "./reporters/sarif.ts";
import { rules } from "./rules/index.ts";
import { VERSION } from "./version.ts";

/** Seconds that a run waits for rate limits altogether. */
const PATIENCE = 90;

const console: Console = {
  info: (line) => core.info(harmless(line)),
  notice: (text) => core.notice(text),
  warning: (text) => core.warning(text),
  annotate({ severity, title, message, place }) {
    const show = { error: core.error, warning: core.warning, notice: core.notice }[severity];
    if (place === null) return show(message, { title });
    const { path: file, startLine, endLine, startColumn, endColumn } = place;
    const columns = startLine === endLine ? { startColumn, endColumn } : {};
    return show(message, { title, file, startLine, endLine, ...columns });
  },
  output: (name, value) => core.setOutput(name, value),
  async summary(markdown) {
    try {
      await core.summary.addRaw(markdown, true).write();
      return true;
    } catch {
      return false;
    }
  },
  group(title, lines) {
    core.startGroup(title);
    for (const line of lines) core.info(line);
    core.endGroup();
  },
  fail: (reason) => core.setFailed(reason),
};

async function main(): Promise<void> {
  const environment = process.env;
  const token = core.getInput("github-token");
  if (token !== "") core.setSecret(token);
  for (const sentence of unknownInputs(environment)) core.warning(sentence);
  const inputs = readInputs((name) => core.getInput(name));
  const runner = readRunner(environment);
  // Loaded here because the toolkit reads the event as soon as it is imported: a fault in it is reported like any other.
  const { context } = await import(/* webpackMode: "eager" */ "@actions/github").catch((error: unknown) => {
    throw new InputError(
      `the event that GITHUB_EVENT_PATH names cannot be read (${String(error)}); re-run the workflow`,
    );
  });
  const { defaults } = await import(/* webpackMode: "eager" */ "@actions/github/lib/utils");
  const proxied = defaults.request?.fetch;
  const github = connect({
    token,
    apiUrl: runner.apiUrl,
    owner: runner.owner,
    repo: runner.repo,
    fetch: typeof proxied === "function" ? (url, init) => proxied(url, init) : fetch,
    userAgent: `python-concurrency-review/${VERSION}`,
    pacing: {
      writeMilliseconds: milliseconds(environment.PCR_WRITE_INTERVAL_MS),
      secondMilliseconds: milliseconds(environment.PCR_SECOND_MS),
      patienceSeconds: PATIENCE,
    },
    debug: (message) => core.debug(harmless(message)),
  });
  await runAction({
    inputs,
    runner,
    payload: context.payload,
    github,
    engine: { environment: withoutSecrets(environment), rules: rules.map(({ id }) => id), progress: () => {} },
    reporters: {
      file: (form, report, sources, links) => render(form, report, { sources, rules, links, color: false }),
      sarif: (report, excerpts, { links, category }) =>
        sarif(report, excerpts, { rules, links, ...(category === null ? {} : { category }) }),
      summary: markdown,
    },
    console,
    why: (id) => rules.find((rule) => rule.id === id)?.why ?? "",
  });
}

/** Tests shorten the waiting; GitHub asks for a second between two writes. */
function milliseconds(text: string | undefined): number {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : 1000;
}

/** What git may see: neither inputs nor tokens. */
function withoutSecrets(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^INPUT_|TOKEN|SECRET|PASSWORD/i.test(name)),
  );
}

main().catch((error: unknown) => {
  core.setOutput("verdict", "error");
  core.setOutput("delivery", "none");
  if (error instanceof InputError) core.setFailed(`The review could not be made: ${error.message}`);
  else {
    core.setFailed(
      `The review could not be made: internal error: ${error instanceof Error ? error.message : String(error)}`,
    );
    core.debug(error instanceof Error ? (error.stack ?? "") : "");
  }
});
