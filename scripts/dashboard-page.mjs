/** A page with the panels where the dashboard has them, each a chart of the series that were found for it. */
const COLOURS = [
  '#73bf69',
  '#f2cc0c',
  '#8ab8ff',
  '#ff9830',
  '#f2495c',
  '#5794f2',
  '#b877d9',
  '#96d98d',
  '#ffb357',
  '#ca95e5',
  '#37872d',
  '#e0b400',
];
const COLUMN = 60;
const ROW = 34;

export function dashboardPage(title, panels, length) {
  const height = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h)) * ROW + 70;
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; width: 1440px; height: ${height}px; background: #111217; color: #ccccdc; font: 12px system-ui, sans-serif; position: relative }
    h1 { font-size: 20px; font-weight: 500; margin: 0; padding: 14px 12px 0 }
    section { position: absolute; box-sizing: border-box; padding: 6px 8px; background: #181b1f; border: 1px solid #2c3235; border-radius: 2px; overflow: hidden }
    section h2 { font-size: 13px; font-weight: 500; margin: 0 0 4px }
    h2.row { position: absolute; margin: 8px 12px; font-size: 14px; font-weight: 500 }
    p { margin: 2px 0 0; line-height: 15px; color: #9fa7b3 } i { display: inline-block; width: 12px; height: 3px; margin: 0 4px 3px 0 } span { margin-right: 10px; white-space: nowrap }
    text { fill: #8e8e9e; font-size: 10px }
  </style><h1>${title}</h1>${panels.map((panel) => panelOf(panel, length)).join('')}`;
}

function panelOf({ type, title, gridPos: { x, y, w, h }, fieldConfig, series }, length) {
  const top = y * ROW + 50;
  if (type === 'row') return `<h2 class="row" style="top:${top}px">${title}</h2>`;
  const place = `left:${x * COLUMN + 3}px;top:${top + 3}px;width:${w * COLUMN - 6}px;height:${h * ROW - 6}px`;
  const shown = series.toSorted((a, b) => highest(b) - highest(a));
  const legend = shown
    .slice(0, 9)
    .map(({ name }, index) => `<span><i style="background:${colour(index)}"></i>${escape(name)}</span>`);
  if (shown.length > 9) legend.push(`<span>and ${shown.length - 9} more</span>`);
  const body =
    shown.length > 0
      ? chart(shown, fieldConfig.defaults.unit, w * COLUMN - 24, h * ROW - 100, length)
      : '<p>No data</p>';
  return `<section style="${place}"><h2>${title}</h2>${body}<p>${legend.join('')}</p></section>`;
}

function chart(series, unit, width, height, length) {
  const top = niceTop(Math.max(...series.map(highest)));
  const [left, bottom] = [46, 16];
  const across = (at) => left + (at / length) * (width - left);
  const up = (value) => (height - bottom) * (1 - value / top) + 9;
  const lines = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = up(top * part);
    return `<line x1="${left}" x2="${width}" y1="${at}" y2="${at}" stroke="#2c3235"/><text x="${left - 4}" y="${at + 3}" text-anchor="end">${amount(top * part, unit)}</text>`;
  });
  const times = Array.from(
    { length: Math.floor(length / 60) + 1 },
    (_, minute) =>
      `<text x="${across(minute * 60)}" y="${height + 8}" text-anchor="${minute === 0 ? 'start' : 'middle'}">${minute} min</text>`,
  );
  const paths = series.map(
    ({ points }, index) =>
      `<path fill="none" stroke="${colour(index)}" stroke-width="1.3" d="${pathOf(points, across, up)}"/>`,
  );
  return `<svg width="${width}" height="${height + 10}">${lines.join('')}${times.join('')}${paths.toReversed().join('')}</svg>`;
}

/** A gap where Prometheus has no value. */
function pathOf(points, across, up) {
  return points
    .map(
      ([at, value], index) =>
        `${index > 0 && at - points[index - 1][0] < 5 ? 'L' : 'M'}${across(at).toFixed(1)} ${up(value).toFixed(1)}`,
    )
    .join('');
}

const highest = ({ points }) => Math.max(...points.map(([, value]) => value));
const colour = (index) => COLOURS[index % COLOURS.length];
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function niceTop(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 4, 5, 8, 10].map((factor) => factor * power).find((top) => top >= value);
}

function amount(value, unit) {
  if (unit === 's') return value >= 1 ? `${round(value)} s` : `${round(value * 1000)} ms`;
  return unit === 'ops' ? `${round(value)}/s` : String(round(value));
}

const round = (value) => Number(value.toPrecision(3));
