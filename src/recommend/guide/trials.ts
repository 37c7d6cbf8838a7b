/** The trial of the guide's last table: which knob, which values, what to watch, what refutes the advice. */
export const TRIALS = {
  fits: {
    knob: null,
    watch: "the time of one run",
    refuted: null,
  },
  tasks: {
    knob: "the semaphore with 1, 5, 10, 20, 50",
    watch: "the throughput, errors of the other side (429, 503, time-outs) and its connections",
    refuted:
      "20 at once take as long as one after the other: then the other side answers one at a time, and the loop stays as it is",
  },
  loop: {
    knob: "1, 20 and 100 requests at once",
    watch: "the slowest response, and what `PYTHONASYNCIODEBUG=1` names as slow",
    refuted: "the response times with 20 at once are those with one: then the call is too short to matter",
  },
  waiting: {
    knob: "`max_workers` with 1, 2, 4, 8, 16, 32",
    watch: "the throughput, the connections in use and the memory; the processor stays nearly idle",
    refuted: "one core is at 100 % with a few threads: then the work computes, and processes fit",
  },
  connections: {
    knob: "`max_workers` with 1, 2, 4, 8, up to the connections of the pool",
    watch: "the throughput, connections checked out, and the database's own load",
    refuted: "more threads take as long as one: then the database is the limit, and fewer or better queries help",
  },
  children: {
    knob: "`max_workers` with 1, 2, 4, up to the number of processors",
    watch: "the processors (the children use them) and the disk",
    refuted: "one child already keeps every core busy: then one after the other is as fast",
  },
  processes: {
    knob: "`max_workers` with 1, 2, 4, up to the number of processors",
    watch: "every core (`psutil.cpu_percent(percpu=True)`), and memory times the number of processes",
    refuted: "4 processes take more than half the time of one: then pickling, memory or the disk is the limit",
  },
  offload: {
    knob: "1, 2, 4 and 20 requests at once",
    watch: "every core (`psutil.cpu_percent(percpu=True)`) and the response time of other requests",
    refuted: "other requests wait as long as before: then the GIL is held after all, and a `ProcessPoolExecutor` fits",
  },
  releasing: {
    knob: "`max_workers` with 1, 2, 4, up to the number of processors",
    watch: "every core (`psutil.cpu_percent(percpu=True)`); above 100 % in sum the GIL is free",
    refuted: "4 threads take as long as one: then the GIL is held after all, and a `ProcessPoolExecutor` fits",
  },
  small: {
    knob: "the pool against a plain loop",
    watch: "the time of both",
    refuted: "the plain loop is slower by more than a tenth: then the work is more than it looks",
  },
  unknown: {
    knob: "`max_workers` with 1, 2, 4, 8",
    watch: "the processor: near 100 % it computes; low while it takes long, it waits",
    refuted: null,
  },
} as const;
