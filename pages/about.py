"""About: what this is, how it was made, how good it is, and where it ends."""

from importlib.metadata import metadata

import pandas as pd
import streamlit as st

import glacier_core as gc
from glacier_core.deviations.definitions import DEFINITIONS
from glacier_core.deviations.reliability import CONFIDENCE_DEFINITIONS
from glacier_core.models.registry import model_folder
from glacier_core.provenance import software
from pages.components import sentences
from pages.components.figures import show_definitions
from pages.components.model_card import show_model_card
from pages.components.state import app_state, load_model, processor

WHAT = """
### Where does a glacier end, and how sure can one be?

Glacier Explorer maps glaciers in satellite imagery with a neural network, lays the result beside
outlines that experts drew, and says by how much they differ, in area and in distance, and how
sure the network is of every pixel. **Explore** shows the map, **Compare** the differences,
**Confidence** the doubt.
"""

METHOD = """
The network is **GlaViTU**, a convolutional and transformer hybrid: Maslov, K. A., Persello, C.,
Schellenberger, T. & Stein, A. (2025), *Globally scalable glacier mapping by deep learning matches
expert delineation accuracy*, Nature Communications 16, 43,
[doi:10.1038/s41467-024-54956-x](https://doi.org/10.1038/s41467-024-54956-x).
It is written anew here from its published description. It reads six optical bands (blue to SWIR2),
elevation and slope, where a model takes them also radar and thermal bands, in overlapping windows,
and gives each pixel a probability of glacier: clean and debris-covered ice together. A pixel is
mapped as glacier above one half. Confidence is one minus the entropy of that probability,
calibrated on scenes apart from training. Where data is missing the map says *unmapped*, never
*no glacier*.
"""

LIMITS = """
- **The default model is small and was trained on simulated scenes only.** It shows the method; it
  does not carry the accuracy that the paper reports for the authors' own weights.
- The authors' weights are not part of this program. Whoever has their Keras file (`.h5`) converts
  it with one command, `glacier-core weights convert FILE.h5 FOLDER`; a model folder below `models`
  in the data folder appears in the list of models.
- Seasonal snow, deep shadow, debris and lakes are where the network errs most. It sees one date:
  old snow beside a glacier can look just like it.
- Its confidence was calibrated on simulated scenes. On real ones it may be too sure; the page
  Confidence shows by how much wherever experts drew outlines.
- An expert's outline is not the truth. Experts differ from each other, outlines have dates, and
  inventories are often incomplete. The page Compare says so where it is known.
- Outlines are drawn along pixels. Nothing smaller than a pixel can be seen, and small patches
  (below 0.01 km²) are left out of the outlines.
"""


def model_card(name: str) -> None:
    try:
        card = load_model(name).card
    except gc.GlacierError as error:
        st.error(str(error))
        return
    with st.expander(
        sentences.plain(card.title), icon=":material/badge:", expanded=name == app_state().model
    ):
        show_model_card(card, model_folder(name))


def scenes_table() -> None:
    table = pd.DataFrame(
        {
            "title": summary.title,
            "kind": "simulated" if summary.simulated else "observed",
            "id": summary.id,
            "offline": summary.offline,
        }
        for summary in gc.list_scenes()
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "title": "Scene",
            "kind": "Data",
            "id": "Id",
            "offline": st.column_config.CheckboxColumn("Opens without network"),
        },
        alt="Every scene that can be opened, and whether it is observed or simulated.",
    )


def sample_sources() -> None:
    from glacier_core.sources.samples import samples

    for sample in samples().values():
        st.markdown(
            f"**{sentences.plain(sample.title)}**  \n{sentences.plain(sample.source)}.  \n"
            f"Licence: {sentences.plain(sample.licence)}."
        )
    st.markdown(
        "**Simulated scenes**  \nMade by this program from a seed, the same on every machine; "
        "marked as simulated wherever they show. Licence: CC0 1\\.0."
    )


app_state()
st.markdown(WHAT)
st.subheader("Method")
st.markdown(METHOD)
st.subheader("Limits")
st.markdown(LIMITS)
st.subheader("Models")
for name in gc.list_models():
    model_card(name)
st.subheader("Scenes and their sources")
scenes_table()
sample_sources()
st.subheader("Definitions")
left, right = st.columns(2)
with left:
    show_definitions(DEFINITIONS, DEFINITIONS, "Every number of the comparison")
with right:
    show_definitions(CONFIDENCE_DEFINITIONS, CONFIDENCE_DEFINITIONS, "Every number on confidence")
st.subheader("This program")
st.markdown(
    f"{processor()}  \nGlacier Explorer is free software: "
    f"{metadata('glacier-explorer')['License-Expression']} licence. "
    "The coasts on the map of Find are Natural Earth's, the heights of the geoid NGA's (EGM96); "
    "both are in the public domain."
)
st.dataframe(
    pd.DataFrame({"Software": software().keys(), "Version": software().values()}),
    hide_index=True,
    alt="Versions of the software that shapes a result.",
)
