import { defineConfig } from "vitest/config";

export default defineConfig({
  // Otherwise every source map that a dependency ships without its sources is a warning.
  logLevel: "error",
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // Tests spawn the built bundles; more workers than this only makes them wait for each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // It imports JSON in a way that node itself refuses.
    server: { deps: { inline: ["@actions/workflow-parser"] } },
    reporters: process.env.VITEST_JSON ? ["default", ["json", { outputFile: process.env.VITEST_JSON }]] : ["default"],
  },
});
