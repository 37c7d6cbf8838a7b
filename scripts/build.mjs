// Builds everything that is generated and committed: dist/, the rules page and the tables of the README.
//
//   node scripts/build.mjs
//
// TypeScript goes through tsc first and ncc bundles the emitted JavaScript, because ncc cannot load TypeScript 7.
// web-tree-sitter stays beside the bundles unmodified: bundling breaks the way it finds its WebAssembly.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writePages } from "./pages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** Emitted file under build/ → bundle under dist/. */
const ENTRIES = [
  ["main.js", "index.js"],
  ["cli.js", "cli.js"],
  ["python/parse-worker.js", "parse-worker.js"],
];

/** Shipped unmodified: package → files. */
const BESIDE = {
  "web-tree-sitter": ["web-tree-sitter.js", "web-tree-sitter.wasm"],
  "tree-sitter-python": ["tree-sitter-python.wasm"],
};

compile();
await bundle();
await writePages(root);

function compile() {
  rmSync(join(root, "build"), { recursive: true, force: true });
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc")], { cwd: root, stdio: "inherit" });
}

async function bundle() {
  const licences = new Map();
  const bundles = [];
  for (const [from, to] of ENTRIES) {
    const entry = join(root, "build", from);
    if (existsSync(entry)) bundles.push([to, await bundleOne(entry, licences)]);
  }
  const dist = join(root, "dist");
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  for (const [to, code] of bundles) {
    writeFileSync(join(dist, to), code);
    if (code.startsWith("#!")) chmodSync(join(dist, to), 0o755);
  }
  for (const [name, files] of Object.entries(BESIDE)) {
    const folder = packageFolder(name);
    for (const file of files) {
      copyFileSync(join(folder, file), join(dist, file));
      chmodSync(join(dist, file), 0o644);
    }
    licences.set(name, `${name}\nMIT\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}`);
  }
  const text = [...licences.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, licence]) => licence);
  writeFileSync(join(dist, "licenses.txt"), `${text.join("\n\n\n")}\n`);
  writeFileSync(join(dist, "package.json"), '{\n  "type": "module"\n}\n');
}

/** The code of one self-contained bundle; the licences of what it contains are added to `licences`. */
async function bundleOne(entry, licences) {
  const ncc = require("@vercel/ncc");
  const { code, assets } = await ncc(entry, { cache: false, license: "licenses.txt", quiet: true, target: "es2022" });
  for (const [name, { source }] of Object.entries(assets)) {
    if (name === "licenses.txt") collectLicences(source.toString(), licences);
    else if (name !== "package.json") throw new Error(`${entry}: unexpected file ${name} beside the bundle`);
  }
  return code;
}

/** ncc separates packages by blank lines; the first line of each block is the package's name, the second its licence's. */
function collectLicences(text, licences) {
  const blocks = text.split(/\n\n(?=(?:@[\w.-]+\/)?[\w.-]+\n[\w.() +-]+\n)/);
  for (const block of blocks) {
    const name = block.trim().split("\n", 1)[0];
    if (name) licences.set(name, block.trim());
  }
}

function packageFolder(name) {
  let folder = dirname(require.resolve(name));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}
