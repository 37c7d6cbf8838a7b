import { describe, expect, test } from "vitest";
import type { Snapshot } from "../src/changes/change.ts";
import { type Chosen, configureAudit, configureReview, readConfiguration } from "../src/configuration.ts";
import { OPTIONS } from "../src/options.ts";
import { lowerBound, requiredBySetupCfg } from "../src/requires-python.ts";
import { lineOf } from "../src/toml.ts";

const RULES = ["blocking-call-in-async", "request-without-timeout", "task-not-kept"];

function tree(files: Record<string, string>): Snapshot {
  return { paths: async () => Object.keys(files), read: async (path) => files[path] ?? null };
}

function chosen(values: Record<string, string> = {}, rest: Partial<Chosen> = {}): Chosen {
  const label = (name: string) => `--${name}`;
  return { values: new Map(Object.entries(values)), label, file: null, directory: "", rules: RULES, ...rest };
}

async function settingsOf(files: Record<string, string>, values: Record<string, string> = {}, directory = "") {
  return (await configureAudit(tree(files), chosen(values, { directory }))).settings;
}

function reviewOf(base: Record<string, string>, head: Record<string, string>, rest: Partial<Chosen> = {}) {
  const change = { base: tree(base), head: tree(head), baseCommit: "b", headCommit: "h", files: [] };
  return configureReview(change, chosen({}, rest));
}

describe("precedence", () => {
  test("an option beats the configuration, which beats the default", async () => {
    const files = { "pyproject.toml": '[tool.pcr]\nfail-on = "warning"\nmin-confidence = "high"\n' };
    const settings = await settingsOf(files, { "fail-on": "never", "min-confidence": "" });
    expect(settings).toMatchObject({ failOn: "never", minConfidence: "high", pythonVersion: "3.12", select: null });
    expect(await settingsOf({})).toMatchObject({ failOn: "error", minConfidence: "medium" });
  });

  test("the Python version: option, configuration, requires-python, 3.12", async () => {
    const required = '[project]\nrequires-python = ">=3.9,<4"\n';
    const configured = `${required}[tool.pcr]\npython-version = "3.14t"\n`;
    expect((await settingsOf({ "pyproject.toml": configured }, { "python-version": "3.11.4" })).pythonVersion).toBe(
      "3.11",
    );
    expect((await settingsOf({ "pyproject.toml": configured })).pythonVersion).toBe("3.14t");
    expect((await settingsOf({ "pyproject.toml": required })).pythonVersion).toBe("3.9");
    expect((await settingsOf({ "pyproject.toml": "[broken" })).pythonVersion).toBe("3.12");
    expect((await settingsOf({ "setup.cfg": "[options]\npython_requires = >=3.8\n" })).pythonVersion).toBe("3.8");
    expect((await settingsOf({ "setup.py": 'setup(python_requires=">=3.7")' })).pythonVersion).toBe("3.12");
  });

  test("every key arrives in the settings", async () => {
    const text = `
select = ["task-not-kept", "blocking-call-in-async"]
ignore = ["task-not-kept"]
exclude = ["generated/**"]
tests = ["checks/**"]
fail-on = "notice"
min-confidence = "low"
python-version = "3.13"
offload = ["app.aio.in_thread"]
database-max-connections = 100
workers = 4
[severity]
task-not-kept = "warning"
[blocking]
"app.db.query" = "app.db.aquery"
"app.lock.take" = ""
[rules.task-not-kept]
anything = 1
`;
    expect(await settingsOf({ "pcr.toml": text })).toEqual({
      select: ["task-not-kept", "blocking-call-in-async"],
      ignore: ["task-not-kept"],
      exclude: ["generated/**"],
      tests: ["checks/**"],
      failOn: "notice",
      minConfidence: "low",
      pythonVersion: "3.13",
      offload: ["app.aio.in_thread"],
      databaseMaxConnections: 100,
      workers: 4,
      jobs: null,
      severity: { "task-not-kept": "warning" },
      blocking: { "app.db.query": "app.db.aquery", "app.lock.take": "" },
      rules: { "task-not-kept": { anything: 1 } },
    });
  });

  test("the nearest configuration above the audited folder counts, its globs speak of its folder", async () => {
    const files = {
      "pyproject.toml": '[project]\nrequires-python = ">=3.10"\n[tool.pcr]\nfail-on = "never"\n',
      "services/api/pcr.toml": 'exclude = ["gen/**"]\n',
      "services/api/pyproject.toml": '[tool.pcr]\nexclude = ["other/**"]\n',
    };
    expect(await settingsOf(files, {}, "services/api/app")).toMatchObject({
      exclude: ["services/api/gen/**"],
      failOn: "error",
      pythonVersion: "3.10",
    });
    expect(await settingsOf(files, {}, "services/web")).toMatchObject({ exclude: [], failOn: "never" });
  });

  test("a named file replaces what is in the repository", async () => {
    const files = { "pcr.toml": 'fail-on = "never"\n' };
    const file = { path: "ci/strict.toml", text: '[tool.pcr]\nfail-on = "notice"\n' };
    expect((await configureAudit(tree(files), chosen({}, { file }))).settings.failOn).toBe("notice");
    const other = { path: "sub/pyproject.toml", text: "[project]\n" };
    await expect(configureAudit(tree(files), chosen({}, { file: other }))).rejects.toThrow(
      "sub/pyproject.toml has no [tool.pcr] table; add one or name another file with --config",
    );
  });
});

describe("in a review", () => {
  const strict = '[tool.pcr]\nfail-on = "warning"\n';

  test("the base's configuration counts, requires-python is the head's", async () => {
    const { settings, notes } = await reviewOf(
      { "pyproject.toml": `${strict}[project]\nrequires-python = ">=3.8"\n` },
      { "pyproject.toml": '[tool.pcr]\nfail-on = "never"\n[project]\nrequires-python = ">=3.11"\n' },
    );
    expect(settings).toMatchObject({ failOn: "warning", pythonVersion: "3.11" });
    expect(notes).toEqual([
      "This change edits the configuration in pyproject.toml; the base's version counts until it is merged.",
    ]);
  });

  test("an edit elsewhere in the file is no edit of the configuration", async () => {
    const { notes } = await reviewOf(
      { "pyproject.toml": strict },
      { "pyproject.toml": `${strict}\n[tool.black]\nline-length = 100\n` },
    );
    expect(notes).toEqual([]);
  });

  test("a configuration that the change adds, removes or breaks does not count", async () => {
    const added = await reviewOf({}, { "pcr.toml": 'fail-on = "never"\n' });
    expect(added.settings.failOn).toBe("error");
    expect(added.notes[0]).toContain("in pcr.toml");
    const removed = await reviewOf({ "pyproject.toml": strict }, {});
    expect(removed.settings.failOn).toBe("warning");
    expect(removed.notes[0]).toContain("in pyproject.toml");
    const broken = await reviewOf(
      { "pyproject.toml": strict },
      { "pyproject.toml": '[tool.pcr]\nfail-onn = "never"\n' },
    );
    expect(broken.settings.failOn).toBe("warning");
    expect(broken.notes[0]).toContain("pyproject.toml:2: unknown key fail-onn; did you mean fail-on?");
  });

  test("a broken base is an error, unless the change repairs it", async () => {
    const bad = { "pcr.toml": "fail-on = 3\n" };
    await expect(reviewOf(bad, bad)).rejects.toThrow(
      "pcr.toml:1: fail-on must be error, warning, notice or never, not 3",
    );
    const repaired = await reviewOf(bad, { "pcr.toml": 'fail-on = "notice"\n' });
    expect(repaired.settings.failOn).toBe("notice");
    expect(repaired.notes[0]).toContain("this change repairs it");
  });
});

describe("a mistake names the file, the line and what is right", () => {
  const wrong: [string, string][] = [
    ['[tool.pcr]\nfail_on = "error"\n', "p.toml:2: unknown key fail_on; did you mean fail-on?"],
    ["[tool.pcr]\nzzzzzzzzzz = 1\n", "p.toml:2: unknown key zzzzzzzzzz; the keys are select, ignore, severity"],
    ['[tool.pcr]\nselect = "all"\n', 'p.toml:2: select must be a list of texts, not "all"'],
    [
      '[tool.pcr]\nselect = [\n  "task-not-kept",\n  "task-not-kpt",\n]\n',
      'p.toml:4: select names the unknown rule "task-not-kpt"; did you mean task-not-kept?',
    ],
    ["[tool.pcr]\nignore = [1]\n", "p.toml:2: ignore must hold texts only, not 1"],
    ['[tool.pcr]\nfail-on = "eror"\n', 'not "eror"; did you mean "error"?'],
    ["[tool.pcr]\npython-version = 3.10\n", 'p.toml:2: python-version must be text: write "3.1" in quotes'],
    ['[tool.pcr]\npython-version = "2.7"\n', "must be a version of Python 3 such as 3.12 or 3.14t"],
    ['[tool.pcr]\npython-version = "3.12t"\n', "must be 3.13t or later"],
    ["[tool.pcr]\nworkers = 0\n", "p.toml:2: workers must be a whole number of 1 or more, not 0"],
    ["[tool.pcr]\nworkers = 1.5\n", "not 1.5"],
    [
      '[tool.pcr.severity]\ntask-not-kept = "error"\nblocking-call-in-async = "fatal"\n',
      'p.toml:3: severity (blocking-call-in-async) must be error, warning or notice, not "fatal"',
    ],
    ['[tool.pcr.severity]\nnope = "error"\n', 'p.toml:2: severity names the unknown rule "nope"'],
    ['[tool.pcr]\nseverity = "error"\n', 'p.toml:2: severity must be a table, not "error"'],
    ["[tool.pcr.blocking]\n'a.b' = 3\n", 'p.toml:2: blocking must hold texts only, not 3 for "a.b"'],
    ["[tool.pcr.rules.nope]\na = 1\n", 'p.toml:1: rules names the unknown rule "nope"'],
    ["[tool.pcr.rules]\ntask-not-kept = 1\n", "p.toml:2: rules (task-not-kept) must be a table, not 1"],
    ["[tool]\npcr = 3\n", "p.toml:2: tool.pcr must be a table"],
    ["[tool.pcr]\nselect = [\n", "p.toml:3: this is not valid TOML"],
    ["[tool.pcr]\n[tool.pcr]\n", "this is not valid TOML"],
    ["[tool.pcr]\n__proto__ = 1\n", "unknown key __proto__"],
  ];
  test.each(wrong)("%j", (text, message) => {
    expect(() => readConfiguration(text, "p.toml", RULES)).toThrow(message);
  });

  test("an option names itself", async () => {
    const wrongOption = (values: Record<string, string>) => configureAudit(tree({}), chosen(values));
    await expect(wrongOption({ select: "task-not-kpt" })).rejects.toThrow(
      '--select names the unknown rule "task-not-kpt"; did you mean task-not-kept?',
    );
    await expect(wrongOption({ "python-version": "4" })).rejects.toThrow(
      "--python-version must be a version of Python 3",
    );
  });

  test("a pyproject.toml of others is not our business", () => {
    expect(readConfiguration("[broken", "pyproject.toml", RULES)).toBeNull();
    expect(readConfiguration("[project]\nname = 'pcr'\n", "pyproject.toml", RULES)).toBeNull();
    expect(() => readConfiguration("[tool.pcr]\n[broken", "a/pyproject.toml", RULES)).toThrow("a/pyproject.toml:2");
  });
});

test("the line of a key is found past texts, comments and other tables", () => {
  const text = [
    'doc = """',
    "[tool.pcr]",
    "workers = 1",
    '"""',
    "[tool.other]",
    "workers = 2",
    "[tool]",
    'pcr.workers = 3 # "workers"',
    'pcr."fail-on" = "x"',
    "[ tool . pcr . rules . x ]",
    "y = 1",
  ].join("\n");
  expect(lineOf(text, ["tool", "pcr", "workers"])).toBe(8);
  expect(lineOf(text, ["tool", "pcr", "fail-on"])).toBe(9);
  expect(lineOf(text, ["tool", "pcr", "rules", "x", "y"])).toBe(11);
  expect(lineOf(text, ["tool", "pcr", "rules"])).toBe(10);
  expect(lineOf("a = 1\r\nb = 2\r\n", ["b"])).toBe(2);
});

test.each([
  [">=3.9", "3.9"],
  [">=3.9,<4", "3.9"],
  [">= 3.10 , != 3.10.1", "3.10"],
  ["~=3.10", "3.10"],
  ["~=3.10.2", "3.10"],
  ["^3.11", "3.11"],
  ["~3.8", "3.8"],
  ["==3.12.*", "3.12"],
  ["===3.12.1", "3.12"],
  [">3.8", "3.8"],
  [">=3", "3.0"],
  ["3.*", "3.0"],
  ["^2.7 || ^3.6", "3.0"],
  ["^3.8 || ^3.10", "3.8"],
  [">=3.8,>=3.10", "3.10"],
  [">=2.7, !=3.0.*, !=3.1.*", "3.0"],
  ["<3.13", null],
  ["*", null],
  ["", null],
  ["nonsense", null],
])("requires-python %j starts at %s", (specifier, expected) => {
  expect(lowerBound(specifier)).toBe(expected);
});

test("requires-python in other places", async () => {
  const poetry = '[tool.poetry.dependencies]\npython = "^3.11"\n';
  expect((await settingsOf({ "pyproject.toml": poetry })).pythonVersion).toBe("3.11");
  const table = '[tool.poetry.dependencies.python]\nversion = ">=3.9"\n';
  expect((await settingsOf({ "pyproject.toml": table })).pythonVersion).toBe("3.9");
  expect(
    requiredBySetupCfg(
      "[metadata]\npython_requires = >=3.6\n[options]\npackages = find:\npython_requires =\n    >=3.8\n    <4\n",
    ),
  ).toBe("3.8");
  expect(requiredBySetupCfg("[options.extras]\npython_requires = >=3.6\n")).toBeNull();
});

test("names are unique and every key turns into settings", () => {
  expect(new Set(OPTIONS.map(({ name }) => name)).size).toBe(OPTIONS.length);
  for (const option of OPTIONS) {
    if (option.key) expect(option.setting).toBeDefined();
    expect(option.terminal ?? option.input ?? option.key).toBeDefined();
  }
});
