import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

/** A folder for one test, removed when the file's tests are done. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "pcr-test-")));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** Writes files that each hold a word about themselves. */
export function writeFiles(folder: string, paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `text of ${path}\n`);
  }
}

/** A temporary git repository that knows nothing of the machine's own git configuration. */
export interface TestRepository {
  folder: string;
  write(path: string, text: string | Uint8Array): void;
  git(...args: string[]): string;
  /** Commits everything and answers the commit's id. */
  commit(message?: string): string;
}

/** The environment of git in tests. */
export const GIT_ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env.PATH,
  SystemRoot: process.env.SystemRoot,
  HOME: tmpdir(),
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.org",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.org",
  // The bundles are compiled once, not in every process that the tests start.
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
};

/** An empty repository, as `git init` makes it, without starting git; `settings` is more of its configuration. */
export function emptyRepository(folder: string, bare: boolean, settings = ""): void {
  const inside = bare ? folder : join(folder, ".git");
  for (const name of ["objects", "refs/heads", "refs/tags"]) mkdirSync(join(inside, name), { recursive: true });
  writeFileSync(join(inside, "HEAD"), "ref: refs/heads/main\n");
  writeFileSync(
    join(inside, "config"),
    `[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = ${bare}\n${settings}`,
  );
}

/** A repository with the branch `main` and no commit, or the one that is there. */
export function temporaryRepository(folder = temporaryFolder()): TestRepository {
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd: folder,
      env: GIT_ENVIRONMENT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  if (!existsSync(join(folder, ".git"))) emptyRepository(folder, false);
  return {
    folder,
    git,
    write(path, text) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    },
    commit(message = "change") {
      git("add", "-A");
      git("commit", "-q", "--allow-empty", "-m", message);
      return git("rev-parse", "HEAD").trim();
    },
  };
}
