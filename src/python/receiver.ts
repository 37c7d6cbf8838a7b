import type { Class } from "./module.ts";
import type { Value } from "./value.ts";

/**
 * What a method gives, for the receiver it was called on: `-> Self`, `return self` and `return cls()` mean the receiver's own class,
 * which may derive from the method's.
 */
export function rebound(
  found: readonly Value[],
  self: Value | null,
  ancestry: (cls: Class) => readonly Class[],
): readonly Value[] {
  if (self?.kind !== "object" && self?.kind !== "class") return found;
  const isExact = self.kind === "class" || self.exact;
  const own = (value: Value): Value => {
    if (value.kind === "awaitable" || value.kind === "manager") {
      const of = value.of.map(own);
      return of.some((one, i) => one !== value.of[i]) ? { ...value, of } : value;
    }
    if (value.kind !== "object" || value.cls === self.cls || !ancestry(self.cls).includes(value.cls)) return value;
    return { ...value, cls: self.cls, exact: value.exact || isExact };
  };
  return found.map(own);
}
