import { placeOf } from "../runtime/graph/callgraph.ts";
import { type Inversion, inversionsOf, type Nesting } from "../runtime/state/lock-order.ts";
import { type Acquisition, bothWords, lockWords } from "../runtime/state/locks.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const lockOrderInversion: Rule = {
  id: "lock-order-inversion",
  title: "Two locks taken in both orders",
  severity: "error",
  group: "Threads",
  why: "When each of two threads holds one of the locks and wants the other, both wait for ever.",
  instead: "Take the locks in one order everywhere, or use one lock for both.",
  bad: `
import threading

accounts = threading.Lock()
journal = threading.Lock()


def transfer(book):
    with accounts:
        with journal:
            book.append(1)


def audit(book):
    with journal:
        with accounts:
            return sum(book)


def main(book):
    threading.Thread(target=transfer, args=(book,), daemon=True).start()
    threading.Thread(target=audit, args=(book,), daemon=True).start()
`,
  good: `
import threading

accounts = threading.Lock()
journal = threading.Lock()


def transfer(book):
    with accounts:
        with journal:
            book.append(1)


def audit(book):
    with accounts:
        with journal:
            return sum(book)


def main(book):
    threading.Thread(target=transfer, args=(book,), daemon=True).start()
    threading.Thread(target=audit, args=(book,), daemon=True).start()
`,
  *detect(runtime) {
    for (const inversion of inversionsOf(runtime)) yield detection(inversion);
  },
};

function detection({ nesting, other, doubt }: Inversion): Detection {
  const { outer, inner } = nesting;
  const [first = "", second = ""] = bothWords(outer.lock, inner.lock).map(quoted);
  return {
    func: inner.func,
    at: placeOfTaking(inner),
    message: `${second} is taken while ${first} is held, elsewhere it is the other way round: two threads can block each other for ever`,
    instead: `Take ${second} and ${first} in the same order everywhere, or let one lock guard both.`,
    trace: [...traceOf(nesting), ...traceOf(other)],
    doubt,
    subject: [outer.lock.fact?.name ?? "", inner.lock.fact?.name ?? ""].join(">"),
  };
}

function traceOf({ outer, inner, path }: Nesting): Related[] {
  return [
    { module: outer.func.module, at: placeOfTaking(outer), message: `holds ${quoted(lockWords(outer.lock))}` },
    ...path.map((site): Related => {
      const at = placeOf(site);
      const called = at.kind === "call" ? at.callee : at;
      return { module: site.func.module, at, message: `calls ${code(site.func.module, called)}` };
    }),
    { module: inner.func.module, at: placeOfTaking(inner), message: `wants ${quoted(lockWords(inner.lock))}` },
  ];
}

function placeOfTaking({ node }: Acquisition) {
  return node.kind === "withitem" ? node.context : node;
}
