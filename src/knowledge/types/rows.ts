/** Names (space-separated, braces allowed) and the type they have, in the language of `TypeText`. */
export type TypeRow = readonly [names: string, type: string];

/** One subject's rows: returns of callables, attributes, elements of iteration, items of subscription. */
export interface TypeRows {
  returns: readonly TypeRow[];
  attributes: readonly TypeRow[];
  elements: readonly TypeRow[];
  items: readonly TypeRow[];
}
