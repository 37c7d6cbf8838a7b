import { ARRAY_CPU, ARRAY_CPU_CLASSES } from "./cpu/arrays.ts";
import { DOCUMENT_CPU } from "./cpu/documents.ts";
import { FRAME_CPU, FRAME_CPU_CLASSES } from "./cpu/frames.ts";
import { IMAGE_CPU, IMAGE_CPU_CLASSES } from "./cpu/images.ts";
import { MODEL_CPU, MODEL_CPU_CLASSES } from "./cpu/models.ts";
import { PARSING_CPU } from "./cpu/parsing.ts";
import type { CpuClass, CpuFact } from "./cpu/row.ts";
import { SECURITY_CPU } from "./cpu/security.ts";
import { STANDARD_CPU, STANDARD_CPU_CLASSES } from "./cpu/standard.ts";
import { uniqueMap } from "./names.ts";

export type { CpuClass, CpuFact } from "./cpu/row.ts";

/** What a call to each canonical name costs the processor. Names that cost nothing are listed too, so that nothing guesses them. */
export const CPU: ReadonlyMap<string, CpuFact> = uniqueMap(
  [
    ...STANDARD_CPU,
    ...PARSING_CPU,
    ...DOCUMENT_CPU,
    ...SECURITY_CPU,
    ...IMAGE_CPU,
    ...ARRAY_CPU,
    ...FRAME_CPU,
    ...MODEL_CPU,
  ].map((fact) => [fact.name, fact] as const),
);

/** Classes and modules of which every name works the same way, except the listed ones; `CPU` entries of single names come first. */
export const CPU_CLASSES: ReadonlyMap<string, CpuClass> = uniqueMap(
  [...STANDARD_CPU_CLASSES, ...IMAGE_CPU_CLASSES, ...ARRAY_CPU_CLASSES, ...FRAME_CPU_CLASSES, ...MODEL_CPU_CLASSES].map(
    (entry) => [entry.fact.name.slice(0, -2), entry] as const,
  ),
);

/** The fact about a canonical name, from its own entry or from its class or module; base classes are the caller's to try. */
export function cpuFact(name: string): CpuFact | undefined {
  const own = CPU.get(name);
  if (own !== undefined) return own;
  const dot = name.lastIndexOf(".");
  if (dot < 0) return undefined;
  const member = name.slice(dot + 1);
  const group = CPU_CLASSES.get(name.slice(0, dot));
  if (group === undefined || member.startsWith("_") || group.except.includes(member)) return undefined;
  return { ...group.fact, name };
}
