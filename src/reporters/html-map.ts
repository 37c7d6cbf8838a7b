import stringWidth from "string-width";
import { html, plain } from "./escape.ts";
import { type Flowchart, type FlowEdge, type FlowNode, readFlowchart } from "./flowchart.ts";

interface Box {
  node: FlowNode;
  x: number;
  y: number;
  width: number;
  height: number;
}

const LETTER = 7.3;
const LINE = 18;
const PADDING = 12;
const GAP = 18;

/** The map as a drawing with the same in words; a map that we cannot draw is shown as its Mermaid source. */
export function mapFigure(source: string): string {
  const chart = readFlowchart(source);
  if (chart === null) return `<pre class="map">${html(source)}</pre>`;
  const words = chart.edges.map((edge) => `<li>${html(edgeWords(edge, chart))}</li>`).join("");
  const list = words === "" ? "" : `<details><summary>The same in words</summary><ul>${words}</ul></details>`;
  return `<figure tabindex="0" aria-label="Map">${drawing(chart)}</figure>${list}`;
}

function edgeWords({ from, to, label, isMarked }: FlowEdge, { nodes }: Flowchart): string {
  const name = (id: string): string => plain(nodes.find((node) => node.id === id)?.label.join(" ") ?? id);
  return `${name(from)} → ${name(to)}${label === "" ? "" : `: ${plain(label)}`}${isMarked ? " (mismatch)" : ""}`;
}

function drawing(chart: Flowchart): string {
  const columns = columnsOf(chart);
  const labelled = Math.max(0, ...chart.edges.map(({ label }) => stringWidth(label)));
  const between = Math.max(60, labelled * LETTER + 30);
  const boxes = new Map<string, Box>();
  let x = PADDING;
  for (const column of columns) {
    let y = PADDING;
    const width =
      Math.max(...column.map(({ label }) => Math.max(...label.map((line) => stringWidth(line)), 3))) * LETTER +
      2 * PADDING;
    for (const node of column) {
      const height = node.label.length * LINE + PADDING;
      boxes.set(node.id, { node, x, y, width, height });
      y += height + GAP;
    }
    x += width + between;
  }
  const all = [...boxes.values()];
  const right = Math.max(...all.map((box) => box.x + box.width)) + PADDING;
  const bottom = Math.max(...all.map((box) => box.y + box.height)) + PADDING + LINE;
  const head =
    '<marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z"/></marker>';
  const arrows = chart.edges.map((edge) => arrow(edge, boxes, bottom)).join("");
  return `<svg role="img" aria-label="Map of the program's concurrency" viewBox="0 0 ${round(right)} ${round(bottom)}" width="${round(right)}"><defs>${head}</defs>${arrows}${all.map(box).join("")}</svg>`;
}

/** Every node stands right of those that point to it, as far as there is no circle. */
function columnsOf({ nodes, edges }: Flowchart): FlowNode[][] {
  const depth = new Map(nodes.map(({ id }): [string, number] => [id, 0]));
  for (let round = 0; round < nodes.length; round++) {
    for (const { from, to } of edges) {
      const next = (depth.get(from) ?? 0) + 1;
      if (from !== to && next < nodes.length && next > (depth.get(to) ?? 0)) depth.set(to, next);
    }
  }
  const levels = [...new Set(depth.values())].sort((a, b) => a - b);
  return levels.map((level) => nodes.filter(({ id }) => depth.get(id) === level));
}

function box({ node, x, y, width, height }: Box): string {
  const lines = node.label.map(
    (line, index) =>
      `<text x="${round(x + width / 2)}" y="${round(y + PADDING / 2 + 13 + index * LINE)}"${index > 0 ? ' class="minor"' : ""}>${html(plain(line))}</text>`,
  );
  const rectangle = `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="6"/>`;
  return `<g class="${node.isMarked ? "node marked" : "node"}">${rectangle}${lines.join("")}</g>`;
}

function arrow({ from, to, label, isMarked }: FlowEdge, boxes: ReadonlyMap<string, Box>, bottom: number): string {
  const start = boxes.get(from);
  const end = boxes.get(to);
  if (start === undefined || end === undefined) return "";
  const y1 = start.y + start.height / 2;
  const y2 = end.y + end.height / 2;
  const x1 = start.x + start.width;
  const isForward = x1 < end.x;
  // A way back, or within a column, runs below everything.
  const path = isForward
    ? `M${round(x1)} ${round(y1)}C${round(x1 + 30)} ${round(y1)} ${round(end.x - 30)} ${round(y2)} ${round(end.x)} ${round(y2)}`
    : `M${round(x1)} ${round(y1)}C${round(x1 + 50)} ${round(bottom)} ${round(end.x - 50)} ${round(bottom)} ${round(end.x)} ${round(y2)}`;
  const middleX = isForward ? (x1 + end.x) / 2 : (start.x + end.x + end.width) / 2;
  const middleY = isForward ? (y1 + y2) / 2 - 5 : bottom - 4;
  const words = label === "" ? "" : `<text x="${round(middleX)}" y="${round(middleY)}">${html(plain(label))}</text>`;
  return `<g class="${isMarked ? "edge marked" : "edge"}"><path d="${path}" marker-end="url(#arrow)"/>${words}</g>`;
}

function round(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
