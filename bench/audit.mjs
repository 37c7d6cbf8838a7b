// Measures the built command line on real code: time and lines per second of an audit, and the time of a review.
//
//   npm run build && node bench/audit.mjs [FOLDER]                 audit of a folder (default: the standard library of `python3`)
//   npm run build && node bench/audit.mjs FOLDER --base A --head B  also a review of A..B in that repository
import { execFileSync, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CLI = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist", "cli.js");
const [folder = standardLibrary(), ...range] = process.argv.slice(2);

const audited = run(["audit", folder, "--format", "json"], folder);
const perSecond = Math.round((audited.report.stats.lines / audited.seconds / 1000) * 10) / 10;
console.log(`audit of ${folder}: ${audited.report.stats.files} files, ${audited.report.stats.lines} lines`);
console.log(
  `  ${audited.seconds.toFixed(2)} s, ${perSecond} thousand lines/s, ${audited.report.findings.length} findings`,
);

if (range.length > 0) {
  const reviewed = run(["review", ...range, "--repo", folder, "--format", "json"], folder);
  const { introduced, existing, fixed } = reviewed.report.stats;
  console.log(`review ${range.join(" ")}: ${reviewed.seconds.toFixed(2)} s`);
  console.log(`  ${introduced} introduced, ${existing} existing, ${fixed} fixed`);
}

function run(args, cwd) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0 && status !== 1) throw new Error(`exit code ${status}: ${stderr.trim()}`);
  return { seconds, report: JSON.parse(stdout) };
}

function standardLibrary() {
  const script = "import sysconfig; print(sysconfig.get_path('stdlib'))";
  return execFileSync("python3", ["-c", script], { encoding: "utf8" }).trim();
}
