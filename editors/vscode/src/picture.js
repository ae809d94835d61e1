// The page that shows a graph: SVG drawn here, no library, no network. What comes from programs is text, never markup.
const crypto = require('node:crypto');
const { layout } = require('./layout');

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const number = (n) => Math.round(n * 10) / 10;

/** The graph as an SVG element. */
function svg(graph) {
  const { width, height, boxes, edges } = layout(graph);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${number(width)}" height="${number(height)}" viewBox="0 0 ${number(width)} ${number(height)}">`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" class="head"/></marker></defs>',
    // Lines run over the boxes of groups and under all others.
    ...boxes.filter((box) => box.group).map(rectangle),
    ...edges.map(curve),
    ...boxes.filter((box) => !box.group).map(rectangle),
    '</svg>',
  ].join('\n');
}

function rectangle(box) {
  const kind = String(box.kind).replace(/[^a-z-]/g, '');
  const round = ['choice', 'decision'].includes(kind) ? 16 : kind === 'result' ? 12 : 4;
  const text = box.lines.map((line, at) => `<text x="${number(box.x + box.width / 2)}" y="${number(box.y + 21 + at * 17)}"${at > 0 ? ' class="small"' : ''}>${escape(line)}</text>`);
  const shape = `<rect x="${number(box.x)}" y="${number(box.y)}" width="${number(box.width)}" height="${number(box.height)}" rx="${round}"/>`;
  return `<g class="box ${kind}${box.group ? ' group' : ''}"><title>${escape(box.lines.join('\n'))}</title>${shape}${text.join('')}</g>`;
}

function curve(edge) {
  const [a, b] = edge.points;
  const bend = Math.max(12, (b.y - a.y) / 2);
  const path = `M${number(a.x)} ${number(a.y)}C${number(a.x)} ${number(a.y + bend)} ${number(b.x)} ${number(b.y - bend)} ${number(b.x)} ${number(b.y)}`;
  const label = edge.label ? `<text class="small" x="${number((a.x + b.x) / 2)}" y="${number((a.y + b.y) / 2)}">${escape(edge.label)}</text>` : '';
  return `<path class="edge ${String(edge.kind || '').replace(/[^a-z-]/g, '')}" d="${path}" marker-end="url(#head)"/>${label}`;
}

const STYLE = `
  body { font: 13px var(--vscode-font-family, sans-serif); color: var(--vscode-foreground, #333); margin: 0; padding: 12px; }
  h1 { font-size: 14px; margin: 0 0 4px; } p { margin: 0 0 8px; opacity: .8; } .problem { color: var(--vscode-errorForeground, #b00); white-space: pre-wrap; }
  svg { max-width: none; } text { text-anchor: middle; font: 12px var(--vscode-editor-font-family, monospace); fill: currentColor; } text.small { font-size: 11px; opacity: .75; }
  rect { fill: var(--vscode-editorWidget-background, #f6f6f6); stroke: var(--vscode-editorWidget-border, #999); }
  .group > rect { fill: none; stroke-dasharray: 4 3; } .worker > rect, .call > rect { stroke: var(--vscode-charts-blue, #27c); stroke-width: 1.5; }
  .result > rect { stroke: var(--vscode-charts-green, #292); } .decision > rect, .choice > rect { stroke: var(--vscode-charts-orange, #c72); }
  .fail > rect { stroke: var(--vscode-charts-red, #b22); } .edge { fill: none; stroke: currentColor; opacity: .6; } .head { fill: currentColor; }
`;

/** A whole page: nothing is loaded, and only this page's own style and script count. */
function page(graph, problem) {
  const nonce = crypto.randomBytes(16).toString('base64');
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'`;
  const body = graph
    ? `<h1>${escape(graph.orchestrator || '')}</h1>${graph.doc ? `<p>${escape(graph.doc)}</p>` : ''}${graph.complete === false ? '<p class="problem">The program has mistakes: parts may be missing.</p>' : ''}${svg(graph)}`
    : `<p class="problem">${escape(problem || 'There is no graph.')}</p>`;
  // The wheel with Ctrl changes the size.
  const script = `let size = 1; addEventListener('wheel', (event) => { if (!event.ctrlKey) return; event.preventDefault(); size = Math.min(4, Math.max(.2, size * (event.deltaY < 0 ? 1.1 : .9))); const drawn = document.querySelector('svg'); if (drawn) { const [, , w, h] = drawn.getAttribute('viewBox').split(' '); drawn.setAttribute('width', w * size); drawn.setAttribute('height', h * size); } }, { passive: false });`;
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><style nonce="${nonce}">${STYLE}</style></head>
<body>${body}<script nonce="${nonce}">${script}</script></body></html>`;
}

module.exports = { page, svg };
