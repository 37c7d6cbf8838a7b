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
