/** A drawing of boxes and arrows. */
export interface Flowchart {
  nodes: FlowNode[];
  edges: FlowEdge[];
}

export interface FlowNode {
  id: string;
  /** The lines of its text. */
  label: string[];
  /** Named by a class of the source: something to look at. */
  isMarked: boolean;
}

export interface FlowEdge {
  from: string;
  to: string;
  label: string;
  isMarked: boolean;
}

const IDENTIFIER = "[A-Za-z_][\\w-]*";
const SHAPE =
  '(?:\\(\\[|\\[\\(|\\(\\(|\\{\\{|\\[\\[|\\[/|[[({>])"([^"]*)"(?:\\]\\)|\\)\\]|\\)\\)|\\}\\}|\\]\\]|/\\]|[\\])}])';
const NODE = `(${IDENTIFIER})(?:${SHAPE})?(?:::: *([\\w-]+))?`;
const NODE_LINE = new RegExp(`^${NODE}$`);
const EDGE_LINE = new RegExp(
  `^${NODE} *(?:(<?[-=.]+>|---+|===+|[xo]?[-=.]+[xo])(?:\\|"?([^|]*?)"?\\|)?|(?:--|==|-\\.) *"?([^"|>]+?)"? *(-+>|=+>|\\.+->)) *${NODE}$`,
);
const CLASS_LINE = new RegExp(`^class ((?:${IDENTIFIER} *,? *)+) ([\\w-]+)$`);
const IGNORED = /^(?:flowchart|graph|subgraph|end$|classDef|linkStyle|style|direction|%%|accTitle|accDescr|$)/;

/** Reads the part of Mermaid's flowcharts that our map uses; `null` for anything beyond it. */
export function readFlowchart(source: string): Flowchart | null {
  const nodes = new Map<string, FlowNode>();
  const edges: FlowEdge[] = [];
  const node = (id: string, label: string | undefined, mark: string | undefined): void => {
    const known = nodes.get(id) ?? { id, label: [id], isMarked: false };
    if (label !== undefined) known.label = linesOf(label);
    if (mark !== undefined) known.isMarked = true;
    nodes.set(id, known);
  };
  for (const line of source.split("\n").map((text) => text.trim().replace(/;$/, ""))) {
    const edge = EDGE_LINE.exec(line);
    const alone = NODE_LINE.exec(line);
    const named = CLASS_LINE.exec(line);
    if (IGNORED.test(line)) continue;
    if (named) for (const id of (named[1] ?? "").split(/[ ,]+/).filter(Boolean)) node(id, undefined, named[2]);
    else if (edge) {
      const [, from = "", fromLabel, fromMark, arrow = "", label, between, thick = "", to = "", toLabel, toMark] = edge;
      node(from, fromLabel, fromMark);
      node(to, toLabel, toMark);
      edges.push({
        from,
        to,
        label: linesOf(label ?? between ?? "").join(" "),
        isMarked: `${arrow}${thick}`.includes("="),
      });
    } else if (alone) node(alone[1] ?? "", alone[2], alone[3]);
    else return null;
  }
  return nodes.size === 0 ? null : { nodes: [...nodes.values()], edges };
}

const ENTITIES: Record<string, string> = { quot: '"', amp: "&", lt: "<", gt: ">", nbsp: " " };

function linesOf(label: string): string[] {
  return label.split(/<br *\/?>|\\n/).map((line) =>
    line
      .replace(/<\/?[a-z]+>/g, "")
      .replace(/#(\w+);|&(\w+);/g, (all, name: string | undefined, other: string | undefined) => {
        const entity = name ?? other ?? "";
        return ENTITIES[entity] ?? (/^\d{1,5}$/.test(entity) ? String.fromCharCode(Number(entity)) : all);
      })
      .trim(),
  );
}
