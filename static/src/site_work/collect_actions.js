import { _t } from "@web/core/l10n/translation";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { CollectDialog } from "./collect_dialog";
import { resolveScan } from "./optimism";
import { orderActions } from "./order_actions";
import { readCode } from "./pickup_code";

/** Does what ends the work on an order, and goes back to the list. */
async function end(page, kind, values, said) {
    const result = await page.operate(kind, values);
    if (result.outcome !== "refused" && !result.detail?.work_state) {
        page.back();
        page.model.say(result.outcome === "warning" ? "warning" : "done", result.message || said);
    }
}

function openCollect(page, code = "") {
    page.dialog.add(CollectDialog, {
        model: page.model,
        detail: page.detail,
        isSale: false,
        code,
        confirm: (values) => end(page, "collect", values, _t("Handed over.")),
    });
}

orderActions.add("collect", {
    label: _t("Hand over"),
    icon: "fa-handshake-o",
    rank: ({ actions }) => actions.collect && 45,
    run: (page) => openCollect(page),
    onScan(page, barcode) {
        const code = readCode(barcode);
        if (!code || resolveScan(page.detail, barcode).kind !== "unknown") {
            return false;
        }
        openCollect(page, code);
        return true;
    },
});

orderActions.add("sell", {
    label: _t("Sold"),
    icon: "fa-money",
    rank: ({ actions, work_state }) => actions.sell && (work_state === "ready" ? 45 : 160),
    run: (page) =>
        page.dialog.add(CollectDialog, {
            model: page.model,
            detail: page.detail,
            isSale: true,
            confirm: (values) => end(page, "sell", values, _t("Sold.")),
        }),
});

orderActions.add("release", {
    label: _t("Release"),
    icon: "fa-undo",
    rank: ({ actions }) => actions.release && 170,
    run: (page) =>
        page.dialog.add(ConfirmationDialog, {
            title: _t("Release"),
            body: _t("The customer does not want the goods: they are free for others again."),
            confirmLabel: _t("Release"),
            confirm: () => end(page, "release", {}, _t("Released.")),
            cancel: () => {},
        }),
});
