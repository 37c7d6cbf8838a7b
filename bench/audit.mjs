// Measures the built command line on real code: time, lines per second and memory of an audit, and the same of a review.
//
//   npm run build && node bench/audit.mjs [FOLDER]                 audit of a folder (default: the standard library of `python3`)
//   npm run build && node bench/audit.mjs FOLDER --base A --head B  also a review of A..B in that repository
import { execFileSync, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CLI = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist", "cli.js");
/** Says at its end how much memory a process used at most, in kilobytes. */
const PEAK = 'data:text/javascript,process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))';
const [folder = standardLibrary(), ...range] = process.argv.slice(2);

const audited = run(["audit", folder, "--format", "json"], folder);
console.log(`audit of ${folder}: ${audited.report.stats.files} files, ${measured(audited)}`);
console.log(`  ${audited.report.findings.length} findings`);

if (range.length > 0) {
  const reviewed = run(["review", ...range, "--repo", folder, "--format", "json"], folder);
  const { introduced, existing, fixed } = reviewed.report.stats;
  console.log(`review ${range.join(" ")}: ${measured(reviewed)}`);
  console.log(`  ${introduced} introduced, ${existing} existing, ${fixed} fixed`);
}

/** What was analysed, how long it took from start to end, and the most memory used meanwhile. */
function measured({ seconds, megabytes, report }) {
  const { lines } = report.stats;
  const perSecond = (lines / seconds / 1000).toFixed(1);
  const perLine = ((megabytes * 1e6) / Math.max(lines, 1) / 1000).toFixed(1);
  return `${lines} lines in ${seconds.toFixed(2)} s (${perSecond} thousand lines/s), ${megabytes} MB (${perLine} kB a line)`;
}

function run(args, cwd) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", PEAK, CLI, ...args], {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0 && status !== 1) throw new Error(`exit code ${status}: ${stderr.trim()}`);
  const megabytes = Math.round(Number(/^peak (\d+)$/m.exec(stderr)?.[1]) / 1000);
  return { seconds, megabytes, report: JSON.parse(stdout) };
}

function standardLibrary() {
  const script = "import sysconfig; print(sysconfig.get_path('stdlib'))";
  return execFileSync("python3", ["-c", script], { encoding: "utf8" }).trim();
}
