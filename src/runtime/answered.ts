import type { Runtime } from "./runtime.ts";

/** A question about the whole program that is answered once for each program, and only when somebody asks. */
export function answeredOnce<T extends object>(answer: (runtime: Runtime) => T): (runtime: Runtime) => T {
  const known = new WeakMap<Runtime, T>();
  return (runtime) => {
    const found = known.get(runtime);
    if (found) return found;
    const made = answer(runtime);
    known.set(runtime, made);
    return made;
  };
}
