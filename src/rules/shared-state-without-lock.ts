import { type Conflict, conflictsOf } from "../runtime/state/conflicts.ts";
import { lockWords } from "../runtime/state/locks.ts";
import { variableId } from "../runtime/state/state.ts";
import type { Detection, Related, Rule } from "./rule.ts";
import { code, quoted } from "./words.ts";

export const sharedStateWithoutLock: Rule = {
  id: "shared-state-without-lock",
  title: "State that several threads change without a lock",
  severity: "warning",
  group: "Threads",
  why: "A thread can be interrupted between reading a value and writing it back: what another thread wrote meanwhile is lost, or was never expected.",
  instead: "Hold one `threading.Lock` from the read to the write, or let each thread return its result.",
  bad: `
from concurrent.futures import ThreadPoolExecutor

total = 0


def add(text):
    global total
    total += len(text.split())


def count(texts):
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(add, texts))
    return total
`,
  good: `
from concurrent.futures import ThreadPoolExecutor


def words(text):
    return len(text.split())


def count(texts):
    with ThreadPoolExecutor(max_workers=4) as pool:
        return sum(pool.map(words, texts))
`,
  *detect(runtime) {
    for (const conflict of conflictsOf(runtime, "thread")) yield detection(conflict);
  },
};

function detection(conflict: Conflict): Detection {
  const { func, at, variable, useless } = conflict;
  return {
    func,
    at,
    message: `${said(conflict)}${useless ? `; ${quoted(lockWords(useless))} ${uselessWords(conflict)}` : ""}`,
    instead: advice(conflict),
    trace: traceOf(conflict),
    doubt: conflict.doubt,
    subject: variable.name,
    cause: variableId(variable),
  };
}

function said({ func, at, variable, effect, strand, other }: Conflict): string {
  const name = code(func.module, at);
  const both = strand === other ? "several threads run this at once" : "two threads do this at once";
  switch (effect) {
    case "iterated":
      return `${name} changes ${quoted(variable.name)} while another thread may be iterating over it`;
    case "claim":
    case "remove":
      return `${name} relies on a test that another thread may pass at the same time: ${both} without a lock`;
    case "fill":
    case "cache":
      return `two threads may both find ${name} missing and make it: ${both} without a lock`;
    default:
      return `${name} is read and written back without a lock, and ${both}`;
  }
}

function uselessWords({ useless }: Conflict): string {
  return useless?.fresh
    ? "is a new lock each time and keeps no thread out"
    : "keeps tasks of one event loop apart, not threads";
}

function advice({ effect, variable }: Conflict): string {
  switch (effect) {
    case "iterated":
      return `Hold one \`threading.Lock\` around the change and around the loop, or iterate over a copy made under it: \`list(${variable.name})\`.`;
    case "claim":
      return "Hold one `threading.Lock` around the test and the write, or use an operation that does both, such as `dict.setdefault`.";
    case "remove":
      return "Hold one `threading.Lock` around the test and the removal, or just remove and expect that it may be gone: `pop(key, None)`.";
    default:
      return "Hold one `threading.Lock` from the read to the write, or let each thread return its result and add up at the end.";
  }
}

/** Where the threads start, what is read, and where the other thread does it. */
export function traceOf({ func, read, strand, other, pause }: Conflict): Related[] {
  const found: Related[] = [];
  for (const one of strand === other ? [strand] : [strand, other])
    found.push({ module: one.func.module, at: one.at, message: one.words });
  found.push({ module: read.func.module, at: read.node, message: `${code(read.func.module, read.node)} is read here` });
  if (pause) {
    const module = read.func === func ? func.module : read.func.module;
    found.push({ module, at: pause, message: "other tasks run here" });
  }
  return found;
}
