// Land and a net of degrees below everything, for maps of the whole Earth: drawn without a
// network. The land is Natural Earth's, in the public domain.

const STEP = 10; // degrees between two lines of the net
const WORLD = "world-";

export function drawWorld(map, root) {
  if (map.getSource(`${WORLD}land`)) return;
  const lowest = firstAbove(map);
  map.addSource(`${WORLD}land`, { type: "geojson", data: `${root}assets/land.geojson` });
  map.addSource(`${WORLD}net`, { type: "geojson", data: net() });
  const add = (id, type, source, paint) =>
    map.addLayer({ id: WORLD + id, type, source: WORLD + source, paint }, lowest);
  add("land", "fill", "land", { "fill-color": "#f7f6f2" });
  add("coast", "line", "land", { "line-color": "#9aa8b5", "line-width": 0.8 });
  add("net", "line", "net", { "line-color": "#8494a3", "line-width": 0.5, "line-opacity": 0.45 });
}

// The lowest layer that is neither background nor part of the drawn world.
export function firstAbove(map) {
  const [, ...layers] = map.getStyle().layers;
  return layers.find(({ id }) => !id.startsWith(WORLD))?.id;
}

function net() {
  const degrees = (from, to) => Array.from({ length: (to - from) / STEP + 1 }, (_, at) => from + at * STEP);
  const meridians = degrees(-180, 180).map((lon) => [[lon, -85], [lon, 85]]);
  const parallels = degrees(-80, 80).map((lat) => [[-180, lat], [180, lat]]);
  return {
    type: "Feature",
    properties: {},
    geometry: { type: "MultiLineString", coordinates: [...meridians, ...parallels] },
  };
}
