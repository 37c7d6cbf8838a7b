import { expect, test } from "vitest";
import { INHERITED_ONLY, LARGE, THREAD_BOUND, UNPICKLABLE } from "../src/knowledge/sharing.ts";
import { auditTexts } from "./fixtures.ts";

/** Rules that fire in a program, by line. */
async function fired(source: string, version = "3.12"): Promise<string[]> {
  const { findings } = await auditTexts(new Map([["app.py", source]]), { "python-version": version });
  return findings.map(({ rule, startLine }) => `${rule}:${startLine}`);
}

const CHILD = (made: string): string => `
import multiprocessing
from multiprocessing.context import ForkProcess, SpawnProcess

context = multiprocessing.get_context()


def main():
    child = ${made}(target=lambda: print(sum(range(10))))
    child.start()
    child.join(timeout=60)
    return child.exitcode


if __name__ == "__main__":
    print(main())
`;

test.each([
  ["multiprocessing.Process", "3.12", false],
  ["multiprocessing.Process", "3.14", true],
  ["context.Process", "3.12", false],
  ["context.Process", "3.14", true],
  ['multiprocessing.get_context("fork").Process', "3.14", false],
  ['multiprocessing.get_context("spawn").Process', "3.12", true],
  ["SpawnProcess", "3.12", true],
  ["ForkProcess", "3.14", false],
])("%s of Python %s pickles its target: %s", async (made, version, pickles) => {
  const found = await fired(CHILD(made), version);
  expect(found.includes("unpicklable-task:9")).toBe(pickles);
});

test("one set_start_method speaks for the program, two leave it open", async () => {
  const program = (extra: string): string =>
    CHILD("multiprocessing.Process").replace('if __name__ == "__main__":\n', `if __name__ == "__main__":\n${extra}`);
  const once = '    multiprocessing.set_start_method("spawn")\n';
  expect(await fired(program(once))).toContain("unpicklable-task:9");
  expect(await fired(program(`${once}    multiprocessing.set_start_method("fork")\n`))).not.toContain(
    "unpicklable-task:9",
  );
});

test("the tables speak of canonical names", () => {
  const names = [...THREAD_BOUND.keys(), ...UNPICKLABLE.keys(), ...INHERITED_ONLY, ...LARGE.keys()];
  expect(names.filter((name) => !/^[A-Za-z_]\w*(?:\.\w+)+$/.test(name))).toEqual([]);
});
