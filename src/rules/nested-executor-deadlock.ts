import { counted } from "../runtime/pools/capacity.ts";
import { type NestedWait, nestedWaitsOf } from "../runtime/pools/nested-waits.ts";
import { related, withSource } from "./capacity-words.ts";
import { shortName } from "./hops.ts";
import type { Related, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const nestedExecutorDeadlock: Rule = {
  id: "nested-executor-deadlock",
  title: "Work on a pool waits for other work on the same pool",
  severity: "error",
  group: "Pools and capacity",
  why: "The waiting work keeps its worker. When all workers wait, nobody is left to do what they wait for: the program stands still for ever, and only under load.",
  instead: "Give the inner work a pool of its own, or do it in place.",
  bad: `
from concurrent.futures import ThreadPoolExecutor

executor = ThreadPoolExecutor(max_workers=8)


def page(url):
    return len(url)


def site(urls):
    return sum(future.result() for future in [executor.submit(page, url) for url in urls])


def crawl(sites):
    return list(executor.map(site, sites))
`,
  good: `
from concurrent.futures import ThreadPoolExecutor

sites_pool = ThreadPoolExecutor(max_workers=8)
pages_pool = ThreadPoolExecutor(max_workers=8)


def page(url):
    return len(url)


def site(urls):
    return sum(pages_pool.map(page, urls))


def crawl(sites):
    return list(sites_pool.map(site, sites))
`,
  *detect(runtime) {
    for (const wait of nestedWaitsOf(runtime)) {
      const { func, at, crew, inner, doubt } = wait;
      const trace: Related[] = [
        {
          module: wait.outer.at.module,
          at: shown(wait.outer.at.node),
          message: `${wait.outer.words}: it runs on the pool`,
        },
      ];
      for (const { site, from } of wait.path)
        if (site && from)
          trace.push({
            module: from.func.module,
            at: site.node,
            message: `${quoted(shortName(from.func))} leads here`,
          });
      if (inner)
        trace.push({ module: inner.func.module, at: inner.call, message: "this needs a worker of the same pool" });
      if (crew.pool) trace.push(related(runtime, crew.pool.sizedAt, poolSize(wait)));
      yield {
        func,
        at,
        message: message(wait),
        instead: inner
          ? `Give the inner work a pool of its own, or call ${inner.callable ? code(inner.func.module, inner.callable) : "it"} in place.`
          : "Let Celery start what comes next: `chain`, `chord` or a callback with `link`; or call the other task's function in place.",
        trace,
        doubt,
        subject: inner ? `${inner.fact.name}<${crew.pool?.fact.name ?? crew.name}` : "celery.result.AsyncResult.get",
      };
    }
  },
};

function message({ crew, func, at, inner }: NestedWait): string {
  const wait = code(func.module, at);
  if (!inner)
    return `${wait} waits inside a Celery task for another task: when all workers wait, nobody does the other tasks`;
  return `${wait} waits inside a worker of ${quoted(crew.name)} for other work of ${quoted(crew.name)}: when all its workers wait, none is left to do it`;
}

function poolSize({ crew }: NestedWait): string {
  return crew.capacity ? `the pool has ${withSource(counted(crew.capacity, "worker"), "")}` : "the pool";
}

function shown(node: NestedWait["at"]): NestedWait["at"] {
  return node.kind === "function" ? (node.decorators[0] ?? node) : node;
}
