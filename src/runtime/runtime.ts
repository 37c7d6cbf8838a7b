import type { BlockingFact } from "../knowledge/blocking.ts";
import type { CpuFact } from "../knowledge/cpu.ts";
import type { Constants } from "../python/constants.ts";
import type { Inference } from "../python/infer.ts";
import type { Layout } from "../python/layout.ts";
import type { Module } from "../python/module.ts";
import type { Blocking } from "./effects/blocking.ts";
import type { Cpu } from "./effects/cpu.ts";
import type { CallGraph } from "./graph/callgraph.ts";
import type { Contexts } from "./graph/contexts.ts";
import type { Origins } from "./graph/origins.ts";
import type { Requirements } from "./requirements.ts";
import type { ServerSetting } from "./servers/server-setting.ts";

/** Everything that rules, checklist and recommendations may ask: what the code says, where it runs, and what it does. */
export interface Runtime {
  modules: readonly Module[];
  inference: Inference;
  graph: CallGraph;
  contexts: Contexts;
  blocking: Blocking;
  cpu: Cpu;
  /** What a call of a canonical name costs the processor, as far as the tables know. */
  cpuFact(name: string): CpuFact | undefined;
  /** What a call of a canonical name (bound to an object of class `receiver`) does to its thread, as far as the tables know. */
  blockingFact(name: string, receiver: string | null): BlockingFact | undefined;
  origins: Origins;
  /** Where files lie and what imports find, loaded or not. */
  layout: Layout;
  /** What expressions are worth, and where the numbers come from. */
  constants: Constants;
  /** Which versions of libraries the project asks for. */
  requirements: Requirements;
  /** How gunicorn, uvicorn, Celery and their kin are started. */
  servers: readonly ServerSetting[];
  target: Target;
}

/** What the program will run on. */
export interface Target {
  /** Minor version of Python 3. */
  minor: number;
  freeThreaded: boolean;
  /** Whether a file is test code. */
  isTest(path: string): boolean;
  databaseMaxConnections: number | null;
  workers: number | null;
}
