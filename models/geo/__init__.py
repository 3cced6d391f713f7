from . import oms_geo_postcode
from . import oms_geo_postcode_load
