// A slider below the map that hides low values of one layer and says how much lies below.

import { element, percent } from "./page.js";

export function buildThreshold(box, threshold, apply) {
  const same = box.dataset.layer === (threshold?.layer ?? "");
  box.hidden = !threshold;
  if (!threshold) return;
  // A rerun leaves the slider where the reader put it, but may bring other shares.
  const value = same ? Number(box.querySelector("input").value) : threshold.value;
  box.dataset.layer = threshold.layer;
  const label = element("label", { for: "threshold" }, threshold.label);
  const input = element("input", { type: "range", id: "threshold", min: "0", max: "1", step: "0.01" });
  input.value = String(value);
  const told = element("output", { for: "threshold", "aria-live": "polite" });
  const move = () => {
    told.textContent = reading(threshold, Number(input.value));
    apply(threshold.layer, Number(input.value));
  };
  input.addEventListener("input", move);
  box.replaceChildren(label, input, told);
  move();
}

function reading({ share_below: shares }, value) {
  if (!shares.length) return percent(value);
  const at = value * (shares.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, shares.length - 1);
  const share = shares[low] + (at - low) * (shares[high] - shares[low]);
  return `${percent(value)}: ${(share * 100).toFixed(1)} % of the mapped area lies below`;
}
