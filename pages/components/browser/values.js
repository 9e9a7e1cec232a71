// Data-carrying tiles: red holds the value, the colour is given here, so that a threshold
// moves at once and without the server.

const known = new Map(); // name of a layer -> { address, table }
const drawn = new WeakMap(); // map -> { id of a layer: template of the tiles it draws }
const pixels = new Map(); // address -> promise of the pixels of a tile
const KEPT_TILES = 64;

export function addValues(map, layer, root) {
  teachProtocol();
  const name = encodeURIComponent(layer.tiles);
  known.set(name, { address: root + layer.tiles, table: colorTable(layer.ramp) });
  const tiles = template(name, 0);
  drawn.set(map, { ...drawn.get(map), [layer.id]: tiles });
  map.addSource(layer.id, {
    type: "raster",
    tiles: [tiles],
    tileSize: 512,
    bounds: layer.bounds,
    maxzoom: layer.max_zoom,
  });
  map.addLayer({
    id: layer.id,
    type: "raster",
    source: layer.id,
    paint: { "raster-resampling": "nearest", "raster-fade-duration": 0 },
  });
}

// Ask for all tiles anew, as another version of them.
export function renewValues(map, layer, root, version) {
  const before = drawn.get(map)[layer.id];
  const [, threshold] = before.slice("values://".length).split("/");
  const address = `${layer.tiles}?v=${version}`;
  const name = encodeURIComponent(address);
  known.set(name, { address: root + address, table: colorTable(layer.ramp) });
  drawn.get(map)[layer.id] = template(name, threshold);
  map.getSource(layer.id).setTiles([drawn.get(map)[layer.id]]);
}

// Hide values below a threshold of 0 to 1.
export function setThreshold(map, id, threshold) {
  const source = map.getSource(id);
  if (!source) return;
  // A source does not know its own tiles before it has loaded.
  const shown = drawn.get(map)[id];
  const [name] = shown.slice("values://".length).split("/");
  const wanted = template(name, Math.round(threshold * 255));
  if (shown === wanted) return;
  drawn.get(map)[id] = wanted;
  source.setTiles([wanted]);
}

export function setOpacity(map, id, opacity) {
  const { type } = map.getLayer(id);
  map.setPaintProperty(id, `${type}-opacity`, opacity);
}

export function colorTable({ values, colors }) {
  const stops = colors.map((color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
  const table = new Uint8ClampedArray(256 * 3);
  const [first, last] = [values[0], values[values.length - 1]];
  for (let step = 0; step < 256; step += 1) {
    const value = first + ((last - first) * step) / 255;
    let next = values.findIndex((stop) => stop >= value);
    next = Math.max(next, 1);
    const share = (value - values[next - 1]) / (values[next] - values[next - 1]);
    for (let channel = 0; channel < 3; channel += 1) {
      const [low, high] = [stops[next - 1][channel], stops[next][channel]];
      table[3 * step + channel] = low + share * (high - low);
    }
  }
  return table;
}

function template(name, threshold) {
  return `values://${name}/${threshold}/{z}/{x}/{y}`;
}

let taught = false;

function teachProtocol() {
  if (taught) return;
  taught = true;
  window.maplibregl.addProtocol("values", async ({ url }) => {
    const [name, threshold, z, x, y] = url.slice("values://".length).split("/");
    const { address, table } = known.get(name);
    const place = address.replace("{z}", z).replace("{x}", x).replace("{y}", y);
    const picture = recolor(await read(place), table, Number(threshold));
    return { data: await createImageBitmap(picture) };
  });
}

function read(address) {
  if (!pixels.has(address)) {
    pixels.set(address, decode(address));
    pixels.get(address).catch(() => pixels.delete(address));
    if (pixels.size > KEPT_TILES) pixels.delete(pixels.keys().next().value);
  }
  return pixels.get(address);
}

async function decode(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  // Colour management would change the values.
  const plain = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const picture = await createImageBitmap(await answer.blob(), plain);
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0);
  return context.getImageData(0, 0, picture.width, picture.height);
}

function recolor(source, table, threshold) {
  const made = new ImageData(source.width, source.height);
  for (let at = 0; at < source.data.length; at += 4) {
    const value = source.data[at];
    if (source.data[at + 3] === 0 || value < threshold) continue;
    made.data[at] = table[3 * value];
    made.data[at + 1] = table[3 * value + 1];
    made.data[at + 2] = table[3 * value + 2];
    made.data[at + 3] = 255;
  }
  return made;
}
