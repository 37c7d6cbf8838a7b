/** The value of a number literal as written; imaginary ones by their size. */
export function numberOf(source: string): number {
  const digits = source.replace(/_/g, "").replace(/[jJlL]$/, "");
  return Number(
    /^0[oO]?[0-7]+$/.test(digits) && !/^0+$/.test(digits) ? Number.parseInt(digits.replace(/^0[oO]?/, ""), 8) : digits,
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

/** The text of a string literal's piece, with its escapes resolved unless it is raw. */
export function unescaped(source: string, raw: boolean): string {
  return raw || !source.includes("\\")
    ? source
    : source.replace(/\\([\s\S])/g, (whole, next: string) => ESCAPES[next] ?? whole);
}
