import { expect, test } from "vitest";
import { roomForCode } from "../src/python/load.ts";
import { loadProject } from "./projects.ts";

test("code that does not fit into memory is refused in one sentence that says what to do", async () => {
  const files = { "a.py": "x = 1\n", "b.py": "y = 2\n" };
  await expect(loadProject(files, 11)).rejects.toThrow(
    /^2 files of Python are more than fits into the memory that node may use: .*shards.*--max-old-space-size/,
  );
  expect((await loadProject(files, 12)).modules.size).toBe(2);
});

test("an ordinary process has room for a million lines", () => {
  expect(roomForCode()).toBeGreaterThan(40_000_000);
});
