/** The user's fault or the environment's: printed as one sentence that says what, where, and what to do. Anything else thrown is ours. */
export class InputError extends Error {
  override name = "InputError";
}
