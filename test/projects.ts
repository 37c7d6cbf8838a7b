import { libraryTables } from "../src/knowledge/library.ts";
import { type Inference, inferenceOf } from "../src/python/infer.ts";
import { layoutOf } from "../src/python/layout.ts";
import { libraryOf } from "../src/python/library.ts";
import { loadModules } from "../src/python/load.ts";
import type { Module } from "../src/python/module.ts";
import { startParsers } from "../src/python/parsers.ts";

/** The modules of a small project given as texts by path, and what their expressions stand for. `room` is the memory for them in characters. */
export async function loadProject(
  files: Readonly<Record<string, string>>,
  room = Number.POSITIVE_INFINITY,
): Promise<{ modules: ReadonlyMap<string, Module>; inference: Inference }> {
  const tables = libraryTables();
  const paths = Object.keys(files).filter((path) => path.endsWith(".py"));
  const layout = layoutOf(paths, tables.isLibrary);
  const parsers = await startParsers(1, 0);
  const read = async (path: string) => files[path] ?? null;
  const { modules } = await loadModules(paths, { layout, parsers, read, known: new Map(), room, done: () => {} });
  return { modules, inference: inferenceOf(modules, layout, libraryOf(tables)) };
}
