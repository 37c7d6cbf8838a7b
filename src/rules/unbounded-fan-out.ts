import { type FanOut, fanOutsOf } from "../runtime/coroutines/fan-out.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { calleeWords, code, quoted } from "./words.ts";

export const unboundedFanOut: Rule = {
  id: "unbounded-fan-out",
  title: "One task per item of data of any size",
  severity: "warning",
  group: "Event loop",
  why: "Every item becomes a connection at the same moment. With many items the other side refuses, memory and file descriptors run out, and time limits pass while the tasks queue for a connection.",
  instead:
    "Let a few run at a time: `async with asyncio.Semaphore(…)` inside the coroutine, batches, or a fixed number of workers that read a queue.",
  bad: `
import asyncio


async def call(host):
    reader, writer = await asyncio.open_connection(host, 80)
    writer.close()


async def call_all(hosts):
    await asyncio.gather(*[call(host) for host in hosts])
`,
  good: `
import asyncio

slots = asyncio.Semaphore(20)


async def call(host):
    async with slots:
        reader, writer = await asyncio.open_connection(host, 80)
        writer.close()


async def call_all(hosts):
    await asyncio.gather(*[call(host) for host in hosts])
`,
  *detect(runtime) {
    for (const found of fanOutsOf(runtime)) yield detection(found);
  },
};

function detection({ start, items, io, doubt }: FanOut): Detection {
  const { func, call, by } = start;
  const { module } = func;
  const at = placeOf(io.site);
  const place = at.kind === "call" ? at.callee : at;
  const last: Related = {
    module: io.site.func.module,
    at,
    message: `every task waits for ${calleeWords(io.site.func.module, place, io.fact.name)} here`,
  };
  const note = io.fact.note && io.client !== "own" ? ` (${io.fact.note})` : "";
  // A client that all tasks share lets its hundred connections through and queues the rest.
  const queues = io.fact.client === "aiohttp.ClientSession" && io.client !== "own";
  return {
    func,
    at: call,
    message: `${code(module, call.callee)} starts a task for every item of ${code(module, items)}, however many there are, and each calls ${quoted(io.fact.name)}${note}`,
    instead: `Let a few run at a time: hold \`asyncio.Semaphore(20)\` inside the coroutine, or let a fixed number of workers read the items from a queue.`,
    trace: [
      ...io.path.map((site): Related => {
        const node = placeOf(site);
        return {
          module: site.func.module,
          at: node,
          message: `the task calls ${code(site.func.module, node.kind === "call" ? node.callee : node)}`,
        };
      }),
      last,
    ],
    ...(queues ? { severity: "notice" } : {}),
    doubt: doubt + (io.client === "unknown" && io.fact.client ? 1 : 0),
    subject: `${by}>${io.fact.name}`,
  };
}
