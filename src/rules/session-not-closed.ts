import type { Repetition } from "../runtime/effects/repetition.ts";
import type { Lifetime } from "../runtime/lifetimes/lifetimes.ts";
import { blockRepair } from "./block-repair.ts";
import { closingRepair } from "./closing-repair.ts";
import { callWords, leftOpen, openedWords, repetitionTrace, wayOut } from "./lifetime-words.ts";
import type { Detection, Rule } from "./rule.ts";
import { remakingOf } from "./session-per-request.ts";
import { quoted } from "./words.ts";

export const sessionNotClosed: Rule = {
  id: "session-not-closed",
  title: "Client, pool or connection that is not closed",
  severity: "warning",
  group: "Resources",
  why: "Its sockets stay open until the interpreter happens to collect it, or until the process ends: under load the program runs out of file descriptors, and the server out of connections.",
  instead: "Open it in a `with` or `async with` block, or close it in `finally`.",
  bad: `
import aiohttp


async def fetch(url):
    session = aiohttp.ClientSession()
    async with session.get(url) as response:
        return await response.text()
`,
  good: `
import aiohttp


async def fetch(url):
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.text()
`,
  *detect(runtime) {
    for (const lifetime of leftOpen(runtime, ["client", "connection"])) {
      if (!lifetime.opening.resource.mustClose) continue;
      const remaking = remakingOf(runtime, lifetime);
      const often = remaking && remaking.doubt < 2 ? remaking : null;
      // Made once, it needs no care on each way out.
      if (often && lifetime.fate === "happy") continue;
      yield detection(lifetime, often);
    }
  },
};

function detection(lifetime: Lifetime, often: Repetition | null): Detection {
  const { opening, fate } = lifetime;
  const { resource, func, call, name } = opening;
  const trace = often ? [...wayOut(lifetime), ...repetitionTrace(often)] : wayOut(lifetime);
  const repair = often ? null : ((fate === "never" ? closingRepair(opening) : null) ?? blockRepair(lifetime));
  return {
    func,
    at: call,
    message: `${openedWords(lifetime)} ${problem(lifetime)}`,
    instead: often
      ? `Make one ${resource.what} when the program starts, use it for every request, and close it at the end (${closing(lifetime)}).`
      : advice(lifetime),
    severity: fate === "happy" || (resource.local && fate === "never") ? "notice" : "warning",
    doubt: lifetime.doubt,
    subject: name,
    ...(trace.length > 0 ? { trace } : {}),
    ...(repair ? { repair } : {}),
  };
}

function problem({ opening: { resource }, fate, kept }: Lifetime): string {
  if (fate === "early") return `opens a ${resource.what} that is left open on one way out of the function`;
  if (fate === "happy") return `opens a ${resource.what} that stays open when something raises before it is closed`;
  return kept
    ? `opens a ${resource.what} that nothing closes: ${quoted(kept.cls.node.name)} keeps it in ${quoted(kept.name)} and never lets go`
    : `opens a ${resource.what} that nothing closes`;
}

function closing({ opening: { resource } }: Lifetime): string {
  const [method = "close"] = resource.close;
  return quoted(`${resource.awaited ? "await " : ""}${method}()`);
}

function advice(lifetime: Lifetime): string {
  const { opening, kept } = lifetime;
  const { resource, call } = opening;
  if (kept)
    return `Give ${quoted(kept.cls.node.name)} a method that closes it (${closing(lifetime)}), and call that when the object is done with.`;
  if (!resource.with && !resource.awaited) {
    const own = call.parent?.kind === "withitem" ? "; its own `with` only ends the transaction" : "";
    return `Wrap it: ${quoted(`with contextlib.closing(${callWords(lifetime)})`)} closes it at the end of the block${own}.`;
  }
  if (!resource.with) return `Close it in ${quoted("finally")} (${closing(lifetime)}).`;
  return `Open it with ${quoted(`${resource.awaited ? "async with" : "with"} ${callWords(lifetime)}`)}, which closes it on every way out.`;
}
