// One figure of each scenario as horizontal bars, in one SVG.
// SPDX-License-Identifier: MIT
import { columns, shown } from "./report.mjs";

const width = 900;
const labels = 230; // Left of the bars
const numbers = 130; // Right of them
const row = 20;
const gap = 34;

const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

function bars(scenario, top) {
  const { picture, peers } = scenario;
  const most = Math.max(...peers.map(({ values }) => values[picture] || 0), Number.MIN_VALUE);
  const lines = peers.map(({ peer, values }, i) => {
    const value = values[picture];
    const share = Number.isFinite(value) ? value / most : 0;
    const length = Math.max(1, share * (width - labels - numbers));
    const y = top + 26 + i * row;
    const kind = peer.startsWith("Coterie") ? "own" : "peer";
    return `<text x="${labels - 8}" y="${y + 11}" text-anchor="end">${escape(peer)}</text>` +
      `<rect class="${kind}" x="${labels}" y="${y}" width="${length.toFixed(1)}" height="14"/>` +
      `<text x="${(labels + length + 6).toFixed(1)}" y="${y + 11}">${shown(value, picture)}</text>`;
  });
  const title = `${scenario.title}: ${columns[picture][0]}`;
  return `<text class="title" x="12" y="${top + 14}">${escape(title)}</text>${lines.join("")}`;
}

export function chart(scenarios) {
  let top = 16;
  const parts = scenarios.map((scenario) => {
    const part = bars(scenario, top);
    top += scenario.peers.length * row + gap;
    return part;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}"
 font-family="sans-serif" font-size="12">
<style>.title{font-weight:bold}.own{fill:#2a6f4e}.peer{fill:#b9b2a3}</style>
<rect width="${width}" height="${top}" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
}
