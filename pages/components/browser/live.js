// Tiles that change while they are looked at: those of a map that is still being made.

import { renewValues } from "./values.js";

const PAUSE = 1000; // milliseconds between two looks

export function follow(map, layer, root) {
  // A map that left the page has no style any more.
  const isShown = () => Boolean(map.style && map.getSource(layer.id));
  let told = "";
  const look = async () => {
    // A rerun of the page takes the layer away, and puts it back with another map's.
    if (!isShown() || following.get(map).get(layer.id) !== look) return;
    const now = await fetch(root + layer.live).then((answer) => answer.text(), () => told);
    // Tiles on their way would be given up, and on a slow machine none would ever arrive.
    if (now !== told && isShown() && map.isSourceLoaded(layer.id)) {
      told = now;
      renewValues(map, layer, root, encodeURIComponent(now));
    }
    setTimeout(look, PAUSE);
  };
  if (!following.has(map)) following.set(map, new Map());
  following.get(map).set(layer.id, look);
  look();
}

const following = new WeakMap(); // map -> { id of a layer: the look that is its latest }
