// A click, or Enter, reads what lies under a point and shows it in a card beside the map.
// Every text goes in with textContent: a glacier's name is data, never markup.

import { element } from "./page.js";

export class Inspector {
  constructor(view) {
    this.view = view;
    const { map, library } = view;
    this.marker = new library.Marker({ color: "#1b2733" });
    this.card = element("aside", {
      class: "reading",
      "aria-label": "Values read from the map",
      "aria-live": "polite",
    });
    view.stage.after(this.card);
    map.on("click", (event) => view.sketching || this.inspect(event.lngLat, event.point));
    map.getCanvas().addEventListener("keydown", (event) => {
      if (view.sketching) return;
      if (event.key === "Enter") this.inspect(map.getCenter(), map.project(map.getCenter()));
      if (event.key === "Escape") this.close();
    });
    map.getCanvasContainer().append(element("div", { class: "crosshair", "aria-hidden": "true" }));
  }

  inspect(place, point) {
    const glaciers = this.view.glaciersAt(point);
    const content = element("div");
    content.append(...glaciers.map(glacierPart));
    this.card.replaceChildren(this.closer(), content);
    this.card.scrollTop = 0;
    this.marker.setLngLat(place).addTo(this.view.map);
    this.readPixel(place, content);
    this.view.pick(glaciers[0]?.properties.glacier_id);
    this.view.report(place, glaciers[0]);
  }

  closer() {
    const button = element("button", { type: "button", "aria-label": "Close" }, "×");
    button.addEventListener("click", () => this.close());
    return button;
  }

  close() {
    this.card.replaceChildren();
    this.marker.remove();
  }

  async readPixel(place, content) {
    this.reading?.abort();
    const { point } = this.view.data;
    if (!point) return;
    const waiting = element("p", {}, "Reading the pixel …");
    content.append(waiting);
    this.reading = new AbortController();
    const address = new URL(this.view.root + point);
    address.searchParams.set("lon", place.lng.toFixed(7));
    address.searchParams.set("lat", place.lat.toFixed(7));
    try {
      const answer = await fetch(address, { signal: this.reading.signal });
      if (!answer.ok) throw new Error(await answer.text());
      waiting.replaceWith(...pixelParts(await answer.json(), place));
    } catch (problem) {
      if (problem.name !== "AbortError") waiting.textContent = "The pixel could not be read.";
    }
  }
}

function glacierPart({ title, color, properties }) {
  const part = element("div", { class: "glacier" });
  const kind = element("span", { class: "kind" }, title);
  kind.style.setProperty("--color", color);
  part.append(element("h4", {}, properties.name), kind, rowsTable(properties.rows));
  return part;
}

function pixelParts({ inside, rows }, place) {
  const where = `${degrees(place.lat, "N", "S")}, ${degrees(place.lng, "E", "W")}`;
  const heading = element("h4", {}, `Pixel at ${where}`);
  if (!inside) return [heading, element("p", {}, "Outside the scene.")];
  return [heading, rowsTable(rows)];
}

function degrees(value, positive, negative) {
  return `${Math.abs(value).toFixed(4)}° ${value < 0 ? negative : positive}`;
}

function rowsTable(rows) {
  const table = element("table");
  for (const [label, text] of rows) {
    const row = element("tr");
    row.append(element("th", { scope: "row" }, label), element("td", {}, text));
    table.append(row);
  }
  return table;
}
