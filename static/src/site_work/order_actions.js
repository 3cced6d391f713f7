import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { HandOverDialog } from "./hand_over_dialog";
import { isLess, isPicked, pickedUnits } from "./optimism";
import { PackDialog } from "./pack_dialog";
import { ReadyDialog } from "./ready_dialog";
import { RejectDialog } from "./reject_dialog";

/**
 * What can be done with an order, as buttons at the foot of its page.
 *
 * An entry has
 * - `label`, `icon`
 * - `services`: for these only; for all when left out
 * - `rank(detail)`: nothing when it cannot be done now; of the others the lowest is the large
 *   button, unless it is 100 or more
 * - `run(page)`: does it; `page` is the `OrderPage`, with `detail`, `model`, `dialog`, `operate`
 *   and `back`
 * - `onScan(page, barcode)`: true when a scan was its own
 */
export const orderActions = registry.category("oms_site_work_actions");

/** The buttons of an order, the one that comes next marked. */
export function availableActions(detail) {
    const found = [];
    for (const [key, entry] of orderActions.getEntries()) {
        const fits = !entry.services || entry.services.includes(detail.service);
        const rank = fits ? entry.rank(detail) : undefined;
        if (rank) {
            found.push({ ...entry, key, rank });
        }
    }
    found.sort((one, other) => one.rank - other.rank);
    return found.map((action, index) => ({ ...action, isPrimary: !index && action.rank < 100 }));
}

const hasLabel = (detail) => !!detail.labels?.some((label) => label.url);
const isUnpacked = (detail) =>
    detail.lines.some((line) => isLess(line.packed || 0, line.picked, line.rounding));

orderActions.add("accept", {
    label: _t("Accept"),
    icon: "fa-check",
    rank: ({ actions }) => actions.accept && 10,
    run: (page) => page.operate("accept", { site_id: page.model.siteId }),
});

orderActions.add("reject", {
    label: _t("Reject"),
    icon: "fa-times",
    rank: ({ actions }) => actions.reject && 110,
    run: (page) =>
        page.dialog.add(RejectDialog, {
            model: page.model,
            detail: page.detail,
            confirm: async (values) => {
                const asked = { ...values, site_id: page.model.siteId };
                const result = await page.operate("reject", asked);
                if (result.outcome !== "refused" && !values.lines) {
                    page.back();
                    page.model.say("ok", result.message || _t("Given back."), "");
                }
            },
        }),
});

orderActions.add("pick_all", {
    label: _t("All found"),
    icon: "fa-check-square-o",
    rank: (detail) => detail.actions.pick && !isPicked(detail) && 120,
    run: (page) => page.pickAll(),
});

orderActions.add("pack", {
    label: _t("Pack"),
    icon: "fa-cube",
    rank: (detail) =>
        detail.actions.pack &&
        pickedUnits(detail) > 0 &&
        isUnpacked(detail) &&
        // Customers carry goods home as they are.
        (isPicked(detail) && detail.service === "ship" ? 20 : 130),
    run: (page) =>
        page.dialog.add(PackDialog, {
            detail: page.detail,
            confirm: (values) => page.operate("pack", values),
        }),
});

orderActions.add("label", {
    label: _t("Print label"),
    icon: "fa-print",
    rank: (detail) => detail.actions.label && !hasLabel(detail) && 30,
    run: (page) => page.askLabel(),
});

orderActions.add("ready", {
    label: _t("Ready"),
    icon: "fa-archive",
    rank: (detail) => detail.actions.ready && (detail.service === "ship" ? 140 : 40),
    run: (page) =>
        page.dialog.add(ReadyDialog, {
            model: page.model,
            detail: page.detail,
            confirm: (storage) => page.operate("ready", { storage }),
        }),
});

orderActions.add("hand_over", {
    label: _t("Hand over"),
    icon: "fa-handshake-o",
    // Customers get their goods in a way of their own.
    rank: (detail) => detail.actions.hand_over && !detail.pickup && (isPicked(detail) ? 50 : 150),
    run: (page) =>
        page.dialog.add(HandOverDialog, {
            model: page.model,
            detail: page.detail,
            confirm: async (values) => {
                const result = await page.operate("hand_over", values);
                if (result.outcome !== "refused" && !values.partial) {
                    page.back();
                    page.model.say("done", result.message || _t("Handed over."));
                }
            },
        }),
});
