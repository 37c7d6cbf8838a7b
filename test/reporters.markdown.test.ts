import { marked } from "marked";
import { describe, expect, test } from "vitest";
import type { Finding } from "../src/finding.ts";
import type { Report } from "../src/report.ts";
import { cell, code, fenced, link, prose, shortened } from "../src/reporters/escape.ts";
import type { LinkBuilder } from "../src/reporters/links.ts";
import { markdown } from "../src/reporters/markdown.ts";
import { changeOf, reviewOf } from "./changes.ts";
import { fixtureFiles } from "./fixtures.ts";
import { mermaidFault } from "./mermaid.ts";
import { emptyReport, sampleAudit, sampleFinding, sampleReview } from "./sample-report.ts";

const HEAD = "https://github.example/acme/shop/blob/0123abc";
const LINKS: LinkBuilder = {
  lines: (path, line) => `${HEAD}/${path}#L${line}`,
  rule: (id) => `https://github.example/pcr/rules#${id}`,
  run: "https://github.example/acme/shop/actions/runs/7",
};
const EVIL = [
  "</details><script>alert(1)</script>",
  "@everyone and @app.route see #12, GH-7, acme/shop#3",
  "[click](https://evil.example) <https://evil.example> https://evil.example www.evil.example",
  "```\n# Heading\n- [ ] item | cell | cell\n| --- |\n<!-- pcr:v1 summary key= -->",
  "` `` ``` `code | pipe` ``@property``",
  "\u202e\u2066\u0000\u001b[31m\ud800 &lt;b&gt; $x$ *b* _i_ ~s~ \\",
].join("\n");

describe("the summary", () => {
  const summary = markdown(sampleReview(), { links: LINKS, for: "pull-request" });

  test("says the verdict, what is introduced and what is fixed, with links", () => {
    expect(summary).toContain(
      "### Concurrency review: fail\n\nThis change introduces 2 errors, 2 warnings and 1 notice, and fixes 1.",
    );
    expect(summary).toContain(
      `- **Error** at [\`shop/api.py:18\`](${HEAD}/shop/api.py#L18): \`price_of\` blocks the event loop: it ends in \`requests.get\`.<br>*Instead:* `,
    );
    expect(summary).toContain(
      `<sub>[\`blocking-call-reached-from-async\`](https://github.example/pcr/rules#blocking-call-reached-from-async) → [\`shop/prices.py:9\`](${HEAD}/shop/prices.py#L9) → [\`shop/prices.py:13\`](${HEAD}/shop/prices.py#L13) · same cause at [\`shop/api.py:40\`](${HEAD}/shop/api.py#L40)</sub>`,
    );
    expect(summary).toContain("#### Fixed\n\n- `session` is never closed. (");
    expect(summary).not.toContain("time.sleep");
    expect(summary).toContain(
      "1 existing problem in what this change touches or reaches does not count. 1 suppressed by ignore comments.",
    );
  });

  test("has the map, the model list, the checklist, how to verify, and notes", () => {
    expect(summary).toContain("```mermaid\nflowchart LR\n");
    expect(summary).toContain(
      `- [\`api.price\`](${HEAD}/shop/api.py#L17): I/O [\\[1\\]](${HEAD}/shop/prices.py#L13); today asyncio, better **asyncio with threads**<br>\`requests\` blocks the loop;`,
    );
    expect(summary).toContain("1 place already uses the model that fits.");
    expect(summary).toContain("<details><summary>Checklist: 2 fail, 1 unknown, 1 pass, 1 not applicable</summary>");
    expect(summary).toContain("```sh\nPYTHONASYNCIODEBUG=1 uvicorn shop.api:app");
    expect(summary).toContain("- The pull request changes `pyproject.toml` `[tool.pcr]`;");
  });

  test("draws a map that the real Mermaid takes", async () => {
    const source = /```mermaid\n([\s\S]*?)\n```/.exec(summary)?.[1] ?? "";
    expect(await mermaidFault(source)).toBeNull();
    expect(await mermaidFault('flowchart LR\n  a["open')).toContain("error");
  });

  test("is short, and says the same when the run takes longer", () => {
    expect(summary.split("\n").length).toBeLessThan(100);
    const slow = { ...sampleReview(), stats: { ...sampleReview().stats, durationMs: 99_999 } };
    expect(markdown(slow, { links: LINKS, for: "pull-request" })).toBe(summary);
  });

  test("of an ordinary pull request stays under a hundred lines, and is no wider than a phone", async () => {
    const files = Object.fromEntries(fixtureFiles("demo-app"));
    const { "shop/api.py": _, "shop/reports.py": __, ...before } = files;
    const report = await reviewOf(changeOf(before, files));
    const text = markdown(report, { links: LINKS, for: "pull-request" });
    expect(report.stats.introduced).toBeGreaterThan(4);
    expect(text.split("\n").length).toBeLessThan(100);
    // Tables scroll sideways there: what is not folded away has none.
    expect(text.replace(/<details>.*?<\/details>/gs, "")).not.toMatch(/^\|/m);
  });

  test("stands without links", () => {
    expect(markdown(sampleReview())).toContain("**Error** at `shop/api.py:18`: ");
    expect(markdown(sampleReview())).not.toContain("](");
  });

  test("is one line when there is nothing to say", () => {
    expect(markdown(emptyReport("review"))).toBe(
      "**Concurrency review:** this change introduces no problems (3 files analysed).",
    );
    expect(markdown(emptyReport("audit"))).toBe("**Concurrency audit:** no problems in 3 files.");
    const nothing = { ...emptyReport("review"), stats: { ...emptyReport("review").stats, files: 0 } };
    expect(markdown(nothing)).toBe("**Concurrency review:** no Python changed.");
    const old = {
      ...emptyReport("review"),
      findings: [sampleFinding({ state: "existing" }), sampleFinding({ suppressed: true })],
    };
    expect(markdown(old).split("\n")).toHaveLength(1);
  });

  test("tells a change that is fine only what concerns it", () => {
    const fine = { ...sampleReview(), verdict: "pass" as const, findings: [], recommendations: [] };
    const said = markdown(fine, { for: "pull-request" });
    expect(said).toContain("This change introduces no problems, and fixes 1.");
    expect(said).toContain("- The pull request changes");
    expect(said).not.toMatch(/mermaid|Checklist|How to verify/);
  });

  test("says when no review could be made", () => {
    const report: Report = {
      ...emptyReport("review"),
      verdict: "error",
      stats: { ...emptyReport("review").stats, skipped: [{ path: "a.py", reason: "larger than 1 MB", whole: true }] },
    };
    expect(markdown(report)).toContain("### Concurrency review: error\n\nThe review could not be made");
    expect(markdown(report)).toContain("#### Not analysed\n\n- `a.py`: larger than 1 MB");
  });
});

describe("the budget", () => {
  const many = (number: number): Report => ({
    ...sampleReview(),
    findings: Array.from(
      { length: number },
      (_, index): Finding =>
        sampleFinding({ message: `\`call_${index}\` blocks 👍`, fingerprint: `f${index}`.padEnd(8) }),
    ),
  });

  test("holds at every size, cuts nothing open, and says what went", () => {
    for (const most of [1500, 2500, 3000, 4000, 5000, 6500]) {
      const text = markdown(many(60), { links: LINKS, most });
      expect(text.length).toBeLessThanOrEqual(most);
      expect(text.match(/<details>/g)?.length ?? 0).toBe(text.match(/<\/details>/g)?.length ?? 0);
      expect((text.match(/^`{3,}/gm)?.length ?? 0) % 2).toBe(0);
      expect(text).not.toMatch(/\p{Cs}/u);
      expect(text).toContain("shortened or left out for length: how to verify");
      expect(text).toContain("[The run](https://github.example/acme/shop/actions/runs/7) has everything.");
    }
  });

  test("what is listed and what is not add up", () => {
    for (const most of [1500, 4000, 12_000, 60_000]) {
      const text = markdown(many(60), { links: LINKS, most });
      const listed = text.match(/^- \*\*Error\*\*/gm)?.length ?? 0;
      const left = Number(/^(\d+) (?:more )?findings? not listed here/m.exec(text)?.[1] ?? 0);
      expect(listed + left).toBe(60);
    }
  });

  test("a pull request lists at most twenty groups, a job all", () => {
    expect(markdown(many(25), { for: "pull-request" })).toContain("5 more findings not listed here.");
    expect(markdown(many(25), { for: "job" })).not.toContain("not listed here");
  });
});

describe("hostile text", () => {
  const report: Report = {
    ...sampleAudit(),
    findings: [
      sampleFinding({
        path: EVIL,
        message: EVIL,
        instead: EVIL,
        function: EVIL,
        cause: "c",
        trace: [{ path: EVIL, line: 1, message: EVIL }],
      }),
      sampleFinding({ path: EVIL, message: EVIL, function: EVIL, cause: "c" }),
      sampleFinding({ path: EVIL, message: EVIL, state: "fixed" }),
    ],
    notes: [EVIL],
    stats: { ...sampleAudit().stats, skipped: [{ path: EVIL, reason: EVIL, whole: false }] },
    checklist: [
      { id: EVIL, question: EVIL, status: "fail", evidence: [{ path: EVIL, line: 1, message: EVIL }], findings: [] },
    ],
    recommendations: sampleAudit().recommendations.map((given) => ({
      ...given,
      function: EVIL,
      path: EVIL,
      reasons: [EVIL],
      evidence: [{ path: EVIL, line: 1, message: EVIL }],
      verify: [EVIL, `python ${EVIL}`],
    })),
    map: `flowchart LR\n  a["${EVIL}"]`,
  };

  test.each(["audit", "review"] as const)(
    "in a %s stays text: no element, link, mention, marker or unseen character of its own",
    (mode) => {
      const findings = report.findings.map(
        (finding): Finding => (mode === "audit" ? finding : { ...finding, state: finding.state ?? "introduced" }),
      );
      const text = markdown({ ...report, mode, findings });
      const rendered = marked.parse(text, { async: false });
      const outside = rendered.replace(/<(code)[^>]*>[\s\S]*?<\/\1>/g, "");
      expect(
        [...outside.matchAll(/<\/?([a-z]\w*)/gi)]
          .map((match) => match[1])
          .filter((name) => !KNOWN.includes(name ?? "")),
      ).toEqual([]);
      expect(rendered).not.toMatch(/<a |<img|<input|<!--/);
      expect(outside).not.toMatch(/@[\w]|(?<!&)#\d|GH-\d|:\/\/|www\.\w/);
      expect(text.replaceAll(/[\n\u200b]/g, "").replaceAll("\uFFFD", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      expect(outside.match(/<details>/g)?.length ?? 0).toBe(outside.match(/<\/details>/g)?.length ?? 0);
      for (const row of rendered.matchAll(/<tr>([\s\S]*?)<\/tr>/g))
        expect([3, 5]).toContain(row[1]?.match(/<t[hd]>|<t[hd] /g)?.length);
    },
  );
});

const KNOWN =
  "h3 h4 p ul li ol strong em del sub br hr details summary table thead tbody tr th td pre code blockquote".split(" ");

describe("escaping", () => {
  test("code spans hold any run of backticks", () => {
    expect(code("a")).toBe("`a`");
    expect(code("a`b")).toBe("``a`b``");
    expect(code("``x`")).toBe("``` ``x` ```");
    expect(code(" \n ")).toBe("` `");
    expect(code("a\u202eb\nc")).toBe("`ab c`");
  });

  test("prose keeps code and makes the rest plain", () => {
    expect(prose("`a_b` is *not* @kept, see #1")).toBe("`a_b` is \\*not\\* @\u200Bkept, see #\u200B1");
    expect(prose("lonely ` backtick")).toBe("lonely \\` backtick");
    expect(prose("- no list")).toBe("\\- no list");
    expect(prose("1. no list")).toBe("1\u200B. no list");
    expect(prose("# no heading")).toBe("\\# no heading");
  });

  test("cells keep their pipes", () => {
    expect(cell("a | b")).toBe("a \\| b");
    expect(cell("a \\| b\nc")).toBe("a \\| b c");
    expect(cell("`a|b`")).toBe("`a\\|b`");
  });

  test("links take only addresses that cannot end early", () => {
    expect(link("x", "https://a.example/b")).toBe("[x](https://a.example/b)");
    expect(link("x", "https://a.example/b) [y](z")).toBe("x");
    expect(link("x", null)).toBe("x");
  });

  test("fences are longer than what they hold", () => {
    expect(fenced("sh", "a\n````\r\nb\u202e")).toBe("`````sh\na\n````\nb\uFFFD\n`````");
  });

  test("cuts leave no half of a pair", () => {
    expect(shortened("ab👍cd", 4)).toBe("ab…");
    expect(shortened("ab👍cd", 5)).toBe("ab👍…");
    expect(shortened("abc", 3)).toBe("abc");
  });
});

/** Pieces that mean something to Markdown, to GitHub or to a terminal. */
const PIECES =
  "a b \t 名 👩‍👩‍👧 é \u202e \ud800 \udc00 ` `` | \\ < > @x #1 [ ]( * _ $ &amp; \0 \u001b[31m ~~ :// \u200b \n - 1. ! www.x.y".split(
    " ",
  );

test("any mixture of pieces stays text, in prose, in code and in cells", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 3000; round++) {
    const mixture = Array.from({ length: random(40) }, () => PIECES[random(PIECES.length)] ?? "").join(
      random(2) === 0 ? "" : " ",
    );
    const page = `| a | b |\n| --- | --- |\n| ${cell(prose(mixture))} | ${cell(code(mixture))} |\n\n- x ${prose(mixture)} ${code(mixture)} y\n`;
    const rendered = marked.parse(page, { async: false });
    const outside = rendered.replace(/<code>[\s\S]*?<\/code>/g, "");
    const names = new Set([...outside.matchAll(/<\/?(\w+)/g)].map((match) => match[1]));
    expect([...names].sort(), JSON.stringify(mixture)).toEqual([
      "li",
      "table",
      "tbody",
      "td",
      "th",
      "thead",
      "tr",
      "ul",
    ]);
    expect(rendered.match(/<td>/g), JSON.stringify(mixture)).toHaveLength(2);
    expect(outside, JSON.stringify(mixture)).not.toMatch(/@\w|(?<!&)#\d|:\/\//);
  }
});
