import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { byPlace } from "../src/finding.ts";
import { readArguments } from "../src/invocation.ts";
import type { Report } from "../src/report.ts";
import { runAudit } from "../src/run.ts";

const BLOCKS = "import time\n\n\nasync def f():\n    time.sleep(1)\n";

function project(): string {
  const folder = mkdtempSync(join(tmpdir(), "pcr-audit-"));
  mkdirSync(join(folder, "app"));
  for (const name of ["a", "b", "c", "d"]) writeFileSync(join(folder, `app/${name}.py`), BLOCKS);
  return folder;
}

async function auditIn(directory: string, ...options: string[]): Promise<Report> {
  const around = {
    directory,
    environment: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
    progress: () => {},
    rules: [],
  };
  return (await runAudit(readArguments(["audit", ...options], []), around)).report;
}

test("a baseline accepts what was there; what comes later fails, what goes is fixed", async () => {
  const folder = project();
  expect((await auditIn(folder, "--write-baseline", "known.json")).verdict).toBe("fail");
  expect(readFileSync(join(folder, "known.json"), "utf8").match(/"path":"app\/[abcd]\.py"/g)).toHaveLength(4);
  expect((await auditIn(folder, "--baseline", "known.json")).verdict).toBe("pass");
  writeFileSync(join(folder, "app/a.py"), "");
  writeFileSync(join(folder, "app/e.py"), BLOCKS);
  const { verdict, stats, findings } = await auditIn(folder, "--baseline", "known.json");
  expect([verdict, stats.introduced, stats.fixed, stats.existing]).toEqual(["fail", 1, 1, 4]);
  expect(findings.filter(({ state }) => state === "introduced").map(({ path }) => path)).toEqual(["app/e.py"]);
  await expect(auditIn(folder, "--baseline", "none.json")).rejects.toThrow(/--write-baseline none.json/);
  await expect(auditIn(folder, "--baseline", "app/e.py")).rejects.toThrow(/not JSON/);
});

test("shards of an audit find together what the whole audit finds", async () => {
  const folder = project();
  const whole = await auditIn(folder);
  const parts = await Promise.all(["1/2", "2/2"].map((shard) => auditIn(folder, "--shard", shard)));
  const found = parts.flatMap(({ findings }) => findings.map(({ fingerprint }) => fingerprint));
  expect(found.sort()).toEqual(whole.findings.map(({ fingerprint }) => fingerprint).sort());
  expect(parts.map(({ shard }) => shard?.index)).toEqual([1, 2]);
  await expect(auditIn(folder, "--shard", "3/2")).rejects.toThrow(/--shard must be written i\/n/);
});

test("files that import each other are never parted: chains through them are found in shards, too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pcr-audit-"));
  for (const service of ["one", "two", "three"]) {
    mkdirSync(join(folder, service));
    writeFileSync(join(folder, service, "pyproject.toml"), "");
    for (let index = 0; index < 6; index++) {
      const next = `import ${service}_${index + 1}\n\n\ndef step():\n    ${service}_${index + 1}.step()\n`;
      const end = "import time\n\n\ndef step():\n    time.sleep(1)\n";
      const start = `\n\nasync def view():\n    step()\n`;
      writeFileSync(
        join(folder, service, `${service}_${index}.py`),
        `${index < 5 ? next : end}${index === 0 ? start : ""}`,
      );
    }
  }
  const whole = await auditIn(folder);
  expect(whole.findings.map(({ path, trace }) => [path, trace.at(-1)?.path])).toEqual(
    ["one", "three", "two"].map((service) => [`${service}/${service}_0.py`, `${service}/${service}_5.py`]),
  );
  const parts = await Promise.all(["1/2", "2/2"].map((shard) => auditIn(folder, "--shard", shard)));
  expect(parts.flatMap(({ findings }) => findings).sort(byPlace)).toEqual(whole.findings);
  // Nothing is read twice.
  expect(parts.map(({ stats }) => stats.files).sort()).toEqual([12, 6].sort());
  expect(parts.reduce((sum, { stats }) => sum + stats.lines, 0)).toBe(whole.stats.lines);
});

test("an audit of a file says when more hangs together with it than is read", async () => {
  const folder = project();
  writeFileSync(join(folder, "app/huge.py"), "\n".repeat(120_001));
  writeFileSync(join(folder, "app/e.py"), `import app.huge\n${BLOCKS}`);
  expect((await auditIn(folder, "app/e.py")).notes.join()).toMatch(/^More than 120,000 lines/);
  expect((await auditIn(folder, "app/a.py")).notes).toEqual([]);
  expect((await auditIn(folder)).notes).toEqual([]);
});
