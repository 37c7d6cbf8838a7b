import { describe, expect, test } from "vitest";
import { type Comment, ignoresIn, silences } from "../src/ignores.ts";

/** The comments of lines without strings, as the parser finds them. */
function comments(source: string): Comment[] {
  return source.split("\n").flatMap((text, index) => {
    const at = text.indexOf("#");
    if (at < 0) return [];
    return [{ line: index + 1, column: at + 1, text: text.slice(at), alone: text.slice(0, at).trim() === "" }];
  });
}

function only(source: string) {
  const found = ignoresIn(comments(source));
  expect(found).toHaveLength(1);
  const [ignore] = found;
  if (ignore === undefined) throw new Error("no ignore");
  return ignore;
}

describe("an ignore comment", () => {
  test("on the line of the finding", () => {
    const ignore = only("x = 1\ncall()  # pcr: ignore[task-not-kept, other-rule] fire and forget");
    expect(ignore).toEqual({
      line: 2,
      startColumn: 9,
      endColumn: 65,
      target: 2,
      rules: [
        { id: "task-not-kept", line: 2, startColumn: 23, endColumn: 36 },
        { id: "other-rule", line: 2, startColumn: 38, endColumn: 48 },
      ],
      reason: "fire and forget",
      problem: null,
    });
    expect(silences(ignore, "other-rule", 2)).toBe(true);
    expect(silences(ignore, "other-rule", 1)).toBe(false);
    expect(silences(ignore, "third-rule", 2)).toBe(false);
  });

  test("alone speaks of the line below, past other comments alone on their lines", () => {
    expect(only("# pcr: ignore[a]\ncall()").target).toBe(2);
    expect(only("    # pcr: ignore[a]\n    # because of this\n    call()  # here").target).toBe(3);
    const [first, second] = ignoresIn(comments("# pcr: ignore[a]\n# pcr: ignore[b]\ncall()"));
    expect([first?.target, second?.target]).toEqual([3, 3]);
    expect(only("# pcr: ignore[a]\n\ncall()").target).toBe(2);
  });

  test("after another tool's comment, or twice on one line", () => {
    expect(only("x()  # type: ignore  # pcr: ignore[a] why").reason).toBe("why");
    const found = ignoresIn(comments("x()  # pcr: ignore[a] one # pcr: ignore[b] two"));
    expect(found.map(({ rules, reason }) => [rules[0]?.id, reason])).toEqual([
      ["a", "one"],
      ["b", "two"],
    ]);
    expect(only("x()  #pcr:ignore[a] - why").reason).toBe("why");
  });

  test("for the whole file, in its first ten lines", () => {
    const ignore = only("# pcr: ignore-file[a] generated");
    expect(ignore.target).toBeNull();
    expect(silences(ignore, "a", 99)).toBe(true);
    expect(only(`${"\n".repeat(9)}# pcr: ignore-file[a]`).problem).toBeNull();
    const late = only(`${"\n".repeat(10)}# pcr: ignore-file[a]`);
    expect(late.problem).toBe("it stands below line 10");
    expect(silences(late, "a", 99)).toBe(false);
  });

  test("that names nothing has no effect and says why", () => {
    expect(only("x()  # pcr: ignore").problem).toBe("it names no rule");
    expect(only("x()  # pcr: ignore[]").problem).toBe("it names no rule");
    expect(only("x()  # pcr: ignore[ , ] reason").problem).toBe("it names no rule");
    const open = only("x()  # pcr: ignore[task-not-kept");
    expect(open.problem).toBe("its bracket is not closed");
    expect(silences(open, "task-not-kept", 1)).toBe(false);
  });

  test("is nothing else that looks like one", () => {
    for (const text of [
      "# noqa",
      "# pcr: see the manual",
      "# pcr: ignored",
      "# pcr: ignore-files[a]",
      "# apcr: ignore[a]",
      "pcr: ignore[a]",
    ]) {
      expect(ignoresIn(comments(`x()  ${text}`)), text).toEqual([]);
    }
  });
});
