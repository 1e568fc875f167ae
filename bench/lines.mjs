// Figures over sizes as lines, in one SVG that can be read on white and on black.
// SPDX-License-Identifier: MIT
const width = 640;
const height = 300;
const left = 64;
const right = 20;
const top = 44;
const bottom = 66;
const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

// The least of 1, 2, 5, 10 … that is not below a number.
function roundUp(number) {
  const power = 10 ** Math.floor(Math.log10(number));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= number * 0.999);
}

const style = `<style>
svg{--paper:#fff;--ink:#1f2328;--faint:#d4d8dd;--a:#1a7f5a;--b:#b35900;--c:#4661c4}
@media (prefers-color-scheme:dark){
svg{--paper:#15191e;--ink:#dfe5ec;--faint:#39424d;--a:#4cc38f;--b:#f0a04b;--c:#8ea5ff}}
.paper{fill:var(--paper)}text{fill:var(--ink)}.title{font-weight:bold}
.grid{stroke:var(--faint)}.line{fill:none;stroke-width:2}
.a{stroke:var(--a)}.b{stroke:var(--b)}.c{stroke:var(--c)}
.dot.a{fill:var(--a)}.dot.b{fill:var(--b)}.dot.c{fill:var(--c)}
</style>`;

// `names` are those of the sizes, at equal distances; `lines` at most three: {name, values}.
export function linesOver({ title, axis, names, lines }) {
  const most = Math.max(...lines.flatMap(({ values }) => values.filter(Number.isFinite)), 1e-9);
  const step = roundUp(most / 5);
  const steps = Math.ceil(most / step - 1e-9);
  const x = (i) => left + ((i + 0.5) * (width - left - right)) / names.length;
  const y = (value) => height - bottom - (value / (steps * step)) * (height - top - bottom);
  const place = (i, value) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`;
  const grid = Array.from({ length: steps + 1 }, (_, i) => {
    const at = y(i * step).toFixed(1);
    const text = (i * step).toLocaleString("en-US", { maximumSignificantDigits: 3 });
    return `<path class="grid" d="M${left} ${at}H${width - right}"/>` +
      `<text x="${left - 8}" y="${Number(at) + 4}" text-anchor="end">${text}</text>`;
  });
  const sizes = names.map((name, i) =>
    `<text x="${x(i).toFixed(1)}" y="${height - bottom + 18}" text-anchor="middle">${escape(name)}</text>`);
  const drawn = lines.map(({ values }, i) => {
    const known = values.flatMap((value, at) => Number.isFinite(value) ? [[at, value]] : []);
    const dots = known.map(([at, value]) => {
      const [cx, cy] = place(at, value).split(",");
      return `<circle class="dot ${"abc"[i]}" cx="${cx}" cy="${cy}" r="3.5"/>`;
    });
    const path = known.map(([at, value]) => place(at, value)).join(" ");
    return `<polyline class="line ${"abc"[i]}" points="${path}"/>${dots.join("")}`;
  });
  const legend = lines.map(({ name }, i) => {
    const at = left + i * 190;
    return `<path class="line ${"abc"[i]}" d="M${at} ${height - 14}h20"/>` +
      `<text x="${at + 26}" y="${height - 10}">${escape(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"
 font-family="sans-serif" font-size="12">
${style}
<rect class="paper" width="${width}" height="${height}"/>
<text class="title" x="12" y="20">${escape(title)}</text>
<text x="${width - right}" y="${height - bottom + 36}" text-anchor="end">${escape(axis)}</text>
${[...grid, ...sizes, ...drawn, ...legend].join("\n")}
</svg>
`;
}
