import type { Binding, Scope } from "./module.ts";
import { dominates } from "./reaching.ts";
import type { Call, Expression, Name, Node, Statement } from "./syntax.ts";
import { isInside, within } from "./syntax.ts";
import { instance, object, union, type Value } from "./value.ts";

/** What narrowing needs of the inference. */
interface Names {
  values(expression: Expression): readonly Value[];
  bindings(name: Name): { bindings: readonly Binding[] };
  /** Whether objects of the first class are objects of the second. */
  derives(cls: Value & { kind: "object" }, base: Value & { kind: "object" }): boolean;
}

/** `isinstance(name, …)`. */
interface Test {
  call: Call;
  asked: Name;
  types: Expression;
}

/** Narrows what a name of a function stands for by the `isinstance` tests that hold at its place. */
export function narrowingOf({ values, bindings, derives }: Names) {
  const known = new WeakMap<Node, ReadonlyMap<string, readonly Test[]>>();

  const testsOf = (scope: Node): ReadonlyMap<string, readonly Test[]> => {
    let tests = known.get(scope);
    if (!tests) {
      tests = collect(scope);
      known.set(scope, tests);
    }
    return tests;
  };

  return (name: Name, scope: Scope, own: readonly Binding[], found: readonly Value[]): readonly Value[] => {
    if (scope.node.kind !== "function") return found;
    let narrowed = found;
    for (const test of testsOf(scope.node).get(name.id) ?? []) {
      if (test.asked === name || !holds(test.call, name)) continue;
      const there = bindings(test.asked).bindings;
      // Bound anew in between, the name was never tested.
      if (there.length !== own.length || there.some((binding) => !own.includes(binding))) continue;
      narrowed = narrow(narrowed, objectsOf(test.types));
    }
    return narrowed;
  };

  /** Only what is more than was known: an answer for nothing, the fitting ones of several, or a class below the known one. */
  function narrow(found: readonly Value[], types: readonly Value[]): readonly Value[] {
    if (types.length === 0) return found;
    const useful = found.filter(({ kind }) => kind !== "none");
    if (useful.length === 0) return types;
    const kept: Value[] = [];
    for (const value of useful) {
      if (value.kind !== "object") return found;
      if (types.some((type) => type.kind === "object" && derives(value, type))) kept.push(value);
      else kept.push(...types.filter((type) => type.kind === "object" && !value.exact && derives(type, value)));
    }
    return kept.length > 0 ? union(kept) : found;
  }

  function objectsOf(types: Expression): readonly Value[] {
    const asked = types.kind === "tuple" ? types.items.map(values) : [values(types)];
    // A class that is not known may be the one.
    if (asked.some((one) => one.length === 0)) return [];
    return asked.flat().flatMap((value): Value[] => {
      if (value.kind === "class") return [object(value.cls, false, value.doubt)];
      return value.kind === "library" && value.name.includes(".") ? [instance(value.name, value.doubt)] : [];
    });
  }
}

function collect(scope: Node): ReadonlyMap<string, readonly Test[]> {
  const tests = new Map<string, Test[]>();
  if (scope.kind !== "function") return tests;
  for (const call of scope.body.flatMap(within)) {
    if (call.kind !== "call" || call.callee.kind !== "name" || call.callee.id !== "isinstance") continue;
    const [asked, types] = call.args.map(({ value }) => value);
    if (asked?.kind !== "name" || !types) continue;
    const list = tests.get(asked.id) ?? [];
    list.push({ call, asked, types });
    tests.set(asked.id, list);
  }
  return tests;
}

/** Whether the test has come out true wherever `use` runs. */
function holds(test: Call, use: Name): boolean {
  let isTrue = true;
  for (let from: Node = test, at = test.parent; at; from = at, at = at.parent)
    switch (at.kind) {
      case "unary":
        if (at.op !== "not") return false;
        isTrue = !isTrue;
        break;
      case "boolean":
        if ((at.op === "and") !== isTrue) return false;
        if (from === at.left && isInside(use, at.right)) return true;
        break;
      case "assert":
        return isTrue && from === at.test && use.start > at.end && dominates(at, use);
      case "conditional":
        return from === at.test && isInside(use, isTrue ? at.body : at.orelse);
      case "branch": {
        if (from !== at.test) return false;
        if (isTrue) return at.body.some((statement) => isInside(use, statement));
        const { parent } = at;
        if (parent?.kind !== "if" || parent.branches.length !== 1) return false;
        if (parent.orelse.some((statement) => isInside(use, statement))) return true;
        return parent.orelse.length === 0 && leaves(at.body) && use.start > parent.end && dominates(parent, use);
      }
      default:
        return false;
    }
  return false;
}

/** Whether the block ends by leaving what is around it. */
function leaves(block: readonly Statement[]): boolean {
  const last = block.at(-1);
  return last !== undefined && /^(?:return|raise|continue|break)$/.test(last.kind);
}
