// What the colours of the visible layers mean.

import { element, lineOrDot } from "./page.js";

export function buildLegend(legend, layers) {
  legend.replaceChildren(...[...layers].reverse().map(part).filter(Boolean));
}

function part(layer) {
  if (layer.kind === "outlines") return group([entry(layer.color, layer.title, lineOrDot(layer))]);
  if (layer.kind === "data") return ramp(layer.title, layer.ramp.values, layer.ramp.colors, shares);
  if (layer.legend.some((one) => one.shape === "ramp")) return rampOf(layer);
  return layer.legend.length ? group(layer.legend.map((one) => entry(one.color, one.label, one.shape))) : null;
}

function group(entries) {
  const made = element("div", { class: "group" });
  made.append(...entries);
  return made;
}

function entry(color, label, shape) {
  const made = element("span", { class: "entry" });
  const swatch = element("span", { class: `swatch ${shape}` });
  swatch.style.setProperty("--color", color);
  made.append(swatch, element("span", {}, label));
  return made;
}

const shares = ["0 %", "50 %", "100 %"];

function rampOf(layer) {
  const { legend } = layer;
  const labels = [legend[0], legend[legend.length - 1]].map((one) => one.label);
  return ramp(layer.title, null, legend.map((one) => one.color), labels);
}

function ramp(title, values, colors, labels) {
  const made = element("div", { class: "group ramp" });
  const bar = element("span", { class: "bar" });
  bar.style.background = `linear-gradient(to right, ${colors.join(", ")})`;
  const ticks = element("span", { class: "ticks" });
  ticks.append(...labels.map((label) => element("span", {}, label)));
  const scale = element("span", { class: "scale" });
  scale.append(bar, ticks);
  made.append(element("span", {}, title), scale);
  return made;
}
