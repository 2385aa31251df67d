'use strict';
// The theme, downloads, the copied line, and a crosshair over each plot. Everything else stands in the page without it.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const plots = read('plots');
const root = document.documentElement;

const digits = (v) => (v === 0 ? '0' : String(Number(v.toPrecision(3))));
const scaled = (v, gap) => {
  for (const [unit, by] of [['T', 1e12], ['G', 1e9], ['M', 1e6], ['k', 1e3]]) if (Math.abs(v) >= by) return digits(v / by) + gap + unit;
  return digits(v) + gap;
};
const span = (v) => {
  const size = Math.abs(v);
  for (const [below, by, unit] of [[1e-6, 1e9, 'ns'], [1e-3, 1e6, 'µs'], [1, 1e3, 'ms'], [120, 1, 's'], [7200, 1 / 60, 'min']]) if (size < below && size > 0) return `${digits(v * by)} ${unit}`;
  return size === 0 ? '0 s' : `${digits(v / 3600)} h`;
};
const write = [(v) => scaled(v, ''), span, (v) => `${scaled(v, ' ')}B`, (v) => `${scaled(v, ' ')}B/s`, (v) => `${digits(v * 100)} %`];

const save = (name, text, type) => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

document.getElementById('theme').addEventListener('click', () => {
  const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
});
document.getElementById('json').addEventListener('click', () => save('report.json', document.getElementById('report').textContent, 'application/json'));
document.getElementById('copy')?.addEventListener('click', async (event) => {
  const text = document.getElementById('again').textContent;
  try {
    await navigator.clipboard.writeText(text);
    event.target.textContent = 'copied';
  } catch {
    getSelection().selectAllChildren(document.getElementById('again'));
  }
});

const cell = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const csv = (plot) => ['curve,x,y', ...plot.curves.flatMap((curve) => curve.points.map(([x, y]) => `${cell(curve.name)},${x},${y}`))].join('\n') + '\n';
const alone = (svg) => {
  const copy = svg.cloneNode(true);
  copy.querySelector('.cross')?.remove();
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const from = svg.querySelectorAll('*');
  copy.querySelectorAll('*').forEach((to, i) => {
    const style = getComputedStyle(from[i]);
    for (const name of ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'fill-opacity', 'font-size', 'font-family', 'paint-order']) to.setAttribute(name, style.getPropertyValue(name));
  });
  copy.style.background = getComputedStyle(document.body).backgroundColor;
  return new XMLSerializer().serializeToString(copy);
};

document.querySelectorAll('figure').forEach((figure, place) => {
  const svg = figure.querySelector('svg.plot'), output = figure.querySelector('output'), plot = plots[place];
  const name = plot.title.replace(/[^\w.-]+/g, '-');
  const [asSvg, asCsv] = figure.querySelectorAll('button');
  asSvg.addEventListener('click', () => save(`${name}.svg`, alone(svg), 'image/svg+xml'));
  asCsv.addEventListener('click', () => save(`${name}.csv`, csv(plot), 'text/csv'));
  const { from, to, low, high, log } = Object.fromEntries(Object.entries(svg.dataset).map(([key, value]) => [key, Number(value)]));
  const cross = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  cross.setAttribute('class', 'cross');
  cross.setAttribute('y1', '10');
  cross.setAttribute('y2', '226');
  const show = (clientX) => {
    const box = svg.getBoundingClientRect();
    const pixel = Math.min(to, Math.max(from, ((clientX - box.left) / box.width) * svg.viewBox.baseVal.width));
    const share = (pixel - from) / (to - from);
    const x = log ? low * (high / low) ** share : low + share * (high - low);
    cross.setAttribute('x1', pixel);
    cross.setAttribute('x2', pixel);
    if (!cross.isConnected) svg.append(cross);
    const values = plot.curves.map((curve) => {
      let found = null;
      for (const [at, y] of curve.points) {
        if (at > x) break;
        found = y;
      }
      return found === null ? null : `${plot.curves.length > 1 ? `${curve.name} ` : ''}${write[plot.y](found)}`;
    });
    output.textContent = `${write[plot.x](x)}: ${values.filter((value) => value !== null).join(', ') || '–'}`;
  };
  svg.addEventListener('pointermove', (event) => show(event.clientX));
  svg.addEventListener('pointerleave', () => {
    cross.remove();
    output.textContent = '';
  });
});
