import { LINE_FAULT, type Place, placeFault } from "./anchors.ts";
import { list, object } from "./openapi.ts";
import { type Called, refuse, textOf, within } from "./refuse.ts";
import type { Pull, Review, ReviewComment, Store, Thread } from "./store.ts";

const MOST_BODY = 65_536;

/** Creates a review: all of its comments or none. */
export function createReview(call: Called, pull: Pull): Review {
  const { store, user } = call;
  const unprocessable = (error: string): never => refuse(422, "Unprocessable Entity", [error]);
  const event = textOf(call, "event");
  const body = textOf(call, "body");
  if (
    store.reviews.some(
      (each) => each.pull === pull.number && each.state === "PENDING" && each.user.login === user.login,
    )
  ) {
    unprocessable("User can only have one pending review per pull request");
  }
  if (event === "APPROVE" && user.bot) unprocessable("GitHub Actions is not permitted to approve pull requests.");
  if (event === "REQUEST_CHANGES" && user.login === pull.author.login) {
    unprocessable("Review Can not request changes on your own pull request");
  }
  if (event !== "" && body.trim() === "" && event !== "APPROVE") unprocessable("Review body can't be blank");
  const commit = textOf(call, "commit_id") || pull.head;
  if (store.origin.resolve(commit) === null) unprocessable("No commit found for SHA");
  if (!store.origin.isAncestor(commit, pull.head)) unprocessable("commit_id is not part of the pull request");
  const comments = list(object(call.body ?? {}).comments).map(object);
  for (const comment of comments) {
    for (const key of Object.keys(comment)) {
      if (!["path", "body", "line", "side", "start_line", "start_side", "position"].includes(key)) {
        unprocessable(`"${key}" is not a permitted key.`);
      }
    }
    if (String(comment.body).trim() === "") unprocessable("Review comments is invalid and Review threads is invalid");
    if (body.length > MOST_BODY || String(comment.body).length > MOST_BODY) {
      unprocessable(`Body is too long (maximum is ${MOST_BODY} characters)`);
    }
    const fault = placeFault(store, pull, commit, placeFrom(comment));
    if (fault !== null) unprocessable(fault);
  }
  const review: Review = {
    id: store.nextId(),
    pull: pull.number,
    user,
    body,
    state:
      event === ""
        ? "PENDING"
        : event === "COMMENT"
          ? "COMMENTED"
          : event === "APPROVE"
            ? "APPROVED"
            : "CHANGES_REQUESTED",
    commit,
  };
  store.reviews.push(review);
  for (const comment of comments) addComment(store, pull, review, placeFrom(comment), String(comment.body), false);
  return review;
}

/** Creates a single comment on a line or a file. */
export function createReviewComment(call: Called, pull: Pull): ReviewComment {
  const { store } = call;
  const body = object(call.body ?? {});
  const text = textOf(call, "body");
  const invalid = (field: string, message: string): never =>
    refuse(422, "Validation Failed", [{ resource: "PullRequestReviewComment", code: "custom", field, message }]);
  if (
    store.reviews.some(
      (each) => each.pull === pull.number && each.state === "PENDING" && each.user.login === call.user.login,
    )
  ) {
    invalid("user_id", "user_id can only have one pending review per pull request");
  }
  const commit = textOf(call, "commit_id");
  if (!store.origin.isAncestor(commit, pull.head)) invalid("commit_id", "commit_id is not part of the pull request");
  if (text.length > MOST_BODY) invalid("body", `Body is too long (maximum is ${MOST_BODY} characters)`);
  const place = placeFrom(body);
  const file = body.subject_type === "file";
  const fault = placeFault(store, pull, commit, place);
  if (file && fault === "Path could not be resolved")
    invalid("pull_request_review_thread.path", "path could not be resolved");
  if (!file && fault !== null) {
    invalid("pull_request_review_thread.line", fault === LINE_FAULT ? "must be part of the diff" : fault);
  }
  const review: Review = {
    id: store.nextId(),
    pull: pull.number,
    user: call.user,
    body: "",
    state: "COMMENTED",
    commit,
  };
  store.reviews.push(review);
  return addComment(store, pull, review, place, text, file);
}

/** Answers a thread. */
export function replyTo(call: Called, id: number, text: string): ReviewComment {
  const first = call.store.reviewComments.find((comment) => comment.id === id) ?? refuse(404, "Not Found");
  const reply: ReviewComment = {
    ...first,
    id: call.store.nextId(),
    user: call.user,
    body: text,
    edits: 0,
    minimized: null,
  };
  call.store.reviewComments.push(reply);
  return reply;
}

/** Deletes a review that was begun and not submitted. */
export function deletePending(call: Called): Review {
  const review = within(call, call.store.reviews, "review_id");
  if (review.state !== "PENDING")
    refuse(422, "Unprocessable Entity", ["Can not delete a non-pending pull request review"]);
  const { store } = call;
  store.reviews = store.reviews.filter(({ id }) => id !== review.id);
  const gone = new Set(
    store.reviewComments.filter((comment) => comment.review === review.id).map(({ thread }) => thread),
  );
  store.reviewComments = store.reviewComments.filter((comment) => comment.review !== review.id);
  store.threads = store.threads.filter(({ id }) => !gone.has(id));
  return review;
}

/** Adds a comment with a thread of its own, unchecked. */
export function addComment(
  store: Store,
  pull: Pull,
  review: Review,
  place: Place,
  body: string,
  file: boolean,
): ReviewComment {
  const thread: Thread = { id: store.nextId(), pull: pull.number, resolved: false, resolvedBy: null, outdated: false };
  const comment: ReviewComment = {
    id: store.nextId(),
    pull: pull.number,
    review: review.id,
    thread: thread.id,
    user: review.user,
    body,
    path: place.path,
    file,
    side: place.side,
    startLine: file ? null : place.startLine,
    line: file ? null : place.line,
    originalLine: file ? null : place.line,
    originalCommit: review.commit,
    commit: pull.head,
    minimized: null,
    edits: 0,
  };
  store.threads.push(thread);
  store.reviewComments.push(comment);
  return comment;
}

function placeFrom(comment: Record<string, unknown>): Place {
  const line = (key: string): number | null => (typeof comment[key] === "number" ? comment[key] : null);
  const side = (key: string): "LEFT" | "RIGHT" | null =>
    comment[key] === "LEFT" ? "LEFT" : comment[key] === "RIGHT" ? "RIGHT" : null;
  return {
    path: String(comment.path),
    line: line("line"),
    side: side("side") ?? "RIGHT",
    startLine: line("start_line"),
    startSide: side("start_side"),
  };
}
