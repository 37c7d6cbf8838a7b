#!/usr/bin/env node
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { InputError } from "./errors.ts";
import { excerptsOf } from "./excerpts.ts";
import { helpText } from "./help.ts";
import { readArguments } from "./invocation.ts";
import { progressOn } from "./progress.ts";
import { runAudit, runReview, type Surroundings } from "./run.ts";

const RULES: readonly { id: string }[] = [];

async function main(): Promise<number> {
  const rules = RULES.map(({ id }) => id);
  const invocation = readArguments(process.argv.slice(2), rules);
  const { command, names, values } = invocation;
  switch (command) {
    case "help":
      process.stdout.write(helpText(names[0] ?? null));
      return 0;
    case "version":
      process.stdout.write("0.1.0\n");
      return 0;
    case "rules":
    case "explain":
      return 0;
  }
  const { progress, clear } = progressOn(process.stderr, Date.now);
  const around: Surroundings = { directory: process.cwd(), environment: process.env, progress, rules };
  const { report, trees } = await (command === "review" ? runReview : runAudit)(invocation, around).finally(clear);
  await excerptsOf(report, trees);
  const text = `${JSON.stringify(report, null, 2)}\n`;
  const output = values.get("output");
  if (output === undefined) process.stdout.write(text);
  else await writeReport(output, text);
  return report.verdict === "pass" ? 0 : report.verdict === "fail" ? 1 : 2;
}

async function writeReport(output: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(output), text);
  } catch (error) {
    throw new InputError(
      `the report cannot be written to ${output} (${String(error)}); name another file with --output`,
    );
  }
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
    const reason = error instanceof Error ? error : new Error(String(error));
    const text = error instanceof InputError ? error.message : `internal error: ${reason.stack ?? reason.message}`;
    process.stderr.write(`pcr: ${text}\n`);
    process.exitCode = 2;
  },
);
