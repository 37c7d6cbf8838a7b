import { locksOf, lockWords } from "../runtime/state/locks.ts";
import { type Leak, leakOf } from "../runtime/state/releases.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const lockNotReleased: Rule = {
  id: "lock-not-released",
  title: "Lock that can stay locked",
  severity: "warning",
  group: "Threads",
  why: "When an exception or an early `return` passes the `release()` by, the lock stays locked, and everybody who wants it later waits for ever.",
  instead: "Use `with`, which gives the lock back whatever happens, or put `release()` in `finally`.",
  bad: `
import threading

lock = threading.Lock()


def update(entries, key, load):
    lock.acquire()
    entries[key] = load(key)
    lock.release()
`,
  good: `
import threading

lock = threading.Lock()


def update(entries, key, load):
    with lock:
        entries[key] = load(key)
`,
  *detect(runtime) {
    for (const acquisition of locksOf(runtime).all()) {
      const leak = leakOf(runtime, acquisition);
      if (leak) yield detection(leak);
    }
  },
};

function detection({ acquisition: { func, lock, node }, how, at, doubt }: Leak): Detection {
  const name = quoted(lockWords(lock));
  const trace: Related[] = at ? [{ module: func.module, at, message: traceWords(how, at, name) }] : [];
  const keyword = lock.fact?.family === "task" ? "async with" : "with";
  return {
    func,
    at: node,
    message: said(name, how, at && at.kind === "call" ? code(func.module, at.callee) : null),
    instead: `Use \`${keyword} ${lockWords(lock)}:\`, which gives it back whatever happens, or put the \`release()\` in \`finally\`.`,
    trace,
    doubt: doubt + lock.doubt,
    subject: lock.fact?.name ?? "",
  };
}

function said(name: string, how: Leak["how"], call: string | null): string {
  switch (how) {
    case "never":
      return `${name} is taken here and not given back on every way out of the function`;
    case "exit":
      return `${name} stays locked when the function leaves early`;
    default:
      return `${name} stays locked when ${call ?? "the code up to the `release()`"} raises`;
  }
}

function traceWords(how: Leak["how"], at: { kind: string }, name: string): string {
  if (how !== "exit") return `an exception here leaves ${name} locked`;
  return at.kind === "raise" ? `raises with ${name} still locked` : `returns with ${name} still locked`;
}
