// Extracts what the fake GitHub of the tests needs from GitHub's official descriptions of its REST and GraphQL interfaces:
//
//   node scripts/extract-openapi.mjs
//
// The two packages are hundreds of megabytes, so they are fetched into a temporary folder once and the parts are committed.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, print } from "graphql";

const OPENAPI = "@octokit/openapi@23.0.2";
const GRAPHQL = "@octokit/graphql-schema@15.26.1";

const OPERATIONS = [
  "git/get-blob",
  "git/get-tree",
  "issues/create",
  "issues/create-comment",
  "issues/delete-comment",
  "issues/list-comments",
  "issues/list-for-repo",
  "issues/update",
  "issues/update-comment",
  "pulls/create-reply-for-review-comment",
  "pulls/create-review",
  "pulls/create-review-comment",
  "pulls/delete-pending-review",
  "pulls/delete-review-comment",
  "pulls/get",
  "pulls/list",
  "pulls/list-files",
  "pulls/list-review-comments",
  "pulls/list-reviews",
  "pulls/update-review-comment",
  "repos/compare-commits",
  "repos/get",
  "repos/get-content",
];

/** Types of the GraphQL schema and the fields that are kept; `null` keeps a type whole. */
const TYPES = {
  Query: ["viewer", "repository"],
  Mutation: [
    "resolveReviewThread",
    "unresolveReviewThread",
    "minimizeComment",
    "unminimizeComment",
    "addPullRequestReviewThreadReply",
  ],
  User: ["login", "id"],
  Actor: ["login"],
  Bot: ["login", "id"],
  Repository: ["pullRequest", "object", "defaultBranchRef", "nameWithOwner"],
  Ref: ["name"],
  GitObject: ["oid", "id"],
  Blob: ["oid", "id", "text", "isTruncated", "isBinary", "byteSize"],
  PullRequest: ["id", "number", "headRefOid", "baseRefOid", "state", "isDraft", "comments", "reviews", "reviewThreads"],
  PullRequestReview: [
    "id",
    "fullDatabaseId",
    "databaseId",
    "body",
    "state",
    "author",
    "viewerDidAuthor",
    "isMinimized",
    "minimizedReason",
  ],
  PullRequestReviewConnection: ["nodes", "pageInfo", "totalCount"],
  PullRequestReviewThread: [
    "id",
    "path",
    "line",
    "originalLine",
    "subjectType",
    "isResolved",
    "isOutdated",
    "viewerCanResolve",
    "viewerCanUnresolve",
    "viewerCanReply",
    "resolvedBy",
    "comments",
  ],
  PullRequestReviewThreadConnection: ["nodes", "pageInfo", "totalCount"],
  PullRequestReviewComment: [
    "id",
    "fullDatabaseId",
    "databaseId",
    "body",
    "isMinimized",
    "minimizedReason",
    "author",
    "viewerDidAuthor",
    "path",
    "createdAt",
  ],
  PullRequestReviewCommentConnection: ["nodes", "pageInfo", "totalCount"],
  IssueComment: [
    "id",
    "fullDatabaseId",
    "databaseId",
    "body",
    "isMinimized",
    "minimizedReason",
    "author",
    "viewerDidAuthor",
    "createdAt",
  ],
  IssueCommentConnection: ["nodes", "pageInfo", "totalCount"],
  PageInfo: null,
  Minimizable: ["isMinimized", "minimizedReason"],
  ResolveReviewThreadPayload: ["thread", "clientMutationId"],
  UnresolveReviewThreadPayload: ["thread", "clientMutationId"],
  MinimizeCommentPayload: ["minimizedComment", "clientMutationId"],
  UnminimizeCommentPayload: ["unminimizedComment", "clientMutationId"],
  AddPullRequestReviewThreadReplyPayload: ["comment", "clientMutationId"],
};

const out = join(dirname(dirname(fileURLToPath(import.meta.url))), "test/fake-github");
const folder = mkdtempSync(join(tmpdir(), "openapi-"));
try {
  writeFileSync(join(out, "openapi.json"), `${JSON.stringify(openApi(), null, 1)}\n`);
  writeFileSync(join(out, "schema.graphql"), `${graphQl()}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Text of one file of a package. */
function fetched(name, file) {
  const archive = execFileSync("npm", ["pack", name, "--silent", "--pack-destination", folder], { encoding: "utf8" });
  execFileSync("tar", ["xzf", archive.trim().split("\n").at(-1), `package/${file}`], { cwd: folder });
  return readFileSync(join(folder, "package", file), "utf8");
}

/** The operations with all that they refer to, one example of an answer each, and no prose. */
function openApi() {
  const whole = JSON.parse(fetched(OPENAPI, "generated/api.github.com.json"));
  const components = {};
  const paths = {};
  for (const [path, methods] of Object.entries(whole.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (!OPERATIONS.includes(operation.operationId)) continue;
      paths[path] ??= {};
      paths[path][method] = kept(
        {
          operationId: operation.operationId,
          parameters: operation.parameters ?? [],
          ...(operation.requestBody ? { requestBody: operation.requestBody } : {}),
          responses: operation.responses,
        },
        false,
      );
    }
  }
  return { openapi: whole.openapi, info: { title: OPENAPI, version: whole.info.version }, paths, components };

  /** A copy without prose; what it refers to is copied along. */
  function kept(value, isMap) {
    if (Array.isArray(value)) return value.map((each) => kept(each, false));
    if (typeof value !== "object" || value === null) return value;
    if (typeof value.$ref === "string") take(value.$ref);
    const entries = Object.entries(value).flatMap(([name, each]) => {
      if (!isMap && ["description", "example", "externalDocs", "headers", "summary", "title"].includes(name)) return [];
      if (name.startsWith("x-")) return [];
      if (!isMap && name === "examples")
        return typeof each === "object" && !Array.isArray(each) ? [[name, example(each)]] : [];
      if (!isMap && ["enum", "required", "default"].includes(name)) return [[name, each]];
      return [[name, kept(each, ["properties", "responses", "content", "schemas"].includes(name))]];
    });
    return Object.fromEntries(entries);
  }

  function example(all) {
    const [name] = Object.keys(all);
    if (name === undefined) return {};
    const { $ref } = all[name];
    if ($ref === undefined) return {};
    const [, , kind, id] = $ref.split("/");
    components[kind] ??= {};
    components[kind][id] = { value: whole.components[kind][id].value };
    return { default: { $ref } };
  }

  function take(reference) {
    const [, , kind, id] = reference.split("/");
    components[kind] ??= {};
    if (components[kind][id] !== undefined) return;
    components[kind][id] = {};
    Object.assign(components[kind][id], kept(whole.components[kind][id], false));
  }
}

/** The types with the wanted fields, and every input, enumeration and scalar that these need. */
function graphQl() {
  const { definitions } = parse(fetched(GRAPHQL, "schema.graphql"), { noLocation: true });
  const byName = new Map(definitions.map((each) => [each.name?.value, each]));
  const found = new Map();
  for (const name of Object.keys(TYPES)) add(name);
  return print({ kind: "Document", definitions: [...found.values()] });

  function add(name) {
    const definition = byName.get(name);
    if (definition === undefined || found.has(name)) return;
    if (/^(Object|Interface)/.test(definition.kind) && !Object.hasOwn(TYPES, name)) {
      throw new Error(`${name} is needed: say which of its fields`);
    }
    const fields = (definition.fields ?? []).filter((field) => TYPES[name]?.includes(field.name.value) ?? true);
    const interfaces = definition.interfaces?.filter((each) => Object.hasOwn(TYPES, each.name.value));
    const trimmed = withoutProse({
      ...definition,
      ...(definition.fields ? { fields } : {}),
      ...(interfaces ? { interfaces } : {}),
    });
    found.set(name, trimmed);
    for (const field of fields) for (const each of [field, ...(field.arguments ?? [])]) add(named(each.type));
  }

  function named(type) {
    return type.name?.value ?? named(type.type);
  }

  function withoutProse(node) {
    if (Array.isArray(node)) return node.map(withoutProse);
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(
      Object.entries(node).flatMap(([key, value]) =>
        key === "description" || key === "directives" ? [] : [[key, withoutProse(value)]],
      ),
    );
  }
}
