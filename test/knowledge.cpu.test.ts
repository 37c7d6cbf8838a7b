import { expect, test } from "vitest";
import { BLOCKING, BLOCKING_CLASSES } from "../src/knowledge/blocking.ts";
import { CPU, CPU_CLASSES, cpuFact } from "../src/knowledge/cpu.ts";
import { availableSince, isAvailable, VERSIONS, versionFact } from "../src/knowledge/features.ts";
import { libraryTables } from "../src/knowledge/library.ts";
import { libraryOf } from "../src/python/library.ts";

const library = libraryOf(libraryTables());

test("every name is canonical and known", () => {
  const names = [...CPU.keys(), ...CPU_CLASSES.keys()];
  expect(names.filter((name) => library.canonical(name) !== name)).toEqual([]);
  expect([...CPU.keys()].filter((name) => !library.tables.isKnown(name))).toEqual([]);
});

test("names are written out and say where they come from", () => {
  const odd = [...CPU.values()].filter(({ name, source }) => !/^[A-Za-z_][\w.]*[\w]$/.test(name) || source === "");
  expect(odd).toEqual([]);
});

test("light work needs no advice, the rest has some, by names that exist", () => {
  const facts = [...CPU.values(), ...[...CPU_CLASSES.values()].map(({ fact }) => fact)];
  expect(facts.filter(({ weight, instead }) => (weight === "light") !== (instead === null))).toEqual([]);
  const advised = new Set(facts.flatMap(({ instead }) => instead?.split(" / ") ?? []));
  expect([...advised].filter((name) => library.canonical(name) !== name)).toEqual([]);
});

test("only work that keeps the lock freezes the loop from a thread", () => {
  expect([...CPU.values()].filter(({ gil, freezes }) => freezes && gil !== "holds")).toEqual([]);
  expect(cpuFact("json.loads")?.freezes).toBe(true);
  expect(cpuFact("copy.deepcopy")?.freezes).toBe(false);
});

test.each([
  ["hashlib.sha256", "releases", "input"],
  ["hashlib.pbkdf2_hmac", "releases", "heavy"],
  ["bcrypt.checkpw", "releases", "heavy"],
  ["argon2.PasswordHasher.hash", "releases", "heavy"],
  ["passlib.context.CryptContext.verify", "releases", "heavy"],
  ["cryptography.hazmat.primitives.kdf.scrypt.Scrypt.derive", "holds", "heavy"],
  ["cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key", "releases", "heavy"],
  ["zlib.compress", "releases", "input"],
  ["shutil.make_archive", "releases", "heavy"],
  ["tarfile.TarFile.extractall", "mixed", "heavy"],
  ["json.loads", "holds", "input"],
  ["yaml.safe_load", "holds", "input"],
  ["re.search", "holds", "input"],
  ["regex.search", "releases", "input"],
  ["sorted", "holds", "input"],
  ["bs4.BeautifulSoup", "holds", "input"],
  ["pdfminer.high_level.extract_text", "holds", "heavy"],
  ["openpyxl.load_workbook", "holds", "heavy"],
  ["matplotlib.figure.Figure.savefig", "holds", "heavy"],
  ["PIL.Image.open", "holds", "light"],
  ["PIL.Image.Image.resize", "releases", "heavy"],
  ["PIL.Image.Image.save", "mixed", "heavy"],
  ["cv2.Canny", "releases", "heavy"],
  ["cv2.distanceTransformWithLabels", "releases", "input"],
  ["cv2.putText", "releases", "light"],
  ["numpy.linalg.inv", "releases", "heavy"],
  ["numpy.array", "holds", "input"],
  ["scipy.linalg.solve", "holds", "heavy"],
  ["pandas.read_csv", "mixed", "heavy"],
  ["pandas.DataFrame.apply", "holds", "heavy"],
  ["sklearn.base.BaseEstimator.fit", "releases", "heavy"],
  ["torch.nn.Module.__call__", "releases", "heavy"],
  ["spacy.Language.pipe", "holds", "heavy"],
  ["networkx.betweenness_centrality", "holds", "heavy"],
  ["moviepy.editor.VideoFileClip.write_videofile", "holds", "light"],
] as const)("%s %s the GIL and is %s", (name, gil, weight) => {
  expect(cpuFact(name)).toMatchObject({ name, gil, weight });
});

test("the families of CPU work are there", () => {
  const families =
    "hashlib zlib gzip json pickle csv re difflib statistics itertools xml copy yaml lxml bs4 markdown jinja2 pypdf pdfplumber reportlab weasyprint docx openpyxl xlsxwriter matplotlib bcrypt argon2 passlib nacl werkzeug jwt Crypto cv2 skimage imageio librosa numpy scipy numba pandas polars pyarrow shapely geopandas torch tensorflow keras onnxruntime sklearn xgboost lightgbm transformers sentence_transformers tiktoken nltk spacy faiss networkx sympy ultralytics";
  const tops = new Set([...CPU.keys(), ...CPU_CLASSES.keys()].map((name) => name.split(".")[0]));
  expect(families.split(" ").filter((family) => !tops.has(family))).toEqual([]);
});

test("what the table of blocking calls takes for CPU work has its fact here", () => {
  const bare = [...BLOCKING.values()].filter(
    ({ name, cost, when }) => cost === "cpu" && when === "always" && cpuFact(name) === undefined,
  );
  expect(bare).toEqual([]);
});

test("no call is both waiting and heavy work, so that it is reported once", () => {
  const both = [...CPU.values()].filter(({ name, weight }) => {
    if (weight !== "heavy") return false;
    const fact = BLOCKING.get(name) ?? BLOCKING_CLASSES.get(name.slice(0, name.lastIndexOf(".")))?.fact;
    return fact !== undefined && fact.cost !== "cpu" && fact.when === "always";
  });
  expect(both.map(({ name }) => name)).toEqual([]);
});

test.each([
  ["sklearn.svm.SVC", "fit", "sklearn.base.BaseEstimator.fit"],
  ["transformers.BertModel", "generate", "transformers.PreTrainedModel.generate"],
  ["PIL.ImageEnhance.Contrast", "enhance", "PIL.ImageEnhance._Enhance.enhance"],
  ["bs4.BeautifulSoup", "prettify", "bs4.Tag.prettify"],
  ["faiss.IndexFlatL2", "search", "faiss.Index.search"],
])("%s.%s is %s", (type, member, name) => {
  expect(library.member(type, member)).toBe(name);
  expect(cpuFact(name)).toBeDefined();
});

test.each([
  ["PIL.JpegImagePlugin.JpegImageFile.resize", "PIL.Image.Image.resize"],
  ["pandas.core.groupby.GroupBy.apply", "pandas.core.groupby.DataFrameGroupBy.apply"],
  ["tensorflow.keras.models.load_model", "keras.models.load_model"],
  ["torch.nn.modules.module.Module.__call__", "torch.nn.Module.__call__"],
])("%s stands for %s", (name, canonical) => {
  expect(library.canonical(name)).toBe(canonical);
  expect(cpuFact(canonical)).toBeDefined();
});

test("features of Python come and go with its versions", () => {
  expect(availableSince("asyncio.to_thread")).toBe("3.9");
  expect(availableSince("asyncio.TaskGroup")).toBe("3.11");
  expect(availableSince("concurrent.futures.InterpreterPoolExecutor")).toBe("3.14");
  expect(availableSince("asyncio.gather")).toBeNull();
  expect(isAvailable("asyncio.timeout", 10)).toBe(false);
  expect(isAvailable("asyncio.timeout", 11)).toBe(true);
  expect(isAvailable("telnetlib", 12)).toBe(true);
  expect(isAvailable("telnetlib", 13)).toBe(false);
  expect(versionFact("redis-default-timeouts")).toMatchObject({ of: "redis", since: "8.0.0" });
});

test("every feature has one fact, versions that can be compared, and canonical names", () => {
  const features = VERSIONS.map(({ feature }) => feature);
  expect(new Set(features).size).toBe(features.length);
  expect(VERSIONS.filter(({ since, until }) => !/^\d+(\.\d+)*$/.test(since) || until === since)).toEqual([]);
  const dotted = features.filter((feature) => /^[\w.]+$/.test(feature));
  expect(dotted.filter((name) => library.canonical(name) !== name)).toEqual([]);
});
