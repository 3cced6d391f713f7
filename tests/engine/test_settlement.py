"""What shipments cost, what is let go and what is given back: against plain fractions."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.settlement import (
    Capture,
    Line,
    Shipment,
    Step,
    allocate_refund,
    amounts_of_shipments,
    cumulate,
    due_of,
    due_of_rest,
    exact,
    shares_of,
    spread,
)

EUR, JPY, KWD, CHF = (Step.of(rounding) for rounding in (0.01, 1.0, 0.001, 0.05))
F = Fraction


def goods(key, total, ordered, taxes=()):
    return Line(key, total, F(ordered), tuple(taxes))


def fixed(key, total, taxes=()):
    return Line(key, total, F(1), tuple(taxes), spread=True)


class TestStep:
    @pytest.mark.parametrize(
        ("step", "amount", "count"),
        [
            (EUR, 0.1 + 0.2, 30),
            (EUR, 2.675, 268),
            (EUR, -2.675, -268),
            (JPY, 1234.5, 1235),
            (KWD, 1.2345, 1235),
            (CHF, 10.03, 201),
            (CHF, 10.02, 200),
        ],
    )
    def test_amounts_are_counted_as_they_are_written(self, step, amount, count):
        assert step.count(amount) == count

    def test_counts_come_back_as_the_nearest_float(self):
        assert EUR.amount(30) == 0.3
        assert KWD.amount(1235) == 1.235
        assert CHF.amount(201) == 10.05
        assert JPY.amount(-7) == -7.0

    def test_a_currency_without_step_is_refused(self):
        with pytest.raises(ValueError, match="above zero"):
            Step.of(0.0)


class TestShipments:
    def test_goods_shipping_and_discount_in_the_measure_of_the_goods(self):
        # 60.00 and 30.00 of goods, 5.00 shipping, 9.00 discount: 86.00
        lines = [goods("a", 6000, 3), goods("b", 3000, 1), fixed("ship", 500), fixed("off", -900)]
        first = Shipment(1, {"a": F(1)})
        second = Shipment(2, {"a": F(2), "b": F(1)})
        amounts = amounts_of_shipments(lines, [first, second])
        # 20.00 of 90.00 of goods; so 1.11 of the shipping and 2.00 of the discount.
        assert amounts == {1: 2000 + 111 - 200, 2: 8600 - 1911}

    def test_taxes_of_a_line_are_rounded_by_themselves(self):
        line = goods("a", 1190, 3, (190,))
        assert line.until(F(1, 3)) == (397 - 63, 63)
        assert line.until(F(2, 3)) == (793 - 127, 127)
        assert line.until(F(1)) == (1000, 190)

    def test_yen_have_no_cents(self):
        lines = [goods("a", 1000, 3)]
        each = [Shipment(n, {"a": F(1)}) for n in range(3)]
        assert amounts_of_shipments(lines, each) == {0: 333, 1: 334, 2: 333}

    def test_what_was_captured_is_not_captured_again(self):
        lines = [goods("a", 1000, 2)]
        first, second = Shipment(1, {"a": F(1)}, captured=500), Shipment(2, {"a": F(1)})
        assert amounts_of_shipments(lines, [first]) == {1: 0}
        assert amounts_of_shipments(lines, [first, second]) == {1: 0, 2: 500}

    def test_the_rest_of_a_shipment_that_goes_on(self):
        lines = [goods("a", 1000, 4)]
        assert amounts_of_shipments(lines, [Shipment(1, {"a": F(3)}, captured=250)]) == {1: 500}

    def test_what_was_paid_beforehand_pays_for_the_first(self):
        lines = [goods("a", 1000, 2)]
        both = [Shipment(1, {"a": F(1)}), Shipment(2, {"a": F(1)})]
        assert amounts_of_shipments(lines, both, paid=700) == {1: 0, 2: 300}
        assert amounts_of_shipments(lines, both, paid=1200) == {1: 0, 2: 0}

    def test_more_than_ordered_costs_no_more(self):
        assert amounts_of_shipments([goods("a", 1000, 2)], [Shipment(1, {"a": F(5)})]) == {1: 1000}

    def test_a_lowered_order_is_made_up_by_the_last(self):
        # Three of 3.33 were ordered and one was shipped and captured; then one was cancelled.
        lines = [goods("a", 667, 2)]
        first, last = Shipment(1, {"a": F(1)}, captured=333), Shipment(2, {"a": F(1)})
        assert amounts_of_shipments(lines, [first, last]) == {1: 0, 2: 334}

    def test_free_goods_count_by_quantity(self):
        lines = [goods("a", 0, 3), goods("b", 0, 1), fixed("ship", 400)]
        shipments = [Shipment(1, {"a": F(3)}), Shipment(2, {"b": F(1)})]
        assert amounts_of_shipments(lines, shipments) == {1: 300, 2: 100}

    def test_an_order_without_goods_is_due_at_once(self):
        assert due_of([fixed("gift", 2500)], {}) == 2500

    def test_a_discount_above_the_goods_takes_nothing(self):
        lines = [goods("a", 1000, 2), fixed("off", -1500)]
        assert amounts_of_shipments(lines, [Shipment(1, {"a": F(1)})]) == {1: 0}

    def test_goods_are_ordered_in_a_quantity(self):
        with pytest.raises(ValueError, match="above zero"):
            goods("a", 100, 0)


@st.composite
def orders(draw):
    lines = []
    for key in range(draw(st.integers(1, 4))):
        total = draw(st.integers(0, 20000))
        taxes = draw(st.lists(st.integers(0, total // 4), max_size=2))
        ordered = draw(st.fractions(F(1, 10), 12, max_denominator=10))
        lines.append(Line(key, total, ordered, tuple(taxes)))
    goods_total = sum(line.total for line in lines)
    if draw(st.booleans()):
        lines.append(fixed("ship", draw(st.integers(0, 1500)), (draw(st.integers(0, 100)),)))
    if draw(st.booleans()):
        lines.append(fixed("off", -draw(st.integers(0, goods_total))))
    return lines


@st.composite
def shipped_orders(draw):
    """An order and its goods parted over shipments, whole in the end."""
    lines = draw(orders())
    count = draw(st.integers(1, 5))
    shipments = [{} for _each in range(count)]
    for line in lines:
        if not line.spread:
            weights = [draw(st.integers(0, 3)) for _each in range(count)]
            whole = sum(weights)
            if not whole:
                weights[-1], whole = 1, 1
            for shipment, weight in zip(shipments, weights, strict=True):
                if weight:
                    shipment[line.key] = line.ordered * F(weight, whole)
    return lines, [Shipment(index, quantities) for index, quantities in enumerate(shipments)]


def exact_due(lines, quantities):
    """What is due of an order in unrounded fractions, written down without the engine."""
    parts = [line for line in lines if not line.spread]
    share = {line.key: min(quantities.get(line.key, F(0)) / line.ordered, F(1)) for line in parts}
    value = sum((F(line.total) for line in parts), F(0))
    if value:
        common = sum((share[line.key] * line.total for line in parts), F(0)) / value
    else:
        common = sum((share[p.key] * p.ordered for p in parts), F(0)) / sum(
            p.ordered for p in parts
        )
    return sum((F(line.total) * share.get(line.key, common) for line in lines), F(0))


class TestShipmentsAtRandom:
    @given(shipped_orders())
    @settings(max_examples=400, deadline=None)
    def test_all_shipments_come_to_the_order_to_the_step(self, case):
        lines, shipments = case
        amounts = amounts_of_shipments(lines, shipments)
        assert all(amount >= 0 for amount in amounts.values())
        assert sum(amounts.values()) == max(sum(line.total for line in lines), 0)

    @given(shipped_orders())
    @settings(max_examples=400, deadline=None)
    def test_each_sum_is_nearer_than_half_a_step_a_line(self, case):
        lines, shipments = case
        taken, quantities = 0, {}
        for shipment in shipments:
            for key, quantity in shipment.quantities.items():
                quantities[key] = quantities.get(key, F(0)) + quantity
            taken = due_of(lines, quantities)
            truth = max(exact_due(lines, quantities), F(0))
            assert abs(taken - truth) <= F(len(lines), 2)

    @given(shipped_orders())
    @settings(max_examples=400, deadline=None)
    def test_one_by_one_or_together_makes_no_difference(self, case):
        lines, shipments = case
        together = amounts_of_shipments(lines, shipments)
        done = []
        for shipment in shipments:
            open_now = Shipment(shipment.key, shipment.quantities)
            amount = amounts_of_shipments(lines, [*done, open_now])[shipment.key]
            done.append(Shipment(shipment.key, shipment.quantities, captured=amount))
        if not any(line.total < 0 for line in lines):
            assert {one.key: one.captured for one in done} == together
        assert sum(one.captured for one in done) == sum(together.values())

    @given(shipped_orders(), st.randoms(use_true_random=False), st.integers(0, 5000))
    @settings(max_examples=400, deadline=None)
    def test_any_history_ends_at_the_total(self, case, random, paid):
        """Shipments captured in any order, in part or not, and money paid beforehand."""
        lines, shipments = case
        captured = {shipment.key: 0 for shipment in shipments}
        left = []
        waiting = list(shipments)
        random.shuffle(waiting)
        total = max(sum(line.total for line in lines), 0)
        while waiting:
            left.append(waiting.pop())
            if waiting and random.random() < 0.4:
                continue
            # Those captured first come first.
            order = sorted(left, key=lambda one: (not captured[one.key], one.key))
            now = [Shipment(one.key, one.quantities, captured[one.key]) for one in order]
            for key, amount in amounts_of_shipments(lines, now, paid=paid).items():
                assert amount >= 0
                captured[key] += amount
        assert paid + sum(captured.values()) == max(total, paid)

    @given(orders(), st.data())
    @settings(max_examples=300, deadline=None)
    def test_parts_of_lines_never_go_back_and_add_up(self, lines, data):
        share = st.fractions(0, 1, max_denominator=12)
        shipped = {line.key: data.draw(share) * line.ordered for line in lines if not line.spread}
        more = {
            line.key: min(shipped[line.key] + data.draw(share) * line.ordered, line.ordered)
            for line in lines
            if not line.spread
        }
        before, after = cumulate(lines, shipped), cumulate(lines, more)
        shares = shares_of(lines, shipped)
        for line in lines:
            assert abs(sum(before[line.key]) - shares[line.key] * line.total) <= F(1, 2)
            for old, new in zip(before[line.key][1:], after[line.key][1:], strict=True):
                assert new >= old
            sign = 1 if line.total >= 0 else -1
            assert sign * sum(after[line.key]) >= sign * sum(before[line.key])
        whole = {line.key: line.ordered for line in lines}
        for line in lines:
            ends = (line.total - sum(line.taxes), *line.taxes)
            assert cumulate(lines, whole)[line.key] == ends


class TestSpread:
    @given(
        st.integers(-10000, 10000),
        st.lists(st.fractions(0, 50, max_denominator=20), min_size=1, max_size=6),
    )
    @settings(max_examples=300, deadline=None)
    def test_parts_add_up_and_none_is_off_by_a_step(self, total, weights):
        parts = spread(total, dict(enumerate(weights)))
        assert sum(parts.values()) == total
        whole = sum(weights)
        for index, weight in enumerate(weights):
            truth = total * weight / whole if whole else F(total, len(weights))
            assert abs(parts[index] - truth) <= 1

    def test_weights_below_zero_are_refused(self):
        with pytest.raises(ValueError, match="below zero"):
            spread(10, {"a": F(-1), "b": F(2)})

    def test_nothing_to_spread_over(self):
        assert spread(10, {}) == {}


captures_of_orders = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 500), st.booleans()), max_size=6
).map(
    lambda rows: [
        Capture(index, index, max(rows[index][0], rows[index][1]), min(rows[index][:2]), prefers)
        for index, (_amount, _refunded, prefers) in enumerate(rows)
    ]
)


class TestRefund:
    def test_the_newest_first(self):
        captures = [Capture("old", 1, 500), Capture("new", 2, 300)]
        parts = allocate_refund(400, captures)
        assert [(part.key, part.amount) for part in parts] == [("new", 300), ("old", 100)]

    def test_first_what_paid_for_the_goods(self):
        captures = [Capture("old", 1, 500, preferred=True), Capture("new", 2, 300)]
        parts = allocate_refund(600, captures)
        assert [(part.key, part.amount) for part in parts] == [("old", 500), ("new", 100)]

    def test_what_was_given_back_is_not_given_back_again(self):
        parts = allocate_refund(100, [Capture("a", 1, 300, refunded=200)])
        assert [(part.key, part.amount) for part in parts] == [("a", 100)]
        with pytest.raises(ValueError, match="no more than 100"):
            allocate_refund(101, [Capture("a", 1, 300, refunded=200)])

    def test_nothing_below_zero(self):
        with pytest.raises(ValueError, match="above zero"):
            allocate_refund(-1, [Capture("a", 1, 300)])

    @given(captures_of_orders, st.data())
    @settings(max_examples=300, deadline=None)
    def test_bounds_and_order(self, captures, data):
        left = {one.key: one.amount - one.refunded for one in captures}
        amount = data.draw(st.integers(0, sum(left.values())))
        parts = {part.key: part.amount for part in allocate_refund(amount, captures)}
        assert sum(parts.values()) == amount
        assert all(0 < parts[key] <= left[key] for key in parts)
        for one in captures:
            for other in captures:
                later = (other.preferred, other.moment) < (one.preferred, one.moment)
                if later and parts.get(other.key):
                    assert parts.get(one.key, 0) == left[one.key], "an older one is touched first"


def test_numbers_are_read_as_they_are_written():
    assert exact(0.1) == F(1, 10)
    with pytest.raises(ValueError):
        exact(float("nan"))


def test_what_is_kept_of_an_order_is_due_with_its_shipping_as_a_whole():
    """Two of three apples at 3.33 and none of the berries, with 4.00 for the parcel, 1.00 off."""
    lines = [
        Line("apples", 999, Fraction(3), (173,)),
        Line("berries", 700, Fraction(2)),
        Line("post", 400, Fraction(1), spread=True),
        Line("off", -100, Fraction(1), spread=True),
    ]
    assert due_of_rest(lines, {"apples": Fraction(2)}) == 666 + 400 - 100
    assert due_of_rest(lines, {"apples": Fraction(9), "berries": Fraction(2)}) == 1999
    assert due_of_rest(lines, {}) == 300
    assert due_of_rest([Line("off", -100, Fraction(1), spread=True)], {}) == 0
