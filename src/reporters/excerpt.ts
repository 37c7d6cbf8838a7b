import stringWidth from "string-width";
import { sourceLine } from "./escape.ts";

/** A line of source as a terminal shows it, and how far below it the marked part begins and how wide it is. */
export interface Excerpt {
  text: string;
  before: number;
  marked: number;
}

interface Glyph {
  text: string;
  width: number;
  /** Whether it belongs to the marked part. */
  inside: boolean;
}

const TAB = 4;
const CUT = "…";

/**
 * Cuts a line to `width` columns around the marked part (1-based UTF-16 columns, end exclusive). Tabs become spaces and unseen
 * characters show; wide characters count as the columns they take.
 */
export function excerpt(line: string, startColumn: number, endColumn: number, width: number): Excerpt {
  const start = Math.min(Math.max(0, startColumn - 1), line.length);
  const end = Math.min(Math.max(start + 1, endColumn - 1), Math.max(line.length, start + 1));
  // A line may be a megabyte: what is far from the mark is never looked at.
  const reach = 4 * width;
  const from = start > reach ? start - reach : 0;
  const glyphs = glyphsOf(line.slice(from, start + reach), start - from, end - from);
  const first = firstShown(glyphs, width);
  const cutBefore = from > 0 || first > 0;
  return assembled(cutBefore ? glyphs.slice(first) : dedented(glyphs), cutBefore, start + reach < line.length, width);
}

/** A line without a mark, cut to `width` columns. */
export function plainExcerpt(line: string, width: number): string {
  const first = line.search(/\S/) + 1;
  return excerpt(line, Math.max(1, first), first + 1, width).text;
}

function glyphsOf(text: string, start: number, end: number): Glyph[] {
  const glyphs: Glyph[] = [];
  let column = 0;
  for (const { segment, index } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)) {
    const shown =
      segment === "\t"
        ? " ".repeat(TAB - (column % TAB))
        : segment.length === 1
          ? sourceLine(segment)
          : visible(segment);
    const width = stringWidth(shown);
    column += width;
    glyphs.push({ text: shown, width, inside: index < end && index + segment.length > start });
  }
  return glyphs;
}

/** Joiners and variation selectors inside an emoji may stay; on their own they would hide. */
function visible(grapheme: string): string {
  return /\p{Extended_Pictographic}/u.test(grapheme) ? grapheme : sourceLine(grapheme);
}

function dedented(glyphs: Glyph[]): Glyph[] {
  const first = glyphs.findIndex(({ text, inside }) => inside || text.trim() !== "");
  return first < 0 ? [] : glyphs.slice(first);
}

/** The first glyph to show so that the mark's beginning is in view, with some of what stands before it. */
function firstShown(glyphs: readonly Glyph[], width: number): number {
  const mark = glyphs.findIndex(({ inside }) => inside);
  const indent = Math.max(
    0,
    glyphs.findIndex(({ text }) => text.trim() !== ""),
  );
  const columns = (to: number): number => glyphs.slice(indent, to).reduce((sum, glyph) => sum + glyph.width, 0);
  if (mark < 0 || columns(mark) + Math.min(20, width / 2) <= width) return 0;
  let first = mark;
  for (let room = Math.floor(width / 3); first > 0 && room > 0; first--) room -= glyphs[first - 1]?.width ?? 0;
  return first;
}

function assembled(glyphs: readonly Glyph[], cutBefore: boolean, cutAfter: boolean, width: number): Excerpt {
  let text = cutBefore ? CUT : "";
  let column = text.length;
  let before = -1;
  let end = 0;
  const total = glyphs.reduce((sum, glyph) => sum + glyph.width, column);
  const room = cutAfter || total > width ? width - 1 : width;
  for (const glyph of glyphs) {
    if (column + glyph.width > room) break;
    if (glyph.inside) {
      if (before < 0) before = column;
      end = column + glyph.width;
    }
    text += glyph.text;
    column += glyph.width;
  }
  const isCut = room < width;
  if (isCut) text = `${text.trimEnd()}${CUT}`;
  if (before < 0) before = column;
  return { text: isCut ? text : text.trimEnd(), before, marked: Math.max(1, end - before) };
}
