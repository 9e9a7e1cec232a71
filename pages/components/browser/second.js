// A second map with the same camera: clipped at a handle over the first, or beside it. It shows
// another picture, other outlines, or both.

import { drawLayers } from "./layers.js";
import { element } from "./page.js";

export class SecondPicture {
  // choice: { picture: id of an image layer, outlines: "same", "none" or an id, beside: boolean }
  constructor(view, choice) {
    this.view = view;
    this.choice = choice;
    this.canvas = element("div", { class: "canvas second" });
    view.canvas.after(this.canvas);
    if (!choice.beside) this.addHandle();
    view.stage.classList.toggle("beside", choice.beside);
    view.map.resize();
    const camera = { center: view.map.getCenter(), zoom: view.map.getZoom() };
    this.map = view.newMap(this.canvas, {
      ...camera,
      interactive: choice.beside,
      attributionControl: false,
    });
    this.link = linked(view.map, this.map);
    this.map.on("click", ({ lngLat }) => view.map.fire("click", at(view.map, lngLat)));
    this.ready = false;
    this.map.once("style.load", () => {
      this.ready = true;
      this.draw();
      view.layBasemap(this.map);
      view.showThreshold();
    });
  }

  addHandle() {
    this.bar = element("div", { class: "swipe-bar", "aria-hidden": "true" });
    this.handle = element("input", {
      type: "range",
      min: "0",
      max: "100",
      value: "50",
      class: "swipe",
      "aria-label": "Handle between the two pictures",
    });
    this.canvas.after(this.bar, this.handle);
    this.handle.addEventListener("input", () => this.clip());
    this.clip();
  }

  draw() {
    if (!this.ready) return;
    const { data, root, choices } = this.view;
    drawLayers(this.map, data, root, this.choicesHere(data.layers, choices));
  }

  choicesHere(layers, choices) {
    const { picture, outlines } = this.choice;
    const { group } = layers.find((layer) => layer.id === picture);
    const pictures = layers
      .filter((layer) => layer.group === group)
      .map((layer) => [layer.id, { visible: layer.id === picture, opacity: 1 }]);
    const lines = layers
      .filter((layer) => !layer.group && outlines !== "same")
      .map((layer) => [layer.id, { ...choices.get(layer.id), visible: layer.id === outlines }]);
    return new Map([...choices, ...pictures, ...lines]);
  }

  clip() {
    this.canvas.style.clipPath = `inset(0 0 0 ${this.handle.value}%)`;
    this.bar.style.left = `${this.handle.value}%`;
  }

  end() {
    const { map, stage } = this.view;
    this.link();
    this.map.remove();
    for (const part of [this.canvas, this.handle, this.bar]) part?.remove();
    stage.classList.remove("beside");
    map.resize();
  }
}

// Moves either map with the other; returns what ends that.
function linked(one, other) {
  let moving = false;
  const follow = (leader, follower) => () => {
    if (moving) return;
    moving = true;
    follower.jumpTo({ center: leader.getCenter(), zoom: leader.getZoom() });
    moving = false;
  };
  const forth = follow(one, other);
  one.on("move", forth);
  other.on("move", follow(other, one));
  return () => one.off("move", forth);
}

function at(map, lngLat) {
  return { lngLat, point: map.project(lngLat) };
}
