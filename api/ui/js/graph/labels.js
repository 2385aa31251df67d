// Names beside nodes, as many as fit without covering each other; the first asked for win. Keeps nothing.

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, r: number, text: string, strong?: boolean}[]} wanted the most important first
 * @param {{label: string, halo: string}} palette @param {number} width @param {number} height
 */
export function drawLabels(context, wanted, palette, width, height) {
  /** @type {[number, number, number, number][]} */
  const taken = [];
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.lineWidth = 3.5;
  context.strokeStyle = palette.halo;
  context.fillStyle = palette.label;
  for (const { x, y, r, text, strong } of wanted) {
    context.font = strong ? '600 13px system-ui, sans-serif' : '11px system-ui, sans-serif';
    const w = context.measureText(text).width, h = strong ? 16 : 13;
    let left = x + r + 5;
    if (left + w > width - 4) left = x - r - 5 - w;
    const box = /** @type {[number, number, number, number]} */ ([left - 2, y - h / 2, left + w + 2, y + h / 2]);
    if (y < 0 || y > height || left < 0) continue;
    if (!strong && taken.some((t) => box[0] < t[2] && box[2] > t[0] && box[1] < t[3] && box[3] > t[1])) continue;
    taken.push(box);
    context.globalAlpha = strong ? 1 : 0.85;
    context.strokeText(text, left, y);
    context.fillText(text, left, y);
  }
  context.globalAlpha = 1;
}
