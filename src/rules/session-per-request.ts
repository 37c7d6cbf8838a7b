import type { Repetition } from "../runtime/effects/repetition.ts";
import { repetitionOf } from "../runtime/effects/repetition.ts";
import type { Lifetime } from "../runtime/lifetimes/lifetimes.ts";
import { lifetimesOf } from "../runtime/lifetimes/lifetimes.ts";
import { isAdjusted, variesBy } from "../runtime/lifetimes/variation.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { oftenWords, openedWords, repetitionTrace, wayOut } from "./lifetime-words.ts";
import type { Detection, Rule } from "./rule.ts";

export const sessionPerRequest: Rule = {
  id: "session-per-request",
  title: "Client, engine or pool built again for every request",
  severity: "warning",
  group: "Resources",
  why: "Each new client opens its own connections, with a TCP and TLS handshake each, and throws them away again: requests wait longer, and under load the ports run out.",
  instead: "Make one when the program starts, share it, and close it at shutdown.",
  bad: `
import httpx
from fastapi import FastAPI

app = FastAPI()


@app.get("/rates")
async def rates():
    async with httpx.AsyncClient() as client:
        response = await client.get("https://rates.example.com/latest")
    return response.json()
`,
  good: `
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with httpx.AsyncClient() as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/rates")
async def rates(request: Request):
    response = await request.app.state.client.get("https://rates.example.com/latest")
    return response.json()
`,
  *detect(runtime) {
    for (const lifetime of lifetimesOf(runtime)) {
      const { fate, opening } = lifetime;
      // What is left open is reported as that.
      if (opening.resource.mustClose && (fate === "never" || fate === "early")) continue;
      const remaking = remakingOf(runtime, lifetime);
      if (remaking) yield detection(lifetime, remaking);
    }
  },
};

/** Why something that is made to be shared is made again and again where it could be made once; `null` if it is not. */
export function remakingOf(runtime: Runtime, lifetime: Lifetime): Repetition | null {
  const { resource, call, func, doubt } = lifetime.opening;
  if (resource.kind === "executor" || !resource.shared || !isShortLived(runtime, lifetime)) return null;
  const repetition = repetitionOf(runtime, func, call);
  if (!repetition) return null;
  const isBound = resource.awaited && repetition.startsLoop;
  const own = isBound || variesBy(runtime, func, call, resource) || isAdjusted(lifetime.holding) ? 2 : 0;
  return { ...repetition, doubt: repetition.doubt + own + Math.max(doubt, lifetime.doubt) };
}

/** It is gone when the code around it is done. */
function isShortLived(runtime: Runtime, { opening, fate, kept, holding }: Lifetime): boolean {
  const { leaves, lends, isGlobal } = holding;
  if (kept || holding.kept.length > 0 || isGlobal) return false;
  if (fate !== "leaves") return true;
  // A dependency gives what it made to one request.
  return (
    runtime.contexts.of(opening.func).some(({ root, from }) => from === null && root.label === "FastAPI dependency") &&
    (lends.length > 0 || leaves.length > 0) &&
    leaves.every(({ how }) => how === "returned")
  );
}

function detection(lifetime: Lifetime, repetition: Repetition): Detection {
  const { call, func, name, resource } = lifetime.opening;
  return {
    func,
    at: call,
    message: `${openedWords(lifetime)} makes a new ${resource.what} ${oftenWords(repetition)}`,
    instead: advice(lifetime, repetition),
    trace: [...wayOut({ ...lifetime, out: null, end: null }), ...repetitionTrace(repetition)],
    doubt: repetition.doubt,
    subject: name,
  };
}

function advice({ opening: { resource } }: Lifetime, { kind, label }: Repetition): string {
  const [method = "close"] = resource.close;
  const close = resource.mustClose
    ? `, and close it at the end (\`${resource.awaited ? "await " : ""}${method}()\`)`
    : "";
  if (kind === "item") return `Make one ${resource.what} before the loop and use it for every item${close}.`;
  if (/FastAPI|Starlette/.test(label))
    return `Make one ${resource.what} in the application's lifespan, keep it in \`app.state\`${close}.`;
  if (label === "aiohttp handler")
    return `Make one ${resource.what} in \`app.cleanup_ctx\` and keep it in \`app\`${close}.`;
  return `Make one ${resource.what} when the program starts and share it${close}.`;
}
