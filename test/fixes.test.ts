import { expect, test } from "vitest";
import type { Edit, Finding } from "../src/finding.ts";
import { rules } from "../src/rules/index.ts";
import { auditTexts, FIXTURES, fixtureFiles } from "./fixtures.ts";

test.each(FIXTURES)("every repair in %s mends its finding and nothing else", async (name) => {
  const files = fixtureFiles(name);
  const before = await auditTexts(files);
  for (const finding of before.findings) {
    // What is ignored is not offered; mending it would leave the ignore comment without work.
    if (finding.fix === null || finding.suppressed) continue;
    const source = files.get(finding.path) ?? "";
    const mended = new Map(files).set(finding.path, applied(source, finding.fix.edits));
    const after = await auditTexts(mended);
    const place = `${finding.path}:${finding.startLine} ${finding.rule}`;
    expect(after.stats.skipped, place).toEqual(before.stats.skipped);
    const left = [...after.findings];
    const gone = before.findings.filter((one) => {
      const at = left.findIndex((other) => isSame(one, other));
      if (at < 0) return true;
      left.splice(at, 1);
      return false;
    });
    expect(gone.map(words), place).toEqual([words(finding)]);
    expect(left.map(words), place).toEqual([]);
  }
});

test.each([
  ["page = requests.get(url)", "page = requests.get(url, timeout=10)"],
  ["page = requests.get(url, )", "page = requests.get(url, timeout=10 )"],
  ["page = requests.get(url=(url))", "page = requests.get(url=(url), timeout=10)"],
  [
    "page = requests.get(\n    url,\n    headers={},\n)",
    "page = requests.get(\n    url,\n    headers={},\n    timeout=10,\n)",
  ],
  [
    "page = requests.get(\n    url,\n    headers={},  # none, (yet)\n)",
    "page = requests.get(\n    url,\n    headers={},  # none, (yet)\n    timeout=10,\n)",
  ],
  [
    "page = requests.get(\n    url,\n    headers={}  # none\n)",
    "page = requests.get(\n    url,\n    headers={}, timeout=10  # none\n)",
  ],
  [
    "page = requests.get(\n    url\n    # the rest\n    ,\n)",
    "page = requests.get(\n    url\n    # the rest\n    ,\n    timeout=10,\n)",
  ],
  ["page = requests.post(url, data='größe 😀')", "page = requests.post(url, data='größe 😀', timeout=10)"],
  ["page = requests.get(url for url in [url])", "page = requests.get((url for url in [url]), timeout=10)"],
  ["page = pool.submit(requests.get, url)", "page = pool.submit(requests.get, url, timeout=10)"],
  ["mail = smtplib.SMTP(url)", "mail = smtplib.SMTP(url, timeout=30)"],
])("adds the argument to %s", async (call, expected) => {
  const head =
    "import smtplib\nfrom concurrent.futures import ThreadPoolExecutor\n\nimport requests\n\npool = ThreadPoolExecutor()\n\n\ndef f(url):\n";
  const source = `${head}${indented(call)}\n`;
  const finding = (await found(source)).find(({ rule }) => rule === "request-without-timeout");
  expect(applied(source, finding?.fix?.edits ?? [])).toBe(`${head}${indented(expected)}\n`);
});

test.each([
  ["more arguments may come", "def f(url, **more):\n    return requests.get(url, **more)"],
  ["it takes none", "def f(url):\n    urllib.request.urlretrieve(url, 'a')"],
  [
    "a partial stands between",
    "get = functools.partial(requests.get, verify=True)\n\n\ndef f(url):\n    return get(url)",
  ],
  ["map gives every argument in turn", "def f(urls):\n    return list(ThreadPoolExecutor().map(requests.get, urls))"],
])("has no repair where %s", async (_, code) => {
  const source = `import functools\nimport urllib.request\nfrom concurrent.futures import ThreadPoolExecutor\n\nimport requests\n\n\n${code}\n`;
  const findings = (await found(source)).filter(({ rule }) => rule === "request-without-timeout");
  expect(findings).not.toEqual([]);
  expect(findings.flatMap(({ fix }) => fix ?? [])).toEqual([]);
});

test.each([
  ["    asyncio.create_task(work())  # soon", "    task = asyncio.create_task(work())  # soon"],
  ["    _ = asyncio.create_task(work())", "    task = asyncio.create_task(work())"],
  ["    asyncio.create_task(\n        work(),\n    )", "    task = asyncio.create_task(\n        work(),\n    )"],
])("keeps the task of %s in a new set", async (statement, expected) => {
  const source = `import asyncio\n\n\nasync def work():\n    pass\n\n\n# Starts it.\ndef f():\n${statement}\n    return 1\n`;
  const keeping = `    background_tasks.add(task)\n    task.add_done_callback(background_tasks.discard)\n`;
  expect(await mended(source, "task-not-kept")).toBe(
    source
      .replace(`${statement}\n`, `${expected}\n${keeping}`)
      .replace("# Starts it.", "background_tasks: set[asyncio.Task] = set()\n\n\n# Starts it."),
  );
});

test("keeps a task where the class keeps its other tasks", async () => {
  const rest = `class Jobs:
    def __init__(self):
        self._running = set()

    def start(self):
        task = asyncio.create_task(work())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def restart(self, task):
`;
  const head = `import asyncio\n\n\nasync def work():\n    pass\n\n\n${rest}`;
  expect(await mended(`${head}        asyncio.create_task(work())\n`, "task-not-kept")).toBe(
    `${head}        background_task = asyncio.create_task(work())
        self._running.add(background_task)
        background_task.add_done_callback(self._running.discard)\n`,
  );
});

test("keeps a task where the file keeps its other tasks", async () => {
  const head = `import asyncio\n\ntasks = set()\n\n\nasync def work():\n    pass\n\n\ndef f():
    one = asyncio.create_task(work())
    tasks.add(one)
    one.add_done_callback(tasks.discard)\n\n\ndef g():\n`;
  expect(await mended(`${head}    asyncio.create_task(work())\n`, "task-not-kept")).toBe(
    `${head}    task = asyncio.create_task(work())\n    tasks.add(task)\n    task.add_done_callback(tasks.discard)\n`,
  );
});

test.each([
  ["it shares its line", "    if f: asyncio.create_task(work())"],
  ["the result goes into an expression", "    print(asyncio.create_task(work()))"],
  ["a callback makes it", "    asyncio.get_running_loop().call_soon(lambda: asyncio.create_task(work()))"],
  ["several are gathered", "    asyncio.gather(work(), work())"],
  ["a local list holds it", "    tasks = [asyncio.create_task(work())]"],
])("has no repair for a task where %s", async (_, statement) => {
  const source = `import asyncio\n\n\nasync def work():\n    pass\n\n\ndef f():\n${statement}\n`;
  const findings = (await found(source)).filter(({ rule }) => rule === "task-not-kept");
  expect(findings).not.toEqual([]);
  expect(findings.flatMap(({ fix }) => fix ?? [])).toEqual([]);
});

test.each([
  [
    "a whole body, comments and blank lines included",
    "    session = aiohttp.ClientSession(\n        raise_for_status=True,\n    )  # ours\n    # first\n    one = await session.get(url)\n\n    if one:\n        # then\n        print(await one.text())\n    print(url)",
    "    async with aiohttp.ClientSession(\n        raise_for_status=True,\n    ) as session:  # ours\n        # first\n        one = await session.get(url)\n\n        if one:\n            # then\n            print(await one.text())\n    print(url)",
  ],
  [
    "the call that closes it, which goes",
    "    client = httpx.AsyncClient()\n    page = await client.get(url)\n    await client.aclose()\n    return page",
    "    async with httpx.AsyncClient() as client:\n        page = await client.get(url)\n    return page",
  ],
  [
    "an `await` that the block does itself",
    "    pool = await asyncpg.create_pool(url)\n    await pool.execute('a')",
    "    async with asyncpg.create_pool(url) as pool:\n        await pool.execute('a')",
  ],
  [
    "an `await` that the block needs",
    "    connection = await aio_pika.connect(url)\n    await connection.channel()",
    "    async with await aio_pika.connect(url) as connection:\n        await connection.channel()",
  ],
  [
    "a connection without a block of its own",
    "    if url:\n        connection = await asyncpg.connect(url)\n        await connection.execute('a')\n        await connection.close()\n        print(url)",
    "    if url:\n        connection = await asyncpg.connect(url)\n        try:\n            await connection.execute('a')\n        finally:\n            await connection.close()\n        print(url)",
  ],
  [
    "a plain connection",
    "    connection = sqlite3.connect(url)\n    connection.execute('a')",
    "    connection = sqlite3.connect(url)\n    try:\n        connection.execute('a')\n    finally:\n        connection.close()",
  ],
])("puts %s into a block", async (_, body, expected) => {
  const head =
    "import sqlite3\n\nimport aio_pika\nimport aiohttp\nimport asyncpg\nimport httpx\n\n\nasync def f(url):\n";
  expect(await mended(`${head}${body}\n`, "session-not-closed")).toBe(`${head}${expected}\n`);
});

test.each([
  ["a string goes over several lines", "    await session.post(url, data='''\na\n''')"],
  ["a nested function uses it", "    async def g():\n        await session.get(url)\n\n    await g()"],
  ["the answer is returned unread", "    reply = await session.get(url)\n    return reply"],
  ["its awaitable is returned", "    return read(session)"],
  ["it is bound again", "    await session.get(url)\n    session = None"],
  ["statements share a line", "    await session.get(url); print(url)"],
])("has no block for it where %s", async (_, body) => {
  const source = `import aiohttp\n\n\nasync def read(session):\n    return await session.get('/')\n\n\nasync def f(url):\n    session = aiohttp.ClientSession()\n${body}\n`;
  const findings = (await found(source)).filter(({ rule }) => rule === "session-not-closed");
  expect(findings).not.toEqual([]);
  expect(findings.flatMap(({ fix }) => fix ?? [])).toEqual([]);
});

test("only the missing one of two limits is added", async () => {
  const source = 'import valkey\n\ncache = valkey.Valkey(host="cache.example.com", socket_connect_timeout=2)\n';
  const finding = (await found(source)).find(({ rule }) => rule === "connection-without-timeout");
  expect(finding?.fix?.title).toBe("Add `socket_timeout=5`");
});

test("titles and edits are fit for a suggestion", async () => {
  for (const { bad } of rules)
    for (const { fix } of await found(bad)) {
      if (!fix) continue;
      expect(fix.title).toMatch(/^[A-Z][^\n]*[^.\n]$/);
      const edits = [...fix.edits].sort((a, b) => a.startLine - b.startLine || a.startColumn - b.startColumn);
      expect(edits.length).toBeGreaterThan(0);
      for (const [i, edit] of edits.entries()) {
        const next = edits[i + 1];
        expect(!next || isBefore(edit, next)).toBe(true);
      }
    }
});

/** The text after the repair of the rule's one finding. */
async function mended(source: string, rule: string): Promise<string> {
  const [finding, ...others] = (await found(source)).filter((one) => one.rule === rule && one.fix);
  expect(others).toEqual([]);
  return applied(source, finding?.fix?.edits ?? []);
}

async function found(source: string): Promise<Finding[]> {
  return (await auditTexts(new Map([["example.py", source]]), { "min-confidence": "low" })).findings;
}

function isSame(a: Finding, b: Finding): boolean {
  return a.rule === b.rule && a.path === b.path && a.function === b.function && a.message === b.message;
}

function words({ rule, path, message }: Finding): string {
  return `${path} ${rule} ${message}`;
}

function isBefore(a: Edit, b: Edit): boolean {
  return a.endLine < b.startLine || (a.endLine === b.startLine && a.endColumn <= b.startColumn);
}

/** The text after the edits, as an editor or GitHub would make it. */
function applied(source: string, edits: readonly Edit[]): string {
  const starts = [0];
  for (let i = 0; i < source.length; i++) if (source[i] === "\n") starts.push(i + 1);
  const offset = (line: number, column: number): number => (starts[line - 1] ?? 0) + column - 1;
  let text = source;
  for (const edit of [...edits].sort((a, b) => b.startLine - a.startLine || b.startColumn - a.startColumn))
    text =
      text.slice(0, offset(edit.startLine, edit.startColumn)) +
      edit.newText +
      text.slice(offset(edit.endLine, edit.endColumn));
  return text;
}

function indented(code: string): string {
  return code
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
