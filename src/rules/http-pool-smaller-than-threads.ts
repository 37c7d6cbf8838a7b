import { limitsOf } from "../runtime/pools/capacity.ts";
import { type Shortage, shortages } from "../runtime/pools/shortages.ts";
import { poolWords, shortageDetection } from "./capacity-words.ts";
import type { Rule } from "./rule.ts";

export const httpPoolSmallerThanThreads: Rule = {
  id: "http-pool-smaller-than-threads",
  title: "More threads than the HTTP connections they share",
  severity: "warning",
  group: "Pools and capacity",
  why: "The client keeps only so many connections. Whoever finds none opens one more and throws it away after the answer: every such request pays for a new connection and its TLS handshake, and the server sees a storm of them.",
  instead: "Mount an adapter, or give the client a pool, with as many connections as threads use it.",
  bad: `
from concurrent.futures import ThreadPoolExecutor

import requests

session = requests.Session()


def load(url):
    return session.get(url, timeout=5).content


def load_all(urls):
    with ThreadPoolExecutor(max_workers=50) as threads:
        return list(threads.map(load, urls))
`,
  good: `
from concurrent.futures import ThreadPoolExecutor

import requests
from requests.adapters import HTTPAdapter

session = requests.Session()
session.mount("https://", HTTPAdapter(pool_maxsize=50))


def load(url):
    return session.get(url, timeout=5).content


def load_all(urls):
    with ThreadPoolExecutor(max_workers=50) as threads:
        return list(threads.map(load, urls))
`,
  *detect(runtime) {
    for (const shortage of shortages(runtime, "http-pool"))
      yield { ...shortageDetection(runtime, shortage), instead: advice(shortage) };
  },
};

function advice({ demand, pool }: Shortage): string {
  const { high } = limitsOf(demand.workers);
  const wanted = high === Number.POSITIVE_INFINITY ? "as many connections as threads" : String(high);
  const { name } = pool.fact;
  if (name === "requests.Session" || name === "requests.session")
    return `Mount an adapter: \`${pool.name}.mount("https://", HTTPAdapter(pool_maxsize=${wanted}))\`.`;
  if (/^(?:boto3|botocore)\./.test(name)) return `Pass \`config=Config(max_pool_connections=${wanted})\`.`;
  const parameter = pool.fact.capacity.find((part) => part.parameter !== null)?.parameter;
  return parameter
    ? `Give ${poolWords(pool)} \`${parameter}=${wanted}\`.`
    : `Give ${poolWords(pool)} ${wanted} connections.`;
}
