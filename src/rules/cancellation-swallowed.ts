import type { Func } from "../python/module.ts";
import { type Swallowed, swallowedCancellations } from "../runtime/coroutines/cancellation.ts";
import type { Detection, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const cancellationSwallowed: Rule = {
  id: "cancellation-swallowed",
  title: "Cancellation that is swallowed",
  severity: "warning",
  group: "Event loop",
  why: "`asyncio` cancels a task by raising `CancelledError` in it: whoever catches that and goes on makes time-outs, task groups and shutdown wait for ever.",
  instead: "Tidy up and `raise`, or catch `Exception`, which `CancelledError` is not.",
  bad: `
import asyncio
import logging


async def consume(queue: asyncio.Queue):
    while True:
        try:
            item = await queue.get()
            await item.process()
        except BaseException:
            logging.exception("item failed")
`,
  good: `
import asyncio
import logging


async def consume(queue: asyncio.Queue):
    while True:
        try:
            item = await queue.get()
            await item.process()
        except Exception:
            logging.exception("item failed")
`,
  *detect(runtime) {
    for (const swallowed of swallowedCancellations(runtime)) yield detection(swallowed);
  },
};

function detection(swallowed: Swallowed): Detection {
  const { func, at, name, doubt } = swallowed;
  return { func, at, message: message(swallowed), instead: advice(name), doubt, subject: name };
}

function message({ func, at, name, goesOn }: Swallowed): string {
  const what =
    at.kind === "handler"
      ? "a bare `except`"
      : at.kind === "call"
        ? code(func.module, at)
        : `\`except ${name === "BaseException" ? name : "CancelledError"}\``;
  switch (goesOn) {
    case "loop":
      return `${what} takes the cancellation, and the loop goes on`;
    case "code":
      return `${what} takes the cancellation, and ${local(func)} goes on after it`;
    case "caller":
      return `${what} takes the cancellation, and whoever awaits ${local(func)} goes on`;
  }
}

function local(func: Func): string {
  return quoted(func.name.slice(func.name.lastIndexOf(".") + 1));
}

function advice(name: string): string {
  return name === "asyncio.CancelledError"
    ? "Tidy up here and `raise`; where the task shall end, let it end."
    : "Catch `Exception`, which `CancelledError` is not, or `raise` after tidying up.";
}
