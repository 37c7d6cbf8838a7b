/** Characters that are not seen but act: controls, and those that change the direction or the look of what surrounds them. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** Text on one line, without unseen characters. */
export function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(UNSEEN, "");
}

/** Text that may be printed in a workflow's log: the runner takes no line of it for a command, in neither of the two forms it knows. */
export function noCommands(text: string): string {
  return text.replace(/^([ \t]*):(?=:)/gm, "$1: ").replaceAll("##[", "# #[");
}

/** One line of source as it is, except that unseen characters show. */
export function sourceLine(text: string): string {
  return text.replace(UNSEEN, (character) => (character === "\t" ? "\t" : "\uFFFD"));
}

/** At most `most` characters, never half of a surrogate pair; what was cut shows. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Text from a repository as a Markdown code span: nothing in it mentions, links, or leaves the span. */
export function code(text: string): string {
  const shown = plain(text);
  if (shown.trim() === "") return "` `";
  const fence = "`".repeat(longestRun(shown) + 1);
  const padding = shown.startsWith("`") || shown.endsWith("`") ? " " : "";
  return `${fence}${padding}${shown}${padding}${fence}`;
}

/** A sentence of ours in which code stands between backticks, as Markdown: the code is fenced anew, everything else is plain text. */
export function prose(text: string): string {
  return pieces(plain(text))
    .map((piece, index) => (piece.code ? code(piece.text) : markdownText(piece.text, index === 0)))
    .join("");
}

/** The parts of a sentence: code stands between runs of backticks of the same length. */
function pieces(sentence: string): { text: string; code: boolean }[] {
  const found: { text: string; code: boolean }[] = [];
  let end = 0;
  for (const match of sentence.matchAll(/(?<!`)(`+)(?!`)(.*?[^`])\1(?!`)/g)) {
    if (match.index > end) found.push({ text: sentence.slice(end, match.index), code: false });
    found.push({ text: (match[2] ?? "").trim(), code: true });
    end = match.index + match[0].length;
  }
  if (end < sentence.length) found.push({ text: sentence.slice(end), code: false });
  return found;
}

/** Markdown as a cell of a table. A pipe splits cells even inside a code span, unless a backslash stands before it. */
export function cell(markdown: string): string {
  return markdown
    .replace(/\s*\n\s*/g, " ")
    .replace(/(\\*)\|/g, (all, slashes: string) => (slashes.length % 2 === 1 ? all : `${slashes}\\|`));
}

/** A Markdown link, or its text alone where there is no address that a link can hold. */
export function link(markdown: string, address: string | null): string {
  return address === null || /[\s()<>]/.test(address) ? markdown : `[${markdown}](${address})`;
}

/** A block of code; its fence is longer than any run of backticks in it. */
export function fenced(language: string, text: string): string {
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/).map(sourceLine);
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}${language}`, ...lines, fence].join("\n");
}

/** Text inside HTML, in an element or in a quoted attribute. */
export function html(text: string): string {
  return text
    .replace(UNSEEN, (character) => (character === "\n" || character === "\t" ? character : "\uFFFD"))
    .replace(/[&<>"']/g, entity);
}

/** A sentence of ours as HTML, code between backticks in `code` elements. */
export function htmlProse(text: string): string {
  return pieces(plain(text))
    .map((piece) => (piece.code ? `<code>${html(piece.text)}</code>` : html(piece.text)))
    .join("");
}

function entity(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

function markdownText(text: string, first: boolean): string {
  const escaped = text
    .replace(/[\\`*_[\]<>|~$]/g, "\\$&")
    .replaceAll("&", "&amp;")
    // Neither a backslash nor an entity keeps GitHub from making a mention, a reference or a link; a character between does.
    .replace(/@(?=[\w-])/g, "@\u200B")
    .replace(/(?<=#|\bGH-)(?=\d)/gi, "\u200B")
    .replace(/:\/\//g, ":\u200B//")
    .replace(/www(?=\.)/gi, "$&\u200B");
  return first ? escaped.replace(/^\s*(?:[-+#=]|\d+(?=[.)]))/, blockMark) : escaped;
}

/** At the start of a line these would begin a list or a heading. */
function blockMark(mark: string): string {
  return /\d$/.test(mark) ? `${mark}\u200B` : mark.replace(/\S/, "\\$&");
}
