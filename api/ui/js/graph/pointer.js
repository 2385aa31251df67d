// Mouse, touch and keys on the graph: pan, zoom, click, lasso with shift, drag a node to pin it, walk along connections
// with the arrows. Turns gestures into calls on the scene and the model; draws nothing.

/** @typedef {import('./scene.js').Scene} Scene */

/** Pixels a press may wander and still be a click. */
const STILL = 4;

/** @param {Scene} scene @param {HTMLElement} target @param {{open: (node: number) => void, lassoed: (nodes: number[]) => void}} actions */
export function listen(scene, target, actions) {
  const { model, camera } = scene;
  /** @type {Map<number, [number, number]>} */
  const down = new Map();
  /** @type {{x: number, y: number, node: number, moved: boolean, lasso: boolean} | null} */
  let press = null;
  const spot = (/** @type {MouseEvent} */ event) => {
    const box = target.getBoundingClientRect();
    return /** @type {[number, number]} */ ([event.clientX - box.left, event.clientY - box.top]);
  };
  const changed = () => {
    scene.stalePicture = true;
    scene.touch('lines', 'nodes', 'marks');
  };

  target.addEventListener('pointerdown', (event) => {
    if (event.button > 1) return;
    const [x, y] = spot(event);
    down.set(event.pointerId, [x, y]);
    target.setPointerCapture(event.pointerId);
    if (down.size > 1) {
      press = null;
      scene.lasso = null;
      return;
    }
    press = { x, y, node: scene.pick(x, y, event.pointerType === 'touch' ? 14 : 6), moved: false, lasso: event.shiftKey };
  });

  target.addEventListener('pointermove', (event) => {
    const [x, y] = spot(event), before = down.get(event.pointerId);
    if (!before) {
      const hover = event.pointerType === 'mouse' ? scene.pick(x, y) : -1;
      if (hover !== scene.hover) {
        scene.hover = hover;
        target.style.cursor = hover >= 0 ? 'pointer' : '';
        scene.touch('marks');
      }
      return;
    }
    if (down.size === 2) {
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1] ?? before;
      const was = Math.hypot(before[0] - other[0], before[1] - other[1]), is = Math.hypot(x - other[0], y - other[1]);
      camera.pan((x - before[0]) / 2, (y - before[1]) / 2);
      if (was > 0) camera.zoomAt(is / was, (x + other[0]) / 2, (y + other[1]) / 2);
      changed();
    } else if (press) {
      if (Math.hypot(x - press.x, y - press.y) > STILL) press.moved = true;
      if (press.moved && press.lasso) {
        scene.lasso = [...(scene.lasso ?? [[press.x, press.y]]), [x, y]];
        scene.touch('marks');
      } else if (press.moved && press.node >= 0) {
        const [wx, wy] = camera.toWorld(x, y);
        camera.follows = false;
        scene.places.pin(press.node, wx, wy, true);
        changed();
      } else if (press.moved) {
        camera.pan(x - before[0], y - before[1]);
        changed();
      }
    }
    down.set(event.pointerId, [x, y]);
  });

  const release = (/** @type {PointerEvent} */ event) => {
    if (!down.delete(event.pointerId) || !press) return;
    const { node, moved } = press;
    press = null;
    if (scene.lasso) {
      const nodes = inside(scene, scene.lasso);
      scene.lasso = null;
      model.selectAll(nodes);
      actions.lassoed(nodes);
    } else if (!moved && event.type === 'pointerup') {
      model.select(node, event.ctrlKey || event.metaKey);
    }
    scene.touch('marks');
  };
  target.addEventListener('pointerup', release);
  target.addEventListener('pointercancel', release);
  target.addEventListener('pointerleave', () => {
    scene.hover = -1;
    scene.touch('marks');
  });
  target.addEventListener('dblclick', (event) => {
    const [x, y] = spot(event), node = scene.pick(x, y);
    if (node >= 0) actions.open(node);
    else scene.fit();
  });
  target.addEventListener('wheel', (event) => {
    event.preventDefault();
    const [x, y] = spot(event), lines = event.deltaMode === 1 ? 16 : 1;
    camera.zoomAt(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * 0.0022), x, y);
    changed();
  }, { passive: false });

  target.addEventListener('keydown', (event) => {
    const arrow = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[event.key];
    if (arrow && !event.altKey && !event.ctrlKey && !event.metaKey) walk(scene, arrow);
    else if (event.key === 'Enter' && model.selected >= 0) actions.open(model.selected);
    else if (event.key === '+' || event.key === '=') camera.zoomAt(1.25, camera.width / 2, camera.height / 2);
    else if (event.key === '-') camera.zoomAt(0.8, camera.width / 2, camera.height / 2);
    else if (event.key === '0') scene.fit();
    else return;
    event.preventDefault();
    changed();
  });
}

/** To the neighbour that lies most in that direction; to the node in the middle when none is selected. @param {Scene} scene @param {[number, number]} arrow */
function walk(scene, [dx, dy]) {
  const { model, camera } = scene, from = model.selected >= 0 ? scene.place(model.selected) : null;
  let best = -1, score = -Infinity;
  const candidates = from ? model.view.neighbours(model.selected) : Array.from({ length: model.view.size }, (_, i) => i);
  for (const node of candidates) {
    const at = scene.place(node);
    if (!at || !model.view.exists(node)) continue;
    if (from) {
      const x = at[0] - from[0], y = at[1] - from[1], length = Math.hypot(x, y) || 1, along = (x * dx + y * dy) / length;
      if (along > 0.1 && along - length / 4000 > score) {
        score = along - length / 4000;
        best = node;
      }
    } else {
      const d = -Math.hypot(at[0] - camera.width / 2, at[1] - camera.height / 2);
      if (d > score) {
        score = d;
        best = node;
      }
    }
  }
  if (best < 0) return;
  model.select(best);
  camera.reveal(scene.places.at[best * 2], scene.places.at[best * 2 + 1]);
}

/** Which nodes lie in a polygon. @param {Scene} scene @param {[number, number][]} polygon */
function inside(scene, polygon) {
  const nodes = [];
  for (let i = 0; i < scene.model.view.size; i++) {
    const at = scene.place(i);
    if (!at || !scene.model.view.exists(i)) continue;
    let odd = false;
    for (let p = 0, q = polygon.length - 1; p < polygon.length; q = p++) {
      const [x0, y0] = polygon[p], [x1, y1] = polygon[q];
      if (y0 > at[1] !== y1 > at[1] && at[0] < ((x1 - x0) * (at[1] - y0)) / (y1 - y0) + x0) odd = !odd;
    }
    if (odd) nodes.push(i);
  }
  return nodes;
}
