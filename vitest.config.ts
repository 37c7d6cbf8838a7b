import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Otherwise every source map that a dependency ships without its sources is a warning.
  logLevel: "error",
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // Tests spawn the built bundles; more workers than this only makes them wait for each other.
    maxWorkers: 2,
    // The files share modules, which load once a worker then.
    isolate: false,
    // The built action is started some hundred times: node keeps what it compiled, by the content of the file.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compiled") },
    // A scenario starts the built action several times, and machines are slow when they are shared.
    testTimeout: 180_000,
    hookTimeout: 60_000,
    // It imports JSON in a way that node itself refuses.
    server: { deps: { inline: ["@actions/workflow-parser"] } },
    reporters: process.env.VITEST_JSON ? ["default", ["json", { outputFile: process.env.VITEST_JSON }]] : ["default"],
  },
});
