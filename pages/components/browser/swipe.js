// A second map with the same camera, clipped at a handle, shows other imagery to its right.

import { drawLayers } from "./layers.js";
import { element } from "./page.js";

export class Swipe {
  constructor(view, id) {
    this.view = view;
    this.id = id;
    this.upper = element("div", { class: "canvas upper" });
    this.bar = element("div", { class: "swipe-bar", "aria-hidden": "true" });
    this.handle = element("input", {
      type: "range",
      min: "0",
      max: "100",
      value: "50",
      class: "swipe",
      "aria-label": "Handle between the two pictures",
    });
    view.canvas.after(this.upper, this.bar, this.handle);
    const { map } = view;
    const camera = { center: map.getCenter(), zoom: map.getZoom() };
    this.map = view.newMap(this.upper, { ...camera, interactive: false, attributionControl: false });
    this.follow = () => this.map.jumpTo({ center: map.getCenter(), zoom: map.getZoom() });
    map.on("move", this.follow);
    this.handle.addEventListener("input", () => this.clip());
    this.ready = false;
    this.map.once("style.load", () => {
      this.ready = true;
      this.draw();
      view.layBasemap(this.map);
      view.showThreshold();
    });
    this.clip();
  }

  draw() {
    if (!this.ready) return;
    const { data, root, choices } = this.view;
    drawLayers(this.map, data, root, this.choicesOnTheRight(data.layers, choices));
  }

  choicesOnTheRight(layers, choices) {
    const { group } = layers.find((layer) => layer.id === this.id);
    const swapped = layers
      .filter((layer) => layer.group === group)
      .map((layer) => [layer.id, { visible: layer.id === this.id, opacity: 1 }]);
    return new Map([...choices, ...swapped]);
  }

  clip() {
    this.upper.style.clipPath = `inset(0 0 0 ${this.handle.value}%)`;
    this.bar.style.left = `${this.handle.value}%`;
  }

  end() {
    this.view.map.off("move", this.follow);
    this.map.remove();
    for (const part of [this.upper, this.handle, this.bar]) part.remove();
  }
}
