import { type Conflict, conflictsOf } from "../runtime/state/conflicts.ts";
import { lockWords } from "../runtime/state/locks.ts";
import { variableId } from "../runtime/state/state.ts";
import type { Detection, Rule } from "./rule.ts";
import { traceOf } from "./shared-state-without-lock.ts";
import { code, quoted } from "./words.ts";

export const raceAcrossAwait: Rule = {
  id: "race-across-await",
  title: "Shared state changes between a read and a write, across an await",
  severity: "warning",
  group: "Event loop",
  why: "At every `await` other tasks run. What was read or tested before it may no longer hold when the write comes, and the write undoes what they did.",
  instead: "Hold one `asyncio.Lock` from the read to the write, or do both without an `await` in between.",
  bad: `
import asyncio

from fastapi import FastAPI

app = FastAPI()
stock = {"apples": 10}


@app.post("/buy")
async def buy():
    if stock["apples"] > 0:
        await asyncio.sleep(1)
        stock["apples"] -= 1
`,
  good: `
import asyncio

from fastapi import FastAPI

app = FastAPI()
stock = {"apples": 10}


@app.post("/buy")
async def buy():
    if stock["apples"] > 0:
        stock["apples"] -= 1
        await asyncio.sleep(1)
`,
  *detect(runtime) {
    for (const conflict of conflictsOf(runtime, "task")) yield detection(conflict);
  },
};

function detection(conflict: Conflict): Detection {
  const { func, at, variable, useless } = conflict;
  const vain = useless
    ? `; ${quoted(lockWords(useless))} ${useless.fresh ? "is a new lock each time and keeps nobody out" : "only paces, it keeps nobody out"}`
    : "";
  return {
    func,
    at,
    message: `${said(conflict)}${vain}`,
    instead: advice(conflict),
    trace: traceOf(conflict),
    doubt: conflict.doubt,
    subject: variable.name,
    cause: variableId(variable),
  };
}

function said({ func, at, variable, effect, checked, read }: Conflict): string {
  const name = code(func.module, at);
  switch (effect) {
    case "iterated":
      return `${name} changes ${quoted(variable.name)} while another task may be in the middle of a loop over it`;
    case "emptied":
      return `${name} throws away what other tasks put into ${quoted(variable.name)} during the \`await\` before it`;
    case "fill":
    case "cache":
      return `two tasks may both find ${name} missing: there is an \`await\` between the test and the assignment`;
    case "claim":
    case "remove":
      return `${name} relies on a test that may no longer hold: there is an \`await\` in between`;
    default:
      if (checked)
        return `${name} is changed because of a test that may no longer hold: there is an \`await\` in between`;
      return read.node === at || read.node.start >= at.start
        ? `${name} is read, then comes an \`await\`, then it is written: what other tasks wrote meanwhile is lost`
        : `${name} is written after an \`await\` from what was read before it: other tasks may have changed it meanwhile`;
  }
}

function advice({ effect, variable }: Conflict): string {
  switch (effect) {
    case "iterated":
      return `Iterate over a copy: \`list(${variable.name})\`.`;
    case "emptied":
      return `Take what is there and leave an empty one before the \`await\`: \`batch, ${variable.name} = ${variable.name}, []\`.`;
    case "fill":
    case "cache":
      return "Hold one `asyncio.Lock` around the test and the assignment, or keep the task that makes it and let everybody await that.";
    default:
      return "Hold one `asyncio.Lock` from the read to the write, or read again after the `await`.";
  }
}
