/** How `multiprocessing` starts a child: a copy of the process, a copy of a clean helper process, or a new interpreter. */
export type StartMethod = "fork" | "forkserver" | "spawn";

/** `posix` is every other system that is not Windows. */
export type System = "linux" | "macos" | "windows" | "posix";

/** The default on a system for minor versions of Python 3 in a range. */
export interface StartMethodFact {
  systems: readonly System[];
  from: number;
  until: number;
  method: StartMethod;
  source: string;
}

const CONTEXT = "CPython 3.11, 3.13, 3.14 and 3.15 Lib/multiprocessing/context.py";
const LATEST = Number.POSITIVE_INFINITY;

export const START_METHODS: readonly StartMethodFact[] = [
  { systems: ["linux", "posix"], from: 4, until: 13, method: "fork", source: CONTEXT },
  { systems: ["linux", "posix"], from: 14, until: LATEST, method: "forkserver", source: CONTEXT },
  { systems: ["macos"], from: 4, until: 7, method: "fork", source: CONTEXT },
  { systems: ["macos"], from: 8, until: LATEST, method: "spawn", source: CONTEXT },
  { systems: ["windows"], from: 4, until: LATEST, method: "spawn", source: CONTEXT },
];

/** The start method when the code names none. */
export function defaultStartMethod(system: System, minor: number): StartMethod {
  const fact = START_METHODS.find(
    ({ systems, from, until }) => systems.includes(system) && from <= minor && minor <= until,
  );
  return fact?.method ?? "fork";
}
