/** A part of a page, from its fullest version to its shortest; an empty version leaves it out. */
export interface Section {
  name: string;
  versions: [string, ...string[]];
}

/**
 * Joins sections to at most `most` characters. Where they are too long, sections go to their shorter versions one step at a
 * time, in the order of `shedding`; `note` then tells the reader which ones. Sections stay whole, so nothing is cut open.
 */
export function withinBudget(
  sections: readonly Section[],
  shedding: readonly string[],
  most: number,
  note: (names: readonly string[]) => string,
): string {
  const level = new Map<string, number>();
  const shed = new Set<string>();
  const page = (): string => {
    const shown = sections
      .map(({ name, versions }) => versions[level.get(name) ?? 0] ?? "")
      .filter((text) => text !== "");
    return [...shown, ...(shed.size > 0 ? [note([...shed])] : [])].join("\n\n");
  };
  for (const name of shedding) {
    const versions = sections.find((section) => section.name === name)?.versions ?? [];
    for (let next = 1; next < versions.length && page().length > most; next++) {
      level.set(name, next);
      if (versions[next] !== versions[next - 1]) shed.add(name);
    }
  }
  return page();
}
