"""What was worked out of lead times already, for as long as nothing that it rests on changes."""

from typing import NamedTuple

#: Answers that are kept; those of past minutes are of no use to anybody.
MOST_ANSWERS = 50_000
#: Pickups, days of delivery and the like that are kept.
MOST_FACTS = 40_000


class SiteFacts(NamedTuple):
    """What dates from a site depend on.

    :param company_id: of the site
    :param tz: name of its time zone
    :param in_days: whether it takes whole days to prepare a parcel
    :param handling: hours that it takes otherwise
    :param is_limited: whether it has a capacity
    """

    company_id: int
    tz: str
    in_days: bool
    handling: float
    is_limited: bool


class Way(NamedTuple):
    """A way on which goods go, as far as dates depend on it.

    :param site_id: from which
    :param carrier_id: or False
    :param days: under way, as configured
    :param country_id: of the destination, or False
    :param region: of the destination, as lanes are told apart
    :param zone: name of the time zone of the destination
    :param handed_over: whether the customer fetches the goods at the site
    :param state_id: of the destination's state, or False
    :param weekdays: on which goods are delivered, Monday is 0
    """

    site_id: int
    carrier_id: int | bool
    days: float
    country_id: int | bool
    region: str
    zone: str
    handed_over: bool
    state_id: int | bool = False
    weekdays: tuple[int, ...] = ()


class Book:
    """Facts and answers by what they depend on. Emptied where any of it may have changed."""

    def __init__(self):
        self.answers = {}
        self._facts = {}

    def keep(self, key, answer):
        """Keep an answer."""
        if len(self.answers) >= MOST_ANSWERS:
            self.answers.clear()
        self.answers[key] = answer

    def find(self, key, work_out):
        """Return a fact.

        :param tuple key: what it is, and all that it depends on
        :param work_out: callable that returns it if it is not known yet
        """
        try:
            return self._facts[key]
        except KeyError:
            if len(self._facts) >= MOST_FACTS:
                self._facts.clear()
            fact = self._facts[key] = work_out()
            return fact

    def replace(self, key, fact):
        """Keep a fact that is known by now."""
        self._facts[key] = fact
