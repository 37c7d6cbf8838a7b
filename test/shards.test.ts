import { expect, test } from "vitest";
import type { Report } from "../src/report.ts";
import { mergeReports } from "../src/shards.ts";
import { auditTexts, FIXTURES, fixtureFiles } from "./fixtures.ts";

/** A report without the time it took. */
function timeless(report: Report): Report {
  return { ...report, stats: { ...report.stats, durationMs: 0 } };
}

/** The shards of an audit. */
async function partsOf(files: ReadonlyMap<string, string>, count: number): Promise<Report[]> {
  const parts: Report[] = [];
  for (let index = 1; index <= count; index++) {
    const shard = { index, count };
    parts.push({ ...(await auditTexts(files, {}, shard)), shard });
  }
  return parts;
}

async function expectEqual(files: ReadonlyMap<string, string>): Promise<Report> {
  const whole = await auditTexts(files);
  for (const count of [2, 3, 5]) {
    const parts = await partsOf(files, count);
    expect(parts.every(({ stats }) => stats.files > 0)).toBe(true);
    expect(timeless(mergeReports(parts, "error")), `${count} shards`).toEqual(timeless(whole));
    // The order of the matrix's artifacts is anybody's guess.
    expect(timeless(mergeReports(parts.toReversed(), "error"))).toEqual(timeless(whole));
  }
  return whole;
}

/** Every fixture that is a project, and one in four of the single files, each in a folder and a project of its own. */
function fixturesAsOneTree(): Map<string, string> {
  const chosen = FIXTURES.filter((name, index) => !name.endsWith(".py") || index % 4 === 0);
  const files = new Map<string, string>();
  for (const name of chosen) {
    const folder = name.replace(/\.py$/, "");
    files.set(`${folder}/pyproject.toml`, "");
    for (const [path, text] of fixtureFiles(name)) files.set(`${folder}/${path}`, text);
  }
  return files;
}

test("the fixtures as one tree: joined shards are the whole", async () => {
  const { findings, resources } = await expectEqual(fixturesAsOneTree());
  expect(findings.length).toBeGreaterThan(100);
  expect(resources.length).toBeGreaterThan(100);
});

const ENGINE = (size: number): string =>
  `from sqlalchemy import create_engine\n\nengine = create_engine("postgresql://db.internal/shop", pool_size=${size}, max_overflow=0)\n`;
const API = (engine: string): string =>
  `from fastapi import FastAPI\n\nfrom ${engine} import engine\n\napp = FastAPI()\n\n\n@app.get("/items")\ndef items():\n    with engine.connect() as connection:\n        return connection.exec_driver_sql("select 1").all()\n`;

/** Services that share a library, one that only a file elsewhere starts, packages that share a namespace, and what knows nothing of the others. */
const MONOREPO = new Map(
  Object.entries({
    "libs/common/pyproject.toml": "",
    "libs/common/common/__init__.py": "",
    "libs/common/common/db.py": ENGINE(5),
    "services/orders/pyproject.toml": '[project]\ndependencies = ["sqlalchemy==2.0.30"]\n',
    "services/orders/app/__init__.py": "",
    "services/orders/app/main.py": API("common.db"),
    "services/orders/Dockerfile": 'FROM python\nCMD ["uvicorn", "app.main:app", "--workers", "40"]\n',
    "services/billing/pyproject.toml": "",
    "services/billing/app/__init__.py": "",
    "services/billing/app/main.py": API("common.db"),
    "services/billing/Procfile": "web: uvicorn app.main:app --workers 2\n",
    "services/mail/setup.py": "from setuptools import setup\n\nsetup()\n",
    "services/mail/mail/__init__.py": "",
    "services/mail/mail/tasks.py": `import time\n\nfrom celery import Celery\n\napp = Celery("mail")\n\n\n@app.task\ndef send():\n    time.sleep(1)\n`,
    "services/mail/gunicorn.conf.py": "workers = 3\nthreads = 2\n",
    "services/search/pyproject.toml": "",
    "services/search/search/__init__.py": "",
    "services/search/search/web.py": API("search.db"),
    "services/search/search/db.py": ENGINE(30),
    "services/reports/pyproject.toml": "",
    "services/reports/reports/__init__.py": "",
    "services/reports/reports/main.py": API("reports.db"),
    "services/reports/reports/db.py": ENGINE(60),
    "services/quiet/pyproject.toml": "",
    "services/quiet/quiet/__init__.py": "",
    "services/quiet/quiet/web.py": API("quiet.db"),
    "services/quiet/quiet/db.py": ENGINE(30),
    "deploy/docker-compose.yml": `services:\n  search:\n    command: uvicorn search.web:app --workers 8\n  mail:\n    command: celery -A mail.tasks worker --concurrency 10\n`,
    "tools/pyproject.toml": "",
    "tools/start.py": `import uvicorn\n\nif __name__ == "__main__":\n    uvicorn.run("reports.main:app", workers=4)\n`,
    "plugins/one/pyproject.toml": "",
    "plugins/one/src/acme/one/__init__.py": "import time\n\n\ndef step():\n    time.sleep(1)\n",
    "plugins/two/pyproject.toml": "",
    "plugins/two/src/acme/two/__init__.py": "from acme.one import step\n\n\nasync def view():\n    step()\n",
  }),
);

test("a monorepo: what belongs together stays together, and joined shards are the whole", async () => {
  const { findings, resources } = await expectEqual(MONOREPO);
  const loads = findings.filter(({ rule }) => rule === "connections-exceed-server");
  // The settings that count are those that name the module, wherever they lie; the quiet service has none.
  expect(loads.map(({ path, message }) => [path, /^\d+ processes/.exec(message)?.[0]])).toEqual([
    ["libs/common/common/db.py", "40 processes"],
    ["services/reports/reports/db.py", "4 processes"],
    ["services/search/search/db.py", "8 processes"],
  ]);
  const chain = findings.find(({ rule }) => rule === "blocking-call-reached-from-async");
  expect([chain?.path, chain?.trace.at(-1)?.path]).toEqual([
    "plugins/two/src/acme/two/__init__.py",
    "plugins/one/src/acme/one/__init__.py",
  ]);
  const servers = resources.filter(({ kind }) => kind === "server-workers").map(({ name, path }) => `${name} ${path}`);
  expect(servers).toEqual([...new Set(servers)]);
  expect(servers).toContain("celery mail.tasks deploy/docker-compose.yml");
});

test("what belongs together lies in one shard", async () => {
  const together = [
    ["libs/common", "services/orders", "services/billing"],
    ["tools", "services/reports"],
    ["plugins/one", "plugins/two"],
  ];
  const parts = await partsOf(MONOREPO, 5);
  const shardOf = (folder: string): number[] =>
    parts.flatMap(({ recommendations, findings, resources }, index) =>
      [...recommendations, ...findings, ...resources].some(({ path }) => path.startsWith(`${folder}/`)) ? [index] : [],
    );
  for (const folders of together) expect(new Set(folders.flatMap(shardOf)).size, folders.join()).toBe(1);
  expect(new Set(parts.map(({ stats }) => stats.files)).size).toBeGreaterThan(1);
});
