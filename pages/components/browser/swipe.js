// Two maps with one camera; the upper one is clipped at a handle that keys move as well.

import { element } from "./page.js";

export class Swipe {
  constructor(view) {
    this.view = view;
    this.upper = element("div", { class: "canvas upper" });
    this.handle = element("input", {
      type: "range",
      min: "0",
      max: "100",
      value: "50",
      class: "swipe",
      "aria-label": "Swipe between the two layers",
    });
    this.bar = element("div", { class: "swipe-bar", "aria-hidden": "true" });
    view.canvas.after(this.upper, this.bar, this.handle);
    const { map } = view;
    this.map = view.newMap(this.upper, { center: map.getCenter(), zoom: map.getZoom(), interactive: false });
    this.follow = () => this.map.jumpTo({ center: map.getCenter(), zoom: map.getZoom() });
    map.on("move", this.follow);
    this.handle.addEventListener("input", () => this.clip());
    this.map.once("style.load", () => view.redraw());
    this.clip();
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
