"""A channel's system that reads its feed: it knows what it was told, and nothing else."""

from ..common import OmsCase


class Client:
    """What the system of a channel knows of the stock, from a snapshot and the changes since.

    :param call: function that calls a method of the channel by name
    :param bool by_site: whether it asks for the sites
    """

    def __init__(self, call, by_site=False):
        self.call, self.by_site = call, by_site
        self.known, self.cursor = {}, None

    def snapshot(self, limit=500):
        """Read all pages; the cursor is that of the first."""
        self.known, after, cursors = {}, None, []
        while after or not cursors:
            answer = self.call(
                "_get_stock_snapshot", after=after, limit=limit, by_site=self.by_site
            )
            self.apply(answer["rows"])
            cursors.append(answer["cursor"])
            after = answer["next"]
        self.cursor = cursors[-1]
        return cursors

    def follow(self, limit=1000):
        """Read changes until there are no more; return the rows."""
        rows, more = [], True
        while more:
            answer = self.call("_get_stock_changes", self.cursor, limit=limit, by_site=self.by_site)
            self.apply(answer["rows"])
            rows += answer["rows"]
            self.cursor, more = answer["cursor"], answer["more"]
        return rows

    def apply(self, rows):
        for row in rows:
            if not row["sellable"]:
                self.known.pop(row["product_id"], None)
            elif self.by_site:
                sites = {each["site"]: each["available"] for each in row["sites"]}
                self.known[row["product_id"]] = sites
            else:
                self.known[row["product_id"]] = row["available"]


class FeedCase(OmsCase):
    def call(self, name, *args, channel=None, **kwargs):
        """Call a method of a channel, as its transactions would see what the test did."""
        channel = channel or self.channel
        channel.env.flush_all()
        with self.enter_registry_test_mode():
            return getattr(channel, name)(*args, **kwargs)

    def open_client(self, channel=None, by_site=False):
        """Return a client that knows the stock."""
        client = Client(
            lambda name, *args, **kwargs: self.call(name, *args, channel=channel, **kwargs),
            by_site,
        )
        client.snapshot()
        return client

    def publish(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            return self.env["oms.feed"]._publish()

    def told(self, client):
        """Return what the client is told by product name, since it was told last."""
        rows = client.follow()
        self.assertEqual(len(rows), len({row["product_id"] for row in rows}), "told twice")
        return {row["product"]: row["available"] for row in rows}
