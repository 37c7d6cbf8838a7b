import { type ForeignCall, foreignCalls } from "../runtime/coroutines/loop-calls.ts";
import { placeOf } from "../runtime/graph/callgraph.ts";
import type { Context } from "../runtime/graph/contexts.ts";
import { hops, shortName } from "./hops.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { calleeWords, code, quoted } from "./words.ts";

export const loopCallFromThread: Rule = {
  id: "loop-call-from-thread",
  title: "Event loop used from another thread",
  severity: "error",
  group: "Event loop",
  why: "The loop, its tasks, queues, events and futures are not thread-safe: the loop does not wake up for such a call, or its state breaks.",
  instead:
    "Let the loop make the call: `loop.call_soon_threadsafe(…)`, or `asyncio.run_coroutine_threadsafe(…)` for a coroutine.",
  bad: `
import asyncio
import threading


async def main():
    ready = asyncio.Event()

    def work():
        ready.set()

    threading.Thread(target=work, daemon=True).start()
    await ready.wait()
`,
  good: `
import asyncio
import threading


async def main():
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()

    def work():
        loop.call_soon_threadsafe(ready.set)

    threading.Thread(target=work, daemon=True).start()
    await ready.wait()
`,
  *detect(runtime) {
    for (const call of foreignCalls(runtime)) yield detection(call);
  },
};

function detection(call: ForeignCall): Detection {
  const { func, at, name, witness, doubt } = call;
  return {
    func,
    at,
    message: message(call),
    instead: advice(call),
    trace: [...(call.context ? start(call.context) : []), ...(witness ? hops(witness) : [])],
    doubt,
    subject: witness ? `${witness.func.name}>${name}` : name,
    ...(witness && { cause: `${witness.source.site.func.name}>${name}` }),
  };
}

function message({ func, callee, name, fate, by, witness }: ForeignCall): string {
  const where = /^[\w.]+\.[\w.]+$/.test(by) ? quoted(by) : by;
  const consequence = fate === "raises" ? "no loop runs there, so it raises" : "the event loop may never notice";
  if (!witness) return `${calleeWords(func.module, callee, name)} is called in a thread (${where}): ${consequence}`;
  const last = witness.source.site;
  const end = calleeWords(last.func.module, last.node.kind === "call" ? last.node.callee : last.node, name);
  return `${code(func.module, callee)} is called in a thread (${where}) and ends in ${end}: ${consequence}`;
}

function advice({ func, at, callee, name }: ForeignCall): string {
  if (/\.(?:create_task|ensure_future)$/.test(name))
    return "Use `asyncio.run_coroutine_threadsafe(coroutine, loop)`, which gives a future that this thread can wait for; plain calls go through `loop.call_soon_threadsafe(…)`.";
  if (name.endsWith(".call_soon")) return "Use `loop.call_soon_threadsafe(…)`.";
  const args = at.kind === "call" && at.callee === callee && at.args.length > 0 ? ", …" : "";
  return `Use \`loop.call_soon_threadsafe(${code(func.module, callee).slice(1, -1)}${args})\`.`;
}

/** From the start of the thread down to the function. */
function start(context: Context): Related[] {
  const found: Related[] = [];
  for (let at: Context | null = context; at; at = at.from) {
    if (!at.site) continue;
    const place = placeOf(at.site);
    const called = code(at.site.func.module, place.kind === "call" ? place.callee : place);
    const message = at.from
      ? `${quoted(shortName(at.from.func))} calls ${called}`
      : `${called} runs ${quoted(shortName(at.func))} in a thread`;
    found.unshift({ module: at.site.func.module, at: place, message });
  }
  return found;
}
