import { timeouts } from "./row.ts";

/** Child programs. */
export const SUBPROCESSES = [
  ...timeouts(
    "subprocess",
    "child",
    "CPython 3.11 Lib/subprocess.py:381,398,417,506,681,1165,1259, os",
    { zero: "at once", negative: "at once" },
    [
      [
        "subprocess.run",
        "timeout",
        "forever",
        { note: "the child is killed when the time is over, its own children are not" },
      ],
      ["subprocess.{call,check_call,check_output}", "timeout", "forever"],
      [
        "subprocess.Popen.wait",
        "timeout@0",
        "forever",
        { note: "with a pipe that nobody empties it never ends: use communicate" },
      ],
      [
        "subprocess.Popen.communicate",
        "timeout@1",
        "forever",
        { note: "the child runs on when the time is over: kill it" },
      ],
      ["subprocess.{getoutput,getstatusoutput}", "", "forever", { note: "takes no timeout: use subprocess.run" }],
      ["os.system", "", "forever", { note: "takes no timeout: use subprocess.run" }],
      ["os.{wait,wait3,wait4}", "", "forever", { note: "takes no timeout" }],
      ["os.waitpid", "", "forever", { unless: "options@1 os.WNOHANG", note: "takes no timeout" }],
    ],
  ),
  ...timeouts("subprocess", "child", "psutil 7 __init__.py", { zero: "at once", negative: "error" }, [
    ["psutil.{Process,Popen}.wait", "timeout@0", "forever"],
    ["psutil.Popen.communicate", "timeout@1", "forever"],
    ["psutil.wait_procs", "timeout@1", "forever"],
  ]),
  ...timeouts("subprocess", "child", "invoke 2 runners.py, pexpect 4.8 pty_spawn.py:36, run.py", {}, [
    ["invoke.run invoke.Context.{run,sudo}", "timeout", "forever"],
    ["pexpect.spawn", "timeout@2", "30 s for each expectation", { zero: "at once" }],
    ["pexpect.run", "timeout@1", "30 s", { negative: "default" }],
    [
      "pexpect.spawn.{expect,expect_exact,expect_list}",
      "timeout@1",
      "the limit of the object, 30 s by default",
      { zero: "at once", negative: "default", on: "pexpect.spawn timeout@2" },
    ],
  ]),
];
