import type { Settings } from "./config.ts";
import type { Finding } from "./finding.ts";
import { type Ignore, ignoresIn, silences } from "./ignores.ts";
import { nearest } from "./nearest.ts";
import { rules } from "./rules/index.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** Marks findings that an ignore comment silences, and adds `unused-ignore` for comments that silence nothing. */
export function ignoreFindings(findings: readonly Finding[], runtime: Runtime, settings: Settings): Finding[] {
  const byPath = new Map<string, Ignore[]>();
  for (const module of runtime.modules) {
    const found = ignoresIn(module.comments);
    if (found.length > 0) byPath.set(module.path, found);
  }
  if (byPath.size === 0) return [...findings];
  const used = new Set<string>();
  const marked = findings.map((finding) => {
    let suppressed = false;
    for (const ignore of byPath.get(finding.path) ?? [])
      if (silences(ignore, finding.rule, finding.startLine)) {
        suppressed = true;
        used.add(useKey(finding.path, ignore, finding.rule));
      }
    return suppressed ? { ...finding, suppressed } : finding;
  });
  const unused = [...byPath].flatMap(([path, ignores]) =>
    ignores.flatMap((ignore) => unusedOf(path, ignore, runtime, settings, used)),
  );
  return [...marked, ...unused.filter((finding) => !isOff(settings, finding.rule))];
}

function isOff({ select, ignore }: Settings, rule: string): boolean {
  return ignore.includes(rule) || (select !== null && !select.includes(rule));
}

function useKey(path: string, ignore: Ignore, rule: string): string {
  return `${path}\n${ignore.line}\n${ignore.startColumn}\n${rule}`;
}

function unusedOf(
  path: string,
  ignore: Ignore,
  runtime: Runtime,
  settings: Settings,
  used: ReadonlySet<string>,
): Finding[] {
  const module = runtime.modules.find((one) => one.path === path);
  if (ignore.problem !== null)
    return [
      finding(
        path,
        module?.name ?? path,
        ignore.line,
        ignore.startColumn,
        ignore.endColumn,
        `this ignore comment does nothing: ${ignore.problem}`,
        "Write `# pcr: ignore[rule-id] reason`, or remove it.",
        "malformed",
      ),
    ];
  return ignore.rules.flatMap(({ id, line, startColumn, endColumn }) => {
    const isKnown = rules.some((rule) => rule.id === id);
    // A rule that does not run cannot show whether the comment is needed.
    if (used.has(useKey(path, ignore, id)) || (isKnown && isOff(settings, id)) || id === "unused-ignore") return [];
    const guess = isKnown
      ? null
      : nearest(
          id,
          rules.map((rule) => rule.id),
        );
    const message = isKnown
      ? `nothing here is silenced by \`ignore[${id}]\``
      : `there is no rule \`${id.replaceAll("`", "'")}\`${guess ? `; did you mean \`${guess}\`?` : ""}`;
    return [
      finding(path, module?.name ?? path, line, startColumn, endColumn, message, "Remove the id, or correct it.", id),
    ];
  });
}

function finding(
  path: string,
  name: string,
  line: number,
  startColumn: number,
  endColumn: number,
  message: string,
  instead: string,
  subject: string,
): Finding {
  return {
    rule: "unused-ignore",
    severity: "notice",
    confidence: "high",
    path,
    startLine: line,
    startColumn,
    endLine: line,
    endColumn,
    function: name,
    message,
    instead,
    trace: [],
    state: null,
    suppressed: false,
    fingerprint: `\n${subject}`,
    fix: null,
    cause: null,
  };
}
