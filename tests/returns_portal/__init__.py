from . import test_ask
from . import test_guest_pages
from . import test_photo
