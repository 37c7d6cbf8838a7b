import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
/******/ var __webpack_modules__ = ({

/***/ 919:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:worker_threads");

/***/ }),

/***/ 143:
/***/ ((__webpack_module__, __unused_webpack___webpack_exports__, __nccwpck_require__) => {

__nccwpck_require__.a(__webpack_module__, async (__webpack_handle_async_dependencies__, __webpack_async_result__) => { try {
/* harmony import */ var node_worker_threads__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(919);
/* harmony import */ var _parse_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(471);


/** Parses what the main thread sends and hands the flat trees over without copying. Runs as a worker only. */
const port = node_worker_threads__WEBPACK_IMPORTED_MODULE_0__.parentPort;
if (!port)
    throw new Error("This file runs as a worker.");
const parser = await (0,_parse_js__WEBPACK_IMPORTED_MODULE_1__/* .loadParser */ .q)();
port.on("message", ({ id, text }) => {
    const flat = parser.parse(text);
    const buffers = flat
        ? [flat.nodes, flat.comments, flat.errors].flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []))
        : [];
    port.postMessage({ id, flat }, buffers);
});

__webpack_async_result__();
} catch(e) { __webpack_async_result__(e); } }, 1);

/***/ }),

/***/ 471:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  q: () => (/* binding */ loadParser)
});

// UNUSED EXPORTS: STRIDE

;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");
;// CONCATENATED MODULE: external "node:module"
const external_node_module_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:module");
;// CONCATENATED MODULE: external "node:path"
const external_node_path_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");
;// CONCATENATED MODULE: external "node:url"
const external_node_url_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:url");
;// CONCATENATED MODULE: ./build/python/literals.js
/** The value of a number literal as written; imaginary ones by their size. */
function numberOf(source) {
    const digits = source.replace(/_/g, "").replace(/[jJlL]$/, "");
    return Number(/^0[oO]?[0-7]+$/.test(digits) && !/^0+$/.test(digits) ? Number.parseInt(digits.replace(/^0[oO]?/, ""), 8) : digits);
}
/** The prefix (lower case) and the text of a string literal without holes; `null` for one that may have some, or that does not end. */
function plainString(text, start, end) {
    let at = start;
    while (at < end && text[at] !== '"' && text[at] !== "'")
        at++;
    const quote = text.startsWith((text[at] ?? "").repeat(3), at) && end - at >= 6 ? 3 : 1;
    const prefix = text.slice(start, at).toLowerCase();
    const ends = end - quote >= at + quote && text.slice(end - quote, end) === text.slice(at, at + quote);
    if (!ends || prefix.length > 2 || prefix.includes("f") || prefix.includes("t"))
        return null;
    return { prefix, value: unescaped(text.slice(at + quote, end - quote), prefix.includes("r")) };
}
const ESCAPES = {
    n: "\n",
    t: "\t",
    r: "\r",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "\n": "",
};
/** The text of a string literal's piece, with its escapes resolved unless it is raw. */
function unescaped(source, raw) {
    return raw || !source.includes("\\")
        ? source
        : source.replace(/\\([\s\S])/g, (whole, next) => ESCAPES[next] ?? whole);
}

;// CONCATENATED MODULE: ./build/python/parse.js
var __rewriteRelativeImportExtension = (undefined && undefined.__rewriteRelativeImportExtension) || function (path, preserveJsx) {
    if (typeof path === "string" && /^\.\.?\//.test(path)) {
        return path.replace(/\.(tsx)$|((?:\.d)?)((?:\.[^./]+?)?)\.([cm]?)ts$/i, function (m, tsx, d, ext, cm) {
            return tsx ? preserveJsx ? ".jsx" : ".js" : d && (!ext || !cm) ? m : (d + ext + "." + cm.toLowerCase() + "js");
        });
    }
    return path;
};





const STRIDE = 5;
/** No single file may take longer, so that a hostile one cannot stall the review. */
const PARSE_LIMIT_MS = 4000;
/** Anonymous tokens that carry meaning; all others (commas, brackets, keywords) are left out of the flat tree. */
const MEANINGFUL_TOKENS = new Set(["async", "from", "not", "except*"]);
/** Nodes whose inside says nothing to us. */
const LEAVES = new Set(["string_content", "type_conversion", "format_specifier", "identifier", "integer", "float"]);
/** Loads the grammar; files beside the bundle come first, else the installed packages. */
async function loadParser() {
    const { ParserClass, LanguageClass } = await loadRuntime();
    await ParserClass.init();
    const language = await LanguageClass.load(locate("tree-sitter-python.wasm", "tree-sitter-python/tree-sitter-python.wasm"));
    const parser = new ParserClass();
    parser.setLanguage(language);
    const grammar = grammarOf(language);
    const shape = shapeOf(language);
    return { grammar, parse: (text) => parseFlat(parser, shape, text) };
}
async function loadRuntime() {
    const url = (0,external_node_url_namespaceObject.pathToFileURL)(locate("web-tree-sitter.js", "web-tree-sitter")).href;
    const module = await import(__rewriteRelativeImportExtension(/* webpackIgnore: true */ url));
    return { ParserClass: module.Parser, LanguageClass: module.Language };
}
function locate(beside, installed) {
    const bundled = (0,external_node_path_namespaceObject.join)((0,external_node_path_namespaceObject.dirname)((0,external_node_url_namespaceObject.fileURLToPath)(import.meta.url)), beside);
    return (0,external_node_fs_namespaceObject.existsSync)(bundled) ? bundled : (0,external_node_module_namespaceObject.createRequire)(import.meta.url).resolve(installed);
}
function grammarOf(language) {
    const types = [];
    for (let id = 0; id < language.nodeTypeCount; id++)
        types.push(language.nodeTypeForId(id) ?? "");
    const fields = [];
    for (let id = 0; id <= language.fieldCount; id++)
        fields.push(language.fieldNameForId(id));
    return { types, fields };
}
/** Anonymous tokens that may stand in a field, as an operator does; the others are not asked for theirs, which is most of the time saved. */
const OPERATORS = /^(?:and|or|not|in|is|not in|is not|[^\w\s,.:;()[\]{}"']+)$/;
/** What to do with each node type: leave it out (unless it stands in a field), take it without its inside, or enter it. */
const OUT = 0;
const LEAF = 1;
const ENTER = 2;
const COMMENT = 3;
const OPERATOR = 4;
const STRING = 5;
function shapeOf(language) {
    const action = new Uint8Array(language.nodeTypeCount);
    let error = 65535;
    for (let id = 0; id < language.nodeTypeCount; id++) {
        const type = language.nodeTypeForId(id) ?? "";
        if (type === "ERROR")
            error = id;
        if (type === "comment")
            action[id] = COMMENT;
        else if (type === "string")
            action[id] = STRING;
        else if (LEAVES.has(type))
            action[id] = LEAF;
        else if (language.nodeTypeIsNamed(id))
            action[id] = ENTER;
        else
            action[id] = MEANINGFUL_TOKENS.has(type) ? LEAF : OPERATORS.test(type) ? OPERATOR : OUT;
    }
    return { action, error };
}
function parseFlat(parser, shape, text) {
    const deadline = performance.now() + PARSE_LIMIT_MS;
    const tree = parser.parse(text, null, { progressCallback: () => performance.now() > deadline });
    if (!tree) {
        parser.reset();
        return null;
    }
    try {
        return flatten(tree, shape, text);
    }
    finally {
        tree.delete();
    }
}
function flatten(tree, shape, text) {
    const cursor = tree.walk();
    try {
        return walk(cursor, shape, text, tree.rootNode.hasError);
    }
    finally {
        cursor.delete();
    }
}
function walk(cursor, { action, error }, text, hasErrors) {
    let nodes = new Int32Array(Math.max(1024, text.length));
    let count = 0;
    const comments = [];
    const errors = [];
    const open = [];
    for (;;) {
        const type = cursor.nodeTypeId;
        // An ERROR node has a number outside the grammar's table.
        const isError = type === error || type >= action.length;
        const act = isError ? ENTER : (action[type] ?? OUT);
        const field = act === OUT || act === COMMENT ? 0 : cursor.currentFieldId;
        let entered = false;
        if (act === COMMENT)
            comments.push(cursor.startIndex, cursor.endIndex);
        else if (act === LEAF || act === ENTER || act === STRING || field !== 0) {
            const start = cursor.startIndex;
            const end = cursor.endIndex;
            if (hasErrors && (isError || cursor.nodeIsMissing))
                errors.push(start, end);
            const at = count * STRIDE;
            if (at + STRIDE > nodes.length) {
                const grown = new Int32Array(nodes.length * 2);
                grown.set(nodes);
                nodes = grown;
            }
            nodes[at] = isError ? -1 : type;
            nodes[at + 1] = field;
            nodes[at + 2] = start;
            nodes[at + 3] = end;
            nodes[at + 4] = count + 1;
            // The text of a string without holes says all.
            const enters = act === ENTER || (act === STRING && plainString(text, start, end) === null);
            if (enters && cursor.gotoFirstChild()) {
                open.push(count);
                entered = true;
            }
            count++;
        }
        if (entered)
            continue;
        while (!cursor.gotoNextSibling()) {
            if (!cursor.gotoParent())
                return finish(nodes, count, comments, errors);
            const parent = open.pop();
            if (parent !== undefined)
                nodes[parent * STRIDE + 4] = count;
            if (open.length === 0)
                return finish(nodes, count, comments, errors);
        }
    }
}
function finish(nodes, count, comments, errors) {
    return {
        nodes: nodes.slice(0, count * STRIDE),
        count,
        comments: Int32Array.from(comments),
        errors: Int32Array.from(errors),
    };
}


/***/ })

/******/ });
/************************************************************************/
/******/ // The module cache
/******/ var __webpack_module_cache__ = {};
/******/ 
/******/ // The require function
/******/ function __nccwpck_require__(moduleId) {
/******/ 	// Check if module is in cache
/******/ 	var cachedModule = __webpack_module_cache__[moduleId];
/******/ 	if (cachedModule !== undefined) {
/******/ 		return cachedModule.exports;
/******/ 	}
/******/ 	// Create a new module (and put it into the cache)
/******/ 	var module = __webpack_module_cache__[moduleId] = {
/******/ 		// no module.id needed
/******/ 		// no module.loaded needed
/******/ 		exports: {}
/******/ 	};
/******/ 
/******/ 	// Execute the module function
/******/ 	var threw = true;
/******/ 	try {
/******/ 		__webpack_modules__[moduleId](module, module.exports, __nccwpck_require__);
/******/ 		threw = false;
/******/ 	} finally {
/******/ 		if(threw) delete __webpack_module_cache__[moduleId];
/******/ 	}
/******/ 
/******/ 	// Return the exports of the module
/******/ 	return module.exports;
/******/ }
/******/ 
/************************************************************************/
/******/ /* webpack/runtime/asset-relocator-loader */
/******/ if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = decodeURIComponent(new URL('.', import.meta.url).pathname).slice(import.meta.url.match(/^file:\/\/\/\w:/) ? 1 : 0, -1) + "/";
/******/ 
/******/ /* webpack/runtime/async module */
/******/ (() => {
/******/ 	var webpackQueues = typeof Symbol === "function" ? Symbol("webpack queues") : "__webpack_queues__";
/******/ 	var webpackExports = typeof Symbol === "function" ? Symbol("webpack exports") : "__webpack_exports__";
/******/ 	var webpackError = typeof Symbol === "function" ? Symbol("webpack error") : "__webpack_error__";
/******/ 	var resolveQueue = (queue) => {
/******/ 		if(queue && queue.d < 1) {
/******/ 			queue.d = 1;
/******/ 			queue.forEach((fn) => (fn.r--));
/******/ 			queue.forEach((fn) => (fn.r-- ? fn.r++ : fn()));
/******/ 		}
/******/ 	}
/******/ 	var wrapDeps = (deps) => (deps.map((dep) => {
/******/ 		if(dep !== null && typeof dep === "object") {
/******/ 			if(dep[webpackQueues]) return dep;
/******/ 			if(dep.then) {
/******/ 				var queue = [];
/******/ 				queue.d = 0;
/******/ 				dep.then((r) => {
/******/ 					obj[webpackExports] = r;
/******/ 					resolveQueue(queue);
/******/ 				}, (e) => {
/******/ 					obj[webpackError] = e;
/******/ 					resolveQueue(queue);
/******/ 				});
/******/ 				var obj = {};
/******/ 				obj[webpackQueues] = (fn) => (fn(queue));
/******/ 				return obj;
/******/ 			}
/******/ 		}
/******/ 		var ret = {};
/******/ 		ret[webpackQueues] = x => {};
/******/ 		ret[webpackExports] = dep;
/******/ 		return ret;
/******/ 	}));
/******/ 	__nccwpck_require__.a = (module, body, hasAwait) => {
/******/ 		var queue;
/******/ 		hasAwait && ((queue = []).d = -1);
/******/ 		var depQueues = new Set();
/******/ 		var exports = module.exports;
/******/ 		var currentDeps;
/******/ 		var outerResolve;
/******/ 		var reject;
/******/ 		var promise = new Promise((resolve, rej) => {
/******/ 			reject = rej;
/******/ 			outerResolve = resolve;
/******/ 		});
/******/ 		promise[webpackExports] = exports;
/******/ 		promise[webpackQueues] = (fn) => (queue && fn(queue), depQueues.forEach(fn), promise["catch"](x => {}));
/******/ 		module.exports = promise;
/******/ 		body((deps) => {
/******/ 			currentDeps = wrapDeps(deps);
/******/ 			var fn;
/******/ 			var getResult = () => (currentDeps.map((d) => {
/******/ 				if(d[webpackError]) throw d[webpackError];
/******/ 				return d[webpackExports];
/******/ 			}))
/******/ 			var promise = new Promise((resolve) => {
/******/ 				fn = () => (resolve(getResult));
/******/ 				fn.r = 0;
/******/ 				var fnQueue = (q) => (q !== queue && !depQueues.has(q) && (depQueues.add(q), q && !q.d && (fn.r++, q.push(fn))));
/******/ 				currentDeps.map((dep) => (dep[webpackQueues](fnQueue)));
/******/ 			});
/******/ 			return fn.r ? promise : getResult();
/******/ 		}, (err) => ((err ? reject(promise[webpackError] = err) : outerResolve(exports)), resolveQueue(queue)));
/******/ 		queue && queue.d < 0 && (queue.d = 0);
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/define property getters */
/******/ (() => {
/******/ 	// define getter functions for harmony exports
/******/ 	__nccwpck_require__.d = (exports, definition) => {
/******/ 		for(var key in definition) {
/******/ 			if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
/******/ 				Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 			}
/******/ 		}
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/hasOwnProperty shorthand */
/******/ (() => {
/******/ 	__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ })();
/******/ 
/************************************************************************/
/******/ 
/******/ // startup
/******/ // Load entry module and return exports
/******/ // This entry module used 'module' so it can't be inlined
/******/ var __webpack_exports__ = __nccwpck_require__(143);
/******/ __webpack_exports__ = await __webpack_exports__;
/******/ 
