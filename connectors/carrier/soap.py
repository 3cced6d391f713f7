"""SOAP 1.1 envelopes as plain elements, read without following anything that they point to."""

from collections.abc import Iterable
from typing import Any

from lxml import etree

from .reading import Unreadable

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

#: Names with a text, or with further names; None leaves an element out.
Parts = Iterable[tuple[str, Any]]


def write(namespace: str, operation: str, parts: Parts) -> bytes:
    """Return the envelope of a call.

    :param namespace: of the operation; its parts have none
    """
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP, "ns": namespace})
    body = etree.SubElement(envelope, f"{{{_SOAP}}}Body")
    _fill(etree.SubElement(body, f"{{{namespace}}}{operation}"), parts)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def _fill(element: Any, parts: Parts) -> None:
    for name, value in parts:
        if value is None or value == "":
            continue
        child = etree.SubElement(element, name)
        if isinstance(value, str):
            child.text = "".join(letter for letter in value if letter.isprintable())
        else:
            _fill(child, value)


def read(content: bytes, operation: str) -> Any:
    """Return the result of a call: the element `return`.

    :raises Unreadable: there is none
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("The carrier's answer is no XML.") from None
    found = root.xpath(f"//*[local-name()='{operation}Response']/*[local-name()='return']")
    if len(found) != 1:
        raise Unreadable("The carrier's answer has no result.")
    return found[0]


def get(element: Any, name: str) -> str:
    """Return the text of a child, '' if there is none."""
    return (element.findtext(name) or "").strip()
