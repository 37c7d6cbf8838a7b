import { createHash } from "node:crypto";
import { html } from "./escape.ts";

const STYLE = `
:root{color-scheme:light dark;--back:#fff;--fore:#1f2328;--quiet:#59636e;--line:#d1d9e0;--soft:#f6f8fa;--link:#0969da;--error:#d1242f;--warning:#9a6700;--notice:#0969da;--pass:#1a7f37;--mark:#fff1b8}
@media (prefers-color-scheme:dark){:root{--back:#0d1117;--fore:#e6edf3;--quiet:#9198a1;--line:#3d444d;--soft:#151b23;--link:#58a6ff;--error:#ff7b72;--warning:#d29922;--notice:#58a6ff;--pass:#3fb950;--mark:#5a4a00}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:0 1rem 4rem;background:var(--back);color:var(--fore);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:break-word}
a{color:var(--link)}
h1{font-size:1.5rem;margin:1.5rem 0 .25rem}
h2{font-size:1.25rem;margin:2.5rem 0 .75rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
h3{font-size:1rem;margin:0}
code,pre,kbd{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{background:var(--soft);border-radius:4px;padding:.1em .3em}
pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;margin:.5rem 0;padding:.5rem 0;overflow-x:auto;tab-size:4}
pre.map,pre.commands{padding:.5rem .75rem}
pre .row{display:block;padding:0 .75rem;white-space:pre}
pre .row.here{background:color-mix(in srgb,var(--mark) 45%,transparent)}
pre .number{display:inline-block;min-width:3.5ch;margin-right:1.5ch;text-align:right;color:var(--quiet);user-select:none}
mark{background:var(--mark);color:inherit;border-bottom:2px solid var(--error);padding:0}
.skip{position:absolute;left:-100vw}
.skip:focus{left:1rem;top:.5rem;background:var(--back);padding:.5rem}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.5rem 0}
.quiet{color:var(--quiet)}
.facts{margin:0}
.badge{display:inline-block;border:1px solid;border-radius:1rem;padding:0 .6rem;font-size:.8125rem;font-weight:600}
.error,.fail{color:var(--error)}.warning,.unknown{color:var(--warning)}.notice{color:var(--notice)}.pass{color:var(--pass)}.not-applicable{color:var(--quiet)}
form{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;background:var(--back);border-bottom:1px solid var(--line);padding:.75rem 0}
form[hidden]{display:none}
form label{display:flex;flex-direction:column;font-size:.8125rem;color:var(--quiet);min-width:0}
form label.wide{flex:1 1 14rem}
input,select,button{font:inherit;color:var(--fore);background:var(--back);border:1px solid var(--line);border-radius:6px;padding:.35rem .6rem;min-height:2.25rem;max-width:100%}
button{cursor:pointer;background:var(--soft)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
article{border:1px solid var(--line);border-left:4px solid currentColor;border-radius:6px;padding:.75rem 1rem;margin:1rem 0;scroll-margin-top:6rem}
article>*{color:var(--fore)}
article:nth-of-type(n+50){content-visibility:auto;contain-intrinsic-size:auto 14rem}
article[hidden]{display:none}
article .badge{margin-right:.5rem}
article>p{margin:.35rem 0}
article>p.quiet{color:var(--quiet)}
ol.trace{padding-left:1.5rem;margin:.5rem 0}
ol.trace pre{margin:.25rem 0 .75rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;border-bottom:1px solid var(--line);padding:.4rem .75rem .4rem 0;min-width:6rem}
td ul{margin:0;padding-left:1.1rem}
figure{margin:0;overflow-x:auto}
svg{max-width:none;font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
svg text{fill:var(--fore);text-anchor:middle}
svg .minor,svg .edge text{fill:var(--quiet);font-size:12px}
svg rect{fill:var(--soft);stroke:var(--quiet)}
svg .edge path{fill:none;stroke:var(--quiet)}
svg marker path{fill:var(--quiet)}
svg .marked rect,svg .marked path{stroke:var(--error);stroke-width:2.5}
svg .edge.marked text{fill:var(--error);font-weight:600}
@media print{form,nav,.skip{display:none}article{break-inside:avoid}}
`;

/** Shows and hides findings; without it the page shows them all. */
const SCRIPT = `
"use strict";
(() => {
  const form = document.querySelector("form");
  if (!form) return;
  const status = document.getElementById("shown");
  const findings = [...document.querySelectorAll("article")].map((element) => ({ element, words: element.textContent.toLowerCase() }));
  const total = findings.reduce((sum, { element }) => sum + Number(element.dataset.count), 0);
  const apply = () => {
    const values = new FormData(form);
    const words = String(values.get("search")).toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const { element, words: text } of findings) {
      const fits = ["rule", "severity", "package"].every((name) => {
        const value = values.get(name);
        return value === "" || element.dataset[name].split("\\n").includes(value);
      });
      element.hidden = !fits || !words.every((word) => text.includes(word));
      if (!element.hidden) shown += Number(element.dataset.count);
    }
    status.textContent = shown === total ? total + (total === 1 ? " finding" : " findings") : shown + " of " + total + " findings";
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.addEventListener("keydown", (event) => {
    const typing = /^(?:INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      form.elements.search.focus();
    }
  });
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  if (target) target.scrollIntoView();
  apply();
})();
`;

/** A whole page that loads nothing: the policy allows this very style and this very script, by their hashes, and no network. */
export function page(title: string, body: string): string {
  const policy = `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${html(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;
}
