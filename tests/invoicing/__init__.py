from . import test_amounts
from . import test_conservation
from . import test_credit
from . import test_invoice
from . import test_mail
from . import test_task
from . import test_elsewhere
from . import test_invoicing_commits
