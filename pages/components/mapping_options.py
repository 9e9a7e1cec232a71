"""How a scene is to be mapped, for those who want to say so."""

from typing import Any

import streamlit as st

PRECISIONS = {
    "exact": "Exact (float32)",
    "approximate": "Approximate (bfloat16), where the processor has it",
}
PROCESSORS = {"auto": "Automatic", "cpu": "CPU", "cuda": "NVIDIA GPU"}
WAYS = {"ours": "Glacier Explorer", "authors": "The authors of GlaViTU, quirks included"}


def mapping_options(patch: int) -> dict[str, Any]:
    """Show what can be chosen, and return it as fields of ``MappingOptions``.

    Parameters
    ----------
    patch : int
        Side of the model's windows in pixels.
    """
    from glacier_core.inference.request import default_stride

    authors = st.selectbox(
        "Way of mapping",
        list(WAYS),
        format_func=WAYS.__getitem__,
        key="compatibility",
        help="The authors' way repeats published maps: the scene is padded with zeros to whole "
        "windows, missing reflectance counts as 0 and is mapped too, and windows lie half a window "
        "apart.",
    )
    as_authors = authors == "authors"
    stride = st.select_slider(
        "Stride, pixels from window to window",
        sorted({patch // 4, patch // 2, 3 * patch // 4, patch}),
        value=default_stride(patch, authors),
        key=f"stride-{authors}",
        help=f"The network sees windows of {patch} × {patch} pixels. "
        "Smaller strides blend more windows: smoother, slower.",
    )
    augment = st.toggle(
        "Average over eight turns",
        key="augment",
        help="Every window is mapped as it lies, turned and mirrored (test-time augmentation). "
        "Eight times slower.",
    )
    passes = st.number_input(
        "Passes of Monte-Carlo dropout",
        0,
        50,
        0,
        key="dropout_passes",
        help="Averages over so many networks that each lack a tenth of their units; 0 for none. "
        "The network was not trained with dropout. So many times slower.",
    )
    smoothing = st.select_slider(
        "Median filter on the classes, pixels",
        [0, 3, 5, 7],
        key="smoothing",
        help="Takes single pixels out of the outlines; probability and confidence stay as they "
        "are. 0 for none.",
    )
    lowest = st.number_input(
        "No glacier below, metres",
        value=None,
        step=100.0,
        key="lowest_ice",
        disabled=as_authors,
        placeholder="look everywhere",
        help="Windows that lie lower as a whole are counted as no glacier without a look, which "
        "saves time over valleys and plains.",
    )
    precision = st.selectbox(
        "Precision",
        list(PRECISIONS),
        format_func=PRECISIONS.__getitem__,
        key="precision",
        help="Approximate is faster; some pixels near a probability of a half change class.",
    )
    batch_size = st.number_input("Windows at once", 1, 64, 4, help="Changes no result.")
    device = st.selectbox(
        "Processor",
        list(PROCESSORS),
        format_func=PROCESSORS.__getitem__,
        help="Changes nothing but the last digits.",
    )
    return {
        "stride": stride,
        "batch_size": int(batch_size),
        "device": device,
        "precision": precision,
        "augment": augment,
        "dropout_passes": int(passes),
        "smoothing": int(smoothing),
        "compatibility": authors,
        "lowest_ice": None if as_authors else lowest,
    }
