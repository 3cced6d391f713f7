"""What is captured, let go, authorized anew and given back: against a bank that keeps books."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.settlement import (
    Method,
    Standing,
    fill,
    rest_to_authorize,
    rest_to_void,
    schedule_captures,
    surplus_to_refund,
)


@given(st.integers(0, 2000), st.lists(st.integers(-50, 500), max_size=6))
@settings(max_examples=300, deadline=None)
def test_an_amount_is_taken_step_by_step_of_the_first_that_has_some(amount, most):
    left, taken = list(most), {}
    for _step in range(amount):
        first = next((key for key, there in enumerate(left) if there > 0), None)
        if first is not None:
            left[first] -= 1
            taken[first] = taken.get(first, 0) + 1
    assert {part.key: part.amount for part in fill(amount, dict(enumerate(most)))} == taken


def captured(method, capturable, **shares):
    return {part.key: part.amount for part in schedule_captures(method, capturable, shares)}


class TestCaptures:
    def test_part_after_part(self):
        assert captured(Method.MULTI, 1000, a=300, b=0, c=500) == {"a": 300, "c": 500}
        assert captured(Method.MULTI, 400, a=300, b=0, c=500) == {"a": 300, "c": 100}

    def test_one_capture_for_all_that_left(self):
        assert captured(Method.SINGLE, 1000, a=0, b=300, c=500) == {"b": 800}
        assert captured(Method.SINGLE, 400, a=300, b=500) == {"a": 400}

    def test_all_at_the_first(self):
        assert captured(Method.FULL, 1000, a=300) == {"a": 1000}
        assert captured(Method.FULL, 1000, a=0) == {}

    @pytest.mark.parametrize("method", list(Method))
    def test_nothing_to_take(self, method):
        assert captured(method, 0, a=300) == {}
        assert captured(method, 1000) == {}
        assert captured(method, 1000, a=-5) == {}


class TestRest:
    def test_what_will_never_be_captured_is_let_go(self):
        for method, rest in ((Method.MULTI, 700), (Method.SINGLE, 0), (Method.FULL, 0)):
            # What allows one capture is kept for it: the bank lets go of the rest by that.
            assert rest_to_void(method, Standing(capturable=1000, due=300)) == rest
        for method in Method:
            paid = Standing(capturable=1000, due=300, captured=200, capturing=100)
            assert rest_to_void(method, paid) == 1000
            assert rest_to_void(method, Standing(capturable=100, due=300)) == 0

    def test_nothing_is_let_go_while_goods_are_to_leave(self):
        for method in Method:
            assert rest_to_void(method, Standing(capturable=1000, still_open=1)) == 0

    def test_what_is_needed_is_authorized_anew(self):
        now = Standing(captured=300, due=300, still_open=700)
        assert rest_to_authorize(now) == 700
        assert rest_to_authorize(replace(now, capturable=200, authorizing=100)) == 400
        assert rest_to_authorize(replace(now, due=450)) == 850

    def test_what_was_taken_ahead_is_not_authorized_again(self):
        assert rest_to_authorize(Standing(captured=1000, due=300, still_open=700)) == 0
        assert rest_to_authorize(Standing(capturing=800, due=300, still_open=700)) == 200

    def test_what_was_taken_too_much_is_given_back(self):
        # All was taken with the first; half of the rest left, and what was open is cancelled.
        end = Standing(captured=1000, refundable=1000, due=650)
        assert surplus_to_refund(end) == 350
        assert surplus_to_refund(replace(end, still_open=1)) == 0
        assert surplus_to_refund(replace(end, refunded=350, refundable=650)) == 0
        # A return gave most of it back.
        assert surplus_to_refund(replace(end, refundable=100)) == 100

    def test_amounts_below_zero_are_refused(self):
        with pytest.raises(ValueError, match="below zero"):
            Standing(capturable=-1)


class Bank:
    """Authorizations as a bank keeps them, which refuses what its method does not allow."""

    def __init__(self, method):
        self.method = method
        self.open = []  # what is left of each authorization
        self.asked = []  # captures under way: index of the authorization, amount
        self.authorized = self.taken = self.released = self.returned = 0

    def authorize(self, amount):
        self.open.append(amount)
        self.authorized += amount

    def capture(self, amount):
        for index in self.usable():
            part = min(amount, self.open[index])
            if part:
                whole = part == self.open[index]
                assert whole or self.method is not Method.FULL, "takes all or nothing"
                self.asked.append((index, part))
                self.open[index] -= part
                amount -= part
        assert not amount, "more than is authorized"

    def usable(self):
        busy = {index for index, _amount in self.asked}
        once = self.method is not Method.MULTI
        return [n for n, left in enumerate(self.open) if left and not (once and n in busy)]

    def answer(self):
        """Answer the oldest capture, and return what was let go by it."""
        index, amount = self.asked.pop(0)
        self.taken += amount
        rest = 0
        if self.method is not Method.MULTI:
            rest, self.open[index] = self.open[index], 0
        self.released += rest
        return rest

    def void(self, amount):
        for index in self.usable():
            part = min(amount, self.open[index])
            whole = part == self.open[index]
            assert whole or not part or self.method is Method.MULTI, "lets go of all or nothing"
            self.open[index] -= part
            self.released += part
            amount -= part
        assert not amount, "more than is authorized"

    def refund(self, amount):
        assert amount <= self.taken - self.returned
        self.returned += amount

    def standing(self, due, still_open):
        return Standing(
            capturable=sum(self.open[index] for index in self.usable()),
            captured=self.taken,
            capturing=sum(amount for _index, amount in self.asked),
            refunded=self.returned,
            refundable=self.taken - self.returned,
            due=due,
            still_open=still_open,
        )


class TestWholeOrders:
    """Whatever a bank can do and however late it answers, what left is what is paid."""

    @given(
        st.sampled_from(list(Method)),
        st.lists(st.integers(0, 500), min_size=1, max_size=5),
        st.lists(st.integers(0, 900), min_size=1, max_size=3),
        st.integers(0, 5),
        st.randoms(use_true_random=False),
    )
    @settings(max_examples=600, deadline=None)
    def test_money_is_kept(self, method, shipments, payments, cancelled_after, random):
        bank = Bank(method)
        for payment in payments:
            bank.authorize(payment)
        left = still_open = 0

        def look():
            return bank.standing(left, still_open)

        def answer():
            rest = min(bank.answer(), rest_to_authorize(look()))
            if rest:
                bank.authorize(rest)

        def take():
            now = look()
            parts = schedule_captures(method, now.capturable, {"all": now.missing})
            bank.capture(sum(part.amount for part in parts))

        for index, due in enumerate(shipments):
            if index > cancelled_after:
                break
            left += due
            still_open = sum(shipments[index + 1 :]) if index < cancelled_after else 0
            take()
            bank.void(rest_to_void(method, look()))
            while bank.asked and random.random() < 0.5:
                answer()
        still_open = 0
        while bank.asked or (look().missing and look().capturable):
            if bank.asked:
                answer()
            take()
        bank.void(rest_to_void(method, look()))
        bank.refund(surplus_to_refund(look()))
        assert bank.authorized == bank.taken + bank.released, "nothing stays authorized"
        # What was released is authorized anew, so that all that was authorized once can be taken.
        assert bank.taken - bank.returned == min(left, sum(payments))
        assert surplus_to_refund(look()) == rest_to_void(method, look()) == 0
