// Choosing an area of the Earth: a box, a polygon, or what the map shows. A box is dragged, or
// set by two opposite corners; so a finger and the keys can draw it as well.

import { Sketch } from "./sketch.js";

const TOOL = {
  label: "Choose an area",
  source: "area",
  trigger: "area",
  waiting: "Taking the area …",
  extra: { view: "Take what the map shows", clear: "Clear" },
  kinds: {
    box: {
      label: "Draw a box",
      points: 2,
      told: "Drag across the map, or set two opposite corners.",
      next: "Set the opposite corner.",
    },
    polygon: { label: "Draw a polygon", points: 3, told: "Click round the area." },
  },
};

export class AreaChoice extends Sketch {
  constructor(view) {
    super(view, TOOL);
    const { map } = view;
    for (const start of ["mousedown", "touchstart"]) map.on(start, (event) => this.press(event));
    map.on("touchmove", (event) => this.pressed && this.draw(event.lngLat));
    for (const end of ["mouseup", "touchend"]) map.on(end, (event) => this.release(event));
  }

  begin(kind) {
    super.begin(kind);
    this.pressed = null;
    const { map, stage } = this.view;
    stage.classList.toggle("boxing", this.kind === "box"); // a finger draws instead of scrolling
    if (this.kind === "box") map.dragPan.disable();
    else map.dragPan.enable();
  }

  press(event) {
    const alone = (event.originalEvent.touches?.length ?? 1) === 1;
    this.pressed = this.kind === "box" && alone && !this.points.length ? event.lngLat : null;
  }

  release({ lngLat }) {
    const from = this.pressed;
    this.pressed = null;
    if (!from || this.near(lngLat, from)) return; // a click: it sets a corner by itself
    this.points = [from, lngLat].map(({ lng, lat }) => [lng, lat]);
    this.finish();
  }

  addPoint(place) {
    super.addPoint(place);
    if (this.kind === "box" && this.points.length === 2) this.finish();
  }

  draw(pointer) {
    if (!this.pressed) {
      super.draw(pointer);
      return;
    }
    this.points = [[this.pressed.lng, this.pressed.lat]];
    super.draw(pointer);
    this.points = [];
  }

  ask(kind) {
    if (kind === "clear") {
      this.send({ kind });
      return;
    }
    const bounds = this.view.map.getBounds();
    const corners = [bounds.getSouthWest(), bounds.getNorthEast()];
    this.send({ kind: "box", coordinates: corners.map(({ lng, lat }) => [lng, lat]) });
  }

  showBar() {
    super.showBar();
    const clear = this.extra[1];
    clear.disabled = !this.said?.chosen;
  }

  resting() {
    const chosen = this.said?.chosen;
    // What was just drawn stands for the area until Python has taken it.
    if (!chosen || this.unsaid.length) return [];
    return [{ type: "Feature", properties: { kind: "chosen" }, geometry: chosen }];
  }

  shape(kind, points) {
    if (kind !== "box" || points.length < 2) return super.shape(kind, points);
    const [[west, south], [east, north]] = [points[0], points.at(-1)];
    return super.shape(kind, [[west, south], [east, south], [east, north], [west, north]]);
  }
}
