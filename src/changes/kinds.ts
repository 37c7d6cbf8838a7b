/** Endings of files that say something about a Python program: code, its configuration, and how its servers are started. */
const ENDINGS = ["py", "pyi", "pyw", "toml", "cfg", "ini", "yml", "yaml", "conf", "service", "sh", "env"];

/** Globs of file names (without folders) that matter beside those endings. */
const NAMES = [
  "Dockerfile*",
  "Procfile*",
  "Pipfile*",
  ".env*",
  "*require*.txt",
  "*constraint*.txt",
  "Containerfile*",
  "*.dockerfile",
  "entrypoint",
  "docker-entrypoint",
  "start",
  "uv.lock",
  "pdm.lock",
  "poetry.lock",
];

/** Requirement files by their folder: `requirements/prod.txt`. */
const FOLDERS = "requirements/[^/]*\\.txt";

const MATTERS = new RegExp(`(?:\\.(?:${ENDINGS.join("|")})|(?:^|/)(?:${NAMES.map(pattern).join("|")}|${FOLDERS}))$`);
const NEVER = /(?:^|\/)(?:node_modules|__pycache__|__pypackages__|\.git)\//;

/** Git pathspecs that choose the same files as `matters` (before its excluded folders). */
export const PATHSPECS: readonly string[] = [
  ...ENDINGS.map((ending) => `*.${ending}`),
  ...NAMES.flatMap((name) => [name, `*/${name}`]),
  "requirements/*.txt",
  "*/requirements/*.txt",
];

/** Whether a file belongs into a snapshot: Python, or configuration that Python servers and tools read. */
export function matters(path: string): boolean {
  return MATTERS.test(path) && !NEVER.test(path);
}

/** Whether a file holds Python. */
export function isPython(path: string): boolean {
  return /\.py[iw]?$/.test(path);
}

function pattern(glob: string): string {
  return glob.replaceAll(".", "\\.").replaceAll("*", "[^/]*");
}
