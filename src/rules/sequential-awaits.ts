import { type Sequence, sequencesIn } from "../runtime/coroutines/sequences.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { calleeWords, code } from "./words.ts";

export const sequentialAwaits: Rule = {
  id: "sequential-awaits",
  title: "Independent calls awaited one after the other",
  severity: "notice",
  group: "Event loop",
  why: "Each round waits for the network before the next begins: the loop takes the sum of all waits, where it could take little more than the longest.",
  instead: "Start the calls together with `asyncio.gather` or a `TaskGroup`, a few at a time by a semaphore.",
  bad: `
import httpx


async def pages(client: httpx.AsyncClient, urls):
    found = []
    for url in urls:
        response = await client.get(url)
        found.append(response.text)
    return found
`,
  good: `
import asyncio

import httpx

slots = asyncio.Semaphore(10)


async def page(client: httpx.AsyncClient, url):
    async with slots:
        return (await client.get(url)).text


async def pages(client: httpx.AsyncClient, urls):
    return await asyncio.gather(*[page(client, url) for url in urls])
`,
  *detect(runtime) {
    for (const func of runtime.graph.funcs)
      for (const found of sequencesIn(runtime, func)) yield detection(runtime, found);
  },
};

function detection({ target }: Runtime, { func, loop, site, io, items, doubt }: Sequence): Detection {
  const at = placeOf(site);
  const callee = at.kind === "call" ? at.callee : at;
  const name =
    io.path.length === 0 && io.site === site
      ? calleeWords(func.module, callee, io.fact.name)
      : code(func.module, callee);
  const together = target.minor >= 11 ? "`asyncio.TaskGroup` or `asyncio.gather`" : "`asyncio.gather`";
  const trace: Related[] = [
    {
      module: func.module,
      at: loop.kind === "for" ? loop.iter : items,
      message: `one call after the other for ${code(func.module, items)}`,
    },
  ];
  if (io.site !== site) {
    const end = placeOf(io.site);
    trace.push({
      module: io.site.func.module,
      at: end,
      message: `waits for ${calleeWords(io.site.func.module, end.kind === "call" ? end.callee : end, io.fact.name)}`,
    });
  }
  return {
    func,
    at,
    message: `${name} is awaited for one item after the other, although no call needs the one before it`,
    instead: `Start the calls together with ${together}, and let a few run at a time: \`async with asyncio.Semaphore(10)\`.`,
    trace,
    doubt,
    subject: io.fact.name,
  };
}
