import type { Constant, Content } from "./constant.ts";
import {
  agreed,
  computed,
  isNone,
  isSequence,
  itemAt,
  keyed,
  number,
  operate,
  same,
  through,
  truthiness,
} from "./constant.ts";
import { attributesOf } from "./constant-attributes.ts";
import { libraryCallsOf } from "./constant-calls.ts";
import { definition } from "./definition.ts";
import type { Evaluation } from "./evaluation.ts";
import { doubted, isCertain, literal, place } from "./evaluation.ts";
import type { Inference } from "./infer.ts";
import type { Binding, Func, Module, Scope } from "./module.ts";
import { nodesOf, scopeAt } from "./module.ts";
import type {
  Call,
  Compare,
  Dict,
  Expression,
  FString,
  FunctionDef,
  Lambda,
  Name,
  Parameter,
  Sequence,
} from "./syntax.ts";
import { given, usesOf } from "./uses.ts";

/** Answers what expressions are worth. Answers are remembered; ask only after the inference has learned its arguments. */
export interface Constants {
  /** The value of the expression, or `null` if the program text does not say. */
  evaluate(expression: Expression): Constant | null;
  /** The value of a module's name at the end of its top level, re-exports included. */
  named(module: Module, name: string): Constant | null;
  /** The pieces of a text that are known, in order, for texts of which some parts are not; `null` if the expression is no such text. */
  pieces(expression: Expression): readonly string[] | null;
}

const DEEPEST = 120;
const MOST_STEPS = 5_000;
const MOST_CALLERS = 40;

/** Builds the answers over the inference. `counts` leaves out files (tests) whose calls and writes do not speak for the program. */
export function constantsOf(inference: Inference, counts: (path: string) => boolean = () => true): Constants {
  const uses = usesOf(inference, counts);
  const memo = new Map<Expression, Constant | null>();
  const active = new Set<unknown>();
  let steps = 0;
  let cuts = 0;

  /** Computes unless the question asks itself again or leads too far: then there is no answer. */
  const guarded = (key: unknown, compute: () => Constant | null): Constant | null => {
    if (active.size === 0) steps = 0;
    if (active.has(key) || active.size > DEEPEST || ++steps > MOST_STEPS) {
      cuts++;
      return null;
    }
    active.add(key);
    try {
      return compute();
    } finally {
      active.delete(key);
    }
  };

  const evaluate = (expression: Expression): Constant | null => {
    const known = memo.get(expression);
    if (known !== undefined) return known;
    const before = cuts;
    const found = guarded(expression, () => compute(expression));
    // What was cut short inside another question may be known when asked by itself.
    if (cuts === before || active.size === 0) memo.set(expression, found);
    return found;
  };

  const compute = (node: Expression): Constant | null => {
    switch (node.kind) {
      case "number":
        return Number.isNaN(node.value) ? null : literal(inference, node, { kind: "number", value: node.value });
      case "string":
        return node.bytes ? null : literal(inference, node, { kind: "string", value: node.value });
      case "constant":
        if (node.value === null) return literal(inference, node, { kind: "none", value: null });
        return node.value === "..." ? null : literal(inference, node, { kind: "boolean", value: node.value });
      case "tuple":
      case "list":
      case "set":
        return sequenceConstant(node);
      case "dict":
        return dictConstant(node);
      case "fstring":
        return textConstant(node);
      case "name":
        return nameConstant(node);
      case "attribute":
        return attributes.attribute(node);
      case "call":
        return callConstant(node);
      case "subscript": {
        const key = node.indices.length === 1 && node.indices[0] ? evaluate(node.indices[0]) : null;
        return key && keyed(evaluate(node.value), key);
      }
      case "binary": {
        const left = evaluate(node.left);
        const right = left && evaluate(node.right);
        return left && right ? calculated(node, operate(node.op, left, right), [left, right]) : null;
      }
      case "unary":
        return unaryConstant(node.op, node.operand, node);
      case "boolean":
        return node.op === "or" ? orConstant(node.left, node.right) : andConstant(node.left, node.right);
      case "compare":
        return compareConstant(node);
      case "conditional":
        return conditionalConstant(node.test, node.body, node.orelse);
      case "walrus":
        return evaluate(node.value);
      default:
        return null;
    }
  };

  const calculated = (node: Expression, content: Content | null, parts: readonly Constant[]): Constant | null =>
    content && computed(content, parts, place(inference, node, "literal"));

  const sequenceConstant = (node: Sequence): Constant | null => {
    const items: (Constant | null)[] = [];
    for (const item of node.items) {
      if (item.kind !== "starred") items.push(evaluate(item));
      else {
        const inner = evaluate(item.value);
        if (!inner || !isSequence(inner)) return null;
        items.push(...inner.value);
      }
    }
    return literal(inference, node, { kind: node.kind, value: items });
  };

  const dictConstant = (node: Dict): Constant => {
    const items = new Map<string | number | boolean, Constant | null>();
    node.values.forEach((value, i) => {
      const key = node.keys[i];
      if (!key) {
        // What is spread here may overwrite every key before it.
        const spread = evaluate(value);
        if (spread?.kind === "dict") for (const [name, item] of spread.value) items.set(name, item);
        else for (const name of items.keys()) items.set(name, null);
        return;
      }
      const name = evaluate(key);
      if (name?.kind === "string" || name?.kind === "number" || name?.kind === "boolean")
        items.set(name.value, evaluate(value));
    });
    return literal(inference, node, { kind: "dict", value: items });
  };

  const textConstant = (node: FString): Constant | null => {
    const parts: Constant[] = [];
    let text = "";
    for (const part of node.parts) {
      const piece = pieceOf(part);
      if (piece === null) return null;
      text += piece.text;
      if (piece.constant) parts.push(piece.constant);
    }
    return calculated(node, { kind: "string", value: text }, parts);
  };

  /** A literal part of an f-string, or a hole whose value is known and that is written without a format. */
  const pieceOf = (part: Expression): { text: string; constant: Constant | null } | null => {
    const { text } = inference.moduleOf(part);
    if (part.kind === "string" && part.parent?.kind === "fstring" && !/["']/.test(text[part.start] ?? ""))
      return { text: part.value.replaceAll("{{", "{").replaceAll("}}", "}"), constant: null };
    const constant = evaluate(part);
    if (!constant || (constant.kind !== "string" && constant.kind !== "number")) return null;
    if (part.kind !== "string" && !/^[\s)]*\}/.test(text.slice(part.end, part.end + 20))) return null;
    return { text: String(constant.value), constant };
  };

  const unaryConstant = (op: string, operand: Expression, node: Expression): Constant | null => {
    const inner = evaluate(operand);
    if (!inner) return null;
    if (op === "not") {
      const truth = truthiness(inner);
      return calculated(node, truth === null ? null : { kind: "boolean", value: !truth }, [inner]);
    }
    if (op === "-" && inner.kind === "number")
      return calculated(node, { kind: "number", value: -inner.value }, [inner]);
    if (op === "-") return calculated(node, operate("-", { kind: "number", value: 0 }, inner), [inner]);
    return op === "+" && number(inner) ? inner : null;
  };

  const orConstant = (left: Expression, right: Expression): Constant | null => {
    const first = evaluate(left);
    const truth = first && truthiness(first);
    if (first && truth === true) return first;
    // A variable that has no default is read here because it may be unset.
    if (!first && library.readsVariable(left)) return standingIn(evaluate(right), left);
    const second = evaluate(right);
    if (first && truth === false) return second && { ...second, doubt: Math.max(first.doubt, second.doubt) };
    return agreed([first, second]);
  };

  const andConstant = (left: Expression, right: Expression): Constant | null => {
    const first = evaluate(left);
    const truth = first && truthiness(first);
    if (!first || truth === null) return null;
    if (!truth) return first;
    const second = evaluate(right);
    return second && { ...second, doubt: Math.max(first.doubt, second.doubt) };
  };

  /** The value that stands in where the environment variable read at `read` is unset. */
  const standingIn = (constant: Constant | null, read: Expression): Constant | null =>
    constant && through(constant, place(inference, read, "environment", library.variableWords(read)), 1);

  const compareConstant = (node: Compare): Constant | null => {
    const [op] = node.ops;
    const [a, b] = node.operands.map(evaluate);
    if (node.ops.length !== 1 || !a || !b) return null;
    const result = compared(op ?? "", a, b);
    return calculated(node, result === null ? null : { kind: "boolean", value: result }, [a, b]);
  };

  const conditionalConstant = (test: Expression, body: Expression, orelse: Expression): Constant | null => {
    const condition = evaluate(test);
    const truth = condition && truthiness(condition);
    // The environment decides about the run, so neither branch can be ruled out.
    if (!condition || truth === null || condition.origin.some(({ by }) => by === "environment"))
      return agreed([evaluate(body), evaluate(orelse)]);
    const chosen = evaluate(truth ? body : orelse);
    return chosen && { ...chosen, doubt: Math.max(chosen.doubt, condition.doubt) };
  };

  // Names

  const nameConstant = (name: Name): Constant | null => {
    const module = inference.moduleOf(name);
    const { bindings, scope } = inference.bindings(name);
    if (!scope) return starred(module, name.id);
    const own = scopeAt(module, name) === scope;
    if (scope.node.kind === "module" && !own) return named(scope.module, name.id);
    if (uses.augmented(scope, name.id)) return null;
    const all = scope.names.get(name.id) ?? [];
    // A comprehension's own variable.
    if (bindings.some((binding) => !all.includes(binding))) return null;
    const foreign = all.some((binding) => !isDirect(binding, scope));
    const found = foreign ? all : own ? bindings : lasting(bindings, scope);
    return alternatives(found, name.id);
  };

  const named = (module: Module, name: string): Constant | null => {
    const bindings = module.scope.names.get(name);
    if (!bindings) return starred(module, name);
    return guarded(`${module.path}:${name}`, () => {
      if (uses.augmented(module.scope, name)) return null;
      const found = alternatives(lasting(bindings, module.scope), name);
      return attributes.withWrites(found, name, (owner) => owner.kind === "module" && owner.module === module);
    });
  };

  /** A name that only `from … import *` can bring. */
  const starred = (module: Module, name: string): Constant | null => {
    for (const { module: source, level } of module.scope.stars) {
      const at: Binding = {
        kind: "from",
        module: source,
        level,
        name,
        typeOnly: false,
        at: module.tree,
        start: 0,
      };
      if (inference.exported(at)) return bindingConstant(at, name);
    }
    return null;
  };

  /** The bindings that hold once the scope's body has run: the last certain one, uncertain ones after it, and those from other bodies. */
  const lasting = (bindings: readonly Binding[], scope: Scope): readonly Binding[] => {
    const inOrder = [...bindings].sort((a, b) => a.start - b.start);
    const last = inOrder.findLast(
      (binding) => isDirect(binding, scope) && binding.kind !== "annotation" && isCertain(binding.at),
    );
    return inOrder.filter((binding) => !isDirect(binding, scope) || !last || binding.start >= last.start);
  };

  const alternatives = (bindings: readonly Binding[], name: string): Constant | null => {
    const real = bindings.filter(
      (binding) =>
        binding.kind !== "annotation" && !((binding.kind === "from" || binding.kind === "import") && binding.typeOnly),
    );
    const found = real.map((binding) => bindingConstant(binding, name));
    if (!real.some((binding) => repairs(binding, name))) return agreed(found);
    // `if x is None: x = 4` replaces what was `None` before.
    const repaired = agreed(found.filter((one) => !isNone(one)));
    return repaired && { ...repaired, doubt: Math.max(...found.map((one) => one?.doubt ?? 0)) };
  };

  const bindingConstant = (binding: Binding, name: string): Constant | null => {
    switch (binding.kind) {
      case "value": {
        const found = itemAt(evaluate(binding.value), binding.path);
        return found && unlessChanged(through(found, place(inference, binding.at, "constant")), name);
      }
      case "from": {
        const target = inference.exported(binding);
        return target && named(target.module, binding.name);
      }
      case "parameter":
        return parameterConstant(binding.node, binding.owner);
      default:
        return null;
    }
  };

  /** A list or dict, as far as nothing in the project changes what has this name. */
  const unlessChanged = (constant: Constant, name: string): Constant | null => {
    if (constant.kind !== "list" && constant.kind !== "set" && constant.kind !== "dict") return constant;
    const changes = uses.mutations(name);
    if (changes.length === 0) return constant;
    if (constant.kind !== "dict" || changes.some(({ key }) => key === null)) return null;
    const items = new Map(constant.value);
    for (const { key, value } of changes) {
      if (key === null) continue;
      const set = value && evaluate(value);
      items.set(key, items.has(key) ? agreed([items.get(key) ?? null, set]) : set);
    }
    return { ...constant, value: items };
  };

  // Parameters and functions

  const parameterConstant = (param: Parameter, owner: FunctionDef | Lambda): Constant | null => {
    const func = inference.moduleOf(param).byNode.get(owner);
    if (!func || param.stars !== 0) return null;
    // Who a framework calls, gets what the framework finds.
    if (isCalledFromOutside(func)) return null;
    const calls = uses.calls(func);
    const words = `the default of \`${param.name}\` of \`${owner.kind === "lambda" ? "lambda" : owner.name}\``;
    const fallback = (): Constant | null => {
      const found = param.default && evaluate(param.default);
      return found && through(found, place(inference, param, "default", words));
    };
    if (calls.length > MOST_CALLERS) return null;
    if (calls.length === 0) return doubted(fallback());
    return doubted(
      agreed(
        calls.map((one) => {
          const passed = given(one, func.params, param);
          if (passed === "unknown") return null;
          if (passed === "default") return fallback();
          const found = evaluate(passed);
          return found && through(found, place(inference, one.call, "argument"));
        }),
      ),
    );
  };

  /** Whether a decorator hands the function to code that we do not see. */
  const isCalledFromOutside = ({ node }: Func): boolean =>
    node.kind === "function" &&
    node.decorators.some((one) => {
      const values = inference.values(one.kind === "call" ? one.callee : one);
      return (
        values.length === 0 || values.some((value) => value.kind === "library" && !KEEPS_PARAMETERS.test(value.name))
      );
    });

  const returned = (func: Func): Constant | null => {
    if (func.node.kind === "lambda") return evaluate(func.node.body);
    if (func.node.kind === "module" || func.isAsync || func.isGenerator) return null;
    const decoration = inference.decoration(func);
    if (decoration.project.length > 0 || decoration.abstract || decoration.manager) return null;
    const { name } = func.node;
    if (func.cls && inference.subclasses(func.cls).some((cls) => cls.methods.has(name))) return null;
    return guarded(func, () => agreed(nodesOf(func, "return").map((node) => node.value && evaluate(node.value))));
  };

  // Calls

  const callConstant = (call: Call): Constant | null => {
    const duration =
      call.callee.kind === "attribute" && call.callee.attr === "total_seconds" ? evaluate(call.callee.value) : null;
    if (duration?.kind === "duration") return { ...duration, kind: "number" };
    const functions = inference.values(call.callee).flatMap((value) => (value.kind === "function" ? [value.func] : []));
    // `@overload` only declares.
    const real = functions.filter((func) => !inference.decoration(func).abstract);
    if (functions.length > 0) return agreed(real.map((func) => library.ownReader(func, call) ?? returned(func)));
    return agreed(
      inference
        .names(call.callee)
        .map(({ name }) => (name === "getattr" ? attributes.dynamic(call) : library.result(name, call))),
    );
  };

  const pieces = (expression: Expression): readonly string[] | null => {
    const whole = evaluate(expression);
    if (whole) return whole.kind === "string" ? [whole.value] : null;
    const node = definition(inference, expression);
    if (node.kind === "fstring") return node.parts.flatMap((part) => pieceOf(part)?.text ?? []);
    if (node.kind !== "binary" || node.op !== "+") return null;
    const [left, right] = [pieces(node.left), pieces(node.right)];
    return left || right ? [...(left ?? []), ...(right ?? [])] : null;
  };

  const evaluation: Evaluation = {
    inference,
    uses,
    counts,
    evaluate,
    named,
    settled: (bindings, scope, name) =>
      guarded(`${scope.module.path}:${scope.node.start}:${name}`, () => alternatives(lasting(bindings, scope), name)),
    returned,
    unlessChanged,
  };
  const library = libraryCallsOf(evaluation);
  const attributes = attributesOf(evaluation);
  return { evaluate, named, pieces };
}

/** Whether the binding is made by the scope's own body, not through `global` or `nonlocal`. */
function isDirect(binding: Binding, scope: Scope): boolean {
  return binding.kind === "parameter" || scopeAt(scope.module, binding.at) === scope;
}

/** Whether the binding stands under `if name is None` or `if not name`. */
function repairs({ at }: Binding, name: string): boolean {
  const { parent } = at;
  if (parent?.kind !== "branch") return false;
  const { test } = parent;
  if (test.kind === "unary") return test.op === "not" && test.operand.kind === "name" && test.operand.id === name;
  const [left, right] = test.kind === "compare" ? test.operands : [];
  return (
    test.kind === "compare" &&
    test.ops.length === 1 &&
    (test.ops[0] === "is" || test.ops[0] === "==") &&
    left?.kind === "name" &&
    left.id === name &&
    right?.kind === "constant" &&
    right.value === null
  );
}

function compared(op: string, a: Content, b: Content): boolean | null {
  if (op === "is" || op === "is not") {
    if (!isNone(a) && !isNone(b)) return null;
    return (isNone(a) && isNone(b)) === (op === "is");
  }
  if (op === "==" || op === "!=") return a.kind === "cpus" || a.kind !== b.kind ? null : same(a, b) === (op === "==");
  if (a.kind !== "number" || b.kind !== "number") return null;
  switch (op) {
    case "<":
      return a.value < b.value;
    case "<=":
      return a.value <= b.value;
    case ">":
      return a.value > b.value;
    case ">=":
      return a.value >= b.value;
    default:
      return null;
  }
}

/** Decorators after which the parameters still come from the project's own calls. */
const KEEPS_PARAMETERS =
  /^(?:staticmethod|classmethod|property|functools\.\w+|contextlib\.\w+|abc\.\w+|typing\.\w+|.*cached_property)$/;
