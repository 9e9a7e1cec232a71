"""What can be told from an HTML page: where its links lead, what its form asks, what it says."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_ERRORS: Final = ("uc-error-subcaption", "uc-error-caption")
_LONGEST: Final = 200


@dataclass
class Page:
    """A page, as far as anything here needs it.

    Attributes
    ----------
    title : str
    links : list of (str, str)
        Address and text of every link, in order.
    forms : dict of str to (str, dict)
        Address and hidden fields of every form, by its id.
    texts : dict of str to str
        What stands in elements, by their class.
    """

    title: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    forms: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What the page says in short: its words on an error where it has such, else its title."""
        said = next((self.texts[name] for name in _ERRORS if self.texts.get(name)), self.title)
        return "".join(letter if letter.isprintable() else " " for letter in said)[:_LONGEST]


def read_page(content: bytes) -> Page:
    """Read a page, whatever it is: of what is no HTML nothing is found."""
    reader = _Reader()
    reader.feed(content.decode("utf-8", "replace"))
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._place = ""
        self._link: str | None = None
        self._words: list[str] = []
        self._form: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._link, self._words = given.get("href", ""), []
        elif tag == "form":
            self._form = {}
            self.page.forms[given.get("id", "")] = (given.get("action", ""), self._form)
        elif tag == "input" and self._form is not None and given.get("type") == "hidden":
            self._form[given.get("name", "")] = given.get("value", "")
        self._place = "title" if tag == "title" else given.get("class", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link is not None:
            self.page.links.append((self._link, _joined(self._words)))
            self._link = None
        elif tag == "form":
            self._form = None
        self._place = ""

    def handle_data(self, data: str) -> None:
        if self._link is not None:
            self._words.append(data)
        if self._place == "title":
            self.page.title = _joined([self.page.title, data])
        elif self._place:
            self.page.texts[self._place] = _joined([self.page.texts.get(self._place, ""), data])


def _joined(words: list[str]) -> str:
    return " ".join(" ".join(words).split())
