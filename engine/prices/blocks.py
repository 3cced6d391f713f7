"""Newton steps for classes of the fluid model that order the same products from the same sites.

A class serves each of its n products from k sites or leaves it missing, the last of its k + 1
columns. Per order it pays fixed · y + unit · u, where u is the share of a product that a column
serves, the shares of a product add up to 1, and s = y - u is not negative. The dual of the sums is
v, of s it is w, of u it is z; the prices of stock come from outside. Per class everything but a
matrix of its products is diagonal, or that and one column (Sherman and Morrison).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .fluid import Array, DemandClass

Mask = NDArray[np.bool_]

NEARBY = 1e-5
"""How much shares are held back where nothing else decides a step, so that it can be worked out."""

LENIENT = 1e-7
"""The same for the duals of their sums."""

FAINT = 1e-7
"""Shares below this are nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """C classes with the same products and sites.

    :param numbers: of the classes
    :param cells: shape (n, k): number of the stock of each product at each site
    :param rates: shape (C,)
    :param fixed: shape (C, k + 1)
    :param unit: shape (C, n, k + 1): cost of all units of a product
    :param quantities: shape (C, n, 1)
    """

    numbers: tuple[int, ...]
    cells: NDArray[np.intp]
    rates: Array
    fixed: Array
    unit: Array
    quantities: Array


def kinds_of(classes: Sequence[DemandClass], n_sites: int) -> list[Kind]:
    """Gather classes that have the same products and sites; those that never come are left out."""
    found: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for number, each in enumerate(classes):
        if each.rate > 0.0:
            sites = tuple(range(n_sites)) if each.sites is None else tuple(each.sites)
            found.setdefault((tuple(each.items), sites), []).append(number)
    kinds = []
    for (items, sites), numbers in found.items():
        alike = [classes[number] for number in numbers]
        unit = [np.column_stack([each.per_unit, each.missing_per_unit]) for each in alike]
        quantities = np.array([each.quantities for each in alike], dtype=float)[:, :, None]
        kinds.append(
            Kind(
                numbers=tuple(numbers),
                cells=np.array(items)[:, None] * n_sites + np.array(sites, dtype=np.intp),
                rates=np.array([each.rate for each in alike], dtype=float),
                fixed=np.array(
                    [np.append(each.per_parcel, each.missing_per_order) for each in alike]
                ),
                unit=np.array(unit) * quantities,
                quantities=quantities,
            )
        )
    return kinds


class Block:
    """The iterate of the classes of one kind.

    :param kind: the classes
    :param room: shape (number of stocks,): for each stock, how much of each share that asks for it
        it could serve at once; zero where there is none
    :param price: prices of the stocks to begin with
    """

    def __init__(self, kind: Kind, room: Array, price: Array) -> None:
        self.kind = kind
        n, k = kind.cells.shape
        self.rates = kind.rates[:, None, None]
        self.weight = self.rates * kind.quantities
        self.held = np.concatenate([room[kind.cells] > 0.0, np.ones((n, 1), dtype=bool)], axis=1)
        shape = kind.unit.shape
        share = np.minimum(room[kind.cells], 1.0) / (2.0 * (k + 1))
        u = np.broadcast_to(np.concatenate([share, np.zeros((n, 1))], axis=1), shape).copy()
        u[:, :, -1] = 1.0 - u.sum(axis=2)
        # What costs nothing to open needs no s.
        self.tied = self.held & (kind.fixed > 0.0)[:, None, :]
        counts = np.maximum(self.held.sum(axis=0), 1)
        self.u = np.where(self.held, u, 1.0)
        self.y = u.max(axis=1) + 0.5
        self.s = np.where(self.tied, self.y[:, None, :] - self.u, 1.0)
        self.w = np.where(self.tied, (kind.fixed / counts)[:, None, :], 0.0)
        asked = self.asked(price) + self.w
        self.v = np.where(self.held, asked, np.inf).min(axis=2) - 1.0
        self.z = np.where(self.held, asked - self.v[:, :, None], 0.0)

    def asked(self, price: Array) -> Array:
        """What all units of a product cost from each column, the price of stock included."""
        asked = self.kind.unit.copy()
        asked[:, :, :-1] += price[self.kind.cells] * self.kind.quantities
        return asked

    def usage(self, shares: Array) -> Array:
        """What shares take of each stock in a unit of time, shape (n, k)."""
        return (self.weight * shares[:, :, :-1]).sum(axis=0)

    def pairs(self) -> float:
        """How many pairs of a value and its dual there are, by rate."""
        counts = self.held.sum() + self.tied.sum(axis=(1, 2))
        return float(self.kind.rates @ counts)

    def gap(self) -> Array:
        """Cost that is not bound yet, shape (C,), per order."""
        return (self.u * self.z + self.s * self.w).sum(axis=(1, 2))

    # One Newton step.

    def factor(self, price: Array) -> tuple[Array, Array]:
        """Take the matrix of a Newton step apart.

        :return: what the classes add to the system of the stocks, shape (n, k, n, k); whatever is
            outside of the diagonal of sites is negative
        """
        held, kind = self.held, self.kind
        n, k = kind.cells.shape
        self.alpha = np.where(held, self.z / self.u + NEARBY, 1.0)
        self.beta = np.where(self.tied, self.w / self.s, 0.0)
        self.d = np.where(held, 1.0 / (self.alpha + self.beta), 0.0)
        self.a = self.beta * self.d
        self.gamma = np.where(self.tied.any(axis=1), (self.alpha * self.a).sum(axis=1), 1.0)
        lean = self.a / np.sqrt(self.gamma)[:, None, :]
        inner = lean @ lean.swapaxes(1, 2)
        diagonal = np.arange(n)
        inner[:, diagonal, diagonal] += self.d.sum(axis=2)
        inner[:, diagonal, diagonal] += LENIENT
        scale = 1.0 / np.sqrt(inner[:, diagonal, diagonal])
        inner *= scale[:, :, None] * scale[:, None, :]
        self.inverse = np.linalg.inv(inner) * (scale[:, :, None] * scale[:, None, :])
        # The reply of the shares to prices, by product, site and product.
        lean = lean[:, :, :-1]
        reply = lean[:, :, :, None] * lean.swapaxes(1, 2)[:, None, :, :]
        reply[:, diagonal, :, diagonal] += self.d[:, :, :-1].swapaxes(0, 1)
        quantities = kind.quantities[:, :, 0]
        own = np.einsum("c,ci,cikl,cl->ikl", kind.rates, quantities, reply, quantities)
        reply = reply.swapaxes(2, 3) * quantities[:, None, :, None]
        flat = reply.reshape(len(reply), n, n * k)
        solved = (self.inverse * self.rates) @ flat
        joint = flat.reshape(-1, n * k).T @ solved.reshape(-1, n * k)
        system = -joint.reshape(n, k, n, k)
        sites = np.arange(k)
        # Advanced indexing puts the sites first.
        system[:, sites, :, sites] += own.swapaxes(0, 1)
        self.off = -(self.asked(price) - self.v[:, :, None] + self.w - self.z)
        self.short = 1.0 - self.u.sum(axis=2, where=held)
        self.gape = self.y[:, None, :] - self.u - self.s
        return system

    def aim(self, target_u: Array, target_s: Array) -> Array:
        """Set where the products of u and z, and of s and w, shall go.

        :param target_u: shape (C, n, k + 1) or what fits it: change wanted of u z
        :param target_s: the same for s w
        :return: what the shares take more of the stocks if prices stay, shape (n, k)
        """
        held = self.held
        self.gz = np.where(held, target_u / self.u, 0.0)
        self.gs = np.where(self.tied, target_s / self.s, 0.0)
        gw = self.gs - self.beta * self.gape
        self.e = np.where(held, self.off - gw + self.gz, 0.0)
        self.h = self.w.sum(axis=1) - self.kind.fixed + gw.sum(axis=1)
        self.du = self._reply(self.e) + self.a * (self.h / self.gamma)[:, None, :]
        rest = self.short - self.du.sum(axis=2)
        return self.usage(self.du + self._reply(self.inverse @ rest[:, :, None]))

    def _reply(self, gain: Array) -> Array:
        """How shares answer to gains, shape (C, n, k + 1)."""
        together = (self.a * gain).sum(axis=1) / self.gamma
        return self.d * gain + self.a * together[:, None, :]

    def move(self, dprice: Array) -> None:
        """Work out the whole step for a step of the prices."""
        x = np.zeros(self.u.shape)
        x[:, :, :-1] = -dprice[self.kind.cells] * self.kind.quantities
        lost = self._reply(x)
        du, dv = self.du + lost, np.zeros(x.shape[:2])
        for _polish in range(2):
            more = self.inverse @ (self.short - du.sum(axis=2))[:, :, None]
            du += self._reply(more)
            dv += more[:, :, 0]
        x += dv[:, :, None]
        gain = self.e + x
        dy = (self.h + (self.a * gain).sum(axis=1)) / self.gamma
        ds = dy[:, None, :] - du + self.gape
        # Of the two ways to each of the others, the one whose rounding is not blown up.
        by_z = self.alpha < self.beta
        balance = self.off + x
        by_s = self.gs - self.beta * ds
        dz = np.where(by_z, self.gz - self.alpha * du, by_s - balance)
        dw = dz + balance
        ds = np.divide(self.gs - dw, self.beta, out=ds, where=by_z)
        held = self.held
        self.step_u, self.step_y, self.step_v = np.where(held, du, 0.0), dy, dv
        self.step_z = np.where(held, dz, 0.0)
        self.step_s, self.step_w = np.where(self.tied, ds, 0.0), np.where(self.tied, dw, 0.0)

    def reach(self) -> tuple[float, float]:
        """How far the step may go before a share, or a dual, is negative."""
        return (
            min(reach(self.u, self.step_u), reach(self.s, self.step_s)),
            min(reach(self.w, self.step_w, self.tied), reach(self.z, self.step_z, self.held)),
        )

    def gap_after(self, primal: float, dual: float) -> Array:
        """The gap if the step were gone so far, shape (C,), per order."""
        u, s = self.u + primal * self.step_u, self.s + primal * self.step_s
        w, z = self.w + dual * self.step_w, self.z + dual * self.step_z
        return (u * z + s * w).sum(axis=(1, 2))

    def go(self, primal: float, dual: float) -> None:
        """Go the step."""
        self.u += primal * self.step_u
        self.s += primal * self.step_s
        self.y += primal * self.step_y
        self.v += dual * self.step_v
        self.w += dual * self.step_w
        self.z += dual * self.step_z

    # What it comes to.

    def value(self) -> float:
        """What the products are worth in a unit of time, if rounding is left aside."""
        return float(self.kind.rates @ self.v.sum(axis=1))

    def shares(self) -> Array:
        """Shares that add up to 1, shape (C, n, k + 1)."""
        shares = np.where(self.held & (self.u > FAINT), self.u, 0.0)
        shares /= shares.sum(axis=2, keepdims=True)
        return shares

    def cut(self, shares: Array, kept: Array) -> Array:
        """Leave a part of the shares missing.

        :param kept: how much of its shares each stock really serves
        """
        shares = shares.copy()
        shares[:, :, :-1] *= kept[self.kind.cells]
        shares[:, :, -1] = (1.0 - shares[:, :, :-1].sum(axis=2)).clip(0.0)
        return shares

    def cost(self, shares: Array) -> float:
        """What shares and the parcels that they need cost in a unit of time."""
        kind, parcels = self.kind, shares.max(axis=1)
        per_order = (kind.unit * shares).sum(axis=(1, 2)) + (kind.fixed * parcels).sum(axis=1)
        return float(kind.rates @ per_order)

    def worth(self, price: Array) -> tuple[float, Array]:
        """Duals that hold whatever the rounding was.

        :return: what the products are worth in a unit of time; the least prices, shape (n, k), at
            which nobody wants what is not there
        """
        kind, held = self.kind, self.held
        w = np.maximum(np.where(held, self.w, 0.0), 0.0)
        total = w.sum(axis=1)
        w *= np.minimum(1.0, kind.fixed / np.maximum(total, 1e-300))[:, None, :]
        left = (kind.fixed - w.sum(axis=1)).clip(0.0) / np.maximum((~held).sum(axis=0), 1)
        worth = np.where(held, self.asked(price) + w, np.inf).min(axis=2)
        wanted = (worth[:, :, None] - kind.unit - left[:, None, :])[:, :, :-1] / kind.quantities
        least = np.where(held[:, :-1], 0.0, wanted.max(axis=0).clip(0.0))
        return float(kind.rates @ worth.sum(axis=1)), least


def reach(values: Array, step: Array, where: Mask | bool = True) -> float:
    """How far a step may go before a value is negative, at most 1e6."""
    ratio = np.divide(
        -step, values, out=np.zeros(values.shape), where=np.broadcast_to(where, values.shape)
    )
    return 1.0 / max(float(ratio.max(initial=0.0)), 1e-6)
