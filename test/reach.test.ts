import { expect, test } from "vitest";
import { layoutOf } from "../src/python/layout.ts";
import { MOST_LINES, reachOf } from "../src/python/reach.ts";

const FILLING = "x = 1\n".repeat(MOST_LINES / 40);

/** What is reached from `app/route.py` in a project with more users of the base than fit. */
function reach(more: Record<string, string>, isTest: (path: string) => boolean = () => false): readonly string[] {
  const files: Record<string, string> = {
    "app/__init__.py": "",
    "app/route.py": "from app.base import Store\n",
    "app/base.py": "class Store: ...\n",
    ...more,
  };
  const layout = layoutOf(Object.keys(files), () => false);
  return reachOf(["app/route.py"], new Map(Object.entries(files)), layout, isTest).paths;
}

function users(folder: string): Record<string, string> {
  const names = Array.from({ length: 60 }, (_, i) => `app/${folder}/user${i}.py`);
  return Object.fromEntries(names.map((name) => [name, `from app.base import Store\n${FILLING}`]));
}

test("what derives from a class that is reached comes before the many that only use it", () => {
  const store = { "app/stores/sql.py": "from app.base import Store\n\n\nclass SqlStore(Store): ...\n" };
  expect(reach({ ...users("pages"), ...store })).toContain("app/stores/sql.py");
});

test("tests come after all other code", () => {
  const far = { "app/x.py": "import app.base\nimport app.y\n", "app/y.py": "import app.z\n", "app/z.py": "" };
  const isTest = (path: string) => path.startsWith("app/checks/");
  const found = reach({ ...users("checks"), ...far }, isTest);
  expect(found).toContain("app/z.py");
  expect(found.some(isTest)).toBe(true);
});
