import { type Polling, pollingIn } from "../runtime/effects/polling.ts";
import { shortName } from "./hops.ts";
import type { Detection, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const asyncBusyWait: Rule = {
  id: "async-busy-wait",
  title: "Loop that sleeps until the program itself sets a flag",
  severity: "notice",
  group: "Event loop",
  why: "The task wakes up again and again to find nothing changed, and when the flag is set it notices only after its next sleep.",
  instead: "Let the code that sets the flag set an `asyncio.Event`, and await its `wait()`.",
  bad: `
import asyncio


class Connection:
    def __init__(self):
        self.connected = False

    def on_connect(self):
        self.connected = True

    async def wait_connected(self):
        while not self.connected:
            await asyncio.sleep(0.05)
`,
  good: `
import asyncio


class Connection:
    def __init__(self):
        self.connected = asyncio.Event()

    def on_connect(self):
        self.connected.set()

    async def wait_connected(self):
        await self.connected.wait()
`,
  *detect(runtime) {
    for (const func of runtime.graph.funcs) for (const polling of pollingIn(runtime, func)) yield detection(polling);
  },
};

function detection({ func, loop, read, change, inThread, doubt }: Polling): Detection {
  const { module } = func;
  const name = code(module, read);
  if (!change)
    return {
      func,
      at: loop.test,
      message: `${name} is asked again and again whether it is set; it can be awaited`,
      instead: `\`await ${name.slice(1, -1)}.wait()\` instead of the loop.`,
      doubt,
      subject: "asyncio.Event.is_set",
    };
  const setter = quoted(shortName(change.func));
  const from = inThread ? " (from a thread: `loop.call_soon_threadsafe(event.set)`)" : "";
  return {
    func,
    at: loop.test,
    message: `${name} is looked at again and again until ${setter} changes it`,
    instead: `Let ${setter} set an \`asyncio.Event\`${from}, and await its \`wait()\` here; \`asyncio.wait_for\` limits the time.`,
    trace: [{ module: change.func.module, at: change.at, message: `${setter} changes it here` }],
    doubt,
    subject: "asyncio.sleep",
  };
}
