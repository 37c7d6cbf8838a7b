import type { Argument as Named } from "../../knowledge/timeouts/row.ts";
import type { Argument, Call, Expression } from "../../python/syntax.ts";
import { type Keywords, keywordsOf } from "../graph/keywords.ts";
import type { Submission } from "../pools/submissions.ts";
import type { Runtime } from "../runtime.ts";

/** What a library function is given by a call, by the `partial` behind it, or by the submission that hands it over. */
export interface Given {
  /** The expressions that the argument may be; none when it is not seen. */
  of(argument: Named): readonly Expression[];
  /** Whether the argument may be there unseen, in `*args` or `**kwargs`. */
  mayHide(argument: Named): boolean;
  /** Whether all arguments stand in the call itself. */
  isPlain: boolean;
}

/** What a call gives to the function that it calls. */
export function givenBy(runtime: Runtime, call: Call): Given {
  const held = heldBy(runtime, call.callee);
  return givenAs(runtime, [...held, ...call.args], held.length === 0);
}

/** What a submission gives to the library function that is its work. */
export function givenTo(runtime: Runtime, submission: Submission): Given {
  const { call, payload } = submission;
  const hidden = call.args.filter(({ stars }) => stars !== 0);
  const keywords = hidden.flatMap(({ stars, value }) => (stars === 2 ? [keywordsOf(runtime, value)] : []));
  return {
    of: ({ name, position }) => {
      const own = payload.filter(({ as }) => as !== null && (as === name || as === position));
      if (own.length > 0) return own.map(({ expression }) => expression);
      return name === null ? [] : valuesOf(keywords, name);
    },
    mayHide: ({ position }) =>
      payload.some(({ as }) => as === null) ||
      (position !== null && hidden.some(({ stars }) => stars === 1)) ||
      keywords.some(({ complete }) => !complete),
    isPlain: hidden.length === 0,
  };
}

/** The arguments that the `partial` behind a callee holds already. */
function heldBy(runtime: Runtime, callee: Expression): readonly Argument[] {
  const held: Argument[] = [];
  for (const value of runtime.inference.values(callee))
    if (value.kind === "partial") {
      const [wrapped, ...rest] = value.call.args;
      if (wrapped) held.push(...heldBy(runtime, wrapped.value), ...rest);
    }
  return held;
}

function givenAs(runtime: Runtime, args: readonly Argument[], isDirect: boolean): Given {
  const keywords = args.flatMap(({ stars, value }) => (stars === 2 ? [keywordsOf(runtime, value)] : []));
  const firstStar = args.findIndex(({ stars }) => stars === 1);
  const positional = args
    .slice(0, firstStar < 0 ? args.length : firstStar)
    .filter(({ name, stars }) => name === null && stars === 0);
  return {
    of: ({ name, position }) => {
      const last = name === null ? undefined : args.findLast((arg) => arg.name === name);
      const own = last ?? (position === null ? undefined : positional[position]);
      if (own) return [own.value];
      return name === null ? [] : valuesOf(keywords, name);
    },
    mayHide: ({ position }) =>
      keywords.some(({ complete }) => !complete) ||
      (position !== null && firstStar >= 0 && position >= positional.length),
    isPlain: isDirect && args.every(({ stars }) => stars === 0),
  };
}

function valuesOf(keywords: readonly Keywords[], name: string): readonly Expression[] {
  return keywords.flatMap(({ values }) => values.get(name) ?? []);
}
