"""Who is looking: a session is one tab of a browser, as Streamlit counts them."""

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


def session_name() -> str:
    """Return the name of this reader, who may cancel what nobody else wants; never shown."""
    context = get_script_run_ctx()
    return "" if context is None else context.session_id


def is_open(session: str) -> bool:
    """Tell whether the page of a session is open: its browser is connected to the server.

    A tab that lost the network comes back under the same name; one that is loaded anew under
    another. May be asked from any thread.
    """
    return not runtime.exists() or runtime.get_instance().is_active_session(session)
