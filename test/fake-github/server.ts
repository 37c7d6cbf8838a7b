import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { answerGraph, documentName } from "./graph.ts";
import { findOperation, type Json, type Operation, object, type Params } from "./openapi.ts";
import { type Called, Refused } from "./refuse.ts";
import { type Answer, HANDLERS } from "./rest.ts";
import { BOT, type Store } from "./store.ts";

/** One request as it was logged. */
export interface Logged {
  method: string;
  address: string;
  /** Id of the operation, or `graphql:` and the name of the query or of the mutation's first field. */
  operation: string;
  body: unknown;
  status: number;
  /** It asks for a change. */
  writes: boolean;
  at: number;
}

/** Something that goes wrong with requests to one operation. */
export interface Fault {
  operation: string | RegExp;
  status: number;
  /** How often; for ever when not given. */
  times?: number;
  /** The request is carried out all the same. */
  after?: boolean;
  message?: string;
  headers?: Record<string, string>;
  errors?: unknown[];
}

/** A GitHub of one repository on loopback. */
export interface FakeGitHub {
  store: Store;
  /** Base of the REST interface, without a final slash. */
  url: string;
  requests: Logged[];
  faults: Fault[];
  /** Called before an operation is carried out: to push, or to be another run. */
  before: Map<string, () => void>;
  /** What a well-behaved client never does, and answers of ours that GitHub's description does not allow. */
  complaints: string[];
  close(): Promise<void>;
}

/** Starts one. With a prefix such as `/api/v3` it is an Enterprise Server. */
export async function startFakeGitHub(store: Store, prefix = ""): Promise<FakeGitHub> {
  const server = createServer((request, response) => {
    handle(fake, prefix, request, response).catch((error: unknown) => {
      fake.complaints.push(`the fake failed: ${error instanceof Error ? error.stack : String(error)}`);
      response.writeHead(500).end();
    });
  });
  server.keepAliveTimeout = 1000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const fake: FakeGitHub = {
    store,
    url: `http://127.0.0.1:${port}${prefix}`,
    requests: [],
    faults: [],
    before: new Map(),
    complaints: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

async function handle(
  fake: FakeGitHub,
  prefix: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString();
  const body: unknown = text === "" ? null : JSON.parse(text);
  const url = new URL(request.url ?? "/", "http://x");
  const method = request.method ?? "GET";
  const graph = prefix === "" ? "/graphql" : "/api/graphql";
  const profile = profileOf(fake, request);
  const call: Called = {
    store: fake.store,
    path: {},
    query: Object.fromEntries(url.searchParams),
    body,
    profile: profile ?? null,
    user: profile?.user ?? BOT,
    complain: (fault) => fake.complaints.push(fault),
  };
  const isGraph = url.pathname === graph && method === "POST";
  const found = isGraph ? null : findOperation(method, url.pathname.slice(prefix.length));
  const query = isGraph ? String(object(body).query) : "";
  const document = isGraph ? documentName(query) : null;
  const operation = document === null ? (found?.operation.id ?? "unknown") : `graphql:${document.name}`;
  const writes = document?.writes ?? method !== "GET";
  const logged: Logged = { method, address: request.url ?? "", operation, body, status: 0, writes, at: Date.now() };
  fake.requests.push(logged);
  fake.before.get(operation)?.();
  const act = async (): Promise<Answer & { headers?: Record<string, string> }> => {
    if (profile === undefined) return { status: 401, body: { message: "Bad credentials" } };
    if (document !== null) {
      if (profile === null) return { status: 401, body: { message: "Requires authentication" } };
      return { status: 200, body: await answerGraph(call, query, object(object(body).variables ?? {})) };
    }
    if (found === null) {
      fake.complaints.push(`unknown request ${method} ${request.url}`);
      return { status: 404, body: { message: "Not Found" } };
    }
    return perform(call, found.operation, found.path);
  };
  const fault = takeFault(fake, operation);
  if (fault !== null && !fault.after) return send(logged, response, faultAnswer(fault));
  const answer = await act();
  if (fault !== null) return send(logged, response, faultAnswer(fault));
  if (found !== null) {
    for (const each of found.operation.answerFaults(answer.status, answer.body))
      fake.complaints.push(`${operation}: ${each}`);
  }
  const link = answer.pages === undefined ? {} : linkHeader(new URL(request.url ?? "/", fake.url), answer.pages);
  return send(logged, response, { ...answer, headers: { ...answer.headers, ...link } });
}

function perform(call: Called, operation: Operation, path: Params): Answer & { headers?: Record<string, string> } {
  const { owner, repo } = path;
  call.path = path;
  for (const fault of operation.faultsOf({ path, query: call.query, body: call.body })) {
    call.complain(`${operation.id}: ${fault}`);
  }
  try {
    if (owner !== call.store.owner || repo !== call.store.name) throw notFound();
    const handler = HANDLERS[operation.id];
    if (handler === undefined) throw notFound();
    return handler(call);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { status, message, errors, headers } = error.refusal;
    const documentation_url = "https://docs.github.com/rest";
    const more = errors.length === 0 ? {} : { errors };
    return { status, headers, body: { message, documentation_url, status: String(status), ...more } };
  }
}

function notFound(): Refused {
  return new Refused({ status: 404, message: "Not Found", errors: [], headers: {} });
}

/** `null` without a token, `undefined` with one that is not known. */
function profileOf({ store }: FakeGitHub, { headers }: IncomingMessage): Called["profile"] | undefined {
  const token = headers.authorization?.replace(/^(?:token|bearer) /i, "");
  return token === undefined || token === "" ? null : store.tokens.get(token);
}

function takeFault(fake: FakeGitHub, operation: string): Fault | null {
  const index = fake.faults.findIndex((each) =>
    typeof each.operation === "string" ? each.operation === operation : each.operation.test(operation),
  );
  const fault = fake.faults[index];
  if (fault === undefined) return null;
  if (fault.times !== undefined && --fault.times <= 0) fake.faults.splice(index, 1);
  return fault;
}

function faultAnswer({ status, message, headers, errors }: Fault): Answer & { headers: Record<string, string> } {
  const body: Json = {
    message: message ?? (status >= 500 ? "Server Error" : "Forbidden"),
    ...(errors ? { errors } : {}),
  };
  return { status, body: status === 200 ? { data: null, errors } : body, headers: headers ?? {} };
}

function linkHeader(url: URL, { page, last }: { page: number; last: number }): Record<string, string> {
  const to = (number: number, rel: string): string => {
    url.searchParams.set("page", String(number));
    return `<${url.href}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [to(page - 1, "prev"), to(1, "first")] : []),
    ...(page < last ? [to(page + 1, "next"), to(last, "last")] : []),
  ];
  return links.length === 0 ? {} : { link: links.join(", ") };
}

function send(
  logged: Logged,
  response: ServerResponse,
  { status, body, headers }: Answer & { headers?: Record<string, string> },
): void {
  logged.status = status;
  const text = body === null ? "" : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers }).end(text);
}
