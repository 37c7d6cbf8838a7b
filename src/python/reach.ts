import { push } from "../multimap.ts";
import type { Layout } from "./layout.ts";

/** What a file imports, as its text says, without parsing it. */
interface Imported {
  module: string;
  level: number;
  names: readonly string[];
}

/** A review looks at this many lines at most beyond the changed files: the nearest first, so that its time has a bound. */
export const MOST_LINES = 120_000;

const IMPORT = /^[ \t]*(?:from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)|import[ \t]+([^\n#]+))/gm;

/** An application named by a text, as servers take it: `"shop.main:app"`. */
const APPLICATION = /(["'])([A-Za-z_][\w.]*):[A-Za-z_]\w*(?:\(\))?\1/g;

/** What a class is derived from. */
const BASES = /^[ \t]*class[ \t]+\w+[ \t]*\(([^)]*)\)/gm;

/** Files around others, and whether more were left out because they are too many. */
export interface Reach {
  paths: string[];
  isCut: boolean;
}

/**
 * The files whose code may take part in what happens in the changed ones: what they import, what imports them, and so on, nearest first.
 * A file that derives a class from one of the module it imports is as near as an import, for a call of the base runs it; other importers
 * of a module are the farther the more there are, and tests come last. `texts` holds every file's text.
 */
export function reachOf(
  changed: readonly string[],
  texts: ReadonlyMap<string, string>,
  layout: Layout,
  isTest: (path: string) => boolean = () => false,
): Reach {
  const { imports, importers } = linksOf(texts, layout);
  const found = new Set<string>();
  let lines = 0;
  const rings: string[][] = [changed.filter((path) => texts.has(path))];
  for (let distance = 0; distance < rings.length; distance++) {
    for (const path of (rings[distance] ?? []).sort()) {
      if (found.has(path)) continue;
      if (distance > 0) {
        lines += lineCount(texts.get(path) ?? "");
        if (lines > MOST_LINES) return { paths: [...found], isCut: true };
      }
      found.add(path);
      const reach = (one: string, step: number): void => {
        if (found.has(one)) return;
        const at = isTest(one) ? Math.max(distance + 1, FAR) : distance + step;
        const ring = rings[at];
        if (ring) ring.push(one);
        else rings[at] = [one];
      };
      for (const one of imports.get(path)?.keys() ?? []) reach(one, 1);
      const users = importers.get(path) ?? new Set();
      const crowd = distance === 0 ? 1 : 1 + Math.floor(Math.log2(users.size) / 2);
      for (const one of users) reach(one, imports.get(one)?.get(path) ? 1 : crowd);
    }
  }
  return { paths: [...found], isCut: false };
}

/** Where tests stand: behind all code that anything else leads to. */
const FAR = 1000;

/**
 * The files in groups that have nothing to do with each other, the longest first: files of one project (see `Layout.projectOf`) and
 * files that import each other, or name each other's applications, stay together. Each group is in order.
 */
export function groupsOf(texts: ReadonlyMap<string, string>, layout: Layout): { paths: string[]; length: number }[] {
  const beside = neighboursOf(texts, layout);
  const byProject = new Map<string, string[]>();
  for (const path of texts.keys()) {
    const project = layout.projectOf(path);
    push(byProject, project, path);
  }
  const seen = new Set<string>();
  const groups: { paths: string[]; length: number }[] = [];
  for (const start of [...texts.keys()].sort()) {
    if (seen.has(start)) continue;
    seen.add(start);
    const paths = [start];
    const projects = new Set<string>();
    let length = 0;
    const add = (more: Iterable<string>): void => {
      for (const one of more) {
        if (seen.has(one) || !texts.has(one)) continue;
        seen.add(one);
        paths.push(one);
      }
    };
    for (let at = 0; at < paths.length; at++) {
      const path = paths[at] ?? start;
      length += texts.get(path)?.length ?? 0;
      const project = layout.projectOf(path);
      if (!projects.has(project)) add(byProject.get(project) ?? []);
      projects.add(project);
      add(beside.get(path) ?? []);
    }
    groups.push({ paths: paths.sort(), length });
  }
  return groups.sort((a, b) => b.length - a.length || ((a.paths[0] ?? "") < (b.paths[0] ?? "") ? -1 : 1));
}

interface Links {
  /** What each file imports, and whether it derives a class from something it has from there. */
  imports: ReadonlyMap<string, ReadonlyMap<string, boolean>>;
  /** The files that import each file. */
  importers: ReadonlyMap<string, ReadonlySet<string>>;
}

function linksOf(texts: ReadonlyMap<string, string>, layout: Layout): Links {
  const imports = new Map<string, Map<string, boolean>>();
  const importers = new Map<string, Set<string>>();
  for (const [path, text] of texts) {
    const bases = new Set([...text.matchAll(BASES)].flatMap(([, names = ""]) => names.match(/\w+/g) ?? []));
    const targets = new Map<string, boolean>();
    for (const one of importsIn(text))
      for (const target of targetsOf(path, one, layout))
        if (target !== path) targets.set(target, targets.get(target) || one.names.some((name) => bases.has(name)));
    imports.set(path, targets);
    for (const target of targets.keys()) {
      const known = importers.get(target);
      if (known) known.add(path);
      else importers.set(target, new Set([path]));
    }
  }
  return { imports, importers };
}

/** What each file imports and is imported by: the imports first. */
function neighboursOf(texts: ReadonlyMap<string, string>, layout: Layout): Map<string, Set<string>> {
  const { imports, importers } = linksOf(texts, layout);
  const beside = new Map([...imports].map(([path, targets]) => [path, new Set(targets.keys())]));
  for (const [path, from] of importers) {
    const own = beside.get(path) ?? new Set();
    for (const one of from) own.add(one);
    beside.set(path, own);
  }
  return beside;
}

function lineCount(text: string): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function* importsIn(text: string): Generator<Imported> {
  for (const [, , module = ""] of text.matchAll(APPLICATION)) yield { module, level: 0, names: [] };
  for (const match of text.matchAll(IMPORT)) {
    const [, dots, from, names, plain] = match;
    if (plain !== undefined) {
      for (const part of plain.split(",")) {
        const module = /^[\w.]+/.exec(part.trim())?.[0];
        if (module) yield { module, level: 0, names: [] };
      }
    } else
      yield {
        module: from ?? "",
        level: dots?.length ?? 0,
        names: (names ?? "")
          .replace(/[()]/g, "")
          .split(",")
          .map((name) => /\w+/.exec(name)?.[0] ?? "")
          .filter(Boolean),
      };
  }
}

function targetsOf(path: string, { module, level, names }: Imported, layout: Layout): string[] {
  const found = new Set<string>();
  const add = (target: string | null): void => {
    if (target !== null) found.add(target);
  };
  add(module === "" && level === 0 ? null : layout.resolve(path, module, level));
  for (const name of names) add(layout.resolve(path, module === "" ? name : `${module}.${name}`, level));
  return [...found];
}
