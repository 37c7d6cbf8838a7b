import { TextDecoder } from "node:util";

/** Larger files are not read at all; what can still be analysed of smaller ones is the parser's decision. */
export const MOST_BYTES = 4 * 1024 * 1024;

// PEP 263: a comment in the first two lines may name the encoding.
const DECLARED = /^(?:[ \t\f]*(?:#[^\n]*)?\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)/;

/**
 * The text of a file: UTF-8 unless a Python encoding comment says otherwise. A byte order mark is kept, and bytes that are
 * no text become U+FFFD: a file is never refused for one bad byte.
 */
export function decode(bytes: Uint8Array): string {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 400));
  const label = DECLARED.exec(head)?.[1] ?? "utf-8";
  return decoder(label).decode(bytes);
}

function decoder(label: string): TextDecoder {
  try {
    const found = new TextDecoder(label.replaceAll("_", "-").replace("latin-", "latin"), { ignoreBOM: true });
    // No Python source is UTF-16: its encoding comment could not have been read.
    if (!found.encoding.startsWith("utf-16")) return found;
  } catch {
    // A name that only Python knows, or none at all.
  }
  return new TextDecoder("utf-8", { ignoreBOM: true });
}
