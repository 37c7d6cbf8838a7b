/** Why GitHub did not do what it was asked. */
export type Refusal =
  /** Too many requests; `seconds` is how long GitHub asks to wait. */
  | { kind: "rate-limit"; seconds: number; message: string }
  /** The token may not do this; `needs` is what GitHub says it would take. */
  | { kind: "permission"; needs: string | null; message: string }
  /** What the request is about does not exist, or the token may not see it. */
  | { kind: "missing"; message: string }
  /** A comment's place is not part of the diff. */
  | { kind: "anchor"; message: string }
  | { kind: "pending-review"; message: string }
  | { kind: "too-long"; message: string }
  /** GitHub failed or could not be reached; what was asked may have been done all the same. */
  | { kind: "server"; message: string }
  | { kind: "other"; message: string };

const UNKNOWN_WAIT = 60;

/** Classifies what a request threw. Only what GitHub says counts, never who started the run. */
export function refusalOf(error: unknown, now: number = Date.now()): Refusal {
  const message = messageOf(error);
  if (listOf(error, "errors").length > 0 && numberOf(error, "status") === null) return graphRefusal(error, message);
  const status = numberOf(error, "status") ?? 0;
  const limited = rateLimit(error, status, message, now);
  if (limited !== null) return { kind: "rate-limit", seconds: limited, message };
  if (status === 404 || status === 410) return { kind: "missing", message };
  if (status === 401 || status === 403) {
    return { kind: "permission", needs: header(error, "x-accepted-github-permissions"), message };
  }
  if (status === 422) return { kind: unprocessable(message), message };
  if (status >= 500) return { kind: "server", message };
  return { kind: "other", message };
}

function graphRefusal(error: unknown, message: string): Refusal {
  const types = listOf(error, "errors").map((each) => textOf(each, "type"));
  if (types.includes("RATE_LIMITED")) return { kind: "rate-limit", seconds: UNKNOWN_WAIT, message };
  const refused = types.some((type) => type === "FORBIDDEN" || type === "INSUFFICIENT_SCOPES" || type === "NOT_FOUND");
  if (refused || /not accessible by|must have .*permission/i.test(message)) {
    return { kind: "permission", needs: null, message };
  }
  return { kind: /something went wrong|timed? ?out/i.test(message) ? "server" : "other", message };
}

/** Seconds to wait when this is a rate limit, else `null`. A plain 403 without these signs is a missing permission. */
function rateLimit(error: unknown, status: number, message: string, now: number): number | null {
  if (status === 422) return /submitted too quickly/i.test(message) ? UNKNOWN_WAIT : null;
  if (status !== 403 && status !== 429) return null;
  const after = header(error, "retry-after");
  if (after !== null) return Number.isFinite(Number(after)) ? Math.max(1, Number(after)) : UNKNOWN_WAIT;
  if (header(error, "x-ratelimit-remaining") === "0") {
    const reset = Number(header(error, "x-ratelimit-reset"));
    return Number.isFinite(reset) && reset > 0 ? Math.max(1, Math.ceil(reset - now / 1000) + 1) : UNKNOWN_WAIT;
  }
  return status === 429 || /secondary rate|rate limit exceeded|abuse detection/i.test(message) ? UNKNOWN_WAIT : null;
}

function unprocessable(message: string): "pending-review" | "too-long" | "anchor" {
  if (/pending review/i.test(message)) return "pending-review";
  if (/too long/i.test(message)) return "too-long";
  // GitHub has many texts for a place that it does not accept, and adds new ones.
  return "anchor";
}

/** What to do about something that could not be read: about the token, if it lies there, else what the caller knows. */
export function readingAdvice({ message }: Refusal, anonymous: boolean, otherwise: string): string {
  if (anonymous) return "the input github-token is empty: pass a token";
  return /bad credentials/i.test(message) ? "the input github-token holds no valid token: pass a fresh one" : otherwise;
}

/** One line for the log: GitHub's own words, without control characters and not longer than a line. */
export function inOneLine(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return plain.length > 200 ? `${plain.slice(0, 199)}…` : plain;
}

function messageOf(error: unknown): string {
  return inOneLine(error instanceof Error ? error.message : String(error));
}

function header(error: unknown, name: string): string | null {
  const value = field(field(field(error, "response"), "headers"), name);
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

function numberOf(value: unknown, key: string): number | null {
  const found = field(value, key);
  return typeof found === "number" ? found : null;
}

function textOf(value: unknown, key: string): string {
  const found = field(value, key);
  return typeof found === "string" ? found : "";
}

function listOf(value: unknown, key: string): unknown[] {
  const found = field(value, key);
  return Array.isArray(found) ? found : [];
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}
