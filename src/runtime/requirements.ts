import { InputError } from "../errors.ts";
import { push } from "../multimap.ts";
import { lineOf, parseToml } from "../toml.ts";
import { isTable } from "../values.ts";

/** The versions of one library that the project allows, and where it says so. `high` is excluded unless `includesHigh`. */
export interface Requirement {
  exact: string | null;
  low: string | null;
  high: string | null;
  includesHigh: boolean;
  from: { path: string; line: number };
}

/** Which versions of libraries the project uses. */
export interface Requirements {
  /** What the project says about the library; `null` if it does not name it. Names count as on the package index: `Psycopg_Pool` is `psycopg-pool`. */
  version(library: string): Requirement | null;
  /** Whether the library has at least this version; `null` if the project leaves it open. */
  atLeast(library: string, version: string): boolean | null;
}

/** Requirements that people write are short; only lock files grow. */
const MOST_CHARACTERS = 256 * 1024;

/** Whether a file says which versions of libraries the project uses. */
export function isRequirementsFile(path: string): boolean {
  return readerOf(path) !== null;
}

/** Reads all files that state versions. Lock files come before pinned and ranged requirements, files near the root before others. */
export function requirementsOf(files: ReadonlyMap<string, string>): Requirements {
  const stated = new Map<string, { rank: number; requirement: Requirement }[]>();
  for (const [path, text] of files) {
    const reader = readerOf(path);
    if (!reader || (!reader.locks && text.length > MOST_CHARACTERS)) continue;
    for (const { name, specifier, line } of safely(reader.read, text, path)) {
      const requirement = { ...boundsOf(specifier), from: { path, line } };
      // What says nothing about versions must not hide what does.
      const silent = requirement.exact === null && requirement.low === null && requirement.high === null;
      const rank = (silent ? 1e6 : reader.locks ? 0 : requirement.exact === null ? 2e3 : 1e3) + path.split("/").length;
      const key = normalised(name);
      push(stated, key, { rank, requirement });
    }
  }
  const version = (library: string): Requirement | null =>
    (stated.get(normalised(library)) ?? []).reduce<{ rank: number; requirement: Requirement } | null>(
      (best, one) =>
        best === null || one.rank < best.rank || (one.rank === best.rank && isNewer(one, best)) ? one : best,
      null,
    )?.requirement ?? null;
  return {
    version,
    atLeast: (library, wanted) => {
      const found = version(library);
      if (!found) return null;
      if (found.exact !== null) return compareVersions(found.exact, wanted) >= 0;
      if (found.low !== null && compareVersions(found.low, wanted) >= 0) return true;
      if (found.high === null) return null;
      const gap = compareVersions(found.high, wanted);
      return gap < 0 || (gap === 0 && !found.includesHigh) ? false : null;
    },
  };
}

/** Orders two versions: negative if `a` is older. Pre-releases come before their release. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.release.length, right.release.length); i++) {
    const gap = (left.release[i] ?? 0) - (right.release[i] ?? 0);
    if (gap !== 0) return gap;
  }
  return left.stage - right.stage;
}

function parts(version: string): { release: number[]; stage: number } {
  const plain = version.trim().replace(/^v?(?:\d+!)?/i, "");
  const release = (/^\d+(?:\.\d+)*/.exec(plain)?.[0] ?? "0").split(".").map(Number);
  const rest = plain.replace(/^\d+(?:\.\d+)*/, "").replace(/\+.*$/, "");
  const stage = /^[-_.]?(?:a|b|c|rc|alpha|beta|pre|preview|dev)/i.test(rest)
    ? -1
    : /^[-_.]?(?:post|rev|r)/i.test(rest)
      ? 1
      : 0;
  return { release, stage };
}

function isNewer(one: { requirement: Requirement }, other: { requirement: Requirement }): boolean {
  const [a, b] = [one, other].map(({ requirement }) => requirement.exact ?? requirement.low ?? "0");
  return compareVersions(a ?? "0", b ?? "0") > 0;
}

function normalised(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[-_.]+/g, "-");
}

type Bounds = Omit<Requirement, "from">;

/** What a specifier such as `>=1.2,<2`, `~=1.4` or Poetry's `^1.2` allows. */
function boundsOf(specifier: string): Bounds {
  const found: Bounds = { exact: null, low: null, high: null, includesHigh: false };
  // Of alternatives only what they share is known, so nothing is.
  if (specifier.includes("||")) return found;
  const raise = (version: string): void => {
    if (found.low === null || compareVersions(version, found.low) > 0) found.low = version;
  };
  const limit = (version: string, includes: boolean): void => {
    if (found.high !== null && compareVersions(version, found.high) >= 0) return;
    found.high = version;
    found.includesHigh = includes;
  };
  for (const clause of specifier.matchAll(CLAUSE)) {
    const [, operator = "", version = "", wildcard] = clause;
    if (wildcard !== undefined && operator !== "!=") {
      raise(version);
      limit(bumped(version, version.split(".").length - 1), false);
      continue;
    }
    switch (operator) {
      case "":
      case "=":
      case "==":
      case "===":
        found.exact = version;
        break;
      case ">=":
      case ">":
        raise(version);
        break;
      case "<":
        limit(version, false);
        break;
      case "<=":
        limit(version, true);
        break;
      case "~=":
        raise(version);
        limit(bumped(version, Math.max(0, segments(version).length - 2)), false);
        break;
      case "~":
        raise(version);
        limit(bumped(version, Math.min(1, segments(version).length - 1)), false);
        break;
      case "^": {
        const first = segments(version).findIndex((segment) => segment !== 0);
        raise(version);
        limit(bumped(version, first < 0 ? segments(version).length - 1 : first), false);
      }
    }
  }
  return found.exact === null ? found : { ...found, low: found.exact, high: found.exact, includesHigh: true };
}

const CLAUSE =
  /(===?|~=|!=|>=|<=|[<>=^~])?\s*v?(\d+(?:\.\d+)*(?:[-_.]?(?:a|b|c|rc|alpha|beta|dev|post)\d*)?)(\.\*)?(?:\+[\w.]+)?/gi;

function segments(version: string): number[] {
  return parts(version).release;
}

/** The first version in which the segment at `position` is higher. */
function bumped(version: string, position: number): string {
  return segments(version)
    .slice(0, position + 1)
    .map((segment, i) => (i === position ? segment + 1 : segment))
    .join(".");
}

/** One library as a file names it. */
interface Stated {
  name: string;
  specifier: string;
  line: number;
}

type Read = (text: string, path: string) => Stated[];

/** Files are other people's: what cannot be read says nothing. */
function safely(read: Read, text: string, path: string): Stated[] {
  try {
    return read(text, path);
  } catch (error) {
    if (error instanceof InputError || error instanceof SyntaxError) return [];
    throw error;
  }
}

function readerOf(path: string): { read: Read; locks: boolean } | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/^(?:poetry|uv|pdm)\.lock$|^pylock(?:\.\w+)?\.toml$/.test(name)) return { read: readLock, locks: true };
  if (name === "Pipfile.lock") return { read: readPipfileLock, locks: true };
  if (name === "pyproject.toml") return { read: readPyproject, locks: false };
  if (name === "Pipfile") return { read: readPipfile, locks: false };
  if (name === "setup.cfg") return { read: readSetupCfg, locks: false };
  // `requirements/prod.txt` is as common as `requirements-prod.txt`.
  const isList = /(?:require|constraint)[^/]*\.txt$/i.test(name) || /(?:^|\/)requirements\/[^/]+\.txt$/i.test(path);
  return isList ? { read: readList, locks: false } : null;
}

const NAMED = /^\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)$/s;

/** `redis[hiredis]>=5,<6 ; python_version > "3.8"`. */
function requirement(text: string, line: number): Stated[] {
  const [, name, rest] = NAMED.exec(text) ?? [];
  if (name === undefined || rest === undefined) return [];
  // A direct reference (`redis @ https://…`) names no version that can be trusted.
  if (rest.startsWith("@")) return [{ name, specifier: "", line }];
  if (rest !== "" && !/^[\s(;=<>!~^]/.test(rest)) return [];
  return [{ name, specifier: (rest.split(";")[0] ?? "").replace(/[()]/g, " "), line }];
}

function readList(text: string): Stated[] {
  const found: Stated[] = [];
  let open = "";
  let start = 0;
  for (const [index, row] of text.split(/\r?\n/).entries()) {
    if (open === "") start = index + 1;
    const plain = row.replace(/(?:^|\s)#.*$/, "");
    open += plain.replace(/\\$/, " ");
    if (plain.endsWith("\\")) continue;
    if (!/^\s*(?:-|\w+:\/\/)/.test(open)) found.push(...requirement(open.replace(/\s--[\w-]+[= ].*$/, ""), start));
    open = "";
  }
  return found;
}

function readSetupCfg(text: string): Stated[] {
  const found: Stated[] = [];
  let section = "";
  let key = "";
  for (const [index, row] of text.split(/\r?\n/).entries()) {
    const plain = row.replace(/(?:^|\s)[#;].*$/, "");
    const header = /^\[(.+)\]\s*$/.exec(plain)?.[1];
    const setting = /^([\w.-]+)\s*[=:]\s*(.*)$/.exec(plain);
    if (header !== undefined) section = header;
    if (setting) key = setting[1] ?? "";
    const value = setting ? (setting[2] ?? "") : /^\s+\S/.test(plain) ? plain : "";
    const counts = (section === "options" && key === "install_requires") || section === "options.extras_require";
    if (counts && value.trim() !== "") found.push(...requirement(value, index + 1));
  }
  return found;
}

function readPyproject(text: string): Stated[] {
  const table = parseToml(text, "pyproject.toml");
  const places = placesIn(text);
  const found: Stated[] = [];
  const list = (items: unknown, path: readonly string[]): void => {
    if (!Array.isArray(items)) return;
    const start = places.table(path);
    for (const item of items) if (typeof item === "string") found.push(...requirement(item, places.item(item, start)));
  };
  const lists = (groups: unknown, path: readonly string[]): void => {
    if (isTable(groups)) for (const [name, items] of Object.entries(groups)) list(items, [...path, name]);
  };
  const project = isTable(table.project) ? table.project : {};
  const tool = isTable(table.tool) ? table.tool : {};
  const [poetry, pdm, uv] = [tool.poetry, tool.pdm, tool.uv].map((one) => (isTable(one) ? one : {}));
  list(project.dependencies, ["project", "dependencies"]);
  lists(project["optional-dependencies"], ["project", "optional-dependencies"]);
  lists(table["dependency-groups"], ["dependency-groups"]);
  lists(pdm?.["dev-dependencies"], ["tool", "pdm", "dev-dependencies"]);
  list(uv?.["dev-dependencies"], ["tool", "uv", "dev-dependencies"]);
  found.push(...named(poetry?.dependencies, places, ["tool", "poetry", "dependencies"]));
  found.push(...named(poetry?.["dev-dependencies"], places, ["tool", "poetry", "dev-dependencies"]));
  for (const [name, group] of Object.entries(isTable(poetry?.group) ? poetry.group : {}))
    if (isTable(group))
      found.push(...named(group.dependencies, places, ["tool", "poetry", "group", name, "dependencies"]));
  return found;
}

/** `redis = "^5.0"` and `redis = { version = "^5.0", extras = […] }`. */
function named(table: unknown, places: Places, path: readonly string[]): Stated[] {
  if (!isTable(table)) return [];
  const start = places.table(path);
  return Object.entries(table).flatMap(([name, value]): Stated[] => {
    const version = isTable(value) ? value.version : value;
    const specifier = typeof version === "string" ? version : "";
    return name === "python" ? [] : [{ name, specifier, line: places.key(name, start) }];
  });
}

/** Where things stand in a TOML text, without searching it anew for each of many. */
interface Places {
  table(path: readonly string[]): number;
  /** The first line from `start` on that has the text in quotes, or sets the key. */
  item(text: string, start: number): number;
  key(name: string, start: number): number;
}

const MOST_SEARCHES = 100;

function placesIn(text: string): Places {
  const items = new Map<string, number[]>();
  const keys = new Map<string, number[]>();
  const note = (map: Map<string, number[]>, key: string, line: number): void => {
    push(map, key, line);
  };
  for (const [index, row] of text.split("\n").entries()) {
    for (const [, double, single] of row.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g))
      note(items, double ?? single ?? "", index + 1);
    const key = /^\s*["']?([\w.-]+)["']?\s*=/.exec(row)?.[1];
    if (key !== undefined) note(keys, key, index + 1);
  }
  const from = (lines: readonly number[] | undefined, start: number): number =>
    lines?.find((line) => line >= start) ?? start;
  let searches = 0;
  return {
    table: (path) => (searches++ < MOST_SEARCHES ? lineOf(text, path) : 1),
    item: (item, start) => from(items.get(item), start),
    key: (name, start) => from(keys.get(name), start),
  };
}

function readPipfile(text: string): Stated[] {
  const table = parseToml(text, "Pipfile");
  const places = placesIn(text);
  return ["packages", "dev-packages"].flatMap((section) => named(table[section], places, [section]));
}

function readPipfileLock(text: string): Stated[] {
  const whole: unknown = JSON.parse(text);
  if (!isTable(whole)) return [];
  const lines = new Map<string, number>();
  for (const [index, row] of text.split("\n").entries()) {
    const name = /^\s*"([^"]+)":\s*\{/.exec(row)?.[1];
    if (name !== undefined && !lines.has(name)) lines.set(name, index + 1);
  }
  return [whole.default, whole.develop].flatMap((section) =>
    Object.entries(isTable(section) ? section : {}).flatMap(([name, entry]): Stated[] => {
      const version = isTable(entry) ? entry.version : null;
      return typeof version === "string" ? [{ name, specifier: version, line: lines.get(name) ?? 1 }] : [];
    }),
  );
}

/** Lock files are large and written by machines, so their lines say enough. */
function readLock(text: string): Stated[] {
  const found: Stated[] = [];
  let inPackage = false;
  let at: { name: string; line: number } | null = null;
  for (const [index, row] of text.split(/\r?\n/).entries()) {
    if (row.startsWith("[")) {
      inPackage = /^\[\[packages?\]\]\s*$/.test(row);
      at = null;
    }
    if (!inPackage) continue;
    const [, key, value] = /^(name|version)\s*=\s*["']([^"']+)["']/.exec(row) ?? [];
    if (key === "name" && value !== undefined) at = { name: value, line: index + 1 };
    else if (key === "version" && value !== undefined && at) {
      found.push({ ...at, specifier: `==${value}` });
      at = null;
    }
  }
  return found;
}
