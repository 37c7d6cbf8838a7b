import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { Octokit } from "@octokit/rest";
import Bottleneck from "bottleneck/light.js";
import { refusalOf } from "./refusal.ts";

/** The client that every request to GitHub goes through, for one repository. */
export interface GitHub {
  octokit: Octokit;
  owner: string;
  repo: string;
  /** There is no token: only public data can be read. */
  anonymous: boolean;
  pacing: Pacing;
  /** How many requests changed something so far; one run has a budget of them. */
  writes: { done: number; most: number };
}

/** How long to wait; tests pass small numbers. */
export interface Pacing {
  /** Pause between two requests that change something. */
  writeMilliseconds: number;
  /** What a second of waiting takes, for rate limits and retries. */
  secondMilliseconds: number;
  /** Seconds that one run waits for rate limits altogether. */
  patienceSeconds: number;
}

export interface ClientOptions {
  token: string;
  apiUrl: string;
  owner: string;
  repo: string;
  /** A fetch that goes through the runner's proxy. */
  fetch: typeof globalThis.fetch;
  userAgent: string;
  pacing: Pacing;
  /** Where what the client has to say about single requests goes; never to the log of an ordinary run. */
  debug(message: string): void;
}

const REQUEST_TIMEOUT = 30_000;
const MOST_WRITES = 60;
const Paced = Octokit.plugin(throttling, retry);

/**
 * Makes the client: serial and paced writes, retries for reads only (GitHub may answer 502 although it created the comment),
 * and bounded patience with rate limits.
 */
export function connect(options: ClientOptions): GitHub {
  const { pacing } = options;
  const quiet = { debug: () => {}, info: options.debug, warn: options.debug, error: options.debug };
  const spaced = (id: string, minTime: number): Bottleneck.Group =>
    new Bottleneck.Group({ id, maxConcurrent: 1, minTime, timeout: 120_000 });
  const octokit = new Paced({
    auth: options.token,
    baseUrl: options.apiUrl,
    userAgent: options.userAgent,
    log: quiet,
    request: { fetch: withTimeout(options.fetch) },
    retry: {
      retryAfterBaseValue: pacing.secondMilliseconds,
      doNotRetry: [400, 401, 403, 404, 406, 409, 410, 422, 429, 451],
    },
    throttle: {
      // The plugin counts queries of GraphQL among the writes; real ones are spaced below.
      write: spaced("pcr-write", 0),
      notifications: spaced("pcr-notifications", 3 * pacing.writeMilliseconds),
      // Limits are waited for in one place, below, which also knows the forms that the plugin does not recognise.
      onRateLimit: () => false,
      onSecondaryRateLimit: () => false,
    },
  });
  const writes = { done: 0, most: MOST_WRITES };
  let nextWrite = 0;
  octokit.hook.before("request", async (request) => {
    if (request.method === "GET") return;
    const query: unknown = request.query;
    if (typeof query === "string" && !query.startsWith("mutation")) return;
    writes.done += 1;
    request.request = { ...request.request, retries: 0 };
    const start = Math.max(Date.now(), nextWrite);
    nextWrite = start + pacing.writeMilliseconds;
    await wait(Math.max(0, start - Date.now()));
  });
  let left = pacing.patienceSeconds;
  octokit.hook.wrap("request", async (request, parameters) => {
    for (;;) {
      try {
        return await request(parameters);
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal.kind !== "rate-limit" || refusal.seconds > left) throw error;
        left -= refusal.seconds;
        options.debug(`rate limit: waiting ${refusal.seconds} s`);
        await wait(refusal.seconds * pacing.secondMilliseconds);
      }
    }
  });
  return { octokit, owner: options.owner, repo: options.repo, anonymous: options.token === "", pacing, writes };
}

/** Waits. */
export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function withTimeout(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
}
