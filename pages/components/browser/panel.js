// The layer switches: native inputs, so that keys and screen readers work by themselves.

import { element, lineOrDot } from "./page.js";

const GROUPS = { imagery: "Imagery", values: "Network's values" };

export function buildPanel(panel, layers, choices, actions) {
  const focused = panel.getRootNode().activeElement?.id;
  panel.replaceChildren(element("summary", {}, "Layers"));
  const outlines = layers.filter((layer) => !layer.group);
  if (outlines.length) panel.append(checkboxes(outlines, choices, actions));
  for (const group of new Set(layers.map((layer) => layer.group).filter(Boolean))) {
    const members = layers.filter((layer) => layer.group === group);
    panel.append(radios(group, members, choices, actions));
  }
  if (layers.some((layer) => layer.group === "imagery")) panel.append(secondPicture(layers, actions));
  panel.append(basemap(actions));
  if (focused) panel.querySelector(`#${CSS.escape(focused)}`)?.focus();
}

function checkboxes(layers, choices, actions) {
  const set = fieldset("Outlines");
  for (const layer of [...layers].reverse()) {
    const choice = choices.get(layer.id);
    const input = element("input", { type: "checkbox", id: `layer-${layer.id}` });
    input.checked = choice.visible;
    input.addEventListener("change", () => actions.show(layer, input.checked));
    set.append(labelled(input, layer.title, layer.description, layer.color, lineOrDot(layer)));
    if (choice.visible) set.append(opacity(layer, choice, actions));
  }
  return set;
}

function radios(group, layers, choices, actions) {
  const set = fieldset(GROUPS[group] ?? group);
  const shown = layers.find((layer) => choices.get(layer.id).visible);
  for (const layer of layers) {
    const input = radio(group, layer.id, layer === shown);
    input.addEventListener("change", () => actions.show(layer, true));
    set.append(labelled(input, layer.title, layer.description));
    if (layer === shown) set.append(opacity(layer, choices.get(layer.id), actions));
  }
  const none = radio(group, `${group}-none`, !shown);
  none.addEventListener("change", () => shown && actions.show(shown, false));
  set.append(labelled(none, "None"));
  return set;
}

function secondPicture(layers, actions) {
  const set = fieldset("Second picture");
  const choice = actions.secondChoice ?? { picture: "", outlines: "same", beside: false };
  const pictures = layers.filter((layer) => layer.group === "imagery");
  const outlines = layers.filter((layer) => !layer.group);
  const change = (what) => actions.second({ ...choice, ...what });
  set.append(
    options("Picture", "second-picture", [["", "nothing"], ...named(pictures)], choice.picture, (picture) =>
      change({ picture }),
    ),
  );
  if (!choice.picture) return set;
  const lines = [["same", "the same"], ["none", "none"], ...named(outlines)];
  set.append(
    options("Outlines on it", "second-outlines", lines, choice.outlines, (chosen) =>
      change({ outlines: chosen }),
    ),
  );
  const beside = element("input", { type: "checkbox", id: "second-beside" });
  beside.checked = choice.beside;
  beside.addEventListener("change", () => change({ beside: beside.checked }));
  set.append(labelled(beside, "Side by side"));
  return set;
}

function named(layers) {
  return layers.map((layer) => [layer.id, layer.title]);
}

function options(title, id, entries, chosen, choose) {
  const select = element("select", { id, "aria-label": title });
  for (const [value, text] of entries) select.append(element("option", { value }, text));
  select.value = chosen;
  select.addEventListener("change", () => choose(select.value));
  const label = element("label", {}, title);
  label.append(select);
  return label;
}

function radio(group, id, checked) {
  const input = element("input", { type: "radio", name: group, id: `layer-${id}` });
  input.checked = checked;
  return input;
}

function basemap(actions) {
  const set = fieldset("Background");
  const input = element("input", { type: "checkbox", id: "layer-basemap" });
  input.checked = Boolean(actions.basemapVisible);
  input.addEventListener("change", () => actions.basemap(input.checked));
  set.append(labelled(input, "OpenStreetMap (needs internet)"));
  return set;
}

function opacity(layer, choice, actions) {
  const input = element("input", {
    type: "range",
    min: "0",
    max: "100",
    id: `opacity-${layer.id}`,
    "aria-label": `Opacity of ${layer.title}`,
    title: "Opacity",
  });
  input.value = String(Math.round(choice.opacity * 100));
  input.addEventListener("input", () => actions.fade(layer, Number(input.value) / 100));
  return input;
}

function fieldset(title) {
  const set = element("fieldset");
  set.append(element("legend", {}, title));
  return set;
}

function labelled(input, text, description = "", color = "", shape = "line") {
  const label = element("label", description ? { title: description } : {});
  label.append(input);
  if (color) {
    const swatch = element("span", { class: `swatch ${shape}` });
    swatch.style.setProperty("--color", color);
    label.append(swatch);
  }
  label.append(element("span", {}, text));
  return label;
}
