import { expect, test } from "vitest";
import type { Recommendation } from "../src/report.ts";
import { changeOf, reviewOf } from "./changes.ts";
import { auditTexts, FIXTURES, fixtureFiles } from "./fixtures.ts";

/** One project for each line of the guide's tables, compared exactly: workload, model, reasons, numbers, change, verification. */
const ROWS = FIXTURES.filter((name) => name.startsWith("recommend.") && name !== "recommend.shapes");

async function recommended(name: string, options: Record<string, string> = {}): Promise<Recommendation[]> {
  return (await auditTexts(fixtureFiles(name), options)).recommendations;
}

function expected(name: string): unknown {
  return JSON.parse(fixtureFiles(name).get("expected.json") ?? "null");
}

function short({ workload, gil, current, recommended: model, fits }: Recommendation): string {
  const work = gil === null ? workload : `${workload} (${gil})`;
  return fits === null
    ? `${work}: ${current}, measure`
    : fits
      ? `${work}: ${current} fits`
      : `${work}: ${current} → ${model}`;
}

test("every line of the guide's four tables has its project", () => {
  expect(ROWS.map((name) => name.slice("recommend.".length))).toEqual([
    "baseline-first",
    "cpu-bound",
    "database-reports",
    "gil-released",
    "image-batch",
    "io-bound",
    "load-test",
    "many-http-calls",
    "mixed-web-service",
    "mixed-work",
    "processes-share-nothing",
    "profile-first",
    "small-trial",
    "tasks-share-state",
    "threads-share-state",
    "unknown-work",
  ]);
});

test.each(ROWS)("%s", async (name) => {
  expect(await recommended(name)).toEqual(expected(name));
});

test("programs of other shapes: right and wrong models, too small to care, mixed, misleading names", async () => {
  const found = await recommended("recommend.shapes");
  expect(Object.fromEntries(found.map((one) => [one.function, short(one)]))).toEqual(expected("recommend.shapes"));
});

test("the recommendation follows the project's Python", async () => {
  const of = async (version: string, name = "recommend.cpu-bound") =>
    (await recommended(name, { "python-version": version }))[0];
  const alternatives = async (version: string) => (await of(version))?.alternatives.map(({ model }) => model);

  expect(await alternatives("3.9")).toEqual([]);
  expect(await alternatives("3.12")).toEqual([]);
  expect(await alternatives("3.13")).toEqual(["threads"]);
  expect(await alternatives("3.14")).toEqual(["interpreters", "threads"]);
  expect((await of("3.12"))?.sizes[0]?.value).toBe("os.cpu_count()");
  expect((await of("3.13"))?.sizes[0]?.value).toBe("os.process_cpu_count()");
  expect((await of("3.13"))?.alternatives[0]?.words).toContain("3.13t, experimental");
  expect((await of("3.14"))?.alternatives[1]?.words).toContain("3.14t, supported");

  for (const version of ["3.9", "3.12", "3.14"]) expect((await of(version))?.recommended).toBe("processes");
  for (const version of ["3.13t", "3.14t"]) {
    const one = await of(version);
    expect([one?.recommended, one?.fits]).toEqual(["threads", true]);
    expect(one?.verify.join()).not.toContain("--gil");
  }
  expect((await of("3.14t", "recommend.baseline-first"))?.recommended).toBe("threads");
  expect((await of("3.14", "recommend.baseline-first"))?.recommended).toBe("processes");
});

test("nothing newer than the project's Python is advised", async () => {
  const newer: [number, RegExp][] = [
    [9, /to_thread/],
    [11, /TaskGroup/],
    [13, /process_cpu_count|free-threaded/],
    [14, /InterpreterPool|asyncio pstree|forkserver/],
    [15, /profiling\.sampling|profiling\.tracing/],
  ];
  for (const minor of [8, 9, 10, 12, 13, 14, 15])
    for (const name of ROWS) {
      const said = JSON.stringify(await recommended(name, { "python-version": `3.${minor}` }));
      for (const [since, pattern] of newer) if (minor < since) expect(`${name} ${minor} ${said}`).not.toMatch(pattern);
    }
});

test("small changes are Python, and fit on a screen", async () => {
  for (const name of [...ROWS, "recommend.shapes"])
    for (const { change } of await recommended(name)) {
      if (!change) continue;
      expect(change.after.split("\n").length).toBeLessThanOrEqual(10);
      expect(change.before).not.toBe(change.after);
      expect(change.after).not.toMatch(/await await|\(\)\(|undefined/);
    }
});

test("the lines that decide come first, and what moves along with a call is not told apart", async () => {
  const found = await recommended("recommend.shapes");
  const of = (name: string) => found.find((one) => one.function === name);
  expect(of("speech.speech")?.evidence[0]?.message).toBe("`requests.post` waits for an HTTP answer");
  expect(of("speech.speech")?.change?.after).toBe("answer = await asyncio.to_thread(speak, text)");
  expect(of("speech.speech")?.reasons.join(" ")).toContain("as a plain `def`");
  expect(of("catalogue.Catalogue.remove_all")?.evidence[0]?.message).toBe("`Client.delete` waits for an HTTP answer");
  expect(of("catalogue.Catalogue.remove_all")?.verify[0]).toContain("call `Catalogue.remove_all` once");
  expect(of("archives.names")?.reasons.join(" ")).not.toContain("sleep");
  expect(of("archives.names")?.change?.after).toBe("return await asyncio.to_thread(storage.names)");
});

test("a review speaks of functions in the files that change, with what they reach elsewhere", async () => {
  const files = Object.fromEntries(fixtureFiles("recommend.mixed-web-service"));
  const main = files["shop/main.py"] ?? "";
  const before = { ...files, "shop/main.py": main.replace("return level(sku)", "return 0") };
  const { recommendations } = await reviewOf(changeOf(before, files));
  const stock = recommendations.find((one) => one.function === "shop.main.stock");
  expect(stock?.evidence[0]?.path).toBe("shop/stock.py");
  expect(new Set(recommendations.map(({ path }) => path))).toEqual(new Set(["shop/main.py"]));

  const elsewhere = { ...files, "shop/extra.py": "ANSWER = 42\n" };
  expect((await reviewOf(changeOf(files, elsewhere))).recommendations).toEqual([]);
});

test("test code is left out", async () => {
  const [text] = [...fixtureFiles("recommend.cpu-bound")].flatMap(([path, source]) =>
    path.endsWith(".py") ? [source] : [],
  );
  expect((await auditTexts(new Map([["tests/test_primes.py", text ?? ""]]))).recommendations).toEqual([]);
});
