"""What the checks of an audit hand over, before it is matched with what is known already."""

from __future__ import annotations

from dataclasses import dataclass, field

#: A record that has to do with a finding: its model and id.
Document = tuple[str, int]


@dataclass(slots=True)
class Finding:
    """Something that is wrong, as one look at the database shows it.

    :param kind: key of the kind of finding
    :param product_id: product, 0 when it is about none; it may have been deleted
    :param site_id: site, 0 when it is about none; it may have been deleted
    :param measure: what ``kept`` and ``recorded`` are amounts of
    :param kept: what is kept, or promised
    :param recorded: what the records say, or what there is
    :param subject: what tells it from other findings of its kind, product and site
    :param cause: key of the cause
    :param values: what the sentence about the cause names besides documents
    :param documents: records that have to do with it, the most telling first
    """

    kind: str
    product_id: int = 0
    site_id: int = 0
    measure: str = "count"
    kept: float = 0.0
    recorded: float = 0.0
    subject: str = ""
    cause: str = "unknown"
    values: dict = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return what is the same whenever the same thing is found again."""
        return f"{self.kind}/{self.product_id}/{self.site_id}/{self.measure}/{self.subject}"

    @property
    def position(self) -> tuple[int, int]:
        """Return product and site."""
        return self.product_id, self.site_id

    def explain(self, cause: str, documents: list[Document] | None = None, **values) -> None:
        """Set the cause, with what the sentence about it names."""
        self.cause = cause
        self.documents = [*(documents or ()), *self.documents]
        self.values.update(values)
