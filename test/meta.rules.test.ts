import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Snapshot } from "../src/changes/change.ts";
import { DEFAULTS } from "../src/config.ts";
import { audit } from "../src/review.ts";
import { rules } from "../src/rules/index.ts";
import { rulesPage } from "../src/rules/page.ts";
import { filesBelow, ROOT, text } from "./sources.ts";

const IDS = rules.map((rule) => rule.id);

test("the registry names every rule of the folder, each once", () => {
  const inFolder = filesBelow("src/rules", ".ts").filter((path) => /^ {2}id: "[a-z-]+",$/m.test(text(path)));
  expect([...IDS].sort().map((id) => `src/rules/${id}.ts`)).toEqual(
    inFolder.filter((path) => !path.endsWith("/unused-ignore.ts") || IDS.includes("unused-ignore")),
  );
  expect(new Set(IDS).size).toBe(IDS.length);
});

test("ids name the problem in kebab case", () => {
  expect(IDS.filter((id) => !/^[a-z]+(-[a-z]+)+$/.test(id) || /^(no|use|prefer|avoid)-/.test(id))).toEqual([]);
});

test("the rules page is what the rules say", () => {
  expect(text("src/rules/README.md")).toBe(rulesPage(rules));
});

test.each(IDS)("%s has a fixture in which it fires", (id) => {
  const own = readdirSync(join(ROOT, "fixtures")).filter((name) => name === `${id}.py` || name.startsWith(`${id}.`));
  const files = own.flatMap((name) =>
    statSync(join(ROOT, "fixtures", name)).isDirectory() ? filesBelow(`fixtures/${name}`) : [`fixtures/${name}`],
  );
  expect(existsSync(join(ROOT, `fixtures/${id}.py`)) || own.length > 0).toBe(true);
  expect(files.some((path) => new RegExp(`expect: ${id}(?![a-z-])`).test(text(path)))).toBe(true);
});

test.each(rules)("$id: the bad example fires it and nothing else", async ({ id, bad }) => {
  const findings = await findingsIn(bad);
  expect([...new Set(findings)]).toEqual([id]);
});

test.each(rules)("$id: the good example is silent", async ({ good }) => {
  expect(await findingsIn(good)).toEqual([]);
});

async function findingsIn(source: string): Promise<string[]> {
  const tree: Snapshot = {
    paths: async () => ["example.py"],
    read: async (path) => (path === "example.py" ? source : null),
  };
  const { findings } = await audit(tree, () => true, DEFAULTS);
  return findings.filter((finding) => !finding.suppressed).map((finding) => finding.rule);
}
