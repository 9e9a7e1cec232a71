// Correcting outlines by hand: areas to add or to cut, margins to draw anew. A click, a tap or
// Space sets a corner. What is finished goes to Python, again until Python says it has it.

import { element } from "./page.js";

const KINDS = {
  add: { label: "Add ice", points: 3, told: "Click round the ice that is missing." },
  cut: { label: "Cut ice", points: 3, told: "Click round what is no ice." },
  reshape: {
    label: "Reshape margin",
    points: 2,
    told: "Draw the new margin: begin on one side of the outline, end on the same side.",
  },
};
const KEYS = "Enter or a double click ends it, Backspace takes back a point, Escape gives up.";
const FINGER = "Finish ends it once there are enough points.";
const SAME_PLACE = 6; // pixels; a second click here is no new corner
const SOURCE = "drawing";

export class Drawing {
  constructor(view) {
    this.view = view;
    this.kind = "";
    this.points = [];
    this.unsaid = []; // finished, not yet confirmed by Python
    this.buildBar();
    const { map } = view;
    map.on("click", (event) => this.active && this.addPoint(event.lngLat));
    map.on("dblclick", (event) => {
      if (!this.active) return;
      event.preventDefault(); // else the map, free to zoom again, zooms with this very click
      this.finish();
    });
    map.on("mousemove", (event) => this.active && this.draw(event.lngLat));
    map.getCanvas().addEventListener("keydown", (event) => this.key(event));
  }

  get active() {
    return this.kind !== "";
  }

  buildBar() {
    this.bar = element("div", { class: "drawing", role: "toolbar", "aria-label": "Correct the outline" });
    this.told = element("output", { "aria-live": "polite" });
    this.tools = Object.entries(KINDS).map(([kind, { label }]) =>
      button(label, () => this.begin(kind), { "aria-pressed": "false", "data-kind": kind }),
    );
    this.undo = button("Undo", () => this.send({ kind: "undo" }));
    this.finishing = [
      button("Finish", () => this.finish(), { class: "main" }),
      button("Take back a point", () => this.takeBack()),
      button("Give up", () => this.stop()),
    ];
    this.bar.append(...this.tools, this.undo, ...this.finishing, this.told);
    this.bar.addEventListener("keydown", (event) => event.key === "Escape" && this.stop());
    this.view.stage.before(this.bar);
  }

  // What Python says after each rerun; null where the page corrects nothing.
  take(editing) {
    this.bar.hidden = !editing;
    if (!editing) {
      if (this.active) this.stop();
      return;
    }
    this.editing = editing;
    this.unsaid = this.unsaid.filter((one) => !editing.received.includes(one.id));
    if (this.unsaid.some((one) => one.tries < 2)) this.say();
    this.showBar();
    this.draw();
  }

  begin(kind) {
    this.kind = this.kind === kind ? "" : kind;
    this.points = [];
    const { map } = this.view;
    if (this.active) map.doubleClickZoom.disable();
    else map.doubleClickZoom.enable();
    this.view.inspector.close();
    this.showBar();
    this.draw();
    if (this.active) map.getCanvas().focus({ preventScroll: true });
  }

  stop() {
    if (this.active) this.begin(this.kind);
  }

  addPoint(place) {
    const { map } = this.view;
    const at = map.project(place);
    const near = (point) => at.dist(map.project(point)) < SAME_PLACE;
    if (this.points.length && near(this.points.at(-1))) return;
    if (this.kind !== "reshape" && this.points.length > 2 && near(this.points[0])) {
      this.finish();
      return;
    }
    this.points.push([place.lng, place.lat]);
    this.showBar();
    this.draw();
  }

  takeBack() {
    this.points.pop();
    this.showBar();
    this.draw();
  }

  finish() {
    const missing = KINDS[this.kind].points - this.points.length;
    if (missing > 0) {
      this.told.textContent = `${missing} more ${missing > 1 ? "points are" : "point is"} needed.`;
      return;
    }
    const coordinates = this.points.map((point) => point.map((degree) => Number(degree.toFixed(7))));
    const { kind } = this;
    this.stop();
    this.send({ kind, coordinates });
  }

  send(drawing) {
    const id = `${Date.now()}-${Math.random().toString(36).slice(2, 10)}`;
    this.unsaid.push({ id, tries: 0, ...drawing });
    this.say();
    this.showBar();
    this.draw();
  }

  say() {
    for (const one of this.unsaid) one.tries += 1;
    const drawings = this.unsaid.map(({ tries, ...drawing }) => drawing);
    this.view.component.setTriggerValue("drawn", drawings);
  }

  key(event) {
    if (!this.active) return;
    const does = {
      " ": () => this.addPoint(this.view.map.getCenter()),
      Enter: () => this.finish(),
      Backspace: () => this.takeBack(),
      Escape: () => this.stop(),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  showBar() {
    const { active, points } = this;
    for (const tool of this.tools) tool.setAttribute("aria-pressed", String(tool.dataset.kind === this.kind));
    this.undo.hidden = active;
    this.undo.disabled = !this.editing?.can_undo;
    for (const one of this.finishing) one.hidden = !active;
    this.finishing[0].disabled = active && points.length < KINDS[this.kind].points;
    this.finishing[1].disabled = points.length === 0;
    this.told.textContent = this.sentence();
    this.told.classList.toggle("refused", !active && !this.unsaid.length && Boolean(this.editing?.refused));
  }

  sentence() {
    const ways = matchMedia("(pointer: coarse)").matches ? FINGER : KEYS;
    if (this.active) return this.points.length ? ways : KINDS[this.kind].told;
    if (this.unsaid.length) return "Correcting …";
    return this.editing?.refused || this.editing?.told || "";
  }

  // The drawing on the map, with the pointer as its next corner.
  draw(pointer) {
    const { map, data } = this.view;
    if (!map.getSource(SOURCE)) addLayers(map, data.colors.drawing);
    const next = pointer && this.points.length ? [[pointer.lng, pointer.lat]] : [];
    const shapes = this.unsaid.filter((one) => one.coordinates).map(({ kind, coordinates }) => shape(kind, coordinates));
    if (this.points.length) shapes.push(shape(this.kind, [...this.points, ...next]), corners(this.points));
    map.getSource(SOURCE).setData({ type: "FeatureCollection", features: shapes });
    this.raise();
  }

  raise() {
    const { map } = this.view;
    if (map.getSource(SOURCE)) for (const part of PARTS) map.moveLayer(`${SOURCE}-${part}`);
  }
}

function button(label, act, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", act);
  return made;
}

function shape(kind, points) {
  const area = kind !== "reshape" && points.length > 2;
  const geometry = area
    ? { type: "Polygon", coordinates: [[...points, points[0]]] }
    : { type: "LineString", coordinates: points };
  return { type: "Feature", properties: { kind }, geometry };
}

function corners(points) {
  return { type: "Feature", properties: {}, geometry: { type: "MultiPoint", coordinates: points } };
}

const PARTS = ["fill", "halo", "line", "corners"];

function addLayers(map, color) {
  map.addSource(SOURCE, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  const areas = ["==", ["geometry-type"], "Polygon"];
  const lines = ["!=", ["geometry-type"], "Point"];
  const add = (part, type, paint, filter) =>
    map.addLayer({ id: `${SOURCE}-${part}`, source: SOURCE, type, paint, filter });
  const tint = ["match", ["get", "kind"], "add", "#ffffff", color];
  add("fill", "fill", { "fill-color": tint, "fill-opacity": 0.35 }, areas);
  add("halo", "line", { "line-color": "#ffffff", "line-width": 4.5 }, lines);
  add("line", "line", { "line-color": color, "line-width": 2 }, lines);
  add(
    "corners",
    "circle",
    { "circle-radius": 4.5, "circle-color": "#ffffff", "circle-stroke-color": color, "circle-stroke-width": 2 },
    ["==", ["geometry-type"], "Point"],
  );
}
