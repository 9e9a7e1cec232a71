// Correcting outlines by hand: areas to add or to cut, margins to draw anew.

import { Sketch } from "./sketch.js";

const TOOL = {
  label: "Correct the outline",
  source: "drawing",
  trigger: "drawn",
  waiting: "Correcting …",
  extra: { undo: "Undo" },
  kinds: {
    add: { label: "Add ice", points: 3, told: "Click round the ice that is missing." },
    cut: { label: "Cut ice", points: 3, told: "Click round what is no ice." },
    reshape: {
      label: "Reshape margin",
      points: 2,
      told: "Draw the new margin: begin on one side of the outline, end on the same side.",
    },
  },
};

export class Drawing extends Sketch {
  constructor(view) {
    super(view, TOOL);
  }

  closes(kind) {
    return kind !== "reshape";
  }

  showBar() {
    super.showBar();
    const [undo] = this.extra;
    undo.disabled = !this.said?.can_undo;
  }
}
