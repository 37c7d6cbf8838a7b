import type { Library } from "./library.ts";
import type { Module } from "./module.ts";
import type { Call, Expression } from "./syntax.ts";
import { argument } from "./syntax.ts";
import { awaitable, instance, iterable, library, mapping, union, type Value } from "./value.ts";

/** What the reading of library calls needs of the inference. */
interface Names {
  lib: Library;
  values(expression: Expression): readonly Value[];
  annotated(annotation: Expression): readonly Value[];
  attributeOf(owner: Value, attr: string): readonly Value[];
  called(value: Value, call: Call | null): readonly Value[];
  elements(found: readonly Value[]): readonly Value[];
  awaited(found: readonly Value[]): readonly Value[];
  entered(found: readonly Value[], isAsync: boolean): readonly Value[];
  importedModule(from: Module, module: string, level: number): readonly Value[];
  moduleOf(expression: Expression): Module;
}

/** Answers what a call of a library function gives: those whose result depends on the arguments here, all others from the tables. */
export function libraryCallsOf(
  names: Names,
): (value: Value & { kind: "library" }, call: Call | null) => readonly Value[] {
  const { lib, values, annotated, attributeOf, called, elements, awaited, entered, importedModule, moduleOf } = names;

  const libraryCall = (value: Value & { kind: "library" }, call: Call | null): readonly Value[] => {
    const given = (position: number, name: string | null = null): readonly Value[] => {
      const found = call && argument(call, name, position);
      return found ? values(found) : [];
    };
    const { name } = value;
    switch (name) {
      case "functools.partial":
      case "functools.partialmethod":
        return call ? [{ kind: "partial", of: given(0), call, doubt: value.doubt }] : [];
      case "typing.cast":
      case "typing_extensions.cast": {
        const type = call && argument(call, "typ", 0);
        return type ? annotated(type) : [];
      }
      case "next":
      case "anext":
      case "builtins.next": {
        const found = elements(given(0));
        return name === "anext" ? [awaitable(found)] : found;
      }
      case "iter":
      case "aiter":
      case "list":
      case "set":
      case "frozenset":
      case "sorted":
      case "reversed":
      case "tuple":
      case "filter":
      case "itertools.chain.from_iterable":
      case "itertools.islice":
      case "tqdm.tqdm": {
        const source = name === "filter" ? given(1) : given(0);
        const found = elements(source);
        return [
          iterable(
            name === "itertools.chain.from_iterable" ? elements(found) : found,
            /^(list|set|tuple|frozenset|sorted)$/.test(name) ? name.replace("sorted", "list") : "iterator",
          ),
        ];
      }
      case "itertools.chain":
        return [iterable(union(...(call?.args ?? []).map((one) => elements(values(one.value)))), "iterator")];
      case "enumerate":
        return [iterable([{ kind: "tuple", items: [[instance("int")], elements(given(0))], doubt: 0 }], "iterator")];
      case "zip":
        return [
          iterable(
            [{ kind: "tuple", items: (call?.args ?? []).map((one) => elements(values(one.value))), doubt: 0 }],
            "iterator",
          ),
        ];
      case "map":
        return [iterable(union(...given(0).map((one) => called(one, null))), "iterator", null)];
      case "dict":
      case "collections.OrderedDict":
        return [
          mapping(
            union(
              ...(call?.args ?? []).map((one) =>
                one.name ? values(one.value) : values(one.value).flatMap((v) => (v.kind === "mapping" ? v.of : [])),
              ),
            ),
          ),
        ];
      case "collections.defaultdict":
        return [mapping(union(...given(0).map((one) => called(one, null))))];
      case "copy.copy":
      case "copy.deepcopy":
      case "asyncio.shield":
      case "typing.no_type_check":
      case "functools.cache":
      case "functools.lru_cache":
      case "inspect.unwrap":
      case "staticmethod":
      case "classmethod":
        return given(0);
      case "type":
        return given(0).flatMap((one): Value[] =>
          one.kind === "object"
            ? [{ kind: "class", cls: one.cls, doubt: one.doubt }]
            : one.kind === "instance"
              ? [library(one.type, one.doubt)]
              : [],
        );
      case "getattr": {
        const attr = call && argument(call, null, 1);
        return attr?.kind === "string" ? union(...given(0).map((one) => attributeOf(one, attr.value))) : [];
      }
      case "importlib.import_module": {
        const module = call && argument(call, "name", 0);
        if (module?.kind !== "string" || !call) return [];
        const level = /^\.*/.exec(module.value)?.[0].length ?? 0;
        return importedModule(moduleOf(call), module.value.slice(level), level);
      }
      case "fastapi.Depends":
      case "fastapi.Security": {
        // A dependency that yields gives what it yields.
        const made = given(0, "dependency").flatMap((one) => called(one, null));
        const yielded = elements(made);
        return yielded.length > 0 ? yielded : [...awaited(made), ...made.filter(({ kind }) => kind !== "awaitable")];
      }
      case "contextlib.closing":
      case "contextlib.aclosing":
      case "contextlib.nullcontext":
        return [{ kind: "manager", of: given(0), isAsync: name.endsWith("aclosing"), func: null, doubt: 0 }];
      case "contextlib.ExitStack.enter_context":
      case "contextlib.AsyncExitStack.enter_context":
        return entered(given(0), false);
      case "contextlib.AsyncExitStack.enter_async_context":
        return [awaitable(entered(given(0), true))];
      case "asyncio.create_task":
      case "asyncio.ensure_future":
      case "asyncio.TaskGroup.create_task":
      case "asyncio.AbstractEventLoop.create_task":
        return [awaitable(awaited(given(0)), "asyncio.Task")];
      case "asyncio.wait_for":
      case "asyncio.timeouts.wait_for":
        return [awaitable(awaited(given(0, "fut")))];
      case "asyncio.gather":
        return [
          awaitable(
            [{ kind: "tuple", items: (call?.args ?? []).map((one) => awaited(values(one.value))), doubt: 0 }],
            "asyncio.Future",
          ),
        ];
      case "asyncio.run":
      case "asyncio.AbstractEventLoop.run_until_complete":
      case "asyncio.Runner.run":
      case "asgiref.sync.async_to_sync":
        return awaited(given(0));
      case "concurrent.futures.as_completed":
        return [
          iterable(
            elements(given(0)).length > 0 ? elements(given(0)) : [instance("concurrent.futures.Future")],
            "iterator",
          ),
        ];
      case "dict.get":
      case "dict.pop":
      case "dict.setdefault":
      case "list.pop":
      case "set.pop":
        return receiverElements(call);
      case "dict.values":
        return [iterable(receiverElements(call), "iterator")];
      case "dict.items":
        return [iterable([{ kind: "tuple", items: [[], receiverElements(call)], doubt: 0 }], "iterator")];
      case "list.copy":
      case "dict.copy":
      case "set.copy":
        return call?.callee.kind === "attribute" ? values(call.callee.value) : [];
      case "concurrent.futures.Future.result":
        return [];
      default: {
        const receiver = value.receiver === null ? null : receiverOf(call, value);
        return lib.result(name, receiver, value.doubt, given);
      }
    }
  };

  const receiverOf = (call: Call | null, value: Value & { kind: "library" }): Value | null => {
    if (call?.callee.kind === "attribute") {
      const owner = values(call.callee.value).find((one) => one.kind === "instance" || one.kind === "object");
      if (owner) return owner;
    }
    return value.receiver === null ? null : instance(value.receiver, value.doubt);
  };

  const receiverElements = (call: Call | null): readonly Value[] =>
    call?.callee.kind === "attribute"
      ? union(
          ...values(call.callee.value).map((owner) =>
            owner.kind === "mapping" || owner.kind === "iterable" ? owner.of : [],
          ),
        )
      : [];

  return libraryCall;
}
