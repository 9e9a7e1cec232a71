"""Where every address of the app begins: the frame around the pages."""

from pathlib import Path

import streamlit as st

# A file, as an icon's name would be fetched from the internet.
COMPONENTS = Path(__file__).parent / "components"
ICON = COMPONENTS / "icon.png"

st.set_page_config(page_title="Glacier Explorer", page_icon=str(ICON), layout="wide")
st.html(COMPONENTS / "page.css")

page = st.navigation(
    [
        st.Page("find.py", title="Find", icon=":material/travel_explore:"),
        st.Page("explore.py", title="Explore", icon=":material/map:", default=True),
        st.Page("compare.py", title="Compare", icon=":material/compare:"),
        st.Page("confidence.py", title="Confidence", icon=":material/verified:"),
        st.Page("jobs.py", title="Jobs", icon=":material/pending_actions:"),
        st.Page("models.py", title="Models", icon=":material/leaderboard:"),
        st.Page("about.py", title="About", icon=":material/info:"),
    ],
    position="top",
)
page.run()
