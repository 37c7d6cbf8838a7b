/** Writes out `a.{b,c}.d` as `a.b.d` and `a.c.d`; several groups multiply. Tables use it to keep one line per meaning. */
export function expand(pattern: string): string[] {
  const group = /\{([^{}]*)\}/.exec(pattern);
  if (group === null) return [pattern];
  const before = pattern.slice(0, group.index);
  const after = pattern.slice(group.index + group[0].length);
  return (group[1] ?? "").split(",").flatMap((choice) => expand(before + choice + after));
}

/** Writes out every pattern of a space-separated list. */
export function expandAll(patterns: string): string[] {
  // Every start of the program writes out thousands of names, most of which stand alone.
  return /^[\w.]+$/.test(patterns) ? [patterns] : patterns.trim().split(/\s+/).flatMap(expand);
}

/** The part of a dotted name after its last dot. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** Builds a map and refuses a name given twice, so that no table silently overrides another. */
export function uniqueMap<Value>(entries: Iterable<readonly [string, Value]>): ReadonlyMap<string, Value> {
  const map = new Map<string, Value>();
  for (const [name, value] of entries) {
    if (map.has(name)) throw new Error(`Knowledge table names ${name} twice.`);
    map.set(name, value);
  }
  return map;
}
