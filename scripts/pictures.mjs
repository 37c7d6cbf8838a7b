// The pictures of the README, as GitHub would show them (node 24, with Chromium or Chrome installed):
//
//   node scripts/pictures.mjs          of reviews and an audit of the demo, by the command line as it stands
//   node scripts/pictures.mjs sample   of the sample report of the tests
//
// GitHub's own style sheet and the real Mermaid draw them.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Marked } from "marked";
import { chromium } from "playwright-core";
import { commentBody } from "../src/github/comment.ts";
import { remarksOf } from "../src/github/remarks.ts";
import { html } from "../src/reporters/html.ts";
import { markdown } from "../src/reporters/markdown.ts";
import { rules } from "../src/rules/index.ts";
import { sampleAudit, sampleReview, sampleSources } from "../test/sample-report.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, ".github/pictures");
const require = createRequire(import.meta.url);

const LINKS = {
  lines: (path, line) => `https://github.com/acme/shop/blob/main/${path}#L${line}`,
  rule: (id) => `https://github.com/acme/rules#${id}`,
  run: "https://github.com/acme/shop/actions/runs/1",
};
const STYLES = {
  light: require.resolve("github-markdown-css/github-markdown-light.css"),
  dark: require.resolve("github-markdown-css/github-markdown-dark.css"),
};
/** What the pull request of the pictures adds. */
const CHANGED = ["shop/api.py", "shop/reports.py"];
const REPORTS =
  process.argv[2] === "sample" ? { review: sampleReview(), audit: sampleAudit(), sources: sampleSources } : ofDemo();
/** Pictures of Markdown: what, in which colours, how wide. */
const PICTURES = [
  ["summary-light", summary(), "light", 880],
  ["summary-dark", summary(), "dark", 880],
  ["summary-phone", summary(), "light", 390],
  ["comment-light", comment(), "light", 720],
  ["comment-dark", comment(), "dark", 720],
];

const executablePath = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => existsSync(path));
if (executablePath === undefined) throw new Error("No Chromium or Chrome is installed.");
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath });
for (const [name, text, colorScheme, width] of PICTURES) await picture(name, text, colorScheme, width);
for (const colorScheme of ["light", "dark"]) await audit(colorScheme);
await browser.close();

/** The demo in a repository: what a review of a pull request that adds two of its files says, and an audit of everything. */
function ofDemo() {
  const repository = mkdtempSync(join(tmpdir(), "pcr-pictures-"));
  try {
    const git = (...words) =>
      execFileSync("git", ["-c", "user.name=demo", "-c", "user.email=demo@shop.example", ...words], {
        cwd: repository,
      });
    git("init", "-q", "-b", "main");
    cpSync(join(root, "fixtures/demo-app"), repository, { recursive: true });
    withoutMarkers(repository);
    git("add", ".", ...CHANGED.map((path) => `:!${path}`));
    git("commit", "-q", "-m", "Start");
    git("checkout", "-q", "-b", "shop");
    const report = (...words) => {
      const options = { cwd: repository, encoding: "utf8", maxBuffer: 2 ** 28 };
      return JSON.parse(
        spawnSync(process.execPath, [join(root, "src/cli.ts"), ...words, "--format", "json"], options).stdout,
      );
    };
    const lines = new Map();
    for (const path of pythonFiles(repository))
      lines.set(relative(repository, path), readFileSync(path, "utf8").split("\n"));
    const line = (path, number) => lines.get(path)?.[number - 1];
    return { review: report("review"), audit: report("audit"), sources: { line } };
  } finally {
    rmSync(repository, { recursive: true, force: true });
  }
}

/** The demo is a fixture of the tests, too: what they expect is nothing to show. */
function withoutMarkers(folder) {
  for (const path of pythonFiles(folder)) {
    const marker = /[ \t]*# (?:expect|ok|missed): .*$/gm;
    writeFileSync(path, readFileSync(path, "utf8").replace(marker, ""));
  }
}

function pythonFiles(folder) {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all.filter(({ name }) => name.endsWith(".py")).map(({ parentPath, name }) => join(parentPath, name));
}

function summary() {
  return markdown(REPORTS.review, { links: LINKS, for: "pull-request" });
}

function comment() {
  const [remark] = remarksOf(REPORTS.review);
  const why = (id) => rules.find((rule) => rule.id === id)?.why ?? "";
  return commentBody(remark, { away: false, suggestion: null }, { links: LINKS, why, key: "" });
}

async function picture(name, text, colorScheme, width) {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 600 }, deviceScaleFactor: 2 });
  await page.setContent(frame(text, colorScheme));
  await page.addScriptTag({ path: require.resolve("@mermaid-js/tiny/dist/mermaid.tiny.js") });
  await page.evaluate(
    async (theme) => {
      globalThis.mermaid.initialize({ startOnLoad: false, theme });
      await globalThis.mermaid.run({ querySelector: ".mermaid" });
    },
    colorScheme === "dark" ? "dark" : "default",
  );
  await page.locator("body").screenshot({ path: join(folder, `${name}.png`) });
  await page.close();
}

/** The page of an audit, as far as a first look goes. */
async function audit(colorScheme) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1000, height: 900 }, deviceScaleFactor: 1.5 });
  await page.setContent(html(REPORTS.audit, REPORTS.sources));
  await page.screenshot({ path: join(folder, `audit-${colorScheme}.png`) });
  await page.close();
}

/** A comment's box around the text; line feeds break lines there, and diagrams are drawn. */
function frame(text, colorScheme) {
  const marked = new Marked({
    gfm: true,
    breaks: true,
    renderer: {
      code: ({ lang, text: source }) =>
        lang === "mermaid"
          ? `<pre class="mermaid">${source.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</pre>`
          : false,
    },
  });
  const style = readFileSync(STYLES[colorScheme], "utf8");
  const [line, back] = colorScheme === "dark" ? ["#3d444d", "#0d1117"] : ["#d1d9e0", "#ffffff"];
  return `<!doctype html><meta charset="utf-8"><style>${style}
    body { margin: 0; padding: 16px; background: ${back} }
    .markdown-body { border: 1px solid ${line}; border-radius: 6px; padding: 16px; font-size: 14px }
    .mermaid { background: transparent !important; text-align: center }
  </style><div class="markdown-body">${marked.parse(text)}</div>`;
}
