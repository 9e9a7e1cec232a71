"""What a page says and where it leads."""

import re
import time


def until_mapped(app, seconds=60):
    """Look again, as the page's own fragment does in a browser, until the map is made."""
    deadline = time.monotonic() + seconds
    while "map" not in address(app):
        assert time.monotonic() < deadline
        assert not app.exception
        time.sleep(0.2)
        app.run()
    return app.run()


def address(app):
    """Return the choices in the address of a page."""
    given = app.query_params.items()
    return {name: value if isinstance(value, str) else value[-1] for name, value in given}


def words(app):
    """Return every sentence of a page, whatever box it stands in."""
    boxes = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error]
    return re.sub(r"\\(.)", r"\1", "\n".join(box.value for box in boxes))
