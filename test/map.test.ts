import { expect, test } from "vitest";
import { readFlowchart } from "../src/reporters/flowchart.ts";
import { auditTexts, FIXTURES, fixtureFiles } from "./fixtures.ts";
import { mermaidFault } from "./mermaid.ts";

const PROJECTS = FIXTURES.filter((name) =>
  /^(?:checklist\.|demo-app|.*-pool-|connections-|nested-|oversized-)/.test(name),
);

test.each(PROJECTS)("%s: the real Mermaid takes the map, and so does our own drawing", async (name) => {
  const { map } = await auditTexts(fixtureFiles(name));
  if (map === null) return;
  expect(await mermaidFault(map)).toBe(null);
  const chart = readFlowchart(map);
  expect(chart?.nodes.length).toBeLessThanOrEqual(20);
  expect(chart?.edges.length).toBeGreaterThan(0);
  const joined = new Set(chart?.edges.flatMap(({ from, to }) => [from, to]));
  expect(chart?.nodes.filter(({ id }) => !joined.has(id))).toEqual([]);
});

async function chartOf(files: ReadonlyMap<string, string>) {
  const { map } = await auditTexts(files);
  const chart = readFlowchart(map ?? "");
  const words = (id: string): string => chart?.nodes.find((node) => node.id === id)?.label.join(" ") ?? "";
  return {
    chart,
    arrows: (chart?.edges ?? []).map(
      ({ from, to, label, isMarked }) => `${words(from)} ${isMarked ? "=>" : "->"} ${words(to)}: ${label}`,
    ),
    marked: (chart?.nodes ?? []).filter(({ isMarked }) => isMarked).map(({ id }) => words(id)),
  };
}

test("servers, loop, threads and connections, with who gives work to whom", async () => {
  const { arrows, marked } = await chartOf(fixtureFiles("checklist.web-service"));
  expect(arrows).toEqual([
    "event loop -> the threads of plain endpoints: 40 threads orders/main.py:14: FastAPI routes",
    "the threads of plain endpoints: 40 threads orders/main.py:14 => engine: 15 connections orders/db.py:6: 25 wait",
    "the threads of plain endpoints: 40 threads orders/main.py:14 => web: 10 connections orders/payments.py:3: 30 open their own",
    "uvicorn: 2 processes Dockerfile:4 -> event loop: ",
  ]);
  expect(marked).toEqual(["engine: 15 connections orders/db.py:6", "web: 10 connections orders/payments.py:3"]);
});

test("a pool that waits for itself", async () => {
  const { arrows } = await chartOf(fixtureFiles("nested-executor-deadlock.project"));
  expect(
    arrows.some((one) => /^everything: 8 threads .* => everything: 8 threads .*: waits for itself$/.test(one)),
  ).toBe(true);
});

test("nothing side by side, nothing to draw", async () => {
  const { map } = await auditTexts(fixtureFiles("checklist.cli"));
  expect(map).toBe(null);
});

test("of many pools the mismatched ones stay", async () => {
  const pools = Array.from({ length: 30 }, (_, i) => i);
  const source = [
    "from concurrent.futures import ThreadPoolExecutor",
    "from psycopg_pool import ConnectionPool",
    "",
    ...pools.map((i) => `pool_${i} = ConnectionPool("postgresql://a@b/c", max_size=${i === 29 ? 2 : 8}, open=True)`),
    ...pools.flatMap((i) => [
      "",
      `def work_${i}(key):`,
      `    with pool_${i}.connection() as connection:`,
      '        connection.execute("SELECT %s", (key,))',
    ]),
    "",
    "def main(keys):",
    ...pools.flatMap((i) => [
      `    with ThreadPoolExecutor(8) as threads_${i}:`,
      `        list(threads_${i}.map(work_${i}, keys))`,
    ]),
  ].join("\n");
  const { chart, marked } = await chartOf(new Map([["jobs.py", source]]));
  expect(chart?.nodes.length).toBeLessThanOrEqual(20);
  expect(marked).toEqual(["pool_29: 2 connections jobs.py:33"]);
});

test("names cannot break out of their labels", async () => {
  const source = [
    "from concurrent.futures import ThreadPoolExecutor",
    "pools = {}",
    "def run(items):",
    '    pools["a\\"]-->b[x\\"|`end`<script>"] = ThreadPoolExecutor(4)',
    '    return list(pools["a\\"]-->b[x\\"|`end`<script>"].map(len, items))',
    "def other(items):",
    "    ä_很 = ThreadPoolExecutor(4)",
    "    return list(ä_很.map(len, items))",
  ].join("\n");
  const { map } = await auditTexts(new Map([["odd.py", source]]));
  expect(map).not.toBe(null);
  expect(await mermaidFault(map ?? "")).toBe(null);
});
