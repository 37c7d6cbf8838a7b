import type { ResourceKind } from "../knowledge/resources.ts";
import { type Class, type Func, sourceOf } from "../python/module.ts";
import type { Node } from "../python/syntax.ts";
import type { Repetition } from "../runtime/effects/repetition.ts";
import { type Lifetime, lifetimesOf } from "../runtime/lifetimes/lifetimes.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Related } from "./rule.ts";
import { calleeWords, code } from "./words.ts";

/** Everything of the wanted kinds that some way leaves open; what is kept in one attribute is told once. */
export function* leftOpen(runtime: Runtime, kinds: readonly ResourceKind[]): Generator<Lifetime> {
  const told = new Map<Class, Set<string>>();
  const places = new Set<Node>();
  for (const lifetime of lifetimesOf(runtime)) {
    const { opening, kept, place } = lifetime;
    if (!kinds.includes(opening.resource.kind) || !leavesOpen(runtime, lifetime)) continue;
    if (places.has(place)) continue;
    places.add(place);
    if (kept) {
      const names = told.get(kept.cls) ?? new Set();
      if (names.has(kept.name)) continue;
      told.set(kept.cls, names.add(kept.name));
    }
    yield lifetime;
  }
}

/** Whether some way leaves it open. In tests only what is plainly forgotten counts: the process ends soon. */
export function leavesOpen(runtime: Runtime, { opening, fate }: Lifetime): boolean {
  if (!runtime.target.isTest(opening.func.module.path)) return fate === "never" || fate === "early" || fate === "happy";
  return fate === "never" && opening.via === null && !isPatched(opening.func);
}

/** Tests put something else in the place of what they call. */
function isPatched(func: Func): boolean {
  return func.nodes.some(
    (node) => (node.kind === "name" && PATCHES.test(node.id)) || (node.kind === "attribute" && PATCHES.test(node.attr)),
  );
}

const PATCHES = /^(?:mock|mocker|patch|monkeypatch|Mock|MagicMock|AsyncMock)$/;

/** The call that opens it, as written. */
export function openedWords({ opening: { func, call, name, via } }: Lifetime): string {
  return via ? code(func.module, call.callee) : calleeWords(func.module, call.callee, name);
}

/** The way that leaves it open, where it is closed, and the constructor behind a function that made it. */
export function wayOut({ opening, fate, out, end }: Lifetime): Related[] {
  const { module } = opening.func;
  const trace: Related[] = [];
  if (opening.via) {
    const { func, call, name } = opening.via;
    trace.push({
      module: func.module,
      at: call,
      message: `made here by ${calleeWords(func.module, call.callee, name)}`,
    });
  }
  if (out)
    trace.push({
      module,
      at: out,
      message: fate === "happy" ? "if this raises, it stays open" : "this way leaves it open",
    });
  if (end) trace.push({ module, at: end, message: "closed only here" });
  return trace;
}

/** Why the code runs again and again, from the request or loop down. */
export function repetitionTrace(repetition: Repetition): Related[] {
  return repetition.trace.map(({ module, at, message }) => ({ module, at, message }));
}

/** How often it is made. */
export function oftenWords({ kind, label }: Repetition): string {
  if (kind === "item") return "for every item of a loop";
  return /task|actor|job/i.test(label) ? `every time the ${label} runs` : `for every request (${label})`;
}

/** The call that opens it in the words of advice: `sqlite3.connect(…)`, or the project's own function. */
export function callWords({ opening: { func, call, name, via } }: Lifetime): string {
  return `${via ? sourceOf(func.module, call.callee) : name}(…)`;
}
