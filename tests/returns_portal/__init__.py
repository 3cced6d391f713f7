from . import test_ask
from . import test_guest_pages
from . import test_photo
from . import test_form
from . import test_notices
from . import test_portal
from . import test_seller
from . import test_api
