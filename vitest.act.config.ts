import { defineConfig } from "vitest/config";

/** The scenarios under `act`, apart from the others: it is no package of npm, see `test/act/scenarios.ts`. */
export default defineConfig({
  logLevel: "error",
  test: { include: ["test/act/scenarios.ts"], pool: "forks", testTimeout: 180_000, hookTimeout: 60_000 },
});
