/**
 * Whether the project has at least a version of a library, named as on the package index; `null` where it leaves that open. An open
 * library counts as its newest version.
 */
export type AtLeast = (library: string, version: string) => boolean | null;

/** What holds in versions of a library older than `version`, in place of what the newest does. */
export interface Before<Facts> {
  library: string;
  version: string;
  facts: Partial<Facts>;
}

/** The fact as it is with the versions the project has. The oldest version comes first in `before`. */
export function asPinned<Fact extends { before: readonly Before<Fact>[] }>(fact: Fact, atLeast: AtLeast): Fact {
  const older = fact.before.find(({ library, version }) => atLeast(library, version) === false);
  return older === undefined ? fact : { ...fact, ...older.facts };
}

/** For questions asked without a project: every library in its newest version. */
export function newest(): null {
  return null;
}
