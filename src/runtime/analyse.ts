import type { BlockingFact } from "../knowledge/blocking.ts";
import { BLOCKING, BLOCKING_CLASSES, blockingMethod } from "../knowledge/blocking.ts";
import { type CpuFact, cpuFact as cpuFactOf } from "../knowledge/cpu.ts";
import { libraryTables } from "../knowledge/library.ts";
import { OFFLOAD } from "../knowledge/offload.ts";
import { constantsOf } from "../python/constants.ts";
import { inferenceOf } from "../python/infer.ts";
import type { Layout } from "../python/layout.ts";
import { libraryOf } from "../python/library.ts";
import type { Module } from "../python/module.ts";
import { blockingOf } from "./effects/blocking.ts";
import { cpuOf } from "./effects/cpu.ts";
import { passedArguments } from "./graph/arguments.ts";
import { callGraphOf } from "./graph/callgraph.ts";
import { contextsOf } from "./graph/contexts.ts";
import { frameworkRoots } from "./graph/frameworks.ts";
import { originsOf } from "./graph/origins.ts";
import { requirementsOf } from "./requirements.ts";
import type { Runtime, Target } from "./runtime.ts";
import { serverSettingsOf } from "./servers/server-settings.ts";
import { speakersOf } from "./speakers.ts";

/** What the project itself says about its code, from the configuration. */
export interface Declared {
  /** Blocking callables by canonical name, with their async alternative (may be empty). */
  blocking: Readonly<Record<string, string>>;
  /** Functions and decorators that move work off the loop. */
  offload: readonly string[];
}

/** Computes where code runs and what it does, for the loaded modules. `texts` are the files beside them that name library versions and start servers. */
export function analyse(
  modules: ReadonlyMap<string, Module>,
  layout: Layout,
  target: Target,
  declared: Declared,
  texts: ReadonlyMap<string, string>,
): Runtime {
  const library = libraryOf(libraryTables());
  const inference = inferenceOf(modules, layout, library);
  inference.learnArguments(passedArguments(inference));
  const offload = new Set(declared.offload);
  const offloaders = {
    get: (name: string) => library.inherited(OFFLOAD, name),
    isDeclared: (name: string) => offload.has(name),
  };
  const graph = callGraphOf(inference, offloaders, (name) => Object.hasOwn(declared.blocking, name));
  const contexts = contextsOf(graph, frameworkRoots(graph));
  const cpuFact = (name: string): CpuFact | undefined => inheritedCpuFact(name, library.ancestry);
  const origins = originsOf(inference);
  const blockingFactOf = (name: string, receiver: string | null): BlockingFact | undefined =>
    declaredFact(declared, name) ?? blockingFact(name, receiver, library.ancestry);
  const blocking = blockingOf(graph, origins, (name, receiver) => {
    const fact = blockingFactOf(name, receiver);
    return fact && isComputing(fact, cpuFact(name)) ? undefined : fact;
  });
  const cpu = cpuOf(graph, cpuFact, (func) => blocking.waits.get(func) !== undefined);
  const speaks = speakersOf(modules, layout);
  const constants = constantsOf(inference, (path) => !target.isTest(path));
  return {
    modules: [...modules.values()],
    constants,
    requirements: requirementsOf(new Map([...texts].filter(([path]) => speaks.file(path)))),
    servers: serverSettingsOf(texts, graph, constants).filter(
      (setting) => !target.isTest(setting.path) && speaks.setting(setting),
    ),
    inference,
    layout,
    graph,
    contexts,
    blocking,
    cpu,
    cpuFact,
    blockingFact: blockingFactOf,
    origins,
    target,
  };
}

function blockingFact(
  name: string,
  receiver: string | null,
  ancestry: (type: string) => readonly string[],
): BlockingFact | undefined {
  const own = BLOCKING.get(name);
  if (own) return own;
  const dot = name.lastIndexOf(".");
  if (dot < 0) return undefined;
  const method = name.slice(dot + 1);
  for (const type of receiver === null ? [name.slice(0, dot)] : ancestry(receiver)) {
    const fact = blockingMethod(type, method);
    if (fact) return fact;
    if (BLOCKING_CLASSES.has(type)) return undefined;
  }
  return undefined;
}

/** The fact of a method's own class or of the nearest base that has one. */
function inheritedCpuFact(name: string, ancestry: (type: string) => readonly string[]): CpuFact | undefined {
  const own = cpuFactOf(name);
  const dot = name.lastIndexOf(".");
  if (own || dot < 0) return own;
  for (const base of ancestry(name.slice(0, dot)).slice(1)) {
    const fact = cpuFactOf(`${base}${name.slice(dot)}`);
    if (fact) return fact;
  }
  return undefined;
}

/** Calls that are in both tables count once: as CPU work where that dominates, and not at all where only a large input makes them slow. */
function isComputing(fact: BlockingFact, cpu: CpuFact | undefined): boolean {
  if (fact.cost === "us") return fact.when === "large";
  if (fact.cost !== "cpu") return false;
  return cpu?.weight === "heavy" || fact.when !== "always";
}

function declaredFact({ blocking }: Declared, name: string): BlockingFact | undefined {
  if (!Object.hasOwn(blocking, name)) return undefined;
  return {
    name,
    category: "api",
    cost: "net",
    when: "always",
    instead: blocking[name] || null,
    source: "the project's configuration",
  };
}
