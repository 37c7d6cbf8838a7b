import { backlogsOf } from "../runtime/pools/backlogs.ts";
import { poolWords, sizingFunc } from "./capacity-words.ts";
import { shortName } from "./hops.ts";
import type { Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const unboundedQueue: Rule = {
  id: "unbounded-queue",
  title: "Queue without a limit between a fast producer and slow consumers",
  severity: "notice",
  group: "Pools and capacity",
  why: "Nothing makes the producer wait, so that it puts all it has into memory while the consumers are still at the first items.",
  instead: "Give the queue a `maxsize`: then the producer waits for the consumers.",
  bad: `
import queue
import threading

import requests

todo = queue.Queue()


def produce(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            todo.put(line.strip())
    todo.put(None)


def consume():
    while (url := todo.get(timeout=60)) is not None:
        requests.post("https://index.example.com/pages", json={"url": url}, timeout=10)


def main(path):
    thread = threading.Thread(target=consume, daemon=True)
    thread.start()
    produce(path)
    thread.join(timeout=3600)
`,
  good: `
import queue
import threading

import requests

todo = queue.Queue(maxsize=1000)


def produce(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            todo.put(line.strip(), timeout=60)
    todo.put(None, timeout=60)


def consume():
    while (url := todo.get(timeout=60)) is not None:
        requests.post("https://index.example.com/pages", json={"url": url}, timeout=10)


def main(path):
    thread = threading.Thread(target=consume, daemon=True)
    thread.start()
    produce(path)
    thread.join(timeout=3600)
`,
  *detect(runtime) {
    for (const { queue, put, get, slow, doubt } of backlogsOf(runtime)) {
      const { name } = queue.fact;
      const shown =
        slow.node.kind === "call" ? slow.node.callee : slow.node.kind === "withitem" ? slow.node.context : slow.node;
      yield {
        func: sizingFunc(runtime, queue),
        at: queue.sizedAt,
        message: `${poolWords(queue)} has no limit: ${quoted(shortName(put.func))} fills it as fast as it can, and ${quoted(shortName(get.func))} waits for ${code(slow.func.module, shown)} at every item`,
        instead: /SimpleQueue$/.test(name)
          ? `Use \`${name.replace("SimpleQueue", "Queue")}(maxsize=1000)\`: a \`SimpleQueue\` cannot have a limit.`
          : "Give it a `maxsize`, a few items for each consumer: then the producer waits for them.",
        trace: [
          { module: put.func.module, at: put.call, message: "the producer puts without waiting" },
          { module: get.func.module, at: get.call, message: "the consumer takes one" },
          { module: slow.func.module, at: shown, message: "and waits here" },
        ],
        doubt,
        shows: { func: put.func, at: put.call },
        subject: name,
      };
    }
  },
};
