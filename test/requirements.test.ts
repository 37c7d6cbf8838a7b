import { expect, test } from "vitest";
import { compareVersions, isRequirementsFile, requirementsOf } from "../src/runtime/requirements.ts";

/** What the files say about redis. */
function redis(files: Record<string, string>) {
  return requirementsOf(new Map(Object.entries(files))).version("redis");
}

test.each([
  ["redis==5.0.1", { exact: "5.0.1", low: "5.0.1", high: "5.0.1" }],
  ["redis>=5.0,<6", { exact: null, low: "5.0", high: "6" }],
  ["redis[hiredis] >= 5.0 ; python_version >= '3.9'", { exact: null, low: "5.0", high: null }],
  ["redis (>=4.2,!=4.5.0)", { exact: null, low: "4.2", high: null }],
  ["redis~=5.0", { low: "5.0", high: "6" }],
  ["redis~=5.0.1", { low: "5.0.1", high: "5.1" }],
  ["redis==5.*", { exact: null, low: "5", high: "6" }],
  ["redis<=4.6", { high: "4.6", includesHigh: true }],
  ["redis", { exact: null, low: null, high: null }],
  ["redis @ git+https://example.com/redis.git@v5.0.1", { exact: null, low: null, high: null }],
  ["Redis==6.0.0b1", { exact: "6.0.0b1" }],
])("%s", (line, bounds) => {
  expect(redis({ "requirements.txt": `# pinned\n${line}\n` })).toMatchObject({
    ...bounds,
    from: { path: "requirements.txt", line: 2 },
  });
});

test("requirements files: options, hashes, comments and other libraries say nothing about it", () => {
  const text = `-r base.txt
--index-url https://example.com/simple
-e .
redis-py-cluster==2.1.3
https://example.com/redis.whl
redis==5.2.0 \\
    --hash=sha256:0000 \\
    --hash=sha256:1111  # via app
hiredis==3.0.0
`;
  expect(redis({ "requirements/prod.txt": text })).toMatchObject({
    exact: "5.2.0",
    from: { path: "requirements/prod.txt", line: 6 },
  });
});

test("pyproject.toml: every place that tools read", () => {
  const project = `[project]
dependencies = [
  "redis>=5.0",
]
[project.optional-dependencies]
web = ["Gunicorn~=23.0"]
[dependency-groups]
dev = [{ include-group = "test" }, "pytest>=8"]
[tool.poetry.dependencies]
python = "^3.11"
psycopg-pool = "^3.2"
httpx = { version = "~0.27", extras = ["http2"] }
aiohttp = "*"
[tool.poetry.group.worker.dependencies]
celery = "5.4.0"
[tool.pdm.dev-dependencies]
lint = ["ruff>=0.5"]
[tool.uv]
dev-dependencies = ["mypy<2"]
`;
  const found = requirementsOf(new Map([["pyproject.toml", project]]));
  const line = (name: string) => found.version(name)?.from.line;
  expect(found.version("redis")).toMatchObject({ low: "5.0", from: { path: "pyproject.toml", line: 3 } });
  expect(found.version("gunicorn")).toMatchObject({ low: "23.0", high: "24" });
  expect(found.version("psycopg_pool")).toMatchObject({ low: "3.2", high: "4" });
  expect(found.version("httpx")).toMatchObject({ low: "0.27", high: "0.28" });
  expect(found.version("aiohttp")).toMatchObject({ exact: null, low: null });
  expect(found.version("celery")).toMatchObject({ exact: "5.4.0" });
  expect(found.version("python")).toBeNull();
  expect(["gunicorn", "pytest", "httpx", "celery", "ruff", "mypy"].map(line)).toEqual([6, 8, 12, 15, 17, 19]);
});

test("poetry's caret keeps the first digit that counts", () => {
  const file = (version: string) => ({ "pyproject.toml": `[tool.poetry.dependencies]\nredis = "${version}"\n` });
  expect(redis(file("^0.9.1"))).toMatchObject({ low: "0.9.1", high: "0.10" });
  expect(redis(file("^0.0.3"))).toMatchObject({ low: "0.0.3", high: "0.0.4" });
  expect(redis(file("~1"))).toMatchObject({ low: "1", high: "2" });
  expect(redis(file("^4.0 || ^5.0"))).toMatchObject({ low: null, high: null });
});

test("lock files say the version itself", () => {
  const lock = `version = 1
[[package]]
name = "redis"
version = "5.0.1"
source = { registry = "https://example.com/simple" }

[[package]]
name = "app"
source = { editable = "." }
dependencies = [
    { name = "redis" },
]

[package.metadata]
version = "9.9.9"
`;
  for (const path of ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"])
    expect(
      redis({ [path]: lock.replaceAll("[[package]]", path === "pylock.toml" ? "[[packages]]" : "[[package]]") }),
    ).toMatchObject({
      exact: "5.0.1",
      from: { path, line: 3 },
    });
  const pipfile = '{\n  "default": {\n    "redis": {\n      "version": "==5.0.3"\n    }\n  },\n  "develop": {}\n}\n';
  expect(redis({ "Pipfile.lock": pipfile })).toMatchObject({ exact: "5.0.3", from: { path: "Pipfile.lock", line: 3 } });
});

test("a lock beats a pin, a pin a range, and the root what lies deeper", () => {
  const range = { "pyproject.toml": '[project]\ndependencies = ["redis>=5"]\n' };
  const pin = { "requirements.txt": "redis==5.1.0\n" };
  const lock = { "uv.lock": '[[package]]\nname = "redis"\nversion = "5.2.0"\n' };
  expect(redis({ ...range, ...pin, ...lock })?.exact).toBe("5.2.0");
  expect(redis({ ...range, ...pin })?.exact).toBe("5.1.0");
  expect(redis({ "tools/requirements.txt": "redis==3.0.0\n", ...pin })?.exact).toBe("5.1.0");
  expect(redis({ "requirements.txt": "redis\n", "tools/constraints.txt": "redis<5\n" })?.high).toBe("5");
});

test("setup.cfg and Pipfile", () => {
  const cfg =
    "[metadata]\nname = app\n[options]\ninstall_requires =\n    requests\n    redis>=4,<5\n[options.extras_require]\nweb = uvicorn==0.30\n";
  expect(redis({ "setup.cfg": cfg })).toMatchObject({ low: "4", high: "5", from: { line: 6 } });
  expect(requirementsOf(new Map([["setup.cfg", cfg]])).version("uvicorn")).toMatchObject({ exact: "0.30" });
  expect(redis({ Pipfile: '[packages]\nredis = ">=4"\n' })).toMatchObject({
    low: "4",
    from: { path: "Pipfile", line: 2 },
  });
});

test("files that cannot be read say nothing", () => {
  const files = {
    "pyproject.toml": "[project\n",
    "Pipfile.lock": "{",
    Pipfile: "= 1",
    "requirements.txt": "\0 ]]\nredis==5\n",
  };
  expect(redis(files)?.exact).toBe("5");
});

test.each([
  ["redis==8.0.1", true],
  ["redis==8.0.0b1", false],
  ["redis==5.0", false],
  ["redis>=8", true],
  ["redis>=5", null],
  ["redis<8", false],
  ["redis<=8.0", null],
  ["redis<=7.9", false],
  ["redis>=5,<9", null],
  ["redis", null],
  ["requests", null],
])("%s has at least 8.0: %s", (line, answer) => {
  expect(requirementsOf(new Map([["requirements.txt", line]])).atLeast("redis", "8.0")).toBe(answer);
});

test("versions are ordered as releases", () => {
  const sorted = ["1.0rc1", "1.0", "1.0.post1", "1.0.1", "1.2", "1.10", "v2"];
  expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
  expect(compareVersions("1.0", "1.0.0")).toBe(0);
});

test("the files that count", () => {
  const yes = [
    "pyproject.toml",
    "a/uv.lock",
    "dev-requirements.txt",
    "requirements/base.txt",
    "constraints.txt",
    "Pipfile",
    "setup.cfg",
  ];
  const no = ["README.md", "notes.txt", "package-lock.json", "requirements.py", "Cargo.lock", "tox.ini"];
  expect(yes.filter(isRequirementsFile)).toEqual(yes);
  expect(no.filter(isRequirementsFile)).toEqual([]);
});
