/** What the hidden last line of a comment says. It counts only on comments that we wrote ourselves. */
export interface RemarkMarker {
  fingerprints: string[];
  rule: string;
  key: string;
  /** The comment says that its findings are gone. */
  fixed: boolean;
}

/** What the hidden last line of the summary comment says. */
export interface SummaryMarker {
  key: string;
  head: string;
  /** Of the content, to tell whether it changed. */
  hash: string;
  /** The run that wrote it. */
  run: number;
  /** Fingerprints of findings whose place GitHub refused on this head. */
  refused: string[];
}

const LINE = /(?<=^|\n)<!-- pcr:v1 ([^<>\n]*) -->\s*$/;
const FINGERPRINT_LENGTH = 20;

/** The part of a fingerprint that is written into markers. */
export function short(fingerprint: string): string {
  return fingerprint.slice(0, FINGERPRINT_LENGTH);
}

export function remarkMarker({ fingerprints, rule, key, fixed }: RemarkMarker): string {
  const more = `${key === "" ? "" : ` key=${encodeURIComponent(key)}`}${fixed ? " state=fixed" : ""}`;
  return `<!-- pcr:v1 fp=${fingerprints.map(short).join(",")} rule=${rule}${more} -->`;
}

export function summaryMarker({ key, head, hash, run, refused }: SummaryMarker): string {
  const more = refused.length === 0 ? "" : ` refused=${refused.join(",")}`;
  return `<!-- pcr:v1 summary key=${encodeURIComponent(key)} head=${head} hash=${hash} run=${run}${more} -->`;
}

/** Reads the marker of a comment on a line; `null` when it has none. */
export function readRemarkMarker(body: string): RemarkMarker | null {
  const values = valuesOf(body);
  const fingerprints = values?.get("fp")?.split(",").filter(Boolean) ?? [];
  if (values === null || values.has("summary") || fingerprints.length === 0) return null;
  return {
    fingerprints,
    rule: values.get("rule") ?? "",
    key: decode(values.get("key")),
    fixed: values.get("state") === "fixed",
  };
}

/** Reads the marker of a summary comment; `null` when it has none. */
export function readSummaryMarker(body: string): SummaryMarker | null {
  const values = valuesOf(body);
  if (values === null || !values.has("summary")) return null;
  return {
    key: decode(values.get("key")),
    head: values.get("head") ?? "",
    hash: values.get("hash") ?? "",
    run: Number(values.get("run") ?? 0) || 0,
    refused: values.get("refused")?.split(",").filter(Boolean) ?? [],
  };
}

/** A comment without its marker. */
export function withoutMarker(body: string): string {
  return body.replace(LINE, "").trimEnd();
}

function valuesOf(body: string): Map<string, string> | null {
  const found = LINE.exec(body.replaceAll("\r\n", "\n"))?.[1];
  if (found === undefined) return null;
  return new Map(
    found.split(" ").map((part): [string, string] => {
      const equals = part.indexOf("=");
      return equals < 0 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
}

function decode(value: string | undefined): string {
  try {
    return decodeURIComponent(value ?? "");
  } catch {
    return value ?? "";
  }
}
