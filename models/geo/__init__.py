from . import oms_geo_postcode
from . import oms_geo_postcode_load
from . import res_partner
from . import sale_order
