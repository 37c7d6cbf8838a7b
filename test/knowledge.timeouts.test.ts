import { expect, test } from "vitest";
import { libraryTables } from "../src/knowledge/library.ts";
import { AWAITED_WORDS, isGrpcStub, TIMEOUTS, type TimeoutFact, timeoutFact } from "../src/knowledge/timeouts.ts";
import { libraryOf } from "../src/python/library.ts";

const library = libraryOf(libraryTables());

/** Answers as for a project that pins one version. */
function pinned(name: string, version: string): (library: string, wanted: string) => boolean | null {
  return (asked, wanted) => (asked === name ? version.localeCompare(wanted, undefined, { numeric: true }) >= 0 : null);
}

function fact(name: string): TimeoutFact {
  const found = timeoutFact(library.canonical(name));
  if (found === undefined) throw new Error(`No fact about ${name}.`);
  return found;
}

function parameters(name: string): string[] {
  return fact(name).parameters.map((one) => `${one.name}${one.position === null ? "" : `@${one.position}`}`);
}

test("names are canonical, so that a look-up finds them", () => {
  const wrong: string[] = [];
  for (const { name, onConstructor, setBy, waitsIn, globalDefault, unless } of TIMEOUTS.values()) {
    const others = [
      ...onConstructor.map(({ type }) => type),
      ...setBy,
      ...waitsIn,
      ...unless.flatMap(({ values }) => values),
    ];
    for (const one of [name, ...others, ...(globalDefault === null ? [] : [globalDefault])]) {
      const plain = one.endsWith(".*") ? one.slice(0, -2) : one;
      if (!/^\w+(?:\.\w+)*$/.test(plain)) wrong.push(`${one} is no name`);
      if (library.canonical(plain) !== plain) wrong.push(`${one} is ${library.canonical(plain)}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("every name counts as known, and none makes its package a library on that account", () => {
  const { isKnown, isLibrary } = libraryTables();
  expect([...TIMEOUTS.keys()].filter((name) => !isKnown(name))).toEqual([]);
  expect(isLibrary("amqp")).toBe(false);
});

test("every fact says what happens without a limit, and where that is written", () => {
  const wrong = [...TIMEOUTS.values()].filter(
    (one) => one.defaultText === "" || one.source === "" || !(one.awaits in AWAITED_WORDS),
  );
  expect(wrong).toEqual([]);
});

test("a repair sets the parameters of the call itself", () => {
  const wrong = [...TIMEOUTS.values()].filter(
    ({ fix, parameters: own }) =>
      fix !== null && !fix.split(", ").every((part) => own.some(({ name }) => name === part.split("=", 1)[0])),
  );
  expect(wrong.map(({ name, fix }) => `${name}: ${fix}`)).toEqual([]);
});

test("requests waits for ever, and the default of sockets does not reach it", () => {
  for (const name of ["requests.get", "requests.api.post", "requests.sessions.Session.delete"])
    expect(fact(name)).toMatchObject({
      group: "request",
      withoutIt: "forever",
      noneMeans: "forever",
      pair: true,
      globalDefault: null,
      fix: "timeout=10",
    });
  expect(parameters("requests.get")).toEqual(["timeout"]);
  expect(parameters("requests.Session.request")).toEqual(["timeout@8"]);
  expect(fact("requests.Session.get").setBy).toContain("requests.Session.mount");
});

test("the standard library obeys the default of sockets", () => {
  const names = ["urllib.request.urlopen", "urllib.request.urlretrieve", "http.client.HTTPSConnection", "ftplib.FTP"];
  for (const name of [...names, "smtplib.SMTP", "imaplib.IMAP4_SSL", "socket.create_connection"])
    expect(fact(name)).toMatchObject({ withoutIt: "forever", globalDefault: "socket.setdefaulttimeout" });
  expect(parameters("urllib.request.urlretrieve")).toEqual([]);
  expect(fact("smtplib.SMTP").needs).toEqual({ name: "host", position: 0 });
});

test("Python 3.12 took some positions away", () => {
  const [timeout] = fact("http.client.HTTPSConnection").parameters;
  expect(timeout).toMatchObject({ name: "timeout", position: 4, keywordOnlyFrom: 12 });
  expect(fact("http.client.HTTPConnection").parameters[0]).toMatchObject({ position: 2, keywordOnlyFrom: null });
});

test("clients with limits of their own are bounded, and None takes the limit away", () => {
  expect(fact("httpx.get")).toMatchObject({ withoutIt: "bounded", noneMeans: "forever" });
  expect(fact("httpx.AsyncClient.get").onConstructor).toMatchObject([{ type: "httpx.AsyncClient" }]);
  expect(fact("urllib3.request")).toMatchObject({ withoutIt: "bounded", defaultText: "3 s" });
  expect(fact("openai.OpenAI")).toMatchObject({ withoutIt: "bounded", noneMeans: "forever" });
  expect(fact("boto3.client").carriers).toEqual([{ name: "config", position: null }]);
  expect(fact("botocore.client.Config").parameters.map(({ limits }) => limits)).toEqual(["connect", "read"]);
});

test("aiohttp: None is the default for a session and no limit for a request; 0 is no limit", () => {
  expect(fact("aiohttp.ClientSession")).toMatchObject({ withoutIt: "bounded", noneMeans: "default" });
  expect(fact("aiohttp.ClientSession.get")).toMatchObject({
    noneMeans: "forever",
    zeroMeans: "forever",
    awaited: true,
  });
  const total = fact("aiohttp.client.ClientTimeout");
  expect(total).toMatchObject({ group: "limit", withoutIt: "forever", zeroMeans: "forever" });
  expect(
    total.parameters.filter(({ limits }) => limits === "all" || limits === "read").map(({ name }) => name),
  ).toEqual(["total", "sock_read"]);
});

test("defaults that changed follow the version of the project", () => {
  expect(timeoutFact("redis.Redis")?.withoutIt).toBe("bounded");
  expect(timeoutFact("redis.Redis", pinned("redis", "5.0.8"))?.withoutIt).toBe("forever");
  expect(timeoutFact("redis.asyncio.from_url", pinned("redis", "7.4.1"))?.defaultText).toBe("waits for ever");
  expect(timeoutFact("redis.asyncio.from_url", pinned("redis", "8.1.0"))?.defaultText).toBe("5 s");
  expect(timeoutFact("psycopg.connect")?.defaultText).toBe("130 s for each host");
  expect(timeoutFact("psycopg.connect", pinned("psycopg", "3.1.8"))?.withoutIt).toBe("forever");
  expect(timeoutFact("aiohttp.ClientSession", pinned("aiohttp", "3.9.5"))?.defaultText).toBe("300 s in total");
});

test("limits in an address count", () => {
  expect(fact("psycopg2.connect").url).toEqual({ at: { name: "dsn", position: 0 }, keys: ["connect_timeout"] });
  expect(fact("psycopg2.pool.ThreadedConnectionPool").url?.at.position).toBe(2);
  expect(fact("redis.from_url").url?.keys).toEqual(["socket_timeout", "socket_connect_timeout"]);
  expect(fact("pymongo.MongoClient").url?.keys).toContain("timeoutMS");
  expect(fact("redis.Redis").carriers.map(({ name }) => name)).toEqual(["connection_pool"]);
});

test("connections that wait for ever, and those that do not", () => {
  for (const name of ["psycopg2.connect", "MySQLdb.connect", "aiomysql.connect", "ldap3.Server", "pymemcache.Client"])
    expect(fact(name)).toMatchObject({ group: "connection", withoutIt: "forever" });
  for (const name of ["pymysql.connect", "asyncpg.connect", "pymongo.MongoClient", "kafka.KafkaProducer"])
    expect(fact(name)).toMatchObject({ group: "connection", withoutIt: "bounded" });
  expect(fact("socket.socket")).toMatchObject({
    setBy: ["socket.socket.settimeout", "socket.socket.setblocking"],
    unless: [
      { argument: { name: "type", position: 1 }, values: ["socket.SOCK_DGRAM", "socket.SOCK_RAW"] },
      { argument: { name: "family", position: 0 }, values: ["socket.AF_UNIX"] },
    ],
  });
});

test("waits know their positions, and the flag that makes them return at once", () => {
  expect(parameters("concurrent.futures.Future.result")).toEqual(["timeout@0"]);
  expect(parameters("threading.Thread.join")).toEqual(["timeout@0"]);
  expect(parameters("queue.Queue.get")).toEqual(["timeout@1"]);
  expect(parameters("queue.Queue.put")).toEqual(["timeout@2"]);
  expect(parameters("threading.Condition.wait_for")).toEqual(["timeout@1"]);
  expect(fact("queue.Queue.get").flag).toEqual({ name: "block", position: 0 });
  expect(fact("queue.Queue.put")).toMatchObject({ flag: { name: "block", position: 1 }, ifBounded: true });
  expect(fact("threading.Lock.acquire")).toMatchObject({ negativeMeans: "forever", awaits: "lock" });
  expect(fact("multiprocessing.synchronize.Event.wait").name).toBe("multiprocessing.Event.wait");
  expect(fact("grpc.Server.wait_for_termination").byDesign).toBe(true);
  expect(fact("redis.Redis.blpop").zeroMeans).toBe("forever");
});

test("what coroutines wait for is a group of its own", () => {
  for (const name of ["asyncio.Queue.get", "asyncio.wait", "asyncio.locks.Event.wait", "asyncpg.Pool.acquire"])
    expect(fact(name)).toMatchObject({ group: "await", awaited: true });
});

test("child programs", () => {
  expect(parameters("subprocess.run")).toEqual(["timeout"]);
  expect(parameters("subprocess.Popen.wait")).toEqual(["timeout@0"]);
  expect(parameters("subprocess.Popen.communicate")).toEqual(["timeout@1"]);
  expect(fact("os.system")).toMatchObject({ group: "subprocess", parameters: [], withoutIt: "forever" });
});

test("base classes, whole classes and gRPC stubs answer for their methods", () => {
  expect(timeoutFact("requests_html.HTMLSession.get")).toMatchObject({
    name: "requests_html.HTMLSession.get",
    withoutIt: "forever",
  });
  expect(timeoutFact("google.auth.transport.requests.AuthorizedSession.get")?.withoutIt).toBe("bounded");
  expect(timeoutFact("asyncio.LifoQueue.get")?.group).toBe("await");
  expect(timeoutFact("kubernetes.client.CoreV1Api.list_namespaced_pod")?.parameters[0]?.name).toBe("_request_timeout");
  expect(timeoutFact("inventory.v1.stock_pb2_grpc.StockStub.Reserve")).toMatchObject({
    parameters: [{ name: "timeout", position: 1 }],
    defaultText: "has no deadline",
  });
  expect(isGrpcStub("stock_pb2_grpc.StockStub")).toBe(true);
  expect(isGrpcStub("stock_pb2_grpc.StockServicer")).toBe(false);
  expect(timeoutFact("stock_pb2_grpc.StockStub")).toBeUndefined();
  expect(timeoutFact("requests.Session._checked")).toBeUndefined();
  expect(timeoutFact("dict.get")).toBeUndefined();
});
