import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, readFile, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import picomatch from "picomatch";
import { InputError } from "../errors.ts";

/**
 * Writes a file below a folder and answers its path. Neither `..` nor a link that a pull request may have put there leads outside.
 */
export async function writeInside(root: string, name: string, text: string, input: string): Promise<string> {
  const path = await placeInside(root, name, input);
  await mkdir(dirname(path), { recursive: true });
  const fault = `${input} ${JSON.stringify(name)} cannot be written: it leads through a link out of the workspace`;
  if (!isBelow(await realpath(root), await realpath(dirname(path)))) throw new InputError(fault);
  try {
    // A link in the last place is refused by the system itself.
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0);
    const file = await open(path, flags, 0o644);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new InputError(`${input} ${JSON.stringify(name)} cannot be written (${codeOf(error)}); name another file`);
  }
  return path;
}

/** Reads a file below a folder as text. */
export async function readInside(root: string, name: string, input: string, mostBytes: number): Promise<string> {
  const path = await placeInside(root, name, input);
  try {
    const real = await realpath(path);
    if (!isBelow(await realpath(root), real))
      throw new InputError(`${input} ${JSON.stringify(name)} leads out of the workspace`);
    const { size } = await lstat(real);
    if (size > mostBytes) throw new InputError(`${input} ${JSON.stringify(name)} is larger than ${mostBytes} bytes`);
    return await readFile(real, "utf8");
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${input} ${JSON.stringify(name)} cannot be read (${codeOf(error)}); name an existing file`);
  }
}

const MOST_FILES = 1000;

/** Files below a folder that match one of the globs, in order. Links are not followed. */
export async function filesMatching(root: string, globs: readonly string[]): Promise<string[]> {
  const matches = picomatch(
    globs.map((glob) => glob.replace(/^\.\//, "")),
    { dot: true },
  );
  const found: string[] = [];
  const starts = new Set(globs.map((glob) => picomatch.scan(glob.replace(/^\.\//, "")).base));
  for (const start of starts) {
    const folder = resolve(root, start);
    const real = await realpath(folder).catch(() => null);
    if (real === null || !isBelow(await realpath(root), real)) continue;
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const names = entries.map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
    found.push(...names.filter((name, index) => entries[index]?.isFile() === true && matches(name)));
    if (entries.length === 0 && matches(start)) found.push(start);
  }
  return [...new Set(found)].sort().slice(0, MOST_FILES);
}

async function placeInside(root: string, name: string, input: string): Promise<string> {
  const path = isAbsolute(name) ? resolve(name) : resolve(root, name);
  if (root !== "" && path !== resolve(root) && isBelow(resolve(root), path)) {
    await refuseLinks(resolve(root), path, name, input);
    return path;
  }
  throw new InputError(`${input} ${JSON.stringify(name)} must lie inside the workspace`);
}

/** The folders that exist on the way must not be links out of the root, or `mkdir` would follow them. */
async function refuseLinks(root: string, path: string, name: string, input: string): Promise<void> {
  const parts = relative(root, dirname(path)).split(sep).filter(Boolean);
  const realRoot = await realpath(root);
  let folder = root;
  for (const part of parts) {
    folder = join(folder, part);
    const real = await realpath(folder).catch(() => null);
    if (real === null) return;
    if (!isBelow(realRoot, real)) {
      throw new InputError(`${input} ${JSON.stringify(name)} leads through a link out of the workspace`);
    }
  }
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
