/** Characters that are not seen but act: controls, and those that change the direction or the look of what surrounds them. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text from a repository as a code span: nothing in it mentions, links, or leaves the span. */
export function code(text: string): string {
  const plain = text.replace(/\s+/g, " ").replace(UNSEEN, "");
  if (plain.trim() === "") return "` `";
  const runs = [...plain.matchAll(/`+/g)].map(([run]) => run.length);
  const fence = "`".repeat(Math.max(0, ...runs) + 1);
  const padding = plain.startsWith("`") || plain.endsWith("`") ? " " : "";
  return `${fence}${padding}${plain}${padding}${fence}`;
}

/** A sentence of ours in which code stands between backticks: the code is fenced anew, everything else is plain text. */
export function prose(text: string): string {
  return text
    .split(/((?<!`)(`+)(?!`)[\s\S]*?[^`]\2(?!`))/)
    .map((part, index) => {
      if (index % 3 === 1) return code(part.replace(/^`+|`+$/g, "").trim());
      return index % 3 === 2 ? "" : plain(part);
    })
    .join("");
}

function plain(text: string): string {
  return (
    text
      .replace(/\s+/g, " ")
      .replace(UNSEEN, "")
      .replace(/[\\`*_[\]<>|~]/g, "\\$&")
      .replaceAll("&", "&amp;")
      // Neither a backslash nor an entity keeps GitHub from making a mention or a reference; a character between does.
      .replace(/@(?=[\w-])/g, "@\u200B")
      .replace(/#(?=\d)/g, "#\u200B")
      .replace(/:\/\//g, ":\u200B//")
  );
}
