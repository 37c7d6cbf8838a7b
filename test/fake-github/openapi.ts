import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { ROOT } from "../sources.ts";

/** One operation of GitHub's REST interface, as its official description gives it. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  /** What the official description shows as an answer. */
  example: Json;
  /** What is wrong with a request; empty when it is as described. */
  faultsOf(request: { path: Params; query: Params; body: unknown }): string[];
  /** What is wrong with an answer. */
  answerFaults(status: number, body: unknown): string[];
}

export type Params = Record<string, string>;
export type Json = Record<string, unknown>;

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  /** Of the object `{ value }`; text becomes a number or a truth value where one is asked for. */
  validate: ValidateFunction;
}

const document = object(withNull(JSON.parse(readFileSync(join(ROOT, "test/fake-github/openapi.json"), "utf8"))));
const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false, validateFormats: false });
const coercing = new Ajv({ strict: false, allErrors: true, coerceTypes: true, validateFormats: false });
for (const each of [ajv, coercing]) each.addSchema(document, "github");

const operations = Object.entries(child(document, "paths")).flatMap(([path, methods]) =>
  Object.keys(object(methods)).map((method) => operationOf(path, method, pointer("paths", path, method))),
);

/** The operation that a request asks for, and the values in its address. */
export function findOperation(method: string, address: string): { operation: Operation; path: Params } | null {
  for (const { operation, pattern, names } of operations) {
    const match = operation.method === method ? pattern.exec(address) : null;
    if (match === null) continue;
    const path = Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? "")]));
    return { operation, path };
  }
  return null;
}

/** All operations that are described. */
export function allOperations(): Operation[] {
  return operations.map(({ operation }) => operation);
}

function operationOf(
  path: string,
  method: string,
  at: string,
): { operation: Operation; pattern: RegExp; names: string[] } {
  const names: string[] = [];
  const source = path.replace(/[.]/g, "\\.").replace(/\{(\w+)\}/g, (_, name: string) => {
    names.push(name);
    return name === "path" ? "(.+)" : "([^/]+?)";
  });
  const described = find(at);
  const parameters = list(described.parameters).map((each): Parameter => parameterFrom(resolve(object(each))));
  const validators = new Map<string, ValidateFunction>();
  const validator = (reference: string, using: Ajv): ValidateFunction => {
    const key = `${using === ajv}${reference}`;
    const made = validators.get(key) ?? using.compile({ $ref: `github${reference}` });
    validators.set(key, made);
    return made;
  };
  const responses = object(described.responses);
  const contentOf = (status: number): { at: string; value: Json } | null => {
    const response = responses[String(status)];
    if (response === undefined) return null;
    const reference = object(response).$ref;
    const where = typeof reference === "string" ? reference : `${at}/responses/${status}`;
    const content = object(find(where).content ?? {});
    const type = ["application/json", "application/vnd.github.object", ...Object.keys(content)].find((name) =>
      Object.hasOwn(content, name),
    );
    if (type === undefined) return null;
    return { at: `${where}/content/${escaped(type)}`, value: object(content[type]) };
  };
  const success = [200, 201].map(contentOf).find((each) => each !== null);
  const [first] = Object.values(object(success?.value.examples ?? {}));
  const operation: Operation = {
    id: String(described.operationId),
    method: method.toUpperCase(),
    path,
    example: first === undefined ? {} : firstOf(resolve(object(first)).value),
    faultsOf({ path: values, query, body }) {
      const faults: string[] = [];
      for (const parameter of parameters) {
        const from = parameter.in === "path" ? values : parameter.in === "query" ? query : {};
        const value = from[parameter.name];
        if (value === undefined) {
          if (parameter.required && parameter.in !== "header") faults.push(`${parameter.name} is missing`);
          continue;
        }
        if (!parameter.validate({ value })) {
          faults.push(`${parameter.in} ${parameter.name}=${value}: ${ajv.errorsText(parameter.validate.errors)}`);
        }
      }
      const known = new Set(parameters.filter((each) => each.in === "query").map(({ name }) => name));
      for (const name of Object.keys(query)) if (!known.has(name)) faults.push(`there is no parameter ${name}`);
      if (described.requestBody !== undefined) {
        const validate = validator(`${at}/requestBody/content/application~1json/schema`, ajv);
        if (!validate(body)) faults.push(`body: ${ajv.errorsText(validate.errors)}`);
        const properties = Object.keys(bodyProperties(at));
        for (const name of Object.keys(object(body ?? {}))) {
          if (!properties.includes(name)) faults.push(`body has no ${name}`);
        }
      } else if (body !== null && body !== undefined && Object.keys(object(body)).length > 0)
        faults.push("takes no body");
      return faults;
    },
    answerFaults(status, body) {
      const content = contentOf(status);
      if (content === null) return [];
      const validate = validator(`${content.at}/schema`, ajv);
      return validate(body) ? [] : [`answer ${status}: ${ajv.errorsText(validate.errors?.slice(0, 5))}`];
    },
  };
  return { operation, pattern: new RegExp(`^${source}$`), names };
}

function bodyProperties(at: string): Json {
  return object(find(`${at}/requestBody/content/application~1json/schema`).properties ?? {});
}

function parameterFrom(value: Json): Parameter {
  return {
    name: String(value.name),
    in: String(value.in),
    required: value.required === true,
    validate: coercing.compile({ type: "object", properties: { value: expand(object(value.schema)) } }),
  };
}

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type for it. */
function withNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNull);
  if (typeof value !== "object" || value === null) return value;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withNull(each)]));
  return nullable === true
    ? { anyOf: [rest, { type: "null" }] }
    : nullable === undefined || nullable === false
      ? rest
      : { ...rest, nullable };
}

function expand(schema: Json): Json {
  return typeof schema.$ref === "string" ? find(schema.$ref) : schema;
}

function firstOf(value: unknown): Json {
  return object(Array.isArray(value) ? (value[0] ?? {}) : (value ?? {}));
}

function resolve(value: Json): Json {
  return typeof value.$ref === "string" ? find(value.$ref) : value;
}

function find(reference: string): Json {
  const parts = reference
    .slice(2)
    .split("/")
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));
  return parts.reduce((at: Json, part) => child(at, part), document);
}

function pointer(...parts: string[]): string {
  return `#/${parts.map(escaped).join("/")}`;
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function child(value: Json, key: string): Json {
  return object(value[key]);
}

/** A value from JSON as an object; anything else is a fault of the test's own data. */
export function object(value: unknown): Json {
  if (typeof value !== "object" || value === null) throw new Error(`not an object: ${JSON.stringify(value)}`);
  return Object.fromEntries(Object.entries(value));
}

/** A value from JSON as a list; nothing is the empty list. */
export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
