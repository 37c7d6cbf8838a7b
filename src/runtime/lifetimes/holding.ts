import { CLOSING, ENTERING, PASSING, type Resource, USING } from "../../knowledge/resources.ts";
import { type Class, type Func, funcAt, nodesOf, scopeAt } from "../../python/module.ts";
import type { Argument, Attribute, Call, Expression, Name, Node, Parameter } from "../../python/syntax.ts";
import { matchArguments } from "../graph/callables.ts";
import { attributesNamed, namesOf, nestedIn } from "../graph/mentions.ts";
import type { Runtime } from "../runtime.ts";

/** An attribute of a class of the project in which an object is kept. */
export interface Kept {
  cls: Class;
  name: string;
}

/** How an object leaves: itself, or something that works through it (`derived`). */
export interface Leaving {
  at: Node;
  how: "returned" | "stored" | "given";
  derived: boolean;
}

/** What a body of code does with an object that it holds. */
export interface Holding {
  /** Where it is closed or given back; for a helper that does it, the call of the helper. */
  ends: Set<Node>;
  /** Where it leaves the reach of the body: returned, stored elsewhere, given to something that may keep it. */
  leaves: Leaving[];
  /** Where it is yielded: it comes back afterwards. */
  lends: Node[];
  /** Attributes of the project's classes in which it is kept. */
  kept: Kept[];
  /** Kept for the life of the program: a global, a default argument. */
  isGlobal: boolean;
  /** One of the methods that open it for good is called. */
  starts: boolean;
  /** Every mention of the object, or of something that works through it. */
  mentions: Set<Node>;
}

const DEEPEST = 4;

/** Methods by which collections and registries take an object in. */
const STORING = /^(?:append|appendleft|add|put|put_nowait|setdefault|insert|update|extend|set|register|push|add_\w+)$/;

/** Follows the object that `expression` makes through the body of code it stands in, and through the helpers it is given to. */
export function holdingOf(runtime: Runtime, expression: Expression, resource: Resource): Holding {
  const follower = followerOf(runtime, resource, 0);
  follower.flow(expression, false);
  return follower.holding;
}

/** What the methods of a class, its relatives and those who hold its objects do with an attribute. */
export function attributeHolding(runtime: Runtime, kept: Kept, resource: Resource): Holding {
  const follower = followerOf(runtime, resource, 0);
  follower.keep(kept);
  return follower.holding;
}

/** A function of the project that a call runs. */
interface Taker {
  func: Func;
  bound: boolean;
  isClass: boolean;
}

interface Follower {
  holding: Holding;
  flow(expression: Expression, derived: boolean): void;
  keep(kept: Kept): void;
  parameter(param: Parameter, func: Func): void;
}

function followerOf(runtime: Runtime, resource: Resource, depth: number): Follower {
  const { inference, graph } = runtime;
  const holding: Holding = {
    ends: new Set(),
    leaves: [],
    lends: [],
    kept: [],
    isGlobal: false,
    starts: false,
    mentions: new Set(),
  };
  const variables = new Set<Node>();
  const attributes = new Set<string>();

  const leave = (at: Node, how: Leaving["how"], derived = false): void => {
    holding.leaves.push({ at, how, derived });
  };

  const flow = (node: Expression, derived: boolean): void => {
    holding.mentions.add(node);
    const { parent } = node;
    switch (parent?.kind) {
      case "await":
      case "starred":
        flow(parent, derived);
        break;
      case "walrus":
        variable(parent.target.id, parent, derived);
        flow(parent, derived);
        break;
      case "conditional":
        if (parent.test !== node) flow(parent, derived);
        break;
      case "boolean":
        if (parent.op !== "and" || parent.right === node) flow(parent, derived);
        break;
      case "tuple":
      case "list":
      case "set":
        inside(parent, node, derived);
        break;
      case "argument":
        if (parent.parent?.kind === "call") given(parent.parent, parent, derived);
        else leave(parent, "given");
        break;
      case "attribute":
        member(parent, derived);
        break;
      case "return":
      case "lambda":
        leave(parent, "returned", derived);
        break;
      case "yield":
        if (!parent.from) holding.lends.push(parent);
        break;
      case "withitem":
        if (resource.with && !derived) holding.ends.add(node);
        if (parent.target) assigned(parent.target, parent, derived);
        break;
      case "for":
        // `async for websocket in websockets.connect(url)` connects for each turn, and closes it again.
        if (parent.isAsync && parent.iter === node && resource.with && !derived) holding.ends.add(node);
        break;
      case "assign":
        for (const target of parent.targets) assigned(target, parent, derived);
        break;
      case "parameter":
        holding.isGlobal = true;
        break;
      case "dict":
      case "comprehension":
      case "function":
      case "class":
      case "augassign":
        leave(parent, "stored");
        break;
      default:
    }
  };

  /** The object stands in a tuple or list. */
  const inside = (sequence: Expression & { kind: "tuple" | "list" | "set" }, node: Expression, derived: boolean) => {
    const { parent } = sequence;
    if (parent?.kind === "assign" && parent.value === sequence) {
      for (const target of parent.targets) {
        const same =
          target.kind === "tuple" || target.kind === "list" ? target.items[sequence.items.indexOf(node)] : null;
        if (same) assigned(same, parent, derived);
        else leave(sequence, "stored");
      }
      return;
    }
    // `for one in (self.a, self.b): one.close()`
    if ((parent?.kind === "for" || parent?.kind === "clause") && parent.iter === sequence) {
      if (parent.target.kind === "name") variable(parent.target.id, parent, derived);
      return;
    }
    if (parent?.kind === "compare" || parent?.kind === "expression") return;
    leave(sequence, parent?.kind === "return" ? "returned" : "stored");
  };

  const assigned = (target: Expression, at: Node, derived: boolean): void => {
    if (target.kind === "name") {
      variable(target.id, at, derived);
      return;
    }
    if (target.kind !== "attribute" || derived) {
      leave(at, "stored");
      return;
    }
    const owners = inference.values(target.value);
    const objects = owners.flatMap((value) => (value.kind === "object" ? [value.cls] : []));
    if (owners.some((value) => value.kind === "class" || value.kind === "module")) holding.isGlobal = true;
    else if (objects.length === 0) leave(at, "stored");
    for (const cls of objects) holding.kept.push({ cls, name: target.attr });
  };

  /** Follows a variable from the statement that binds it. */
  const variable = (id: string, at: Node, derived: boolean): void => {
    if (variables.has(at)) return;
    variables.add(at);
    const module = inference.moduleOf(at);
    const scope = scopeAt(module, at);
    const outer = scope.outer.get(id);
    if (scope.node.kind === "module" || scope.node.kind === "class" || outer === "global") {
      holding.isGlobal = true;
      return;
    }
    if (outer === "nonlocal") {
      leave(at, "stored");
      return;
    }
    const func = funcAt(module, at);
    const isIt = (name: Name): boolean => inference.bindings(name).bindings.some((binding) => binding.at === at);
    for (const name of namesOf(func, id)) if (!isTarget(name) && isIt(name)) flow(name, derived);
    for (const inner of nestedIn(module, func)) captured(inner, id, isIt, derived);
  };

  /** A nested function that holding the variable is part of the body as long as it does not outlive it. */
  const captured = (inner: Func, id: string, isIt: (name: Name) => boolean, derived: boolean): void => {
    const found = namesOf(inner, id).filter((name) => !isTarget(name) && isIt(name));
    if (found.length === 0) return;
    if (outlives(inner)) leave(inner.node, "stored");
    for (const name of found) {
      // What a nested function returns goes to the body around it.
      if (name.parent?.kind === "return" || name.parent?.kind === "lambda") leave(name, "returned");
      else flow(name, derived);
    }
  };

  const outlives = (inner: Func): boolean => {
    const { node, parent, module } = inner;
    if (node.kind === "lambda") return !(node.parent?.kind === "argument" && isLocalCall(node.parent));
    if (node.kind !== "function" || !parent) return true;
    if (node.decorators.length > 0) return true;
    return [parent, ...nestedIn(module, parent)].some((func) =>
      namesOf(func, node.name).some(
        (name) =>
          name.parent !== node &&
          !(name.parent?.kind === "call" && name.parent.callee === name) &&
          !(name.parent?.kind === "argument" && isLocalCall(name.parent)),
      ),
    );
  };

  /** Whether the call is done with its callable when it returns, or hands it to a pool or task that the body waits for. */
  const isLocalCall = ({ parent: call }: Argument): boolean => {
    if (call?.kind !== "call") return false;
    const site = graph.siteOf(call);
    return (
      site !== null &&
      (site.handovers.length > 0 ||
        site.library.some(({ name }) => /^(?:map|filter|sorted|max|min|sum|any|all)$/.test(name)))
    );
  };

  const member = (attribute: Attribute, derived: boolean): void => {
    const { attr, parent } = attribute;
    if (derived) {
      if (attr === "connection" || attr === "conn") flow(attribute, false);
      return;
    }
    if (resource.close.includes(attr) || attr === "__exit__" || attr === "__aexit__") {
      holding.ends.add(attribute);
      return;
    }
    if (resource.inner.includes(attr)) flow(attribute, false);
    if (resource.starts.includes(attr)) holding.starts = true;
    if (parent?.kind !== "call" || parent.callee !== attribute) return;
    if (attr === "__enter__" || attr === "__aenter__" || resource.same.includes(attr)) flow(parent, false);
    else if (resource.derives.includes(attr)) flow(parent, true);
  };

  const given = (call: Call, arg: Argument, derived: boolean): void => {
    const method = call.callee.kind === "attribute" ? call.callee.attr : "";
    const names = inference.names(call.callee);
    const known = (table: ReadonlySet<string>): boolean => names.some(({ name }) => table.has(name));
    if (derived) {
      if (STORING.test(method) || isConstructor(call)) leave(call, "stored");
      return;
    }
    if (resource.giveBack.includes(method)) holding.ends.add(call);
    else if (known(CLOSING)) holding.ends.add(arg.value);
    else if (known(ENTERING)) {
      if (resource.with) holding.ends.add(arg.value);
      flow(call, false);
    } else if (known(PASSING)) flow(call, false);
    else if (!known(USING) && method !== "run_in_executor") {
      const targets = projectTargets(call);
      for (const target of targets) handed(call, arg, target);
      if (targets.length > 0) return;
      // A gRPC stub works through the channel and does not own it.
      if (/Stub$/.test(method || (call.callee.kind === "name" ? call.callee.id : ""))) flow(call, true);
      else leave(call, "given");
    }
  };

  const isConstructor = (call: Call): boolean =>
    inference.values(call.callee).some((value) => value.kind === "class") ||
    inference.names(call.callee).some(({ name }) => /(?:^|\.)[A-Z][^.]*$/.test(name));

  const projectTargets = (call: Call): Taker[] =>
    inference.values(call.callee).flatMap((value): Taker[] => {
      if (value.kind === "function") return [{ func: value.func, bound: value.self !== null, isClass: false }];
      if (value.kind !== "class") return [];
      const func = inference.method(value.cls, "__init__");
      return func ? [{ func, bound: true, isClass: true }] : [];
    });

  /** A function of the project takes the object: what it does with it counts as done here. */
  const handed = (call: Call, arg: Argument, { func, bound, isClass }: Taker): void => {
    const param = matchArguments(call, func, bound).find(([, value]) => value === arg.value)?.[0];
    if (!param || depth >= DEEPEST) {
      leave(call, "given");
      return;
    }
    const inner = parameterHolding(runtime, param, func, resource, depth + 1);
    if (inner.starts) holding.starts = true;
    if (inner.ends.size > 0) holding.ends.add(call);
    else if (inner.leaves.some(({ how }) => how !== "returned") || inner.isGlobal) leave(call, "given");
    else if (inner.leaves.length > 0) flow(call, false);
    else if (inner.kept.length > 0) {
      const closes = inner.kept.some((kept) => {
        const { ends, leaves } = keptHolding(runtime, kept, resource, depth + 1);
        return ends.size > 0 || leaves.length > 0;
      });
      if (closes || !isClass) leave(call, "given");
      else flow(call, true);
    }
  };

  /** Follows an attribute through its class, its relatives and its users. */
  const keep = (kept: Kept): void => {
    if (attributes.has(kept.name)) return;
    attributes.add(kept.name);
    const relatives = relativesOf(runtime, kept.cls);
    for (const node of attributesNamed(runtime, kept.name)) {
      if (isTarget(node)) continue;
      const owners = inference.values(node.value);
      const isOurs = owners.length === 0 || owners.some((value) => "cls" in value && relatives.has(value.cls));
      if (!isOurs) continue;
      const before = holding.leaves.length;
      flow(node, false);
      exposed(node, before);
    }
    if (reflects(relatives)) holding.ends.add(kept.cls.node);
  };

  /** A property or method that returns the attribute shows it to others: what they do counts. */
  const exposed = (node: Attribute, before: number): void => {
    const returned = holding.leaves.slice(before).filter(({ how }) => how === "returned");
    if (returned.length === 0) return;
    const module = inference.moduleOf(node);
    const func = funcAt(module, node);
    if (func.node.kind !== "function" || !func.cls) return;
    holding.leaves = holding.leaves.filter((one) => !returned.includes(one));
    const { property } = inference.decoration(func);
    if (property) keep({ cls: func.cls, name: func.node.name });
    else
      for (const { site } of graph.callers(func))
        if (site.node.kind === "call" && !variables.has(site.node)) {
          variables.add(site.node);
          flow(site.node, false);
        }
  };

  const parameter = (param: Parameter, func: Func): void => {
    const isIt = (name: Name): boolean =>
      inference.bindings(name).bindings.some((binding) => binding.kind === "parameter" && binding.node === param);
    for (const name of namesOf(func, param.name)) if (!isTarget(name) && isIt(name)) flow(name, false);
    for (const inner of nestedIn(func.module, func)) captured(inner, param.name, isIt, false);
  };

  return { holding, flow, keep, parameter };
}

const byParameter = new WeakMap<Runtime, Map<Parameter, Map<Resource, Holding>>>();

function parameterHolding(runtime: Runtime, param: Parameter, func: Func, resource: Resource, depth: number): Holding {
  const memo = byParameter.get(runtime) ?? new Map<Parameter, Map<Resource, Holding>>();
  byParameter.set(runtime, memo);
  const known = memo.get(param)?.get(resource);
  if (known) return known;
  const follower = followerOf(runtime, resource, depth);
  const own = memo.get(param) ?? new Map<Resource, Holding>();
  memo.set(param, own.set(resource, follower.holding));
  follower.parameter(param, func);
  return follower.holding;
}

const byAttribute = new WeakMap<Runtime, Map<Class, Map<string, Holding>>>();

/** The holding of an attribute, remembered; what closes one kind of resource closes the others in all but name. */
function keptHolding(runtime: Runtime, kept: Kept, resource: Resource, depth: number): Holding {
  const memo = byAttribute.get(runtime) ?? new Map<Class, Map<string, Holding>>();
  byAttribute.set(runtime, memo);
  const key = `${kept.name} ${resource.close.join(" ")}`;
  const known = memo.get(kept.cls)?.get(key);
  if (known) return known;
  const follower = followerOf(runtime, resource, depth);
  const own = memo.get(kept.cls) ?? new Map<string, Holding>();
  memo.set(kept.cls, own.set(key, follower.holding));
  follower.keep(kept);
  return follower.holding;
}

/** The class with everything above and below it, and what its subclasses mix in. */
function relativesOf(runtime: Runtime, cls: Class): ReadonlySet<Class> {
  const { inference } = runtime;
  return new Set([cls, ...inference.subclasses(cls)].flatMap((one) => [...inference.ancestry(one)]));
}

/** Whether methods of the classes reach attributes by computed names (`getattr(self, name).close()`). */
function reflects(classes: ReadonlySet<Class>): boolean {
  for (const cls of classes)
    for (const method of cls.methods.values())
      for (const node of nodesOf(method, "call", "attribute")) {
        if (node.kind === "call" && node.callee.kind === "name" && /^(?:getattr|vars)$/.test(node.callee.id)) {
          const [owner, name] = node.args;
          if (owner?.value.kind === "name" && owner.value.id === "self" && name?.value.kind !== "string") return true;
        }
        if (
          node.kind === "attribute" &&
          node.attr === "__dict__" &&
          node.value.kind === "name" &&
          node.value.id === "self"
        )
          return true;
      }
  return false;
}

/** Whether the node is written to, not read. */
function isTarget(node: Expression): boolean {
  const { parent } = node;
  switch (parent?.kind) {
    case "assign":
      return parent.targets.includes(node);
    case "for":
    case "clause":
    case "withitem":
    case "walrus":
      return parent.target === node;
    case "tuple":
    case "list":
    case "starred":
      return isTarget(parent);
    default:
      return false;
  }
}
