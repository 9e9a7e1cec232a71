// Drawing on the map by mouse, finger or keys: a click, a tap or Space sets a corner. What is
// finished goes to Python, again until Python says it has it. A tool says what can be drawn.

import { element } from "./page.js";

const KEYS = "Enter or a double click ends it, Backspace takes back a point, Escape gives up.";
const FINGER = "Finish ends it once there are enough points.";
const SAME_PLACE = 6; // pixels; a second click here is no new corner

export class Sketch {
  // tool: { label, kinds: { kind: { label, points, told } }, source, trigger, extra, waiting }; a kind may say
  // what comes `next`, after its first point.
  constructor(view, tool) {
    this.view = view;
    this.tool = tool;
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
    const { label, kinds, extra } = this.tool;
    this.bar = element("div", { class: "drawing", role: "toolbar", "aria-label": label, hidden: "" });
    this.told = element("output", { "aria-live": "polite" });
    this.tools = Object.entries(kinds).map(([kind, named]) =>
      button(named.label, () => this.begin(kind), { "aria-pressed": "false", "data-kind": kind }),
    );
    this.extra = Object.entries(extra).map(([kind, text]) =>
      button(text, () => this.ask(kind), { "data-kind": kind }),
    );
    this.finishing = [
      button("Finish", () => this.finish(), { class: "main" }),
      button("Take back a point", () => this.takeBack()),
      button("Give up", () => this.stop()),
    ];
    this.bar.append(...this.tools, ...this.extra, ...this.finishing, this.told);
    this.bar.addEventListener("keydown", (event) => event.key === "Escape" && this.stop());
    this.view.stage.before(this.bar);
  }

  // What Python says after each rerun; null where the page draws nothing.
  take(said) {
    this.bar.hidden = !said;
    if (!said) {
      if (this.active) this.stop();
      return;
    }
    this.said = said;
    this.unsaid = this.unsaid.filter((one) => !said.received.includes(one.id));
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

  // What a button of the tool does that draws nothing.
  ask(kind) {
    this.send({ kind });
  }

  addPoint(place) {
    const near = (point) => this.near(place, point);
    if (this.points.length && near(this.points.at(-1))) return;
    if (this.closes(this.kind) && this.points.length > 2 && near(this.points[0])) {
      this.finish();
      return;
    }
    this.points.push([place.lng, place.lat]);
    this.showBar();
    this.draw();
  }

  near(place, point) {
    const { map } = this.view;
    return map.project(place).dist(map.project(point)) < SAME_PLACE;
  }

  closes() {
    return true;
  }

  takeBack() {
    this.points.pop();
    this.showBar();
    this.draw();
  }

  finish() {
    const missing = this.tool.kinds[this.kind].points - this.points.length;
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
    this.view.component.setTriggerValue(this.tool.trigger, drawings);
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
    const { active, points, kind } = this;
    for (const tool of this.tools) tool.setAttribute("aria-pressed", String(tool.dataset.kind === kind));
    for (const one of this.extra) one.hidden = active;
    for (const one of this.finishing) one.hidden = !active;
    this.finishing[0].disabled = active && points.length < this.tool.kinds[kind].points;
    this.finishing[1].disabled = points.length === 0;
    this.told.textContent = this.sentence();
    this.told.classList.toggle("refused", !active && !this.unsaid.length && Boolean(this.said?.refused));
  }

  sentence() {
    const ways = matchMedia("(pointer: coarse)").matches ? FINGER : KEYS;
    const { told, next = ways } = this.tool.kinds[this.kind] ?? {};
    if (this.active) return this.points.length ? next : told;
    if (this.unsaid.length) return this.tool.waiting;
    return this.said?.refused || this.said?.told || "";
  }

  // The drawing on the map, with the pointer as its next corner.
  draw(pointer) {
    const { map, data } = this.view;
    const { source } = this.tool;
    if (!map.getSource(source)) addLayers(map, source, data.colors.drawing);
    const next = pointer && this.points.length ? [[pointer.lng, pointer.lat]] : [];
    const shapes = this.unsaid
      .filter((one) => one.coordinates)
      .map(({ kind, coordinates }) => this.shape(kind, coordinates));
    if (this.points.length) shapes.push(this.shape(this.kind, [...this.points, ...next]), corners(this.points));
    map.getSource(source).setData({ type: "FeatureCollection", features: [...this.resting(), ...shapes] });
    this.raise();
  }

  // What stays on the map while nothing is drawn.
  resting() {
    return [];
  }

  shape(kind, points) {
    const area = this.closes(kind) && points.length > 2;
    const geometry = area
      ? { type: "Polygon", coordinates: [[...points, points[0]]] }
      : { type: "LineString", coordinates: points };
    return { type: "Feature", properties: { kind }, geometry };
  }

  raise() {
    const { map } = this.view;
    const { source } = this.tool;
    if (map.getSource(source)) for (const part of PARTS) map.moveLayer(`${source}-${part}`);
  }
}

function button(label, act, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", act);
  return made;
}

function corners(points) {
  return { type: "Feature", properties: {}, geometry: { type: "MultiPoint", coordinates: points } };
}

const PARTS = ["fill", "halo", "line", "corners"];

function addLayers(map, source, color) {
  map.addSource(source, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  const areas = ["==", ["geometry-type"], "Polygon"];
  const lines = ["!=", ["geometry-type"], "Point"];
  const add = (part, type, paint, filter) =>
    map.addLayer({ id: `${source}-${part}`, source, type, paint, filter });
  const tint = ["match", ["get", "kind"], "add", "#ffffff", color];
  const strength = ["match", ["get", "kind"], "chosen", 0.08, 0.35];
  add("fill", "fill", { "fill-color": tint, "fill-opacity": strength }, areas);
  add("halo", "line", { "line-color": "#ffffff", "line-width": 4.5 }, lines);
  add("line", "line", { "line-color": color, "line-width": 2 }, lines);
  add(
    "corners",
    "circle",
    { "circle-radius": 4.5, "circle-color": "#ffffff", "circle-stroke-color": color, "circle-stroke-width": 2 },
    ["==", ["geometry-type"], "Point"],
  );
}
