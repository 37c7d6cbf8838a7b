import { describe, expect, test } from "vitest";
import type { Finding } from "../src/finding.ts";
import { auditTexts } from "./fixtures.ts";

async function findings(code: string, options: Record<string, string> = {}, more: [string, string][] = []) {
  const files = new Map([["app/web.py", `${code}\n`], ...more]);
  const report = await auditTexts(files, { "min-confidence": "low", ...options });
  return report.findings.filter(({ rule }) => /without-timeout$|^timeout-disabled$/.test(rule));
}

function shown({ rule, severity, confidence }: Finding): string {
  return `${rule} ${severity} ${confidence}`;
}

describe("what cannot be seen is a guess", () => {
  test.each([
    ["**options of the caller", "def f(url, **options):\n    return requests.get(url, **options)"],
    ["*arguments that may be the ninth", "def f(web: requests.Session, *rest):\n    return web.request(*rest)"],
    ["a timeout that is None by default", "def f(url, timeout=None):\n    return requests.get(url, timeout=timeout)"],
    [
      "an adapter of somebody else",
      "def f(url, adapter):\n    web = requests.Session()\n    web.mount('https://', adapter)\n    return web.get(url)",
    ],
    ["a choice", "def f(url, fast):\n    return requests.get(url, timeout=None if fast else None)"],
    [
      "the default of a setting",
      "class S:\n    limit: float | None = None\n\n\ndef f(s: S, url):\n    return requests.get(url, timeout=s.limit)",
    ],
  ])("%s", async (_, code) => {
    expect((await findings(`import requests\n\n\n${code}`)).map(({ confidence }) => confidence)).toEqual(["low"]);
  });

  test("test code waits for nobody", async () => {
    const code = "import requests\n\n\ndef test_page():\n    assert requests.get('https://example.com').ok\n";
    const files = new Map([["tests/test_page.py", code]]);
    const { findings: found } = await auditTexts(files, { "min-confidence": "low" });
    expect(found.map(shown)).toEqual(["request-without-timeout notice low"]);
  });
});

describe("versions", () => {
  const tls = "import http.client\n\n\ndef f(host):\n    return http.client.HTTPSConnection(host, 443, None, None, 10)";

  test("an argument counts by position as long as the target's Python has the position", async () => {
    expect(await findings(tls, { "python-version": "3.11" })).toEqual([]);
    expect((await findings(tls, { "python-version": "3.12" })).map(shown)).toEqual([
      "request-without-timeout warning high",
    ]);
  });

  test.each([
    ["redis==7.4.0", 1],
    ["redis>=5,<6", 1],
    ["redis>=8", 0],
    ["redis", 0],
  ])("%s decides what redis-py does without a limit", async (requirement, count) => {
    const code = 'import redis\n\ncache = redis.Redis(host="cache.example.com")';
    expect(await findings(code, {}, [["requirements.txt", `${requirement}\n`]])).toHaveLength(count);
  });
});

describe("who is kept waiting", () => {
  const wait = "def answer(job):\n    return pool.submit(job).result()\n";
  const head = "from concurrent.futures import ThreadPoolExecutor\n\npool = ThreadPoolExecutor()\n";

  test.each([
    ["a script: a guess", "", "wait-without-timeout notice low"],
    [
      "a Flask view",
      "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/')\ndef view():\n    return answer(int)\n",
      "wait-without-timeout warning high",
    ],
    [
      "a FastAPI route",
      "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/')\ndef route():\n    return answer(int)\n",
      "wait-without-timeout warning high",
    ],
    [
      "a worker of another pool",
      "other = ThreadPoolExecutor()\n\n\ndef start():\n    other.submit(answer, int).add_done_callback(print)\n",
      "wait-without-timeout warning high",
    ],
  ])("%s", async (_, code, expected) => {
    expect((await findings(`${head}\n\n${wait}\n\n${code}`)).map(shown)).toEqual([expected]);
  });

  test("the message names the place that is kept", async () => {
    const code = `${head}\nother = ThreadPoolExecutor()\n\n\n${wait}\n\ndef start(jobs):\n    return list(other.map(answer, jobs))\n`;
    const [finding] = await findings(code);
    expect(finding?.message).toContain("keeps a worker of `other` meanwhile");
  });
});

test("advice names the parameter, or what to do without one", async () => {
  const code = `import urllib.request

import grpc
import requests


def f(url):
    requests.get(url)
    urllib.request.urlretrieve(url, "page")


def g(channel: grpc.Channel):
    return channel.unary_unary("/shop.Prices/Get")("a")`;
  expect((await findings(code)).map(({ instead }) => instead)).toEqual([
    "Pass `timeout=10`, or what the caller can wait for: it raises when the time is over.",
    "Set a limit for all sockets with `socket.setdefaulttimeout(…)`, or use a call that takes one.",
    "Pass `timeout=10`, or what the caller can wait for: it raises when the time is over.",
  ]);
});
