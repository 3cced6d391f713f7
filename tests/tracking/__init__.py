from . import test_inbox
from . import test_inbox_commits
from . import test_inbox_http
from . import test_messages
from . import test_portal
from . import test_problems
from . import test_progress
