#!/usr/bin/env node
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { InputError } from "./errors.ts";
import { excerptsOf } from "./excerpts.ts";
import { ruleList, rulePage } from "./explain.ts";
import { helpText } from "./help.ts";
import { type Invocation, readArguments } from "./invocation.ts";
import { progressOn } from "./progress.ts";
import { noCommands, plain } from "./reporters/escape.ts";
import { isFormat, render } from "./reporters/render.ts";
import { rules } from "./rules/index.ts";
import { runAudit, runReview } from "./run.ts";
import { VERSION } from "./version.ts";

/** Does what the arguments say and answers the exit code. */
async function main(): Promise<number> {
  const ids = rules.map(({ id }) => id);
  const invocation = readArguments(process.argv.slice(2), ids);
  const [name] = invocation.names;
  switch (invocation.command) {
    case "help":
      process.stdout.write(helpText(name ?? null));
      return 0;
    case "version":
      process.stdout.write(`${VERSION}\n`);
      return 0;
    case "rules":
      process.stdout.write(ruleList(rules, usesColor(invocation)));
      return 0;
    case "explain":
      for (const rule of rules) if (rule.id === name) process.stdout.write(rulePage(rule, usesColor(invocation)));
      return 0;
    default:
      return report(invocation, ids);
  }
}

async function report(invocation: Invocation, ids: readonly string[]): Promise<number> {
  const { progress, clear } = progressOn(process.stderr, Date.now);
  const around = { directory: process.cwd(), environment: process.env, progress, rules: ids };
  const run = invocation.command === "review" ? runReview : runAudit;
  const { report, trees } = await run(invocation, around).finally(clear);
  const output = invocation.values.get("output");
  const format = invocation.values.get("format") ?? "text";
  if (!isFormat(format)) throw new InputError(`there is no format ${format}; see pcr help ${invocation.command}`);
  const text = await render(format, report, {
    sources: await excerptsOf(report, trees),
    rules,
    color: usesColor(invocation),
    ...(process.stdout.isTTY && output === undefined ? { width: process.stdout.columns } : {}),
  });
  if (output === undefined) process.stdout.write(text);
  else await writeReport(output, text);
  if (report.verdict !== "error") return report.verdict === "pass" ? 0 : 1;
  const unread = report.stats.skipped.filter(({ whole }) => whole).map(({ path, reason }) => `${path} (${reason})`);
  const named = unread.slice(0, 5).join(", ") + (unread.length > 5 ? ` and ${unread.length - 5} more` : "");
  throw new InputError(`changed files could not be analysed: ${named}; repair them or exclude them`);
}

async function writeReport(output: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(output), text);
  } catch (error) {
    throw new InputError(`the report cannot be written to ${output} (${String(error)}); name another with --output`);
  }
}

function usesColor({ values }: Invocation): boolean {
  const isWanted = !values.has("no-color") && !values.has("output") && (process.env.NO_COLOR ?? "") === "";
  return isWanted && (process.stdout.isTTY || !["", "0"].includes(process.env.FORCE_COLOR ?? ""));
}

// A reader that has seen enough (`pcr audit | head`) is no fault.
process.stdout.on("error", (error) => {
  if (!("code" in error) || error.code !== "EPIPE") throw error;
});

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const said = error instanceof InputError ? plain(error.message) : `internal error: ${text}`;
    process.stderr.write(noCommands(`pcr: ${said}\n`));
    process.exitCode = 2;
  },
);
