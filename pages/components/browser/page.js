// Small things every part of the map needs.

export function element(tag, attributes = {}, text = "") {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}

let loading = null;

export function loadLibrary(root) {
  loading ??= new Promise((done, failed) => {
    const script = element("script", { src: `${root}assets/maplibre-gl.js` });
    script.addEventListener("load", () => done(window.maplibregl));
    script.addEventListener("error", () => {
      loading = null; // so that the next map tries again
      failed(new Error("maplibre-gl.js is missing"));
    });
    document.head.append(script);
  });
  return loading;
}

export function styleSheet(parent, root, file) {
  return new Promise((done, failed) => {
    const link = element("link", { rel: "stylesheet", href: `${root}assets/${file}` });
    link.addEventListener("load", done);
    link.addEventListener("error", () => failed(new Error(`${file} is missing`)));
    parent.prepend(link);
  });
}

export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

// How a layer of outlines is drawn in a legend.
export function lineOrDot({ dash, geojson }) {
  if (geojson.features[0]?.geometry.type === "Point") return "dot";
  return dash.length ? "line dashed" : "line";
}
