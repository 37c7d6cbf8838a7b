/** A comment of Python source, from its `#` to the end of the line. Positions are 1-based, columns in UTF-16 units. */
export interface Comment {
  line: number;
  column: number;
  text: string;
  /** Nothing else stands on its line. */
  alone: boolean;
}

/** One rule named by an ignore comment, with the place of its id. */
export interface IgnoredRule {
  id: string;
  line: number;
  startColumn: number;
  endColumn: number;
}

/** A comment `# pcr: ignore[…]` or `# pcr: ignore-file[…]`. */
export interface Ignore {
  line: number;
  startColumn: number;
  endColumn: number;
  /** The line whose findings it silences; `null` for the whole file. */
  target: number | null;
  rules: IgnoredRule[];
  reason: string;
  /** Why the comment has no effect at all, in a few words; `null` when it is well formed. */
  problem: string | null;
}

/** An `ignore-file` further down is easily overlooked, so it does not count. */
const FILE_LINES = 10;

const COMMENT = /#\s*pcr:\s*ignore(-file)?(?![\w-])\s*(\[[^\]]*\]?)?\s*/g;

/** The ignore comments among a file's comments. */
export function ignoresIn(comments: readonly Comment[]): Ignore[] {
  const alone = new Set(comments.filter((comment) => comment.alone).map(({ line }) => line));
  return comments.flatMap((comment) => {
    const found = [...comment.text.matchAll(COMMENT)];
    return found.map((match, index) => {
      const end = found[index + 1]?.index ?? comment.text.length;
      return ignoreOf(comment, match, end, targetOf(comment, alone));
    });
  });
}

/** Whether an ignore comment silences a finding of a rule that starts on a line. */
export function silences(ignore: Ignore, rule: string, line: number): boolean {
  if (ignore.problem !== null || (ignore.target !== null && ignore.target !== line)) return false;
  return ignore.rules.some(({ id }) => id === rule);
}

function ignoreOf(comment: Comment, match: RegExpExecArray, end: number, target: number): Ignore {
  const [written, file, bracket] = match;
  const start = comment.column + match.index;
  const isFile = file !== undefined;
  const rules = bracket === undefined ? [] : rulesIn(comment, match.index + written.indexOf("["), bracket);
  const rest = comment.text.slice(match.index + written.length, end);
  return {
    line: comment.line,
    startColumn: start,
    endColumn: start + comment.text.slice(match.index, end).trimEnd().length,
    target: isFile ? null : target,
    rules,
    reason: rest.replace(/^(?:--?|:|,|;|–|—)\s*/, "").trim(),
    problem: problemOf(comment, isFile, bracket, rules),
  };
}

function problemOf(
  comment: Comment,
  isFile: boolean,
  bracket: string | undefined,
  rules: IgnoredRule[],
): string | null {
  if (bracket?.endsWith("]") === false) return "its bracket is not closed";
  if (rules.length === 0) return "it names no rule";
  if (isFile && comment.line > FILE_LINES) return `it stands below line ${FILE_LINES}`;
  return null;
}

function rulesIn(comment: Comment, offset: number, bracket: string): IgnoredRule[] {
  return [...bracket.matchAll(/[^\s,[\]]+/g)].map((match) => {
    const startColumn = comment.column + offset + match.index;
    return { id: match[0], line: comment.line, startColumn, endColumn: startColumn + match[0].length };
  });
}

/** Its own line, or for a comment alone on a line the next line that is not such a comment too. */
function targetOf(comment: Comment, alone: ReadonlySet<number>): number {
  let line = comment.line;
  while (alone.has(line)) line++;
  return line;
}
