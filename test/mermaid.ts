import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInThisContext } from "node:vm";
import { Window } from "happy-dom";

interface Mermaid {
  parse(source: string): Promise<unknown>;
}

const LIBRARY = createRequire(import.meta.url).resolve("@mermaid-js/tiny/dist/mermaid.tiny.js");
const window = new Window();
let loaded: Mermaid | null = null;

/** What the real Mermaid has against a diagram; `null` when it takes it. */
export async function mermaidFault(source: string): Promise<string | null> {
  // Mermaid cleans labels with the document of a browser. Other tests of this process must not take themselves for one.
  Object.assign(globalThis, { window, document: window.document });
  try {
    loaded ??= load();
    await loaded.parse(source);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    Reflect.deleteProperty(globalThis, "window");
    Reflect.deleteProperty(globalThis, "document");
  }
}

function load(): Mermaid {
  runInThisContext(readFileSync(LIBRARY, "utf8"));
  return runInThisContext("globalThis.mermaid");
}
