from . import test_fulfillment
from . import test_roles
from . import test_roles_sites
from . import test_words
