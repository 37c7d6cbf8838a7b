import type { Binding, Class, Func, Scope } from "../../python/module.ts";
import type { Attribute, Call, Expression, Name, Node, Parameter } from "../../python/syntax.ts";
import { isInside, within } from "../../python/syntax.ts";
import { matchArguments } from "../graph/callables.ts";
import type { Site } from "../graph/callgraph.ts";
import type { Runtime } from "../runtime.ts";
import type { Variable } from "./state.ts";

/** Whether several runs of a strand see one object, or each run its own. */
export type Status = "shared" | "own" | "unknown";

/** What a parameter gets: an expression of the starter's, another object for each run, or nobody knows. */
export type Given = Expression | Status;

/** The part of a strand that decides what its runs share. */
export interface Start {
  /** The body that starts the runs, and what in it makes several of them: names bound inside are each run's own. */
  func: Func;
  loop: Node;
  /** The runs that the starting body itself is part of, where each of those starts one of these. */
  parent: { ownership: Ownership; reach: { has(func: Func): boolean } } | null;
  /** Whether the starting body is called again and again, with other arguments. */
  calledAgain: boolean;
}

/** Says what the runs of one strand share. */
export interface Ownership {
  /** The starter passes this to a parameter of the root. */
  give(param: Parameter, given: Given): void;
  /** Ask when the strand has been followed to its end. */
  of(expression: Expression, func: Func): Status;
  ofVariable(variable: Variable, func: Func): Status;
  /** What names the object within the program, for objects of several strands to be compared; `null` if nobody knows. */
  nameOf(expression: Expression, func: Func): ObjectName | null;
}

/** The way to an object: from a variable of a module or function, or from the object (of class `self`) whose method starts it all. */
export interface ObjectName {
  self: Class | null;
  path: string;
}

/** Follows objects from the start of a strand through its calls. `reach` may still grow until the first question. */
export function ownershipOf(runtime: Runtime, start: Start, reach: { has(func: Func): boolean }): Ownership {
  const { graph, inference, origins } = runtime;
  const given = new Map<Parameter, Given[]>();
  const memo = new Map<Parameter, Status>();
  const active = new Set<Node>();

  const ownerOfParam = (param: Parameter): Func | null => {
    const { parent } = param;
    if (parent?.kind !== "function" && parent?.kind !== "lambda") return null;
    return inference.moduleOf(param).byNode.get(parent) ?? null;
  };

  const isSelfOf = (func: Func, param: Parameter): boolean =>
    func.cls !== null && func.params[0] === param && !inference.decoration(func).static;

  /** What the callers within the strand pass to a parameter. */
  const passedTo = (param: Parameter): Status[] => {
    const func = ownerOfParam(param);
    if (!func) return [];
    const isSelf = isSelfOf(func, param);
    return graph.callers(func).flatMap(({ site }): Status[] => {
      if (!reach.has(site.func)) return [];
      const bound = func.cls && !inference.decoration(func).static ? receiver(site, func) : null;
      if (isSelf && bound) return [typeof bound === "string" ? bound : of(bound, site.func)];
      if (site.node.kind !== "call") return ["unknown"];
      const pair = matchArguments(site.node, func, bound !== null).find(([one]) => one === param);
      return pair ? [of(pair[1], site.func)] : [];
    });
  };

  /** The object whose method a site runs. */
  const receiver = (site: Site, func: Func): Given | null => {
    const { node } = site;
    switch (node.kind) {
      case "attribute":
        return node.value;
      case "withitem":
        return objectBehind(node.context, func);
      case "for":
      case "clause":
        return objectBehind(node.iter, func);
      case "call": {
        const values = inference.values(node.callee);
        if (values.some((value) => value.kind === "class")) return "own";
        const method = values.find((value) => value.kind === "function" && value.self !== null);
        if (method && node.callee.kind === "attribute") {
          const { value } = node.callee;
          return isSuper(value) ? selfOf(site.func) : value;
        }
        return values.some((value) => value.kind === "function" && value.func === func) ? null : "unknown";
      }
      default:
        return "unknown";
    }
  };

  /** The object whose method a body of code belongs to. */
  const selfOf = (func: Func): Given => {
    for (let at: Func | null = func; at; at = at.parent) {
      const [self] = at.params;
      if (at.cls && self) return paramStatus(self);
    }
    return "unknown";
  };

  /** `with shop.order()`: the shop, if that is the method which runs; what it gives, if that is the object that is entered. */
  const objectBehind = (expression: Expression, func: Func): Expression => {
    if (expression.kind !== "call" || expression.callee.kind !== "attribute") return expression;
    const values = inference.values(expression.callee);
    return values.some((value) => value.kind === "function" && value.func === func)
      ? expression.callee.value
      : expression;
  };

  const paramStatus = (param: Parameter): Status => {
    const known = memo.get(param);
    if (known) return known;
    if (active.has(param)) return "own";
    active.add(param);
    const status = joined([
      ...(given.get(param) ?? []).map((one) => (typeof one === "string" ? one : outside(one))),
      ...passedTo(param),
    ]);
    active.delete(param);
    memo.set(param, status);
    return status;
  };

  const of = (expression: Expression, func: Func): Status => {
    switch (expression.kind) {
      case "name":
        return nameStatus(expression, func);
      case "attribute":
        return attributeStatus(expression, (one) => of(one, func));
      case "call":
        return callStatus(expression, (one) => of(one, func));
      case "subscript":
        return of(expression.value, func);
      case "await":
      case "starred":
      case "walrus":
        return of(expression.value, func);
      case "conditional":
        return joined([of(expression.body, func), of(expression.orelse, func)]);
      case "boolean":
        return joined([of(expression.left, func), of(expression.right, func)]);
      default:
        return "own";
    }
  };

  const nameStatus = (name: Name, func: Func): Status => {
    if (active.has(name)) return "own";
    const { bindings, scope } = inference.bindings(name);
    const owner = ownerOf(scope);
    if (owner === null) return scope ? "shared" : "unknown";
    if (owner !== func && !reach.has(owner)) return outside(name);
    active.add(name);
    const status = joined(bindings.map((binding) => boundStatus(binding, owner)));
    active.delete(name);
    return status;
  };

  /** The function whose local a name is; `null` for names of modules and classes. */
  const ownerOf = (scope: Scope | null): Func | null =>
    scope && scope.node.kind !== "module" && scope.node.kind !== "class"
      ? (scope.module.byNode.get(scope.node) ?? null)
      : null;

  const boundStatus = (binding: Binding, func: Func): Status => {
    switch (binding.kind) {
      case "parameter":
        return paramStatus(binding.node);
      case "value":
        return of(binding.value, func);
      case "iteration":
        return of(binding.iter, func);
      case "entered":
        return of(binding.context, func);
      case "function":
      case "class":
        return "own";
      case "import":
      case "from":
        return "shared";
      default:
        return "unknown";
    }
  };

  const attributeStatus = ({ value, attr }: Attribute, status: (expression: Expression) => Status): Status => {
    const owners = inference.values(value);
    if (owners.some((owner) => owner.kind === "module" || owner.kind === "class")) return "shared";
    const own = status(value);
    if (own !== "own") return own;
    const kinds = owners.flatMap((owner) => (owner.kind === "object" ? [keptStatus(owner.cls, attr)] : []));
    return kinds.length > 0 ? joined(kinds) : "unknown";
  };

  /** What an object of one run keeps: its own if it made it, everybody's if the class did. */
  const keptStatus = (cls: Class, attr: string): Status => {
    for (const one of inference.ancestry(cls)) {
      const bindings = one.attributes.get(attr);
      if (!bindings) continue;
      // Annotated names of a class body are mostly fields that each object gets for itself.
      if (bindings.every(({ at }) => at.parent === one.node))
        return bindings.some(({ annotation }) => annotation !== null) ? "unknown" : "shared";
      const made = bindings.filter(({ at }) => at.parent !== one.node);
      return made.every(({ value }) => value !== null && isMaking(value)) ? "own" : "unknown";
    }
    return "unknown";
  };

  const isMaking = (value: Expression): boolean =>
    value.kind !== "name" &&
    value.kind !== "attribute" &&
    value.kind !== "boolean" &&
    value.kind !== "conditional" &&
    (value.kind !== "call" || callStatus(value, () => "unknown") === "own");

  const callStatus = (call: Call, status: (expression: Expression) => Status): Status => {
    const values = inference.values(call.callee);
    if (values.some((value) => value.kind === "class")) return "own";
    if (values.some((value) => value.kind === "function" && inference.decoration(value.func).cached)) return "shared";
    const made = origins.of(call).filter(({ expression }) => expression !== call);
    if (made.some(({ holder }) => holder?.kind === "global")) return "shared";
    if (made.length > 0)
      return joined(
        made.map(({ holder, expression }) =>
          holder?.kind === "attribute" || !isMaking(expression) ? "unknown" : "own",
        ),
      );
    if (call.callee.kind === "attribute" && /^(?:get|setdefault|pop)$/.test(call.callee.attr))
      return status(call.callee.value);
    return values.some((value) => value.kind === "library") ? "own" : "unknown";
  };

  /** The status of an expression of the body that starts the runs, or of one around it. */
  const outside = (expression: Expression): Status => {
    const { parent } = start;
    if (parent) return parent.ownership.of(expression, start.func);
    return activation(expression);
  };

  /** Within one run of the starting body everything outside the loop is there once, whatever is made inside each time anew. */
  const activation = (expression: Expression): Status => {
    switch (expression.kind) {
      case "name": {
        const { bindings, scope } = inference.bindings(expression);
        if (active.has(expression)) return "own";
        active.add(expression);
        const status = joined(bindings.map((binding) => activationBinding(binding, scope)));
        active.delete(expression);
        return status;
      }
      case "attribute":
        return attributeStatus(expression, activation);
      case "subscript":
        return expression.indices.some(dependsOnLoop) ? "own" : activation(expression.value);
      case "call":
        return callStatus(expression, activation);
      case "await":
      case "starred":
      case "walrus":
        return activation(expression.value);
      case "conditional":
        return joined([activation(expression.body), activation(expression.orelse)]);
      case "boolean":
        return joined([activation(expression.left), activation(expression.right)]);
      default:
        return "own";
    }
  };

  const activationBinding = (binding: Binding, scope: Scope | null): Status => {
    const owner = ownerOf(scope);
    if (owner === null) return "shared";
    if (isInside(binding.at, start.loop)) return binding.kind === "value" ? activation(binding.value) : "own";
    if (isRebound(binding, scope)) return "unknown";
    if (!start.calledAgain || owner !== start.func) return "shared";
    if (binding.kind === "parameter" && owner.cls && owner.params[0] === binding.node) return "shared";
    return binding.kind === "value" ? activation(binding.value) : "unknown";
  };

  const dependsOnLoop = (index: Expression): boolean =>
    [index, ...within(index)].some(
      (node) =>
        node.kind === "name" && inference.bindings(node).bindings.some((binding) => isInside(binding.at, start.loop)),
    );

  const ofVariable = (variable: Variable, func: Func): Status => {
    switch (variable.kind) {
      case "global":
        return "shared";
      case "attribute": {
        const owners = inference.values(variable.owner);
        if (owners.some((owner) => owner.kind === "class" || owner.kind === "module")) return "shared";
        return of(variable.owner, func);
      }
      case "closure":
        if (reach.has(variable.func)) return "own";
        if (start.parent) return start.parent.reach.has(variable.func) ? "own" : "unknown";
        return start.calledAgain && isInside(variable.func.node, start.func.node) ? "own" : "shared";
    }
  };

  const nameOf = (expression: Expression, func: Func, depth = 0): ObjectName | null => {
    if (depth > 10) return null;
    if (expression.kind === "attribute") return memberName(expression, () => nameOf(expression.value, func, depth + 1));
    if (expression.kind !== "name") return null;
    const { bindings, scope } = inference.bindings(expression);
    const owner = ownerOf(scope);
    if (owner === null) return scope && { self: null, path: `${scope.module.path} ${expression.id}` };
    const [only, ...others] = bindings;
    if (!only || others.length > 0) return null;
    if (owner !== func && !reach.has(owner)) return outerName(expression, only, owner);
    if (only.kind === "value" && only.path.length === 0) return nameOf(only.value, func, depth + 1);
    return only.kind === "parameter" ? paramName(only.node, depth) : null;
  };

  const memberName = ({ value, attr }: Attribute, base: () => ObjectName | null): ObjectName | null => {
    const [owner] = inference.values(value);
    if (owner?.kind === "module") return { self: null, path: `${owner.module.path} ${attr}` };
    if (owner?.kind === "class") return { self: null, path: `${owner.cls.module.path} ${owner.cls.name}.${attr}` };
    const found = base();
    return found && { ...found, path: `${found.path}.${attr}` };
  };

  const paramName = (param: Parameter, depth: number): ObjectName | null => {
    const func = ownerOfParam(param);
    if (!func) return null;
    const isSelf = isSelfOf(func, param);
    const names: (ObjectName | null)[] = (given.get(param) ?? []).map((one) => {
      if (typeof one !== "string") return startName(one);
      return one === "shared" && func.cls ? { self: func.cls, path: "self" } : null;
    });
    for (const { site } of graph.callers(func)) {
      if (!reach.has(site.func)) continue;
      const bound = isSelf ? receiver(site, func) : null;
      const passed =
        bound === null && site.node.kind === "call"
          ? matchArguments(site.node, func, func.cls !== null).find(([one]) => one === param)?.[1]
          : bound;
      names.push(passed && typeof passed !== "string" ? nameOf(passed, site.func, depth + 1) : null);
    }
    const [first = null] = names;
    return names.every((one) => one !== null && one.path === first?.path && one.self === first.self) ? first : null;
  };

  /** The name of an expression of the starting body. */
  const startName = (expression: Expression): ObjectName | null => {
    if (start.parent) return start.parent.ownership.nameOf(expression, start.func);
    if (expression.kind === "attribute") return memberName(expression, () => startName(expression.value));
    if (expression.kind !== "name") return null;
    const { bindings, scope } = inference.bindings(expression);
    const owner = ownerOf(scope);
    const [only] = bindings;
    if (owner === null) return scope && { self: null, path: `${scope.module.path} ${expression.id}` };
    return only ? outerName(expression, only, owner) : null;
  };

  /** A local that is bound several times may hold another object for each start. */
  const isRebound = (binding: Binding, scope: Scope | null): boolean =>
    binding.kind === "value" &&
    [...(scope?.names.values() ?? [])].some((all) => all.length > 1 && all.includes(binding));

  /** `self` of two methods is taken for the same object if the classes allow it; any other local is one of its function. */
  const outerName = (name: Name, binding: Binding, owner: Func): ObjectName =>
    owner.cls && binding.kind === "parameter" && owner.params[0] === binding.node
      ? { self: owner.cls, path: "self" }
      : { self: null, path: `${owner.module.path} ${owner.node.start} ${name.id}` };

  return {
    nameOf: (expression, func) => nameOf(expression, func),
    give: (param, one) => {
      given.set(param, [...(given.get(param) ?? []), one]);
    },
    of,
    ofVariable,
  };
}

/** Where the ways to an object disagree, nobody knows: one function serves many callers. */
function joined(statuses: readonly Status[]): Status {
  const [first] = statuses;
  return first !== undefined && statuses.every((status) => status === first) ? first : "unknown";
}

function isSuper(expression: Expression): boolean {
  return expression.kind === "call" && expression.callee.kind === "name" && expression.callee.id === "super";
}
