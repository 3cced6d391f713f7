from . import test_cursor
from . import test_feed_commits
from . import test_order_events
from . import test_stock_feed
