import type { Rule } from "./rule.ts";

/** Its findings are made from the comments after all other rules have run, see `ignored.ts`. */
export const unusedIgnore: Rule = {
  id: "unused-ignore",
  title: "Ignore comment that silences nothing",
  severity: "notice",
  group: "About ignores",
  why: "A comment that outlives its reason hides the next mistake on its line, and one with a misspelt id never worked.",
  instead: "Remove the comment, or correct the id.",
  bad: `
import asyncio


async def poll():
    await asyncio.sleep(1)  # pcr: ignore[blocking-call-in-async] was time.sleep
`,
  good: `
import time


async def poll():
    time.sleep(1)  # pcr: ignore[blocking-call-in-async] the only task of this script
`,
  *detect() {},
};
