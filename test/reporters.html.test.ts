import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../src/finding.ts";
import type { Report } from "../src/report.ts";
import { readFlowchart } from "../src/reporters/flowchart.ts";
import { html } from "../src/reporters/html.ts";
import { mapFigure } from "../src/reporters/html-map.ts";
import { emptyReport, sampleAudit, sampleFinding, sampleReview, sampleSources } from "./sample-report.ts";

const EVIL = `"></pre></script><script>window.hacked=1</script><img src=x onerror="window.hacked=1"> ' & \u202e\u0000 \`x\``;
const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

function hostileReport(): Report {
  const audit = sampleAudit();
  const place = { path: EVIL, line: 1, message: EVIL };
  const finding = sampleFinding({
    rule: EVIL,
    path: `${EVIL}/x.py`,
    message: EVIL,
    instead: EVIL,
    function: EVIL,
    fingerprint: EVIL,
    cause: "c",
    trace: [place],
  });
  return {
    ...audit,
    findings: [finding, finding],
    map: `flowchart LR\n  a["${EVIL.replaceAll('"', "#quot;")}"] -->|x| b`,
    notes: [EVIL],
    resources: [{ kind: "queue", name: EVIL, path: EVIL, line: 1, capacity: null, capacityFrom: EVIL }],
    checklist: [{ id: EVIL, question: EVIL, status: "fail", evidence: [place], findings: [] }],
    recommendations: audit.recommendations.map((given) => ({
      ...given,
      function: EVIL,
      reasons: [EVIL],
      evidence: [place],
      verify: [EVIL],
    })),
    stats: { ...audit.stats, skipped: [{ path: EVIL, reason: EVIL, whole: true }] },
  };
}

describe("the page", () => {
  const page = html(sampleAudit(), sampleSources);

  test("allows its own style and script by their hashes, and nothing else", () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1];
    const hash = (tag: string): string => {
      const content = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)?.[1] ?? "";
      return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
    };
    expect(policy).toBe(
      `default-src 'none'; style-src ${hash("style")}; script-src ${hash("script")}; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(/ style=| on\w+=|<link|src=|url\((?!#)/);
  });

  test("shows findings with source, mark and trace", () => {
    expect(page).toContain("return {&#34;price&#34;: <mark>price_of</mark>(sku)}");
    expect(page).toContain(
      '<ol class="trace" aria-label="Trace, outermost call first"><li><code>shop/prices.py:9</code> <code>price_of</code> calls <code>_entry</code>',
    );
    expect(page).toContain("The same cause also reaches 1 caller");
    expect(page).toContain("Found 3 errors, 2 warnings, 1 notice.");
    expect(page).not.toContain("can wait for ever");
  });

  test("of a review shows what it introduces and fixes", () => {
    const review = html(sampleReview(), sampleSources);
    expect(review).toContain("Introduces 2 errors, 2 warnings, 1 notice; fixes 1; 1 existed before.");
    expect(review).toContain('<h2 id="fixed">Fixed</h2>');
    expect(review).not.toContain("time.sleep</code> blocks");
  });

  test("without findings says so", () => {
    expect(html(emptyReport("audit"), sampleSources)).toContain('<h2 id="findings">Findings</h2><p>None.</p>');
  });

  test("escapes all text", () => {
    const evil = html(hostileReport(), { line: () => EVIL });
    expect(evil.match(/<script>/g)).toHaveLength(1);
    expect(evil).not.toMatch(/<img|\u202e|\0/);
  });
});

describe("the map", () => {
  test("is read with its labels, sizes and mismatches", () => {
    const chart = readFlowchart(sampleReview().map ?? "");
    expect(chart?.nodes.map(({ label, isMarked }) => [...label, isMarked])).toEqual([
      ["event loop", false],
      ["threads: 32", "shop/reports.py:13", false],
      ["processes: 2", "shop/thumbnails.py:11", false],
      ["connections: 15", "shop/reports.py:9", true],
    ]);
    expect(chart?.edges).toEqual([
      { from: "loop", to: "processes", label: "run_in_executor", isMarked: false },
      { from: "threads", to: "db", label: "17 wait", isMarked: true },
    ]);
  });

  test("is drawn even when arrows run in a circle, and says the same in words", () => {
    const figure = mapFigure('graph TD\n  a["A #quot;x#quot;"] --> b\n  b -- "back" --> a\n  b --> b');
    expect(figure).toContain("<svg ");
    expect(figure).toContain("<li>b → A &#34;x&#34;: back</li>");
    expect(figure).not.toContain("NaN");
  });

  test("is shown as text when it holds what we cannot draw", () => {
    expect(mapFigure("sequenceDiagram\n  A->>B: <hi>")).toBe(
      '<pre class="map">sequenceDiagram\n  A-&#62;&#62;B: &#60;hi&#62;</pre>',
    );
  });
});

/** Browsers of this machine; the rest of the file holds without one. */
const BROWSERS = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
].filter((path) => existsSync(path));

for (const executablePath of BROWSERS.slice(0, 1)) {
  describe("in a browser", () => {
    const folder = mkdtempSync(join(tmpdir(), "pcr-html-"));
    let browser: Browser;

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath });
    });

    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Opens the report from a file and keeps what the browser complains of and asks for. */
    async function open(report: Report, options: Parameters<Browser["newPage"]>[0] = {}) {
      const file = join(folder, "report.html");
      writeFileSync(file, html(report, report.notes.includes(EVIL) ? { line: () => EVIL } : sampleSources));
      const page = await browser.newPage(options);
      const complaints: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("request", (request) => {
        if (request.url() !== pathToFileURL(file).href) complaints.push(`asks for ${request.url()}`);
      });
      await page.goto(pathToFileURL(file).href);
      return { page, complaints };
    }

    const shown = async (page: Page): Promise<string[]> =>
      page
        .locator("article:visible")
        .evaluateAll((articles) => articles.map((article) => article.getAttribute("data-rule") ?? ""));

    test("searches and filters, and says how many are shown", async () => {
      const { page, complaints } = await open(sampleAudit());
      const status = page.getByRole("status");
      expect(await status.textContent()).toBe("6 findings");
      await page.keyboard.press("/");
      await page.keyboard.type("event LOOP requests");
      expect(await shown(page)).toEqual(["blocking-call-reached-from-async"]);
      expect(await status.textContent()).toBe("2 of 6 findings");
      await page.getByRole("button", { name: "Clear" }).click();
      await expect.poll(() => status.textContent()).toBe("6 findings");
      await page.getByLabel("Severity").selectOption("notice");
      expect(await shown(page)).toEqual(["executor-per-call"]);
      await page.getByLabel("Severity").selectOption("");
      await page.getByLabel("Rule").selectOption("task-not-kept");
      expect(await shown(page)).toEqual(["task-not-kept"]);
      await page.getByLabel("Package").selectOption("shop");
      expect(await shown(page)).toEqual(["task-not-kept"]);
      expect(complaints).toEqual([]);
      await page.close();
    });

    test("is reached by keyboard, the way to the findings first", async () => {
      const { page } = await open(sampleAudit());
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the findings");
      await page.keyboard.press("Enter");
      for (let presses = 0; presses < 5; presses++) await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.closest('form') !== null")).toBe(true);
      await page.close();
    });

    test.each(["light", "dark"] as const)("has no faults of accessibility in %s", async (colorScheme) => {
      for (const viewport of [
        { width: 1200, height: 900 },
        { width: 390, height: 844 },
      ]) {
        const { page } = await open(sampleAudit(), { colorScheme, viewport });
        await page.evaluate(AXE);
        const faults = await page.evaluate(
          "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))",
        );
        expect(faults).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
        await page.close();
      }
    });

    test("text from the repository runs nothing and breaks nothing", async () => {
      const { page, complaints } = await open(hostileReport());
      expect(await page.evaluate("window.hacked === undefined")).toBe(true);
      expect(await page.locator("article").count()).toBe(1);
      expect(await page.locator("script, img").count()).toBe(1);
      await page.getByLabel("Search").fill("window.hacked");
      expect(await page.getByRole("status").textContent()).toBe("2 findings");
      expect(complaints).toEqual([]);
      await page.close();
    });

    test("shows everything without scripts", async () => {
      const { page } = await open(sampleAudit(), { javaScriptEnabled: false });
      expect(await page.locator("article:visible").count()).toBe(5);
      expect(await page.locator("form:visible").count()).toBe(0);
      await page.close();
    });

    test("opens and filters two thousand findings", async () => {
      const findings = Array.from(
        { length: 2000 },
        (_, index): Finding =>
          sampleFinding({ fingerprint: `f${index}`, message: `\`call_${index}\` blocks`, state: null }),
      );
      const { page } = await open({ ...sampleAudit(), findings });
      await page.getByLabel("Search").fill("call_1234");
      expect(await page.getByRole("status").textContent()).toBe("1 of 2000 findings");
      await page.close();
    });
  });
}
