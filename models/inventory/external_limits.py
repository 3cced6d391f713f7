"""What nobody can have or need: more is taken for a slip."""

#: Of a product at one site, in its unit.
MAX_QUANTITY = 1_000_000_000
#: Until goods can be here, in calendar days.
MAX_LEAD_DAYS = 3650
