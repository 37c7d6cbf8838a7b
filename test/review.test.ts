import { describe, expect, test } from "vitest";
import { InputError } from "../src/errors.ts";
import { changeOf, reviewOf, told, type Version } from "./changes.ts";

const SLEEPS = "import time\n\n\nasync def load():\n    time.sleep(1)\n";
const FINE = "import asyncio\n\n\nasync def load():\n    await asyncio.sleep(1)\n";
const BLOCKING = "blocking-call-in-async";
const REACHED = "blocking-call-reached-from-async";

/** Coroutines that each block, and lines in front of them. */
function naps(names: readonly string[], before = ""): string {
  return `import time\n${before}${names.map((name) => `\n\nasync def ${name}():\n    time.sleep(1)\n`).join("")}`;
}

async function review(before: Version, after: Version, options: Record<string, string> = {}) {
  return reviewOf(changeOf(before, after), options);
}

async function fingerprints(before: Version, after: Version, renames: Record<string, string> = {}): Promise<string[]> {
  const { findings } = await reviewOf(changeOf(before, after, renames));
  return findings.filter(({ state }) => state === "introduced").map(({ fingerprint }) => fingerprint);
}

describe("what a change does to a finding", () => {
  test("a new file introduces", async () => {
    const report = await review({}, { "app.py": SLEEPS });
    expect(told(report)).toEqual([`introduced ${BLOCKING} app.py:5`]);
    expect([report.mode, report.verdict]).toEqual(["review", "fail"]);
    expect(report.stats).toMatchObject({ files: 1, introduced: 1, existing: 0, fixed: 0, suppressed: 0 });
  });

  test("what was there exists, what is gone is fixed, and only what is new fails", async () => {
    const report = await review(
      { "app.py": naps(["kept", "gone"]) },
      { "app.py": naps(["kept"], "LIMIT = 3\n").replace("LIMIT = 3", "LIMIT = 4") },
    );
    expect(told(report)).toEqual([`existing ${BLOCKING} app.py:6`, `fixed ${BLOCKING} app.py:9`]);
    expect([report.verdict, report.stats.existing, report.stats.fixed]).toEqual(["pass", 1, 1]);
  });

  test("`existing` counts what the change touches or reaches, and nothing else", async () => {
    const old = {
      "changed.py": "import used\n\n\ndef start():\n    return used.load\n",
      "used.py": SLEEPS,
      "user.py": `import changed\n${SLEEPS}`,
      "elsewhere.py": SLEEPS,
    };
    const report = await review(old, { ...old, "changed.py": `${old["changed.py"]}\n\nLIMIT = 1\n` });
    expect(told(report)).toEqual([`existing ${BLOCKING} used.py:5`, `existing ${BLOCKING} user.py:6`]);
    expect(report.stats.existing).toBe(2);
    // Files that only had to be looked at are not files of the change.
    expect(report.stats.files).toBe(1);
  });

  test("a copy above the old one: the copy is the new one", async () => {
    const report = await review({ "app.py": naps(["old"]) }, { "app.py": naps(["fresh", "old"]) });
    expect(told(report)).toEqual([`introduced ${BLOCKING} app.py:5`, `existing ${BLOCKING} app.py:9`]);
  });

  test("a second call in the same function: the added line is the new one", async () => {
    const twice = SLEEPS.replace("    time.sleep(1)\n", "    time.sleep(2)\n    time.sleep(1)\n");
    const report = await review({ "app.py": SLEEPS }, { "app.py": twice });
    expect(told(report)).toEqual([`introduced ${BLOCKING} app.py:5`, `existing ${BLOCKING} app.py:6`]);
  });

  test("another argument of the same call keeps the finding, another call does not", async () => {
    const other = await review({ "app.py": SLEEPS }, { "app.py": SLEEPS.replace("sleep(1)", "sleep(30)") });
    expect(told(other)).toEqual([`existing ${BLOCKING} app.py:5`]);
    const worse = SLEEPS.replace("import time", "import requests").replace(
      "time.sleep(1)",
      "requests.get('u', timeout=1)",
    );
    const report = await review({ "app.py": SLEEPS }, { "app.py": worse });
    expect(told(report).sort()).toEqual([`fixed ${BLOCKING} app.py:5`, `introduced ${BLOCKING} app.py:5`]);
  });

  test("a function with a new name around an unchanged line brings nothing new", async () => {
    const report = await review({ "app.py": SLEEPS }, { "app.py": SLEEPS.replace("def load", "def fetch") });
    expect(told(report)).toEqual([`existing ${BLOCKING} app.py:5`]);
  });

  test("a plain function that becomes a coroutine introduces", async () => {
    const report = await review({ "app.py": SLEEPS.replace("async ", "") }, { "app.py": SLEEPS });
    expect(told(report)).toEqual([`introduced ${BLOCKING} app.py:5`]);
  });

  test("lines above, indentation, line ends and comments change nothing", async () => {
    const edits = [
      `"""Words.\n\nMore.\n"""\n${SLEEPS}`,
      SLEEPS.replace("    time", "        time"),
      SLEEPS.replaceAll("\n", "\r\n"),
      SLEEPS.replace("sleep(1)", "sleep(1)  # a moment"),
      `\uFEFF${SLEEPS}`,
      SLEEPS.trimEnd(),
    ];
    for (const text of edits) {
      const report = await review({ "app.py": SLEEPS }, { "app.py": text });
      expect(report.stats, text).toMatchObject({ introduced: 0, existing: 1, fixed: 0 });
    }
  });

  test("a deleted file: fixed, with its base path; what it had is not read any more", async () => {
    const report = await review({ "app.py": SLEEPS, "ok.py": FINE }, { "ok.py": FINE });
    expect(told(report)).toEqual([`fixed ${BLOCKING} app.py:5`]);
    expect([report.verdict, report.stats.files]).toEqual(["pass", 0]);
  });

  test("no Python in the change: nothing is looked at", async () => {
    const report = await review({ "app.py": SLEEPS }, { "app.py": SLEEPS, "README.md": "Hello.\n" });
    expect([report.findings, report.verdict, report.stats.files]).toEqual([[], "pass", 0]);
  });
});

describe("renames", () => {
  test("a renamed file keeps its findings, on the new path", async () => {
    const report = await reviewOf(changeOf({ "old.py": SLEEPS }, { "pkg/new.py": SLEEPS }, { "pkg/new.py": "old.py" }));
    expect(told(report)).toEqual([`existing ${BLOCKING} pkg/new.py:5`]);
  });

  test("renamed and edited", async () => {
    const change = changeOf(
      { "old.py": naps(["a", "gone"]) },
      { "new.py": naps(["fresh", "a"]) },
      { "new.py": "old.py" },
    );
    expect(told(await reviewOf(change))).toEqual([
      `introduced ${BLOCKING} new.py:5`,
      `existing ${BLOCKING} new.py:9`,
      `fixed ${BLOCKING} old.py:9`,
    ]);
  });

  test("two files that swap their names", async () => {
    const change = changeOf(
      { "a.py": SLEEPS, "b.py": FINE },
      { "a.py": FINE, "b.py": SLEEPS },
      { "a.py": "b.py", "b.py": "a.py" },
    );
    expect(told(await reviewOf(change))).toEqual([`existing ${BLOCKING} b.py:5`]);
  });

  test("a helper's file with a new name: its callers bring nothing new", async () => {
    const app = (name: string) => `from ${name} import pause\n\n\nasync def load():\n    pause()\n`;
    const helper = "import time\n\n\ndef pause():\n    time.sleep(1)\n";
    const before = { "app.py": app("helper"), "helper.py": helper };
    const after = { "app.py": app("lib.waits"), "lib/waits.py": helper };
    const report = await reviewOf(changeOf(before, after, { "lib/waits.py": "helper.py" }));
    expect(told(report)).toEqual([`existing ${REACHED} app.py:5`]);
  });

  test("a helper with a new name: the same call in the same function is the same problem", async () => {
    const app = (name: string) =>
      `import time\n\n\ndef ${name}():\n    time.sleep(1)\n\n\nasync def load():\n    ${name}()\n`;
    const report = await review({ "app.py": app("pause") }, { "app.py": app("wait") });
    expect(told(report)).toEqual([`existing ${REACHED} app.py:9`]);
  });
});

describe("what the change does elsewhere", () => {
  const caller = `from helper import load\n\n\n${"A = 1\n".repeat(20)}\n\nasync def view():\n    load()\n`;
  const quick = "def load():\n    return 1\n";
  const slow = "import time\n\n\ndef load():\n    time.sleep(1)\n";

  test("a helper that now blocks: introduced at the unchanged call, the changed line is on the way", async () => {
    const report = await review({ "app.py": caller, "helper.py": quick }, { "app.py": caller, "helper.py": slow });
    expect(told(report)).toEqual([`introduced ${REACHED} app.py:27`]);
    expect(report.findings[0]?.trace.map(({ path, line }) => `${path}:${line}`)).toContain("helper.py:5");
    expect(report.verdict).toBe("fail");
  });

  test("a helper that blocks no longer: fixed at the unchanged call", async () => {
    const report = await review({ "app.py": caller, "helper.py": slow }, { "app.py": caller, "helper.py": quick });
    expect(told(report)).toEqual([`fixed ${REACHED} app.py:27`]);
  });

  test("several files away, through files that did not change", async () => {
    const files = {
      "a.py": "import b\n\n\nasync def view():\n    b.step()\n",
      "b.py": "import c\n\n\ndef step():\n    c.step()\n",
      "c.py": "import helper\n\n\ndef step():\n    helper.load()\n",
    };
    const report = await review({ ...files, "helper.py": quick }, { ...files, "helper.py": slow });
    expect(told(report)).toEqual([`introduced ${REACHED} a.py:5`]);
  });

  test("a caller that turns from one blocking helper to another with another effect: what was there is known", async () => {
    const before = {
      "one.py": slow,
      "two.py": slow.replace("import time", "import requests").replace("time.sleep(1)", "requests.get('u', timeout=1)"),
      "app.py": "from one import load\n\n\nasync def view():\n    load()\n",
    };
    // Only the base imports `one`: it has to be read there all the same.
    const report = await review(before, { ...before, "app.py": before["app.py"].replace("one", "two") });
    expect(told(report).sort()).toEqual([`fixed ${REACHED} app.py:5`, `introduced ${REACHED} app.py:5`]);
  });

  test("a removed offload is introduced", async () => {
    const off = "import asyncio\nimport time\n\n\nasync def view():\n    await asyncio.to_thread(time.sleep, 1)\n";
    const report = await review(
      { "app.py": off },
      { "app.py": off.replace("await asyncio.to_thread(time.sleep, 1)", "time.sleep(1)") },
    );
    expect(told(report)).toEqual([`introduced ${BLOCKING} app.py:6`]);
  });

  test("a removed lock: introduced at the write, although its line did not change", async () => {
    const locked = (guard: string) => `import threading
from concurrent.futures import ThreadPoolExecutor

total = 0
guard = threading.Lock()


def count(amount):
    global total
    ${guard}
        total = total + amount


def run(amounts):
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(count, amounts))
    return total
`;
    const report = await review({ "app.py": locked("with guard:") }, { "app.py": locked("if amount:") });
    expect(told(report)).toEqual(["introduced shared-state-without-lock app.py:11"]);
  });

  const pool = (size: number, overflow: number) => `from sqlalchemy import create_engine, text

engine = create_engine("postgresql://app@db/app?connect_timeout=5", pool_size=${size}, max_overflow=${overflow}, pool_timeout=10)


def load(order):
    with engine.connect() as connection:
        return connection.execute(text("SELECT 1 FROM orders WHERE id = :id"), {"id": order}).scalar()
`;
  const workers = (count: number) => `from concurrent.futures import ThreadPoolExecutor

from store import load


def run(orders):
    with ThreadPoolExecutor(max_workers=${count}) as crew:
        return list(crew.map(load, orders))
`;

  test("a pool made smaller than its threads: introduced where it gets its size", async () => {
    const report = await review(
      { "store.py": pool(20, 0), "app.py": workers(16) },
      { "store.py": pool(8, 0), "app.py": workers(16) },
    );
    expect(told(report)).toEqual(["introduced db-pool-smaller-than-threads store.py:3"]);
  });

  test("more threads in another file: introduced at the unchanged pool, the changed line takes part", async () => {
    const report = await review(
      { "store.py": pool(20, 0), "app.py": workers(16) },
      { "store.py": pool(20, 0), "app.py": workers(32) },
    );
    expect(told(report)).toEqual(["introduced db-pool-smaller-than-threads store.py:3"]);
    expect(report.findings[0]?.trace.map(({ path, line }) => `${path}:${line}`)).toContain("app.py:7");
  });

  test("a pool that was too small and is made smaller exists", async () => {
    const report = await review(
      { "store.py": pool(8, 0), "app.py": workers(16) },
      { "store.py": pool(6, 0), "app.py": workers(16) },
    );
    expect(told(report)).toEqual(["existing db-pool-smaller-than-threads store.py:3"]);
  });

  test("a timeout taken away is introduced", async () => {
    const call = (timeout: string) =>
      `import requests\n\n\ndef fetch(url):\n    return requests.get(url${timeout}).text\n`;
    const report = await review({ "app.py": call(", timeout=5") }, { "app.py": call("") });
    expect(told(report)).toEqual(["introduced request-without-timeout app.py:5"]);
  });
});

describe("what cannot be analysed", () => {
  const cases: [string, string | Error, RegExp][] = [
    ["binary", "x = 1\0\n", /binary/],
    ["too large", `x = 1\n${"# filler of some length to reach the limit\n".repeat(80_000)}`, /larger/],
    ["with an endless line", `x = "${"a".repeat(200_000)}"\n`, /line longer/],
    ["unreadable", new InputError("app.py cannot be read (EACCES); check its permissions"), /EACCES/],
  ];
  for (const [name, text, reason] of cases) {
    test(`a changed file that is ${name}: the verdict is error, the other findings stay`, async () => {
      const report = await review({ "app.py": FINE }, { "app.py": text, "b.py": SLEEPS });
      expect(report.verdict).toBe("error");
      expect(report.stats.skipped).toMatchObject([{ path: "app.py", whole: true }]);
      expect(report.stats.skipped[0]?.reason).toMatch(reason);
      expect(told(report)).toEqual([`introduced ${BLOCKING} b.py:5`]);
    });

    test(`a file that is ${name} and did not change is no error`, async () => {
      const before = { "app.py": text, "b.py": "import app\n" };
      const report = await review(before, { ...before, "b.py": `import app\n${SLEEPS}` });
      expect([report.verdict, report.stats.introduced]).toEqual(["fail", 1]);
    });

    test(`a file that is ${name} and excluded is no error`, async () => {
      const exclude = { "pcr.toml": 'exclude = ["app.py"]\n' };
      const report = await review({ "app.py": FINE, ...exclude }, { "app.py": text, ...exclude });
      expect([report.verdict, report.stats.skipped]).toEqual(["pass", []]);
    });

    test(`nothing is called fixed because the file became ${name}`, async () => {
      const report = await review({ "app.py": SLEEPS }, { "app.py": text });
      expect(report.stats).toMatchObject({ fixed: 0, introduced: 0 });
    });

    test(`only added lines count as new when the base's version was ${name}`, async () => {
      const change = changeOf({ "app.py": SLEEPS }, { "app.py": naps(["load", "fresh"]) });
      const { base } = change;
      const broken = {
        ...base,
        read: async (path: string) => {
          if (path !== "app.py") return base.read(path);
          if (text instanceof Error) throw text;
          return text;
        },
      };
      const report = await reviewOf({ ...change, base: broken });
      expect(told(report)).toEqual([`existing ${BLOCKING} app.py:5`, `introduced ${BLOCKING} app.py:9`]);
      expect(report.verdict).toBe("fail");
      expect(report.notes.join()).toContain("app.py");
    });
  }

  test("a file that is broken in places is read in part and listed", async () => {
    const broken = `${SLEEPS}\n\ndef (((:\n    ??\n\n\n${SLEEPS.replace("def load", "def more")}`;
    const report = await review({}, { "app.py": broken });
    expect(report.verdict).toBe("fail");
    expect(report.stats.introduced).toBeGreaterThan(0);
    expect(report.stats.skipped).toMatchObject([{ path: "app.py", whole: false }]);
  });

  test("a file that holds no Python at all is an error", async () => {
    const report = await review({}, { "app.py": "<?php echo '<<<<' ?>\n%%%% ???\n}}}\n" });
    expect(report.verdict).toBe("error");
  });

  test("an empty file, and one of comments, are fine", async () => {
    const report = await review({ "a.py": SLEEPS }, { "a.py": "", "b.py": "# nothing\n" });
    expect([report.verdict, report.stats.fixed, report.stats.skipped]).toEqual(["pass", 1, []]);
  });
});

describe("configuration and versions", () => {
  test("the base's configuration counts, and a note says that the change edits it", async () => {
    const report = await review(
      { "pcr.toml": 'fail-on = "warning"\n' },
      { "pcr.toml": 'fail-on = "never"\nignore = ["blocking-call-in-async"]\n', "app.py": SLEEPS },
    );
    expect([report.verdict, report.stats.introduced]).toEqual(["fail", 1]);
    expect(report.notes.join()).toContain("pcr.toml");
  });

  test("excluded files are neither reported nor counted", async () => {
    const exclude = { "pcr.toml": 'exclude = ["generated/**"]\n' };
    const report = await review(exclude, { ...exclude, "generated/app.py": SLEEPS });
    expect([told(report), report.verdict, report.stats.files]).toEqual([[], "pass", 0]);
  });

  test("`requires-python` is the head's, in both versions", async () => {
    const project = (version: string) => ({ "pyproject.toml": `[project]\nrequires-python = ">=${version}"\n` });
    const report = await review(
      { ...project("3.8"), "app.py": SLEEPS },
      { ...project("3.11"), "app.py": `${SLEEPS}\n` },
    );
    expect(report.pythonVersion).toBe("3.11");
    expect(told(report)).toEqual([`existing ${BLOCKING} app.py:5`]);
    expect((await review(project("3.8"), { ...project("3.8"), "app.py": SLEEPS })).findings[0]?.instead).not.toContain(
      "to_thread",
    );
  });

  test("the gate", async () => {
    const cases: [Record<string, string>, string][] = [
      [{}, "fail"],
      [{ "fail-on": "never" }, "pass"],
      [{ ignore: BLOCKING }, "pass"],
      [{ select: "cpu-work-in-threads" }, "pass"],
    ];
    for (const [options, verdict] of cases)
      expect((await review({}, { "app.py": SLEEPS }, options)).verdict).toBe(verdict);
  });

  test("stubs and windowed scripts are Python", async () => {
    const report = await review({}, { "gui.pyw": SLEEPS, "app.pyi": "async def load() -> None: ...\n" });
    expect(told(report)).toEqual([`introduced ${BLOCKING} gui.pyw:5`]);
    expect(report.findings[0]?.function).toBe("gui.load");
    expect(report.stats.files).toBe(2);
  });
});

describe("ignores", () => {
  const IGNORED = SLEEPS.replace("sleep(1)", `sleep(1)  # pcr: ignore[${BLOCKING}] short`);

  test("one that the change brings silences, and is named", async () => {
    for (const before of [{ "app.py": SLEEPS }, { "app.py": FINE }, {}] as Version[]) {
      const report = await review(before, { "app.py": IGNORED });
      expect([report.verdict, report.stats.introduced, report.stats.suppressed]).toEqual(["pass", 0, 1]);
      expect(report.notes.join()).toContain("`blocking-call-in-async` at `app.py:5`");
    }
  });

  test("one for the whole file, too", async () => {
    const whole = `# pcr: ignore-file[${BLOCKING}]\n${SLEEPS}`;
    const report = await review({ "app.py": SLEEPS }, { "app.py": whole });
    expect(report.stats).toMatchObject({ introduced: 0, suppressed: 1 });
    expect(report.notes.join()).toContain("`app.py:6`");
  });

  test("one that was there is no news", async () => {
    const report = await review({ "app.py": IGNORED }, { "app.py": `${IGNORED}\n\nLIMIT = 1\n` });
    expect(report.stats).toMatchObject({ introduced: 0, existing: 0, fixed: 0, suppressed: 1 });
    expect(report.notes).toEqual([]);
  });

  test("one that the change takes away: introduced", async () => {
    const report = await review({ "app.py": IGNORED }, { "app.py": SLEEPS });
    expect(told(report)).toEqual([`introduced ${BLOCKING} app.py:5`]);
  });

  test("an ignored finding that goes away is not counted as fixed", async () => {
    const report = await review({ "app.py": IGNORED }, { "app.py": FINE });
    expect([report.stats.fixed, report.verdict]).toEqual([0, "pass"]);
  });

  test("one that silences nothing is reported, but does not fail", async () => {
    const report = await review({}, { "app.py": `LIMIT = 1  # pcr: ignore[${BLOCKING}]\n` });
    expect(told(report)).toEqual(["introduced unused-ignore app.py:1"]);
    expect(report.verdict).toBe("pass");
  });
});

describe("fingerprints", () => {
  test("survive shifts, edits elsewhere and renames of the file", async () => {
    const base = { "app.py": "import time\n\n\nLIMIT = 1\nMORE = 2\nEVEN_MORE = 3\n" };
    const text = `${base["app.py"]}${SLEEPS.replace("import time\n", "")}`;
    const first = await fingerprints(base, { "app.py": text });
    expect(first).toHaveLength(1);
    expect(first[0]).toMatch(/^[0-9a-f]{16,}$/);
    expect(await fingerprints(base, { "app.py": `"""Words."""\n${text}` })).toEqual(first);
    expect(await fingerprints(base, { "app.py": text, "b.py": FINE })).toEqual(first);
    expect(await fingerprints(base, { "pkg/app.py": text }, { "pkg/app.py": "app.py" })).toEqual(first);
  });

  test("survive a new name of the helper's file", async () => {
    const helper = "import time\n\n\ndef pause():\n    time.sleep(1)\n";
    const base = { "helper.py": helper, "app.py": "" };
    const app = (name: string) => `from ${name} import pause\n\n\nasync def load():\n    pause()\n`;
    const first = await fingerprints(base, { "helper.py": helper, "app.py": app("helper") });
    const moved = { "waits.py": helper, "app.py": app("waits") };
    expect(first).toHaveLength(1);
    expect(await fingerprints(base, moved, { "waits.py": "helper.py" })).toEqual(first);
  });

  test("tell equal findings apart", async () => {
    const found = await fingerprints(
      {},
      { "app.py": SLEEPS.replace("    time.sleep(1)\n", "    time.sleep(1)\n".repeat(3)) },
    );
    expect(new Set(found).size).toBe(3);
  });
});

/** Programs whose functions call each other in one long chain, down to something that blocks. */
const CHAINS: Record<string, (index: number, next: string) => string> = {
  calls: (index, next) => `def f${index}():\n    ${next}()\n\n`,
  awaits: (index, next) => `async def f${index}():\n    await ${next}()\n\n`,
  callbacks: (index, next) => `def f${index}(done=None):\n    ${next}(done)\n\n`,
  loops: (index, next) => `def f${index}(urls=()):\n    for url in urls:\n        ${next}(urls)\n\n`,
};

test.each(Object.entries(CHAINS))("a chain of 4,000 functions: %s", async (name, link) => {
  const head = `import time\n\n`;
  const chain = Array.from({ length: 4_000 }, (_, index) => link(index, `f${index + 1}`)).join("");
  const end = `${name === "awaits" ? "async " : ""}def f4000(*given):\n    time.sleep(1)\n\n\nasync def main():\n    time.sleep(1)\n    f0()\n`;
  const report = await reviewOf(changeOf({}, { "app.py": `${head}${chain}${end}` }));
  expect(report.findings.some(({ rule, function: func }) => rule === BLOCKING && func === "app.main")).toBe(true);
});

test("code that is left out because too much hangs together is told", async () => {
  const helper = "import time\n\n\ndef pause():\n    time.sleep(1)\n";
  const before = { "app.py": "", "huge.py": `${helper}${"\n".repeat(120_000)}`, "more.py": helper };
  const main = (from: string): string => `from ${from} import pause\n\n\nasync def load():\n    pause()\n`;
  const cut = await review(before, { ...before, "app.py": main("huge") });
  expect(told(cut)).toEqual([]);
  expect(cut.notes).toEqual([expect.stringMatching(/^More than 120,000 lines .* the nearest were read.* is missing/)]);
  const whole = await review(before, { ...before, "app.py": main("more") });
  expect(told(whole)).toEqual([`introduced ${REACHED} app.py:5`]);
  expect(whole.notes).toEqual([]);
});
