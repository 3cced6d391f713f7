import { _t } from "@web/core/l10n/translation";

const STATES = {
    requested: { name: _t("To be looked at"), color: "text-bg-warning" },
    authorized: { name: _t("Expected"), color: "text-bg-info" },
    in_transit: { name: _t("On its way"), color: "text-bg-info" },
    receiving: { name: _t("Being received"), color: "text-bg-primary" },
    received: { name: _t("To grade"), color: "text-bg-primary" },
    unmatched: { name: _t("Whose?"), color: "text-bg-warning" },
    inspected: { name: _t("Graded"), color: "text-bg-success" },
    closed: { name: _t("Done"), color: "text-bg-success" },
    refused: { name: _t("Refused"), color: "text-bg-danger" },
    cancelled: { name: _t("Cancelled"), color: "text-bg-secondary" },
    expired: { name: _t("Never came"), color: "text-bg-secondary" },
};

const WAYS = {
    label: { icon: "fa-truck", name: _t("By parcel") },
    dropoff: { icon: "fa-shopping-bag", name: _t("Brought along") },
    pickup: { icon: "fa-home", name: _t("Picked up") },
    keep: { icon: "fa-gift", name: _t("Kept by the customer") },
};

/** The states by which the list can be narrowed. */
export const LIST_STATES = ["expected", "receiving", "received", "unmatched"];

const LIST_STATE_NAMES = {
    expected: _t("Expected"),
    receiving: _t("Being received"),
    received: _t("To grade"),
    unmatched: _t("Whose?"),
};

export const listStateName = (state) => LIST_STATE_NAMES[state];

export function returnState({ state, is_begun, order }) {
    if (state === "inspected" && !order) {
        return STATES.unmatched;
    }
    const key = is_begun && ["authorized", "in_transit"].includes(state) ? "receiving" : state;
    return STATES[key] || { name: state, color: "text-bg-secondary" };
}

export const wayOf = ({ way }) => WAYS[way] || null;

export function gradeColor(color) {
    return `o_tag_color_${color || 0}`;
}
