import type { Expression } from "../python/syntax.ts";
import { enclosing, isInside } from "../python/syntax.ts";
import { type LostCoroutine, lostCoroutines } from "../runtime/coroutines/lost-coroutines.ts";
import { shortName } from "./hops.ts";
import type { Detection, Related, Repair, Rule } from "./rule.ts";
import { calleeWords, code, quoted } from "./words.ts";

export const coroutineNeverAwaited: Rule = {
  id: "coroutine-never-awaited",
  title: "Coroutine that is never awaited",
  severity: "error",
  group: "Event loop",
  why: "Calling a coroutine function only makes a coroutine: until it is awaited nothing of its body runs, and as a value it is always true.",
  instead: "Await it, or give it to something that does: `asyncio.create_task`, `asyncio.gather`, `asyncio.run`.",
  bad: `
import asyncio


async def save(record):
    await asyncio.sleep(1)


async def handler(record):
    save(record)
`,
  good: `
import asyncio


async def save(record):
    await asyncio.sleep(1)


async def handler(record):
    await save(record)
`,
  *detect(runtime) {
    for (const lost of lostCoroutines(runtime)) yield detection(lost);
  },
};

function detection(lost: LostCoroutine): Detection {
  const { func, call, coroutine, doubt } = lost;
  const fix = repair(lost);
  const base = { func, at: call, message: message(lost), instead: advice(lost), trace: trace(lost), doubt };
  return { ...base, subject: coroutine.name, ...(fix && { repair: fix }) };
}

function message({ func, call, coroutine, fate }: LostCoroutine): string {
  const { module } = func;
  const thing = coroutine.eager ? "future" : "coroutine";
  const what = coroutine.func ? code(module, call.callee) : calleeWords(module, call.callee, coroutine.name);
  switch (fate.kind) {
    case "dropped":
      return fate.name === null || fate.name === "_"
        ? `${what} is never awaited: nothing of it runs`
        : `${what} is never awaited: ${quoted(fate.name)} holds its coroutine, and nothing of it runs`;
    case "asked":
      return `${what} is not awaited: a ${thing} has no ${quoted(`.${fate.attribute}`)}`;
    case "used":
      return `${what} is not awaited: ${MISUSES[fate.as].replace("coroutine", thing)}`;
    case "kept":
      return `${what} is not awaited: a coroutine is no context manager`;
  }
}

const MISUSES = {
  condition: "a coroutine is always true",
  comparison: "the comparison sees a coroutine, not its result",
  item: "a coroutine has no items",
  iteration: "a coroutine cannot be iterated",
  text: "the text shows a coroutine, not its result",
  operand: "the operator gets a coroutine, not its result",
  argument: "the function around it gets a coroutine, not its result",
  entered: "a coroutine is no context manager",
  unpacked: "a coroutine cannot be unpacked",
  called: "a coroutine cannot be called",
} as const;

function advice({ func, call, fate }: LostCoroutine): string {
  const written = code(func.module, call).slice(1, -1);
  if (!func.isAsync)
    return `Make ${quoted(shortName(func))} async and await it, or run it with \`asyncio.run\`, from another thread with \`asyncio.run_coroutine_threadsafe\`.`;
  return fate.kind === "dropped"
    ? `Await it, or let it run beside this code in a task that you keep: \`asyncio.create_task(${written})\`.`
    : `Await it first: \`await ${written}\`.`;
}

/** The definition (making it async breaks callers that nobody touched), and the use of a name. */
function trace({ func, call, coroutine, fate }: LostCoroutine): Related[] {
  const found: Related[] = [];
  if (coroutine.func) {
    const { module, node } = coroutine.func;
    found.push({ module, at: node, message: `${quoted(shortName(coroutine.func))} makes a coroutine` });
  }
  if (fate.kind !== "dropped" && !isInside(call, fate.at) && !isInside(fate.at, call))
    found.push({ module: func.module, at: fate.at, message: "its coroutine is used here" });
  return found;
}

/** `await` goes in front; an attribute or item of the result needs parentheses. */
function repair({ func, call, doubt }: LostCoroutine): Repair | null {
  const lazy = enclosing(
    call,
    (node): node is Expression => node.kind === "comprehension" && node.flavour === "generator",
  );
  if (!func.isAsync || doubt > 0 || lazy) return null;
  const { parent } = call;
  if (parent && /^(?:assign|walrus|call|withitem)$/.test(parent.kind)) return null;
  if (parent?.kind === "attribute" && parent.parent?.kind === "call") return null; // may be a coroutine again
  const isInner = parent?.kind === "attribute" || (parent?.kind === "subscript" && parent.value === call);
  const edits = [{ start: call.start, end: call.start, text: isInner ? "(await " : "await " }];
  if (isInner) edits.push({ start: call.end, end: call.end, text: ")" });
  return { title: "Await it", edits };
}
