import { createHash } from "node:crypto";
import { type ReadBlob, tooLarge } from "../changes/blobs.ts";
import { decode, MOST_BYTES } from "../changes/decode.ts";
import type { Repository } from "../changes/repository.ts";
import { InputError } from "../errors.ts";
import type { GitHub } from "./client.ts";
import { refusalOf } from "./refusal.ts";

/** Reads blobs by their id: from the local repository where it has them (the id proves the content), else from GitHub. */
export interface BlobSource {
  read: ReadBlob;
  /** Blobs that need no request. */
  local: ReadonlySet<string>;
  /** Fetches many blobs with few requests; `false`: GitHub would not, and they have to be fetched one by one. */
  prefetch(ids: readonly string[]): Promise<boolean>;
}

/** Requests for single files that one run makes at most; a token has 1,000 an hour for the whole repository. */
const MOST_BLOB_REQUESTS = 400;
const AT_ONCE = 8;
const BATCH = 50;

/** Reads blobs locally where possible and through the API otherwise, a bounded number of them. */
export async function blobSource(github: GitHub, repository: Repository | null): Promise<BlobSource> {
  const { owner, repo } = github;
  const atOnce = limited(AT_ONCE);
  const fetched = new Map<string, string>();
  let requests = 0;
  const fetchBlob = async (id: string, path: string): Promise<string> => {
    requests += 1;
    if (requests > MOST_BLOB_REQUESTS) {
      throw new InputError(
        `${path} was not read: more than ${MOST_BLOB_REQUESTS} files would have to be fetched one by one; check the repository out first`,
      );
    }
    const { data } = await atOnce(() => github.octokit.rest.git.getBlob({ owner, repo, file_sha: id })).catch(
      (error) => {
        throw new InputError(`${path} could not be fetched (${refusalOf(error).message}); re-run the job`);
      },
    );
    if ((data.size ?? 0) > MOST_BYTES) throw new InputError(tooLarge(path));
    return decode(Buffer.from(data.content, data.encoding === "base64" ? "base64" : "utf8"));
  };
  return {
    read: async (id, path) => fetched.get(id) ?? (await repository?.blob(id, path)) ?? fetchBlob(id, path),
    local: repository === null ? new Set() : await checkedOut(repository),
    async prefetch(ids) {
      const wanted = [...new Set(ids)];
      for (let start = 0; start < wanted.length; start += BATCH) {
        const found = await fetchBatch(github, wanted.slice(start, start + BATCH));
        if (found === null) return false;
        for (const [id, text] of found) fetched.set(id, text);
      }
      return true;
    },
  };
}

interface BlobAnswer {
  repository: Record<string, { text?: string | null; isTruncated?: boolean } | null> | null;
}

/** The texts that come whole and as they are: what is binary, cut, or not UTF-8 is left to be fetched on its own. */
async function fetchBatch(github: GitHub, ids: readonly string[]): Promise<Map<string, string> | null> {
  const { owner, repo } = github;
  const parameters = ids.map((_, index) => `$id${index}: GitObjectID!`).join(", ");
  const fields = ids.map((_, index) => `b${index}: object(oid: $id${index}) { ... on Blob { text isTruncated } }`);
  const query = `query Blobs($owner: String!, $repo: String!, ${parameters}) {
  repository(owner: $owner, name: $repo) {
    ${fields.join("\n    ")}
  }
}`;
  const variables = Object.fromEntries(ids.map((id, index) => [`id${index}`, id]));
  let answer: BlobAnswer;
  try {
    answer = await github.octokit.graphql<BlobAnswer>(query, { owner, repo, ...variables });
  } catch {
    return null;
  }
  const found = new Map<string, string>();
  for (const [index, id] of ids.entries()) {
    const text = answer.repository?.[`b${index}`]?.text;
    if (typeof text === "string" && idOf(text) === id) found.set(id, decode(Buffer.from(text)));
  }
  return found;
}

/** The id that git gives this content: it proves that nothing was cut or decoded on the way. */
function idOf(text: string): string {
  const bytes = Buffer.from(text);
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** The blobs of the commit that is checked out. Others may be there too, which is found out when they are read. */
async function checkedOut(repository: Repository): Promise<Set<string>> {
  const rows = (await repository.ask("ls-tree", "-r", "-z", "--full-tree", "HEAD")) ?? "";
  return new Set(rows.split("\0").map((row) => row.slice(0, row.indexOf("\t")).split(" ")[2] ?? ""));
}

/** Runs at most `most` tasks at once. */
function limited(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await task();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
