/** The value of a number literal as written; imaginary ones by their size. */
export function numberOf(source: string): number {
  const digits = source.replace(/_/g, "").replace(/[jJlL]$/, "");
  return Number(
    /^0[oO]?[0-7]+$/.test(digits) && !/^0+$/.test(digits) ? Number.parseInt(digits.replace(/^0[oO]?/, ""), 8) : digits,
  );
}

/** The prefix (lower case) and the text of a string literal without holes; `null` for one that may have some, or that does not end. */
export function plainString(text: string, start: number, end: number): { prefix: string; value: string } | null {
  let at = start;
  while (at < end && text[at] !== '"' && text[at] !== "'") at++;
  const quote = text.startsWith((text[at] ?? "").repeat(3), at) && end - at >= 6 ? 3 : 1;
  const prefix = text.slice(start, at).toLowerCase();
  const ends = end - quote >= at + quote && text.slice(end - quote, end) === text.slice(at, at + quote);
  if (!ends || prefix.length > 2 || prefix.includes("f") || prefix.includes("t")) return null;
  return { prefix, value: unescaped(text.slice(at + quote, end - quote), prefix.includes("r")) };
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
