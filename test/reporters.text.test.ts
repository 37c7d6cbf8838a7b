import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { excerpt } from "../src/reporters/excerpt.ts";
import { text } from "../src/reporters/text.ts";
import { emptyReport, sampleAudit, sampleFinding, sampleReview, sampleSources } from "./sample-report.ts";

const PLAIN = { color: false };

test("a review prints what it introduces, with source, mark, trace and further callers", () => {
  const printed = text(sampleReview(), sampleSources, PLAIN);
  expect(printed).toContain(
    [
      "shop/api.py",
      "",
      "  18:22  error  blocking-call-reached-from-async",
      "  `price_of` blocks the event loop: it ends in `requests.get`.",
      "",
      '      18 │ return {"price": price_of(sku)}',
      "         │                  ^^^^^^^^",
      "    shop/prices.py:9  `price_of` calls `_entry`",
      '       9 │ return float(_entry(sku)["price"])',
      "    shop/prices.py:13  `_entry` calls `requests.get`",
      '      13 │ response = requests.get(f"{SUPPLIER}/{sku}")',
      "",
      "  instead: Call it with `await asyncio.to_thread(…)`, or make it async with `httpx.AsyncClient.get`.",
      "",
      "  the same cause also reaches 1 caller:",
      "    shop/api.py:40 in shop.api.stock",
    ].join("\n"),
  );
  expect(printed).not.toContain("request-without-timeout\n  `");
  expect(printed).not.toContain("time.sleep");
  expect(printed).toContain("Fixed\n  shop/stock.py:9  `session` is never closed (session-not-closed)\n");
  expect(printed).toContain("note: The pull request changes");
  expect(printed.trimEnd().split("\n").at(-1)).toBe(
    "fail: 5 introduced (2 errors, 2 warnings, 1 notice), 1 fixed, 1 existing, 1 suppressed; 7 files, 134 lines, 0.1 s",
  );
});

test("files come in order, each once, and places within a file too", () => {
  const lines = text(sampleAudit(), sampleSources, PLAIN).split("\n");
  expect(lines.filter((line) => /^shop\/\w+\.py$/.test(line))).toEqual([
    "shop/api.py",
    "shop/reports.py",
    "shop/thumbnails.py",
  ]);
  expect(lines.filter((line) => /^ {2}\d+:\d+ /.test(line)).map((line) => line.trim().split(" ")[0])).toEqual([
    "18:22",
    "28:5",
    "50:5",
    "9:10",
    "11:12",
  ]);
});

test("an audit prints the checklist's open items, what was not analysed, and agreeing counts", () => {
  const printed = text(sampleAudit(), sampleSources, PLAIN);
  expect(printed).toContain(
    "Checklist  2 fail, 1 unknown, 1 pass, 1 not applicable\n  fail  loop-never-blocked: Does nothing",
  );
  expect(printed).not.toContain("shared-state-guarded");
  expect(printed).toContain("Not analysed\n  shop/legacy.py: 2 lines could not be parsed (the rest was analysed)");
  expect(printed).toContain("fail: 6 findings (3 errors, 2 warnings, 1 notice), 1 suppressed; ");
});

test("nothing to say is one line", () => {
  expect(text(emptyReport("review"), sampleSources, PLAIN)).toBe(
    "pass: 0 introduced, 0 fixed, 0 existing; 3 files, 210 lines, 0.0 s\n",
  );
  expect(text(emptyReport("audit"), sampleSources, PLAIN)).toBe("pass: 0 findings; 3 files, 210 lines, 0.0 s\n");
});

test("colour changes no letter", () => {
  const colored = text(sampleAudit(), sampleSources, { color: true });
  expect(colored).toContain("\u001b[31merror\u001b[39m");
  expect(stripVTControlCharacters(colored)).toBe(text(sampleAudit(), sampleSources, PLAIN));
});

test("lines keep to the width, unless a word is longer", () => {
  const long = text(sampleAudit(), sampleSources, { color: false, width: 60 })
    .split("\n")
    .filter((line) => line.length > 60 && line.trim().includes("  "));
  expect(long.filter((line) => !/^\s+(verify:|shop\/)/.test(line) && !line.startsWith("fail:"))).toEqual([]);
});

test("text from the repository cannot act on the terminal", () => {
  const evil = "\u001b[2J\u0007\u202eevil\r\nfile.py";
  const finding = sampleFinding({
    path: evil,
    message: evil,
    instead: evil,
    function: evil,
    trace: [{ path: evil, line: 1, message: evil }],
  });
  const other = { ...finding, startLine: 9, cause: "c" };
  const report = {
    ...sampleReview(),
    findings: [{ ...finding, cause: "c" }, other],
    notes: [evil],
    stats: { ...sampleReview().stats, skipped: [{ path: evil, reason: evil, whole: true }] },
  };
  const printed = text(report, { line: () => `x = "${evil}"` }, PLAIN);
  expect(printed.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(printed).toContain("\uFFFD[2J");
});

test("a finding without source text still shows", () => {
  expect(text(sampleReview(), { line: () => undefined }, PLAIN)).toContain(
    "18:22  error  blocking-call-reached-from-async\n",
  );
});

describe("excerpt", () => {
  const shown = (line: string, start: number, end: number, width = 40): [string, string] => {
    const { text: cut, before, marked } = excerpt(line, start, end, width);
    return [cut, `${" ".repeat(before)}${"^".repeat(marked)}`];
  };

  test("tabs become spaces under which the mark still stands", () => {
    expect(shown("\tx\t= f()", 6, 9)).toEqual(["x   = f()", "      ^^^"]);
  });

  test("wide characters and emoji take the columns that a terminal gives them", () => {
    expect(shown('名前 = f("👩‍👩‍👧")', 6, 7)).toEqual(['名前 = f("👩‍👩‍👧")', "       ^"]);
    expect(shown('x = "👍" + f()', 12, 15)).toEqual(['x = "👍" + f()', "           ^^^"]);
  });

  test("long lines are cut on both sides of the mark", () => {
    const line = `${"a".repeat(200)} = f() + ${"b".repeat(200)}`;
    const [cut, mark] = shown(line, 204, 207);
    expect(cut.length).toBeLessThanOrEqual(40);
    expect(cut.startsWith("…") && cut.endsWith("…")).toBe(true);
    expect(cut.slice(mark.indexOf("^"), mark.length)).toBe("f()");
  });

  test("a megabyte of a line takes no time", () => {
    const started = performance.now();
    const [cut, mark] = shown(`${"x,".repeat(500_000)}f()`, 1_000_001, 1_000_004);
    expect(cut.slice(mark.indexOf("^"), mark.length)).toBe("f()");
    expect(performance.now() - started).toBeLessThan(100);
  });

  test("columns outside the line mark its end", () => {
    expect(shown("ab", 9, 12)).toEqual(["ab", "  ^"]);
    expect(shown("", 1, 1)).toEqual(["", "^"]);
  });
});
