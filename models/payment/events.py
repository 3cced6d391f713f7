"""What happens to the payments of orders, as events of workflows."""

#: Event of a transaction by what it does and how it ended.
EVENTS = {
    ("authorize", "authorized"): "payment.authorized",
    ("authorize", "error"): "payment.failed",
    ("capture", "done"): "payment.captured",
    ("capture", "error"): "payment.capture_refused",
    ("refund", "done"): "payment.refunded",
}
