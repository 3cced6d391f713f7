"""The thinking of the order management system: plain Python on dataclasses and numpy.

Nothing below this package imports Odoo, knows a database or reads a clock. A caller gathers a
problem, calls one function, and writes down the plan it gets back.
"""
