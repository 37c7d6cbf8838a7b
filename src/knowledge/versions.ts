/** Answers which version of a distribution the project pins, by its name on the package index; `null` when nothing says. */
export type VersionOf = (distribution: string) => string | null;

/** What holds for a distribution older than a version, in place of what the newest does. */
export interface Before<Facts> {
  distribution: string;
  version: string;
  facts: Partial<Facts>;
}

/**
 * Whether a pinned version is older than another. Only the numbers are compared, so that a pre-release counts as the version it
 * leads to.
 */
export function isOlder(version: string, than: string): boolean {
  const numbers = numbersOf(version);
  for (const [place, right] of numbersOf(than).entries()) {
    const left = numbers[place] ?? 0;
    if (left !== right) return left < right;
  }
  return false;
}

/** The fact as it is with the versions the project pins; an unpinned library counts as its newest version. */
export function asPinned<Fact extends { before: readonly Before<Fact>[] }>(fact: Fact, versionOf: VersionOf): Fact {
  const older = fact.before.find(({ distribution, version }) => {
    const pinned = versionOf(distribution);
    return pinned !== null && isOlder(pinned, version);
  });
  return older === undefined ? fact : { ...fact, ...older.facts };
}

function numbersOf(version: string): number[] {
  return (/\d+(?:\.\d+)*/.exec(version)?.[0] ?? "").split(".").map(Number);
}
