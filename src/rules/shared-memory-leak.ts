import { RESOURCES } from "../knowledge/resources.ts";
import type { Lifetime } from "../runtime/lifetimes/lifetimes.ts";
import { lifetimeOf, lifetimesOf } from "../runtime/lifetimes/lifetimes.ts";
import { createsBlock, unlinksAttached } from "../runtime/lifetimes/shared-memory.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { leavesOpen, openedWords, wayOut } from "./lifetime-words.ts";
import type { Detection, Rule } from "./rule.ts";

export const sharedMemoryLeak: Rule = {
  id: "shared-memory-leak",
  title: "Shared memory that is not released",
  severity: "warning",
  group: "Processes",
  why: "A block of shared memory belongs to the system, not to the process: without `unlink` it fills `/dev/shm` after everyone has left, and without `close` each process keeps its mapping.",
  instead: "Call `close()` in `finally` in every process, and `unlink()` once, in the process that created the block.",
  bad: `
from multiprocessing.shared_memory import SharedMemory


def publish(data):
    block = SharedMemory(create=True, size=len(data))
    block.buf[: len(data)] = data
    print(block.name)
`,
  good: `
from multiprocessing.shared_memory import SharedMemory


def publish(data, wait):
    block = SharedMemory(create=True, size=len(data))
    try:
        block.buf[: len(data)] = data
        wait(block.name)
    finally:
        block.close()
        block.unlink()
`,
  *detect(runtime) {
    for (const lifetime of lifetimesOf(runtime)) {
      if (lifetime.opening.resource.kind !== "shared-memory") continue;
      const found = detection(runtime, lifetime);
      if (found) yield found;
    }
  },
};

function detection(runtime: Runtime, lifetime: Lifetime): Detection | null {
  const { opening } = lifetime;
  const unlinking = createsBlock(opening) ? unlinkOf(runtime, lifetime) : null;
  const leftOpen = leavesOpen(runtime, lifetime) ? lifetime : null;
  const leftLinked = unlinking && leavesOpen(runtime, unlinking) ? unlinking : null;
  const worst = leftLinked && (!leftOpen || leftLinked.fate === "never") ? leftLinked : leftOpen;
  if (!worst) return null;
  // The finalizer closes what nothing refers to any more; it never unlinks.
  const isForgotten = worst === leftOpen && worst.fate === "never";
  if (isForgotten && (opening.call.parent?.kind === "attribute" || runtime.target.isTest(opening.func.module.path)))
    return null;
  const { func, call, name } = opening;
  const trace = wayOut(worst);
  // Somebody else may unlink what travels by name.
  const elsewhere = worst === leftLinked && leftOpen?.fate !== "never" && unlinksAttached(runtime) ? 2 : 0;
  return {
    func,
    at: call,
    message: `${openedWords(lifetime)} ${problem(worst, leftOpen, leftLinked)}`,
    instead:
      worst === leftLinked
        ? "The process that created the block must call `unlink()` once, in `finally`."
        : "Call `close()` in `finally`.",
    severity: worst.fate === "happy" || isForgotten ? "notice" : "warning",
    doubt: worst.doubt + elsewhere,
    subject: name,
    ...(trace.length > 0 ? { trace } : {}),
  };
}

function unlinkOf(runtime: Runtime, { opening }: Lifetime): Lifetime | null {
  const resource = RESOURCES.get(opening.name);
  return resource ? lifetimeOf(runtime, opening, { ...resource, close: ["unlink"] }) : null;
}

function problem(worst: Lifetime, open: Lifetime | null, linked: Lifetime | null): string {
  const method = worst === linked ? (open?.fate === "never" ? "`close` nor `unlink`" : "`unlink`") : "`close`";
  if (worst.fate === "happy") return `creates a block that misses its ${method} when something raises`;
  if (worst.fate === "early") return `opens a block that misses its ${method} on one way out of the function`;
  if (worst === linked)
    return open?.fate === "never"
      ? `creates a block that meets neither ${method}`
      : `creates a block that nothing unlinks: it misses its ${method}`;
  return `opens a block that nothing closes: it misses its ${method}`;
}
