// From the graph as `orch graph --format json` gives it to boxes and lines: waves from the top down, what is inside of a
// step inside of its box. Pure; lengths are in pixels.

const FONT = { width: 7.3, height: 17 };
const PAD = { x: 12, y: 8 };
const GAP = { x: 28, y: 38 };
const INNER = { x: 16, top: 12, bottom: 16 };

/** `{ width, height, boxes: [{ id, kind, lines, x, y, width, height, group }], edges: [{ kind, label, from, to, points }] }` */
function layout(graph) {
  const nodes = new Map((graph.nodes || []).map((node) => [node.id, node]));
  const inside = new Map();
  for (const node of nodes.values()) {
    const parent = nodes.has(node.parent) ? node.parent : '';
    inside.set(parent, [...(inside.get(parent) || []), node.id]);
  }
  const size = (id, seen) => box(nodes.get(id), rows(nodes.get(id).waves, inside.get(id) || []), seen);

  /** A box of its own size at the origin, with the boxes in it. */
  function box(node, waves, seen) {
    const lines = String(node.label || node.id).split('\n');
    const text = { width: Math.max(...lines.map((line) => line.length)) * FONT.width + 2 * PAD.x, height: lines.length * FONT.height + 2 * PAD.y };
    const own = { id: node.id, kind: node.kind || 'value', lines, group: waves.length > 0, x: 0, y: 0, ...text };
    if (seen.has(node.id) || !own.group) return { ...text, boxes: [{ ...own, group: false }] };
    const inner = stack(waves, new Set([...seen, node.id]));
    own.width = Math.max(text.width, inner.width + 2 * INNER.x);
    own.height = text.height + INNER.top + inner.height + INNER.bottom;
    const left = (own.width - inner.width) / 2;
    return { width: own.width, height: own.height, boxes: [own, ...moved(inner.boxes, left, text.height + INNER.top)] };
  }

  /** Rows below each other, each in the middle. */
  function stack(waves, seen) {
    const all = waves.map((wave) => wave.map((id) => size(id, seen)));
    const widths = all.map((row) => row.reduce((sum, one) => sum + one.width, 0) + GAP.x * (row.length - 1));
    const width = Math.max(0, ...widths);
    const boxes = [];
    let y = 0;
    all.forEach((row, at) => {
      let x = (width - widths[at]) / 2;
      const height = Math.max(...row.map((one) => one.height));
      for (const one of row) {
        boxes.push(...moved(one.boxes, x, y));
        x += one.width + GAP.x;
      }
      y += height + GAP.y;
    });
    return { width, height: Math.max(0, y - GAP.y), boxes };
  }

  const drawn = stack(rows(graph.waves, inside.get('') || []), new Set());
  const boxes = moved(drawn.boxes, 20, 20);
  const places = new Map(boxes.map((one) => [one.id, one]));
  const edges = (graph.edges || []).filter((edge) => places.has(edge.from) && places.has(edge.to));
  return {
    width: drawn.width + 40,
    height: drawn.height + 40,
    boxes,
    edges: edges.map((edge) => ({ ...edge, points: line(places.get(edge.from), places.get(edge.to)) })),
  };
}

/** The waves of a scope, with those behind that no wave names. */
function rows(waves, ids) {
  const here = new Set(ids);
  const named = (waves || []).map((wave) => wave.filter((id) => here.has(id))).filter((wave) => wave.length > 0);
  const left = ids.filter((id) => !named.flat().includes(id));
  return left.length > 0 ? [...named, left] : named;
}

function moved(boxes, x, y) {
  return boxes.map((one) => ({ ...one, x: one.x + x, y: one.y + y }));
}

/** From the bottom of one box to the top of another; beside it where the other is not below. */
function line(from, to) {
  const below = to.y >= from.y + from.height;
  const start = { x: from.x + from.width / 2, y: below ? from.y + from.height : from.y + from.height / 2 };
  const end = { x: to.x + to.width / 2, y: below ? to.y : to.y + to.height / 2 };
  return [start, end];
}

module.exports = { layout };
