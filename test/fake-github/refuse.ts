import { object, type Params } from "./openapi.ts";
import type { Profile, Pull, Store, User } from "./store.ts";

/** One request to one operation. */
export interface Called {
  store: Store;
  path: Params;
  query: Params;
  body: unknown;
  /** Whose token it bears; `null` without one. */
  profile: Profile | null;
  user: User;
  /** Remembers what a well-behaved client never does. */
  complain(fault: string): void;
}

/** GitHub's refusal of a request. */
export interface Refusal {
  status: number;
  message: string;
  errors: readonly unknown[];
  headers: Record<string, string>;
}

/** Thrown by handlers; the server makes an answer of it. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

export function refuse(
  status: number,
  message: string,
  errors: readonly unknown[] = [],
  headers: Record<string, string> = {},
): never {
  throw new Refused({ status, message, errors, headers });
}

const LEVELS = ["none", "read", "write"] as const;
const SCOPES = { contents: "contents", pullRequests: "pull_requests", issues: "issues" } as const;

/** Demands a permission. Comments on a pull request's page take the one for issues or the one for pull requests. */
export function need({ profile }: Called, scope: keyof typeof SCOPES, level: "read" | "write"): void {
  const asked = `${SCOPES[scope]}=${level}`;
  if (profile === null && level === "read") return;
  if (profile !== null && LEVELS.indexOf(profile[scope]) >= LEVELS.indexOf(level)) return;
  if (profile === null) refuse(401, "Requires authentication");
  refuse(403, "Resource not accessible by integration", [], { "x-accepted-github-permissions": asked });
}

/** The pull request that the address names. */
export function pullOf({ store, path }: Called): Pull {
  const found = store.pulls.find(({ number }) => number === Number(path.pull_number));
  return found ?? refuse(404, "Not Found");
}

/** The thing of ours that the address names. To touch one of somebody else's is a fault of the client, whatever GitHub would say. */
export function within<T extends { id: number; user: User }>(call: Called, all: readonly T[], name: string): T {
  const found = all.find(({ id }) => id === Number(call.path[name]));
  if (found === undefined) return refuse(404, "Not Found");
  if (found.user.login !== call.user.login) call.complain(`touched ${found.id}, which ${found.user.login} wrote`);
  return found;
}

export function textOf({ body }: Called, key: string): string {
  const value = object(body ?? {})[key];
  return typeof value === "string" ? value : "";
}
