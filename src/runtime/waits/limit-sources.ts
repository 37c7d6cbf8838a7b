import { lastPart } from "../../knowledge/names.ts";
import type { TimeoutFact } from "../../knowledge/timeouts/row.ts";
import { isNone, truthiness } from "../../python/constant.ts";
import { definition } from "../../python/definition.ts";
import type { Class, Func, Module } from "../../python/module.ts";
import { funcAt, nodesOf } from "../../python/module.ts";
import type { Call, Expression } from "../../python/syntax.ts";
import { argument } from "../../python/syntax.ts";
import { matchArguments } from "../graph/callables.ts";
import { attributesNamed, namesOf } from "../graph/mentions.ts";
import { usesOf } from "../lifetimes/usage.ts";
import type { Runtime } from "../runtime.ts";
import { givenBy } from "./given.ts";
import { asArgument } from "./limits.ts";

/** Whether something other than the call itself limits how long it waits. */
export interface Elsewhere {
  limited: boolean;
  /** 2 where something may that cannot be read. */
  doubt: number;
}

const YES: Elsewhere = { limited: true, doubt: 0 };
const NO: Elsewhere = { limited: false, doubt: 0 };
const PERHAPS: Elsewhere = { limited: false, doubt: 2 };

/** Looks for the limit of a call where its object is made and set up, in the object's class, and in the process. */
export function limitElsewhere(runtime: Runtime, call: Call, callee: Expression, fact: TimeoutFact): Elsewhere {
  if (isPatched(runtime, fact)) return YES;
  const receiver = receiverOf(runtime, callee);
  return anyOf([
    () => processDefault(runtime, call, fact),
    () => (receiver ? ofClass(runtime, receiver, fact) : NO),
    () => (receiver ? ofMaker(runtime, receiver, fact) : NO),
    () => ofSetUp(runtime, receiver ?? call, fact),
    () => (receiver ? ofCallers(runtime, receiver, fact) : NO),
  ]);
}

/** The object whose method a callee is, also where the method has a name of its own (`get = session.get`). */
export function receiverOf(runtime: Runtime, callee: Expression): Expression | null {
  const known = callee.kind === "name" ? definition(runtime.inference, callee) : callee;
  if (known.kind !== "attribute") return null;
  const owners = runtime.inference.values(known.value);
  return owners.some(({ kind }) => kind === "library" || kind === "module") ? null : known.value;
}

function anyOf(questions: readonly (() => Elsewhere)[]): Elsewhere {
  let doubt = 0;
  for (const ask of questions) {
    const answer = ask();
    if (answer.limited) return answer;
    doubt = Math.max(doubt, answer.doubt);
  }
  return doubt > 0 ? { limited: false, doubt } : NO;
}

// The process

/** `socket.setdefaulttimeout(20)`: sure for its own file and when a file's top level says it, a guess from within a function elsewhere. */
function processDefault(runtime: Runtime, call: Call, fact: TimeoutFact): Elsewhere {
  if (fact.globalDefault === null) return NO;
  const own = runtime.inference.moduleOf(call);
  let found = NO;
  for (const { name, module, func } of defaultsOf(runtime)) {
    if (name !== fact.globalDefault) continue;
    if (module === own || func.node.kind === "module") return YES;
    found = PERHAPS;
  }
  return found;
}

interface ProcessDefault {
  name: string;
  module: Module;
  func: Func;
}

const defaults = new WeakMap<Runtime, readonly ProcessDefault[]>();

function defaultsOf(runtime: Runtime): readonly ProcessDefault[] {
  const known = defaults.get(runtime);
  if (known) return known;
  const found: ProcessDefault[] = [];
  const isSetter = ({ name }: { name: string }): boolean => name.endsWith(".setdefaulttimeout");
  for (const { func, node, library } of runtime.graph.calling(isSetter)) {
    const setter = library.find(isSetter);
    if (!setter || node.kind !== "call" || runtime.target.isTest(func.module.path)) continue;
    const value = argument(node, null, 0);
    if (value && !isNone(runtime.constants.evaluate(value)))
      found.push({ name: setter.name, module: func.module, func });
  }
  defaults.set(runtime, found);
  return found;
}

const patches = new WeakMap<Runtime, ReadonlySet<string>>();

/** Methods that every request of `requests` goes through, whatever it was called by. */
const GATES = /^requests\.(?:request|Session\.(?:request|send)|adapters\.HTTPAdapter\.send)$/;

function isPatched(runtime: Runtime, { name, setBy }: TimeoutFact): boolean {
  const patched = patchesOf(runtime);
  if (patched.has(name) || setBy.some((one) => patched.has(one))) return true;
  return name.startsWith("requests.") && [...patched].some((one) => GATES.test(one));
}

/** Functions and methods of libraries that the project replaces: `requests.Session.request = …`. */
function patchesOf(runtime: Runtime): ReadonlySet<string> {
  const known = patches.get(runtime);
  if (known) return known;
  const found = new Set<string>();
  const { inference } = runtime;
  for (const func of runtime.graph.funcs) {
    if (runtime.target.isTest(func.module.path)) continue;
    for (const node of nodesOf(func, "assign")) {
      for (const target of node.targets)
        if (target.kind === "attribute")
          for (const owner of inference.values(target.value))
            if (owner.kind === "library") found.add(inference.library.member(owner.name, target.attr));
    }
  }
  patches.set(runtime, found);
  return found;
}

// The class

/** A class of the project between the object and the library that sets a limit on the way. */
function ofClass(runtime: Runtime, receiver: Expression, fact: TimeoutFact): Elsewhere {
  for (const value of runtime.inference.values(receiver))
    if (value.kind === "object" || value.kind === "super") {
      const classes = runtime.inference.ancestry(value.cls);
      // A method that calls its base's own is not limited by itself.
      if (classesLimit(runtime, value.kind === "super" ? classes.slice(1) : classes, fact)) return YES;
    }
  return NO;
}

function classesLimit(runtime: Runtime, classes: readonly Class[], fact: TimeoutFact): boolean {
  const hooks = new Set(fact.setBy.map(lastPart));
  return classes.some(
    (cls) =>
      [...hooks].some((hook) => {
        const method = cls.methods.get(hook);
        return method ? setsTimeout(runtime, method) : cls.attributes.has(hook);
      }) ||
      [...cls.methods.values()].some((method) =>
        runtime.graph
          .sites(method)
          .some(({ node }) => node.kind === "call" && hooks.has("mount") && mounts(runtime, node)),
      ),
  );
}

/** Whether a method gives a timeout of its own to what it calls, and does not only pass its caller's on. */
function setsTimeout(runtime: Runtime, func: Func): boolean {
  const isKey = (node: Expression | null | undefined): boolean =>
    node?.kind === "string" && /timeout/i.test(node.value);
  return (
    func.params.some(
      ({ name, default: value }) => /timeout/i.test(name) && value && !isNone(runtime.constants.evaluate(value)),
    ) ||
    func.nodes.some((node) => {
      switch (node.kind) {
        case "argument":
          return node.name !== null && /timeout/i.test(node.name) && !isOwnParameter(func, node.value);
        case "call":
          return node.callee.kind === "attribute" && node.callee.attr === "setdefault" && isKey(node.args[0]?.value);
        case "subscript":
          return isKey(node.indices[0]) && node.parent?.kind === "assign" && node.parent.targets.includes(node);
        case "dict":
          return node.keys.some(isKey);
        case "assign":
          return node.targets.some((target) => target.kind === "name" && /timeout/i.test(target.id));
        default:
          return false;
      }
    })
  );
}

function isOwnParameter(func: Func, value: Expression): boolean {
  return value.kind === "name" && func.params.some(({ name }) => name === value.id);
}

// Where the object is made

function ofMaker(runtime: Runtime, receiver: Expression, fact: TimeoutFact): Elsewhere {
  if (fact.onConstructor.length === 0) return NO;
  const { inference, origins } = runtime;
  let found = NO;
  for (const { expression } of origins.of(receiver)) {
    if (expression.kind !== "call") continue;
    const names = inference.names(expression.callee).flatMap(({ name }) => [name, ...inference.library.ancestry(name)]);
    for (const { type, parameters } of fact.onConstructor) {
      if (!names.includes(type)) continue;
      const given = givenBy(runtime, expression);
      for (const parameter of parameters) {
        const wanted = asArgument(parameter, runtime.target.minor);
        const values = given.of(wanted);
        // One that is switched off there is reported there.
        if (values.length > 0) return YES;
        if (given.mayHide(wanted)) found = PERHAPS;
      }
    }
  }
  return found;
}

// What is done with the object

/** Methods of sessions that stand for what is assigned to them, not for calls of them. */
const ASSIGNED = new Set(["request", "send"]);

/** An object that the callers hand over, each with the limit that it has given it; some of them are a reason for doubt. */
function ofCallers(runtime: Runtime, receiver: Expression, fact: TimeoutFact): Elsewhere {
  const given = passedAs(runtime, receiver);
  const limited = given.filter(
    (one) =>
      anyOf([() => ofClass(runtime, one, fact), () => ofMaker(runtime, one, fact), () => ofSetUp(runtime, one, fact)])
        .limited,
  );
  if (limited.length === 0) return NO;
  return limited.length === given.length ? YES : PERHAPS;
}

/** What the program itself passes to the parameter that the expression names. */
function passedAs({ inference, graph, target }: Runtime, receiver: Expression): readonly Expression[] {
  if (receiver.kind !== "name") return [];
  const [only, ...others] = inference.bindings(receiver).bindings;
  if (only?.kind !== "parameter" || others.length > 0) return [];
  const module = inference.moduleOf(receiver);
  const owner = module.functions.find(({ params }) => params.includes(only.node));
  if (!owner) return [];
  return graph.callers(owner).flatMap(({ site }) => {
    if (site.node.kind !== "call" || target.isTest(site.func.module.path)) return [];
    const isBound = owner.cls !== null && !inference.decoration(owner).static;
    return matchArguments(site.node, owner, isBound).flatMap(([param, value]) => (param === only.node ? [value] : []));
  });
}

function ofSetUp(runtime: Runtime, object: Expression, fact: TimeoutFact): Elsewhere {
  const wanted = new Set(fact.setBy.map(lastPart));
  const made = runtime.origins.of(object).map(({ expression }) => expression);
  const origins = made.length === 0 && object.kind === "call" ? [object] : made;
  let found = NO;
  for (const touch of [...origins.flatMap((origin) => touchesOf(runtime, origin)), ...touchesHere(runtime, object)]) {
    const answer = touch.call ? calls(runtime, touch.name, touch.call, wanted) : writes(runtime, touch, wanted, fact);
    if (answer.limited) return answer;
    if (answer.doubt > 0) found = answer;
  }
  return found;
}

/** A method that is called on an object, or an attribute that is written. */
interface Touch {
  name: string;
  call: Call | null;
  value: Expression | null;
}

function calls(runtime: Runtime, name: string, call: Call, wanted: ReadonlySet<string>): Elsewhere {
  if (name === "mount" && wanted.has(name)) return adapterLimits(runtime, call);
  if (name === "settimeout" || name === "setblocking") {
    const value = call.args[0]?.value;
    const constant = value ? runtime.constants.evaluate(value) : null;
    const frees = isNone(constant) || (name === "setblocking" && constant !== null && truthiness(constant) !== false);
    return frees ? NO : YES;
  }
  return wanted.has(name) && !ASSIGNED.has(name) ? YES : NO;
}

function writes(runtime: Runtime, { name, value }: Touch, wanted: ReadonlySet<string>, fact: TimeoutFact): Elsewhere {
  if (wanted.has(name)) return YES;
  // A session of requests takes no notice of such an attribute.
  if (!/timeout/i.test(name) || fact.name.startsWith("requests.")) return NO;
  return value && isNone(runtime.constants.evaluate(value)) ? NO : YES;
}

const touched = new WeakMap<Runtime, Map<Expression, readonly Touch[]>>();

function touchesOf(runtime: Runtime, origin: Expression): readonly Touch[] {
  const memo = touched.get(runtime) ?? new Map<Expression, readonly Touch[]>();
  touched.set(runtime, memo);
  const known = memo.get(origin);
  if (known) return known;
  const found = usesOf(runtime, origin).flatMap((use): Touch[] => {
    if (use.held) return [];
    if (use.kind === "method") return [{ name: use.name, call: use.call, value: null }];
    return use.kind === "write" ? [{ name: use.name, call: null, value: use.value }] : [];
  });
  memo.set(origin, found);
  return found;
}

/** What is done with a variable in the body of code around it, wherever its object is from. */
function touchesHere(runtime: Runtime, object: Expression): Touch[] {
  if (object.kind !== "name" && object.kind !== "attribute") return [];
  const module = runtime.inference.moduleOf(object);
  const nodes: readonly Expression[] =
    object.kind === "name"
      ? namesOf(funcAt(module, object), object.id)
      : attributesNamed(runtime, object.attr).filter((node) => runtime.inference.moduleOf(node) === module);
  return nodes.flatMap(({ parent }): Touch[] => {
    if (parent?.kind !== "attribute") return [];
    const above = parent.parent;
    if (above?.kind === "call" && above.callee === parent) return [{ name: parent.attr, call: above, value: null }];
    if (above?.kind === "assign" && above.targets.includes(parent))
      return [{ name: parent.attr, call: null, value: above.value }];
    return [];
  });
}

function mounts(runtime: Runtime, call: Call): boolean {
  const { callee } = call;
  return callee.kind === "attribute" && callee.attr === "mount" && adapterLimits(runtime, call).limited;
}

/** Whether the adapter that is mounted sets a limit: those of requests itself do not, those of the project may. */
function adapterLimits(runtime: Runtime, call: Call): Elsewhere {
  const adapter = argument(call, "adapter", 1);
  if (!adapter) return NO;
  const values = runtime.inference.values(adapter);
  if (values.length === 0) return PERHAPS;
  let found = NO;
  for (const value of values) {
    if (value.kind === "instance" && /timeout/i.test(value.type)) return YES;
    if (value.kind !== "object") continue;
    const send = runtime.inference.method(value.cls, "send");
    if (send && setsTimeout(runtime, send)) return YES;
    if (send) found = PERHAPS;
  }
  return found;
}
