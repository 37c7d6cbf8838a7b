import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's top folder. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Text of a file of the repository. */
export function text(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Paths below a folder of the repository, relative to its top, with `/`, in order. */
export function filesBelow(folder: string, extension = ""): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

/** What a source file imports or re-exports: project files by path, everything else by name. */
export function importsOf(path: string): string[] {
  const statements = text(path).matchAll(
    /^(?:import|export)\s[^;]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...statements].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? "";
    return name.startsWith(".") ? posix.normalize(posix.join(posix.dirname(path), name)) : name;
  });
}
