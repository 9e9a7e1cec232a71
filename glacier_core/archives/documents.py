"""Documents that archives hand out beside the pixels, read without trusting them."""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from glacier_core.errors import SourceError
from glacier_core.network.access import authorise
from glacier_core.network.services import reached_at
from glacier_core.network.session import get_bytes
from glacier_core.network.transfer import IsCancelled, never


def fetch_document(url: str, *, most_bytes: int, cancelled: IsCancelled = never) -> bytes:
    """Fetch a small file of an archive as a whole, with what the archive wants to see for it.

    Parameters
    ----------
    url : str
        As the archive names it.
    most_bytes : int
        A longer answer is refused.
    cancelled : callable, optional
        Asked between two pieces.

    Raises
    ------
    SourceError
        When it could not be had: no answer, no credentials, too long.
    JobCancelled
        When somebody stopped it.
    """
    address, headers = authorise(reached_at(url))
    return get_bytes(address, most_bytes=most_bytes, headers=headers, cancelled=cancelled)


def parse_xml(content: bytes, name: str) -> Element:
    """Return the root of an XML document, its names without namespaces.

    Parameters
    ----------
    content : bytes
    name : str
        What the document is called in messages.

    Returns
    -------
    xml.etree.ElementTree.Element
        Namespaces differ between versions of one product, so they are taken off every name.

    Raises
    ------
    SourceError
        When it is no whole XML document, or declares a document type: no archive's metadata
        does, and entities can only be declared there.
    """
    builder = _WithoutDocumentType()
    parser = XMLParser(target=builder)  # noqa: S314  (document types, hence entities, are refused)
    try:
        parser.feed(content)
        root: Element = parser.close()
    except ParseError as problem:
        raise SourceError(
            f"{name} is no whole XML document ({problem}). Fetch it again; if that does not help, "
            "the archive holds a damaged copy, so choose another scene."
        ) from problem
    if builder.document_type:
        raise SourceError(
            f"{name} declares a document type, which metadata of satellite products never do. "
            "It was not read; choose another scene."
        )
    for element in root.iter():
        element.tag = local_name(element.tag)
    return root


def local_name(tag: str) -> str:
    """Return the name of an element without its namespace."""
    return tag.rpartition("}")[2]


def leaves(root: Element) -> Iterator[tuple[str, str, str]]:
    """Yield (name of the parent, name, text) of every element that holds no others."""
    for parent in root.iter():
        for child in parent:
            if len(child) == 0:
                yield parent.tag, child.tag, (child.text or "").strip()


class _WithoutDocumentType(TreeBuilder):
    """Builds a tree and remembers whether the document declared a type."""

    document_type = False

    def doctype(self, name: str, public: str | None, system: str | None) -> Any:  # noqa: ARG002
        self.document_type = True
