import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { FINE, mentions, naps, openThreads, places, scenario, summaries } from "./fake-github/checks.ts";
import { TOKEN } from "./fake-github/store.ts";

/** Allowed by git. */
const BRANCH = ["x;$(touch$", "{IFS}ran)`id`"].join("");

const ONE = { "app.py": naps(["load"]) };

describe.concurrent("nothing of the pull request runs", () => {
  scenario(
    "hooks, build scripts and site customisation are files like others",
    {
      head: {
        ...ONE,
        "setup.py": "import os\nos.system('touch ran')\n",
        "sitecustomize.py": "open('ran', 'w')\n",
        "conftest.py": "open('ran', 'w')\n",
        ".gitattributes": "*.py filter=evil diff=evil\n",
        ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% ran\n',
      },
    },
    async (world) => {
      let work = "";
      await world.run({
        checkout: "full",
        prepare: (workspace) => {
          work = workspace;
          const config = join(workspace, ".git/config");
          const evil = `[filter "evil"]\n\tsmudge = touch ran\n\tclean = touch ran\n[diff "evil"]\n\ttextconv = touch ran\n\tcommand = touch ran\n[core]\n\tfsmonitor = touch ran\n\thooksPath = hooks\n`;
          writeFileSync(config, `${readFileSync(config, "utf8")}${evil}`);
          mkdirSync(join(workspace, "hooks"));
          writeFileSync(join(workspace, "hooks/post-index-change"), "#!/bin/sh\ntouch ran\n", { mode: 0o755 });
        },
      });
      expect(existsSync(join(work, "ran"))).toBe(false);
      expect(places(world.store)).toEqual(["app.py:5"]);
    },
  );

  scenario(
    "the gate cannot be switched off from within",
    {
      base: { "pyproject.toml": "[tool.pcr]\n" },
      head: {
        ...ONE,
        "pyproject.toml": '[tool.pcr]\nfail-on = "never"\nignore = ["blocking-call-in-async"]\nexclude = ["**"]\n',
      },
    },
    async (world) => {
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
      expect(`${summaries(world.store)}${run.summary}`).toContain("pyproject.toml");
    },
  );

  scenario(
    "nor with a configuration file that the input names and only the pull request has",
    { head: { ...ONE, "ci/pcr.toml": 'fail-on = "never"\n' } },
    async (world) => {
      const run = await world.run({ inputs: { config: "ci/pcr.toml" } });
      expect(run.outputs.verdict).toBe("fail");
      expect(run.summary).toMatch(/config/);
    },
  );

  scenario(
    "ignore comments that it brings work, and are listed for its reviewers",
    {
      base: { "old.py": naps(["old"]) },
      head: {
        "app.py": naps(["load"]).replace("sleep(1)", "sleep(1)  # pcr: ignore[blocking-call-in-async] trust me"),
        "old.py": naps(["old"]).replace("    time", "    # pcr: ignore[blocking-call-in-async] trust me\n    time"),
      },
    },
    async (world) => {
      const run = await world.run();
      expect(run.outputs).toMatchObject({ verdict: "pass", introduced: "0" });
      for (const place of ["app.py:5", "old.py:6"]) {
        expect(run.summary).toContain(place);
        expect(summaries(world.store).join()).toContain(place);
      }
    },
  );
});

describe.concurrent("paths never lead out of the workspace", () => {
  scenario(
    "a report file through a link that the pull request put there",
    { head: { ...ONE, out: { mode: "120000", text: "/tmp" } } },
    async (world) => {
      const name = `pcr-${process.pid}-leak.json`;
      const run = await world.run({ inputs: { "report-file": `out/${name}` } });
      expect(existsSync(join("/tmp", name))).toBe(false);
      expect(run.outputs.verdict).toBe("error");
      expect(run.errors.join()).toContain("report-file");
    },
  );

  scenario(
    "a report file that is itself a link",
    { head: { ...ONE, "report.json": { mode: "120000", text: "../target" } } },
    async (world) => {
      let target = "";
      const run = await world.run({
        inputs: { "report-file": "report.json" },
        prepare: (workspace) => {
          target = join(workspace, "../target");
        },
      });
      expect(existsSync(target)).toBe(false);
      expect(run.outputs.verdict).toBe("error");
    },
  );

  scenario("an audit does not follow links", { head: ONE }, async (world) => {
    const run = await world.run({
      event: "workflow_dispatch",
      prepare: (workspace) => {
        const outside = join(workspace, "../outside");
        mkdirSync(outside, { recursive: true });
        writeFileSync(join(outside, "secret.py"), naps(["secret"]));
        symlinkSync(outside, join(workspace, "linked"));
        symlinkSync(join(outside, "secret.py"), join(workspace, "secret.py"));
      },
    });
    expect(run.outputs).toMatchObject({ existing: "1" });
    expect(run.summary).not.toContain("secret");
  });

  scenario("a report inside the workspace is written where it was asked for", { head: ONE }, async (world) => {
    const run = await world.run({ inputs: { "report-file": "reports/pcr.json", "sarif-file": "pcr.sarif" } });
    expect(run.outputs).toMatchObject({ "report-file": "reports/pcr.json", "sarif-file": "pcr.sarif" });
    expect(run.report?.findings).toHaveLength(1);
  });
});

describe.concurrent("text of the pull request is data", () => {
  // What is shown of the code: the name of the call, of the function, of the file.
  const PATHS = {
    "a command": "::error::pwned.py",
    "the old form of a command": "##[error]pwned.py",
    "a mention": "@octocat/x.py",
    "an issue": "#12 @octocat.py",
    markdown: "**[x](https:__evil.example)**<img src=x>.py",
    "a comment": "--><script>alert(1)<!--.py",
    backticks: "``` @octocat ```.py",
    "direction marks": "abc\u202Eyp.exe\u202C.py",
    "control characters": "esc\u001B[31mred\u0007.py",
  };
  for (const [name, path] of Object.entries(PATHS)) {
    scenario(
      `${name} in a path`,
      { head: { [path]: naps(["load"]) } },
      async (world) => {
        const run = await world.run({ checkout: "none" });
        expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1", delivery: "review" });
        const commands = run.commands.map(({ message }) => message);
        expect(commands).not.toContain("pwned.py");
        for (const text of [
          run.summary,
          ...summaries(world.store),
          ...openThreads(world.store).map(({ body }) => body),
        ]) {
          expect(mentions(text)).toEqual([]);
          expect(text).not.toMatch(/[\p{Cf}]|(?!\n)\p{Cc}/u);
          expect(text.replace(/`[^`\n]*`/g, "")).not.toMatch(/<script|<img/);
        }
      },
      { everyLineInSummary: false },
    );

    scenario(
      `${name} in a path, as an annotation`,
      { head: { [path]: naps(["load"]) }, profile: "read-only" },
      async (world) => {
        const run = await world.run({ checkout: "none", environment: { GITHUB_STEP_SUMMARY: "" } });
        expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1", delivery: "log" });
        expect(run.commands.map(({ message }) => message)).not.toContain("pwned.py");
        expect(run.errors).toHaveLength(2);
      },
      { everyLineInSummary: false },
    );
  }

  scenario(
    "decorators and names in messages are in code",
    {
      head: {
        "app.py":
          'from time import sleep as property\n\n\n@property\nasync def octocat():\n    """@octocat #12"""\n    property(1)\n',
      },
    },
    async (world) => {
      await world.run();
      for (const text of [...summaries(world.store), ...openThreads(world.store).map(({ body }) => body)]) {
        expect(mentions(text)).toEqual([]);
      }
    },
  );

  scenario("GitHub's own words cannot command the runner", { head: ONE }, async (world) => {
    world.github.faults.push({
      operation: "pulls/create-review",
      status: 400,
      message: "no\n::error::pwned\n##[error]pwned",
    });
    const run = await world.run();
    expect(run.commands.map(({ message }) => message)).not.toContain("pwned");
    expect(run.outputs.verdict).toBe("fail");
  });

  scenario("a branch and a sender with a command in their names", { head: ONE }, async (world) => {
    world.store.origin.ref(`refs/heads/${BRANCH}`, world.base);
    world.pull.baseRef = BRANCH;
    const run = await world.run({ environment: { GITHUB_ACTOR: "\n::error::pwned" } });
    expect(run.commands.map(({ message }) => message)).not.toContain("pwned");
    expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
  });
});

describe.concurrent("secrets stay secret", () => {
  scenario("the token is masked before anything else, and git never gets it", { head: ONE }, async (world) => {
    let seen = "";
    const run = await world.run({
      checkout: "full",
      prepare: (workspace) => {
        const folder = join(workspace, "../bin");
        mkdirSync(folder, { recursive: true });
        seen = join(folder, "environment");
        const path = process.env.PATH ?? "";
        const script = `#!/bin/sh\nenv >> "${seen}"\nPATH="${path}" exec git "$@"\n`;
        writeFileSync(join(folder, "git"), script, { mode: 0o755 });
      },
      environment: (workspace) => ({
        MY_SECRET_KEY: "s3cret",
        PATH: `${join(workspace, "../bin")}:${process.env.PATH}`,
      }),
    });
    expect(run.stdout.split("\n", 1)[0]).toBe(`::add-mask::${TOKEN}`);
    expect(run.outputs.verdict).toBe("fail");
    const environment = readFileSync(seen, "utf8");
    expect(environment).toContain("PATH=");
    expect(environment).not.toContain(TOKEN);
    expect(environment).not.toContain("s3cret");
  });
});

describe.concurrent("two stages", () => {
  const claim = (number: number, head: string): string =>
    JSON.stringify({
      schemaVersion: 1,
      pullRequest: { number, head },
      findings: [{ message: "@octocat ::error::pwned" }],
    });

  scenario(
    "a first-stage report that agrees: its text is not used all the same",
    { head: ONE, fork: true },
    async (world) => {
      const run = await world.run({
        event: "workflow_run",
        checkout: "none",
        inputs: { mode: "post", "report-file": "stage.json" },
        prepare: (workspace) => writeFileSync(join(workspace, "stage.json"), claim(1, world.pull.head)),
      });
      expect(run.outputs).toMatchObject({ verdict: "fail", delivery: "review" });
      expect(`${summaries(world.store)}${run.stdout}`).not.toContain("pwned");
    },
  );

  for (const [name, text] of [
    ["of another pull request", claim(2, "a".repeat(40))],
    ["that is no JSON", "{"],
    ["that claims nothing", "{}"],
  ] as const) {
    scenario(`a first-stage report ${name}: nothing is posted`, { head: ONE, fork: true }, async (world) => {
      const run = await world.run({
        event: "workflow_run",
        checkout: "none",
        inputs: { mode: "post", "report-file": "stage.json" },
        prepare: (workspace) => writeFileSync(join(workspace, "stage.json"), text),
      });
      expect(run.code).toBe(1);
      expect(run.outputs.verdict).toBe("error");
      expect(run.writes).toEqual([]);
    });
  }

  scenario(
    "what the fork's configuration says does not count there either",
    { head: { ...ONE, "pcr.toml": 'fail-on = "never"\n', "b.py": FINE }, fork: true },
    async (world) => {
      const run = await world.run({ event: "workflow_run", checkout: "none", inputs: { mode: "post" } });
      expect(run.outputs).toMatchObject({ verdict: "fail", introduced: "1" });
    },
  );
});
