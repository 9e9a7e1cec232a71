// The map of every page: MapLibre GL inside the shadow root that Streamlit gives.
// Streamlit calls mount() after every rerun; the map stays and only takes what is new.

import { cameraAsked, writeCamera } from "./address.js";
import { AreaChoice } from "./area.js";
import { Drawing } from "./draw.js";
import { drawLayers, fillIds, glacierAt, setDrawn } from "./layers.js";
import { buildLegend } from "./legend.js";
import { buildPanel } from "./panel.js";
import { Inspector } from "./inspector.js";
import { SecondPicture } from "./second.js";
import { element, loadLibrary, styleSheet } from "./page.js";
import { buildThreshold } from "./threshold.js";
import { setThreshold } from "./values.js";
import { drawWorld, firstAbove } from "./world.js";

const instances = new WeakMap();
const cameras = new Map(); // place shown -> where the reader left the map, for the other pages
const zoomed = new Map(); // place shown -> token of the last wish to zoom

export function mount(component, root) {
  const shadow = component.parentElement;
  const view = instances.get(shadow) ?? new GlacierMap(shadow, root);
  instances.set(shadow, view);
  view.take(component);
  // A rerun may overtake an earlier mount: only a map that left the page has come to its end.
  return () => shadow.host.isConnected || view.end();
}

class GlacierMap {
  constructor(shadow, root) {
    this.shadow = shadow;
    this.root = root;
    this.choices = new Map(); // layer id -> { visible, opacity }
    this.buildFrame();
    this.starting = this.start();
  }

  take(component) {
    if (this.isOlder(component.data)) return;
    this.component = component;
    this.data = component.data;
    this.starting.then(() => this.update());
  }

  isOlder({ session, turn }) {
    return this.data !== undefined && this.data.session === session && turn < this.data.turn;
  }

  end() {
    instances.delete(this.shadow);
    this.second?.end();
    this.map?.remove();
    this.frame.remove();
  }

  buildFrame() {
    this.frame = element("section", { class: "frame", "data-state": "starting" });
    this.stage = element("div", { class: "stage" });
    this.canvas = element("div", { class: "canvas" });
    this.badge = element("div", { class: "badge", hidden: "" });
    this.notice = element("div", { class: "notice", role: "status" }, "Drawing the map …");
    this.panel = element("details", { class: "panel" });
    this.threshold = element("div", { class: "threshold", hidden: "" });
    this.legend = element("div", { class: "legend", "aria-label": "Legend" });
    this.stage.append(this.canvas, this.badge, this.notice, this.panel);
    this.frame.append(this.stage, this.threshold, this.legend);
    this.styled = Promise.all(
      // Each goes before the last: ours must come after MapLibre's to win.
      ["draw.css", "map.css", "maplibre-gl.css"].map((file) => styleSheet(this.frame, this.root, file)),
    );
    this.shadow.append(this.frame);
  }

  async start() {
    try {
      // Without its style sheets MapLibre measures the wrong size.
      [this.library] = await Promise.all([loadLibrary(this.root), this.styled]);
    } catch (problem) {
      this.giveUp("The map could not be loaded. Reload the page.", problem);
      return;
    }
    try {
      this.map = this.newMap(this.canvas);
    } catch (problem) {
      this.giveUp(
        "This browser cannot draw the map (WebGL is off). The tables on this page say the same.",
        problem,
      );
      return;
    }
    this.map.addControl(new this.library.NavigationControl({ showCompass: false }), "top-left");
    this.map.addControl(new this.library.FullscreenControl({ container: this.frame }), "top-left");
    const home = this.data.world ? "Show it from afar" : "Show the whole scene";
    this.map.addControl(homeControl(home, () => this.goHome(true)), "top-left");
    this.map.addControl(new this.library.ScaleControl({ maxWidth: 120 }), "bottom-left");
    this.inspector = new Inspector(this);
    this.panel.open = !this.data.world && this.shadow.host.clientWidth > 640;
    this.drawing = new Drawing(this);
    this.area = new AreaChoice(this);
    this.map.on("moveend", (event) => this.rememberCamera(event));
    this.map.on("idle", () => this.settled());
    await new Promise((done) => this.map.once("style.load", done));
    this.frame.map = this.map;
  }

  giveUp(sentence, problem) {
    console.error(problem);
    this.frame.dataset.state = "failed";
    this.notice.textContent = sentence;
  }

  newMap(container, camera = {}) {
    const map = new this.library.Map({
      container,
      style: { version: 8, sources: {}, layers: [background] },
      attributionControl: { compact: true },
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 18,
      fadeDuration: 0,
      ...camera,
    });
    // A tile that is given up, as its layer went or changed, is no fault.
    map.on("error", ({ error }) => error?.message === "AbortError" || console.error(error));
    return map;
  }

  update() {
    if (!this.map) return;
    const { data } = this;
    this.frame.style.setProperty("--height", `${data.height}px`);
    this.map.resize();
    this.map.getCanvas().setAttribute("aria-label", `${data.title}. ${keys}`);
    this.badge.hidden = !data.badge;
    this.badge.textContent = data.badge;
    this.adoptLayers();
    this.redraw();
    this.showThreshold();
    this.placeCamera();
    this.tellAddress();
    this.drawing.take(data.editing);
    this.area.take(data.choosing_area);
  }

  adoptLayers() {
    for (const layer of this.data.layers) {
      if (!this.choices.has(layer.id)) {
        if (layer.visible) this.clearGroup(layer.group);
        this.choices.set(layer.id, { visible: layer.visible, opacity: layer.opacity });
      }
    }
  }

  clearGroup(group) {
    if (!group) return;
    for (const layer of this.data.layers) {
      const choice = this.choices.get(layer.id);
      if (layer.group === group && choice) choice.visible = false;
    }
  }

  redraw() {
    const { layers } = this.data;
    this.endLostSecond();
    if (this.data.world) drawWorld(this.map, this.root);
    drawLayers(this.map, this.data, this.root, this.choices);
    this.area.raise();
    this.drawing.raise();
    this.second?.draw();
    buildPanel(this.panel, layers, this.choices, {
      show: (layer, visible) => this.show(layer, visible),
      fade: (layer, opacity) => this.fade(layer, opacity),
      basemap: (visible) => this.showBasemap(visible),
      basemapVisible: this.basemapVisible,
      second: (choice) => this.showSecond(choice),
      secondChoice: this.second?.choice,
    });
    buildLegend(this.legend, layers.filter((layer) => this.choices.get(layer.id).visible));
  }

  show(layer, visible) {
    if (visible) this.clearGroup(layer.group);
    this.choices.get(layer.id).visible = visible;
    this.redraw();
  }

  fade(layer, opacity) {
    this.choices.get(layer.id).opacity = opacity;
    setDrawn(this.map, layer, this.choices.get(layer.id));
    this.second?.draw();
  }

  maps() {
    return this.second ? [this.map, this.second.map] : [this.map];
  }

  showBasemap(visible) {
    this.basemapVisible = visible;
    for (const map of this.maps()) this.layBasemap(map);
  }

  layBasemap(map) {
    if (this.basemapVisible && !map.getSource("basemap")) {
      map.addSource("basemap", openStreetMap);
      map.addLayer({ id: "basemap", type: "raster", source: "basemap" }, firstAbove(map));
    }
    if (map.getLayer("basemap")) {
      const visibility = this.basemapVisible ? "visible" : "none";
      map.setLayoutProperty("basemap", "visibility", visibility);
    }
  }

  showSecond(choice) {
    this.second?.end();
    this.second = choice.picture ? new SecondPicture(this, choice) : null;
    this.frame.second = this.second?.map;
    this.redraw();
  }

  // What the second picture shows may be gone after a rerun.
  endLostSecond() {
    const ids = this.data.layers.map((layer) => layer.id);
    if (!this.second || ids.includes(this.second.choice.picture)) return;
    this.second.end();
    this.second = null;
  }

  showThreshold() {
    buildThreshold(this.threshold, this.data.threshold, (layer, value) => {
      for (const map of this.maps()) setThreshold(map, layer, value);
    });
  }

  place() {
    return this.data.bounds.join();
  }

  placeCamera() {
    if (this.shown !== this.place()) {
      this.shown = this.place();
      const before = cameras.get(this.shown);
      const camera = before ?? cameraAsked(this.data.bounds);
      this.chosen = before?.chosen ?? Boolean(camera);
      if (camera) this.map.jumpTo({ center: camera.center, zoom: camera.zoom });
      else this.goHome(false);
    }
    const wish = this.data.zoom_to;
    if (wish && zoomed.get(this.shown) !== wish.token) {
      zoomed.set(this.shown, wish.token);
      this.fit(wish.bounds, true);
    }
  }

  goHome(animate) {
    this.fit(this.data.bounds, animate);
  }

  fit([west, south, east, north], animate) {
    this.chosen = false;
    const still = !animate || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const box = [[west, south], [east, north]];
    const padding = { top: 24, bottom: 24, left: 24, right: 24 };
    // An open panel hides nothing of what is shown, as long as that leaves room.
    const covered = this.panel.open ? this.panel.offsetWidth : 0;
    if (covered < this.stage.clientWidth / 2) padding.right += covered;
    this.map.fitBounds(box, { padding, maxZoom: 16, duration: still ? 0 : 600 });
  }

  // Where the reader went is part of the address, where the map went by itself is not.
  rememberCamera({ originalEvent }) {
    if (!this.shown) return;
    this.chosen ||= Boolean(originalEvent);
    const { map, chosen } = this;
    cameras.set(this.shown, { center: map.getCenter(), zoom: map.getZoom(), chosen });
    this.tellAddress();
  }

  tellAddress() {
    const camera = cameras.get(this.shown);
    writeCamera(camera?.chosen ? camera : null);
  }

  get sketching() {
    return this.drawing.active || this.area.active;
  }

  settled() {
    this.notice.hidden = true;
    this.frame.dataset.state = "ready";
  }

  glaciersAt(point) {
    return glacierAt(this.map, point, fillIds(this.data.layers, this.choices), this.data.layers);
  }

  // Python will say the same after its rerun.
  pick(glacierId) {
    if (!glacierId) return;
    this.data = { ...this.data, selected: glacierId };
    this.redraw();
  }

  report(place, glacier) {
    this.component.setTriggerValue("click", {
      lon: place.lng,
      lat: place.lat,
      glacier_id: glacier?.properties.glacier_id ?? "",
      layer: glacier?.layer ?? "",
    });
  }
}

const keys = "Arrow keys move, plus and minus zoom, Enter reads the values in the middle.";

const background = { id: "background", type: "background", paint: { "background-color": "#e9edf1" } };

const openStreetMap = {
  type: "raster",
  tiles: ["https://tile.openstreetmap.org/{z}/{x}/{y}.png"],
  tileSize: 256,
  maxzoom: 19,
  attribution: "© OpenStreetMap contributors",
};

function homeControl(title, goHome) {
  const button = element("button", { type: "button", class: "home", title }, "⌂");
  button.setAttribute("aria-label", title);
  button.addEventListener("click", goHome);
  const group = element("div", { class: "maplibregl-ctrl maplibregl-ctrl-group" });
  group.append(button);
  return { onAdd: () => group, onRemove: () => group.remove() };
}
