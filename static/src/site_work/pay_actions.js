import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { orderActions } from "./order_actions";
import { money, PayDialog } from "./pay_dialog";

orderActions.add("pay", {
    label: _t("Take the money"),
    icon: "fa-money",
    rank: ({ actions, payment }) => actions.pay && payment && 44,
    run: (page) =>
        page.dialog.add(PayDialog, {
            detail: page.detail,
            confirm: (values) => page.operate("pay", values, { loud: true }),
        }),
});

/** What the customer still has to pay. */
class PaymentPanel extends Component {
    static template = "oms.SiteWorkPaymentPanel";
    static props = { page: Object, detail: Object };

    get due() {
        const { due, currency } = this.props.detail.payment;
        return money(due, currency);
    }
}

registry.category("oms_site_work_panels").add(
    "payment",
    { Component: PaymentPanel, isShown: (detail) => !!detail.payment },
    { sequence: 5 }
);
