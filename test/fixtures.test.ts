import { expect, test } from "vitest";
import { auditTexts, FIXTURES, fixtureFiles, markersIn } from "./fixtures.ts";

test.each(FIXTURES)("%s", async (name) => {
  const files = fixtureFiles(name);
  const report = await auditTexts(files);
  const found = report.findings.filter((finding) => !finding.suppressed);
  const expected = [...files].flatMap(([path, source]) => (path.endsWith(".py") ? markersIn(path, source) : []));

  const open = [...found];
  const lines: string[] = [];
  for (const marker of expected) {
    const place = `${marker.path}:${marker.line} ${marker.rule}`;
    const at = open.findIndex(
      (one) =>
        one.path === marker.path &&
        one.startLine === marker.line &&
        one.rule === marker.rule &&
        (marker.words === null || said(one).includes(marker.words)) &&
        (marker.severity === null || marker.severity === one.severity),
    );
    if (at >= 0) open.splice(at, 1);
    else lines.push(`missing: ${place}${marker.severity ? `[${marker.severity}]` : ""} ${marker.words ?? ""}`);
  }
  for (const one of open)
    lines.push(`unexpected: ${one.path}:${one.startLine} ${one.rule}[${one.severity}] ${one.message}`);
  expect(lines.sort()).toEqual([]);
});

function said({ message, instead, trace }: { message: string; instead: string; trace: { message: string }[] }): string {
  return [message, instead, ...trace.map((place) => place.message)].join("\n");
}
