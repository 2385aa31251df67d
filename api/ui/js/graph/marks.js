// What lies above the nodes: rings around the selected ones, the connections of the one that is looked at, those over
// which a wave has just come, names where there is room for them, and the lasso. Draws; decides nothing.

import { drawLabels } from './labels.js';

/** @typedef {import('./scene.js').Scene} Scene */

/** Seconds on the screen for which a wave's last steps stay bright; beyond so many nodes they are not drawn. */
const FRESH = 0.45, CROWD = 3000;

/** @param {CanvasRenderingContext2D} context @param {Scene} scene */
export function drawMarks(context, scene) {
  const { model, palette } = scene, { view } = model, r = scene.radius;
  const focus = scene.hover >= 0 ? scene.hover : model.selected;
  if (scene.wave.playing && view.size <= CROWD) drawFresh(context, scene);
  if (focus >= 0 && view.exists(focus)) {
    drawPairs(context, scene, view.neighbours(focus).map((other) => /** @type {[number, number]} */ ([focus, other])), 1.1, 0.6);
  }
  const rings = new Path2D();
  for (const i of model.selection) {
    const at = scene.place(i);
    if (!at || !view.exists(i)) continue;
    rings.moveTo(at[0] + r + 3.5, at[1]);
    rings.arc(at[0], at[1], r + 3.5, 0, 7);
  }
  context.strokeStyle = palette.select;
  context.lineWidth = 2;
  context.stroke(rings);
  drawNames(context, scene, r);
  if (scene.lasso && scene.lasso.length > 1) drawLasso(context, scene.lasso);
}

/** Lines over which the wave has just come. @param {CanvasRenderingContext2D} context @param {Scene} scene */
function drawFresh(context, scene) {
  const { item, t, rate } = scene.wave;
  if (!item) return;
  const fresh = item.reached.filter((node) => {
    const age = (t - item.at(node)) / (rate || 1);
    return age >= 0 && age < FRESH && item.from[node] >= 0;
  });
  drawPairs(context, scene, fresh.slice(0, 400).map((node) => [item.from[node], node]), 1.3, 0.7);
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene @param {[number, number][]} pairs @param {number} width pixels @param {number} alpha */
function drawPairs(context, scene, pairs, width, alpha) {
  const path = new Path2D();
  for (const [one, other] of pairs) {
    const from = scene.place(one), to = scene.place(other);
    if (!from || !to) continue;
    path.moveTo(from[0], from[1]);
    path.lineTo(to[0], to[1]);
  }
  context.strokeStyle = scene.palette.heat;
  context.globalAlpha = alpha;
  context.lineWidth = width;
  context.stroke(path);
  context.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} context @param {Scene} scene @param {number} r */
function drawNames(context, scene, r) {
  const { model, camera, hover } = scene, { view } = model;
  /** @type {Parameters<typeof drawLabels>[1]} */
  const wanted = [];
  const want = (/** @type {number} */ i, strong = false) => {
    const at = scene.place(i);
    if (at && view.exists(i)) wanted.push({ x: at[0], y: at[1], r, text: model.live.directory.name(i), strong });
  };
  if (hover >= 0) want(hover, true);
  if (model.selected >= 0 && model.selected !== hover) want(model.selected, true);
  // Names of all where there is room for them.
  const crowd = (view.up + view.down) / Math.max(0.2, camera.zoom ** 2);
  if (crowd <= 70 && camera.width > 420) {
    for (let i = 0; i < view.size; i++) {
      const at = scene.place(i);
      if (at && at[0] > 0 && at[1] > 0 && at[0] < camera.width && at[1] < camera.height && i !== hover && i !== model.selected) want(i);
      if (wanted.length > 200) break;
    }
  }
  drawLabels(context, wanted, scene.palette, camera.width, camera.height);
}

/** @param {CanvasRenderingContext2D} context @param {[number, number][]} corners */
function drawLasso(context, corners) {
  const path = new Path2D();
  for (const [x, y] of corners) path.lineTo(x, y);
  path.closePath();
  context.setLineDash([5, 4]);
  context.lineWidth = 1.5;
  context.stroke(path);
  context.setLineDash([]);
  context.fillStyle = 'rgba(120,160,220,.14)';
  context.fill(path);
}
