import { type LostTask, lostTasks } from "../runtime/coroutines/lost-tasks.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { shortName } from "./hops.ts";
import { keepTaskRepair } from "./keep-task-repair.ts";
import type { Detection, Rule } from "./rule.ts";
import { calleeWords, quoted } from "./words.ts";

export const taskNotKept: Rule = {
  id: "task-not-kept",
  title: "Task that nobody keeps",
  severity: "warning",
  group: "Event loop",
  why: "The event loop holds tasks weakly: one that nothing else refers to can be collected before it is done, and what it raises is lost.",
  instead:
    "Keep the task until it is done: await it, start it in an `asyncio.TaskGroup`, or put it in a set that its done-callback removes it from.",
  bad: `
import asyncio


async def send(message):
    await asyncio.sleep(1)


async def handler(message):
    asyncio.create_task(send(message))
    return "accepted"
`,
  good: `
import asyncio

background = set()


async def send(message):
    await asyncio.sleep(1)


async def handler(message):
    task = asyncio.create_task(send(message))
    background.add(task)
    task.add_done_callback(background.discard)
    return "accepted"
`,
  *detect(runtime) {
    for (const lost of lostTasks(runtime)) yield detection(runtime, lost);
  },
};

function detection(runtime: Runtime, lost: LostTask): Detection {
  const { func, at, name, via, doubt } = lost;
  const repair = keepTaskRepair(runtime, lost);
  const what = calleeWords(func.module, at.kind === "call" ? at.callee : at, name);
  const base = { func, at, message: message(what, lost), instead: advice(runtime.target.minor), doubt };
  if (!via) return { ...base, subject: name, ...(repair && { repair }) };
  const made = {
    module: via.func.module,
    at: via.at,
    message: `${quoted(shortName(via.func))} makes it and keeps nothing of it`,
  };
  return { ...base, subject: via.func.name, trace: [made], cause: `${via.func.name}>${name}` };
}

function message(what: string, { how, variable }: LostTask): string {
  switch (how) {
    case "dropped":
      return `nobody keeps the task that ${what} makes: it may vanish before it is done, and its exception with it`;
    case "local":
      return variable === null || variable === "_"
        ? `nobody keeps the task that ${what} makes once this function is left: it may vanish before it is done`
        : `only ${quoted(variable)} keeps the task that ${what} makes, and that ends with this function: it may vanish before it is done`;
    case "done-callback":
      return `nobody keeps the task that ${what} makes: a done-callback does not hold it, so it may vanish before it is done`;
    case "loop-callback":
      return `nobody keeps the task that ${what} makes: the loop drops what its callback returns`;
  }
}

function advice(minor: number): string {
  const group = minor >= 11 ? "start it in an `asyncio.TaskGroup`" : "gather it with the others";
  return `Await it, ${group}, or keep it: \`tasks.add(task)\` on a set that lives on, with \`task.add_done_callback(tasks.discard)\`.`;
}
