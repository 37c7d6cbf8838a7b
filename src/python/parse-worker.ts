import { parentPort } from "node:worker_threads";
import { loadParser } from "./parse.ts";

/** Parses what the main thread sends and hands the flat trees over without copying. Runs as a worker only. */
const port = parentPort;
if (!port) throw new Error("This file runs as a worker.");
const parser = await loadParser();
port.on("message", ({ id, text }: { id: number; text: string }) => {
  const flat = parser.parse(text);
  const buffers = flat
    ? [flat.nodes, flat.comments, flat.errors].flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []))
    : [];
  port.postMessage({ id, flat }, buffers);
});
