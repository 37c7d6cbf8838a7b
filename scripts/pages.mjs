// The generated pages: the rules page, and the tables of the README between `<!-- name -->` and `<!-- /name -->`.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";

/** Writes the pages from the compiled rules, action.yml and the built command line. */
export async function writePages(root) {
  if (!existsSync(join(root, "build/rules/index.js"))) return;
  const compiled = (path) => import(pathToFileURL(join(root, "build", path)).href);
  const { rules } = await compiled("rules/index.js");
  const { OPTIONS } = await compiled("options.js");
  const { rulesPage } = await compiled("rules/page.js");
  writeFileSync(join(root, "src/rules/README.md"), rulesPage(rules));

  const readme = join(root, "README.md");
  if (!existsSync(readme)) return;
  const action = parse(readFileSync(join(root, "action.yml"), "utf8"));
  const help = execFileSync(process.execPath, [join(root, "dist/cli.js"), "--help"], { encoding: "utf8" });
  const blocks = {
    rules: rulesTable(rules),
    inputs: inputsTable(action.inputs),
    outputs: outputsTable(action.outputs),
    keys: keysTable(OPTIONS),
    help: `\`\`\`text\n${help.trim()}\n\`\`\``,
  };
  let text = readFileSync(readme, "utf8");
  for (const [name, block] of Object.entries(blocks)) {
    const span = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(\n<!-- /${name} -->)`);
    if (!span.test(text)) throw new Error(`README.md has no block <!-- ${name} -->`);
    text = text.replace(span, (_, start, end) => `${start}\n${block}\n${end}`);
  }
  writeFileSync(readme, text);
}

function rulesTable(rules) {
  const rows = rules.map(
    ({ id, severity, title }) => `| [\`${id}\`](src/rules/README.md#${id}) | ${severity} | ${title} |`,
  );
  return ["| rule | severity | reports |", "|---|---|---|", ...rows].join("\n");
}

function inputsTable(inputs) {
  const rows = Object.entries(inputs).map(([name, { description, default: value }]) => {
    return `| \`${name}\` | ${value === undefined || value === "" ? "" : `\`${value}\``} | ${cell(description)} |`;
  });
  return ["| input | default | |", "|---|---|---|", ...rows].join("\n");
}

function outputsTable(outputs) {
  const rows = Object.entries(outputs).map(([name, { description }]) => `| \`${name}\` | ${cell(description)} |`);
  return ["| output | |", "|---|---|", ...rows].join("\n");
}

function keysTable(options) {
  const rows = options
    .filter(({ key }) => key)
    .map(({ name, default: value, help, choices }) => {
      const words = choices ? ` One of ${choices.map((choice) => `\`${choice}\``).join(", ")}.` : "";
      return `| \`${name}\` | ${cell(value)} | ${cell(help)}${words} |`;
    });
  return ["| key | default | |", "|---|---|---|", ...rows].join("\n");
}

function cell(text) {
  return text.trim().replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}
