"""XML from archives: names without namespaces, no document types, damage told."""

import pytest

from glacier_core.archives.documents import leaves, local_name, parse_xml
from glacier_core.errors import SourceError


def test_names_lose_their_namespaces_whatever_these_are():
    for namespace in ("https://a/psd-14", "https://a/psd-99", "urn:unknown"):
        root = parse_xml(f'<n:a xmlns:n="{namespace}"><n:b><c> 1 </c></n:b></n:a>'.encode(), "a")
        assert root.tag == "a"
        assert root.findtext("b/c") == " 1 "
    assert local_name("{urn:x}name") == local_name("name") == "name"


def test_leaves_are_told_with_their_parents():
    root = parse_xml(b"<a><b><c> 1 </c><d/></b><e>2</e></a>", "a")
    assert sorted(leaves(root)) == [("a", "e", "2"), ("b", "c", "1"), ("b", "d", "")]


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ],
)
def test_document_types_are_refused(content):
    with pytest.raises(SourceError, match=r"a\.xml"):
        parse_xml(content, "a.xml")


@pytest.mark.parametrize("content", [b"", b"<a>", b"<a></b>", b"not XML", b"\xff\xfe\x00"])
def test_half_documents_are_refused(content):
    with pytest.raises(SourceError, match=r"a\.xml is no whole XML document"):
        parse_xml(content, "a.xml")
