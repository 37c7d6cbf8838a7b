import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { filesBelow, ROOT, text } from "./sources.ts";

const WORKFLOWS = filesBelow(".github/workflows", ".yml");

test("workflows ask for nothing by default and pin what they run", () => {
  const wrong: string[] = [];
  for (const path of WORKFLOWS) {
    const { permissions } = parse(text(path));
    if (Object.keys(permissions ?? { all: true }).length > 0) wrong.push(`${path}: top-level permissions`);
    for (const [, used] of text(path).matchAll(/uses: (\S+)/g)) {
      if (used !== "./" && !/@[0-9a-f]{40}$/.test(used ?? "")) wrong.push(`${path}: ${used}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("workflows never put event text into a shell line", () => {
  const wrong = WORKFLOWS.filter((path) => /run:[^\n]*\$\{\{|run: \|\n(?: {10,}.*\n)*? {10,}.*\$\{\{/.test(text(path)));
  expect(wrong).toEqual([]);
});

test("the lock file names no registry, so that any mirror serves it", () => {
  expect(text("package-lock.json").match(/"resolved": "http[^"]*"/g)).toBeNull();
});

test("package.json and the changelog agree on the version", () => {
  const { version } = JSON.parse(text("package.json"));
  const [newest] = text("CHANGELOG.md").matchAll(/^## (\S+)/gm);
  expect(["Unreleased", version]).toContain(newest?.[1]);
  expect(text("package-lock.json")).toContain(`"version": "${version}"`);
});

test("every runtime and development dependency is exact and has its reason in CONTRIBUTING", () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(text("package.json"));
  const all: Record<string, string> = { ...dependencies, ...devDependencies, ...optionalDependencies };
  const contributing = text("CONTRIBUTING.md");
  expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  expect(Object.keys(all).filter((name) => !contributing.includes(`\`${name}\``))).toEqual([]);
});

test("links inside the documents lead somewhere", () => {
  const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ".github/SECURITY.md", "src/rules/README.md"];
  const broken: string[] = [];
  for (const document of documents) {
    const source = text(document);
    for (const [, target = ""] of source.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = join(ROOT, dirname(document), path);
      if (path && !existsSync(file)) broken.push(`${document}: ${target}`);
      if (anchor && !path && !anchors(source).includes(anchor)) broken.push(`${document}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

/** GitHub's anchors: lower case, spaces to hyphens, everything else dropped. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-"),
  );
}
