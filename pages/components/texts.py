"""Words about a scene and a model that pages share, where they are drawn."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.components.sentences import plain, scene_line

if TYPE_CHECKING:
    import glacier_core as gc


def scene_heading(scene: "gc.Scene", prefix: str = "", *more: str) -> None:
    """Show the title of a scene, marked where it is simulated, what it is, and more lines."""
    unmarked = scene.simulated and "simulated" not in scene.title.lower()
    badge = "  :orange-badge[Simulated]" if unmarked else ""
    st.markdown(f"### {prefix}{plain(scene.title)}{badge}")
    st.caption("  \n".join(filter(None, (scene_line(scene), *more))))


def about_scene(scene: "gc.Scene") -> None:
    """Show where a scene comes from, on which terms, and what its reader must know."""
    facts = scene.attributes
    with st.expander("About this scene", icon=":material/info:"):
        for note in facts.notes:
            st.markdown(f"- {plain(note)}")
        rows, columns = scene.shape
        st.markdown(
            f"**Source:** {plain(facts.source)}  \n**Licence:** {plain(facts.licence)}  \n"
            f"**Grid:** {columns} × {rows} pixels of {scene.resolution:g} m, "
            f"{plain(scene.crs.to_string()[:60])}"
        )


def about_model(model: "gc.Model") -> None:
    """Show what a model was trained on, in a line, and where to read more."""
    trained = model.card.training.split(". ")[0].rstrip(".")
    st.caption(f"{plain(model.card.title)}. {plain(trained)}.")
    st.page_link("about.py", label="Its model card", icon=":material/badge:")
