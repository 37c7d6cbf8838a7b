import { expect, test } from "vitest";
import type { Constant } from "../src/python/constant.ts";
import { isNone, number, seconds } from "../src/python/constant.ts";
import { constantsOf } from "../src/python/constants.ts";
import { lineOf } from "../src/python/module.ts";
import type { Call, Expression } from "../src/python/syntax.ts";
import { loadProject } from "./projects.ts";

/** The project's constants, and the argument of its only call of `use(…)`. */
async function project(files: Record<string, string>) {
  const { modules, inference } = await loadProject(files);
  const constants = constantsOf(inference, (path) => !path.startsWith("tests/"));
  const uses: Call[] = [];
  for (const module of modules.values())
    for (const func of module.functions)
      for (const node of func.nodes)
        if (node.kind === "call" && node.callee.kind === "name" && node.callee.id === "use") uses.push(node);
  const argument: Expression | undefined = uses[0]?.args[0]?.value;
  if (!argument || uses.length > 1) throw new Error("A test project calls `use(…)` once.");
  return { constants, argument };
}

async function worth(files: Record<string, string> | string): Promise<Constant | null> {
  const { constants, argument } = await project(typeof files === "string" ? { "app.py": files } : files);
  return constants.evaluate(argument);
}

/** The plain value with its doubt, and the formula for what depends on the machine. */
async function plain(files: Record<string, string> | string): Promise<unknown> {
  const found = await worth(files);
  if (!found) return null;
  const quantity = number(found);
  const value = quantity ? (quantity.exact ?? quantity.formula) : found.value;
  return found.doubt === 0 ? value : [value, found.doubt];
}

async function words(files: Record<string, string>): Promise<string[]> {
  const found = await worth(files);
  return (found?.origin ?? []).map(
    ({ module, node, words }) => `${module.path}:${lineOf(module, node)} ${words.replaceAll("`", "")}`,
  );
}

test.each([
  ["20", 20],
  ["2 * 8 + 4", 20],
  ["-7 // 2", -4],
  ["-7 % 5", 3],
  ["2 ** 5", 32],
  ["1_000", 1000],
  ["10 / 4", 2.5],
  ["-(3)", -3],
  ["not 0", true],
  ["'pool' + '_size'", "pool_size"],
  ["f'{1 + 1} of {\"three\"}{{}}'", "2 of three{}"],
  ["min(4, 8, 2)", 2],
  ["max([4, 8])", 8],
  ["int('20')", 20],
  ["int(2.9)", 2],
  ["round(2.5)", 2],
  ["float('inf')", Number.POSITIVE_INFINITY],
  ["len('abcd')", 4],
  ["len([load(), load(), load()])", 3],
  ["{'pool': {'size': 7}}['pool']['size']", 7],
  ["{'size': 7}.get('size', 1)", 7],
  ["{'size': 7}.get('other', 1)", 1],
  ["dict(size=7)['size']", 7],
  ["(1, 2, 3)[-1]", 3],
  ["None or 4", 4],
  ["0 or 4", 4],
  ["3 and 4", 4],
  ["4 if True else 8", 4],
  ["4 if unknown() else 4", 4],
  ["None", null],
])("%s", async (source, value) => {
  expect(await plain(`use(${source})`)).toEqual(value);
});

test.each([
  "unknown",
  "1 / 0",
  "10 ** 400 - 10 ** 400",
  "f'{1:>3}'",
  "'%s' % 1",
  "4 if unknown() else 8",
  "unknown or 4",
  "len({1, 1})",
  "int('many')",
  "int('ff', 16)",
  "b'20'",
  "...",
  "[1, 2][1:]",
  "'a' + 1",
])("%s is unknown", async (source) => {
  expect(await worth(`use(${source})`)).toBeNull();
});

test.each([
  ["os.cpu_count()", "cpu", 2, 64],
  ["os.cpu_count() or 1", "cpu", 2, 64],
  ["min(32, (os.cpu_count() or 1) + 4)", "min(32, cpu + 4)", 6, 32],
  ["multiprocessing.cpu_count() * 2 + 1", "cpu * 2 + 1", 5, 129],
  ["2 * (os.process_cpu_count() + 1)", "2 * (cpu + 1)", 6, 130],
  ["max(1, os.cpu_count() - 1)", "max(1, cpu - 1)", 1, 63],
  ["int(os.cpu_count() / 2)", "int(cpu / 2)", 1, 32],
  ["len(os.sched_getaffinity(0))", "cpu", 2, 64],
  ["8 - (os.cpu_count() - 1)", "8 - (cpu - 1)", -55, 7],
])("%s depends on the machine", async (source, formula, low, high) => {
  const found = await worth(`import multiprocessing\nimport os\nuse(${source})\n`);
  expect(number(found)).toEqual({ low, high, exact: null, formula });
  expect(found?.doubt).toBe(0);
});

test("what cannot be computed on some machine is no number", async () => {
  expect(number(await worth("import os\nuse(8 // (os.cpu_count() - 4))\n"))).toBeNull();
});

test("an unknown among limits leaves the limit", async () => {
  const found = await worth("def run(urls):\n    use(min(32, len(urls)))\n");
  expect(number(found)).toEqual({
    low: Number.NEGATIVE_INFINITY,
    high: 32,
    exact: null,
    formula: "min(32, len(urls))",
  });
  expect(found?.doubt).toBe(1);
  expect(number(await worth("def run(urls):\n    use(max(1, min(32, len(urls))))\n"))).toMatchObject({
    low: 1,
    high: 32,
  });
});

test("module constants are followed through files and re-exports", async () => {
  const files = {
    "app/__init__.py": "",
    "app/limits.py": "BASE = 10\nPOOL_SIZE: int = BASE * 2\n",
    "app/config.py": "from app.limits import *\nfrom app.limits import POOL_SIZE as SIZE\n",
    "app/db.py": "from app import config\nuse(config.SIZE + config.BASE)\n",
  };
  expect(await plain(files)).toBe(30);
  expect(await words(files)).toEqual(["app/limits.py:2 POOL_SIZE: int = BASE * 2", "app/limits.py:1 BASE = 10"]);
});

test.each([
  ["POOL = 5\nPOOL = 8\ndef run():\n    use(POOL)\n", 8],
  ["POOL = 5\nuse(POOL)\nPOOL = 8\n", 5],
  ["POOL = 5\nif fast():\n    POOL = 8\ndef run():\n    use(POOL)\n", null],
  ["POOL = 5\nif fast():\n    POOL = 5\ndef run():\n    use(POOL)\n", 5],
  ["try:\n    from local import POOL\nexcept ImportError:\n    POOL = 5\ndef run():\n    use(POOL)\n", null],
  ["POOL = 5\ndef grow():\n    global POOL\n    POOL = 9\ndef run():\n    use(POOL)\n", null],
  ["POOL = 5\ndef grow():\n    global POOL\n    POOL = 9\nuse(POOL)\n", null],
  ["POOL = 5\ndef grow():\n    global POOL\n    POOL += 1\ndef run():\n    use(POOL)\n", null],
  ["A, (B, C) = 1, (2, 3)\ndef run():\n    use(C)\n", 3],
  ["def run():\n    size = 4\n    size += 1\n    use(size)\n", null],
  ["def run():\n    for size in (1, 2):\n        use(size)\n", null],
  ["size = 4\n[use(size) for size in (1, 2)]\n", null],
  ["A = B\nB = A\nuse(A)\n", null],
  ["def f():\n    return f()\nuse(f())\n", null],
])("names: %j", async (source, value) => {
  expect(await plain(source)).toEqual(value);
});

test("a constant that another module overwrites is unknown", async () => {
  const files = { "config.py": "POOL = 5\n", "app.py": "import config\ndef run():\n    use(config.POOL)\n" };
  expect(await plain(files)).toBe(5);
  expect(await plain({ ...files, "tests/test_app.py": "import config\nconfig.POOL = 1\n" })).toBe(5);
  expect(await plain({ ...files, "main.py": "import config\nconfig.POOL = 9\n" })).toBeNull();
});

test("dicts and lists count as written until something changes them", async () => {
  const app = "CONFIG = {'size': 5, 'name': 'x'}\ndef run():\n    use(CONFIG['size'])\n";
  expect(await plain(app)).toBe(5);
  expect(await plain(`${app}CONFIG['name'] = 'y'\n`)).toBe(5);
  expect(await plain(`${app}CONFIG['size'] = 6\n`)).toBeNull();
  expect(await plain(`${app}CONFIG.update(load())\n`)).toBeNull();
  expect(await plain("URLS = ['a', 'b']\ndef run():\n    use(len(URLS))\n")).toBe(2);
  expect(await plain("URLS = ['a', 'b']\nURLS.append('c')\ndef run():\n    use(len(URLS))\n")).toBeNull();
  expect(await plain("CONFIG = {}\nCONFIG['size'] = 4\ndef run():\n    use(CONFIG['size'])\n")).toBe(4);
});

test.each([
  ["os.getenv('POOL', '20')", "20"],
  ["int(os.getenv('POOL', '20'))", 20],
  ["int(os.environ.get('POOL', 20))", 20],
  ["int(os.getenv('POOL') or 20)", 20],
  ["config('POOL', default=20, cast=int)", 20],
  ["config('POOL', default='20', cast=int)", 20],
  ["env.int('POOL', default=20)", 20],
  ["env.int('POOL', 20)", 20],
  ["int(env('POOL', default='20'))", 20],
])("%s is its default, with a doubt", async (source, value) => {
  const start = "import os\nfrom decouple import config\nfrom environs import Env\nenv = Env()\n";
  const found = await worth(`${start}SIZE = ${source}\nuse(SIZE)\n`);
  expect(found).toMatchObject({ value, doubt: 1 });
  expect(found?.origin.map(({ words, by }) => [by, words])).toEqual([
    ["constant", `\`SIZE = ${source}\``],
    ["environment", "the default of the environment variable `POOL`"],
  ]);
});

test.each([
  "os.getenv('POOL')",
  "os.getenv('POOL', None)",
  "os.environ['POOL']",
  "int(os.getenv('POOL'))",
  "config('POOL', default='1,2', cast=Csv())",
  "5 if os.getenv('DEBUG', '') else 20",
])("%s says nothing", async (source) => {
  expect(await worth(`import os\nfrom decouple import config, Csv\nuse(${source})\n`)).toBeNull();
});

test("a project's own readers of the environment, and defaults in a scheme", async () => {
  const reader = `import os
from typing import overload
@overload
def number(key: str) -> int | None: ...
@overload
def number(key: str, default: int) -> int: ...
def number(key, default=None):
    if key not in os.environ:
        return default
    return int(os.environ[key])
`;
  const found = await worth(`${reader}use(number("POOL", 20))\n`);
  expect(found).toMatchObject({ value: 20, doubt: 1 });
  expect(found?.origin[0]?.words).toBe("the default of the environment variable `POOL`");
  expect(await worth(`${reader}use(number("POOL"))\n`)).toBeNull();
  const scheme = "import environ\nenv = environ.Env(POOL=(int, 20), DEBUG=(bool, False))\n";
  expect(await worth(`${scheme}use(env("POOL"))\n`)).toMatchObject({ value: 20, doubt: 1 });
  expect(await worth(`${scheme}use(env("OTHER"))\n`)).toBeNull();
});

test("a branch that the environment does not choose", async () => {
  expect(await plain("import os\nuse(5 if os.getenv('DEBUG', '') else 5)\n")).toBe(5);
});

test("class attributes, attributes set once, and enumerations", async () => {
  expect(await plain("class Config:\n    POOL = 5\n    TWICE = POOL * 2\nuse(Config.TWICE)\n")).toBe(10);
  expect(await plain("class Base:\n    POOL = 5\nclass Config(Base):\n    pass\nuse(Config().POOL)\n")).toBe(5);
  const set =
    "class Pool:\n    def __init__(self):\n        self.size = 5\n    def run(self):\n        use(self.size)\n";
  expect(await plain(set)).toBe(5);
  expect(await plain(`${set}    def grow(self):\n        self.size = 9\n`)).toBeNull();
  expect(await plain(`${set}    def grow(self):\n        self.size += 1\n`)).toBeNull();
  expect(await plain(`${set}class Big(Pool):\n    def __init__(self):\n        self.size = 50\n`)).toBeNull();
  expect(await plain(`${set}def grow(pool: Pool):\n    pool.size = 9\n`)).toBeNull();
  const member = "import enum\nclass Size(enum.Enum):\n    SMALL = 4\n    LARGE = 32\n";
  expect(await plain(`${member}use(Size.LARGE.value)\n`)).toBe(32);
  expect(await plain(`${member}use(Size.LARGE)\n`)).toBeNull();
  expect(await plain("from enum import IntEnum\nclass Size(IntEnum):\n    SMALL = 4\nuse(Size.SMALL * 2)\n")).toBe(8);
  expect(await plain("class Config:\n    @property\n    def pool(self):\n        return 5\nuse(Config().pool)\n")).toBe(
    5,
  );
});

test("defaults of settings classes, unless the environment says otherwise", async () => {
  const files = {
    "app/__init__.py": "",
    "app/settings.py": `from functools import lru_cache
from pydantic import Field
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    pool_size: int = 20
    max_overflow: int = Field(default=10, ge=0)
    threads: int = Field(40)
    dsn: str

@lru_cache
def get_settings():
    return Settings()

settings = Settings()
`,
    "app/db.py":
      "from app.settings import get_settings, settings\nuse(settings.pool_size + get_settings().max_overflow)\n",
  };
  expect(await plain(files)).toEqual([30, 1]);
  expect(await words(files)).toEqual([
    "app/settings.py:6 the default of Settings.pool_size",
    "app/settings.py:7 the default of Settings.max_overflow",
  ]);
  expect(await plain({ ...files, "app/db.py": "from app.settings import settings\nuse(settings.threads)\n" })).toEqual([
    40, 1,
  ]);
  expect(await plain({ ...files, "app/db.py": "from app.settings import settings\nuse(settings.dsn)\n" })).toBeNull();
});

test("records take what the object was made with", async () => {
  const record = `from dataclasses import dataclass, field
@dataclass
class Limits:
    name: str
    threads: int = 8
    pool: int = field(default=5)
`;
  expect(await plain(`${record}limits = Limits("a")\nuse(limits.threads)\n`)).toBe(8);
  expect(await plain(`${record}limits = Limits("a", 16)\nuse(limits.threads)\n`)).toBe(16);
  expect(await plain(`${record}limits = Limits("a", pool=2)\nother = Limits("b", pool=3)\nuse(limits.pool)\n`)).toBe(2);
  expect(await plain(`${record}limits = Limits("a", **load())\nuse(limits.pool)\n`)).toBeNull();
  expect(await plain(`${record}def run(limits: Limits):\n    use(limits.pool)\n`)).toEqual([5, 1]);
  expect(await plain(`${record}def run(limits: Limits):\n    use(limits.pool)\nrun(Limits("a", pool=3))\n`)).toEqual([
    3, 1,
  ]);
});

test("parameters: defaults, and what all known callers pass", async () => {
  const function_ = "def make_pool(size: int = 8):\n    use(size)\n";
  expect(await plain(function_)).toEqual([8, 1]);
  expect(await plain(`${function_}make_pool()\n`)).toEqual([8, 1]);
  expect(await plain(`${function_}make_pool(3)\n`)).toEqual([3, 1]);
  expect(await plain(`${function_}make_pool(size=3)\nmake_pool(3)\n`)).toEqual([3, 1]);
  expect(await plain(`${function_}make_pool(3)\nmake_pool()\n`)).toBeNull();
  expect(await plain(`${function_}make_pool(load())\n`)).toBeNull();
  expect(await plain(`${function_}make_pool(**load())\n`)).toBeNull();
  expect(
    await plain({ "app.py": function_, "tests/test_app.py": "from app import make_pool\nmake_pool(1)\n" }),
  ).toEqual([8, 1]);
  expect(await plain("def make_pool(size):\n    use(size)\n")).toBeNull();
  expect(await plain("class Pool:\n    def __init__(self, size):\n        use(size)\nPool(6)\n")).toEqual([6, 1]);
  expect(await plain("def run(size=None):\n    use(size or 4)\n")).toEqual([4, 1]);
  expect(await plain("def run(size=None):\n    if size is None:\n        size = 4\n    use(size)\n")).toEqual([4, 1]);
  expect(await plain("def run(size=None):\n    use(4 if size is None else size)\n")).toEqual([4, 1]);
  expect(
    await plain("import typer\napp = typer.Typer()\n@app.command()\ndef run(size=4):\n    use(size)\n"),
  ).toBeNull();
});

test("functions that return a constant", async () => {
  expect(await plain("import os\ndef workers():\n    return (os.cpu_count() or 1) * 2\nuse(workers())\n")).toBe(
    "cpu * 2",
  );
  expect(await plain("def workers(n=2):\n    return n * 2\nuse(workers())\n")).toEqual([4, 1]);
  expect(await plain("async def workers():\n    return 2\nuse(workers())\n")).toBeNull();
});

test("Django's settings", async () => {
  const files = {
    "site/manage.py": "",
    "site/site/settings.py": "POOL = 12\n",
    "site/shop/views.py": "from django.conf import settings\ndef run():\n    use(settings.POOL)\n",
  };
  expect(await plain(files)).toBe(12);
  expect(await words(files)).toEqual(["site/site/settings.py:1 POOL = 12"]);
  expect(await plain({ ...files, "site/site/settings/dev.py": "POOL = 3\n" })).toBeNull();
  const dynamic = (name: string) => `from django.conf import settings\nuse(getattr(settings, "${name}", 5))\n`;
  expect(await plain({ ...files, "site/shop/views.py": dynamic("POOL") })).toBe(12);
  expect(await plain({ ...files, "site/shop/views.py": dynamic("OTHER") })).toEqual([5, 1]);
});

test("durations and time limits", async () => {
  const limit = await worth("from datetime import timedelta\nuse(timedelta(minutes=1, seconds=30) * 2)\n");
  expect(seconds(limit)).toBe(180);
  expect(number(limit)).toBeNull();
  expect(await plain("import datetime\nuse(datetime.timedelta(seconds=5).total_seconds())\n")).toBe(5);
  const none = await worth("TIMEOUT = None\nuse(TIMEOUT)\n");
  expect([isNone(none), seconds(none), number(none)]).toEqual([true, null, null]);
  expect([isNone(null), seconds(null), number(null)]).toEqual([false, null, null]);
  expect(seconds(await worth("use(2.5)"))).toBe(2.5);
});

test("the known pieces of a text", async () => {
  const { constants, argument } = await project({
    "app.py":
      "import os\nhost = os.environ['HOST']\nURL = f'postgresql://{host}/db' + '?connect_timeout=5'\nuse(URL)\n",
  });
  expect(constants.evaluate(argument)).toBeNull();
  expect(constants.pieces(argument)).toEqual(["postgresql://", "/db", "?connect_timeout=5"]);
});

test("nothing is too deep or too circular", async () => {
  const long = Array.from({ length: 3_000 }, (_, i) => `A${i} = A${i + 1} + 1`).join("\n");
  expect(await worth(`${long}\nuse(A0)\n`)).toBeNull();
  const ring = Array.from(
    { length: 30 },
    (_, i) => `def f${i}(n):\n    return f${(i + 1) % 30}(n) + f${(i + 7) % 30}(n)\n`,
  );
  expect(await worth(`${ring.join("")}use(f0(1))\n`)).toBeNull();
});
