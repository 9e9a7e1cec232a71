// From the layers that Python describes to sources and layers of MapLibre.

import { follow } from "./live.js";
import { addValues, setOpacity } from "./values.js";

const HALO = "#ffffff";

export function drawLayers(map, data, root, choices) {
  const wanted = data.layers;
  removeOthers(map, wanted);
  for (const layer of wanted) {
    if (changed(map, layer)) remove(map, layer.id);
    if (!map.getSource(layer.id)) add(map, layer, root, data.colors);
    for (const id of drawnIds(layer)) map.moveLayer(id);
    setDrawn(map, layer, choices.get(layer.id));
    if (layer.kind === "outlines") {
      map.setFilter(`${layer.id}-selected`, ["==", ["get", "glacier_id"], data.selected]);
    }
  }
}

export function setDrawn(map, layer, { visible, opacity }) {
  for (const id of drawnIds(layer)) {
    if (!map.getLayer(id)) continue;
    map.setLayoutProperty(id, "visibility", visible ? "visible" : "none");
    setOpacity(map, id, opacity);
  }
}

export function fillIds(layers, choices) {
  return layers
    .filter((layer) => layer.kind === "outlines" && choices.get(layer.id)?.visible)
    .flatMap((layer) => [`${layer.id}-fill`, `${layer.id}-dot`]);
}

// The outlines under a point, topmost first, with their whole properties:
// MapLibre gives back nested ones as text.
export function glacierAt(map, point, fills, layers) {
  const present = fills.filter((id) => map.getLayer(id));
  const found = map.queryRenderedFeatures(point, { layers: present });
  const seen = new Set();
  return found.flatMap((hit) => {
    const layer = layers.find((one) => one.id === hit.source);
    const feature = layer?.geojson.features[hit.id];
    if (!feature || seen.has(layer.id)) return [];
    seen.add(layer.id);
    return [{ layer: layer.id, title: layer.title, color: layer.color, properties: feature.properties }];
  });
}

function drawnIds(layer) {
  if (layer.kind !== "outlines") return [layer.id];
  return ["fill", "halo", "selected", "line", "dot"].map((part) => `${layer.id}-${part}`);
}

function add(map, layer, root, colors) {
  if (layer.kind === "outlines") addOutlines(map, layer, colors);
  else if (layer.kind === "data") addValues(map, layer, root);
  else addPicture(map, layer, root);
  drawn(map).set(layer.id, fingerprint(layer));
  if (layer.live) follow(map, layer, root);
}

function addPicture(map, layer, root) {
  map.addSource(layer.id, {
    type: "raster",
    tiles: [root + layer.tiles],
    tileSize: 512,
    bounds: layer.bounds,
    maxzoom: layer.max_zoom,
  });
  map.addLayer({
    id: layer.id,
    type: "raster",
    source: layer.id,
    paint: { "raster-resampling": layer.group === "imagery" ? "linear" : "nearest" },
  });
}

function addOutlines(map, layer, colors) {
  map.addSource(layer.id, { type: "geojson", data: layer.geojson });
  const line = (part, paint, filter) =>
    map.addLayer({
      id: `${layer.id}-${part}`,
      type: "line",
      source: layer.id,
      layout: { "line-join": "round" },
      paint,
      ...(filter ? { filter } : {}),
    });
  map.addLayer({ id: `${layer.id}-fill`, type: "fill", source: layer.id, paint: { "fill-color": "rgba(0, 0, 0, 0)" } });
  line("halo", { "line-color": HALO, "line-width": layer.width + 2 });
  line("selected", { "line-color": colors.selected, "line-width": layer.width + 6 }, ["==", ["get", "glacier_id"], ""]);
  const dashes = layer.dash.length ? { "line-dasharray": layer.dash } : {};
  line("line", { "line-color": layer.color, "line-width": layer.width, ...dashes });
  map.addLayer({
    id: `${layer.id}-dot`,
    type: "circle",
    source: layer.id,
    filter: ["==", ["geometry-type"], "Point"],
    paint: {
      "circle-color": layer.color,
      "circle-radius": 2 + layer.width,
      "circle-stroke-color": HALO,
      "circle-stroke-width": 1,
    },
  });
}

// What a map holds now, to see what a rerun changed.
const holdings = new WeakMap();

function drawn(map) {
  if (!holdings.has(map)) holdings.set(map, new Map());
  return holdings.get(map);
}

function fingerprint(layer) {
  return layer.kind === "outlines" ? JSON.stringify(layer.geojson) : layer.tiles;
}

function changed(map, layer) {
  const before = drawn(map).get(layer.id);
  return before !== undefined && before !== fingerprint(layer);
}

function removeOthers(map, wanted) {
  const ids = new Set(wanted.map((layer) => layer.id));
  for (const id of [...drawn(map).keys()]) if (!ids.has(id)) remove(map, id);
}

function remove(map, id) {
  for (const layer of map.getStyle().layers) if (layer.source === id) map.removeLayer(layer.id);
  map.removeSource(id);
  drawn(map).delete(id);
}
