import { blockingCallInAsync } from "./blocking-call-in-async.ts";
import { blockingCallReachedFromAsync } from "./blocking-call-reached-from-async.ts";
import type { Rule } from "./rule.ts";

/** Every rule, in the order of the rules page. */
export const rules: readonly Rule[] = [blockingCallInAsync, blockingCallReachedFromAsync];
