import type { TimeoutFact, TimeoutParameter } from "../../knowledge/timeouts/row.ts";
import { type Constant, isNone, isSequence, seconds } from "../../python/constant.ts";
import type { Expression } from "../../python/syntax.ts";
import type { Runtime } from "../runtime.ts";
import type { Given } from "./given.ts";

/** What a call says about how long it may wait. */
export interface Limit {
  /** `missing`: nothing sets one, and the library has none of its own; `disabled`: an argument switches it off. */
  is: "limited" | "missing" | "disabled";
  /** The argument that switches it off. */
  off: Expression | null;
  doubt: number;
}

const LIMITED: Limit = { is: "limited", off: null, doubt: 0 };

/** What a value means where the library takes a limit. */
interface Reading {
  means: "limit" | "forever" | "default";
  doubt: number;
}

/** The parameter as it is in the target's Python: some lost their position. */
export function asArgument(
  parameter: TimeoutParameter,
  minor: number,
): { name: string | null; position: number | null } {
  const gone = parameter.keywordOnlyFrom !== null && minor >= parameter.keywordOnlyFrom;
  return { name: parameter.name, position: gone ? null : parameter.position };
}

/** The limit that the arguments of a call set, before what is set elsewhere is asked. */
export function limitOf(runtime: Runtime, fact: TimeoutFact, given: Given): Limit {
  const readings = fact.parameters
    .filter((one) => counts(fact, one))
    .map((parameter) => {
      const argument = asArgument(parameter, runtime.target.minor);
      const values = given.of(argument);
      return { parameter, values, hidden: values.length === 0 && given.mayHide(argument) };
    });
  const decisive = readings.filter(({ values }) => values.length > 0);
  // A part's own limit stands in place of the one for all parts.
  const parts = REPLACED_BY_PARTS.test(fact.name)
    ? decisive.filter(({ parameter }) => parameter.limits === "read")
    : [];
  const offs: { at: Expression; doubt: number }[] = [];
  for (const { values } of parts.length > 0 ? parts : decisive)
    for (const value of values) {
      const { means, doubt } = readingOf(runtime, fact, value);
      if (means === "limit") return LIMITED;
      if (means === "forever") offs.push({ at: value, doubt });
    }
  const hidden = readings.some((one) => one.hidden) ? 2 : 0;
  const [off] = offs;
  if (off) return { is: "disabled", off: off.at, doubt: Math.max(...offs.map(({ doubt }) => doubt)) + hidden };
  if (fact.withoutIt !== "forever") return LIMITED;
  return { is: "missing", off: null, doubt: hidden };
}

/** Libraries whose limits for parts replace the one for everything. */
const REPLACED_BY_PARTS = /^httpx2?\./;

/** A limit on connecting alone does not end the wait for an answer. */
function counts({ awaits, group }: TimeoutFact, { limits }: TimeoutParameter): boolean {
  if (limits === "all" || limits === "read") return true;
  return awaits !== "answer" && group !== "limit";
}

function readingOf(runtime: Runtime, fact: TimeoutFact, expression: Expression): Reading {
  const constant = runtime.constants.evaluate(expression);
  if (!constant) return { means: "limit", doubt: 0 };
  const decided = isOpen(runtime, expression) || decidedElsewhere(constant) ? 2 : constant.doubt;
  // Of a pair (connect, read) the second ends the wait for an answer.
  const read = fact.pair && isSequence(constant) ? (constant.value.at(-1) ?? null) : constant;
  if (isNone(read)) return { means: meaning(fact.noneMeans), doubt: decided };
  const limit = seconds(read);
  if (limit === 0 && fact.zeroMeans !== null) return { means: meaning(fact.zeroMeans), doubt: decided };
  if (limit !== null && limit < 0 && fact.negativeMeans !== null)
    return { means: meaning(fact.negativeMeans), doubt: decided };
  return { means: "limit", doubt: 0 };
}

/** Whether an expression is made to have several values: a choice, or an attribute that objects set. */
function isOpen({ inference }: Runtime, expression: Expression): boolean {
  if (expression.kind === "attribute") return !inference.values(expression.value).some(({ kind }) => kind === "module");
  return expression.kind === "conditional" || expression.kind === "boolean";
}

/** Whether somebody else may give another value: a caller, a setting, the environment. */
function decidedElsewhere({ origin }: Constant): boolean {
  return origin.some(({ by }) => by !== "literal" && by !== "constant");
}

function meaning(means: TimeoutFact["noneMeans"]): Reading["means"] {
  return means === "forever" || means === "default" ? means : "limit";
}
