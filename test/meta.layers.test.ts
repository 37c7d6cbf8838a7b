import { expect, test } from "vitest";
import { filesBelow, importsOf, text } from "./sources.ts";

const SOURCES = filesBelow("src", ".ts");

/** Each folder, and what its files may not import. Arrows go changes → python → runtime → rules, checklist, recommend → reporters, github. */
const FORBIDDEN: Record<string, string[]> = {
  "src/changes/": [
    "python",
    "runtime",
    "rules",
    "checklist",
    "recommend",
    "reporters",
    "github",
    "knowledge",
    "review.ts",
  ],
  "src/knowledge/": [
    "changes",
    "runtime",
    "rules",
    "checklist",
    "recommend",
    "reporters",
    "github",
    "review.ts",
    "config.ts",
  ],
  "src/python/": ["changes", "runtime", "rules", "checklist", "recommend", "reporters", "github", "review.ts"],
  "src/runtime/": ["changes", "rules", "checklist", "recommend", "reporters", "github", "review.ts"],
  "src/rules/": ["changes", "checklist", "recommend", "reporters", "github", "review.ts"],
  "src/checklist/": ["changes", "recommend", "reporters", "github", "review.ts"],
  "src/recommend/": ["changes", "checklist", "reporters", "github", "review.ts"],
  "src/reporters/": ["changes", "python", "runtime", "knowledge", "checklist", "recommend", "github", "review.ts"],
  "src/github/": ["python", "runtime", "knowledge", "checklist", "recommend"],
};
/** Only these read the environment and the arguments and set an exit code. */
const ENTRIES = ["src/main.ts", "src/cli.ts"];
const WORKERS = ["src/python/parse-worker.ts"];

test("imports go one way", () => {
  const wrong: string[] = [];
  for (const path of SOURCES) {
    for (const [folder, names] of Object.entries(FORBIDDEN)) {
      if (!path.startsWith(folder)) continue;
      for (const target of importsOf(path)) {
        if (names.some((name) => target === `src/${name}` || target.startsWith(`src/${name}/`))) {
          wrong.push(`${path} imports ${target}`);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("nothing imports an entry", () => {
  const wrong = SOURCES.filter((path) => importsOf(path).some((target) => [...ENTRIES, ...WORKERS].includes(target)));
  expect(wrong).toEqual([]);
});

test("only the entries read the environment and the arguments and set an exit code", () => {
  const wrong = SOURCES.filter((path) => !ENTRIES.includes(path)).filter((path) =>
    /\bprocess\.(env|argv|exit|exitCode|cwd|stdout|stderr)\b/.test(text(path)),
  );
  expect(wrong).toEqual([]);
});

test("only the action's side uses the toolkit, so that the command line starts fast", () => {
  const wrong = SOURCES.filter((path) => !path.startsWith("src/github/") && path !== "src/main.ts").filter((path) =>
    importsOf(path).some((name) => name.startsWith("@actions/") || name.startsWith("@octokit/")),
  );
  expect(wrong).toEqual([]);
});

test("importing a module does nothing", async () => {
  const before = process.getActiveResourcesInfo().length;
  const written: unknown[] = [];
  const { write } = process.stdout;
  process.stdout.write = (chunk: unknown) => {
    written.push(chunk);
    return true;
  };
  try {
    for (const path of SOURCES) {
      if (!ENTRIES.includes(path) && !WORKERS.includes(path)) await import(/* @vite-ignore */ `../${path}`);
    }
  } finally {
    process.stdout.write = write;
  }
  expect(written).toEqual([]);
  expect(process.exitCode).toBeUndefined();
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before + 1);
});

test("files keep to one subject", () => {
  const long = SOURCES.filter((path) => text(path).split("\n").length > sizeLimit(path));
  expect(long).toEqual([]);
});

test("no default exports, no `any`, nothing left open", () => {
  const wrong = SOURCES.filter((path) => /^export default|\bTODO\b|\bFIXME\b|: any\b|\bas any\b/m.test(text(path)));
  expect(wrong).toEqual([]);
});

/** Hard limits in lines; aim at half of them. Knowledge is data, and the grammar is one subject however long. */
function sizeLimit(path: string): number {
  if (path.startsWith("src/knowledge/")) return Number.POSITIVE_INFINITY;
  if (path.startsWith("src/python/") || path.startsWith("src/runtime/")) return 800;
  return path.startsWith("src/rules/") ? 250 : 450;
}
