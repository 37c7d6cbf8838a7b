// Prints the changelog's section of a version; fails when the tag, package.json and the changelog do not agree.
//
//   node scripts/release-notes.mjs v1.0.0
import { readFileSync } from "node:fs";

const version = (process.argv[2] ?? "").replace(/^v/, "");
const { version: packaged } = JSON.parse(readFileSync("package.json", "utf8"));
const sections = readFileSync("CHANGELOG.md", "utf8").split(/^## /m);
const section = sections.find((text) => text.split(/[\s\n]/, 1)[0] === version);

if (version !== packaged) fail(`package.json says ${packaged}, the tag says ${version}`);
else if (!section) fail(`CHANGELOG.md has no section "## ${version}"`);
else console.log(section.slice(section.indexOf("\n") + 1).trim());

function fail(reason) {
  console.error(reason);
  process.exitCode = 1;
}
